"""What travels through Castbook: frozen values over numpy and PIL, and nothing heavier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.request import PictureRequest

Embedding = npt.NDArray[np.float32]
Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels of the picture
Band = Literal["same person", "unsure", "another person", "uncalibrated", "not measured"]


@dataclass(frozen=True, eq=False)
class Identity:
    """A face embedding and the name of the encoder that made it; two are comparable only if made by one encoder."""

    encoder: str
    embedding: Embedding  # float32 (512,), unit length: insightface's `normed_embedding`


@dataclass(frozen=True, eq=False)
class Face:
    """One face found in a picture, seen by every encoder of the pack."""

    box: Box
    landmarks: npt.NDArray[np.float32]  # (5, 2) x, y in pixels, as insightface: eyes, nose, mouth corners
    detection_score: float  # 0 to 1; 0 where a person drew the box and no detector vouches for it
    identities: tuple[Identity, ...]  # the steering encoder's first, then the judge's

    @property
    def area(self) -> float:
        left, top, right, bottom = self.box
        return max(0.0, right - left) * max(0.0, bottom - top)

    @property
    def boxed_by_hand(self) -> bool:
        return self.detection_score == 0


@dataclass(frozen=True, eq=False)
class Reference:
    """The person a variant has to show: a kept picture and its identities."""

    picture: Image.Image
    identities: tuple[Identity, ...]


@dataclass(frozen=True)
class Likeness:
    """A similarity judged. `similarity` is None when it could not be measured, never 0."""

    similarity: float | None  # cosine by `encoder`, -1 to 1
    encoder: str | None
    band: Band
    false_accept_rate: (
        float | None
    )  # the share of strangers who would pass at this similarity; None: more than calibrated
    copied: bool | None  # None: not measured
    reason: str  # a sentence for the creator
    steering_similarity: float | None = None  # by the encoder that steered: circular, shown beside it for comparison
    rejection: str | None = (
        None  # the variant's own, kept with the picture; absent from what was kept before it was said
    )


@dataclass(frozen=True, eq=False)
class Variant:
    """A picture made, with the face found in it, how alike it is to a reference if there was one, and what it lacks."""

    picture: Image.Image
    seed: int
    face: Face | None
    likeness: Likeness | None
    missing: tuple[str, ...] | None = None  # phrases of the prompt that are not to be seen; None: not measured
    rejection: str | None = None  # why it is not what was asked for, in a sentence; None: it may well be


@dataclass(frozen=True, eq=False)
class Step:
    """How far a run is: complete in itself, so that a slow reader may miss some."""

    step: int  # 1 to steps
    steps: int
    previews: tuple[Image.Image, ...] = ()  # rough pictures of what is being drawn; empty on most steps
    finished: tuple[Variant, ...] = ()  # what the run has made and judged so far, best first


@dataclass(frozen=True, eq=False)
class Variants:
    """What a run gave, best first, and what of its prompt could not be drawn."""

    request: PictureRequest  # as drawn: it says what was left out, and what drew it
    ranked: tuple[Variant, ...]
    half_said: Mapping[str, tuple[str, ...]]  # words that the pack knows within phrases only, with some of these
