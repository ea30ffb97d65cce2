"""A library's own characters as a check of the calibration: how many pairs of them would be taken for one person.

They are strangers to each other, so no more pairs should reach a threshold than its false-accept rate says.
"""

# scipy comes without types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest
from operator import attrgetter
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.likeness import Decider, Interval
from pipeline.values import Embedding, Identity

Verdict = Literal["more alike", "as expected", "less alike"]  # than the calibration expects of strangers

CONFIDENCE = 0.95
MOST_ALIKE = 5  # pairs that are named, of all that would be taken for the same person


@dataclass(frozen=True)
class ObservedRate:
    """How many pairs of strangers reach the threshold of a calibrated rate."""

    expected: float  # the calibrated false-accept rate
    threshold: float
    pairs: int
    passed: int
    interval: Interval  # of the share that passes, as if all pairs were independent (Wilson's)

    @property
    def verdict(self) -> Verdict:
        """Whether that is what the calibration promised, as far as so many pairs can tell."""
        lowest, highest = self.interval
        if self.expected < lowest:
            return "more alike"
        return "less alike" if self.expected > highest else "as expected"


class AlikePair(NamedTuple):
    one: int  # the numbers of two identities in what was handed over
    other: int
    similarity: float
    score: float


@dataclass(frozen=True)
class StrangersChecked:
    rates: tuple[ObservedRate, ...]  # the loosest first
    most_alike: tuple[AlikePair, ...]  # of those who would be taken for the same person, the most alike first


def check_strangers(
    identities: Sequence[Identity], decider: Decider, who: Sequence[str] | None = None
) -> StrangersChecked:
    """`identities`: one of each person, by the calibration's encoder; `who`: the saved characters that these are.

    Raises ValueError for fewer than two.
    """
    if len(identities) < 2:
        raise ValueError("It takes two people to make a pair.")
    calibration = decider.calibration
    passed, alike = dict.fromkeys(calibration.thresholds, 0), list[AlikePair]()
    embeddings = np.stack([identity.embedding for identity in identities])
    for first, scores in decider.score_all(embeddings, who or [None] * len(identities)):
        scores[np.tril_indices_from(scores, first)] = -np.inf  # each pair has its turn once
        for rate, threshold in calibration.thresholds.items():
            passed[rate] += int((scores >= threshold).sum())
        taken_for_one = scores >= calibration.same_person_line
        alike = _most_alike([*alike, *_pairs_in(first, scores, taken_for_one)])
    pairs = len(identities) * (len(identities) - 1) // 2
    rates = sorted(calibration.thresholds, reverse=True)
    observed = (_observed(rate, calibration.thresholds[rate], pairs, passed[rate]) for rate in rates)
    named = (pair._replace(similarity=float(embeddings[pair.one] @ embeddings[pair.other])) for pair in alike)
    return StrangersChecked(tuple(observed), tuple(named))


def _pairs_in(first: int, scores: Embedding, meant: npt.NDArray[np.bool_]) -> list[AlikePair]:
    return [AlikePair(first + int(i), int(j), 0.0, float(scores[i, j])) for i, j in np.argwhere(meant)]


def _most_alike(pairs: list[AlikePair]) -> list[AlikePair]:
    return nlargest(MOST_ALIKE, pairs, key=attrgetter("score"))


def _observed(expected: float, threshold: float, pairs: int, passed: int) -> ObservedRate:
    from scipy import stats  # it takes a second to import, which no page waits for

    interval: Any = stats.binomtest(passed, pairs).proportion_ci(CONFIDENCE, method="wilson")
    return ObservedRate(expected, threshold, pairs, passed, (float(interval.low), float(interval.high)))
