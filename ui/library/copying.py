"""A character in another project as well, from their page; and on a copy's page, whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import gradio as gr

from errors import NotFound
from library_store.records import Character
from studio import Castbook, Studio
from ui.handlers import PRIVATE, QUICK, for_visitor
from ui.language import say, t
from ui.told_apart import project_choices
from ui.words import in_markdown


@dataclass(frozen=True)
class CopyForm:
    project: gr.Dropdown
    copy: gr.Button


def build_copy_form() -> CopyForm:
    with gr.Accordion(t("Copy into another project"), open=False, elem_id="character-into"):
        about = t("The pictures, tags and looks go along; from then on the copy is somebody of their own.")
        gr.Markdown(about, elem_classes="fine-print")
        project = gr.Dropdown([], value=None, label=t("Project"), interactive=True, elem_id="copy-project")
        copy = gr.Button(t("Copy"), size="md", interactive=False, elem_id="copy-confirm")
    return CopyForm(project, copy)


def show_copy_form(studio: Studio, character: Character) -> gr.Dropdown:
    shared = studio.library.guests.shared()
    closed = {character.project_id, *(id for id, project in shared.items() if project.may == "view")}
    others = [project for project in studio.library.list_projects() if project.id not in closed]
    return gr.Dropdown(choices=project_choices(studio, others), value=None)


def bind_copy_form(castbook: Castbook, form: CopyForm, character: gr.Textbox) -> None:
    @for_visitor(castbook)
    def copy(studio: Studio, character_id: str, project_id: str) -> None:
        made = studio.library.copy_character(character_id, project_id)
        link = f"<a href='?character={made.id}'>{escape(made.name)}</a>"
        project = escape(studio.library.get_project(project_id).name)
        gr.Success(say("{name} is in {project} as well.", name=link, project=project), title=say("Copied there"))

    def chosen(project_id: str | None) -> gr.Button:
        return gr.Button(interactive=project_id is not None)

    form.project.change(chosen, form.project, form.copy, **QUICK)
    form.copy.click(copy, [character, form.project], None, **PRIVATE)


def copied_from(studio: Studio, character: Character) -> str:
    """Markdown: a link to the original; "" for who is none's copy, or of one who is gone."""
    if character.copied_from_id is None:
        return ""
    try:
        original = studio.library.get_character(character.copied_from_id)
    except NotFound:
        return ""
    link = f"[{in_markdown(original.name)}](?character={original.id})"
    project = in_markdown(studio.library.get_project(original.project_id).name)
    return say("Copied from {name} of {project}", name=link, project=project)
