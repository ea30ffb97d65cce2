"""The field that a picture is dropped on: the request that it carries fills the form that it came from."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from errors import InvalidRequest
from library_store.png_request import PROGRAM
from studio import Castbook, Studio
from ui.handlers import PRIVATE, QUICK, for_visitor
from ui.language import say, t
from ui.place import Place
from ui.story.cast import FOCUS_TURNED_TO
from ui.story.desk import Desk, show_request
from ui.words import changed_words, found_words


def build_request_field() -> gr.File:
    return gr.File(
        label=t("Drop a picture, of another program too: its request fills the form"), type="filepath", height=56,
        elem_id="read-request",
    )  # fmt: skip


def bind_request_field(castbook: Castbook, field: gr.File, place: Place, desk: Desk) -> None:
    @for_visitor(castbook)
    def read(studio: Studio, story_id: str, picture: str) -> tuple[Any, ...]:
        found = studio.requests.in_file(picture)
        if found is None:
            raise InvalidRequest(
                "This picture says nothing of how it was made.",
                "Choose the PNG, JPEG or WebP as it was saved first: copies and screenshots often lose the request.",
            )
        request = found.request
        if found.program != PROGRAM:
            gr.Info(found_words(found), title=say("Read from {program}", program=escape(found.program)), duration=30)
        elif studio.models.ready and (changed := studio.drawing.changed_since(request)):
            gr.Info(changed_words(changed), title=say("Drawn again, it may look a little different"))
        return show_request(studio, desk, story_id, request, None if "seed" in request.assumed else request.seed)

    filled = field.upload(read, [place.story, field], desk.remix_outputs, **PRIVATE)
    filled.success(None, desk.turned_to, js=FOCUS_TURNED_TO)
    for ended in (filled.success, filled.failure):
        ended(lambda: None, None, field, **QUICK)  # ready for the next one
