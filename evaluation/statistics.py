"""Rows -> figures with n and 95 % intervals. Knows no table and no picture; what is measured of a row is a `Measure`.

The pictures of one person are no independent sample of people, so intervals resample people, never pictures.
"""

# scipy comes without types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest, bootstrap

from evaluation.rows import Arm, Row
from pipeline.likeness import Calibration

RESAMPLES = 2000
SEED = 20  # of the bootstrap: the same rows give the same report
Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]
Better = Literal["higher", "lower", "neither"]
Verdict = Literal["result", "no result", "not measured"]


@dataclass(frozen=True)
class Measure:
    """Something that can be said of a picture, and what its mean over pictures means."""

    name: str  # for gates and machines
    label: str  # a column's heading
    meaning: str
    of: Callable[[Row, Calibration | None], float | None]  # None: not measured, which counts nowhere
    is_share: bool = False
    better: Better = "higher"


@dataclass(frozen=True)
class Figure:
    """A mean over pictures, with its 95 % interval over people. Not measured is None."""

    value: float | None
    low: float | None  # None: one person alone, who says nothing about others
    high: float | None
    pictures: int  # in which it could be measured
    people: int


@dataclass(frozen=True)
class Difference:
    """What one sample's figure is above another's. Says nothing where drawing again with other seeds says as much."""

    measure: Measure
    value: float | None
    low: float | None
    high: float | None
    people: int
    floor: float | None  # seed-to-seed noise; None: a single seed, so nobody knows

    @property
    def verdict(self) -> Verdict:
        if self.value is None:
            return "not measured"
        return "no result" if self.reservation else "result"

    @property
    def reservation(self) -> str:
        """Why it is no result; "" where it is one, or where nothing was measured."""
        if self.value is None:
            return ""
        if self.floor is None:
            return "noise floor unknown: not drawn with several seeds"
        if abs(self.value) < 2 * self.floor:
            return "below twice the noise floor"
        if self.low is None or self.high is None:
            return "one person alone"
        return "the interval holds 0" if self.low <= 0 <= self.high else ""


@dataclass(frozen=True, eq=False)
class Sample:
    """Pictures that are looked at together, and what the judge's similarities mean if that is known."""

    rows: tuple[Row, ...]
    calibration: Calibration | None

    def of(self, *arms: Arm) -> Sample:
        return self.where(lambda row: row.arm in arms)

    def where(self, wanted: Callable[[Row], bool]) -> Sample:
        return Sample(tuple(row for row in self.rows if wanted(row)), self.calibration)

    def values(self, measure: Measure) -> list[tuple[Row, float]]:
        """Of the pictures in which it could be measured."""
        return [(row, value) for row in self.rows if (value := measure.of(row, self.calibration)) is not None]


def figure_of(sample: Sample, measure: Measure) -> Figure:
    """The mean over pictures. Its interval: percentiles of the mean over resampled people (cluster bootstrap: Field and
    Welsh 2007, J. R. Statist. Soc. B 69, 369-390).

    Percentiles, for BCa isn't defined where all people are alike, as pasted references are. They are too narrow for
    few people: of 400 simulated runs they held the truth in 94 % with 50 people, 92 % with 20, 85 % with 5.
    A share's interval is the wider of that and Wilson's (1927, J. Am. Stat. Assoc. 22, 209-212), on either side: the
    bootstrap knows no doubt where all pictures agree, Wilson doesn't know that the pictures of one person are alike.
    """
    values = [(row.identity, value) for row, value in sample.values(measure)]
    if not values:
        return Figure(None, None, None, 0, 0)
    sums, counts = _by_person(values)

    def mean(people: Numbers) -> Floats:
        return sums[people].sum(-1) / counts[people].sum(-1)

    low, high = _resampled(mean, len(sums))
    total = math.fsum(sums)
    if measure.is_share:
        wilson = binomtest(round(total), len(values)).proportion_ci(0.95, "wilson")
        low = float(wilson.low) if low is None else min(low, float(wilson.low))
        high = float(wilson.high) if high is None else max(high, float(wilson.high))
    return Figure(total / len(values), low, high, len(values), len(sums))


def difference_of(sample: Sample, other: Sample, measure: Measure) -> Difference:
    """`sample`'s figure minus `other`'s, over the people whom both have: each is compared with themselves.

    Where they have nobody in common, each side's people are resampled apart.
    """
    ours = [(row.identity, value) for row, value in sample.values(measure)]
    theirs = [(row.identity, value) for row, value in other.values(measure)]
    floor = _larger(noise_floor(sample, measure), noise_floor(other, measure))
    shared = {person for person, _ in ours} & {person for person, _ in theirs}
    if shared:
        ours = [pair for pair in ours if pair[0] in shared]
        theirs = [pair for pair in theirs if pair[0] in shared]
    if not ours or not theirs:
        return Difference(measure, None, None, None, 0, floor)
    (sums, counts), (other_sums, other_counts) = _by_person(ours), _by_person(theirs)

    def difference(people: Numbers, others: Numbers) -> Floats:
        mean = sums[people].sum(-1) / counts[people].sum(-1)
        return mean - other_sums[others].sum(-1) / other_counts[others].sum(-1)

    def difference_within(people: Numbers) -> Floats:
        return difference(people, people)

    value = float(difference(np.arange(len(sums)), np.arange(len(other_sums))))
    if shared:
        low, high = _resampled(difference_within, len(sums))
    else:
        low, high = _resampled(difference, len(sums), len(other_sums))
    return Difference(measure, value, low, high, len(shared) or len(sums) + len(other_sums), floor)


def noise_floor(sample: Sample, measure: Measure) -> float | None:
    """How far the sample's mean moves when the same people and prompts are drawn with one other seed; None where
    everything was drawn with one.

    It is the larger of two estimates, both standard deviations:
    - of the means of the first, the second, ... seed of everything that was drawn several times;
    - of a picture among those that differ in the seed alone (pooled), over the root of how many such groups there are.
    The first sees what a seed does to all pictures alike, but with two seeds it has one degree of freedom and may be
    near 0 by luck. The second has many, but takes pictures for independent.
    """
    groups = [np.array(group) for group in _by_all_but_seed(sample, measure) if len(group) >= 2]
    if not groups:
        return None
    deviations = [group - group.mean() for group in groups]  # where a face was missed, seeds are compared all the same
    turns = range(max(map(len, groups)))
    means = [np.mean([group[turn] for group in deviations if turn < len(group)]) for turn in turns]
    within = np.mean([group.var(ddof=1) for group in groups])
    return max(float(np.std(means, ddof=1)), math.sqrt(float(within) / len(groups)))


def separability(sample: Sample) -> Figure:
    """ROC AUC of the judge: how often a picture is more like its person than any of them is like a stranger (0.5: by
    chance). Interval as for means."""
    measured = [r for r in sample.rows if r.judge_similarity is not None and r.judge_stranger is not None]
    if not measured:
        return Figure(None, None, None, 0, 0)
    by_person = [np.array(pairs, np.float64) for pairs in _grouped((r.identity, _both(r)) for r in measured)]
    counts = np.array([len(pairs) for pairs in by_person])
    wins = np.array([[_wins(own[:, 0], other[:, 1]) for other in by_person] for own in by_person])

    def area(people: Numbers) -> Floats:
        """Ranking each resample anew would take most of a report's time: whoever is drawn twice wins twice as often."""
        times = np.apply_along_axis(np.bincount, -1, people, minlength=len(counts))
        return (times @ wins * times).sum(-1) / (times @ counts) ** 2

    people = np.arange(len(by_person))
    low, high = _resampled(area, len(people))
    return Figure(float(area(people)), low, high, len(measured), len(people))


def _wins(similarities: Floats, strangers: Floats) -> float:
    """In how many pairs the first is the larger; equal ones count half (Mann and Whitney's U)."""
    ordered = np.sort(strangers)
    below, up_to = (np.searchsorted(ordered, similarities, side) for side in ("left", "right"))
    return float((below + up_to).sum() / 2)


def match_rate(sample: Sample, thresholds: Floats) -> Floats:
    """R(threshold): the share of all pictures that the judge takes for the same person at each; a picture without a
    face is taken for nobody."""
    found = np.sort([row.judge_similarity for row in sample.rows if row.judge_similarity is not None])
    return (len(found) - np.searchsorted(found, thresholds)) / max(1, len(sample.rows))


def is_same_person(row: Row, calibration: Calibration | None) -> float | None:
    if calibration is None:
        return None
    score = row.judge_similarity if calibration.score == "cosine" else row.judge_score
    return None if score is None else float(calibration.band(score) == "same person")


def _is_retained(row: Row, calibration: Calibration | None) -> float | None:
    return None if calibration is None else is_same_person(row, calibration) or 0.0


def _is_copied(row: Row, calibration: Calibration | None) -> float | None:
    if calibration is None:
        return None
    return float(max(row.composition, row.mirrored_composition) >= calibration.copy_threshold)


def _is_redrawn(row: Row, calibration: Calibration | None) -> float | None:
    copied = _is_copied(row, calibration)
    return None if copied is None else 1 - copied


def _gap(row: Row, _: Calibration | None) -> float | None:
    if row.steering_similarity is None or row.judge_similarity is None:
        return None
    return row.steering_similarity - row.judge_similarity


def _is_nearest(row: Row, _: Calibration | None) -> float | None:
    if row.judge_similarity is None or row.judge_stranger is None:
        return None
    return float(row.judge_similarity > row.judge_stranger)


DETECTION = Measure(
    "detection", "face found", "Share of pictures in which a face was found.", lambda r, _: float(r.detected), True
)
RETENTION = Measure(
    "judge_retention",
    "retained",
    "Share of all pictures that the judge takes for the same person at its calibrated threshold. A picture without a "
    "face is taken for nobody.",
    _is_retained,
    True,
)
SAME_PERSON = Measure(
    "same_person", "same person", "The same share, of the pictures in which a face was found.", is_same_person, True
)
SIMILARITY = Measure(
    "judge_similarity",
    "similarity to reference",
    "Cosine to the reference by the judge, an encoder that did not steer. High values can be copying.",
    lambda r, _: r.judge_similarity,
)
TRUTH = Measure(
    "judge_truth",
    "similarity to truth",
    "Cosine by the judge to a true picture of the person that was held out.",
    lambda r, _: r.judge_truth,
)
STEERING = Measure(
    "steering_similarity",
    "similarity by steering",
    "Cosine to the reference by the encoder that steered: circular, for comparison only.",
    lambda r, _: r.steering_similarity,
)
GAP = Measure(
    "gap",
    "gap",
    "By the steering encoder minus by the judge. What it is above that of true pairs is the bias of judging with the "
    "encoder that steered.",
    _gap,
    better="neither",
)
NEAREST = Measure(
    "rank_1",
    "nearest",
    "Share of pictures with a face that are more like their person than one stranger (rank-1 of two).",
    _is_nearest,
    True,
)
COPIED = Measure(
    "copied",
    "copied",
    "Share of pictures whose composition, as it is or mirrored, is nearly the reference's.",
    _is_copied,
    True,
    "lower",
)
COPY_GEO = Measure(
    "copy_geo",
    "copy_geo",
    "(angle to truth - angle to reference) / angle between truth and reference, by the judge: 1 is the reference "
    "itself, -1 the truth, 0 no nearer to the one than to the other.",
    lambda r, _: r.copy_geo,
    better="lower",
)
ADHERENCE = Measure(
    "adherence",
    "adherence",
    "How much of the prompt is shown: share of its phrases by a classifier, or CLIP score.",
    lambda r, _: r.adherence,
)
MARKS_KEPT = Measure(
    "marks_kept",
    "marks kept",
    "Of what is always the person's in the reference (scars, freckles, beard, colours of hair and eyes ...), the share "
    "that the picture shows too, as far as the pack's reader of marks reads it reliably.",
    lambda r, _: r.marks_kept,
)
FACE_HEIGHT = Measure(
    "face_height",
    "face height",
    "Height of the face, as a share of the picture's.",
    lambda r, _: r.face_height,
    better="neither",
)
SECONDS = Measure("seconds", "seconds", "To draw and judge a picture.", lambda r, _: r.seconds, better="lower")
REDRAWN = Measure("redrawn", "redrawn", "Share of pictures that are no copy: 1 - copied.", _is_redrawn, True)

MEASURES = (
    *(DETECTION, RETENTION, SAME_PERSON, SIMILARITY, TRUTH, STEERING, GAP, NEAREST),
    *(COPIED, COPY_GEO, ADHERENCE, MARKS_KEPT, FACE_HEIGHT, SECONDS),
)


def _both(row: Row) -> tuple[float, float]:
    assert row.judge_similarity is not None and row.judge_stranger is not None
    return row.judge_similarity, row.judge_stranger


def _larger(one: float | None, other: float | None) -> float | None:
    return max((floor for floor in (one, other) if floor is not None), default=None)


def _grouped(pairs: Iterable[tuple[Any, Any]]) -> list[list[Any]]:
    """The values of each key, in the order of the keys: the order of rows changes no figure (sums are exact, too)."""
    groups: dict[Any, list[Any]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return [groups[key] for key in sorted(groups)]


def _by_person(values: Sequence[tuple[str, float]]) -> tuple[Floats, Floats]:
    """Each person's sum and count, so that the mean over resampled people stays one over pictures."""
    people = _grouped(values)
    return np.array([math.fsum(person) for person in people]), np.array([len(person) for person in people], np.float64)


def _by_all_but_seed(sample: Sample, measure: Measure) -> list[list[float]]:
    ordered = sorted(sample.values(measure), key=lambda pair: pair[0].seed)
    return _grouped(
        ((r.arm, r.identity, r.prompt_number, r.identity_scale, r.references, r.depth), value)
        for r, value in ordered
        if r.identity_scale is not None  # a baseline that nobody drew has no seeds
    )


def _resampled(statistic: Callable[..., Floats], *sizes: int) -> tuple[float | None, float | None]:
    """95 % of the statistic over resampled indices of people; None where one side is one person alone."""
    if min(sizes) < 2:
        return None, None

    def along_last_axis(*people: Numbers, axis: int = -1) -> Floats:
        return statistic(*people)

    interval = bootstrap(
        tuple(np.arange(size) for size in sizes),
        along_last_axis,
        vectorized=True,
        n_resamples=RESAMPLES,
        confidence_level=0.95,
        method="percentile",
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return float(interval.low), float(interval.high)
