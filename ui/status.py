"""Whether the models are there yet, which ones they are, and what they can draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from errors import CastbookError
from studio import Studio
from ui.handlers import QUICK, on, unchanged
from ui.language import said, say, t
from ui.words import in_markdown


def build_status(studio: Studio) -> gr.Markdown:
    return gr.Markdown(**_status(studio), elem_id="models")


def follow_models(studio: Studio, demo: gr.Blocks, status: gr.Markdown, buttons: Sequence[gr.Button]) -> None:
    """Looks every second until the models are loaded, then enables what needs them."""
    timer = gr.Timer(1.0)

    def look() -> tuple[Any, ...]:
        waiting = not studio.models.ready and studio.models.failure is None
        said = gr.Markdown(**_status(studio))  # built before there was a visitor, it is in English
        if waiting:
            return gr.Timer(active=True), said, *[unchanged() for _ in buttons]
        return gr.Timer(active=False), said, *[gr.Button(interactive=studio.models.ready) for _ in buttons]

    on([demo.load, timer.tick], look, None, [timer, status, *buttons], **QUICK)


def build_vocabulary(studio: Studio) -> None:
    """The words of a pack that knows only some; nothing for one that takes any prompt."""
    vocabulary = studio.pack.vocabulary
    if vocabulary is None:
        return
    lines = [
        f"**{in_markdown(group)}** {', '.join(map(in_markdown, words))}" for group, words in vocabulary.groups.items()
    ]
    with gr.Accordion(t("What can be drawn"), open=False, elem_id="vocabulary"):
        gr.Markdown("\n\n".join([in_markdown(studio.pack.draws), *lines]))


def _status(studio: Studio) -> dict[str, Any]:
    pack = in_markdown(studio.pack.title)
    failure = studio.models.failure
    if studio.models.ready:
        return {"value": say("{pack} is ready", pack=pack), "elem_classes": ["models", "is-ready"]}
    if isinstance(failure, CastbookError):
        cause, remedy = in_markdown(said(failure.cause_message)), in_markdown(said(failure.remedy_message))
        text = f"**{cause}** {remedy} {say('The library works meanwhile.')}"
        return {"value": text, "elem_classes": ["models", "is-broken"]}
    text = say("Loading {pack} … you can look around and write already", pack=pack)
    return {"value": text, "elem_classes": ["models", "is-loading"]}
