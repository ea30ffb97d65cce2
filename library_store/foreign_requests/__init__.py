"""Requests that other programs wrote into their pictures: one file a program, this one door.

Each `read` says what its program says of the picture, or None where the picture is not that program's. None of them
decides what a request can hold: that is `said.found`.
"""

from __future__ import annotations

from errors import InvalidRequest
from library_store.foreign_requests import (
    a1111,
    comfyui,
    draw_things,
    fooocus,
    invokeai,
    midjourney,
    novelai,
    swarmui,
)
from library_store.foreign_requests.said import FoundRequest, found
from pipeline.picture_texts import PictureTexts

__all__ = ["FoundRequest", "read_foreign"]

# Those that name themselves first. ComfyUI's nodes often write A1111's text beside the graph: in it everything has been
# worked out. Draw Things and NovelAI both have a JSON Comment.
_READERS = (
    novelai.read, draw_things.read, invokeai.read, swarmui.read, fooocus.read, midjourney.read, a1111.read,
    comfyui.read,
)  # fmt: skip


def read_foreign(texts: PictureTexts) -> FoundRequest | None:
    """The first one that says a prompt; None where no program says anything.

    Raises InvalidRequest where one does, and not its prompt.
    """
    known = [said for said in (read(texts) for read in _READERS) if said is not None]
    for said in known:
        if request := found(said):
            return request
    if known:
        raise InvalidRequest(
            "This picture was made by {program}, but its prompt cannot be read.",
            "Copy the prompt from {program} into the form.",
            program=known[0].program,
        )
    return None
