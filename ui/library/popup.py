"""The library popup: one dialog, opened by two buttons. Gradio has no modal, so it is a column that page.css and
page.js make into one (Esc, focus, arrow keys)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from library_store.records import Character
from studio import Castbook, Studio
from ui.handlers import QUICK, for_visitor
from ui.language import say, t
from ui.library.gallery import bind_face_search, bind_gallery, build_gallery, open_gallery, picked
from ui.place import Place
from ui.unseen import UNSEEN
from ui.words import in_markdown, profile_line

TITLES = {"generate": "Generate with Reference", "load": "Load Character"}
HINTS = {
    "generate": "Choose who should be in the new pictures.",
    "load": "Choose whose saved picture to add to this story. Nothing is drawn.",
}
ACTIONS = {"generate": "Describe the scene", "load": "Load into this story"}


@dataclass(frozen=True)
class LibraryPopup:
    box: gr.Column
    intent: gr.Textbox  # "generate" or "load": which button opened it; hidden: a gr.State never reaches JavaScript
    picked: gr.State  # the reference image id that was chosen
    use: gr.Button

    def close(self) -> Any:
        return gr.Column(visible=False)


def build_library_popup(
    castbook: Castbook, place: Place, generate: list[gr.Button], load: list[gr.Button]
) -> LibraryPopup:
    intent, image = gr.Textbox("load", elem_classes=UNSEEN), gr.State(None)
    with (
        gr.Column(visible=False, elem_classes="popup", elem_id="library-popup") as box,
        gr.Column(elem_classes="popup-box"),
    ):
        with gr.Row(elem_classes="popup-head"):
            title = gr.Markdown(elem_id="library-title")
            close = gr.Button(t("Close"), size="sm", elem_id="library-close", scale=0, min_width=80)
        gallery = build_gallery("library", with_trash=False)
        with gr.Column(elem_classes="popup-foot"):
            about = gr.Markdown(elem_id="library-about")
            with gr.Row(elem_classes="actions"):
                alike = gr.Button(
                    t("Who looks like this?"), size="md", visible=False, elem_id="library-alike", scale=1, min_width=160
                )
                use = gr.Button(variant="primary", size="md", elem_id="library-use", scale=3, min_width=180)

    def opened(studio: Studio, purpose: str, project_id: str) -> tuple[Any, ...]:
        return (
            gr.Column(visible=True),
            purpose,
            f"## {say(TITLES[purpose])}",
            *_chosen(purpose, None),
            *open_gallery(studio, project_id),
        )

    @for_visitor(castbook)
    def choose(studio: Studio, purpose: str, shown: list[str], event: gr.SelectData) -> tuple[Any, ...]:
        character_id = picked(shown, event)
        return _chosen(purpose, studio.library.get_character(character_id) if character_id else None)

    choice = [image, about, alike, use]
    for buttons, purpose in ((generate, "generate"), (load, "load")):
        for button in buttons:

            @for_visitor(castbook)
            def open_it(studio: Studio, project_id: str, purpose: str = purpose) -> tuple[Any, ...]:
                return opened(studio, purpose, project_id)

            outputs = [box, intent, title, *choice, *gallery.query, *gallery.outputs]
            button.click(open_it, place.project, outputs, **QUICK)
    close.click(lambda: gr.Column(visible=False), None, box, **QUICK)
    bind_gallery(castbook, gallery, place)
    bind_face_search(castbook, gallery, place, alike, image)
    gallery.pictures.select(choose, [intent, gallery.shown], choice, **QUICK)
    return LibraryPopup(box, intent, image, use)


def _chosen(purpose: str, person: Character | None) -> tuple[Any, ...]:
    """Who is chosen stays so, named beside the button, while the gallery goes on to other people."""
    action = t(ACTIONS[purpose])
    if person is None:
        return None, say(HINTS[purpose]), gr.Button(visible=False), gr.Button(action, interactive=False)
    return person.canonical_image_id, _about(person), gr.Button(visible=True), gr.Button(action, interactive=True)


def _about(person: Character) -> str:
    about = " · ".join(text for text in (person.description, profile_line(person.visual_profile)) if text)
    return f"**{in_markdown(person.name)}** {in_markdown(about or person.prompt)}"
