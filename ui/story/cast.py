"""The cast of the story, in three parts that show the same: the rail of faces, the stream of pictures, and the
inspector of the one that is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from library_store.records import CastMember
from studio import Castbook, Studio
from ui.handlers import PRIVATE, QUICK, for_visitor, on
from ui.language import say, t
from ui.place import Place, looked_at, new_revision
from ui.story.desk import Desk, show_new, show_scene
from ui.story.inspector import (
    FOCUS_SCENE,
    FOCUS_TURNED_TO,
    Inspector,
    bind_inspector,
    request_of,
    show_picture,
)
from ui.story.stream import rail_value, runs_of, stream_value
from ui.undo import Undo
from ui.unseen import UNSEEN
from ui.words import in_markdown

EMPTY = """### Nobody is in this story yet
Describe someone below and press **Draw**, or bring somebody in with **Load Character**."""
MARK = "(image) => window.castbook?.tiles.mark(image)"
DRAW = "() => window.castbook?.draw()"


@dataclass(frozen=True)
class Cast:
    rail: gr.HTML
    title: gr.Markdown  # whose pictures the stream shows
    empty: gr.Markdown
    stream: gr.HTML
    inspector: Inspector
    chosen: gr.Textbox  # id of the picture that is looked at; hidden: a gr.State never reaches JavaScript

    @property
    def outputs(self) -> list[Any]:
        """What `_shown` sets."""
        return [self.rail, self.title, self.empty, self.stream, self.chosen, *self.inspector.outputs]


def build_stream_head() -> tuple[gr.Markdown, gr.Markdown]:
    """Whose pictures these are, and what is said where there are none."""
    title = gr.Markdown(t("## Cast"), elem_id="cast-title")
    return title, gr.Markdown(t(EMPTY), elem_classes="empty", elem_id="cast-empty", visible=False, render=False)


def build_chosen() -> gr.Textbox:
    return gr.Textbox("", elem_id="chosen", elem_classes=UNSEEN)


def bind_cast(castbook: Castbook, cast: Cast, place: Place, desk: Desk, undo: Undo) -> None:
    whole = gr.State("")  # id of the story whose stream is shown to its end
    seen = gr.State("")  # the revision that was shown: what it says to look at is looked at once
    chosen, person = cast.chosen, desk.scene.person

    @for_visitor(castbook)
    def show(
        studio: Studio, story_id: str | None, who: str, whole_id: str, image_id: str, revision: str, seen: str
    ) -> tuple[Any, ...]:
        members = studio.library.list_cast(story_id) if story_id else []
        look_at = looked_at(revision) if revision != seen else ""
        return revision, *cast_values(studio, story_id or "", members, who, whole_id == story_id, look_at or image_id)

    @for_visitor(castbook)
    def look(studio: Studio, story_id: str, event: gr.EventData) -> tuple[Any, ...]:
        image_id = str(event.image)
        return image_id, *show_picture(studio, studio.library.list_cast(story_id), image_id)

    @for_visitor(castbook)
    def turn_to(studio: Studio, event: gr.EventData, story_id: str, who: str, image_id: str, *words: Any) -> Any:
        """Everything turns to the one whose face was pressed; pressed once more, to nobody."""
        member = studio.library.get_cast_member(str(event.member))
        character = member.character
        if character.id == who:
            return *show_new(desk), image_id
        reference = character.canonical_image_id if character.is_saved_to_library else member.active_image_id
        reference = reference or member.options[-1].image.id
        return *show_scene(studio, desk, story_id, reference, words), member.active_image_id or reference

    @for_visitor(castbook)
    def edit(studio: Studio, story_id: str, event: gr.EventData) -> tuple[Any, ...]:
        return request_of(studio, desk, story_id, str(event.image))

    def show_all(story_id: str) -> tuple[str, str]:
        return story_id, new_revision()

    inputs = [place.story, person, whole, chosen, place.revision, seen]
    on([place.revision.change, person.change], show, inputs, [seen, *cast.outputs], **QUICK)
    chosen.change(None, chosen, None, js=MARK)
    stream: Any = cast.stream  # which has events of its own, beside those of gr.HTML
    stream.select(look, place.story, [chosen, *cast.inspector.outputs], **QUICK)
    stream.more(show_all, place.story, [whole, place.revision], **PRIVATE)
    turned = cast.rail.select(
        turn_to, [place.story, person, chosen, *desk.scene.words], [*desk.scene_outputs, chosen], **QUICK
    )
    turned.success(None, js=FOCUS_SCENE)
    stream.edit(edit, place.story, desk.remix_outputs, **QUICK).success(None, desk.turned_to, js=FOCUS_TURNED_TO)
    stream.again(edit, place.story, desk.remix_outputs, **QUICK).success(None, js=DRAW)
    bind_inspector(castbook, cast.inspector, place, chosen, desk, undo)


def cast_values(
    studio: Studio, story_id: str, members: Sequence[CastMember], who: str, show_all: bool, image_id: str
) -> tuple[Any, ...]:
    """Values for `Cast.outputs`. Where the picture is not among those that are shown, the best of the newest run is
    looked at."""
    theirs = [member for member in members if member.character.id == who]
    runs = runs_of(theirs or members)
    shown = [each.option.image.id for run in runs for each in run.pictures]
    looked_at = image_id if image_id in shown else next(iter(shown), "")
    title = in_markdown(theirs[0].character.name) if theirs else say("Cast")
    return (
        rail_value(studio, members, who),
        f"## {title}",
        gr.Markdown(visible=not members),
        stream_value(studio, story_id, runs, show_all, looked_at),
        looked_at,
        *show_picture(studio, members, looked_at),
    )
