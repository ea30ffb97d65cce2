"""A model pack: which models belong together, where they are, what they may be used for. Loads none of them."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Gt, MultipleOf
from pydantic import ConfigDict, Field, InstanceOf, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from errors import PackUnavailable
from message import Message
from pipeline.cohort import FILE as COHORT
from pipeline.cohort import Cohort
from pipeline.likeness import Calibration, Decider
from pipeline.pack_files import SHARED, first_damaged
from pipeline.prompt import Reading, read_prose
from pipeline.request import NO_LOOK, PictureRequest, SteeringImage, VisualProfile
from pipeline.values import SavedPeople
from pipeline.vocabulary import NearWords, Vocabulary

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

logger = logging.getLogger("castbook")

CALIBRATION = "calibration.json"
NEAR_WORDS = "near_words.json"
WORD_PICTURES = "words"

STRICT = ConfigDict(extra="forbid")
Side = Annotated[int, Gt(0), MultipleOf(8)]
Positive = Annotated[int, Gt(0)]
Scale = Annotated[float, Ge(0)]


@dataclass(frozen=True, config=STRICT)
class Licence:
    name: str
    commercial_use: bool
    note: str
    url: str | None = None


@dataclass(frozen=True, config=STRICT)
class Base:
    """A Stable Diffusion pipeline in diffusers' layout: a folder of the pack or a hub id."""

    model: str
    revision: str | None = None
    variant: str | None = None  # "fp16" for files named *.fp16.safetensors


@dataclass(frozen=True, config=STRICT)
class Adapter:
    """IP-Adapter FaceID weights in h94's layout: a file in a folder of the pack or in a hub repository."""

    model: str
    weights: str
    subfolder: str = ""
    revision: str | None = None


@dataclass(frozen=True, config=STRICT)
class FaceModels:
    """An insightface model folder of the pack, or an insightface name: finds faces, and its encoder steers.

    `knows_real_faces`: whether its encoder tells real people apart, which makes what it sees of them biometric data.
    """

    model: str
    encoder: str
    detection_size: Annotated[int, Gt(0), MultipleOf(32)] = 640
    knows_real_faces: bool = True


@dataclass(frozen=True, config=STRICT)
class Judge:
    """A second recognition model, which did not steer; given as a folder of the pack, as one of the judges that packs
    share (`judges/...`) or as an insightface name.

    `landmark_scale`: how far the five landmarks are spread about their centre before the model's crop is cut by them.
    1 cuts the face, as ArcFace's models want it; one that was trained on whole heads wants more. `knows_real_faces` is
    as in `FaceModels`.
    """

    model: str
    encoder: str
    landmark_scale: Annotated[float, Gt(0), Field(allow_inf_nan=False)] = 1.0
    knows_real_faces: bool = True


@dataclass(frozen=True, config=STRICT)
class ClassifierAdherence:
    """A folder of the pack with a classifier of its vocabulary (.onnx) and what it tells apart (labels.json)."""

    model: str


@dataclass(frozen=True, config=STRICT)
class Marks:
    """A folder of the pack with a reader of the marks in its vocabulary (.onnx), and what it says (labels.json)."""

    model: str


@dataclass(frozen=True, config=STRICT)
class Prior:
    """A folder of the pack with a model that gives words of its vocabulary a face (.onnx), and which (labels.json).

    `identity_scale`: how strongly that steers, beside the words themselves.
    """

    model: str
    identity_scale: Scale = 1.0


@dataclass(frozen=True, config=STRICT)
class ClipAdherence:
    """A CLIP model, which reads any words: a folder of the pack or a hub id."""

    clip: str
    revision: str = "main"


@dataclass(frozen=True, config=STRICT)
class Preview:
    """A tiny autoencoder of the base model's latents (AutoencoderTiny): a folder of the pack or a hub id."""

    model: str
    revision: str | None = None


@dataclass(frozen=True, config=STRICT)
class Scheduler:
    """A scheduler class of diffusers, and what differs from the base model's own scheduler configuration."""

    class_name: str
    config: Mapping[str, Any]


@dataclass(frozen=True, config=STRICT)
class Defaults:
    steps: Positive
    guidance_scale: Scale
    identity_scale: Scale
    count: Positive
    width: Side
    height: Side
    negative_prompt: str = ""


@dataclass(frozen=True, config=STRICT)
class Pack:
    """Everything `packs/<name>/` says."""

    name: str
    title: str
    draws: str  # what it can draw, one sentence
    licence: Licence
    base: Base
    adapter: Adapter
    faces: FaceModels
    scheduler: Scheduler
    defaults: Defaults
    folder: Path
    shelves: tuple[Path, ...] = ()  # the folders of packs: what lies in their `judges/` is shared by all packs
    preview: Preview | None = None  # None: the whole VAE decodes previews
    judge: Judge | None = None
    own_hand: Judge | None = None  # judges what the pack itself drew, beside the judge of all other pictures
    adherence: ClassifierAdherence | ClipAdherence | None = None  # None: not measured
    marks: Marks | None = None  # None: nobody says which of a person's marks a picture shows
    prior: Prior | None = None  # None: whoever no reference steers is drawn from words alone
    calibration: Calibration | None = None  # of `judge_encoder`; None: not calibrated
    own_calibration: Calibration | None = None  # of the own hand's judge: of bare cosines, for in one hand they do
    cohort: InstanceOf[Cohort] | None = None  # by `judge_encoder`, if its calibration is of scores read against one
    vocabulary: Vocabulary | None = None
    content_hash: str = ""  # SHA-256 of the files that decide what is drawn; "" for a pack made in code

    def __post_init__(self) -> None:
        if self.calibration and self.calibration.encoder != self.judge_encoder:
            raise ValueError(f"{self.judge_encoder!r} judges, and the calibration is of {self.calibration.encoder!r}")
        if self.calibration:
            Decider(self.calibration, self.cohort)

    @property
    def judge_encoder(self) -> str:
        """The encoder that judges: the judge's, or for want of one the steering encoder (circular, and said so)."""
        return self.judge.encoder if self.judge else self.faces.encoder

    @property
    def encoders(self) -> frozenset[str]:
        """All that look at a face in whatever picture."""
        return frozenset({self.faces.encoder, self.judge_encoder})

    @property
    def knows_real_faces(self) -> bool:
        """Whether any encoder that looks at a creator's own picture tells real people apart."""
        return self.faces.knows_real_faces or (self.judge is not None and self.judge.knows_real_faces)

    def encoders_of(self, pack: str | None) -> frozenset[str]:
        """All that look at a face in a picture that the pack of this name drew; None for one that no pack drew."""
        own = {self.own_hand.encoder} if self.own_hand and pack == self.name else set[str]()
        return self.encoders | own

    @property
    def home(self) -> Path:
        """The folder of the calibration for its own hand's judge."""
        return Path(self.locate(self.own_hand.model)) if self.own_hand else self.folder

    @property
    def at_home(self) -> Pack:
        """The same for whoever looks at nothing but pictures in its own hand: the own hand's judge is its judge."""
        if self.own_hand is None:
            return self
        return replace(self, judge=self.own_hand, calibration=self.own_calibration, own_hand=None, cohort=None)

    def decider(self, own: SavedPeople | None = None) -> Decider | None:
        """What says of two faces whether they show one person, measured against the pack's cohort and the project's
        `own` characters; None where nobody can say."""
        return Decider(self.calibration, self.cohort, own) if self.calibration else None

    @cached_property
    def own_hand_decider(self) -> Decider | None:
        """The same of two faces that the pack itself drew; None where it has no judge for these alone."""
        return Decider(self.own_calibration) if self.own_hand and self.own_calibration else None

    def request(
        self,
        prompt: str,
        seed: int,
        *,
        count: int | None = None,
        identity_scale: float | None = None,
        steps: int | None = None,
        written: str | None = None,
        look: VisualProfile = NO_LOOK,
        context: str = "",
        steering: tuple[SteeringImage, ...] = (),
    ) -> PictureRequest:
        """A request by the pack's defaults, where nothing else is said. `prompt` is composed already."""
        defaults = self.defaults
        return PictureRequest(
            written=prompt if written is None else written,
            prompt=prompt,
            negative_prompt=defaults.negative_prompt,
            seed=seed,
            count=defaults.count if count is None else count,
            steps=defaults.steps if steps is None else steps,
            guidance_scale=defaults.guidance_scale,
            identity_scale=defaults.identity_scale if identity_scale is None else identity_scale,
            scheduler=self.scheduler.class_name,
            scheduler_settings=dict(self.scheduler.config),
            width=defaults.width,
            height=defaults.height,
            pack=self.name,
            pack_hash=self.content_hash,
            steering=steering,
            look=look,
            context=context,
        )

    def read(self, prompt: str) -> Reading:
        """What the pack makes of a prompt: what is drawn, what is kept out, what is left out and why. A pack without a
        vocabulary takes any words."""
        return self.vocabulary.read(prompt) if self.vocabulary else read_prose(prompt)

    def locate(self, model: str) -> str:
        """The folder that `model` names in this pack, or beside the packs if it begins with `judges/`; else `model`
        itself, a name for the hub or for insightface."""
        places = (self.folder, *self.shelves) if model.startswith(SHARED) else (self.folder,)
        return next((str((place / model).resolve()) for place in places if (place / model).is_dir()), model)

    @property
    def word_pictures(self) -> Path | None:
        """The folder of the small pictures beside its words; None where it has none."""
        folder = self.folder / WORD_PICTURES
        return folder if folder.is_dir() else None


def word_picture(phrase: str) -> str:
    """The file's name in a pack's `word_pictures`."""
    return f"{phrase.replace(' ', '-')}.webp"


def load_pack(name: str, folders: Sequence[Path]) -> Pack:
    """The pack called `name` in the first of the `folders` that has it. Raises PackUnavailable.

    Calibration and cohort lie in the pack's folder, or else with its judge; that of its own hand's judge with that one.
    A calibration of another encoder than the judge counts for nothing, nor one of scores that there is no cohort for:
    it is left out, and the log says so.
    """
    folder = next((folder / name for folder in folders if (folder / name / "pack.toml").is_file()), None)
    if folder is None:
        known = sorted({file.parent.name for folder in folders for file in folder.glob("*/pack.toml")})
        raise PackUnavailable(
            "There is no model pack {pack}.",
            "Choose one of: {known}.",
            pack=repr(name),
            known=", ".join(known) or Message("none is installed"),
        )
    try:
        tables = _tables(folder)
        damaged = first_damaged(tables.pop("files", {}), folder, folders)
        pack = _PACK.validate_python(tables | {"shelves": tuple(folders)})
        calibration, cohort = _measured(pack)
        own_calibration = _measured_at_home(pack)
    except (OSError, ValueError) as error:  # tomllib's and pydantic's errors are ValueErrors
        raise PackUnavailable(
            "The model pack {pack} cannot be read: {problem}.",
            "Correct the files in {folder}.",
            pack=repr(name),
            problem=_plainly(error),
            folder=folder,
        ) from error
    if damaged:
        raise PackUnavailable(
            "The file {file} of the model pack {pack} is missing or damaged: it is not the one that was made.",
            "Put it back from where the pack came.",
            file=repr(damaged),
            pack=repr(name),
        )
    if pack.name != name:
        raise PackUnavailable(
            "The model pack in {folder} calls itself {pack}.",
            "Give the folder and the pack one name.",
            folder=folder,
            pack=repr(pack.name),
        )
    if pack.faces.encoder in {judge.encoder for judge in (pack.judge, pack.own_hand) if judge}:
        raise PackUnavailable(
            "The judge of the model pack {pack} is the encoder that steers it.",
            "Name another judge, or leave [judge] out; its likeness is then marked as circular.",
            pack=repr(name),
        )
    cohort = cohort if cohort and cohort.encoder == pack.judge_encoder else None
    calibration = _of_use(calibration, cohort, pack)
    return replace(pack, calibration=calibration, cohort=cohort, own_calibration=own_calibration)


_PACK = TypeAdapter(Pack)
_VOCABULARY = TypeAdapter(Vocabulary)
_NEAR_WORDS = TypeAdapter(NearWords)


def _tables(folder: Path) -> dict[str, Any]:
    tables: dict[str, Any] = tomllib.loads((folder / "pack.toml").read_text("utf-8"))
    scheduler: dict[str, Any] = dict(tables.get("scheduler", {}))
    return tables | {
        "folder": folder,
        "content_hash": _content_hash(folder),
        "scheduler": {"class_name": scheduler.pop("class", None), "config": scheduler},
        "vocabulary": _vocabulary(folder),
    }


def _vocabulary(folder: Path) -> Vocabulary | None:
    file, near = folder / "vocabulary.json", folder / NEAR_WORDS
    if not file.is_file():
        return None
    vocabulary = _VOCABULARY.validate_json(file.read_bytes())
    return replace(vocabulary, near=_NEAR_WORDS.validate_json(near.read_bytes())) if near.is_file() else vocabulary


def _content_hash(folder: Path) -> str:
    """What is beside the pictures' making (how a likeness is read, what people read) does not count; nor do near words,
    for a request records what was sent for them."""
    whole = hashlib.sha256()
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        if file.name not in (CALIBRATION, COHORT, NEAR_WORDS) and file.suffix not in (".md", ".png", ".webp"):
            whole.update(file.relative_to(folder).as_posix().encode())
            whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def _measured(pack: Pack) -> tuple[Calibration | None, Cohort | None]:
    """In the pack's folder, or else in its judge's, where several packs find them."""
    for folder in (pack.folder, Path(pack.locate(pack.judge.model)) if pack.judge else pack.folder):
        if (folder / CALIBRATION).is_file():
            cohort = Cohort.load(folder / COHORT) if (folder / COHORT).is_file() else None
            return Calibration.from_json((folder / CALIBRATION).read_text("utf-8")), cohort
    return None, None


def _measured_at_home(pack: Pack) -> Calibration | None:
    """Raises ValueError for a calibration of another encoder, or of scores among strangers."""
    if pack.own_hand is None:
        return None
    file = pack.home / CALIBRATION
    if not file.is_file():
        return None
    calibration = Calibration.from_json(file.read_text("utf-8"))
    if calibration.encoder != pack.own_hand.encoder or calibration.score != "cosine":
        raise ValueError(f"{file} is no calibration of {pack.own_hand.encoder!r} by bare cosines")
    return calibration


def _of_use(calibration: Calibration | None, cohort: Cohort | None, pack: Pack) -> Calibration | None:
    if calibration is None:
        return None
    if calibration.encoder != pack.judge_encoder:
        logger.warning(
            "The pack %r is not calibrated: its calibration.json is of %r, and %r judges. "
            "Calibrate it: python -m evaluation calibrate --pack %s",
            *(pack.name, calibration.encoder, pack.judge_encoder, pack.name),
        )
        return None
    if calibration.score == "normalised" and cohort is None:
        logger.warning(
            "The pack %r is not calibrated: its calibration.json is of likenesses read against strangers, and there is "
            "no %s by %r beside it.",
            *(pack.name, COHORT, pack.judge_encoder),
        )
        return None
    return calibration


def _plainly(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error).rstrip(".")
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
