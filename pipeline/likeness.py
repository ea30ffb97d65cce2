"""Two identities and a calibration -> a likeness: the same person or not, how sure, or merely copied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
from annotated_types import Gt, Le, MinLen
from PIL import Image
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from pipeline.values import Band, Face, Identity, Likeness, Reference

SAME_PERSON_RATE = 1e-3  # the false-accept rate at which we say "same person"
STRICT = ConfigDict(extra="forbid")
Rate = Annotated[float, Gt(0), Le(1)]
Thresholds = Annotated[dict[Rate, float], MinLen(1)]  # false-accept rate -> the similarity that so many strangers reach
Interval = tuple[float, float]  # of 95 %


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
class Calibration:
    """What an encoder's similarities mean, learnt from pairs of which the truth is known (`calibration.json`)."""

    encoder: str
    thresholds: Thresholds
    genuine_quantiles: dict[float, float]  # 0.05, 0.5, 0.95 -> similarity of two pictures of one person
    genuine_pairs: int
    impostor_pairs: int
    data: Drawings | str  # what was measured; other people's data by name
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

    @staticmethod
    def from_json(text: str) -> Calibration:
        """Raises ValueError where the text is no calibration."""
        return _ADAPTER.validate_json(text)

    def to_json(self) -> str:
        return _ADAPTER.dump_json(self, indent=2, exclude_none=True).decode()

    def false_accept_rate(self, similarity: float) -> float | None:
        """The strictest calibrated rate whose threshold is reached; None where not even the loosest is."""
        return min((rate for rate, threshold in self.thresholds.items() if similarity >= threshold), default=None)

    @property
    def same_person_rate(self) -> float:
        """From its threshold on we say "same person": SAME_PERSON_RATE, or for want of it the strictest there is."""
        return SAME_PERSON_RATE if SAME_PERSON_RATE in self.thresholds else min(self.thresholds)

    @property
    def loosest_rate(self) -> float:
        """From its threshold on we say "unsure", and below it "another person"."""
        return max(self.thresholds)

    def band(self, similarity: float) -> Band:
        if similarity >= self.thresholds[self.same_person_rate]:
            return "same person"
        return "unsure" if similarity >= self.thresholds[self.loosest_rate] else "another person"

    def is_usual(self, similarity: float) -> bool:
        """Whether most pairs of pictures of one person are no more alike than this."""
        return similarity >= self.genuine_quantiles.get(0.05, -1.0)


_ADAPTER = TypeAdapter(Calibration)


def judge(
    candidate: Face | None,
    reference: Reference,
    picture: Image.Image,
    *,
    judge_encoder: str,
    steering_encoder: str,
    calibration: Calibration | None,
) -> Likeness:
    """How sure we are that the `candidate` found in `picture` is the reference's person.

    The calibration is of `judge_encoder`. Both the candidate and the reference must have been seen by that. Where it is
    the `steering_encoder` (a pack without a judge) the likeness is circular.
    """
    copied = (
        None if calibration is None else composition_likeness(picture, reference.picture) >= calibration.copy_threshold
    )
    if candidate is None:
        return Likeness(None, None, "not measured", None, copied, not_measured="no face")

    similarity = _similarity_by(judge_encoder, candidate, reference)
    circular = judge_encoder == steering_encoder
    return Likeness(
        similarity=similarity,
        encoder=judge_encoder,
        band="uncalibrated" if calibration is None else calibration.band(similarity),
        false_accept_rate=None if calibration is None else calibration.false_accept_rate(similarity),
        copied=copied,
        steering_similarity=similarity if circular else _similarity_by(steering_encoder, candidate, reference),
        circular=circular,
        usual=None if calibration is None else calibration.is_usual(similarity),
        loosest_rate=None if calibration is None else calibration.loosest_rate,
    )


def similarity_of(one: Identity, other: Identity) -> float:
    """Cosine, -1 to 1. Raises ValueError for identities of two encoders: their spaces have nothing in common."""
    if one.encoder != other.encoder:
        raise ValueError(f"An identity by {one.encoder!r} cannot be compared with one by {other.encoder!r}.")
    return max(-1.0, min(1.0, float(np.dot(one.embedding, other.embedding))))


def identity_by(encoder: str, identities: tuple[Identity, ...]) -> Identity | None:
    return next((identity for identity in identities if identity.encoder == encoder), None)


def average(references: Sequence[Reference]) -> Reference:
    """One reference for several pictures of a person: the first picture, and by each encoder that saw them all the mean
    identity, of unit length. Raises ValueError where no encoder saw them all."""
    encoders = [identity.encoder for identity in references[0].identities]
    seen = [[identity_by(encoder, reference.identities) for reference in references] for encoder in encoders]
    means = tuple(_mean([i for i in identities if i]) for identities in seen if all(identities))
    if not means:
        raise ValueError("No encoder has seen all of these references.")
    return Reference(references[0].picture, means)


def composition_likeness(picture: Image.Image, other: Image.Image) -> float:
    """Correlation, -1 to 1, of two pictures' 32x32 luminance thumbnails; 0 where one of them is flat."""
    one, two = _thumbnail(picture), _thumbnail(other)
    spread = math.sqrt(float(np.dot(one, one)) * float(np.dot(two, two)))
    return float(np.dot(one, two)) / spread if spread else 0.0


def _mean(identities: Sequence[Identity]) -> Identity:
    mean = np.mean([identity.embedding for identity in identities], axis=0)
    return Identity(identities[0].encoder, (mean / np.linalg.norm(mean)).astype(np.float32))


def _thumbnail(picture: Image.Image) -> npt.NDArray[np.float64]:
    small = picture.convert("L").resize((32, 32), Image.Resampling.BOX)
    luminance: npt.NDArray[np.float64] = np.array(small, dtype=np.float64).ravel()
    return luminance - luminance.mean()


def _similarity_by(encoder: str, candidate: Face, reference: Reference) -> float:
    one, other = identity_by(encoder, candidate.identities), identity_by(encoder, reference.identities)
    if one is None or other is None:
        raise ValueError(f"Both faces must have been seen by {encoder!r} before they are judged.")
    return similarity_of(one, other)
