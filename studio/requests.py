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
    """What a record does not say becomes the pack's default and is named in `assumed`."""

    library: CharacterLibrary
    pack: Pack

    def drawn_by(self, image_id: str) -> PictureRequest | None:
        """The request that a kept picture was drawn by; None for an uploaded one. Raises NotFound."""
        request = self.library.get_image(image_id).request
        return request and self._completed(request)

    def of_image(self, image_id: str) -> PictureRequest | None:
        """As `drawn_by`, for a form: where its reference image is gone, it is a request for a new character."""
        request = self.drawn_by(image_id)
        return request and self._without_lost_reference(request)

    def in_file(self, picture: Path | str) -> FoundRequest | None:
        """The request in a PNG, JPEG or WebP, ours or another program's; None where the file says nothing of one. One
        whose reference image is not in this library becomes a request for a new character.

        Raises InvalidRequest where another program is known, and its prompt cannot be read.
        """
        found = find_request(picture)
        return found and replace(found, request=self._without_lost_reference(self._completed(found.request)))

    def _completed(self, request: PictureRequest) -> PictureRequest:
        return request.with_defaults(self.pack.request(request.prompt, request.seed))

    def _without_lost_reference(self, request: PictureRequest) -> PictureRequest:
        if request.main_image_id is None or not self._is_here(request.main_image_id):
            return replace(request, steering=())
        return request

    def _is_here(self, image_id: str) -> bool:
        with suppress(NotFound):
            return bool(self.library.get_image(image_id))
        return False
