"""What an empty installation offers: people of our own to start from, and examples that run with one click."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from library_store.records import LibraryQuery, VisualProfile
from studio import Castbook, Studio
from ui.handlers import PRIVATE, QUICK, before_anybody, for_visitor
from ui.language import say, t
from ui.own_files import address_of
from ui.place import Place, new_revision
from ui.story.desk import NEW
from ui.story.new_character import NewCharacterForm, remix_outputs, show_request

FIRST_CAST = Path(__file__).parents[2] / "examples" / "first-cast.zip"  # made by examples/make_first_cast.py
BEGIN = "() => document.querySelector('#new-create')?.click()"


@dataclass(frozen=True)
class Example:
    """In words that every pack can draw, the embedded one too."""

    button: str
    name: str
    prompt: str
    profile: VisualProfile


EXAMPLES = (
    Example(
        "A student after school",
        "Hana",
        "smiling, city street, front view",
        VisualProfile("black long straight hair", "green eyes", "woman", "school uniform"),
    ),
    Example(
        "A knight in the woods",
        "Jun",
        "angry, forest, front view",
        VisualProfile("red spiky hair", "amber eyes, a scar", "man", "armour"),
    ),
    Example(
        "An astronaut far from home",
        "Yuna",
        "smiling, outer space, front view",
        VisualProfile("blue bob hair", "brown eyes, freckles", "woman", "spacesuit"),
    ),
)


@dataclass(frozen=True)
class FirstMinutes:
    box: gr.Column
    bring: gr.Button
    examples: list[gr.Button]  # they draw, and so wait for the models


def build_first_minutes(castbook: Castbook) -> FirstMinutes:
    studio = before_anybody(castbook)
    is_first = bool(studio and _is_first_visit(studio, studio.library.ensure_a_story().id))
    with gr.Column(visible=is_first, elem_id="first-minutes") as box:
        gr.Markdown(t("### Welcome. Where would you like to start?"))
        gr.HTML(_group_picture(), elem_id="group-picture", padding=False)
        with gr.Row(elem_classes="first-row"):
            gr.Markdown(t("**With people who are there.** Six characters, drawn for Castbook, join this story."))
            bring = gr.Button(
                t("Add six people"), variant="primary", size="md", elem_id="bring-first-cast", scale=0, min_width=160
            )
        with gr.Column(elem_classes="first-row"):
            gr.Markdown(t("**With somebody new.** One click fills the form and draws; or write your own below."))
            with gr.Row(elem_classes="first-examples"):
                examples = [
                    gr.Button(
                        t(example.button),
                        size="md",
                        interactive=castbook.models.ready,
                        min_width=150,
                        elem_id=f"example-{number}",
                    )
                    for number, example in enumerate(EXAMPLES, 1)
                ]
    return FirstMinutes(box, bring, examples)


def bind_first_minutes(
    castbook: Castbook, first: FirstMinutes, place: Place, form: NewCharacterForm, to_form: gr.Tabs
) -> None:
    """`to_form`: the tabs that have the form for a new character in their first."""

    @for_visitor(castbook)
    def bring(studio: Studio, project_id: str, story_id: str) -> tuple[Any, ...]:
        studio.library.import_zip(FIRST_CAST, project_id)
        people = studio.library.list_library(project_id)
        images = [str(person.canonical_image_id) for person in people]
        for image_id in reversed(images):
            studio.library.link_image(story_id, image_id)
        gr.Success(
            say("{count} people are in this story and in the library.", count=len(images)),
            title=say("The cast is here"),
        )
        return gr.Column(visible=False), new_revision(images[-1])

    @for_visitor(castbook)
    def shown(studio: Studio, story_id: str) -> Any:
        return gr.Column(visible=bool(story_id) and _is_first_visit(studio, story_id))

    first.bring.click(bring, [place.project, place.story], [first.box, place.revision], **PRIVATE)
    place.revision.change(shown, place.story, first.box, **QUICK)
    for button, example in zip(first.examples, EXAMPLES, strict=True):

        @for_visitor(castbook)
        def fill(studio: Studio, story_id: str, example: Example = example) -> tuple[Any, ...]:
            filled = show_request(
                studio, form, story_id, studio.pack.request(example.prompt, 0, look=example.profile), None
            )
            return gr.Tabs(selected=NEW), say(example.name), *filled

        filled = button.click(fill, place.story, [to_form, form.name, *remix_outputs(form)], **QUICK)
        filled.success(None, js=BEGIN)


def _group_picture() -> str:
    """Gradio would make it a button without a name. The words beside it say what it shows."""
    return f'<img alt="" src="{address_of("first-cast.webp")}" width="960" height="160">'


def _is_first_visit(studio: Studio, story_id: str) -> bool:
    """Nobody is in this story, and no project's library knows anybody."""
    nobody = LibraryQuery()
    return not studio.library.list_cast(story_id) and not any(
        studio.library.count_library(project.id, nobody) for project in studio.library.list_projects()
    )
