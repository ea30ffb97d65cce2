"""Errors become messages, once and here: a `CastbookError` is told with cause and remedy, anything else is an apology.

The log has it by then (logs.py)."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from html import escape

import gradio as gr

from errors import CastbookError, SeveralProblems
from ui.language import said, say

SORRY = "Sorry"
APOLOGY = "Something went wrong inside Castbook. Nothing you saved is lost; please try again."


@contextmanager
def told_to_people() -> Generator[None, None, None]:
    """For the page's handlers, in the visitor's language: a toast, out of which fields.js takes to their fields the
    problems that have one. Gradio renders it as HTML, so it is escaped."""
    try:
        yield
    except CastbookError as error:
        problems = error.problems if isinstance(error, SeveralProblems) else (error,)
        raise gr.Error("".join(map(_told, problems)), title=say("That did not work"), print_exception=False) from error
    except gr.Error:
        raise
    except Exception as error:
        raise gr.Error(say(APOLOGY), title=say(SORRY), print_exception=False) from error


@contextmanager
def told_to_programs() -> Generator[None, None, None]:
    """For the endpoints: the same two sentences as plain text and in English, raised again by gradio_client."""
    try:
        yield
    except CastbookError as error:
        raise gr.Error(str(error), print_exception=False) from error
    except Exception as error:
        raise gr.Error(APOLOGY, title=SORRY, print_exception=False) from error


def _told(problem: CastbookError) -> str:
    """HTML. Of a class Gradio leaves the name, and of no attribute beside."""
    sentences = f"{escape(said(problem.cause_message))}<br>{escape(said(problem.remedy_message))}"
    return f'<p class="at-{problem.field}">{sentences}</p>' if problem.field else sentences
