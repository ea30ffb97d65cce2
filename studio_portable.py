"""The requests that pictures carry, as the form takes them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from errors import NotFound
from library_store.library import CharacterLibrary
from library_store.png_request import PictureRequest, checked_request, read_request
from library_store.records import CharacterReferenceImage
from pipeline.packs import Defaults


def request_in(picture: Path, library: CharacterLibrary, defaults: Defaults) -> dict[str, Any] | None:
    """The request in a file, as `request_of` gives it; None where there is none that can be read."""
    request = read_request(picture)
    return _whole(request, library, defaults) if request else None


def request_of(image: CharacterReferenceImage, library: CharacterLibrary, defaults: Defaults) -> dict[str, Any] | None:
    """A kept picture's request, with all that was kept of it; None where nobody asked for it in a way to be read."""
    kept = image.request
    request = checked_request({**kept, "picture_seed": image.seed, "pack": image.pack}) if kept else None
    return {**kept, **_whole(request, library, defaults)} if kept and request else None


def _whole(request: PictureRequest, library: CharacterLibrary, defaults: Defaults) -> dict[str, Any]:
    """What it does not say is as the pack has it, and nobody unknown is meant."""
    as_usual = {
        "count": defaults.count,
        "steps": defaults.steps,
        "guidance_scale": defaults.guidance_scale,
        "identity_scale": defaults.identity_scale,
    }
    said = {name: value for name, value in asdict(request).items() if value is not None}
    return asdict(request) | as_usual | said | {"reference": _known(request.reference, library)}


def _known(image_id: str | None, library: CharacterLibrary) -> str | None:
    if image_id:
        with suppress(NotFound):
            return library.get_image(image_id).id
    return None
