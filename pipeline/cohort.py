"""Strangers by many hands, and how far a likeness stands out among them: adaptive symmetric score normalisation.

Faces that one artist draws are alike, whoever they show. So a cosine says little by itself: it is read against how
alike each of the two faces is to the strangers nearest to it. Speaker verification does so where languages and
microphones differ (Matějka et al. 2017, Analysis of Score Normalization in Multilingual Speaker Recognition,
Interspeech, 1567-1571, https://doi.org/10.21437/Interspeech.2017-803); here hands do.

Strangers by other hands say only roughly what a hand's own people are like. So a face's mean and deviation among them
may be drawn towards what is usual in the cohort (shrinkage: James and Stein 1961, Proc. 4th Berkeley Symp. 1, 361-379).
"""

# safetensors comes with partial types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from pipeline.values import Against, Embedding, SavedPeople

FILE = "cohort.safetensors"
NEAREST = 200  # strangers a face is read against, as is usual in speaker verification: of a hand and its neighbours
MOST_OWN = 1000  # saved characters that count: more are of no use to so many nearest, and 30,000 cost a page's patience
MOST_SUSPECTED = 3  # of being the person a face shows: where more would pass, it is a hand that makes them alike
AT_ONCE = 1000  # faces that are compared with all strangers: 40 MB
FLATTEST = 0.005  # the least deviation: what float16 and a drawing's pixels leave of two equal faces

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Cohort:
    """One face each of people who are nobody's characters, by one encoder. As a file float16 and not 2.5 MB."""

    encoder: str
    embeddings: Embedding  # (n, 512), unit length
    hand: Numbers  # (n,) which of `hands` drew them
    hands: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.embeddings)

    def save(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        tensors = {"faces": self.embeddings.astype(np.float16), "hand": self.hand.astype(np.int16)}
        save_file(tensors, file, {"encoder": self.encoder, "hands": json.dumps(self.hands, ensure_ascii=False)})
        file.chmod(0o644)  # it is written for its owner alone

    @staticmethod
    def load(file: Path) -> Cohort:
        """Raises ValueError where the file is no cohort."""
        try:
            with safe_open(file, framework="numpy") as opened:
                said: dict[str, str] = opened.metadata()
                faces: Embedding = np.asarray(opened.get_tensor("faces"), np.float32)
                hand: Numbers = np.asarray(opened.get_tensor("hand"), np.intp)
            encoder, hands = said["encoder"], tuple(str(name) for name in json.loads(said["hands"]))
        except (SafetensorError, KeyError, TypeError) as error:
            raise ValueError(f"{file.name} holds no cohort: {error}") from error
        embeddings = np.asarray(faces, np.float32)
        lengths = np.linalg.norm(embeddings, axis=-1, keepdims=True)
        if (
            not embeddings.size
            or embeddings.ndim != 2
            or len(hand) != len(embeddings)
            or not (np.isfinite(lengths) & (lengths > 0)).all()
        ):
            raise ValueError(f"{file.name} holds no cohort: its faces are none")
        if not 0 <= hand.min() <= hand.max() < len(hands):
            raise ValueError(f"{file.name} holds no cohort: nobody knows whose hand drew some of them")
        return Cohort(encoder, faces / lengths, hand, hands)

    @cached_property
    def nearest_to_each(self) -> Nearest:
        """Of its people, the others who are nearest."""
        cosines = np.inner(self.embeddings, self.embeddings)
        np.fill_diagonal(cosines, -np.inf)
        return nearest(cosines)

    def usual(self, weight: float) -> Usual:
        near = self.nearest_to_each
        return Usual(float(near.mean.mean()), float(near.deviation.mean()), weight)


class Usual(NamedTuple):
    """What is usual among strangers, and how much it weighs beside what a face's own nearest say."""

    mean: float  # of the cosines of people to their nearest
    deviation: float
    weight: float  # 0 to 1


class Nearest(NamedTuple):
    """The NEAREST strangers to each of some faces, as sums over their cosines; all (faces,)."""

    counted: Floats
    total: Floats
    squares: Floats
    last: Floats  # the least alike of them
    next: Floats  # the one behind; NaN where there is none

    @property
    def mean(self) -> Floats:
        return self.total / np.maximum(self.counted, 1)

    @property
    def deviation(self) -> Floats:
        return np.sqrt(np.maximum(self.squares / np.maximum(self.counted, 1) - self.mean**2, 0.0))

    def normalised(self, cosines: Floats, usual: Usual, without: Floats | None = None) -> Floats:
        """Each face's cosines (faces, m) as deviations above the mean of its nearest. `without`, of that shape: the
        cosine to one who is not to count among these, lower than any where nobody is meant."""
        count, total, squares = (each[:, None] for each in (self.counted, self.total, self.squares))
        if without is not None:
            out = without >= self.last[:, None]
            moved_up = np.nan_to_num(self.next)[:, None]
            total = total + np.where(out, moved_up - without, 0.0)
            squares = squares + np.where(out, moved_up**2 - without**2, 0.0)
            count = count - (out & np.isnan(self.next)[:, None])
        here = self._replace(counted=count, total=total, squares=squares)
        mean = (1 - usual.weight) * here.mean + usual.weight * usual.mean
        deviation = (1 - usual.weight) * here.deviation + usual.weight * usual.deviation
        return (cosines - mean) / np.maximum(deviation, FLATTEST)


def nearest(cosines: Embedding) -> Nearest:
    """`cosines` (faces, strangers) to all who count; -inf for those who don't."""
    kept = min(NEAREST + 1, cosines.shape[1])
    top = -np.sort(np.partition(-cosines, kept - 1, axis=1)[:, :kept], axis=1).astype(np.float64)
    top[~np.isfinite(top)] = np.nan
    within, behind = top[:, :NEAREST], top[:, NEAREST:]
    counted = np.isfinite(within)
    count = counted.sum(axis=1).astype(np.float64)
    values = np.where(counted, within, 0.0)
    last = np.where(counted, within, np.inf).min(axis=1, initial=np.inf)
    return Nearest(
        count,
        values.sum(axis=1),
        (values**2).sum(axis=1),
        last,
        behind[:, 0] if behind.shape[1] else np.full(len(top), np.nan),
    )


@dataclass(frozen=True, eq=False)
class Seen:
    """Some faces among the strangers."""

    embeddings: Embedding  # (faces, 512)
    nearest: Nearest
    to_own: Embedding  # (faces, own) cosines to the own who count; -inf for the others
    columns: Numbers  # (faces,) which of the own each one is; -1: none

    @property
    def own_nearest(self) -> Numbers:
        """(faces,) how many of the own are among the nearest."""
        return (self.to_own >= self.nearest.last[:, None]).sum(axis=1)

    def some(self, rows: slice) -> Seen:
        kept = Nearest(*(values[rows] for values in self.nearest))
        return Seen(self.embeddings[rows], kept, self.to_own[rows], self.columns[rows])

    def to(self, other: Seen) -> Floats | None:
        """(faces, others) each face's cosine to the own that each of the others is; None where nobody is one."""
        if not (other.columns >= 0).any():
            return None
        return np.where(other.columns >= 0, self.to_own[:, other.columns], -np.inf).astype(np.float64)


class Strangers:
    """All whom faces are read against: a cohort, and the project's own saved characters, one face each.

    Of these those do not count who are compared, nor who would themselves pass for one of them, measured against the
    cohort alone: a character who was saved twice is no stranger to themselves.
    """

    def __init__(self, cohort: Cohort, own: SavedPeople | None, same_person: float, shrinkage: float = 0.0) -> None:
        """`same_person`: the score from which on two faces are taken for one person. `shrinkage`, 0 to 1: the weight of
        what is usual in the cohort."""
        ids, faces = (own.ids, own.embeddings) if own and own.ids else ((), cohort.embeddings[:0])
        self._cohort = cohort
        self._usual = cohort.usual(shrinkage)
        self._columns = {id: column for column, id in enumerate(ids[-MOST_OWN:])}
        self._own = faces[-MOST_OWN:]
        self._pool: Embedding = np.concatenate([cohort.embeddings, self._own]) if ids else cohort.embeddings
        self._same_person = same_person

    @property
    def against(self) -> Against:
        return Against(len(self._cohort), len(self._cohort.hands), len(self._own))

    def see(self, faces: Embedding, who: Sequence[str | None]) -> Seen:
        """`faces` (n, 512), and which saved character each of them is."""
        columns = np.array([self._columns.get(id, -1) if id else -1 for id in who], np.intp)
        parts = [self._see(faces[i : i + AT_ONCE], columns[i : i + AT_ONCE]) for i in range(0, len(faces), AT_ONCE)]
        if len(parts) == 1:
            return parts[0]
        near = Nearest(*(np.concatenate(values) for values in zip(*(part.nearest for part in parts), strict=True)))
        return Seen(faces, near, np.concatenate([part.to_own for part in parts]), columns)

    def scores(self, one: Seen, other: Seen, cosines: Floats | None = None) -> Floats:
        """(n, m) of each with each. `cosines` (n, m): as if they were that alike."""
        alike = np.inner(one.embeddings, other.embeddings).astype(np.float64) if cosines is None else cosines
        first = one.nearest.normalised(alike, self._usual, one.to(other))
        second = other.nearest.normalised(np.transpose(alike), self._usual, other.to(one))
        return (first + np.transpose(second)) / 2

    def _see(self, faces: Embedding, columns: Numbers) -> Seen:
        cosines: Embedding = np.inner(faces, self._pool)
        shipped = len(self._cohort)
        cosines[self._pass_for_them(cosines)] = -np.inf
        saved = np.flatnonzero(columns >= 0)
        cosines[saved, shipped + columns[saved]] = -np.inf
        return Seen(faces, nearest(cosines), np.array(cosines[:, shipped:]), columns)

    def _pass_for_them(self, cosines: Embedding) -> npt.NDArray[np.bool_]:
        """(faces, strangers) who would be taken for the person that a face shows, measured against the cohort alone."""
        shipped, own = np.split(cosines.astype(np.float64), [len(self._cohort)], axis=1)
        near = nearest(cosines[:, : len(self._cohort)])
        to_them = np.concatenate([near.normalised(each, self._usual) for each in (shipped, own)], axis=1)
        to_it = np.concatenate(
            [
                self._cohort.nearest_to_each.normalised(np.transpose(shipped), self._usual),
                self._nearest_to_own.normalised(np.transpose(own), self._usual),
            ]
        )
        scores = (to_them + np.transpose(to_it)) / 2
        suspected = scores >= self._same_person
        if suspected.shape[1] > MOST_SUSPECTED:
            behind = -np.partition(-scores, MOST_SUSPECTED, axis=1)[:, MOST_SUSPECTED, None]
            suspected &= scores > behind
        return suspected

    @cached_property
    def _nearest_to_own(self) -> Nearest:
        return nearest(np.inner(self._own, self._cohort.embeddings))
