"""The bar on top: which project, which story, and the context that every prompt of the story gets."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import gradio as gr

from studio import Story, Studio
from ui.handlers import PRIVATE, QUICK, on
from ui.messages import told_to_people


@dataclass(frozen=True)
class Place:
    """Where the creator is. A `new_revision()` makes the cast show itself anew."""

    project: gr.Dropdown
    story: gr.Dropdown
    context: gr.Textbox
    revision: gr.State
    remembered: gr.BrowserState  # the id of the story shown, so that a reload comes back to it; set with its context

    @property
    def outputs(self) -> list[Any]:
        return [self.project, self.story, self.context, self.revision, self.remembered]


def build_stories_bar(studio: Studio) -> Place:
    story = studio.ensure_a_story()
    projects, stories = _choices(studio, story)
    with gr.Row(elem_id="stories-bar"):
        with gr.Row(elem_classes="chooser"):
            project = gr.Dropdown(
                projects, value=story.project_id, label="Project", elem_id="project", min_width=120, interactive=True
            )
            new_project = gr.Button("New project", size="sm", elem_id="new-project", min_width=96, scale=0)
        with gr.Row(elem_classes="chooser"):
            chosen = gr.Dropdown(
                stories, value=story.id, label="Story", elem_id="story", min_width=120, interactive=True
            )
            new_story = gr.Button("New story", size="sm", elem_id="new-story", min_width=96, scale=0)
        context = gr.Textbox(
            value=story.context,
            label="Story context",
            placeholder="Premise and style, e.g. rainy night, soft light. Every prompt of this story gets it.",
            elem_id="context",
            elem_classes="context",
            lines=1,
            max_lines=4,
        )
    place = Place(
        project, chosen, context, gr.State(""), gr.BrowserState("", storage_key="castbook-story", secret="castbook")
    )
    _build_naming(studio, place, new_project, new_story)
    _bind(studio, place)
    return place


def new_revision() -> str:
    """Unlike any before. Counted up, two handlers at work at once would agree on one number, and one go unseen."""
    return secrets.token_hex(8)


def show_place(studio: Studio, story: Story) -> tuple[Any, ...]:
    """Values for `Place.outputs`."""
    projects, stories = _choices(studio, story)
    return (
        gr.Dropdown(choices=projects, value=story.project_id),
        gr.Dropdown(choices=stories, value=story.id),
        story.context,
        new_revision(),
        story.id,
    )


def reopen(studio: Studio, place: Place, demo: gr.Blocks) -> None:
    """A loaded page shows the story that was looked at last."""

    def opened(remembered: str) -> tuple[Any, ...]:
        with told_to_people():
            return show_place(studio, _remembered_story(studio, remembered))

    demo.load(opened, place.remembered, place.outputs, **PRIVATE)


def _bind(studio: Studio, place: Place) -> None:
    def to_project(project_id: str) -> tuple[Any, ...]:
        with told_to_people():
            return show_place(studio, studio.ensure_a_story(project_id))

    def to_story(story_id: str) -> tuple[Any, ...]:
        with told_to_people():
            return show_place(studio, studio.library.get_story(story_id))

    def save_context(story_id: str, context: str) -> None:
        with told_to_people():
            studio.set_context(story_id, context)

    place.project.input(to_project, place.project, place.outputs, **PRIVATE)
    place.story.input(to_story, place.story, place.outputs, **PRIVATE)
    # The dropdown may already say another story than the one whose context is still in the field.
    place.context.blur(save_context, [place.remembered, place.context], None, **QUICK)
    place.context.submit(save_context, [place.remembered, place.context], None, **QUICK)


def _build_naming(studio: Studio, place: Place, new_project: gr.Button, new_story: gr.Button) -> None:
    """One line to name either a project or a story in."""
    kind = gr.State("story")
    with gr.Row(visible=False, elem_id="naming", elem_classes="inline-form") as line:
        name = gr.Textbox(label="Name", elem_id="naming-name", scale=3, min_width=160, max_length=120)
        create = gr.Button("Create", variant="primary", size="md", elem_id="naming-create", scale=0, min_width=110)
        cancel = gr.Button("Cancel", size="md", elem_id="naming-cancel", scale=0, min_width=110)

    def ask(what: str) -> tuple[Any, ...]:
        return gr.Row(visible=True), gr.Textbox(value="", label=f"Name of the new {what}"), what

    def made(what: str, given: str, project_id: str) -> tuple[Any, ...]:
        with told_to_people():
            if what == "project":
                story = studio.ensure_a_story(studio.create_project(given).id)
            else:
                story = studio.create_story(project_id, given)
            return gr.Row(visible=False), *show_place(studio, story)

    focus = "() => setTimeout(() => document.querySelector('#naming-name input, #naming-name textarea')?.focus(), 150)"
    new_project.click(lambda: ask("project"), None, [line, name, kind], **QUICK).then(None, js=focus)
    new_story.click(lambda: ask("story"), None, [line, name, kind], **QUICK).then(None, js=focus)
    cancel.click(lambda: gr.Row(visible=False), None, line, **QUICK)
    on(
        [create.click, name.submit],
        made,
        [kind, name, place.project],
        [line, *place.outputs],
        **PRIVATE,
    )


def _remembered_story(studio: Studio, story_id: str) -> Story:
    known = {story.id: story for project in studio.list_projects() for story in studio.list_stories(project.id)}
    return known.get(story_id) or studio.ensure_a_story()


def _choices(studio: Studio, story: Story) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    projects = [(project.name, project.id) for project in studio.list_projects()]
    stories = [(each.title, each.id) for each in studio.list_stories(story.project_id)]
    return projects, stories
