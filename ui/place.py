"""The bar on top: which project, which story, and the context that every prompt of the story gets."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, cast

import gradio as gr

from errors import NotFound
from library_store.records import Story
from studio import Castbook, Studio
from ui.handlers import PRIVATE, QUICK, before_anybody, for_visitor, on
from ui.language import said, say, t
from ui.remembered import build_remembered, read_remembered
from ui.told_apart import named_owner, project_choices, story_choices
from ui.unseen import UNSEEN
from ui.words import in_markdown

STORY = "castbook-story"
SHOW_WHAT_ONE_MAY = "(may) => window.castbook?.showWhatOneMay(may)"
MARK_CONTEXT = "(context, shown) => window.castbook?.markContext(context, shown)"
# A reload shall come back to where the creator went since, not to where a link once led.
FORGET_LINK = "() => window.castbook?.forgetLink()"


@dataclass(frozen=True)
class Place:
    """Where the creator is. A `new_revision()` makes the cast show itself anew."""

    asked: gr.Column  # what is asked now and then, one below the other over the page
    project: gr.Dropdown
    story: gr.Dropdown
    context: gr.Textbox
    context_field: gr.Column  # in which it stands
    shown_context: gr.Textbox  # as it was last read from the library or kept there; hidden
    revision: gr.State
    remembered: gr.Textbox  # the id of the story shown, so that a reload comes back to it; set with its context; hidden
    # To rename them (story/manage.py). They change with the place alone: no later answer writes over what one types.
    title: gr.Textbox
    name: gr.Textbox
    whose: gr.Markdown  # of somebody else's project: whose, and what one may do in it
    may: gr.Textbox  # "own", "edit" or "view"; hidden: the page shows what of it one may do (sharing.js)
    open_character: gr.Textbox  # the id that a ?character= link asks for; hidden: its change opens the character

    @property
    def outputs(self) -> list[Any]:
        return [
            self.project, self.story, self.context, self.shown_context, self.revision, self.remembered,
            self.title, self.name, self.whose, self.may,
        ]  # fmt: skip

    @property
    def written_context(self) -> list[Any]:
        """What `keep_context` takes. The dropdown may already say another story than the one whose context this is."""
        return [self.remembered, self.context, self.shown_context]


def build_stories_bar(castbook: Castbook) -> Place:
    studio = before_anybody(castbook)
    story = studio.library.ensure_a_story() if studio else Story("", "", "", "")
    projects, stories = _choices(studio, story) if studio else ([], [])
    with gr.Row(elem_id="stories-bar"):
        with gr.Row(elem_classes="chooser"):
            project = gr.Dropdown(
                projects,
                value=story.project_id or None,
                label=t("Project"),
                elem_id="project",
                min_width=120,
                interactive=True,
            )
            new_project = gr.Button(t("New project"), size="sm", elem_id="new-project", min_width=96, scale=0)
        with gr.Row(elem_classes="chooser"):
            chosen = gr.Dropdown(
                stories, value=story.id or None, label=t("Story"), elem_id="story", min_width=120, interactive=True
            )
            new_story = gr.Button(t("New story"), size="sm", elem_id="new-story", min_width=96, scale=0)
        with gr.Column(elem_id="context-room"), gr.Column(elem_id="context-field") as context_field:
            context = gr.Textbox(
                value=story.context,
                label=t("Story context"),
                placeholder=t("Premise and style, e.g. rainy day, city at night. Every prompt of this story gets it."),
                elem_id="context",
                elem_classes="context",
                lines=1,
                max_lines=4,
            )
            gr.Markdown(t("Saved"), elem_id="context-saved", elem_classes="context-sign")
            gr.Markdown(t("Not saved yet"), elem_id="context-unsaved", elem_classes="context-sign")
    place = Place(
        asked=gr.Column(elem_id="asked"),
        project=project,
        story=chosen,
        context=context,
        context_field=context_field,
        shown_context=gr.Textbox(story.context, elem_classes=UNSEEN),
        revision=gr.State(""),
        remembered=build_remembered(STORY),
        title=_build_rename("Story title", "rename-story-name"),
        name=_build_rename("Project name", "rename-project-name"),
        whose=gr.Markdown(elem_id="whose", render=False),
        may=gr.Textbox("own", elem_classes=UNSEEN),
        open_character=gr.Textbox("", elem_id="open-character", elem_classes=UNSEEN),
    )
    with place.asked:
        _build_naming(castbook, place, new_project, new_story)
    bind_move(castbook, place, [project.input], _first_story, [project])
    bind_move(castbook, place, [chosen.input], _story, [chosen])
    place.may.change(None, place.may, None, js=SHOW_WHAT_ONE_MAY)
    shown = [place.context, place.shown_context]
    on([place.context.change, place.shown_context.change], None, shown, None, js=MARK_CONTEXT)
    return place


def new_revision(look_at: str = "") -> str:
    """Unlike any before. Counted up, two handlers at work at once would agree on one number, and one go unseen.

    `look_at`: id of the picture that is to be looked at from then on. As an output of its own it might come too late:
    what listens to the revision is called before the others are set.
    """
    return f"{secrets.token_hex(8)} {look_at}"


def looked_at(revision: str) -> str:
    """The id that `new_revision` was given."""
    return revision.partition(" ")[2]


def show_place(studio: Studio, story: Story) -> tuple[Any, ...]:
    """Values for `Place.outputs`."""
    projects, stories = _choices(studio, story)
    return (
        gr.Dropdown(choices=projects, value=story.project_id),
        gr.Dropdown(choices=stories, value=story.id),
        story.context,
        story.context,
        new_revision(),
        story.id,
        story.title,
        studio.library.get_project(story.project_id).name,
        *_show_whose(studio, story.project_id),
    )


def _show_whose(studio: Studio, project_id: str) -> tuple[str, str]:
    shared = studio.library.guests.shared().get(project_id)
    if shared is None:
        return "", "own"
    name = in_markdown(named_owner(shared))
    if shared.may == "edit":
        return say("This project is by {name}, who lets you work in it.", name=name), shared.may
    looks = "This project is by {name}, who lets you look at it. To draw with somebody, copy them into one of your own."
    return say(looks, name=name), shared.may


def keep_context(studio: Studio, story_id: str, context: str, shown: str) -> None:
    """Raises ContextChanged where another tab changed what this one wrote over."""
    if context != shown:
        studio.library.update_story(story_id, context=context, instead_of=shown)


def bind_move(
    castbook: Castbook,
    place: Place,
    events: Sequence[Callable[..., Any]],
    go: Callable[..., Story],
    inputs: Sequence[Any],
    outputs: Sequence[Any] = (),
    values: Callable[..., Sequence[Any]] = lambda *_: (),
) -> None:
    """Makes the events lead to the story that `go(studio, *inputs)` gives; `outputs` get `values(studio, *inputs)`.

    A context that is not kept yet is kept first. Where that, or the move, is refused, the page stays where it was.
    """

    @for_visitor(castbook)
    def move(studio: Studio, story_id: str, context: str, shown: str, *given: Any) -> tuple[Any, ...]:
        keep_context(studio, story_id, context, shown)
        return *show_place(studio, go(studio, *given)), *values(studio, *given)

    @for_visitor(castbook)
    def stay(studio: Studio, story_id: str) -> tuple[Any, ...]:
        return show_place(studio, studio.library.get_story(story_id))[:2]

    moved = on(events, move, [*place.written_context, *inputs], [*place.outputs, *outputs], **PRIVATE)
    moved.failure(stay, place.remembered, [place.project, place.story], **QUICK)


def reopen(castbook: Castbook, place: Place, demo: gr.Blocks) -> Callable[..., Any]:
    """A loaded page shows what its link asks for (`?story=ID`, `?character=ID`), or the story looked at last.

    Gives the listener for what comes after that.
    """

    @for_visitor(castbook)
    def opened(studio: Studio, remembered: str, request: gr.Request) -> tuple[Any, ...]:
        asked = cast("dict[str, str]", dict(request.query_params))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        story, character_id = _remembered_story(studio, remembered), ""
        try:
            if "story" in asked:
                story = _open_story(studio, asked["story"])
            if "character" in asked:
                character = studio.library.get_character(asked["character"])
                character_id = character.id
                if character.project_id != story.project_id:
                    story = studio.library.ensure_a_story(character.project_id)
        except NotFound as error:
            gr.Warning(
                f"{escape(said(error.cause_message))}<br>{escape(say('This is where you were last.'))}",
                title=say("The link leads nowhere"),
            )
        return *show_place(studio, story), character_id

    read = f"() => {read_remembered(STORY)}"
    loaded = demo.load(opened, place.remembered, [*place.outputs, place.open_character], js=read, **PRIVATE)
    loaded.success(None, js=FORGET_LINK)
    return loaded.success


def _build_naming(castbook: Castbook, place: Place, new_project: gr.Button, new_story: gr.Button) -> None:
    """One line to name either a project or a story in."""
    kind = gr.State("story")
    with gr.Row(visible=False, elem_id="naming", elem_classes="inline-form") as line:
        name = gr.Textbox(label=t("Name"), elem_id="naming-name", scale=3, min_width=160, max_length=120)
        create = gr.Button(t("Create"), variant="primary", size="md", elem_id="naming-create", scale=0, min_width=110)
        cancel = gr.Button(t("Cancel"), size="md", elem_id="naming-cancel", scale=0, min_width=110)

    def made(studio: Studio, what: str, given: str, project_id: str) -> Story:
        if what == "project":
            return studio.library.ensure_a_story(studio.library.create_project(given).id)
        return studio.library.create_story(project_id, given)

    focus = "() => setTimeout(() => document.querySelector('#naming-name input, #naming-name textarea')?.focus(), 150)"
    for button, what, label in (
        (new_project, "project", "Name of the new project"),
        (new_story, "story", "Name of the new story"),
    ):

        def ask(what: str = what, label: str = label) -> tuple[Any, ...]:
            return gr.Row(visible=True), gr.Textbox(value="", label=t(label)), what

        button.click(ask, None, [line, name, kind], **QUICK).then(None, js=focus)
    cancel.click(lambda: gr.Row(visible=False), None, line, **QUICK)
    events = [create.click, name.submit]
    bind_move(castbook, place, events, made, [kind, name, place.project], [line], lambda *_: [gr.Row(visible=False)])


def _build_rename(label: str, elem_id: str) -> gr.Textbox:
    return gr.Textbox(label=t(label), elem_id=elem_id, min_width=180, max_length=120, render=False)


def _first_story(studio: Studio, project_id: str) -> Story:
    return studio.library.ensure_a_story(project_id)


def _story(studio: Studio, story_id: str) -> Story:
    return studio.library.get_story(story_id)


def _remembered_story(studio: Studio, story_id: str) -> Story:
    try:
        return _open_story(studio, story_id)
    except NotFound:
        return studio.library.ensure_a_story()


def _open_story(studio: Studio, story_id: str) -> Story:
    """Raises NotFound for a story in the trash as well, alone or with its project."""
    story = studio.library.get_story(story_id)
    if studio.library.is_in_trash(story_id):
        raise NotFound("story", story_id)
    return story


def _choices(studio: Studio, story: Story) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    projects = project_choices(studio, studio.library.list_projects())
    return projects, story_choices(studio, studio.library.list_stories(story.project_id))
