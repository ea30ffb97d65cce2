"""The whole page, put together from its parts, and how it is served."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from studio import Castbook, Studio
from ui.chosen_language import ChosenLanguage
from ui.door import Door
from ui.endpoints import build_endpoints
from ui.foreign_sites import guards
from ui.handlers import (
    AT_ONCE,
    MOST_CALLS,
    MOST_TABS,
    PRIVATE,
    QUICK,
    THREADS,
    draw_without_progress,
    for_visitor,
    unchanged,
)
from ui.language import i18n, say, t
from ui.library.popup import LibraryPopup, build_library_popup
from ui.library.tab import LIBRARY, STORY, bind_library_tab, build_library_tab
from ui.lightbox.lightbox import bind_look, build_lightbox
from ui.likeness.tab import LIKENESS, bind_retention_tab, build_retention_tab
from ui.moving import moving_routes
from ui.place import Place, build_stories_bar, new_revision, reopen
from ui.status import build_status, build_vocabulary, follow_models
from ui.steady import make_steady
from ui.story.cast import FOCUS_SCENE, build_cast
from ui.story.desk import NEW, PAGES, SCENE, UPLOAD, Desk, build_turned_to
from ui.story.episode_form import bind_episode_form, build_episode_form
from ui.story.first_minutes import bind_first_minutes, build_first_minutes
from ui.story.manage import build_manage
from ui.story.new_character import bind_new_character, build_new_character
from ui.story.people_apart import build_people_apart
from ui.story.request_field import bind_request_field, build_request_field
from ui.story.run_area import bind_return, build_run_area
from ui.story.save_form import bind_save_form, build_save_form
from ui.story.scene import SceneForm, bind_scene, build_scene, show_reference
from ui.story.story_context import build_context_keeper
from ui.story.upload_form import bind_upload_form, build_upload_form
from ui.theme import css, head, theme
from ui.undo import build_undo
from ui.yours import build_yours

THIS_MACHINE = ("127.0.0.1",)
FOCUS_NEW = "() => window.castbook?.showDesk('#new-name')"


def build_page(castbook: Castbook) -> gr.Blocks:
    """The store's pictures, exports and nothing beside them are served.

    As they lie, that is: Gradio would copy them. What it keeps itself, uploads and previews, goes within the hour.
    """
    gr.set_static_paths([castbook.store.pictures_folder, castbook.exports.path])
    with gr.Blocks(title="Castbook", analytics_enabled=False, delete_cache=(600, 3000)) as demo:
        with gr.Row(elem_id="masthead"):
            gr.Markdown("# Castbook", elem_id="wordmark")
            status = build_status(castbook)
            other_language = gr.Button(t("한국어"), size="sm", elem_id="other-language", scale=0, min_width=90)
        undo_line = gr.Column(elem_id="undo-line")
        with gr.Tabs(selected=STORY, elem_id="views") as views:
            with gr.Tab(t("Story"), id=STORY):
                with gr.Column(elem_id="place"):
                    place = build_stories_bar(castbook)
                    build_context_keeper(castbook, place)
                    with undo_line:  # which every view shows
                        undo = build_undo(castbook, place)
                    build_manage(castbook, place, undo)
                with gr.Row(elem_id="studio"):
                    with gr.Column(scale=8, min_width=320, elem_id="cast"):
                        create, generate, load = _build_toolbar()
                        first = build_first_minutes(castbook)
                        cards = gr.Column()
                    with gr.Column(scale=5, min_width=320, elem_id="desk"):
                        save_form = build_save_form(castbook)
                        with gr.Tabs(selected=NEW) as tabs:
                            with gr.Tab(t("New character"), id=NEW):
                                new = build_new_character(castbook)
                            with gr.Tab(t("My picture"), id=UPLOAD):
                                upload = build_upload_form(castbook, place)
                            with gr.Tab(t("My pages"), id=PAGES):
                                episode = build_episode_form(castbook)
                            with gr.Tab(t("New scene"), id=SCENE):
                                scene = build_scene(castbook)
                        area = build_run_area(castbook)
                        build_people_apart(castbook, place, area.made_for, undo)
                        build_vocabulary(castbook, demo)
                        request_field = build_request_field()
            with gr.Tab(t("Library"), id=LIBRARY) as library_view:
                library = build_library_tab(castbook)
            with gr.Tab(t("Help"), id=LIKENESS) as likeness_view:
                retention = build_retention_tab()
            with gr.Tab(t("Yours"), id="yours") as yours:
                build_yours(castbook, yours)
        lightbox = build_lightbox(castbook)
        popup = build_library_popup(castbook, place, [generate, scene.choose, scene.change], load)

        other_language.click(None, js="() => window.castbook.changeLanguage()", **PRIVATE)
        create.click(lambda: gr.Tabs(selected=NEW), None, tabs, **QUICK).success(None, js=FOCUS_NEW)

        desk = Desk(tabs, new, scene, save_form, build_turned_to())
        with cards:
            build_cast(castbook, place, desk, undo)
        bind_library_tab(castbook, library, place, library_view, views, desk, undo)
        bind_look(castbook, lightbox, library.page.look, library.page.images, library.page.viewer.viewed)
        bind_retention_tab(castbook, retention, place, likeness_view)
        bind_request_field(castbook, request_field, place, desk)
        model_buttons = [new.create, scene.generate, *first.examples]
        bind_save_form(castbook, save_form, place)
        bind_new_character(castbook, new, place, area, model_buttons)
        bind_upload_form(castbook, upload, place, area)
        bind_episode_form(castbook, episode, place)
        bind_first_minutes(castbook, first, place, new, tabs)
        bind_scene(castbook, scene, place, area, model_buttons)
        _bind_choice(castbook, popup, place, scene, tabs)
        follow_models(castbook, demo, status, [*model_buttons, upload.add, episode.look])
        bind_return(castbook, area, place, model_buttons, reopen(castbook, place, demo))
        build_endpoints(castbook)
    draw_without_progress(demo)
    demo.queue(max_size=MOST_CALLS, default_concurrency_limit=AT_ONCE)
    make_steady(demo)
    return demo


def launch_options(
    castbook: Castbook, mcp: bool = False, hosts: Sequence[str] = THIS_MACHINE, frames: Sequence[str] = ()
) -> dict[str, Any]:
    """What `launch` needs beside host and port. Pages are rendered in the browser, and no history of runs is kept.

    With `mcp` the endpoints are tools of a Model Context Protocol server as well, at /gradio_api/mcp/.
    `hosts` and `frames` as in `foreign_sites.guards`.
    """
    return {
        "theme": theme(),
        "css": css(),
        "head": head(),
        "footer_links": ["api"],
        "run_history": False,
        "max_threads": THREADS,
        "state_session_capacity": MOST_TABS,
        "show_error": True,
        "ssr_mode": False,
        "max_file_size": "2gb",  # an exported library; pictures are held to less where they are read
        "mcp_server": mcp,
        "i18n": i18n(),
        "app_kwargs": {
            "routes": moving_routes(castbook),
            "middleware": [
                *guards(hosts, frames),
                Middleware(GZipMiddleware, compresslevel=5),
                Middleware(Door, castbook=castbook),
                Middleware(ChosenLanguage),
            ],
        },
    }


def _build_toolbar() -> tuple[gr.Button, gr.Button, gr.Button]:
    with gr.Row(elem_id="toolbar"):
        gr.Markdown(t("## Cast"), elem_id="cast-title")
        create = gr.Button(t("New character"), size="md", elem_id="new-character", scale=0, min_width=130)
        load = gr.Button(t("Load Character"), size="md", elem_id="load-character", scale=0, min_width=150)
        generate = gr.Button(
            t("Generate with Reference"), size="md", elem_id="generate-with-reference", scale=0, min_width=200
        )
    return create, generate, load


def _bind_choice(castbook: Castbook, popup: LibraryPopup, place: Place, scene: SceneForm, tabs: gr.Tabs) -> None:
    """What the popup's own button does: turn the desk to the person, or link the picture into the story."""

    @for_visitor(castbook)
    def use(studio: Studio, purpose: str, image_id: str | None, story_id: str, *words: Any) -> tuple[Any, ...]:
        as_it_is = [unchanged() for _ in scene.outputs]
        if image_id is None:
            return popup.close(), unchanged(), unchanged(), *as_it_is
        if purpose == "generate":
            shown = show_reference(studio, scene, story_id, image_id, words)
            return popup.close(), unchanged(), gr.Tabs(selected=SCENE), *shown
        member = studio.library.link_image(story_id, image_id)
        gr.Info(say("{name} is in this story now.", name=escape(member.character.name)), title=say("Loaded"))
        return popup.close(), new_revision(), unchanged(), *as_it_is

    used = popup.use.click(
        use,
        [popup.intent, popup.picked, place.story, *scene.words],
        [popup.box, place.revision, tabs, *scene.outputs],
        **PRIVATE,
    )
    used.success(None, popup.intent, js=f"(intent) => {{ if (intent === 'generate') ({FOCUS_SCENE})() }}")
