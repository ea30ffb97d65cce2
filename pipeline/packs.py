"""A model pack: which models belong together, where they are, what they may be used for. Loads none of them."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Gt, MultipleOf
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from errors import PackUnavailable
from message import Message
from pipeline.likeness import Calibration
from pipeline.request import NO_LOOK, PictureRequest, SteeringImage, VisualProfile
from pipeline.vocabulary import Vocabulary

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

logger = logging.getLogger("castbook")

STRICT = ConfigDict(extra="forbid")
SHARED = "judges/"  # no pack: judges that belong to none
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
    """An insightface model folder of the pack, or an insightface name: finds faces, and its encoder steers."""

    model: str
    encoder: str
    detection_size: Annotated[int, Gt(0), MultipleOf(32)] = 640


@dataclass(frozen=True, config=STRICT)
class Judge:
    """A second recognition model, which did not steer; given as a folder of the pack, as one of the judges that packs
    share (`judges/...`) or as an insightface name.

    `landmark_scale`: how far the five landmarks are spread about their centre before the model's crop is cut by them.
    1 cuts the face, as ArcFace's models want it; one that was trained on whole heads wants more.
    """

    model: str
    encoder: str
    landmark_scale: Annotated[float, Gt(0), Field(allow_inf_nan=False)] = 1.0


@dataclass(frozen=True, config=STRICT)
class ClassifierAdherence:
    """A folder of the pack with a classifier of its vocabulary (.onnx) and what it tells apart (labels.json)."""

    model: str


@dataclass(frozen=True, config=STRICT)
class ClipAdherence:
    """A CLIP model, which reads any words: a folder of the pack or a hub id."""

    clip: str
    revision: str = "main"


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
    judge: Judge | None = None
    adherence: ClassifierAdherence | ClipAdherence | None = None  # None: not measured
    calibration: Calibration | None = None  # of `judge_encoder`; None: not calibrated
    vocabulary: Vocabulary | None = None
    content_hash: str = ""  # SHA-256 of the files that decide what is drawn; "" for a pack made in code

    def __post_init__(self) -> None:
        if self.calibration and self.calibration.encoder != self.judge_encoder:
            raise ValueError(f"{self.judge_encoder!r} judges, and the calibration is of {self.calibration.encoder!r}")

    @property
    def judge_encoder(self) -> str:
        """The encoder that judges: the judge's, or for want of one the steering encoder (circular, and said so)."""
        return self.judge.encoder if self.judge else self.faces.encoder

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

    def unknown_words(self, prompt: str) -> tuple[str, ...]:
        """The words of the prompt that the pack cannot draw; none where a pack has no vocabulary."""
        return self.vocabulary.unknown_words(prompt) if self.vocabulary else ()

    def half_said(self, prompt: str) -> dict[str, tuple[str, ...]]:
        """The words that the pack knows only within phrases, said outside of them; with some of these phrases."""
        return self.vocabulary.half_said(prompt) if self.vocabulary else {}

    def locate(self, model: str) -> str:
        """The folder that `model` names in this pack, or beside the packs if it begins with `judges/`; else `model`
        itself, a name for the hub or for insightface."""
        places = (self.folder, *self.shelves) if model.startswith(SHARED) else (self.folder,)
        return next((str((place / model).resolve()) for place in places if (place / model).is_dir()), model)


def load_pack(name: str, folders: Sequence[Path]) -> Pack:
    """The pack called `name` in the first of the `folders` that has it. Raises PackUnavailable.

    A calibration of another encoder than the pack's judge counts for nothing: it is left out, and the log says so.
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
        pack = _PACK.validate_python(_tables(folder) | {"shelves": tuple(folders)})
        calibration = _calibration(folder)
    except (OSError, ValueError) as error:  # tomllib's and pydantic's errors are ValueErrors
        raise PackUnavailable(
            "The model pack {pack} cannot be read: {problem}.",
            "Correct the files in {folder}.",
            pack=repr(name),
            problem=_plainly(error),
            folder=folder,
        ) from error
    if pack.name != name:
        raise PackUnavailable(
            "The model pack in {folder} calls itself {pack}.",
            "Give the folder and the pack one name.",
            folder=folder,
            pack=repr(pack.name),
        )
    if pack.judge and pack.judge.encoder == pack.faces.encoder:
        raise PackUnavailable(
            "The judge of the model pack {pack} is the encoder that steers it.",
            "Name another judge, or leave [judge] out; its likeness is then marked as circular.",
            pack=repr(name),
        )
    return replace(pack, calibration=_of_the_judge(calibration, pack))


_PACK = TypeAdapter(Pack)
_VOCABULARY = TypeAdapter(Vocabulary)


def _tables(folder: Path) -> dict[str, Any]:
    tables: dict[str, Any] = tomllib.loads((folder / "pack.toml").read_text("utf-8"))
    scheduler: dict[str, Any] = dict(tables.get("scheduler", {}))
    vocabulary = folder / "vocabulary.json"
    return tables | {
        "folder": folder,
        "content_hash": _content_hash(folder),
        "scheduler": {"class_name": scheduler.pop("class", None), "config": scheduler},
        "vocabulary": _VOCABULARY.validate_json(vocabulary.read_bytes()) if vocabulary.is_file() else None,
    }


def _content_hash(folder: Path) -> str:
    """What is beside the pictures' making (how a likeness is read, what people read) does not count."""
    whole = hashlib.sha256()
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        if file.name != "calibration.json" and file.suffix not in (".md", ".png"):
            whole.update(file.relative_to(folder).as_posix().encode())
            whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def _calibration(folder: Path) -> Calibration | None:
    file = folder / "calibration.json"
    return Calibration.from_json(file.read_text("utf-8")) if file.is_file() else None


def _of_the_judge(calibration: Calibration | None, pack: Pack) -> Calibration | None:
    if calibration is None or calibration.encoder == pack.judge_encoder:
        return calibration
    logger.warning(
        "The pack %r is not calibrated: its calibration.json is of %r, and %r judges. "
        "Calibrate it: python -m evaluation calibrate --pack %s",
        *(pack.name, calibration.encoder, pack.judge_encoder, pack.name),
    )
    return None


def _plainly(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error).rstrip(".")
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
