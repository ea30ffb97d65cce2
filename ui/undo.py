"""The line that takes back the last deed, in sight wherever one looks: of all that can be lost but by a purge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from library_store.records import Story
from studio import Castbook, Studio
from ui.handlers import QUICK, on
from ui.language import t
from ui.place import Place, bind_move, new_revision
from ui.unseen import UNSEEN

Deed = tuple[str, ...]  # of DEEDS, and the ids that it is undone by


@dataclass(frozen=True)
class Undo:
    line: gr.Row
    text: gr.Markdown
    button: gr.Button
    deed: gr.State  # a Deed
    undone: gr.Textbox  # another value whenever something was; hidden

    @property
    def outputs(self) -> list[Any]:
        """What `offer` sets."""
        return [self.line, self.text, self.deed]


def offer(text: str, *deed: str) -> tuple[Any, ...]:
    """Values for `Undo.outputs`: Markdown that says what was done, and how it is undone."""
    return gr.Row(visible=True), text, deed


def build_undo(castbook: Castbook, place: Place) -> Undo:
    with gr.Row(visible=False, elem_id="undo") as line:
        text = gr.Markdown(elem_id="undo-text")
        button = gr.Button(t("Undo"), size="sm", elem_id="undo-button", scale=0, min_width=80)
        close = gr.Button("✕", size="sm", elem_id="undo-close", scale=0, min_width=36)
    undo = Undo(line, text, button, gr.State(None), gr.Textbox(elem_classes=UNSEEN))

    def take_back(studio: Studio, deed: Deed, story_id: str) -> Story:
        kind, *ids = deed
        return DEEDS[kind](studio, *ids) or studio.library.get_story(story_id)

    def hidden(*_: Any) -> tuple[Any, ...]:
        return gr.Row(visible=False), new_revision()

    bind_move(castbook, place, [button.click], take_back, [undo.deed, place.remembered], [line, undo.undone], hidden)
    on([close.click, place.project.input, place.story.input], lambda: gr.Row(visible=False), None, line, **QUICK)
    return undo


def _restore_picture(studio: Studio, cast_member_id: str, image_id: str) -> None:
    studio.library.restore_option(cast_member_id, image_id)


def _restore_story(studio: Studio, story_id: str) -> Story:
    return studio.library.restore_story(story_id)


def _restore_project(studio: Studio, project_id: str) -> Story:
    return studio.library.ensure_a_story(studio.library.restore_project(project_id).id)


def _restore_character(studio: Studio, character_id: str) -> None:
    studio.library.restore_character(character_id)


def _undo_merge(studio: Studio, merged_id: str) -> None:
    studio.library.undo_merge(merged_id)


def _undo_split(studio: Studio, cast_member_id: str, active_image_id: str, *split_ids: str) -> None:
    member = studio.library.get_cast_member(cast_member_id)
    for split_id in split_ids:
        studio.library.merge_characters(member.character.id, split_id)
    studio.library.select_image(cast_member_id, active_image_id)


DEEDS: dict[str, Callable[..., Story | None]] = {
    "picture": _restore_picture,
    "story": _restore_story,  # which the page then shows
    "project": _restore_project,
    "character": _restore_character,
    "merge": _undo_merge,
    "split": _undo_split,
}
