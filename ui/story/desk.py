"""The desk beside the cast: the forms that a card hands a picture over to, or only what it was made by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from errors import InvalidRequest
from library_store.records import VisualProfile
from studio import Studio
from studio.drawing import MOST_PICTURES
from ui.handlers import unchanged
from ui.story import new_character, scene
from ui.story.new_character import NewCharacterForm
from ui.story.save_form import SaveForm
from ui.story.scene import SceneForm, show_reference

NEW, UPLOAD, SCENE = "new", "upload", "scene"


@dataclass(frozen=True)
class Desk:
    tabs: gr.Tabs
    new: NewCharacterForm
    scene: SceneForm
    save_form: SaveForm
    turned_to: gr.Textbox  # selector of the field to write in next; hidden: a gr.State never reaches JavaScript

    @property
    def scene_outputs(self) -> list[Any]:
        """What `show_scene` sets."""
        return [self.tabs, *self.scene.outputs]

    @property
    def remix_outputs(self) -> list[Any]:
        """What `show_remix` sets."""
        new = new_character.remix_outputs(self.new)
        return [self.tabs, self.turned_to, *new, *self.scene.remix_outputs]

    @property
    def seed_outputs(self) -> list[Any]:
        """What `show_seed` sets."""
        return [
            self.tabs, self.turned_to, self.new.more, self.new.seed,
            self.scene.more, self.scene.seed, *self.scene.outputs,
        ]  # fmt: skip


@dataclass(frozen=True)
class Remix:
    """A kept picture's request as it was written, so that a form can be filled with it; the seed is left to chance."""

    prompt: str
    visual_profile: VisualProfile
    count: int
    identity_scale: float
    reference_image_id: str | None  # None: a new character


def remix_of(request: Mapping[str, Any]) -> Remix:
    """Of a picture kept before prompts were kept as written, the prompt is the composed one."""
    looks: Mapping[str, str] = request.get("visual_profile") or {}
    return Remix(
        prompt=str(request.get("written") or request["prompt"]),
        visual_profile=VisualProfile(**looks),
        count=min(int(request["count"]), MOST_PICTURES),
        identity_scale=min(float(request["identity_scale"]), scene.STRONGEST),
        reference_image_id=request.get("reference"),
    )


def build_turned_to() -> gr.Textbox:
    return gr.Textbox(visible="hidden")


def show_scene(studio: Studio, desk: Desk, story_id: str, image_id: str, words: Sequence[Any]) -> tuple[Any, ...]:
    """Values for `Desk.scene_outputs`."""
    return gr.Tabs(selected=SCENE), *show_reference(studio, desk.scene, story_id, image_id, words)


def show_remix(studio: Studio, desk: Desk, story_id: str, request: Mapping[str, Any]) -> tuple[Any, ...]:
    """Values for `Desk.remix_outputs`: the whole request, in the form that it came from."""
    remix = remix_of(request)
    if remix.reference_image_id is None:
        shown = new_character.show_remix(studio, desk.new, story_id, remix.prompt, remix.visual_profile, remix.count)
        return gr.Tabs(selected=NEW), "#new-prompt", *shown, *_as_they_are(desk.scene.remix_outputs)
    shown = scene.show_remix(
        studio, desk.scene, story_id, remix.reference_image_id, remix.prompt, remix.count, remix.identity_scale
    )
    as_it_is = _as_they_are(new_character.remix_outputs(desk.new))
    return gr.Tabs(selected=SCENE), "#scene-prompt", *as_it_is, *shown


def show_seed(
    studio: Studio, desk: Desk, story_id: str, image_id: str, chosen: str | None, words: Sequence[Any]
) -> tuple[Any, ...]:
    """Values for `Desk.seed_outputs`: the picture's seed and nothing else, in the form that it came from.

    Only where the scene form knows nobody yet (`chosen` is None) it takes the variant's reference as well.
    """
    image = studio.library.get_image(image_id)
    if image.seed is None:
        raise InvalidRequest("This picture has no seed: it was not drawn here.", "Choose one that was.")
    as_it_is: Sequence[Any] = _as_they_are(desk.scene.outputs)
    opened = gr.Accordion(open=True)
    if image.source != "variant":
        return gr.Tabs(selected=NEW), "#new-seed", opened, image.seed, unchanged(), unchanged(), *as_it_is
    if not chosen and image.parent_id:
        as_it_is = show_reference(studio, desk.scene, story_id, image.parent_id, words)
    new = _as_they_are([desk.new.more, desk.new.seed])
    return gr.Tabs(selected=SCENE), "#scene-seed", *new, opened, image.seed, *as_it_is


def _as_they_are(outputs: Sequence[Any]) -> list[Any]:
    return [unchanged() for _ in outputs]
