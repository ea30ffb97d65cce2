"""What creators write, in one spelling: cleaned to be kept, folded to be found."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from errors import InvalidRequest
from message import Message

if TYPE_CHECKING:
    from typing_extensions import LiteralString


def clean(text: str) -> str:
    """One spelling for what looks the same, and nothing a database or a page would stumble over."""
    whole = text.encode("utf-8", errors="replace").decode("utf-8")  # half a surrogate pair becomes a question mark
    return unicodedata.normalize("NFC", whole.replace("\0", "")).strip()


def folded(text: str) -> str:
    """The same for what differs in case alone."""
    return unicodedata.normalize("NFC", clean(text).casefold())


def required(text: str, of: LiteralString) -> str:
    """Raises InvalidRequest where nothing is left of a name. `of` says whose it is."""
    cleaned = clean(text)
    if not cleaned:
        raise InvalidRequest("The {of} has no name.", "Give it one and try again.", of=Message(of))
    return cleaned
