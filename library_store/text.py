"""What creators write, in one spelling: cleaned to be kept, folded to be found."""

from __future__ import annotations

import unicodedata

from errors import InvalidRequest


def clean(text: str) -> str:
    """One spelling for what looks the same, and nothing a database or a page would stumble over."""
    whole = text.encode("utf-8", errors="replace").decode("utf-8")  # half a surrogate pair becomes a question mark
    return unicodedata.normalize("NFC", whole.replace("\0", "")).strip()


def folded(text: str) -> str:
    """The same for what differs in case alone."""
    return unicodedata.normalize("NFC", clean(text).casefold())


def required(text: str, of: str) -> str:
    """Raises InvalidRequest where nothing is left of a name."""
    cleaned = clean(text)
    if not cleaned:
        raise InvalidRequest(f"The {of} has no name.", "Give it one and try again.")
    return cleaned
