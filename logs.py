"""What the program tells its operator: what ended, how, after how long, and the number of the request it was for.

Never a prompt, a name or a secret. So an exception is written as its kind and the lines of code it came from, without
what it says, which may be what somebody wrote; and of other libraries' words only where in them they were said.
"""

from __future__ import annotations

import logging
import os
import time
import traceback
from asyncio import CancelledError
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from typing import Any, Literal, TextIO

from pythonjsonlogger.json import JsonFormatter

from errors import CastbookError

Form = Literal["text", "json", "words"]

OURS = "castbook"
logger = logging.getLogger(OURS)
REQUEST: ContextVar[str] = ContextVar("request", default="")  # the number of the one that is being answered
WORDLESS = {"wordless": True}  # `extra` of a record whose exception says nothing that a visitor wrote
_LOUD = ("TRANSFORMERS_VERBOSITY", "DIFFUSERS_VERBOSITY")  # they write past our formatter, prompts too


def start(form: Form, stream: TextIO | None = None) -> None:
    """`text`: what goes wrong, for eyes. `json`: each request, call and run, a line each. `words`: as `text`, with all
    that exceptions and libraries say."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter({"text": _Text, "json": _Json, "words": _WithWords}[form]())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logger.setLevel(logging.INFO if form == "json" else logging.NOTSET)
    if form != "words":
        logging.captureWarnings(True)
        for name in _LOUD:
            os.environ.setdefault(name, "error")


@contextmanager
def told(event: str, request_id: str = "", **what: str) -> Generator[None]:
    """Says once that something has ended: "done", "left" by whoever asked, the kind of error that they were told, or
    "fault". `request_id`: where the context is another's by then, as between two values of a stream."""
    if request_id:
        REQUEST.set(request_id)
    begun, outcome, fault = time.perf_counter(), "done", None
    try:
        yield
    except (GeneratorExit, CancelledError):
        outcome = "left"
        raise
    except CastbookError as error:
        outcome = type(error).__name__
        raise
    except BaseException as error:
        outcome, fault = "fault", error
        raise
    finally:
        seconds = round(time.perf_counter() - begun, 3)
        about = {"event": event, **what, "outcome": outcome, "seconds": seconds, "request_id": request_id}
        level = logging.ERROR if fault else logging.INFO
        logger.log(level, "%s: %s", " ".join((event, *what.values())), outcome, exc_info=fault, extra=about)


class _WithoutWords(logging.Formatter):
    """For whichever form it is mixed into."""

    def format(self, record: logging.LogRecord) -> str:
        wordless = getattr(record, "wordless", False)
        if record.name != OURS:
            where = f"said in {record.module}.py, line {record.lineno}"
            record = logging.LogRecord(
                record.name, record.levelno, record.pathname, record.lineno, where, (), record.exc_info
            )
        record = copy(record)
        record.request_id = getattr(record, "request_id", "") or REQUEST.get()
        record.exc_text, record.stack_info = None, None
        if record.exc_info and record.exc_info[1] and not wordless:
            record.exc_text, record.exc_info = _places(record.exc_info[1]), None
        return super().format(record)


class _Text(_WithoutWords):
    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s %(request_id)s")


class _Json(_WithoutWords, JsonFormatter):
    def __init__(self) -> None:
        JsonFormatter.__init__(  # pyright: ignore[reportUnknownMemberType]
            self,
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "fault"},
            reserved_attrs=[*vars(logging.makeLogRecord({})), "wordless"],
            timestamp="time",
        )


class _WithWords(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")


def _places(error: BaseException) -> str:
    """The last line of each exception's traceback is its kind alone; what it came of comes first."""
    told = traceback.TracebackException.from_exception(error)
    chain: list[str] = []
    each: Any = told
    while each is not None:
        kind = each.exc_type.__name__ if each.exc_type else "?"
        chain.append("".join([*each.stack.format(), kind]))
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return "\n\n".join(reversed(chain))
