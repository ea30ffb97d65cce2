"""The library popup: one dialog, opened by two buttons. Gradio has no modal, so it is a column that page.css and
page.js make into one (Esc, focus, arrow keys)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import gradio as gr

from errors import LibraryUnavailable
from studio import Character, Studio
from ui.handlers import LATEST, QUICK, unchanged
from ui.messages import told_to_people
from ui.stories import Place
from ui.words import in_markdown, profile_line

TITLES = {"generate": "Generate with Reference", "load": "Load Character"}
HINTS = {
    "generate": "Choose who the new pictures shall show.",
    "load": "Choose whose saved picture shall join this story. Nothing is drawn.",
}
ACTIONS = {"generate": "Describe the scene", "load": "Load into this story"}
MOST_SHOWN = 60  # thumbnails a browser paints at once without a wait
EMPTY = (
    "**Nobody is saved in this project yet.** Save a character with *Save to library* on their card; "
    "then every story of the project finds them here."
)


@dataclass(frozen=True)
class LibraryPopup:
    box: gr.Column
    intent: gr.Textbox  # "generate" or "load": which button opened it; hidden: a gr.State never reaches JavaScript
    picked: gr.State  # the reference image id that was chosen
    use: gr.Button

    def close(self) -> Any:
        return gr.Column(visible=False)


def build_library_popup(studio: Studio, place: Place, generate: list[gr.Button], load: gr.Button) -> LibraryPopup:
    intent = gr.Textbox("load", visible="hidden")
    picked, shown = gr.State(None), gr.State([])
    with (
        gr.Column(visible=False, elem_classes="popup", elem_id="library-popup") as box,
        gr.Column(elem_classes="popup-box"),
    ):
        with gr.Row(elem_classes="popup-head"):
            title = gr.Markdown("## Library", elem_id="library-title")
            close = gr.Button("Close", size="sm", elem_id="library-close", scale=0, min_width=80)
        search = gr.Textbox(
            placeholder="Search by name, description or looks",
            label="Search the library",
            show_label=False,
            elem_id="library-search",
        )
        gallery = gr.Gallery(
            label="Characters",
            show_label=False,
            columns=4,
            allow_preview=False,
            interactive=False,
            buttons=[],
            object_fit="cover",
            fit_columns=False,
            elem_id="library-gallery",
            elem_classes="people",
        )
        note = gr.Markdown(elem_id="library-note")
        use = gr.Button("Use", variant="primary", size="md", interactive=False, elem_id="library-use")

    def listing(project_id: str, query: str, purpose: str) -> tuple[Any, ...]:
        with told_to_people():
            people = studio.list_library(project_id, query)
            shown = _thumbnails(studio, people[:MOST_SHOWN])
            return (
                gr.Gallery(list(shown.values()), selected_index=None, visible=bool(people)),
                list(shown),
                None,
                _note(len(people), query, purpose),
                gr.Button(ACTIONS[purpose], interactive=False),
            )

    def opened(purpose: str, project_id: str) -> tuple[Any, ...]:
        return gr.Column(visible=True), purpose, f"## {TITLES[purpose]}", "", *listing(project_id, "", purpose)

    def choose(ids: list[str], event: gr.SelectData) -> tuple[Any, ...]:
        with told_to_people():
            index = int(event.index)
            if index >= len(ids):  # the list changed under the click
                return None, unchanged(), gr.Button(interactive=False)
            person = studio.library.get_character(ids[index])
            return person.canonical_image_id, _about(person), gr.Button(interactive=True)

    listed = [gallery, shown, picked, note, use]
    for buttons, purpose in ((generate, "generate"), ([load], "load")):
        for button in buttons:

            def open_it(project_id: str, purpose: str = purpose) -> tuple[Any, ...]:
                return opened(purpose, project_id)

            button.click(open_it, place.project, [box, intent, title, search, *listed], **QUICK)
    close.click(lambda: gr.Column(visible=False), None, box, **QUICK)
    search.input(listing, [place.project, search, intent], listed, **LATEST)
    gallery.select(choose, shown, [picked, note, use], **QUICK)
    return LibraryPopup(box, intent, picked, use)


def _thumbnails(studio: Studio, people: list[Character]) -> dict[str, tuple[str, str]]:
    """Picture and name by character id. Whose picture is missing or damaged is left out, not the whole library."""
    shown: dict[str, tuple[str, str]] = {}
    for person in people:
        with suppress(LibraryUnavailable):
            if person.canonical_image_id:
                shown[person.id] = studio.library.get_thumbnail_path(person.canonical_image_id), person.name
    return shown


def _note(count: int, query: str, purpose: str) -> str:
    if count > MOST_SHOWN:
        return f"{HINTS[purpose]} These are the {MOST_SHOWN} saved last of {count}; the search finds the others."
    if count:
        return HINTS[purpose]
    return f"Nobody fits “{in_markdown(query.strip())}”. Try fewer or other words." if query.strip() else EMPTY


def _about(person: Character) -> str:
    about = " · ".join(text for text in (person.description, profile_line(person.visual_profile)) if text)
    return f"**{in_markdown(person.name)}** {in_markdown(about or person.prompt)}"
