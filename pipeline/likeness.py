"""Two identities, a calibration and strangers -> a likeness: the same person or not, how sure, or merely copied."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from annotated_types import Gt, Le, MinLen
from PIL import Image
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from pipeline.cohort import Cohort, Seen, Strangers
from pipeline.values import Band, Embedding, Face, Identity, Judgement, Likeness, Reference, SavedPeople

AT_ONCE = 1000  # faces compared with all others: 120 MB for 30,000 of them
A_FEW = 100  # the same where each pair is read against strangers, which takes some ten times as much
SAME_PERSON_RATE = 1e-3  # the false-accept rate at which we say "same person"
STRICT = ConfigDict(extra="forbid")
Rate = Annotated[float, Gt(0), Le(1)]
Thresholds = Annotated[dict[Rate, float], MinLen(1)]  # false-accept rate -> the similarity that so many strangers reach
Interval = tuple[float, float]  # of 95 %
Floats = npt.NDArray[np.float64]
Score = Literal["cosine", "normalised"]  # as it is, or read against strangers (pipeline.cohort)


class RocPoint(NamedTuple):
    """How many pass at a threshold, as shares: in a file a bare list of three numbers."""

    false_accept_rate: float
    true_accept_rate: float
    threshold: float


@dataclass(frozen=True, config=STRICT)
class Drawings:
    """Pictures of drawn people of whom nothing was trained."""

    looks: int  # of each


@dataclass(frozen=True, config=STRICT)
class TooFew:
    """Why a rate is not known: too few pairs of people would be as alike."""

    pairs: int
    needed: int


@dataclass(frozen=True, config=STRICT)
class ManyHands:
    """Pictures by hands that were each measured with a line learnt on the others."""

    hands: int


@dataclass(frozen=True, config=STRICT)
class CohortSize:
    people: int
    hands: int


@dataclass(frozen=True, config=STRICT)
class OwnLines:
    """Where the thresholds of normalised scores lie once a project has characters of its own in a like hand: these are
    nearer than any cohort, so that nobody stands out as far as before."""

    own: float  # how many of the nearest strangers are the project's own
    thresholds: Thresholds


@dataclass(frozen=True, config=STRICT)
class Calibration:
    """What an encoder's similarities mean, learnt from pairs of which the truth is known (`calibration.json`).

    All its lines and quantiles are of one kind of score: the bare cosine, as all of them were once, or the normalised
    one, which holds for hands that were not measured.
    """

    encoder: str
    thresholds: Thresholds
    genuine_quantiles: dict[float, float]  # 0.05, 0.5, 0.95 -> similarity of two pictures of one person
    genuine_pairs: int
    impostor_pairs: int
    data: Drawings | ManyHands | str  # what was measured; other people's data by name
    date: str  # YYYY-MM-DD
    copy_threshold: float  # correlation of the luminance thumbnails from which on a picture counts as copied
    # What a calibration says since `python -m evaluation calibrate` makes it; None in those made before.
    people: int | None = None  # whom all these pairs are of
    pictures: int | None = None  # of them that were looked at
    faces: int | None = None  # that were found in these
    threshold_intervals: dict[Rate, Interval] | None = None  # where the threshold lies, had others been measured
    rate_intervals: dict[Rate, Interval] | None = None  # the share of strangers who reach the threshold
    left_out: dict[Rate, TooFew | str] | None = None  # a rate that is not known, and why; older ones in a sentence
    roc: tuple[RocPoint, ...] | None = None  # from the highest threshold to the lowest
    score: Score = "cosine"
    cohort: CohortSize | None = None  # that normalised scores were measured against
    shrinkage: float = 0.0  # of normalised scores, towards what is usual in the cohort (pipeline.cohort)
    reachable: float | None = None  # the cosine that 1 in 20 pairs of pictures of one person, by any hand, exceed
    own_lines: tuple[OwnLines, ...] | None = None  # from few to many; none: own characters are no strangers here
    twins: int | None = None  # pairs of people too alike to count as strangers, who were left apart

    @staticmethod
    def from_json(text: str) -> Calibration:
        """Raises ValueError where the text is no calibration."""
        return _ADAPTER.validate_json(text)

    def to_json(self) -> str:
        return _ADAPTER.dump_json(self, indent=2, exclude_none=True).decode()

    def false_accept_rate(self, score: float) -> float | None:
        """The strictest calibrated rate whose threshold is reached; None where not even the loosest is."""
        return min((rate for rate, threshold in self.thresholds.items() if score >= threshold), default=None)

    @property
    def same_person_rate(self) -> float:
        """From its threshold on we say "same person": SAME_PERSON_RATE, or for want of it the strictest there is."""
        return SAME_PERSON_RATE if SAME_PERSON_RATE in self.thresholds else min(self.thresholds)

    @property
    def loosest_rate(self) -> float:
        """From its threshold on we say "unsure", and below it "another person"."""
        return max(self.thresholds)

    @property
    def same_person_line(self) -> float:
        return self.thresholds[self.same_person_rate]

    def band(self, score: float) -> Band:
        if score >= self.same_person_line:
            return "same person"
        return "unsure" if score >= self.thresholds[self.loosest_rate] else "another person"

    def is_usual(self, score: float) -> bool:
        """Whether most pairs of pictures of one person are no more alike than this."""
        return score >= self.genuine_quantiles.get(0.05, -math.inf)


_ADAPTER = TypeAdapter(Calibration)


class Decider:
    """The one place where it is decided whether two faces show one person.

    By the bare cosine, or by how far it stands out among strangers, as the calibration wants it. Faces are embeddings
    (n, 512) by the calibration's encoder, of unit length; `who` are the saved characters whom they are known to show.
    """

    def __init__(self, calibration: Calibration, cohort: Cohort | None = None, own: SavedPeople | None = None) -> None:
        """Raises ValueError where the calibration is of normalised scores, and there is no cohort by its encoder."""
        self.calibration = calibration
        self._strangers: Strangers | None = None
        if calibration.score == "normalised":
            if cohort is None or cohort.encoder != calibration.encoder:
                raise ValueError(f"Scores by {calibration.encoder!r} are normalised, and it has no cohort.")
            counted = own if calibration.own_lines else None
            self._strangers = Strangers(cohort, counted, calibration.same_person_line, calibration.shrinkage)

    def decide(
        self, one: Identity, other: Identity, one_is: str | None = None, other_is: str | None = None
    ) -> Judgement:
        """Raises ValueError for identities of another encoder than the calibration's."""
        if one.encoder != self.calibration.encoder:
            raise ValueError(f"Both must be by {self.calibration.encoder!r}.")
        similarity = similarity_of(one, other)
        if self._strangers is None:
            return self._judgement(similarity, similarity)
        [[decided]] = self.decide_all(one.embedding[None], other.embedding[None], [one_is], [other_is])
        return replace(decided, similarity=similarity)

    def decide_all(
        self, faces: Embedding, others: Embedding, who: Sequence[str | None], others_are: Sequence[str | None]
    ) -> list[list[Judgement]]:
        """Of each face with each of the others."""
        cosines = np.inner(faces, others).astype(np.float64)
        if self._strangers is None:
            return [[self._judgement(cosine, cosine) for cosine in row] for row in cosines.tolist()]
        seen, beside = self._strangers.see(faces, who), self._strangers.see(others, others_are)
        scores, highest = self._scores(self._strangers, seen, beside), self._highest(self._strangers, seen, beside)
        beyond_reach = (highest < self.calibration.same_person_line) & (scores >= 0)
        return [
            [self._judgement(*pair) for pair in zip(*rows, strict=True)]
            for rows in zip(cosines.tolist(), scores.tolist(), beyond_reach.tolist(), strict=True)
        ]

    def score_all(self, faces: Embedding, who: Sequence[str | None]) -> Iterator[tuple[int, Embedding]]:
        """Of each with each, a block of rows after the other, with the number of its first."""
        if self._strangers is None:
            for first in range(0, len(faces), AT_ONCE):
                yield first, np.inner(faces[first : first + AT_ONCE], faces)
            return
        seen = self._strangers.see(faces, who)
        for first in range(0, len(faces), A_FEW):
            scores = self._scores(self._strangers, seen.some(slice(first, first + A_FEW)), seen)
            yield first, scores.astype(np.float32)

    def _highest(self, strangers: Strangers, seen: Seen, beside: Seen) -> Floats:
        """The scores that pictures of one person reach at best: where these are below the line, a hand draws everybody
        too much alike. A pair less alike than the faces are to their nearest strangers is two people all the same."""
        best = 1.0 if self.calibration.reachable is None else self.calibration.reachable
        return self._scores(strangers, seen, beside, np.full((len(seen.embeddings), len(beside.embeddings)), best))

    def _scores(self, strangers: Strangers, seen: Seen, beside: Seen, cosines: Floats | None = None) -> Floats:
        scores = strangers.scores(seen, beside, cosines)
        own, lines = (seen.own_nearest[:, None] + beside.own_nearest) / 2, self.calibration.own_lines or ()
        return as_without_own(scores, own, self.calibration.thresholds, lines) if own.any() else scores

    def _judgement(self, similarity: float, score: float, beyond_reach: bool = False) -> Judgement:
        calibration = self.calibration
        band = calibration.band(score)
        return Judgement(
            similarity,
            score,
            "cannot tell" if beyond_reach and band != "same person" else band,
            calibration.false_accept_rate(score),
            calibration.is_usual(score),
            self._strangers.against if self._strangers else None,
        )


def judge(
    candidate: Face | None,
    reference: Reference,
    picture: Image.Image,
    *,
    judge_encoder: str,
    steering_encoder: str,
    decider: Decider | None,
) -> Likeness:
    """How sure we are that the `candidate` found in `picture` is the reference's person.

    The decider's calibration is of `judge_encoder`; without one nobody knows what a similarity says. Both the candidate
    and the reference must have been seen by that encoder. Where it is the `steering_encoder` (a pack without a judge)
    the likeness is circular.
    """
    threshold = decider and decider.calibration.copy_threshold
    copied = None if threshold is None else composition_likeness(picture, reference.picture) >= threshold
    if candidate is None:
        return Likeness(None, None, "not measured", None, copied, not_measured="no face")

    seen, meant = _seen_by(judge_encoder, candidate, reference)
    similarity = similarity_of(seen, meant)
    circular = judge_encoder == steering_encoder
    steering = similarity if circular else similarity_of(*_seen_by(steering_encoder, candidate, reference))
    bare = Likeness(similarity, judge_encoder, "uncalibrated", None, copied, steering, circular=circular)
    if decider is None:
        return bare
    decided = decider.decide(seen, meant, reference.character_id, reference.character_id)
    return replace(
        bare,
        band=decided.band,
        false_accept_rate=decided.false_accept_rate,
        usual=decided.usual,
        loosest_rate=decider.calibration.loosest_rate,
        score=decided.score if decided.against else None,
        against=decided.against,
    )


def as_without_own(scores: Floats, own: Floats, thresholds: Thresholds, own_lines: Sequence[OwnLines]) -> Floats:
    """What the scores would be, were so many of the nearest strangers not the project's `own`: the lines at that number
    are moved to where they lie at none, and what is between them with them."""
    rates = sorted(thresholds, reverse=True)
    known = [OwnLines(0, thresholds), *own_lines]
    at = np.log1p([lines.own for lines in known])
    here = [np.interp(np.log1p(own), at, [lines.thresholds[rate] for lines in known]) for rate in rates]
    there = [thresholds[rate] for rate in rates]
    moved = scores - here[0] + there[0]
    for i in range(len(rates) - 1):
        slope = (there[i + 1] - there[i]) / np.maximum(here[i + 1] - here[i], 1e-3)
        within = there[i] + (scores - here[i]) * slope
        moved = within if i == 0 else np.where(scores >= here[i], within, moved)
    return moved


def similarity_of(one: Identity, other: Identity) -> float:
    """Cosine, -1 to 1. Raises ValueError for identities of two encoders: their spaces have nothing in common."""
    if one.encoder != other.encoder:
        raise ValueError(f"An identity by {one.encoder!r} cannot be compared with one by {other.encoder!r}.")
    return max(-1.0, min(1.0, float(np.dot(one.embedding, other.embedding))))


def identity_by(encoder: str, identities: tuple[Identity, ...]) -> Identity | None:
    return next((identity for identity in identities if identity.encoder == encoder), None)


def saw_all(encoder: str, faces: Iterable[tuple[Identity, ...]]) -> bool:
    """Whether the encoder has seen every one of these faces, and there are some."""
    seen = [identity_by(encoder, identities) is not None for identities in faces]
    return bool(seen) and all(seen)


def average(references: Sequence[Reference]) -> Reference:
    """One reference for several pictures of a person: the first picture, and by each encoder that saw them all the mean
    identity, of unit length. Raises ValueError where no encoder saw them all."""
    encoders = [identity.encoder for identity in references[0].identities]
    seen = [[identity_by(encoder, reference.identities) for reference in references] for encoder in encoders]
    means = tuple(mean_identity([i for i in identities if i]) for identities in seen if all(identities))
    if not means:
        raise ValueError("No encoder has seen all of these references.")
    return Reference(references[0].picture, means, references[0].character_id)


def composition_likeness(picture: Image.Image, other: Image.Image) -> float:
    """Correlation, -1 to 1, of two pictures' 32x32 luminance thumbnails; 0 where one of them is flat."""
    one, two = _thumbnail(picture), _thumbnail(other)
    spread = math.sqrt(float(np.dot(one, one)) * float(np.dot(two, two)))
    return float(np.dot(one, two)) / spread if spread else 0.0


def mean_identity(identities: Sequence[Identity]) -> Identity:
    """Of one encoder, of unit length."""
    mean = np.mean([identity.embedding for identity in identities], axis=0)
    return Identity(identities[0].encoder, (mean / np.linalg.norm(mean)).astype(np.float32))


def _thumbnail(picture: Image.Image) -> Floats:
    small = picture.convert("L").resize((32, 32), Image.Resampling.BOX)
    luminance: Floats = np.array(small, dtype=np.float64).ravel()
    return luminance - luminance.mean()


def _seen_by(encoder: str, candidate: Face, reference: Reference) -> tuple[Identity, Identity]:
    one, other = identity_by(encoder, candidate.identities), identity_by(encoder, reference.identities)
    if one is None or other is None:
        raise ValueError(f"Both faces must have been seen by {encoder!r} before they are judged.")
    return one, other
