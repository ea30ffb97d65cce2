"""Many hands -> a cohort, and the lines that hold for a hand which nobody measured.

Each hand is read against a cohort without it, as a new creator's is, and without its family: other hands by the same
designer. Only people of one hand are strangers to each other here, for whoever draws in another hand is told apart by
that. Every family counts the same, however many people it has. A pair is no independent draw, nor a person of a hand:
intervals resample hands, and the people within each (a two-stage bootstrap: Davison and Hinkley 1997, Bootstrap Methods
and their Application, chapter 3.8).
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch

import numpy as np
import numpy.typing as npt

from errors import InvalidRequest
from evaluation.calibration import CONFIDENCE, DIGITS, LEAST, QUANTILES, RATES, ROC_POINTS, Pairs, copy_threshold
from evaluation.hands import STRANGERS, Hand
from pipeline.cohort import Cohort, Strangers
from pipeline.likeness import Calibration, CohortSize, Interval, ManyHands, OwnLines, RocPoint, TooFew
from pipeline.values import SavedPeople

OWN = (10, 30, 100)  # people by the same hand among the strangers, for each of whom another is measured
REACHED = 0.95  # of the pairs of one person are no more alike
FEWEST_HANDS = 3  # that lines are learnt on: a line must hold on one, learnt on two others
STEPS = 4000  # between the lowest and the highest line that is looked at
SHRINKAGE = (
    0.5  # of the scores: at 0 hands differ too much in how many strangers pass, at 1 people by their hand add nothing
)
TAIL = 0.5  # of a hand's strangers, the most alike: no line lies below
RESAMPLES = 1000
RESAMPLED_PEOPLE = 100  # samples of each hand's people, that the samples of hands choose from

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class HandPairs:
    """Every pair of faces by one hand, scored."""

    name: str
    genuine: Floats
    impostors: Floats  # of people who can be told apart; the most alike first
    strangers: Numbers  # (2, impostors) whose faces these are
    twins: Floats  # of people who cannot
    genuine_cosines: Floats
    own: float  # how many of their nearest strangers are by the same hand, in the mean
    hand: Hand

    def passing(self, line: float) -> float:
        """The share of strangers who reach a line."""
        return float(np.searchsorted(-self.impostors, -line, side="right") / max(1, len(self.impostors)))

    def accepted(self, line: float) -> float:
        """The share of pairs of one person who do."""
        return float((self.genuine >= line).mean()) if len(self.genuine) else float("nan")


class Families:
    """Which hands are one designer's, or one program's: they are left out together, and count as one."""

    def __init__(self, names: Iterable[str], together: Sequence[Collection[str]] = ()) -> None:
        """`together`: the names of each family, or patterns of them ("hand *"). Raises InvalidRequest where a family is
        nobody's."""
        names = tuple(names)
        groups = [frozenset(name for name in names if any(fnmatch(name, one) for one in group)) for group in together]
        if empty := [", ".join(group) for group, found in zip(together, groups, strict=True) if not found]:
            raise InvalidRequest(
                "There are no hands {unknown}.", "These are there: {known}.",
                unknown="; ".join(empty), known=", ".join(names),
            )  # fmt: skip
        self._of = {name: next((group for group in groups if name in group), frozenset({name})) for name in names}

    def of(self, name: str) -> frozenset[str]:
        return self._of.get(name, frozenset({name}))

    def weights(self, names: Sequence[str]) -> Floats:
        """Of each hand, so that every family among them counts the same; their sum is 1."""
        families = [self.of(name) for name in names]
        weights = np.array([1 / families.count(family) for family in families])
        return weights / weights.sum()


def cohort_of(hands: Sequence[Hand], encoder: str, most: int = STRANGERS) -> Cohort:
    """The first face of at most so many people, as evenly from the hands as these have them."""
    faces = [_first_faces(hand) for hand in hands]
    turns = [(turn, index) for index, each in enumerate(faces) for turn in range(len(each))]
    chosen = sorted(sorted(turns)[:most], key=lambda pair: pair[1])
    embeddings = np.array([faces[index][turn] for turn, index in chosen], np.float32)
    return Cohort(encoder, embeddings, np.array([index for _, index in chosen], np.intp), tuple(h.name for h in hands))


def without(cohort: Cohort, names: Collection[str]) -> Cohort:
    """Its people but those drawn by these hands. Raises InvalidRequest where nobody is left."""
    kept = ~np.isin(cohort.hand, [index for index, name in enumerate(cohort.hands) if name in names])
    if not kept.any():
        raise InvalidRequest(
            "All people of the cohort are by one hand ({hands}).",
            "Take those of several: each is measured against the others.", hands=", ".join(cohort.hands),
        )  # fmt: skip
    hands = tuple(name for name in cohort.hands if name not in names)
    numbers = np.array([hands.index(cohort.hands[index]) for index in cohort.hand[kept]], np.intp)
    return Cohort(cohort.encoder, cohort.embeddings[kept], numbers, hands)


def pairs_of_hand(hand: Hand, cohort: Cohort | None, own: int = 0) -> HandPairs:
    """Scored against a cohort that the hand is not in, and `own` other people by the same hand; without a cohort by the
    bare cosine."""
    scores, own_nearest = scored(hand, cohort, own)
    return paired(hand, scores, float(own_nearest.mean()) if own_nearest.size else 0.0)


def scored(hand: Hand, cohort: Cohort | None, own: int = 0) -> tuple[Floats, Floats]:
    """(n, n) of every face with every other, and how many of their nearest strangers are by the same hand."""
    faces = hand.embeddings
    if cohort is None or not len(faces):
        cosines = np.inner(faces, faces).astype(np.float64)
        return cosines, np.zeros_like(cosines)
    strangers = Strangers(cohort, _saved(hand, own), np.inf, SHRINKAGE)
    seen = strangers.see(faces, [str(person) for person in hand.people])
    return strangers.scores(seen, seen), (seen.own_nearest[:, None] + seen.own_nearest) / 2


def paired(hand: Hand, scores: Floats, own: float = 0.0) -> HandPairs:
    """`scores` (n, n) of every face with every other."""
    people, cosines = hand.people, np.inner(hand.embeddings, hand.embeddings).astype(np.float64)
    one, other = np.triu_indices(len(people), 1)
    values, bare = scores[one, other], cosines[one, other]
    same, twins = people[one] == people[other], hand.twins[people[one], people[other]]
    apart = ~same & ~twins
    order = np.argsort(-values[apart], kind="stable")
    strangers = np.stack([people[one], people[other]])[:, apart][:, order]
    return HandPairs(
        hand.name, values[same], values[apart][order], strangers, values[~same & twins], bare[same], own, hand
    )


def measured(hands: Sequence[Hand], cohort: Cohort, families: Families, own: int = 0) -> tuple[HandPairs, ...]:
    """Each hand against the cohort without its family."""
    return tuple(pairs_of_hand(hand, without(cohort, families.of(hand.name)), own) for hand in hands)


class Curves:
    """What share of strangers reaches each of many lines, hand by hand."""

    def __init__(self, pairs: Sequence[HandPairs], families: Families) -> None:
        """Raises InvalidRequest for fewer than FEWEST_HANDS hands with pairs of strangers."""
        self.pairs = [each for each in pairs if len(each.impostors)]
        if len(self.pairs) < FEWEST_HANDS:
            raise InvalidRequest(
                "{count} hands are too few to learn a line that holds for others.",
                "Take {least} or more, each with some twenty people and two pictures of each.",
                count=len(self.pairs), least=FEWEST_HANDS,
            )  # fmt: skip
        lowest = min(float(np.quantile(each.impostors, 1 - TAIL)) for each in self.pairs)
        highest = max(float(each.impostors[0]) for each in self.pairs)
        self.families = families
        self.weights = families.weights([each.name for each in self.pairs])
        self.lines = np.linspace(lowest, highest + (highest - lowest) / STEPS, STEPS + 1)
        self.passing = np.stack([_passing(each.impostors, self.lines) for each in self.pairs])
        self.mean = self.weights @ self.passing

    def line(self, rate: float, but_not: str | None = None) -> float:
        """The lowest that so many strangers reach at most, in the mean over the hands; those of other families than one
        hand's, or where all are of one family the other hands."""
        family = self.families.of(but_not) if but_not is not None else frozenset[str]()
        kept = [row for row, each in enumerate(self.pairs) if each.name not in family]
        kept = kept or [row for row, each in enumerate(self.pairs) if each.name != but_not]
        weights = self.weights[kept] / self.weights[kept].sum()
        return float(self.lines[_reached(weights @ self.passing[kept], rate)])

    def intervals(self, lines: Mapping[float, float]) -> tuple[dict[float, Interval], dict[float, Interval]]:
        """Of each rate's line, and of the share of strangers who reach it, had others of the kind been measured."""
        coarse = np.linspace(self.lines[0], self.lines[-1], STEPS // 4)
        at = [int(np.argmin(np.abs(coarse - line))) for line in lines.values()]
        rng = np.random.default_rng(0)
        curves = np.stack([_resampled(each, coarse, rng) for each in self.pairs])
        count = len(self.pairs)
        found = np.empty((RESAMPLES, 2 * len(lines)))
        for row in range(RESAMPLES):
            chosen = rng.integers(count, size=count)
            weights = self.weights[chosen] / self.weights[chosen].sum()
            mean = weights @ curves[chosen, rng.integers(RESAMPLED_PEOPLE, size=count)]
            found[row] = [*(coarse[_reached(mean, rate)] for rate in lines), *mean[at]]
        tails = (1 - CONFIDENCE) / 2
        low, high = np.quantile(found, [tails, 1 - tails], axis=0)
        bounds = list(zip(low.tolist(), high.tolist(), strict=True))
        of_lines = [(round(one, DIGITS), round(other, DIGITS)) for one, other in bounds[: len(lines)]]
        of_rates = [(float(f"{one:.3g}"), float(f"{other:.3g}")) for one, other in bounds[len(lines) :]]
        return dict(zip(lines, of_lines, strict=True)), dict(zip(lines, of_rates, strict=True))

    def left_out(self) -> dict[float, TooFew | str]:
        """The rates whose line too few pairs of people reach, whatever the number of their pictures."""
        reasons = dict[float, TooFew | str]()
        for rate in RATES:
            line = self.line(rate)
            people = sum(_people_reaching(each, line) for each in self.pairs)
            if people < LEAST:
                reasons[rate] = TooFew(people, LEAST)
        return reasons


def calibrate_hands(
    hands: Sequence[Hand], encoder: str, cohort: Cohort | None, families: Families, composed: float | None = None
) -> tuple[Calibration, tuple[HandPairs, ...]]:
    """Of scores against `cohort`, or of bare cosines without one, and what it was learnt from. `composed` is the copy
    threshold, where the hands' own pictures do not tell. Raises InvalidRequest."""
    pairs = measured(hands, cohort, families) if cohort else tuple(pairs_of_hand(hand, None) for hand in hands)
    curves = Curves(pairs, families)
    left_out = curves.left_out()
    lines = {rate: round(curves.line(rate), DIGITS) for rate in RATES if rate not in left_out}
    with_some = [each for each in curves.pairs if len(each.genuine)]
    if not lines or not with_some:
        raise InvalidRequest(
            "{people} people are too few to calibrate with.",
            "Take at least some twenty people a hand, with two pictures or more of each.",
            people=sum(len(np.unique(hand.people)) for hand in hands),
        )
    weights = families.weights([each.name for each in with_some])
    genuine = [each.genuine for each in with_some]
    line_intervals, rate_intervals = curves.intervals(lines)
    copies = [alike for hand in hands for alike in hand.copies]
    calibration = Calibration(
        encoder=encoder,
        thresholds=lines,
        genuine_quantiles={q: round(_quantile(genuine, weights, q), DIGITS) for q in QUANTILES},
        genuine_pairs=sum(len(each.genuine) for each in pairs),
        impostor_pairs=sum(len(each.impostors) for each in pairs),
        data=ManyHands(len(curves.pairs)),
        date=datetime.date.today().isoformat(),
        copy_threshold=round(copy_threshold(copies) if copies or composed is None else composed, DIGITS),
        people=sum(len(np.unique(hand.people)) for hand in hands),
        pictures=sum(hand.looked_at for hand in hands),
        faces=sum(len(hand.people) for hand in hands),
        threshold_intervals=line_intervals,
        rate_intervals=rate_intervals,
        left_out=left_out or None,
        roc=_roc(curves, genuine, weights),
        twins=sum(len(each.twins) for each in pairs),
    )
    if cohort is None:
        return calibration, pairs
    return replace(
        calibration,
        score="normalised",
        shrinkage=SHRINKAGE,
        cohort=CohortSize(len(cohort), len(cohort.hands)),
        own_lines=OwnCurves(hands, cohort, families).lines(lines),
        reachable=round(_quantile([each.genuine_cosines for each in with_some], weights, REACHED), DIGITS),
    ), pairs  # fmt: skip


class OwnCurves:
    """The curves once so many people by the same hand are strangers too, for each of OWN that enough hands have."""

    def __init__(self, hands: Sequence[Hand], cohort: Cohort, families: Families) -> None:
        self._curves = list[Curves]()
        for own in OWN:
            enough = [hand for hand in hands if len(np.unique(hand.people)) >= 2 * own]
            if len(enough) >= FEWEST_HANDS:
                self._curves.append(Curves(measured(enough, cohort, families, own), families))

    def lines(self, rates: Iterable[float], but_not: str | None = None) -> tuple[OwnLines, ...]:
        return tuple(
            OwnLines(
                round(float(curves.weights @ np.array([each.own for each in curves.pairs])), 1),
                {rate: round(curves.line(rate, but_not), DIGITS) for rate in rates},
            )
            for curves in self._curves
        )


def pooled(pairs: Sequence[HandPairs]) -> Pairs:
    """All of them together, for a picture."""
    first = np.cumsum([0, *(int(each.hand.people.max(initial=-1)) + 1 for each in pairs)])
    strangers = np.concatenate([each.strangers + start for each, start in zip(pairs, first, strict=False)], axis=1)
    impostors = np.concatenate([each.impostors for each in pairs])
    order = np.argsort(-impostors, kind="stable")
    return Pairs(np.concatenate([each.genuine for each in pairs]), impostors[order], strangers[:, order])


def observed_elsewhere(pairs: Sequence[HandPairs], rate: float, families: Families) -> dict[str, float]:
    """Of each hand the share of strangers who pass the line that was learnt on the hands of other families."""
    curves = Curves(pairs, families)
    return {each.name: each.passing(curves.line(rate, each.name)) for each in curves.pairs}


def _saved(hand: Hand, count: int) -> SavedPeople | None:
    """So many of its people as a project's own characters, by chance."""
    if not count:
        return None
    people, firsts = np.unique(hand.people, return_index=True)
    chosen = np.random.default_rng(0).permutation(len(people))[:count]
    return SavedPeople(tuple(str(people[row]) for row in chosen), hand.embeddings[firsts[chosen]])


def _first_faces(hand: Hand) -> list[npt.NDArray[np.float32]]:
    _, firsts = np.unique(hand.people, return_index=True)
    return [hand.embeddings[first] for first in firsts]


def _passing(impostors: Floats, lines: Floats) -> Floats:
    return np.searchsorted(-impostors, -lines, side="right") / len(impostors)


def _reached(passing: Floats, rate: float) -> int:
    """Where a falling curve is first at the rate or below."""
    below = passing <= rate
    return int(np.argmax(below)) if below.any() else len(passing) - 1


def _resampled(pairs: HandPairs, lines: Floats, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """(RESAMPLED_PEOPLE, lines) the shares that pass, had other people of the hand been measured: each pair counts as
    often as both its people were drawn; the copies of one person are no strangers to each other."""
    size = int(np.searchsorted(-pairs.impostors, -lines[0], side="right"))
    one, other = pairs.strangers[:, :size]
    numbers = np.unique(pairs.strangers)
    people = int(numbers.max()) + 1
    faces = np.bincount(pairs.hand.people, minlength=people).astype(np.float64)
    # A last point that nobody reaches: where a line is above all.
    ends = np.searchsorted(-pairs.impostors[:size], -lines, side="right")
    curves = np.empty((RESAMPLED_PEOPLE, len(lines)), np.float32)
    for row in range(RESAMPLED_PEOPLE):
        times = np.bincount(rng.choice(numbers, len(numbers)), minlength=people).astype(np.float64)
        drawn = times[: len(faces)] * faces[:people]
        total = max((drawn.sum() ** 2 - (drawn**2).sum()) / 2, 1.0)
        passed = np.concatenate([[0.0], np.cumsum(times[one] * times[other])])
        curves[row] = passed[ends] / total
    return curves


def _people_reaching(pairs: HandPairs, line: float) -> int:
    reaching = pairs.strangers[:, : int(np.searchsorted(-pairs.impostors, -line, side="right"))]
    return len(np.unique(np.sort(reaching, axis=0), axis=1).T)


def _quantile(groups: Sequence[Floats], shares: Floats, quantile: float) -> float:
    """Of all values, where each group counts by its share."""
    values = np.concatenate(groups)
    weights = np.concatenate(
        [np.full(len(each), share / len(each)) for each, share in zip(groups, shares, strict=True)]
    )
    order = np.argsort(values)
    upto = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(upto, quantile)), len(values) - 1)])


def _roc(curves: Curves, genuine: Sequence[Floats], weights: Floats) -> tuple[RocPoint, ...]:
    """ROC_POINTS of the curve at most, half of them evenly over the scores, half over the logarithm of the rate."""
    impostors = [each.impostors for each in curves.pairs]
    lowest = min(_quantile(genuine, weights, 0.005), _quantile(impostors, curves.weights, 0.01))
    highest = max(float(each.max()) for each in genuine)
    rates = np.geomspace(1e-5, 0.99, ROC_POINTS // 2)
    steep = [float(curves.lines[_reached(curves.mean, float(rate))]) for rate in rates]
    shown = np.unique(np.round([*np.linspace(lowest, highest, ROC_POINTS // 2), *steep], DIGITS))[::-1]
    false_accepts = curves.weights @ np.stack([_passing(each, shown) for each in impostors])
    true_accepts = weights @ np.array([[float((each >= line).mean()) for line in shown] for each in genuine])
    return tuple(
        RocPoint(float(f"{false:.3g}"), round(float(true), DIGITS), float(line))
        for false, true, line in zip(false_accepts, true_accepts, shown, strict=True)
    )
