"""The Library tab: the gallery of the saved characters, and beside it the page of the one who was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from errors import NotFound
from library_store.records import Story
from studio import Castbook, Studio
from ui.handlers import PRIVATE, QUICK, for_visitor, on, unchanged
from ui.language import say, t
from ui.library.character_page import (
    CharacterPage,
    bind_character_page,
    build_character_page,
    open_character,
    show_character,
    show_nobody,
)
from ui.library.character_upkeep import refreshed_edit
from ui.library.exporting import ExportForm, bind_export_form, build_export_form
from ui.library.gallery import (
    Gallery,
    bind_face_search,
    bind_gallery,
    build_gallery,
    open_gallery,
    picked,
    refreshed,
    relist,
)
from ui.place import Place, bind_move, new_revision
from ui.story.desk import Desk, show_scene
from ui.story.inspector import FOCUS_SCENE
from ui.undo import Undo
from ui.words import in_markdown

STORY, LIBRARY = "story", "library"  # ids of the page's two views
SHOW_PAGE = "() => window.castbook?.showPart('#character-page')"
SHOW_PEOPLE = "() => window.castbook?.showPart('#people')"


@dataclass(frozen=True)
class LibraryTab:
    title: gr.Markdown  # whose library it is
    gallery: Gallery
    page: CharacterPage
    back: gr.Button  # from the page to the gallery, on phones, where one is below the other
    export_form: ExportForm


def build_library_tab(castbook: Castbook) -> LibraryTab:
    with gr.Row(elem_id="library"):
        with gr.Column(scale=5, min_width=320, elem_id="people"):
            title = gr.Markdown(elem_id="people-title")
            gallery = build_gallery("people", with_trash=True)
            export_form = build_export_form()
        with gr.Column(scale=6, min_width=320, elem_id="person"):
            back = gr.Button(t("Back to everyone"), size="sm", elem_id="back-to-people", elem_classes="only-phone")
            page = build_character_page(castbook)
    return LibraryTab(title, gallery, page, back, export_form)


def bind_library_tab(
    castbook: Castbook, library: LibraryTab, place: Place, tab: gr.Tab, views: gr.Tabs, desk: Desk, undo: Undo
) -> None:
    """`tab` is the one the library is in, `views` are all of them (STORY and LIBRARY)."""
    gallery, page = library.gallery, library.page
    bind_gallery(castbook, gallery, place)
    relisting = partial(relist, castbook, gallery, place)
    bind_character_page(castbook, page, place, undo, relisting)
    bind_export_form(castbook, library.export_form, place, page.character, relisting)
    bind_face_search(castbook, gallery, place, page.alike, page.viewer.viewed).success(None, js=SHOW_PEOPLE)
    library.back.click(None, js=SHOW_PEOPLE)
    _bind_opening(castbook, library, place, tab, views, undo)
    _bind_leaving(castbook, library, place, views, desk)


def _bind_opening(
    castbook: Castbook, library: LibraryTab, place: Place, tab: gr.Tab, views: gr.Tabs, undo: Undo
) -> None:
    gallery, page, edit = library.gallery, library.page, library.page.upkeep.edit

    @for_visitor(castbook)
    def choose(studio: Studio, shown: list[str], event: gr.SelectData) -> Any:
        character_id = picked(shown, event)
        return open_character(studio, page, character_id) if character_id else _as_they_are(page.opening)

    @for_visitor(castbook)
    def linked(studio: Studio, character_id: str) -> tuple[Any, ...]:
        """The link's own project is the place already."""
        if not character_id:
            return unchanged(), *_as_they_are(page.opening)
        return gr.Tabs(selected=LIBRARY), *open_character(studio, page, character_id)

    @for_visitor(castbook)
    def entered(
        studio: Studio, project_id: str, character_id: str, viewed: str, offset: int | None, *query: Any
    ) -> tuple[Any, ...]:
        """What happened in the stories since shows itself; the filters stay, and what is half written."""
        people = refreshed(studio, gallery, project_id, offset, *query)
        if not character_id:
            return _title(studio, project_id), *people, *_as_they_are(page.outputs)
        try:
            return _title(studio, project_id), *people, *show_character(studio, character_id, viewed)
        except NotFound:  # deleted in another tab
            return _title(studio, project_id), *people, *show_nobody()

    @for_visitor(castbook)
    def moved(studio: Studio, project_id: str, character_id: str) -> tuple[Any, ...]:
        """Another project has other people."""
        people = open_gallery(studio, project_id)
        stays = not character_id or studio.library.get_character(character_id).project_id == project_id
        return _title(studio, project_id), *people, *(_as_they_are(page.outputs) if stays else show_nobody())

    @for_visitor(castbook)
    def refresh(studio: Studio, character_id: str, *form: Any) -> Any:
        if not character_id:
            return _as_they_are(edit.inputs)
        try:
            return refreshed_edit(studio, edit, studio.library.get_character(character_id), *form)
        except NotFound:  # deleted in another tab
            return _as_they_are(edit.inputs)

    gallery.pictures.select(choose, gallery.shown, page.opening, **QUICK).success(None, js=SHOW_PAGE)
    place.open_character.change(linked, place.open_character, [views, *page.opening], **QUICK)
    looked_at = [page.character, page.viewer.viewed]
    on(
        [tab.select, undo.undone.change],
        entered, [place.project, *looked_at, gallery.offset, *gallery.query],
        [library.title, gallery.tags, *gallery.outputs, *page.outputs], **QUICK,
    )  # fmt: skip
    tab.select(refresh, [page.character, *edit.inputs], edit.inputs, **QUICK)
    place.project.change(
        moved, [place.project, page.character],
        [library.title, *gallery.query, *gallery.outputs, *page.outputs], **QUICK,
    )  # fmt: skip


def _bind_leaving(castbook: Castbook, library: LibraryTab, place: Place, views: gr.Tabs, desk: Desk) -> None:
    """What leads back to a story."""
    page = library.page

    @for_visitor(castbook)
    def generate(studio: Studio, story_id: str, image_id: str, *words: Any) -> tuple[Any, ...]:
        return gr.Tabs(selected=STORY), *show_scene(studio, desk, story_id, image_id, words)

    @for_visitor(castbook)
    def load(studio: Studio, story_id: str, image_id: str) -> tuple[Any, ...]:
        member = studio.library.link_image(story_id, image_id)
        gr.Info(say("{name} is in this story now.", name=escape(member.character.name)), title=say("Loaded"))
        return gr.Tabs(selected=STORY), new_revision(image_id)

    def used_in(studio: Studio, index: int, story_ids: list[str]) -> Story:
        return studio.library.get_story(story_ids[index])

    viewed = [place.story, page.viewer.viewed]
    to_scene = page.generate.click(generate, [*viewed, *desk.scene.words], [views, *desk.scene_outputs], **QUICK)
    to_scene.success(None, js=FOCUS_SCENE)
    page.load.click(load, viewed, [views, place.revision], **PRIVATE)
    bind_move(
        castbook, place, [page.stories.click], used_in, [page.stories, page.story_ids],
        [views], lambda *_: [gr.Tabs(selected=STORY)],
    )  # fmt: skip


def _title(studio: Studio, project_id: str) -> str:
    return f"## {in_markdown(studio.library.get_project(project_id).name)}"


def _as_they_are(outputs: list[Any]) -> list[Any]:
    return [unchanged() for _ in outputs]
