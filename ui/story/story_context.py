"""The story's context, kept as soon as its field is left, and what happens where two tabs write one: the later is told,
and chooses. Nothing is overwritten unseen."""

from __future__ import annotations

from typing import Any

import gradio as gr

from errors import ContextChanged
from studio import Castbook, Studio
from ui.handlers import PRIVATE, QUICK, for_visitor, on, unchanged
from ui.language import say, t
from ui.place import Place, keep_context
from ui.story.words_help import follow_words
from ui.unseen import UNSEEN
from ui.words import in_markdown


def build_context_keeper(castbook: Castbook, place: Place) -> None:
    """Below the stories bar: the line that asks which of two contexts counts, shown where there are two. At the field:
    the words' help."""
    with place.context_field:
        follow_words(castbook, "context", place.context)
    with place.asked, gr.Row(visible=False, elem_id="context-conflict", elem_classes="notice-line") as line:
        text = gr.Markdown(elem_id="context-conflict-text")
        mine = gr.Button(t("Keep mine"), size="sm", elem_id="context-mine", scale=0, min_width=100)
        theirs = gr.Button(t("Take the other"), size="sm", elem_id="context-theirs", scale=0, min_width=100)
        both = gr.Button(t("Keep both"), size="sm", elem_id="context-both", scale=0, min_width=100)
    asked = gr.Textbox(elem_classes=UNSEEN)  # the other context, as the line says it

    @for_visitor(castbook)
    def keep(studio: Studio, story_id: str, context: str, shown: str) -> tuple[Any, ...]:
        try:
            keep_context(studio, story_id, context, shown)
        except ContextChanged as changed:
            return ask(changed.now)
        return *_as_kept(studio, story_id, context), gr.Row(visible=False), "", ""

    def settle(studio: Studio, choice: str, story_id: str, context: str, other: str) -> tuple[Any, ...]:
        wanted = {"mine": context, "theirs": None, "both": _joined(other, context)}[choice]
        try:
            studio.library.update_story(story_id, context=wanted, instead_of=other)
        except ContextChanged as changed:  # once more, since the line asked
            return ask(changed.now)
        return *_as_kept(studio, story_id, context), gr.Row(visible=False), "", ""

    def ask(other: str) -> tuple[Any, ...]:
        return unchanged(), unchanged(), gr.Row(visible=True), _both_said(other), other

    outputs = [place.context, place.shown_context, line, text, asked]
    on([place.context.blur, place.context.submit], keep, place.written_context, outputs, **QUICK)
    for choice, button in (("mine", mine), ("theirs", theirs), ("both", both)):

        @for_visitor(castbook)
        def chosen(studio: Studio, story_id: str, context: str, other: str, choice: str = choice) -> tuple[Any, ...]:
            return settle(studio, choice, story_id, context, other)

        button.click(chosen, [place.remembered, place.context, asked], outputs, **PRIVATE)
    place.story.change(lambda: gr.Row(visible=False), None, line, **QUICK)


def _as_kept(studio: Studio, story_id: str, written: str) -> tuple[Any, str]:
    """Values for the field, which stays untouched where it says the same, and for what was shown."""
    kept = studio.library.get_story(story_id).context
    return unchanged() if kept == written else kept, kept


def _joined(other: str, mine: str) -> str:
    """The other one as it is, and after it those phrases of mine that it does not say already."""
    said = {phrase.casefold() for phrase in _phrases(other)}
    return ", ".join([*([other] if other else []), *(each for each in _phrases(mine) if each.casefold() not in said)])


def _phrases(context: str) -> list[str]:
    return [phrase for phrase in (part.strip() for part in context.split(",")) if phrase]


def _both_said(other: str) -> str:
    other = in_markdown(other)
    changed = say("This story's context was changed in another tab.")
    says = say("There it says: “{other}”. Yours is not saved yet.", other=other) if other else say("There it is empty.")
    return f"**{changed}** {says}"
