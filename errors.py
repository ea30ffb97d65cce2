"""Every error that is shown to a person. Each says what happened and what to do about it.

Anything that is not a `CastbookError` is a fault in the program and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Mapping


class CastbookError(Exception):
    """A sentence of cause and a sentence of remedy, for whoever can act on it."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause} {remedy}")
        self.cause = cause
        self.remedy = remedy


class NoFaceFound(CastbookError):
    """No face was found where one is needed."""

    def __init__(self) -> None:
        super().__init__(
            "No face was found in this picture.",
            "Try one where the face is larger and seen from the front.",
        )


class UnreadablePicture(CastbookError):
    """A file that is no picture, is damaged, or is too large to be opened safely."""


class UnreadableExport(CastbookError):
    """A zip that is no export of a library, is damaged, contradicts itself or is not safe to open."""


class InvalidRequest(CastbookError):
    """A value that cannot be worked with: an empty prompt, a count of zero."""


class AnotherProject(InvalidRequest):
    """A character is wanted in a story of a project that is not theirs."""

    def __init__(self) -> None:
        super().__init__("This character belongs to another project.", "Choose one from this project's library.")


class NotFound(CastbookError):
    """An id that names nothing (any more)."""

    def __init__(self, kind: str, id: str) -> None:
        super().__init__(
            f"There is no {kind} with the id {id!r}.",
            "It may have been removed. Reload the page and choose again.",
        )


class ChangedElsewhere(CastbookError):
    """What is to be overwritten is not what its writer was shown any more. Nothing is written."""


class ContextChanged(ChangedElsewhere):
    """A story's context is another by now: `now`."""

    def __init__(self, now: str) -> None:
        super().__init__("This story's context was changed in another tab.", "Look at it above, then try again.")
        self.now = now


class CharacterChanged(ChangedElsewhere):
    """`newer` is what those fields of a character say now that were to be overwritten: {"hair": "black bob"}."""

    def __init__(self, newer: Mapping[str, str]) -> None:
        says = ", ".join(f"{name} is {text!r}" for name, text in newer.items())
        super().__init__(f"This was changed elsewhere in the meantime: {says} now.", "Look at it, then try again.")
        self.newer = newer


class LibraryUnavailable(CastbookError):
    """The database or the picture folder cannot be used as it is."""


class PackUnavailable(CastbookError):
    """A model pack is missing, incomplete or damaged."""


class Stopped(CastbookError):
    """The person asked for a running generation to stop."""

    def __init__(self) -> None:
        super().__init__("Stopped.", "Pictures that were finished are kept.")
