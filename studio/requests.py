"""What kept pictures and dropped files say of how they were made, completed so that it can be asked for again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from errors import NotFound
from library_store.foreign_requests import FoundRequest
from library_store.library import CharacterLibrary
from library_store.png_request import find_request
from pipeline.packs import Pack
from pipeline.request import PictureRequest


@dataclass(frozen=True)
class Requests:
    """What a record does not say is as the pack has it, and named in `assumed`; nobody unknown here is meant."""

    library: CharacterLibrary
    pack: Pack

    def of_image(self, image_id: str) -> PictureRequest | None:
        """By which a kept picture was drawn; None for an uploaded one. Raises NotFound."""
        request = self.library.get_image(image_id).request
        return request and self._completed(request)

    def in_file(self, picture: Path | str) -> FoundRequest | None:
        """That a PNG, JPEG or WebP carries, ours or another program's; None where it says nothing of one.

        Raises InvalidRequest where another program is known, and its prompt cannot be read.
        """
        found = find_request(picture)
        return found and replace(found, request=self._completed(found.request))

    def _completed(self, request: PictureRequest) -> PictureRequest:
        complete = request.with_defaults(self.pack.request(request.prompt, request.seed))
        if complete.main_image_id is None or not self._is_here(complete.main_image_id):
            return replace(complete, steering=())
        return complete

    def _is_here(self, image_id: str) -> bool:
        with suppress(NotFound):
            return bool(self.library.get_image(image_id))
        return False
