"""What leaves the studio as a file and comes back: exports, and the requests that PNGs carry."""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from errors import NotFound
from library_store.library import CharacterLibrary
from library_store.png_request import PictureRequest, checked_request, read_request
from library_store.records import CharacterReferenceImage
from pipeline.packs import Defaults, Pack


class Exports:
    """Zips that wait to be downloaded, each in a folder of its own; gone when the program ends."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="castbook-exports-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def write(
        self, library: CharacterLibrary, project_id: str, character_ids: Sequence[str] | None, embeddings: bool
    ) -> Path:
        """Named for the one character that is in it, or for the project."""
        project = library.get_project(project_id)
        single = library.get_character(character_ids[0]) if character_ids and len(character_ids) == 1 else None
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        path = folder / f"{_for_a_file((single or project).name)}.zip"
        library.export_zip(path, project.id, character_ids, embeddings)
        return path


class Travelling:
    """Exports, imports, and the requests that pictures carry."""

    def __init__(self, library: CharacterLibrary, pack: Pack, exports: Exports) -> None:
        self._library = library
        self._pack = pack
        self._exports = exports

    def export_library(
        self, project_id: str, character_ids: Sequence[str] | None = None, embeddings: bool = False
    ) -> Path:
        """A zip for `import_library` and `datasets`: the whole project, or saved characters without their stories.

        Face identities are biometric, and go along only where they are asked for. The program's end removes the file.
        """
        return self._exports.write(self._library, project_id, character_ids, embeddings)

    def request_in(self, picture_path: Path | str) -> dict[str, Any] | None:
        """The request that a PNG file carries, as `request_of` gives it; None where there is none that can be read.

        `seed` is its run's and `picture_seed` its own. `reference` is None where this library does not know it.
        """
        return request_in(Path(picture_path), self._library, self._pack.defaults)

    def request_of(self, image_id: str) -> dict[str, Any] | None:
        """The whole request that a kept picture was drawn by; None for an uploaded one.

        `seed` is its run's and `picture_seed` its own. `reference` is None where it was purged since then.
        """
        return request_of(self._library.get_image(image_id), self._library, self._pack.defaults)


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


def _for_a_file(name: str) -> str:
    return re.sub(r"[^\w -]+", "_", name)[:60].strip() or "castbook"
