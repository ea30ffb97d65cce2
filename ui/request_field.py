"""The field that a picture is dropped on: the request that it carries fills the form that it came from."""

from __future__ import annotations

from typing import Any

import gradio as gr

from errors import InvalidRequest
from studio import Studio
from ui.cast import FOCUS_TURNED_TO
from ui.desk import Desk, show_remix
from ui.handlers import PRIVATE, QUICK
from ui.language import t
from ui.messages import told_to_people
from ui.stories import Place


def build_request_field() -> gr.File:
    return gr.File(
        label=t("Drop one of your pictures: its request fills the form"), file_types=[".png"], type="filepath",
        height=56, elem_id="read-request",
    )  # fmt: skip


def bind_request_field(studio: Studio, field: gr.File, place: Place, desk: Desk) -> None:
    def read(story_id: str, picture: str) -> tuple[Any, ...]:
        with told_to_people():
            request = studio.request_in(picture)
            if request is None:
                raise InvalidRequest(
                    "This picture says nothing of how it was made.",
                    "Choose a PNG that was drawn here, as you downloaded it: other programs often drop the request.",
                )
            return show_remix(studio, desk, story_id, request)

    filled = field.upload(read, [place.story, field], desk.remix_outputs, **PRIVATE)
    filled.success(None, desk.turned_to, js=FOCUS_TURNED_TO)
    for ended in (filled.success, filled.failure):
        ended(lambda: None, None, field, **QUICK)  # ready for the next one
