"""What travels through Castbook: frozen values over numpy and PIL, and nothing heavier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.prompt import Reading
from pipeline.request import PictureRequest

Embedding = npt.NDArray[np.float32]
Landmarks = npt.NDArray[np.float32]
Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels of the picture
Verdict = Literal["kept", "set aside", "dropped"]  # what becomes of a picture that was drawn
Band = Literal["same person", "unsure", "another person", "cannot tell", "uncalibrated", "not measured"]
NotMeasured = Literal["no face"]  # why a likeness could not be measured


@dataclass(frozen=True, eq=False)
class Identity:
    """A face embedding and the name of the encoder that made it; two are comparable only if made by one encoder."""

    encoder: str
    embedding: Embedding  # float32 (512,), unit length: insightface's `normed_embedding`


@dataclass(frozen=True, eq=False)
class Face:
    """One face found in a picture, seen by every encoder of the pack."""

    box: Box
    landmarks: Landmarks  # (5, 2) x, y in pixels, as insightface: eyes, nose, mouth corners
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
    character_id: str | None = None  # who it is in the library; None: nobody who is kept there


@dataclass(frozen=True, eq=False)
class Imagined:
    """Somebody whom a picture has to show and none shows yet: words have given them an identity."""

    identities: tuple[Identity, ...]


@dataclass(frozen=True, eq=False)
class SavedPeople:
    """A face of each of a project's saved characters, by one encoder."""

    ids: tuple[str, ...]  # the characters'
    embeddings: Embedding  # (n, 512), unit length


@dataclass(frozen=True)
class Against:
    """Whom two faces were measured against, beside each other."""

    strangers: int  # of the cohort that came with the judge
    hands: int  # that these were drawn by
    own: int  # of the project's own saved characters


@dataclass(frozen=True)
class Judgement:
    """What the likeness of two faces is worth."""

    similarity: float  # cosine, -1 to 1
    score: float  # what the calibration's lines are of: that cosine, or how far it stands out among strangers
    band: Band
    false_accept_rate: float | None  # the strictest calibrated one; None: more than the loosest
    usual: bool  # whether most pairs of pictures of one person are no more alike
    against: Against | None = None  # None: the bare cosine was judged


@dataclass(frozen=True)
class NoFace:
    """What speaks against a picture: that it shows nobody."""

    kind: Literal["no face"] = "no face"


@dataclass(frozen=True)
class AnotherFace:
    """That it shows somebody else."""

    similarity: float
    rate: float  # the loosest calibrated false-accept rate, whose threshold is not reached
    score: float | None = None  # where that is no threshold of similarities: how far it stands out among strangers
    kind: Literal["another face"] = "another face"


@dataclass(frozen=True)
class Copied:
    """That it nearly repeats the reference."""

    kind: Literal["copied"] = "copied"


@dataclass(frozen=True)
class Missing:
    """That phrases of the prompt are not to be seen."""

    phrases: tuple[str, ...]
    kind: Literal["missing"] = "missing"


@dataclass(frozen=True)
class AsWritten:
    """What was kept as a sentence, and is none that Castbook ever wrote: shown as it is, in no other language."""

    text: str
    kind: Literal["as written"] = "as written"


Objection = NoFace | AnotherFace | Copied | Missing | AsWritten


def verdict_of(objections: Iterable[Objection]) -> Verdict:
    """Of a picture that is kept. One that shows nobody, somebody else, or the reference once more is set aside; what
    it lacks of the prompt is said, and no more."""
    return "kept" if all(isinstance(each, Missing) for each in objections) else "set aside"


@dataclass(frozen=True)
class Likeness:
    """A similarity judged. `similarity` is None when it could not be measured, never 0. In words: `verdicts.py`.

    Of a picture that nothing was compared with, and of which something is to be said all the same, it is None without
    a reason in `not_measured`.
    """

    similarity: float | None  # cosine by `encoder`, -1 to 1
    encoder: str | None
    band: Band
    false_accept_rate: float | None  # the share of strangers who'd pass at this similarity; None: more than calibrated
    copied: bool | None  # None: not measured
    steering_similarity: float | None = None  # by the encoder that steered: circular, shown beside it for comparison
    not_measured: NotMeasured | None = None  # why there is no similarity
    circular: bool = False  # whether `encoder` is the one that steered
    usual: bool | None = None  # whether most pairs of pictures of one person are no more alike; None: not calibrated
    loosest_rate: float | None = None  # the loosest calibrated false-accept rate: at its threshold "unsure" begins
    rejection: tuple[Objection, ...] = ()  # all that speaks against the picture, see `verdict_of`
    as_written: str | None = None  # a sentence of why that was kept instead of some of these, and is none of ours
    score: float | None = None  # how far the similarity stands out among strangers; None: the bare one was judged
    against: Against | None = None  # these strangers
    lost_marks: tuple[str, ...] | None = None  # the person's, which the picture does not show; None: nobody looked
    kept_marks: tuple[str, ...] | None = None  # the person's, which it shows
    unwanted_marks: tuple[str, ...] | None = None  # it shows them, and they were to be kept out

    @property
    def rank(self) -> tuple[bool, int, int, float]:
        """Sorts the best first: what is not set aside; then what lacks least of the prompt; then what lost the fewest
        marks; then the most alike."""
        missing = sum(len(each.phrases) for each in self.rejection if isinstance(each, Missing))
        marks = len([*(self.lost_marks or ()), *(self.unwanted_marks or ())])
        alike = self.similarity if self.score is None else self.score
        return verdict_of(self.rejection) == "set aside", missing, marks, -(alike or 0.0)


NOT_COMPARED = Likeness(None, None, "not measured", None, None)  # there was nothing to compare the picture with


@dataclass(frozen=True, eq=False)
class Variant:
    """A picture made, with the face found in it, how alike it is to a reference if there was one, and what it lacks."""

    picture: Image.Image
    seed: int
    face: Face | None
    likeness: Likeness | None
    missing: tuple[str, ...] | None = None  # phrases of the prompt that are not to be seen; None: not measured
    rejection: tuple[Objection, ...] = ()  # all that speaks against it, see `verdict_of`
    faces: int = 0  # found in it

    @property
    def verdict(self) -> Verdict:
        """Of a picture that is kept."""
        return verdict_of(self.rejection)


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
    reading: Reading  # what the pack made of the prompt as it was composed
