"""Errors become messages, once and here: a `CastbookError` is told with cause and remedy, anything else is logged."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from html import escape

import gradio as gr

from errors import CastbookError

logger = logging.getLogger("castbook")
APOLOGY = "Something went wrong inside Castbook. Nothing you saved is lost; please try again."


@contextmanager
def told_to_people() -> Generator[None, None, None]:
    """For the page's handlers: a toast. Gradio renders it as HTML, so what people typed is escaped."""
    try:
        yield
    except CastbookError as error:
        message = f"{escape(error.cause)}<br>{escape(error.remedy)}"
        raise gr.Error(message, title="That did not work", print_exception=False) from error
    except gr.Error:
        raise
    except Exception as error:
        raise _apology(error) from error


@contextmanager
def told_to_programs() -> Generator[None, None, None]:
    """For the endpoints: the same two sentences as plain text, raised again by gradio_client."""
    try:
        yield
    except CastbookError as error:
        raise gr.Error(str(error), print_exception=False) from error
    except Exception as error:
        raise _apology(error) from error


def _apology(error: Exception) -> gr.Error:
    logger.exception("A handler failed", exc_info=error)
    return gr.Error(APOLOGY, title="Sorry", print_exception=False)
