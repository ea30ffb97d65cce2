"""The form for a character who is not there yet, from words. From a picture of the creator's own: upload_form.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from library_store.records import VisualProfile
from pipeline.request import MOST_PICTURES, NO_LOOK, PictureRequest
from studio import Castbook, Studio
from ui.handlers import LATEST, QUICK, for_visitor, on
from ui.language import t
from ui.place import Place
from ui.profile_editor import ProfileEditor, build_profile_editor
from ui.story.offers import bind_offers, build_offers
from ui.story.run_area import DrawingRun, RunArea, bind_run, prompt_note


@dataclass(frozen=True)
class NewCharacterForm:
    name: gr.Textbox
    prompt: gr.Textbox
    profile: ProfileEditor
    more: gr.Accordion
    description: gr.Textbox
    count: gr.Slider
    seed: gr.Number
    composed: gr.Textbox
    unknown: gr.Markdown
    offers: list[gr.Button]
    create: gr.Button
    clear: gr.Button

    @property
    def written(self) -> list[Any]:
        return [self.name, self.prompt, self.description, *self.profile.inputs]


def build_new_character(castbook: Castbook) -> NewCharacterForm:
    name = gr.Textbox("", label=t("Name"), placeholder=t("Hana"), elem_id="new-name", max_length=120)
    prompt = gr.Textbox(
        "",
        label=t("Prompt"),
        placeholder=t("Who it is, what they wear, where: woman, bob hair, hoodie, cafe"),
        lines=2,
        max_lines=6,
        elem_id="new-prompt",
    )
    with gr.Accordion(t("Visual profile"), open=True, elem_classes="profile"):
        profile = build_profile_editor(castbook, "new", NO_LOOK)
    with gr.Accordion(t("More"), open=False, elem_id="new-more") as more:
        description = gr.Textbox(
            "",
            label=t("Description"),
            placeholder=t("Who they are in the story"),
            lines=2,
            elem_id="new-description",
        )
        seed = build_seed("new-seed")
    count = build_count(castbook, "new-count")
    composed, unknown = build_composed("new-composed")
    offers = build_offers("new-offers")
    with gr.Row(elem_classes=["actions", "action-bar"]):
        create = gr.Button(
            t("Create"), variant="primary", size="md", interactive=castbook.models.ready, elem_id="new-create", scale=3
        )
        clear = gr.Button(t("Clear form"), size="md", elem_id="new-clear", scale=1, min_width=100)
    return NewCharacterForm(
        name, prompt, profile, more, description, count, seed, composed, unknown, offers, create, clear
    )


def build_count(castbook: Castbook, elem_id: str) -> gr.Slider:
    return gr.Slider(
        1, MOST_PICTURES, value=castbook.pack.defaults.count, step=1, label=t("Draw"), elem_id=elem_id, buttons=[]
    )


def build_seed(elem_id: str) -> gr.Number:
    return gr.Number(value=None, label=t("Seed"), precision=0, minimum=0, placeholder=t("by chance"), elem_id=elem_id)


def build_composed(elem_id: str) -> tuple[gr.Textbox, gr.Markdown]:
    composed = gr.Textbox(
        "",
        label=t("What will be drawn"),
        interactive=False,
        lines=1,
        max_lines=5,
        elem_id=elem_id,
        elem_classes="composed",
    )
    return composed, gr.Markdown(elem_classes="unknown-words")


def bind_new_character(
    castbook: Castbook, form: NewCharacterForm, place: Place, area: RunArea, all_buttons: Sequence[gr.Button]
) -> None:
    @for_visitor(castbook)
    def compose(studio: Studio, story_id: str, context: str, prompt: str, *looks: Any) -> tuple[Any, ...]:
        return _composed(studio, story_id, prompt, form.profile.profile(looks), context)

    def begin(
        studio: Studio,
        story_id: str,
        count: int,
        seed: int | None,
        name: str,
        prompt: str,
        description: str,
        *looks: Any,
    ) -> DrawingRun:
        profile = form.profile.profile(looks)
        return studio.drawing.generate_character(story_id, name, prompt, profile, description, int(count), seed)

    worded = [place.context, form.prompt, *form.profile.inputs]
    on(
        [form.prompt.change, *form.profile.edited, place.context.change, place.revision.change],
        compose,
        [place.story, *worded],
        [form.composed, form.unknown],
        **LATEST,
    )
    bind_run(
        castbook, area, place, form.create, all_buttons, begin, [place.story, form.count, form.seed, *form.written]
    )
    bind_offers(castbook, form.offers, form.prompt, form.composed)
    emptied = form.clear.click(lambda: _emptied(form), None, [*form.written, form.seed], **QUICK)
    emptied.then(compose, [place.story, *worded], [form.composed, form.unknown], **QUICK)


def remix_outputs(form: NewCharacterForm) -> list[Any]:
    """What `show_request` sets."""
    return [form.prompt, *form.profile.inputs, form.count, form.seed, form.composed, form.unknown]


def show_request(
    studio: Studio, form: NewCharacterForm, story_id: str, request: PictureRequest, seed: int | None
) -> tuple[Any, ...]:
    """Values for `remix_outputs`: a request goes into the form again; the name is left to the creator."""
    looks, count = form.profile.values(request.look), min(request.count, MOST_PICTURES)
    return request.written, *looks, count, seed, *_composed(studio, story_id, request.written, request.look, None)


def _composed(
    studio: Studio, story_id: str, prompt: str, profile: VisualProfile, context: str | None
) -> tuple[str, str]:
    composed = studio.drawing.prompt_of_character(story_id, prompt, profile, context)
    return composed, prompt_note(studio.pack, composed)


def _emptied(form: NewCharacterForm) -> list[Any]:
    return ["", "", "", *form.profile.values(NO_LOOK), None]
