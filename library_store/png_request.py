"""What a kept PNG says of how it was made, so that it can be asked for again wherever the file went.

Text chunks: `parameters` in the form of AUTOMATIC1111's web UI, which the field's other programs read, `castbook`, JSON
with all that the library knows of the request, and the label of what a model drew (XMP). What is read here comes from
strangers' files; what other programs wrote is read in `foreign_requests/`.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from errors import InvalidRequest, UnreadablePicture
from library_store.foreign_requests import FoundRequest, read_foreign
from library_store.kept_likeness import to_json
from library_store.records import NewPicture
from pipeline.labels import DRAWN, MIXED, source_type_in, xmp_of
from pipeline.labels import KEYWORD as LABEL
from pipeline.request import PictureRequest, Seed
from pipeline.uploads import MAX_BYTES, texts_of

PARAMETERS, OURS, PROGRAM = "parameters", "castbook", "Castbook"
MAX_TEXT = 2**16  # characters of our chunk; a long prompt has two thousand
SAMPLERS = {  # diffusers' schedulers as AUTOMATIC1111 calls them
    "DDIMScheduler": "DDIM",
    "DPMSolverMultistepScheduler": "DPM++ 2M",
    "EulerAncestralDiscreteScheduler": "Euler a",
    "EulerDiscreteScheduler": "Euler",
}


def request_texts(new: NewPicture) -> dict[str, str]:
    """The text chunks of a picture's file; none where nobody asked for it. An upload has no label."""
    label = {} if new.source == "uploaded" else {LABEL: xmp_of(MIXED if new.is_mixed else DRAWN)}
    if new.request is None:
        return label
    ours = {
        "request": new.request.to_json(),
        "source": new.source,
        "likeness": to_json(new.likeness) if new.likeness else None,
    }
    return {
        PARAMETERS: _parameters(new, new.request),
        OURS: json.dumps(ours, ensure_ascii=False, sort_keys=True),  # sorted: the same picture is the same file
        **label,
    }


def find_request(source: str | PathLike[str] | bytes) -> FoundRequest | None:
    """The request that a picture's file carries, ours or else another program's; None where it says nothing of one.

    Raises InvalidRequest where another program is known, and its prompt cannot be read; UnreadablePicture.
    """
    file = _file(source)
    texts = texts_of(file)
    ours = _from_ours(texts.chunks.get(OURS, ""))
    if ours is not None:
        return FoundRequest(PROGRAM, ours)
    return read_foreign(texts) or read_foreign(texts_of(file, hidden=True))


def read_source_type(source: str | PathLike[str] | bytes) -> str | None:
    """IPTC's term for how a picture came to be, as its file says it; None where it says none."""
    return source_type_in(texts_of(_file(source)).xmp)


def read_request(source: str | PathLike[str] | bytes) -> PictureRequest | None:
    """The request alone; None where there is none that can be read."""
    with suppress(InvalidRequest, UnreadablePicture):
        found = find_request(source)
        return found and found.request
    return None


def _file(source: str | PathLike[str] | bytes) -> bytes:
    """Nothing for what is missing, or too large to be a picture that says something."""
    if isinstance(source, bytes):
        return source if len(source) <= MAX_BYTES else b""
    path = Path(source)
    try:
        return path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
    except OSError:
        return b""


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


@dataclass(frozen=True)
class _Ours:
    request: dict[str, Any]
    seed: Seed | None = None  # this and the next: as version 1 of a request had them
    pack: str | None = None


_OURS = TypeAdapter(_Ours)


def _from_ours(text: str) -> PictureRequest | None:
    if len(text) > MAX_TEXT:
        return None
    try:
        ours = _OURS.validate_json(text)
    except ValidationError:
        return None
    return PictureRequest.read(ours.request, ours.seed, ours.pack)
