"""What a kept PNG says of how it was made, so that it can be asked for again wherever the file went.

Two text chunks: `parameters` in the form of AUTOMATIC1111's web UI, which the field's other programs read, and
`castbook`, JSON with all that the library knows of the request. What is read here comes from strangers' files.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image
from pydantic import TypeAdapter, ValidationError

from library_store.kept_likeness import to_json
from library_store.records import NewPicture
from pipeline.request import PictureRequest, Seed
from pipeline.uploads import MAX_BYTES

PARAMETERS, OURS = "parameters", "castbook"
MAX_TEXT = 2**16  # characters of a chunk; a long prompt has two thousand
SAMPLERS = {  # diffusers' schedulers as AUTOMATIC1111 calls them
    "DDIMScheduler": "DDIM",
    "DPMSolverMultistepScheduler": "DPM++ 2M",
    "EulerAncestralDiscreteScheduler": "Euler a",
    "EulerDiscreteScheduler": "Euler",
}

T = TypeVar("T")


def request_texts(new: NewPicture) -> dict[str, str]:
    """The text chunks of a picture's file; none where nobody asked for it, as for uploads."""
    if new.request is None:
        return {}
    ours = {
        "request": new.request.to_json(),
        "source": new.source,
        "likeness": to_json(new.likeness) if new.likeness else None,
    }
    return {
        PARAMETERS: _parameters(new, new.request),
        OURS: json.dumps(ours, ensure_ascii=False, sort_keys=True),  # sorted: the same picture is the same file
    }


def read_request(source: str | PathLike[str] | bytes) -> PictureRequest | None:
    """The request that a PNG carries, ours or else AUTOMATIC1111's; None where there is none that can be read."""
    texts = _texts(source)
    return _from_ours(texts.get(OURS, "")) or _from_parameters(texts.get(PARAMETERS, ""))


def _parameters(new: NewPicture, request: PictureRequest) -> str:
    """https://github.com/AUTOMATIC1111/stable-diffusion-webui, modules/processing.py, create_infotext."""
    said = {
        "Steps": request.steps,
        "Sampler": SAMPLERS.get(request.scheduler, request.scheduler),
        "CFG scale": request.guidance_scale,
        "Seed": request.picture_seed,
        "Size": f"{new.picture.width}x{new.picture.height}",
        "Model": request.pack,
    }
    settings = ", ".join(f"{name}: {_quoted(str(value))}" for name, value in said.items() if value != "")
    negative = request.negative_prompt
    lines = (request.prompt, f"Negative prompt: {negative}" if negative else "", settings)
    return "\n".join(line for line in lines if line)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if set(value) & set(",:\n") else value


def _texts(source: str | PathLike[str] | bytes) -> dict[str, str]:
    """The text chunks before the pixels, which are not decoded."""
    try:
        if (len(source) if isinstance(source, bytes) else Path(source).stat().st_size) > MAX_BYTES:
            return {}
        with Image.open(BytesIO(source) if isinstance(source, bytes) else source, formats=("PNG",)) as opened:
            found = {name: opened.info.get(name) for name in (PARAMETERS, OURS)}
    except (OSError, SyntaxError, ValueError, EOFError, struct.error):  # what Pillow raises for files that are no PNG
        return {}
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return {}
    return {name: str(text) for name, text in found.items() if isinstance(text, str) and len(text) <= MAX_TEXT}


@dataclass(frozen=True)
class _Ours:
    request: dict[str, Any]
    seed: Seed | None = None  # this and the next: as version 1 of a request had them
    pack: str | None = None


_OURS = TypeAdapter(_Ours)


def _from_ours(text: str) -> PictureRequest | None:
    try:
        ours = _OURS.validate_json(text)
    except ValidationError:
        return None
    return PictureRequest.read(ours.request, ours.seed, ours.pack)


def _from_parameters(text: str) -> PictureRequest | None:
    """The prompt, "Negative prompt: ..." if there is one, and a last line of settings; each but the first may lack."""
    body, _, last_line = text.strip().rpartition("\n")
    settings = _settings(last_line)
    if "Steps" not in settings:
        body, settings = text, {}
    prompt, _, negative_prompt = f"\n{body}".partition("\nNegative prompt:")
    if not prompt.strip():
        return None
    request: dict[str, Any] = {
        "prompt": prompt.strip(),
        "negative_prompt": negative_prompt.strip(),
        "seed": _number(settings.get("Seed"), int),
        "steps": _number(settings.get("Steps"), int),
        "guidance_scale": _number(settings.get("CFG scale"), float),
    }
    return PictureRequest.read(request, request["seed"])


def _number(text: str | None, kind: Callable[[str], T]) -> T | None:
    try:
        return kind(text) if text else None
    except ValueError:
        return None


def _settings(line: str) -> dict[str, str]:
    """`Steps: 20, Sampler: Euler a, Model: "with, comma"`. A name's length is limited: no line takes long."""
    pairs: list[tuple[str, str]] = re.findall(r'(\w[\w \-/]{1,40}):[ ]?("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)', line)
    return {name.strip(): value.strip() for name, value in pairs}
