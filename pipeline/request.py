"""What a picture was asked for with: one record, complete when made, that is the same everywhere.

The form, the endpoints, a PNG, an export, the database, the evaluation and the generator all use `PictureRequest`. It
is written as JSON with a version number; what Castbook wrote before (version 1) is read and upgraded. What comes from
strangers' files passes `PictureRequest.read`. The idea is krita-ai-diffusion's `WorkflowInput` (ai_diffusion/api.py):
everything that a picture depends on, in one value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, TypeAdapter

from errors import InvalidRequest
from message import Message

VERSION = 2  # of what `to_json` writes
MOST_PICTURES = 8  # in one run: what fits a screen, and about twenty seconds on two cores
STRONGEST = 1.5  # of the identity scale: beyond, pictures fall apart
LIMITS: dict[str, tuple[Message, float, float]] = {  # field: its name for people, lowest, highest
    "count": (Message("count"), 1, MOST_PICTURES),
    "steps": (Message("steps"), 1, 150),
    "guidance_scale": (Message("guidance scale"), 0, 30),
    "identity_scale": (Message("identity strength"), 0, STRONGEST),
    "seed": (Message("seed"), 0, 2**53),  # as far as a JSON number is exact
}

Seed = Annotated[int, Field(ge=0, lt=2**63)]
Count = Annotated[int, Field(ge=1, lt=2**31)]
Place = Annotated[int, Field(ge=0, lt=2**31)]
Scale = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class VisualProfile:
    """What a character looks like, in the creator's words. Hair, face and body are theirs, the rest a scene's."""

    hair: str = ""
    face: str = ""
    body: str = ""
    outfit: str = ""
    accessories: str = ""
    other: str = ""


NO_LOOK = VisualProfile()


@dataclass(frozen=True)
class SteeringImage:
    """A reference image whose identity steered the picture."""

    image_id: str
    role: Literal["main", "supporting"]  # the one that was chosen, or one that steers together with it
    weight: Scale = 1.0  # in the mean of all identities, beside the others' weights


Why = Literal[
    "unknown word",  # to the pack
    "no room",  # in the text encoder, which takes so many words and no more
    "kept out",  # it is asked for, and to be kept out as well
    "weight",  # (x:1.3): the words are drawn, the weight counts for nothing
    "add-on",  # <lora:x:1>, embedding:x: a file of another program
    "choice",  # {a|b}: another program would choose
    "switch",  # [a:b:0.5]: another program would change it while it draws
    "wildcard",  # __x__: a list of another program
    "command",  # BREAK, AND
    "setting",  # --ar 16:9
]


@dataclass(frozen=True)
class LeftOut:
    """What of the prompt was not drawn, as it was written there."""

    words: str
    why: Why


@dataclass(frozen=True)
class Engine:
    """What drew it. Other versions, another device, thread count or batch change some pixels by a level or two."""

    name: str  # "diffusers"
    version: str
    torch: str
    device: str  # "cpu", "cuda", "mps"
    threads: Count
    batch: Count  # pictures drawn at once
    dtype: str = "float32"  # what the UNet computes in
    runtime: str = ""  # the program that computes it, "OpenVINO 2026.4.1"; "": torch


@dataclass(frozen=True)
class PictureRequest:
    """All that determined a picture: of a whole run, or where `place` says so of one picture of it."""

    written: str  # the prompt or scene as the creator wrote it
    prompt: str  # as composed and drawn: what was written, the look, the character's profile, the story's context
    negative_prompt: str
    seed: Seed  # the run's: picture i is drawn from seed + i
    count: Count  # pictures in the run
    steps: Count  # diffusers' num_inference_steps
    guidance_scale: Scale
    identity_scale: Scale  # IP-Adapter scale; without effect where nothing steers
    scheduler: str  # a class of diffusers
    width: Count  # pixels
    height: Count
    pack: str
    scheduler_settings: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    pack_hash: str = ""  # Pack.content_hash; "" where it was not recorded
    steering: tuple[SteeringImage, ...] = ()  # the main one first; none: a new character
    look: VisualProfile = NO_LOOK  # a new character's whole profile, or a scene's clothes and mood
    context: str = ""  # the story's, as composed
    place: Place | None = None  # of the picture in its run, from 0
    left_out: tuple[LeftOut, ...] = ()
    engine: Engine | None = None  # None: not drawn yet, or not recorded
    assumed: tuple[str, ...] = ()  # fields that the record does not say: they are a pack's defaults

    @property
    def asked(self) -> str:
        """What the picture has to show: the prompt without the story's context, which may be no thing to be seen."""
        return self.prompt.removesuffix(self.context).rstrip(" ,") if self.context else self.prompt

    @property
    def picture_seed(self) -> int:
        """The seed that alone draws this picture, of a person who is known; who is new goes by the run's."""
        return self.seed + (self.place or 0)

    @property
    def main_image_id(self) -> str | None:
        """The reference image that was chosen; None for a new character."""
        return next((steering.image_id for steering in self.steering if steering.role == "main"), None)

    def to_json(self) -> dict[str, Any]:
        """What `read` reads: JSON's own types alone."""
        written: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return {"version": VERSION, **written}

    @staticmethod
    def read(
        said: Mapping[str, Any], picture_seed: int | None = None, pack: str | None = None
    ) -> PictureRequest | None:
        """A request as any version of Castbook wrote it, whoever may have changed it since; None where it is none.

        `picture_seed` and `pack` stood beside a request of version 1. What it does not say becomes a neutral value and
        is named in `assumed`; `with_defaults` makes the pack's of it.
        """
        try:
            current = said if said.get("version", 1) != 1 else _upgraded(said, picture_seed, pack)
            return _ADAPTER.validate_json(json.dumps({**current}, allow_nan=False), strict=True)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):  # pydantic's are ValueErrors
            return None

    def with_defaults(self, usual: PictureRequest) -> PictureRequest:
        """What was not said is as in `usual`, a request by a pack's defaults."""
        return replace(self, **{name: getattr(usual, name) for name in self.assumed if name in _NEUTRAL})


def check(request: PictureRequest) -> None:
    """Raises InvalidRequest for what cannot be drawn."""
    if not request.prompt.strip():
        raise InvalidRequest("The prompt is empty.", "Describe the picture in a few words.", at="prompt")
    for part, (name, lowest, highest) in LIMITS.items():
        value: float = getattr(request, part)
        if not lowest <= value <= highest:
            raise InvalidRequest(
                "The {name} is {value}.", "Choose one from {lowest} to {highest}.",
                name=name, value=value, lowest=f"{lowest:g}", highest=f"{highest:g}", at=part,
            )  # fmt: skip


def composed(*parts: str) -> str:
    """One prompt of several parts: white space and commas around them are set right, empty ones left out."""
    return ", ".join(part for part in (" ".join(part.split()).strip(" ,") for part in parts) if part)


_ADAPTER = TypeAdapter(PictureRequest)
_NEUTRAL: dict[str, Any] = {  # for what a record does not say, until a pack's defaults are known
    "negative_prompt": "",
    "seed": 0,
    "count": 1,
    "steps": 30,
    "guidance_scale": 7.5,
    "identity_scale": 1.0,
    "scheduler": "",
    "width": 512,
    "height": 512,
    "pack": "",
}


def _upgraded(said: Mapping[str, Any], picture_seed: int | None, pack: str | None) -> dict[str, Any]:
    """Version 1 had neither place nor scheduler, and named who steered by `reference` and a list of ids."""
    known = {name: said[name] for name in _NEUTRAL if said.get(name) is not None}
    known |= {"pack": pack} if pack else {}
    if "seed" not in known and picture_seed is not None:
        known["seed"] = picture_seed
    place = picture_seed - known["seed"] if picture_seed is not None else None
    main: Any = said.get("reference")
    others: list[Any] = list(said.get("steering") or [])
    return {
        **_NEUTRAL,
        **known,
        "written": said.get("written") or said["prompt"],
        "prompt": said["prompt"],
        "look": said.get("visual_profile") or {},
        "steering": [
            *([{"image_id": main, "role": "main"}] if main else []),
            *({"image_id": image_id, "role": "supporting"} for image_id in others),
        ],
        "place": place if place is not None and place >= 0 else None,
        "assumed": [name for name in _NEUTRAL if name not in known],
    }


def differences(request: PictureRequest, usual: PictureRequest) -> tuple[str, ...]:
    """Which of pack, engine and their settings are others than in `usual`, a request as it would be made now; so that a
    picture drawn again may differ. What was not recorded counts as another."""
    fields = ("pack", "pack_hash", "scheduler", "scheduler_settings", "width", "height", "engine")
    said, now = asdict(request), asdict(usual)
    return tuple(name for name in fields if said[name] != now[name] or name in request.assumed)
