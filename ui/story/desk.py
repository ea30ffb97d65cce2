"""The composer below the stream: one form for a new character and one for a new scene, of which one is shown, and what
hands a picture over to them, or only what it was made by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from errors import InvalidRequest
from pipeline.request import PictureRequest
from studio import Studio
from ui.handlers import unchanged
from ui.story import new_character, scene
from ui.story.new_character import NewCharacterForm
from ui.story.save_form import SaveForm
from ui.story.scene import SceneForm, show_reference
from ui.unseen import UNSEEN

NEW, SCENE = "new", "scene"


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
        """What `show_request` sets."""
        new = new_character.remix_outputs(self.new)
        return [self.tabs, self.turned_to, *new, *self.scene.remix_outputs]

    @property
    def seed_outputs(self) -> list[Any]:
        """What `show_seed` sets."""
        return [
            self.tabs, self.turned_to, self.new.more, self.new.seed,
            self.scene.more, self.scene.seed, *self.scene.outputs,
        ]  # fmt: skip


def build_turned_to() -> gr.Textbox:
    return gr.Textbox(elem_classes=UNSEEN)


def show_scene(studio: Studio, desk: Desk, story_id: str, image_id: str, words: Sequence[Any]) -> tuple[Any, ...]:
    """Values for `Desk.scene_outputs`."""
    return gr.Tabs(selected=SCENE), *show_reference(studio, desk.scene, story_id, image_id, words)


def show_new(desk: Desk) -> tuple[Any, ...]:
    """Values for `Desk.scene_outputs`: a new character is described; the scene stays as it is, for later."""
    return gr.Tabs(selected=NEW), *_about(desk, "", desk.scene.outputs)


def show_request(
    studio: Studio, desk: Desk, story_id: str, request: PictureRequest, seed: int | None = None
) -> tuple[Any, ...]:
    """Values for `Desk.remix_outputs`: what a picture was asked for with, in the form that it came from.

    Without a `seed` another picture will come of it.
    """
    if request.main_image_id is None:
        shown = new_character.show_request(studio, desk.new, story_id, request, seed)
        return gr.Tabs(selected=NEW), "#new-prompt", *shown, *_about(desk, "", desk.scene.remix_outputs)
    shown = scene.show_request(studio, desk.scene, story_id, request, seed)
    as_it_is = _as_they_are(new_character.remix_outputs(desk.new))
    return gr.Tabs(selected=SCENE), "#scene-prompt", *as_it_is, *shown


def show_seed(
    studio: Studio, desk: Desk, story_id: str, image_id: str, chosen: str | None, words: Sequence[Any]
) -> tuple[Any, ...]:
    """Values for `Desk.seed_outputs`: the picture's seed and nothing else, in the form that it came from. Of a new
    character the run's: who is drawn goes by that.

    Only where the scene form knows nobody yet (`chosen` is None) it takes the variant's reference as well.
    """
    image = studio.library.get_image(image_id)
    if image.seed is None:
        raise InvalidRequest("This picture has no seed: it was not drawn here.", "Choose one that was.")
    opened = gr.Accordion(open=True)
    if image.source != "variant":
        nobody = _about(desk, "", desk.scene.outputs)
        seed = image.request.seed if image.request else image.seed
        return gr.Tabs(selected=NEW), "#new-seed", opened, seed, unchanged(), unchanged(), *nobody
    as_it_is: Sequence[Any]
    if not chosen and image.parent_id:
        as_it_is = show_reference(studio, desk.scene, story_id, image.parent_id, words)
    else:
        as_it_is = _about(desk, image.character_id, desk.scene.outputs)
    new = _as_they_are([desk.new.more, desk.new.seed])
    return gr.Tabs(selected=SCENE), "#scene-seed", *new, opened, image.seed, *as_it_is


def _as_they_are(outputs: Sequence[Any]) -> list[Any]:
    return [unchanged() for _ in outputs]


def _about(desk: Desk, person: str, outputs: Sequence[Any]) -> list[Any]:
    """As they are, but for whom the composer is about: a character's id, or "" for a new one."""
    return [person if each is desk.scene.person else unchanged() for each in outputs]
