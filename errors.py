"""Every error that is shown to a person. Each says what happened and what to do about it.

Anything that is not a `CastbookError` is a fault in the program and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from message import Message

if TYPE_CHECKING:
    from typing_extensions import LiteralString


class CastbookError(Exception):
    """A sentence of cause and a sentence of remedy, for whoever can act on it.

    Each is a message, or the template of one that is filled with the `values`.
    """

    field = ""  # of a form, that it is about: "name", "prompt", "file"

    def __init__(
        self, cause: LiteralString | Message, remedy: LiteralString | Message, /, *, at: str = "", **values: object
    ) -> None:
        self.field = at or self.field
        self.cause_message = cause if isinstance(cause, Message) else Message(cause, **values)
        self.remedy_message = remedy if isinstance(remedy, Message) else Message(remedy, **values)
        super().__init__(f"{self.cause} {self.remedy}")

    @property
    def cause(self) -> str:
        """In English, as `str` of the whole error is."""
        return str(self.cause_message)

    @property
    def remedy(self) -> str:
        return str(self.remedy_message)


class NoFaceFound(CastbookError):
    """No face was found where one is needed."""

    field = "file"

    def __init__(self) -> None:
        super().__init__(
            "No face was found in this picture.",
            "Try one where the face is larger and seen from the front.",
        )


class UnreadablePicture(CastbookError):
    """A file that is no picture, is damaged, or is too large to be opened safely."""

    field = "file"


class UnreadableExport(CastbookError):
    """A zip that is no export of a library, is damaged, contradicts itself or is not safe to open."""

    field = "zip"


class InvalidRequest(CastbookError):
    """A value that cannot be worked with: an empty prompt, a count of zero."""


class SeveralProblems(InvalidRequest):
    """More than one field of a form is wrong."""

    def __init__(self, problems: list[CastbookError]) -> None:
        first, *_ = self.problems = tuple(problems)
        super().__init__(first.cause_message, first.remedy_message)
        self.args = (" ".join(map(str, problems)),)


@contextmanager
def all_at_once() -> Generator[Callable[..., None], None, None]:
    """Within it, what is checked by `checked(check, *values)` is told together at its end, once for each field."""
    problems = dict[str, CastbookError]()

    def checked(check: Callable[..., Any], *values: object) -> None:
        try:
            check(*values)
        except (InvalidRequest, UnreadablePicture, NoFaceFound) as problem:
            for each in getattr(problem, "problems", (problem,)):
                problems.setdefault(each.field, each)

    yield checked
    if len(problems) > 1:
        raise SeveralProblems([*problems.values()])
    for problem in problems.values():
        raise problem


class AnotherProject(InvalidRequest):
    """A character is wanted in a story of a project that is not theirs."""

    def __init__(self) -> None:
        super().__init__("This character belongs to another project.", "Choose one from this project's library.")


class LookOnly(InvalidRequest):
    """A project is somebody else's, and its owner lets the visitor look at it, or work in it but not end it."""

    def __init__(self) -> None:
        super().__init__(
            "This project is somebody else's, and you may not do that in it.",
            "Ask its owner, or copy the character into a project of your own.",
        )


class NobodyKnown(CastbookError):
    """Who asks has shown nothing that says who they are, or what opens nothing (any more)."""


class NobodyCanSignIn(CastbookError):
    """The operator wants accounts, and has said of no way to sign in what it needs."""


class NotFound(CastbookError):
    """An id that names nothing (any more)."""

    def __init__(self, kind: LiteralString, id: str) -> None:
        super().__init__(
            "There is no {kind} with the id {id}.",
            "It may have been removed. Reload the page and choose again.",
            kind=Message(kind),
            id=repr(id),
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
        super().__init__(
            "This was changed elsewhere in the meantime: {values} now.", "Look at it, then try again.", values=says
        )
        self.newer = newer


class LibraryUnavailable(CastbookError):
    """The database or the picture folder cannot be used as it is."""


class PackUnavailable(CastbookError):
    """A model pack is missing, incomplete or damaged."""


class CredentialsUnavailable(CastbookError):
    """Pictures cannot be signed as the operator wants it."""


class Stopped(CastbookError):
    """The person asked for a running generation to stop."""

    def __init__(self) -> None:
        super().__init__("Stopped.", "Pictures that were finished are kept.")


class NotDrawn(CastbookError):
    """A run waited for its turn, and whoever asked for it went away."""

    def __init__(self) -> None:
        super().__init__(
            "These pictures were not drawn: nobody was there while they waited for their turn.",
            "Ask for them again.",
        )


class TooMuchAtOnce(CastbookError):
    """One caller has as much waiting for its turn as one may have."""

    def __init__(self, most: int) -> None:
        super().__init__(
            "{count} things that you asked for wait for their turn already.",
            "Wait until one of them is done, or stop one.",
            count=most,
        )
