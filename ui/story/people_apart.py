"""Where the pictures of one new character show different people, that is said, and the others become characters of
their own by a click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from errors import NotFound
from library_store.records import CastMember
from studio import Castbook, Studio
from ui.handlers import PRIVATE, QUICK, for_visitor
from ui.language import say
from ui.place import Place, new_revision
from ui.story.stream import build_apart
from ui.undo import Undo, offer
from ui.words import in_markdown


def build_people_apart(castbook: Castbook, place: Place, made_for: gr.Textbox, undo: Undo) -> None:
    """A line below the run's own. `made_for`: the id of the cast member whom the last run was for."""
    line: Any = build_apart()  # which has events of its own, beside those of gr.HTML

    @for_visitor(castbook)
    def look(studio: Studio, member_id: str) -> dict[str, Any]:
        member, groups = _groups(studio, member_id)
        if member is None or len(groups) < 2:
            return {}
        count = len(groups)
        return {
            "image": groups[0][0],
            "text": say(
                "The pictures of {name} show {count} different people.", name=member.character.name, count=count
            ),
            "split": say("Make them characters of their own"),
            "leave": say("Leave it so"),
        }

    @for_visitor(castbook)
    def apart(studio: Studio, member_id: str) -> tuple[Any, ...]:
        member, groups = _groups(studio, member_id)
        assert member is not None and member.active_image_id is not None  # or the line is not there
        name = member.character.name
        new = [
            studio.library.split_character(member.id, group, f"{name} {number}").character.id
            for number, group in enumerate(groups[1:], 2)
        ]
        said = say("{name} is {count} characters now.", name=in_markdown(name), count=len(groups))
        return {}, *offer(said, "split", member.id, member.active_image_id, *new), new_revision()

    made_for.change(look, made_for, line, **QUICK)
    line.split(apart, made_for, [line, *undo.outputs, place.revision], **PRIVATE)
    line.leave(dict[str, Any], None, line, **QUICK)


def _groups(studio: Studio, member_id: str) -> tuple[CastMember | None, Sequence[Sequence[str]]]:
    """Of somebody who is not saved yet: the pictures that were drawn of words alone, by whom they show."""
    try:
        member = studio.library.get_cast_member(member_id) if member_id else None
    except NotFound:  # purged meanwhile
        member = None
    if member is None or member.character.is_saved_to_library:
        return None, ()
    drawn = [option.image.id for option in member.options if option.image.source == "generated"]
    return member, studio.faces.people_in(drawn)
