"""Rename, move to trash and restore: the calm corner of the stories bar, closed until it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import gradio as gr

from library_store.library import CharacterLibrary
from library_store.records import Story
from studio import Castbook, Studio
from ui.handlers import PRIVATE, for_visitor, on
from ui.language import say, t
from ui.place import Place, bind_move, show_place
from ui.story.sharing import build_sharing
from ui.told_apart import project_choices, story_choices
from ui.undo import DEEDS, Undo, offer
from ui.words import in_markdown

Kind = Literal["project", "story"]
COPY_LINK = "(id) => window.castbook.copyLink('story', id)"
NOTHING_IN_TRASH = "The trash is empty. What you move there waits here until you restore it."


def build_manage(castbook: Castbook, place: Place, undo: Undo) -> None:
    with gr.Accordion(t("Manage"), open=False, elem_id="manage", elem_classes="chip") as box:
        with gr.Row(elem_classes="manage-line"):
            place.title.render()
            rename_story = gr.Button(t("Rename"), size="sm", elem_id="rename-story-go", scale=0, min_width=90)
            copy = gr.Button(t("Copy link"), size="sm", elem_id="copy-story-link", scale=0, min_width=100)
            trash_story = gr.Button(t("Move to trash"), size="sm", elem_id="trash-story", scale=0, min_width=120)
        with gr.Row(elem_classes="manage-line"):
            place.name.render()
            rename_project = gr.Button(t("Rename"), size="sm", elem_id="rename-project-go", scale=0, min_width=90)
            trash_project = gr.Button(t("Move to trash"), size="sm", elem_id="trash-project", scale=0, min_width=120)
        if castbook.entrance.access != "single":
            build_sharing(castbook, place, box)
        _build_trash(castbook, place, box)
    _bind_rename(castbook, place, rename_story, place.title, CharacterLibrary.update_story, place.story)
    _bind_rename(castbook, place, rename_project, place.name, CharacterLibrary.rename_project, place.project)
    _bind_trash(castbook, place, trash_story, "story", undo)
    _bind_trash(castbook, place, trash_project, "project", undo)
    copied = copy.click(None, place.story, None, js=COPY_LINK)
    copied.success(lambda: gr.Info(say("The link to this story is copied.")), None, None, **PRIVATE)


def _bind_rename(
    castbook: Castbook,
    place: Place,
    button: gr.Button,
    name: gr.Textbox,
    rename: Callable[[CharacterLibrary, str, str], Any],
    chosen: gr.Dropdown,
) -> None:
    @for_visitor(castbook)
    def renamed(studio: Studio, id: str, given: str, story_id: str) -> tuple[Any, ...]:
        rename(studio.library, id, given)
        return show_place(studio, studio.library.get_story(story_id))[:2]

    inputs = [chosen, name, place.remembered]
    on([button.click, name.submit], renamed, inputs, [place.project, place.story], **PRIVATE)


def _bind_trash(castbook: Castbook, place: Place, button: gr.Button, kind: Kind, undo: Undo) -> None:
    def trash(studio: Studio, id: str) -> Story:
        if kind == "project":
            studio.library.trash_project(id)
            return studio.library.ensure_a_story()
        return studio.library.ensure_a_story(studio.library.trash_story(id).project_id)

    def gone(studio: Studio, id: str) -> tuple[Any, ...]:
        return offer(_gone(studio, kind, id), kind, id)

    chosen = place.project if kind == "project" else place.story
    bind_move(castbook, place, [button.click], trash, [chosen], undo.outputs, gone)


def _build_trash(castbook: Castbook, place: Place, box: gr.Accordion) -> None:
    """What waits to be restored: this project's stories, and projects."""

    @gr.render(
        inputs=[place.project], triggers=[box.expand, place.revision.change], show_progress="hidden", queue=False
    )
    @for_visitor(castbook)
    def trash(studio: Studio, project_id: str | None) -> None:
        stories = studio.library.list_stories(project_id, trashed=True) if project_id else []
        projects = studio.library.list_projects(trashed=True)
        if not stories and not projects:
            gr.Markdown(say(NOTHING_IN_TRASH), elem_id="trash-empty", elem_classes="fine-print")
        for title, id in story_choices(studio, stories):
            _line(castbook, place, "story", id, say("Story: {title}", title=in_markdown(title)))
        for name, id in project_choices(studio, projects):
            _line(castbook, place, "project", id, say("Project: {name}", name=in_markdown(name)))


def _line(castbook: Castbook, place: Place, kind: Kind, id: str, text: str) -> None:
    with gr.Row(elem_classes="trash-line"):
        gr.Markdown(text)
        restore = gr.Button(say("Restore"), size="sm", scale=0, min_width=90, elem_classes="do-restore")

    def restore_it(studio: Studio) -> Story:
        return DEEDS[kind](studio, id) or studio.library.ensure_a_story()

    bind_move(castbook, place, [restore.click], restore_it, [])


def _gone(studio: Studio, kind: Kind, id: str) -> str:
    if kind == "project":
        name = in_markdown(studio.library.get_project(id).name)
        return say("The project “{name}” is in the trash, with all its stories.", name=name)
    title = in_markdown(studio.library.get_story(id).title)
    return say("The story “{title}” is in the trash.", title=title)
