"""The form for a new scene with somebody who is there already: from the library, or from a card."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from errors import InvalidRequest
from studio import Studio, VisualProfile
from ui.handlers import LATEST, QUICK, on
from ui.messages import told_to_people
from ui.new_character import build_composed, build_count, build_seed
from ui.run_area import Run, RunArea, bind_run, unknown_words_note
from ui.stories import Place
from ui.words import in_markdown, profile_line


@dataclass(frozen=True)
class SceneForm:
    nobody: gr.Column  # shown while no reference is chosen
    choose: gr.Button
    chosen: gr.Column
    change: gr.Button
    reference: gr.State  # the reference image id
    picture: gr.Image
    who: gr.Markdown
    prompt: gr.Textbox
    count: gr.Slider
    identity_scale: gr.Slider
    seed: gr.Number
    composed: gr.Textbox
    unknown: gr.Markdown
    generate: gr.Button

    @property
    def outputs(self) -> list[Any]:
        """What `show_reference` sets."""
        return [self.nobody, self.chosen, self.reference, self.picture, self.who, self.composed, self.unknown]


def build_scene(studio: Studio) -> SceneForm:
    defaults = studio.pack.defaults
    with gr.Column(elem_classes="empty") as nobody:
        gr.Markdown(
            "**Whom shall the new pictures show?** Choose a saved character, or press *Generate variants* on a card."
        )
        choose = gr.Button("Choose from the library", size="md", elem_id="scene-choose")
    with gr.Column(visible=False) as chosen:
        with gr.Row(elem_classes="who"):
            picture = gr.Image(
                show_label=False,
                interactive=False,
                buttons=[],
                container=False,
                scale=0,
                min_width=96,
                elem_classes="who-picture",
            )
            with gr.Column(min_width=140):
                who = gr.Markdown(elem_id="scene-who")
                change = gr.Button("Someone else", size="sm", elem_id="scene-change")
        prompt = gr.Textbox(
            "",
            label="Scene",
            placeholder="Clothes, mood, place: spacesuit, laughing, on the moon",
            lines=2,
            max_lines=6,
            elem_id="scene-prompt",
        )
        count = build_count(studio, "scene-count")
        identity_scale = gr.Slider(
            0,
            1.5,
            value=defaults.identity_scale,
            step=0.05,
            label="Identity strength",
            info="Higher: more surely the same person. Lower: more freedom for the scene.",
            elem_id="scene-strength",
            buttons=[],
        )
        with gr.Accordion("More", open=False, elem_id="scene-more"):
            seed = build_seed("scene-seed")
        composed, unknown = build_composed("scene-composed")
        generate = gr.Button(
            "Generate", variant="primary", size="md", interactive=studio.models.ready, elem_id="scene-generate"
        )
    return SceneForm(
        nobody, choose, chosen, change, gr.State(None), picture, who,
        prompt, count, identity_scale, seed, composed, unknown, generate,
    )  # fmt: skip


def show_reference(studio: Studio, story_id: str, image_id: str, prompt: str) -> tuple[Any, ...]:
    """Values for `SceneForm.outputs`."""
    character = studio.library.get_character(studio.library.get_image(image_id).character_id)
    looks = character.visual_profile
    kept = profile_line(VisualProfile(looks.hair, looks.face, looks.body)) or "The face in this picture is the anchor."
    who = f"### {in_markdown(character.name)}\n{in_markdown(kept)}"
    return (
        gr.Column(visible=False),
        gr.Column(visible=True),
        image_id,
        studio.library.get_thumbnail_path(image_id),
        who,
        *_composed(studio, story_id, image_id, prompt, None),
    )


def bind_scene(studio: Studio, form: SceneForm, place: Place, area: RunArea, all_buttons: Sequence[gr.Button]) -> None:
    def compose(story_id: str, image_id: str | None, prompt: str, context: str) -> tuple[Any, ...]:
        with told_to_people():
            try:
                return _composed(studio, story_id, image_id, prompt, context) if image_id else ("", "")
            except InvalidRequest:  # the project was left, and its people with it
                return "", ""

    def begin(
        stop: threading.Event,
        story_id: str,
        image_id: str | None,
        prompt: str,
        count: int,
        seed: int | None,
        identity_scale: float,
    ) -> Run:
        if not image_id:
            raise InvalidRequest("No character is chosen.", "Choose one from the library first.")
        return studio.generate_character_variant(story_id, image_id, prompt, int(count), seed, identity_scale, stop)

    on(
        [form.prompt.input, place.context.input, place.revision.change],
        compose,
        [place.story, form.reference, form.prompt, place.context],
        [form.composed, form.unknown],
        **LATEST,
    )
    place.project.change(forget_reference, None, form.outputs, **QUICK)
    inputs = [place.story, form.reference, form.prompt, form.count, form.seed, form.identity_scale]
    bind_run(studio, area, place, form.generate, all_buttons, begin, inputs)


def forget_reference() -> tuple[Any, ...]:
    """Values for `SceneForm.outputs` when nobody is chosen: another project has other people."""
    return gr.Column(visible=True), gr.Column(visible=False), None, None, "", "", ""


def _composed(studio: Studio, story_id: str, image_id: str, prompt: str, context: str | None) -> tuple[str, str]:
    composed = studio.prompt_of_variant(story_id, image_id, prompt, context)
    return composed, unknown_words_note(studio.pack.unknown_words(composed))
