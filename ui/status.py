"""Whether the models are there yet, which ones they are, and what they can draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from errors import CastbookError
from studio import Castbook
from ui.handlers import QUICK, on, unchanged
from ui.language import named, phrase_name, said, say, t
from ui.words import in_markdown


def build_status(castbook: Castbook) -> gr.Markdown:
    return gr.Markdown(**_status(castbook), elem_id="models")


def follow_models(castbook: Castbook, demo: gr.Blocks, status: gr.Markdown, buttons: Sequence[gr.Button]) -> None:
    """Looks every second until the models are loaded, then enables what needs them."""
    timer = gr.Timer(1.0)

    def look() -> tuple[Any, ...]:
        waiting = not castbook.models.ready and castbook.models.failure is None
        said = gr.Markdown(**_status(castbook))  # built before there was a visitor, it is in English
        if waiting:
            return gr.Timer(active=True), said, *[unchanged() for _ in buttons]
        return gr.Timer(active=False), said, *[gr.Button(interactive=castbook.models.ready) for _ in buttons]

    on([demo.load, timer.tick], look, None, [timer, status, *buttons], **QUICK)


def build_vocabulary(castbook: Castbook) -> None:
    """The words of a pack that knows only some; nothing for one that takes any prompt."""
    vocabulary = castbook.pack.vocabulary
    if vocabulary is None:
        return

    def in_their_language() -> str:
        lines = [
            f"**{in_markdown(named(group))}** {', '.join(in_markdown(phrase_name(phrase)) for phrase in phrases)}"
            for group, phrases in vocabulary.groups.items()
        ]
        return "\n\n".join([in_markdown(castbook.pack.draws), *lines])

    with gr.Accordion(t("What can be drawn"), open=False, elem_id="vocabulary") as box:
        shown = gr.Markdown()
    box.expand(in_their_language, None, shown, **QUICK)


def _status(castbook: Castbook) -> dict[str, Any]:
    pack = in_markdown(castbook.pack.title)
    failure = castbook.models.failure
    if castbook.models.ready:
        return {"value": say("{pack} is ready", pack=pack), "elem_classes": ["models", "is-ready"]}
    if isinstance(failure, CastbookError):
        cause, remedy = in_markdown(said(failure.cause_message)), in_markdown(said(failure.remedy_message))
        text = f"**{cause}** {remedy} {say('The library works meanwhile.')}"
        return {"value": text, "elem_classes": ["models", "is-broken"]}
    text = say("Loading {pack} … you can look around and write already", pack=pack)
    return {"value": text, "elem_classes": ["models", "is-loading"]}
