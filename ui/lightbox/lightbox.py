"""The lightbox: pictures as large as the screen allows, beside each other or one over the other (lightbox.js).

It is told image ids, by a script of the page or by a handler, and answers with what the browser shows of them. What
people typed becomes textContent there, never HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast
from urllib.parse import quote

import gradio as gr

from errors import NotFound
from library_store.records import CharacterReferenceImage
from studio import Castbook, Studio
from ui.handlers import QUICK, for_visitor
from ui.language import say
from ui.place import new_revision
from ui.words import short_likeness, tone

MOST = 400  # pictures that are walked through at once
DRAWN = "window.castbook.lightbox.bind(element, props, watch, trigger) // 'ask'"  # Gradio finds the event by its name
WORDS = {
    "title": "Pictures, large",
    "close": "Close",
    "next": "Next",
    "previous": "Previous",
    "alone": "Alone",
    "beside": "Side by side",
    "over": "Slider",
    "larger": "Larger",
    "smaller": "Smaller",
    "pick": "Pick",
    "picked": "Picked",
    "download": "Download",
    "reference": "Reference",
    "picture": "This picture",
    "divider": "How much of each is shown",
    "keys": "← → next · C compare · Space pick · + − zoom · D download",
}


def build_lightbox(castbook: Castbook) -> gr.HTML:
    """Event: `ask` with `images`, their ids, and `at`, the one to begin with. Its value is what `look_at` gives."""
    box = gr.HTML(
        {}, html_template="<div></div>", js_on_load=DRAWN, elem_id="lightbox", padding=False, apply_default_css=False
    )

    @for_visitor(castbook)
    def asked(studio: Studio, event: gr.EventData) -> dict[str, Any]:
        return look_at(studio, [str(image_id) for image_id in event.images], str(event.at))

    ask = cast("Callable[..., Any]", box.ask)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    ask(asked, None, box, **QUICK)
    return box


def bind_look(castbook: Castbook, lightbox: gr.HTML, button: gr.Button, images: gr.State, at: gr.State) -> None:
    """The button opens pictures by their ids, beginning with one of them."""

    @for_visitor(castbook)
    def look(studio: Studio, image_ids: list[str], image_id: str) -> dict[str, Any]:
        return look_at(studio, image_ids, image_id)

    button.click(look, [images, at], lightbox, **QUICK)


def look_at(studio: Studio, image_ids: Sequence[str], at: str) -> dict[str, Any]:
    """What lightbox.js shows: pictures in this order, and of those made from another one that as well. One that is gone
    is left out. At most MOST, around the one to begin with."""
    first = max(0, image_ids.index(at) - MOST // 2) if at in image_ids else 0
    images = [image for id in image_ids[first : first + MOST] if (image := _image(studio, id))]
    parents = [image.parent_id for image in images if image.parent_id]
    ids = [image.id for image in images]
    paths = studio.library.get_picture_paths([*ids, *parents])
    thumbnails = studio.library.get_thumbnail_paths(ids)
    names = {id: studio.library.get_character(id).name for id in {image.character_id for image in images}}
    shown = [
        {
            "image": image.id,
            "src": _address(paths[image.id]),
            "small": _address(thumbnails.get(image.id, paths[image.id])),
            "reference": _address(paths[image.parent_id]) if image.parent_id in paths else "",
            "name": names[image.character_id],
            "says": short_likeness(image.likeness),
            "tone": tone(image.likeness),
        }
        for image in images
        if image.id in paths
    ]
    # Without what differs each time, a browser that is told the same again hears nothing.
    return {
        "opened": new_revision(),
        "pictures": shown,
        "at": at,
        "words": {name: say(words) for name, words in WORDS.items()},
    }


def _image(studio: Studio, image_id: str) -> CharacterReferenceImage | None:
    try:
        return studio.library.get_image(image_id)
    except NotFound:  # purged since
        return None


def _address(path: str) -> str:
    return f"gradio_api/file={quote(path)}"
