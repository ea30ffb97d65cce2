"""The stream: the story's pictures as the runs that drew them, newest first, and the rail of the people beside it.

Both are drawn by tiles.js from values: what people typed becomes text of an element there, and never gets into HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import gradio as gr

from errors import CastbookError
from library_store.records import CastMember, CastOption
from pipeline.request import NO_LOOK, PictureRequest, composed
from studio import Studio
from ui.language import say
from ui.words import counted, origin, short_likeness, tone

RUNS = 12  # of the longest streams, until all are asked for
DRAWN = "window.castbook?.tiles.{view}(element, props, watch, trigger); // {events}"


@dataclass(frozen=True)
class OnOffer:
    member: CastMember
    option: CastOption

    @property
    def is_brought(self) -> bool:
        """It was there before it came into the story."""
        return self.option.how == "loaded" or self.option.image.source == "uploaded"

    @property
    def is_active(self) -> bool:
        return self.option.image.id == self.member.active_image_id


@dataclass(frozen=True)
class StreamRun:
    """Pictures that were drawn together, best first, or brought in one after the other."""

    pictures: tuple[OnOffer, ...]

    @property
    def at(self) -> datetime:
        return self.pictures[-1].option.added_at

    @property
    def request(self) -> PictureRequest | None:
        first = self.pictures[0]
        return None if first.is_brought else first.option.image.request


def build_stream() -> gr.HTML:
    """Events: `select` with an `image`; `again` and `edit` with the `image` whose request is meant; `more`."""
    return build_view("stream", ("select", "again", "edit", "more"), elem_id="stream")


def build_rail() -> gr.HTML:
    """Event: `select` with a `member`."""
    return build_view("rail", ("select",), elem_id="rail-faces")


def build_pair() -> gr.HTML:
    """The picture that is looked at, and the one it was made from."""
    return build_view("pair", (), elem_id="pair")


def build_apart() -> gr.HTML:
    """What is said of a run of the stream, with two ways on. Events: `split`, `leave`."""
    return build_view("apart", ("split", "leave"), elem_id="apart")


def build_live() -> gr.HTML:
    """The run that is being drawn."""
    return build_view("live", (), elem_id="run-pictures")


def build_view(view: str, events: Sequence[str], elem_id: str, value: Any = None) -> gr.HTML:
    """What a script draws from a value. Gradio finds the events in the script by their quoted names."""
    script = DRAWN.format(view=view, events=" ".join(f"'{event}'" for event in events))
    return gr.HTML(
        value or {},
        html_template=f"<div class='view-{view}'></div>",
        js_on_load=script,
        elem_id=elem_id,
        apply_default_css=False,
    )


def runs_of(members: Sequence[CastMember]) -> list[StreamRun]:
    """Newest first."""
    pictures = [OnOffer(member, option) for member in members for option in member.options]
    pictures.sort(key=lambda each: each.option.added_at)  # which leaves those of one run in their order
    if not pictures:
        return []
    runs = [[pictures[0]]]
    for before, each in pairwise(pictures):
        if _belongs_to(each, before):
            runs[-1].append(each)
        else:
            runs.append([each])
    return [StreamRun(tuple(run)) for run in reversed(runs)]


def _belongs_to(picture: OnOffer, run_of: OnOffer) -> bool:
    if picture.is_brought or run_of.is_brought:
        return picture.is_brought and run_of.is_brought
    return (picture.member.id, picture.option.added_at) == (run_of.member.id, run_of.option.added_at)


def stream_value(
    studio: Studio, story_id: str, runs: Sequence[StreamRun], show_all: bool, chosen: str
) -> dict[str, Any]:
    """What tiles.js draws of a story's runs."""
    shown = runs if show_all else runs[:RUNS]
    thumbnails = studio.library.get_thumbnail_paths([each.option.image.id for run in shown for each in run.pictures])
    hidden = len(runs) - len(shown)
    return {
        "story": story_id,
        "runs": [_run(studio, run, thumbnails) for run in shown],
        "chosen": chosen,
        "more": say("Show all: {count} more", count=hidden) if hidden else "",
        "words": {
            "again": say("Again"),
            "edit": say("Edit words"),
            "active": say("In this story"),
            "now": say("just now"),
        },
    }


def rail_value(studio: Studio, members: Sequence[CastMember], who: str) -> dict[str, Any]:
    """`who`: the id of the character who is chosen, or ""."""
    faces = {member.id: _face(member) for member in members}
    thumbnails = studio.library.get_thumbnail_paths([face for face in faces.values() if face])
    return {
        "faces": [
            {
                "member": member.id,
                "name": member.character.name,
                "src": address(thumbnails.get(faces[member.id])),
                "chosen": member.character.id == who,
            }
            for member in members[::-1]
        ],
        "words": {"find": say("Find in this cast"), "cast": say("Cast")},
    }


def title_of(request: PictureRequest) -> str:
    """What was asked for, without what the character's profile and the story's context add."""
    look = request.look if request.steering else NO_LOOK  # a new character's is their profile
    return composed(request.written, look.outfit, look.accessories, look.other) or request.prompt


def _face(member: CastMember) -> str:
    """The id of the picture that shows who it is."""
    return member.active_image_id or member.options[-1].image.id


def _run(studio: Studio, run: StreamRun, thumbnails: Mapping[str, str]) -> dict[str, Any]:
    first, request = run.pictures[0], run.request
    people = dict.fromkeys(each.member.character.name for each in run.pictures)
    return {
        "who": ", ".join(people),
        "title": title_of(request) if request else _brought(run),
        "at": run.at.isoformat(),
        "request": first.option.image.id if request else "",
        "again": first.option.image.source == "variant",
        "aside": counted("{count} picture set aside", "{count} pictures set aside", _aside(run)),
        "tiles": [_tile(studio, each, number, thumbnails) for number, each in enumerate(run.pictures, 1)],
    }


def _aside(run: StreamRun) -> int:
    return sum(each.option.image.verdict == "set aside" for each in run.pictures)


def _brought(run: StreamRun) -> str:
    return " · ".join(dict.fromkeys(origin(each.option) for each in run.pictures))


def _tile(studio: Studio, each: OnOffer, number: int, thumbnails: Mapping[str, str]) -> dict[str, Any]:
    image, name = each.option.image, each.member.character.name
    src = address(thumbnails.get(image.id) or _mended(studio, image.id))
    label = verdict_label(each.option) if src else say("Missing")
    facts = [say("{name}, picture {number}", name=name, number=number), origin(each.option), label]
    return {
        "image": image.id,
        "src": src,
        "label": label,
        "tone": tone(image.likeness),
        "active": each.is_active,
        "aside": image.verdict == "set aside",
        "name": ", ".join(fact for fact in dict.fromkeys(facts) if fact),
    }


def verdict_label(option: CastOption) -> str:
    """For the corner of a tile: what the judge said, or where a picture that nobody judged comes from."""
    if option.image.verdict == "set aside":
        return say("Set aside")
    return short_likeness(option.image.likeness) or origin(option)


def _mended(studio: Studio, image_id: str) -> str | None:
    """A thumbnail that is not there is made anew; None where the picture itself is gone."""
    try:
        return studio.library.get_thumbnail_path(image_id)
    except CastbookError:
        return None


def address(path: str | None) -> str:
    """Of a file that the page may show."""
    return f"gradio_api/file={quote(path)}" if path else ""
