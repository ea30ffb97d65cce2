"""Faces of people who are known -> what an encoder's similarities mean: a `Calibration`, from all pairs of faces.

Pairs of one person are genuine, pairs of two are impostors. A pair is no independent draw, for each face is in many: so
intervals come from a bootstrap over people, not over pairs (the vertex bootstrap: Snijders and Borgatti 1999,
Connections 22(2), 161-170).
"""

# scipy and scikit-learn come without types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import bootstrap
from sklearn.metrics import roc_curve

from errors import InvalidRequest
from evaluation.people import Person
from pipeline.likeness import Calibration, Drawings, Interval, RocPoint, TooFew, composition_likeness, identity_by
from pipeline.values import Embedding
from pipeline.variants import FaceEncoder

RATES = (1e-1, 1e-2, 1e-3, 1e-4)
LEAST = 10  # pairs of people that a threshold is known by: a rate that fewer would exceed is left out
RESAMPLES = 1000
CONFIDENCE = 0.95
QUANTILES = (0.05, 0.5, 0.95)
TAIL = 0.3  # of the impostor pairs, the most alike: no threshold lies below, in whatever sample
ROC_POINTS = 60  # half of them evenly over the similarities, half over the logarithm of the false-accept rate
DIGITS = 4

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Faces:
    """What one encoder saw of people who are known."""

    embeddings: Embedding  # (n, d), unit length
    people: Numbers  # (n,) whose face it is: numbers from 0
    pictures: int  # how many were looked at; those without a face are in no pair
    copy_threshold: float


@dataclass(frozen=True, eq=False)
class Pairs:
    """The similarity of every pair of faces, each pair once."""

    genuine: Floats
    impostors: Floats  # the most alike first
    strangers: Numbers  # (2, number of impostor pairs): whose faces these are


def calibrate(faces: Faces, pairs: Pairs, encoder: str, data: Drawings | str) -> Calibration:
    """`data` says what was measured. Raises InvalidRequest where there are too few people for any threshold."""
    left_out = _left_out(pairs)
    rates = tuple(rate for rate in RATES if rate not in left_out)
    if not rates or not len(pairs.genuine):
        raise InvalidRequest(
            "{people} people with {faces} faces are too few to calibrate with.",
            "Take at least some twenty people, with two pictures or more of each.",
            people=faces.people.max(initial=-1) + 1,
            faces=len(faces.people),
        )
    thresholds = {rate: round(float(np.quantile(pairs.impostors, 1 - rate)), DIGITS) for rate in rates}
    threshold_intervals, rate_intervals = _intervals(faces, pairs, thresholds)
    return Calibration(
        encoder=encoder,
        thresholds=thresholds,
        genuine_quantiles={q: round(float(np.quantile(pairs.genuine, q)), DIGITS) for q in QUANTILES},
        genuine_pairs=len(pairs.genuine),
        impostor_pairs=len(pairs.impostors),
        data=data,
        date=datetime.date.today().isoformat(),
        copy_threshold=round(faces.copy_threshold, DIGITS),
        people=len(np.unique(faces.people)),
        pictures=faces.pictures,
        faces=len(faces.people),
        threshold_intervals=threshold_intervals,
        rate_intervals=rate_intervals,
        left_out=left_out or None,
        roc=_roc(pairs),
    )


def look_at(people: Iterable[Person], face_encoder: FaceEncoder, encoder: str) -> Faces:
    """The largest face of each picture, by the encoder of that name. A picture without a face is in no pair."""
    embeddings, numbers, compositions, looked_at = list[Embedding](), list[int](), list[float](), 0
    for number, person in enumerate(people):
        pictures = [example.picture for example in person.pictures]
        compositions += [composition_likeness(*two) for two in pairwise(pictures)]
        looked_at += len(pictures)
        for picture in pictures:
            face = next(iter(face_encoder.faces(picture)), None)
            identity = face and identity_by(encoder, face.identities)
            if identity:
                embeddings.append(identity.embedding)
                numbers.append(number)
    found = np.array(embeddings, np.float32).reshape(len(numbers), -1 if numbers else 0)
    return Faces(found, np.array(numbers, np.intp), looked_at, copy_threshold(compositions))


def pairs_of(embeddings: Embedding, people: Numbers) -> Pairs:
    """`people`: whose face each embedding is."""
    one, other = np.triu_indices(len(people), 1)
    similarities = np.asarray(embeddings, np.float64) @ np.asarray(embeddings, np.float64).T
    values, same = similarities[one, other], people[one] == people[other]
    impostors, strangers = values[~same], np.stack([people[one], people[other]])[:, ~same]
    most_alike_first = np.argsort(-impostors, kind="stable")
    return Pairs(values[same], impostors[most_alike_first], strangers[:, most_alike_first])


def copy_threshold(compositions: Sequence[float]) -> float:
    """Half way from the most alike two true pictures of one person are composed to identity, so that true ones pass."""
    return (float(np.quantile(compositions, 0.999)) + 1) / 2 if compositions else 1.0


def _left_out(pairs: Pairs) -> dict[float, TooFew | str]:
    """The rates that too few pairs of people exceed, whatever the number of their pictures."""
    reasons = dict[float, TooFew | str]()
    for rate in RATES:
        exceeding = pairs.strangers[:, : int(rate * len(pairs.impostors))]
        people = len(np.unique(np.sort(exceeding, axis=0), axis=1).T)
        if people < LEAST:
            reasons[rate] = TooFew(people, LEAST)
    return reasons


def _intervals(
    faces: Faces, pairs: Pairs, thresholds: dict[float, float]
) -> tuple[dict[float, Interval], dict[float, Interval]]:
    """Of each threshold, and of the share of strangers who reach it, had other people of the kind been measured."""
    rates, lines = np.array([*thresholds]), np.array([*thresholds.values()])
    pictures = np.bincount(faces.people)
    reaching = np.searchsorted(-pairs.impostors, -lines, side="right")  # how many pairs
    most_alike = pairs.impostors[: int(TAIL * len(pairs.impostors)) + 1]
    one, other = pairs.strangers[:, : len(most_alike)]

    def statistic(sample: Numbers) -> Floats:
        """Each pair as often as both its people were drawn; the copies of one person are no strangers to each other."""
        times = np.bincount(sample, minlength=len(pictures)).astype(np.float64)
        drawn = times * pictures
        total = max((drawn.sum() ** 2 - (drawn**2).sum()) / 2, 1.0)
        passed = np.cumsum(times[one] * times[other])
        at_rate = np.minimum(np.searchsorted(passed, rates * total), len(most_alike) - 1)
        return np.concatenate([most_alike[at_rate], passed[reaching - 1] / total])

    people = np.flatnonzero(pictures)
    found: Any = bootstrap(
        (people,), statistic, vectorized=False, n_resamples=RESAMPLES, confidence_level=CONFIDENCE,
        method="percentile", rng=np.random.default_rng(0),
    )  # fmt: skip
    bounds = np.stack(found.confidence_interval, axis=1)
    of_thresholds = [(round(float(low), DIGITS), round(float(high), DIGITS)) for low, high in bounds[: len(rates)]]
    of_rates = [(float(f"{low:.3g}"), float(f"{high:.3g}")) for low, high in bounds[len(rates) :]]
    return dict(zip(thresholds, of_thresholds, strict=True)), dict(zip(thresholds, of_rates, strict=True))


def _roc(pairs: Pairs) -> tuple[RocPoint, ...]:
    """ROC_POINTS of the curve at most, where they show most of it."""
    false_accept, true_accept, thresholds = roc_curve(*labelled(pairs), drop_intermediate=False)
    even = np.linspace(thresholds[1], thresholds[-1], ROC_POINTS // 2)
    steep = np.geomspace(1 / len(pairs.impostors), 1, ROC_POINTS // 2)
    at = np.concatenate([np.searchsorted(-thresholds, -even), np.searchsorted(false_accept, steep)])
    shown = np.unique(np.clip(at, 1, len(thresholds) - 1))  # the first one is nobody, at an infinite threshold
    return tuple(
        RocPoint(
            float(f"{false_accept[i]:.3g}"), round(float(true_accept[i]), DIGITS), round(float(thresholds[i]), DIGITS)
        )
        for i in shown
    )


def labelled(pairs: Pairs) -> tuple[Numbers, Floats]:
    """As scikit-learn wants it: 1 for a genuine pair, 0 for an impostor pair; and all similarities."""
    truth = np.concatenate([np.ones(len(pairs.genuine), np.intp), np.zeros(len(pairs.impostors), np.intp)])
    return truth, np.concatenate([pairs.genuine, pairs.impostors])
