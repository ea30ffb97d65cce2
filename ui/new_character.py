"""The form for a character who is not there yet: from words, or from a picture of the creator's own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from errors import InvalidRequest
from studio import MOST_PICTURES, Studio, VisualProfile
from ui.endpoints import GPU
from ui.handlers import LATEST, PRIVATE, QUICK, on, unchanged
from ui.messages import told_to_people
from ui.run_area import Run, RunArea, bind_run, unknown_words_note
from ui.stories import Place, new_revision
from ui.words import PROFILE_FIELDS

WORDS, PICTURE = "From words", "From my own picture"
ADD = "Add to the cast"
EXAMPLES = {
    "hair": "long black hair",
    "face": "green eyes",
    "body": "slim",
    "outfit": "school uniform",
    "accessories": "round glasses",
    "other": "smiling",
}


@dataclass(frozen=True)
class NewCharacterForm:
    name: gr.Textbox
    way: gr.Radio
    prompt: gr.Textbox
    profile: list[gr.Textbox]  # as PROFILE_FIELDS
    description: gr.Textbox
    count: gr.Slider
    seed: gr.Number
    composed: gr.Textbox
    unknown: gr.Markdown
    file: gr.File
    preview: gr.Image
    create: gr.Button
    add: gr.Button
    clear: gr.Button
    from_words: list[Any]  # shown only for the way "From words"
    from_picture: list[Any]

    @property
    def written(self) -> list[Any]:
        return [self.name, self.prompt, self.description, *self.profile]


def build_new_character(studio: Studio) -> NewCharacterForm:
    name = gr.Textbox("", label="Name", placeholder="Hana", elem_id="new-name", max_length=120)
    way = gr.Radio(
        [WORDS, PICTURE], value=WORDS, show_label=False, container=False, elem_id="new-way", elem_classes="segments"
    )
    prompt = gr.Textbox("", label="Prompt", placeholder=studio.pack.draws, lines=2, max_lines=6, elem_id="new-prompt")
    file = gr.File(
        label="Picture (PNG, JPEG or WebP) with a face",
        file_types=[".png", ".jpg", ".jpeg", ".webp"],
        type="filepath",
        visible=False,
        height=110,
        elem_id="new-file",
    )
    preview = gr.Image(
        show_label=False,
        interactive=False,
        visible=False,
        buttons=[],
        container=False,
        elem_classes="portrait",
        elem_id="new-preview",
    )
    profile = build_profile_fields("new", VisualProfile())
    with gr.Accordion("More", open=False, elem_id="new-more"):
        description = gr.Textbox(
            "", label="Description", placeholder="Who they are in the story", lines=2, elem_id="new-description"
        )
        seed = build_seed("new-seed")
    count = build_count(studio, "new-count")
    composed, unknown = build_composed("new-composed")
    with gr.Row(elem_classes="actions"):
        create = gr.Button(
            "Create", variant="primary", size="md", interactive=studio.models.ready, elem_id="new-create", scale=3
        )
        add = gr.Button(
            ADD,
            variant="primary",
            size="md",
            visible=False,
            interactive=studio.models.ready,
            elem_id="new-add",
            scale=3,
        )
        clear = gr.Button("Clear form", size="md", elem_id="new-clear", scale=1, min_width=100)
    return NewCharacterForm(
        name, way, prompt, profile, description, count, seed, composed, unknown, file, preview, create, add, clear,
        from_words=[prompt, count, seed, composed, unknown, create], from_picture=[file, preview, add],
    )  # fmt: skip


def build_profile_fields(prefix: str, profile: VisualProfile) -> list[gr.Textbox]:
    with gr.Accordion("Visual profile", open=True, elem_classes="profile"), gr.Row():
        return [
            gr.Textbox(
                value=getattr(profile, field),
                label=label,
                placeholder=EXAMPLES[field],
                min_width=130,
                elem_id=f"{prefix}-{field}",
            )
            for field, label in PROFILE_FIELDS.items()
        ]


def build_count(studio: Studio, elem_id: str) -> gr.Slider:
    return gr.Slider(
        1, MOST_PICTURES, value=studio.pack.defaults.count, step=1, label="Pictures", elem_id=elem_id, buttons=[]
    )


def build_seed(elem_id: str) -> gr.Number:
    return gr.Number(value=None, label="Seed", precision=0, minimum=0, placeholder="by chance", elem_id=elem_id)


def build_composed(elem_id: str) -> tuple[gr.Textbox, gr.Markdown]:
    composed = gr.Textbox(
        "",
        label="What will be drawn",
        interactive=False,
        lines=1,
        max_lines=5,
        elem_id=elem_id,
        elem_classes="composed",
    )
    return composed, gr.Markdown(elem_classes="unknown-words")


def bind_new_character(
    studio: Studio, form: NewCharacterForm, place: Place, area: RunArea, all_buttons: Sequence[gr.Button]
) -> None:
    def compose(story_id: str, context: str, prompt: str, *profile: str) -> tuple[Any, ...]:
        with told_to_people():
            composed = studio.prompt_of_character(story_id, prompt, VisualProfile(*profile), context)
            return composed, unknown_words_note(studio.pack.unknown_words(composed))

    def begin(
        stop: threading.Event,
        story_id: str,
        count: int,
        seed: int | None,
        name: str,
        prompt: str,
        description: str,
        *profile: str,
    ) -> Run:
        return studio.generate_character(
            story_id, name, prompt, VisualProfile(*profile), description, int(count), seed, stop
        )

    worded = [place.context, form.prompt, *form.profile]
    on(
        [*[field.input for field in worded], place.revision.change],
        compose,
        [place.story, *worded],
        [form.composed, form.unknown],
        **LATEST,
    )
    bind_run(studio, area, place, form.create, all_buttons, begin, [place.story, form.count, form.seed, *form.written])
    _bind_picture(studio, form, place, area)

    def turn(way: str) -> list[Any]:
        return _shown_for(form, way)

    form.way.input(turn, form.way, [*form.from_words, *form.from_picture], **QUICK)
    emptied = form.clear.click(
        lambda: _emptied(form), None, [*form.written, form.seed, form.file, form.preview], **QUICK
    )
    emptied.then(compose, [place.story, *worded], [form.composed, form.unknown], **QUICK)


def _bind_picture(studio: Studio, form: NewCharacterForm, place: Place, area: RunArea) -> None:
    def look(path: str | None) -> Any:
        with told_to_people():
            return gr.Image(studio.read_upload(path), visible=True) if path else gr.Image(None, visible=False)

    def add(
        story_id: str, path: str | None, name: str, _prompt: str, description: str, *profile: str
    ) -> tuple[Any, ...]:
        with told_to_people():
            if not path:
                raise InvalidRequest("There is no picture yet.", "Choose a file of yours above.")
            member = studio.upload_character(story_id, name, path, VisualProfile(*profile), description)
            return new_revision(), member.id

    form.file.change(look, form.file, form.preview, **PRIVATE)
    looking = form.add.click(lambda: gr.Button("Looking for a face …", interactive=False), None, form.add, **QUICK)
    added = looking.success(
        add, [place.story, form.file, *form.written], [place.revision, area.made_for], **PRIVATE, **GPU
    )
    for ended in (added.success, added.failure):
        ended(lambda: gr.Button(ADD, interactive=True), None, form.add, **QUICK)
    added.success(None, area.made_for, js="(id) => window.castbook?.showCard(id)")


def _shown_for(form: NewCharacterForm, way: str) -> list[Any]:
    words = way == WORDS
    has_picture = unchanged() if not words else gr.Image(visible=False)
    return [
        *[type(part)(visible=words) for part in form.from_words],
        gr.File(visible=not words),
        has_picture,
        gr.Button(visible=not words),
    ]


def _emptied(form: NewCharacterForm) -> list[Any]:
    return [*["" for _ in form.written], None, None, gr.Image(None, visible=False)]
