"""How many pictures are drawn, said on the slider's chip and on the button that draws them."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.context import Context

from pipeline.request import MOST_PICTURES
from studio import Castbook
from ui.handlers import LATEST, on
from ui.language import say, t
from ui.words import counted


def build_count(castbook: Castbook, elem_id: str) -> gr.Slider:
    return gr.Slider(
        1, MOST_PICTURES, value=castbook.pack.defaults.count, step=1, label=t("Draw"), elem_id=elem_id, buttons=[]
    )


def build_draw(castbook: Castbook, elem_id: str) -> gr.Button:
    return gr.Button(
        t("Draw"), variant="primary", size="md", interactive=castbook.models.ready, elem_id=elem_id,
        elem_classes="draw", scale=0, min_width=0,
    )  # fmt: skip


def follow_count(count: gr.Slider, draw: gr.Button, chip: gr.Accordion) -> None:
    def said(number: int) -> tuple[Any, ...]:
        pictures = counted("{count} picture", "{count} pictures", int(number))
        return gr.Button(say("Draw {count}", count=int(number))), gr.Accordion(label=pictures)

    page: Any = Context.root_block  # being built
    on([page.load, count.change], said, count, [draw, chip], **LATEST)
