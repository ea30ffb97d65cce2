"""The form that puts a cast member into the library. There is one for the page, outside the cards: they are drawn anew
whenever the cast changes, and would take a half-written description with them."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from library_store.records import CastMember, VisualProfile
from studio import Studio
from ui.handlers import PRIVATE, QUICK
from ui.language import say, t
from ui.messages import told_to_people
from ui.place import Place, new_revision
from ui.profile_editor import ProfileEditor, build_profile_editor, build_profile_filler

FOCUS_SAVE = "() => window.castbook?.showDesk('#save-name')"


@dataclass(frozen=True)
class SaveForm:
    box: gr.Column
    member: gr.State  # the cast member's id
    image: gr.State  # the id of the picture that will stand for them
    picture: gr.Image
    name: gr.Textbox
    description: gr.Textbox
    prompt: gr.Textbox
    profile: ProfileEditor
    save: gr.Button
    cancel: gr.Button

    @property
    def written(self) -> list[Any]:
        return [self.name, self.description, self.prompt, *self.profile.inputs]

    @property
    def outputs(self) -> list[Any]:
        """What `show_save_form` sets."""
        return [self.box, self.member, self.image, self.picture, *self.written]


def build_save_form(studio: Studio) -> SaveForm:
    image = gr.State(None)
    with gr.Column(visible=False, elem_id="save-form") as box:
        with gr.Row(elem_classes="who"):
            picture = gr.Image(
                show_label=False, interactive=False, buttons=[], container=False, scale=0, min_width=96,
                elem_classes="who-picture",
            )  # fmt: skip
            gr.Markdown(
                t("### Save to library\nThis picture will stand for the character in every story of the project.")
            )
        name = gr.Textbox(label=t("Name"), elem_id="save-name", max_length=120)
        description = gr.Textbox(
            label=t("Description"),
            placeholder=t("Who they are in the story"),
            lines=2,
            elem_id="save-description",
        )
        prompt = gr.Textbox(label=t("Original prompt"), lines=1, max_lines=4, elem_id="save-prompt")
        with gr.Accordion(t("Visual profile"), open=True, elem_classes="profile"):
            profile = build_profile_editor(studio, "save", VisualProfile())
            build_profile_filler(studio, profile, "save", image)
        with gr.Row(elem_classes="actions"):
            save = gr.Button(t("Save"), variant="primary", size="md", elem_id="save-confirm", scale=3)
            cancel = gr.Button(t("Cancel"), size="md", scale=1, min_width=90, elem_id="save-cancel")
    return SaveForm(box, gr.State(None), image, picture, name, description, prompt, profile, save, cancel)


def show_save_form(studio: Studio, form: SaveForm, member: CastMember, image_id: str) -> tuple[Any, ...]:
    """Values for `SaveForm.outputs`."""
    character = member.character
    profile = form.profile.values(character.visual_profile)
    thumbnail = studio.library.get_thumbnail_path(image_id)
    written = (character.name, character.description, character.prompt, *profile)
    return gr.Column(visible=True), member.id, image_id, thumbnail, *written


def bind_save_form(studio: Studio, form: SaveForm, place: Place) -> None:
    def save(member_id: str, image_id: str, name: str, description: str, prompt: str, *looks: Any) -> tuple[Any, ...]:
        with told_to_people():
            profile = form.profile.profile(looks)
            saved = studio.library.save_character(member_id, image_id, description, profile, prompt, name)
            known = say("{name} is in the library now, for every story of this project.", name=escape(saved.name))
            gr.Success(known, title=say("Saved"))
            return gr.Column(visible=False), new_revision()

    def close() -> Any:
        return gr.Column(visible=False)

    form.save.click(save, [form.member, form.image, *form.written], [form.box, place.revision], **PRIVATE)
    form.cancel.click(close, None, form.box, **QUICK)
    place.story.change(close, None, form.box, **QUICK)
