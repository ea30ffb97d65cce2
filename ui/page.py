"""The whole page, put together from its parts, and how it is served."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from studio import Castbook, Studio
from ui.dialog import build_dialog
from ui.door import Door
from ui.endpoints import build_endpoints
from ui.find import build_find, build_find_dialog
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
from ui.invitations import invitation_routes
from ui.keys import build_help
from ui.language import i18n, say, t
from ui.library.popup import LibraryPopup, build_library_popup
from ui.library.tab import LIBRARY, STORY, bind_library_tab, build_library_tab
from ui.lightbox.lightbox import bind_look, build_lightbox
from ui.likeness.tab import LIKENESS, bind_retention_tab, build_retention_tab
from ui.moving import moving_routes
from ui.outgoing import Compressed, LeanPage
from ui.own_files import own_files
from ui.place import Place, build_stories_bar, new_revision, reopen
from ui.request_log import RequestLog, Routed
from ui.sign_in import WaysToSignIn, sign_in_routes
from ui.signed_out import build_signed_out
from ui.status import build_status, follow_models
from ui.steady import make_steady
from ui.story.cast import Cast, bind_cast, build_chosen, build_stream_head
from ui.story.desk import NEW, SCENE, Desk, build_turned_to, show_new, show_scene
from ui.story.episode_form import bind_episode_form, build_episode_form
from ui.story.first_minutes import bind_first_minutes, build_first_minutes
from ui.story.inspector import FOCUS_SCENE, build_inspector
from ui.story.manage import build_manage
from ui.story.new_character import bind_new_character, build_new_character
from ui.story.people_apart import build_people_apart
from ui.story.request_field import bind_request_field, build_request_field
from ui.story.run_area import bind_return, build_run_area
from ui.story.save_form import bind_save_form, build_save_form
from ui.story.scene import bind_scene, build_scene
from ui.story.story_context import build_context_keeper
from ui.story.stream import build_rail, build_stream
from ui.story.upload_form import bind_upload_form, build_upload_form
from ui.story.words_help import fill_popovers, word_pictures
from ui.theme import css, head, theme
from ui.undo import build_undo
from ui.yours import build_yours

THIS_MACHINE = ("127.0.0.1",)
FOCUS_NEW = "() => window.castbook?.showDesk('#new-name')"
FOCUS_COMPOSER = "() => window.castbook?.focusComposer()"
OPEN_ADD = "() => window.castbook?.openDialog('#add-dialog')"
OPEN_HELP = "() => window.castbook?.openDialog('#help-dialog')"
UPLOAD, PAGES = "upload", "pages"  # ids of the ways to add somebody


def build_page(castbook: Castbook) -> gr.Blocks:
    """The store's pictures, exports and nothing beside them are served.

    As they lie, that is: Gradio would copy them. What it keeps itself, uploads and previews, goes within the hour.
    """
    gr.set_static_paths([castbook.store.pictures_folder, castbook.exports.path])
    with gr.Blocks(title="Castbook", fill_width=True, analytics_enabled=False, delete_cache=(600, 3000)) as demo:
        skip = gr.Button(t("To what is drawn next"), elem_id="skip", size="md")
        undo_line = gr.Column(elem_id="undo-line")
        with gr.Row(elem_id="masthead"):
            gr.Markdown("# Castbook", elem_id="wordmark")
            with gr.Column(elem_id="place"):
                place = build_stories_bar(castbook)
                build_context_keeper(castbook, place)
                with undo_line:  # which every view shows
                    undo = build_undo(castbook, place)
                build_manage(castbook, place, undo)
        with gr.Tabs(selected=STORY, elem_id="views") as views:
            with gr.Tab(t("Story"), id=STORY), gr.Row(elem_id="studio"):
                with gr.Column(elem_id="rail"):
                    rail = build_rail()
                    with gr.Accordion(t("Add"), open=False, elem_id="add", elem_classes="chip"):
                        create = _build_way("In words", "new-character")
                        draw = _build_way("From a picture of mine", "add-picture")
                        pages = _build_way("From finished pages", "add-pages")
                        bring = _build_way("From the library", "add-from-library")
                        remade = _build_way("From the request in a picture", "add-from-request")
                with gr.Column(elem_id="cast"):
                    with gr.Row(elem_id="toolbar"):
                        title, empty = build_stream_head()
                        load = gr.Button(t("Load Character"), size="sm", elem_id="load-character", scale=0)
                        generate = gr.Button(
                            t("Generate with Reference"), size="sm", elem_id="generate-with-reference", scale=0
                        )
                    first = build_first_minutes(castbook)
                    area = build_run_area(castbook)
                    build_people_apart(castbook, place, area.made_for, undo)
                    empty.render()
                    stream = build_stream()
                with gr.Column(elem_id="inspector"):
                    close = gr.Button(t("Close"), size="sm", elem_id="inspector-close")
                    inspector = build_inspector()
                    save_form = build_save_form(castbook)
                with gr.Column(elem_id="composer"):
                    place.whose.render()
                    with gr.Tabs(selected=NEW, elem_id="composer-forms") as tabs:
                        with gr.Tab(t("New character"), id=NEW):
                            new = build_new_character(castbook)
                        with gr.Tab(t("New scene"), id=SCENE):
                            scene = build_scene(castbook)
                        fill_popovers(castbook, new.help, scene.help)
                    request_field = build_request_field()
            with gr.Tab(t("Library"), id=LIBRARY) as library_view:
                library = build_library_tab(castbook)
            with gr.Tab(t("Help"), id=LIKENESS) as likeness_view:
                retention = build_retention_tab()
            with gr.Tab(t("Yours"), id="yours") as yours:
                build_yours(castbook, yours)
        lightbox = build_lightbox(castbook)
        with gr.Row(elem_id="bar-end"):
            find = build_find()
            status = build_status(castbook)
            other_language = gr.Button(t("한국어"), size="sm", elem_id="other-language", scale=0, min_width=0)
            ask = gr.Button(t("Keys and words"), size="sm", elem_id="help", scale=0, min_width=0)
        with build_dialog("add-dialog", t("Add somebody")), gr.Tabs(selected=UPLOAD) as ways:
            with gr.Tab(t("My picture"), id=UPLOAD):
                upload = build_upload_form(castbook, place)
            with gr.Tab(t("My pages"), id=PAGES):
                episode = build_episode_form(castbook)
        build_help(castbook, demo)
        build_signed_out(castbook)
        build_find_dialog(castbook, find, place)
        choosers = [generate, new.who, scene.choose, scene.change]
        popup = build_library_popup(castbook, place, choosers, [load, bring])

        skip.click(None, js=FOCUS_COMPOSER, **PRIVATE)
        close.click(None, js="() => window.castbook?.tiles.openSheet(false)", **PRIVATE)
        ask.click(None, js=OPEN_HELP, **PRIVATE)
        remade.click(None, js="() => document.querySelector('#read-request input[type=file]')?.click()", **PRIVATE)
        other_language.click(None, js="() => window.castbook.changeLanguage()", **PRIVATE)
        desk = Desk(tabs, new, scene, save_form, build_turned_to())
        for button in (create, scene.leave):
            turned = button.click(lambda: show_new(desk), None, desk.scene_outputs, **QUICK)
            turned.success(None, js=FOCUS_NEW)
        for button, way in ((draw, UPLOAD), (pages, PAGES)):
            turned = button.click(partial(gr.Tabs, selected=way), None, ways, **QUICK)
            turned.success(None, js=OPEN_ADD)

        bind_cast(castbook, Cast(rail, title, empty, stream, inspector, build_chosen()), place, desk, undo)
        bind_library_tab(castbook, library, place, library_view, views, desk, undo)
        bind_look(castbook, lightbox, library.page.look, library.page.images, library.page.viewer.viewed)
        bind_retention_tab(castbook, retention, place, likeness_view)
        bind_request_field(castbook, request_field, place, desk)
        model_buttons = [new.create, scene.generate, *first.examples]
        bind_save_form(castbook, save_form, place)
        bind_new_character(castbook, new, place, area, model_buttons)
        bind_upload_form(castbook, upload, place)
        bind_episode_form(castbook, episode, place)
        bind_first_minutes(castbook, first, place, new, tabs)
        bind_scene(castbook, scene, place, area, model_buttons)
        place.project.change(partial(gr.Tabs, selected=NEW), None, tabs, **QUICK)
        _bind_choice(castbook, popup, place, desk)
        follow_models(castbook, demo, status, [*model_buttons, upload.add, episode.look])
        bind_return(castbook, area, place, model_buttons, reopen(castbook, place, demo))
        build_endpoints(castbook)
    draw_without_progress(demo)
    demo.queue(max_size=MOST_CALLS, default_concurrency_limit=AT_ONCE)
    make_steady(demo)
    return demo


def launch_options(
    castbook: Castbook,
    mcp: bool = False,
    hosts: Sequence[str] = THIS_MACHINE,
    frames: Sequence[str] = (),
    ways: WaysToSignIn | None = None,
) -> dict[str, Any]:
    """What `launch` needs beside host and port. Pages are rendered in the browser, and no history of runs is kept.

    With `mcp` the endpoints are tools of a Model Context Protocol server as well, at `endpoints.tools.PATH`.
    `hosts` and `frames` as in `foreign_sites.guards`. `ways` where whose is what goes by accounts.
    """
    served: dict[str, Any] = {
        "routes": [
            *moving_routes(castbook),
            *invitation_routes(castbook),
            *word_pictures(castbook.pack),
            own_files(),
        ]
    }
    if ways:
        served["routes"] += sign_in_routes(castbook, ways)
    if mcp:
        from ui.endpoints.tools import tool_server  # half a second, for those who want it

        routes, served["lifespan"] = tool_server(castbook)
        served["routes"] += routes
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
        "mcp_server": False,  # Gradio's own knows no door, whatever its environment variable says
        "i18n": i18n(),
        "app_kwargs": {
            **served,
            "middleware": [
                Middleware(RequestLog),
                *guards(hosts, frames),
                Middleware(Compressed),
                Middleware(Door, castbook=castbook),
                Middleware(LeanPage),
                Middleware(Routed),
            ],
        },
    }


def _build_way(text: str, elem_id: str) -> gr.Button:
    return gr.Button(t(text), size="sm", elem_id=elem_id, elem_classes="way")


def _bind_choice(castbook: Castbook, popup: LibraryPopup, place: Place, desk: Desk) -> None:
    """What the popup's own button does: turn the composer to the person, or link the picture into the story."""

    @for_visitor(castbook)
    def use(studio: Studio, purpose: str, image_id: str | None, story_id: str, *words: Any) -> tuple[Any, ...]:
        as_it_is = [unchanged() for _ in desk.scene_outputs]
        if image_id is None:
            return popup.close(), unchanged(), *as_it_is
        if purpose == "generate":
            return popup.close(), unchanged(), *show_scene(studio, desk, story_id, image_id, words)
        member = studio.library.link_image(story_id, image_id)
        gr.Info(say("{name} is in this story now.", name=escape(member.character.name)), title=say("Loaded"))
        return popup.close(), new_revision(image_id), *as_it_is

    used = popup.use.click(
        use,
        [popup.intent, popup.picked, place.story, *desk.scene.words],
        [popup.box, place.revision, *desk.scene_outputs],
        **PRIVATE,
    )
    used.success(None, popup.intent, js=f"(intent) => {{ if (intent === 'generate') ({FOCUS_SCENE})() }}")
