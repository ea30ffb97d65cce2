"""The form that puts a cast member into the library. There is one for the page, outside the cards: they are drawn anew
whenever the cast changes, and would take a half-written description with them."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from errors import CharacterChanged
from library_store.records import CastMember, VisualProfile
from studio import Castbook, Studio
from ui.character_fields import CharacterFields, build_character_fields
from ui.handlers import LATEST, PRIVATE, QUICK, for_visitor, on, unchanged
from ui.language import say, t
from ui.place import Place, new_revision
from ui.profile_editor import build_profile_editor
from ui.profile_filling import build_filled, followed, opened
from ui.story.words_help import follow_words

FOCUS_SAVE = "() => window.castbook?.showDesk('#save-name')"


@dataclass(frozen=True)
class SaveForm:
    box: gr.Column
    member: gr.State  # the cast member's id
    image: gr.State  # the id of the picture that will stand for them
    picture: gr.Image
    fields: CharacterFields
    filled: gr.Textbox  # what of the profile the prompt said
    save: gr.Button
    cancel: gr.Button

    @property
    def outputs(self) -> list[Any]:
        """What `show_save_form` sets."""
        fields = self.fields
        return [self.box, self.member, self.image, self.picture, self.filled, *fields.inputs, *fields.question]


def build_save_form(castbook: Castbook) -> SaveForm:
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
        follow_words(castbook, "save-prompt", prompt)
        with gr.Accordion(t("Visual profile"), open=False, elem_id="save-profile", elem_classes="profile"):
            profile = build_profile_editor(castbook, "save", VisualProfile())
        fields = build_character_fields({"name": name, "description": description, "prompt": prompt}, profile, "save")
        with gr.Row(elem_classes=["actions", "action-bar"]):
            save = gr.Button(t("Save"), variant="primary", size="md", elem_id="save-confirm", scale=3)
            cancel = gr.Button(t("Cancel"), size="md", scale=1, min_width=90, elem_id="save-cancel")
    return SaveForm(box, gr.State(None), image, picture, fields, build_filled(), save, cancel)


def show_save_form(studio: Studio, form: SaveForm, member: CastMember, image_id: str) -> tuple[Any, ...]:
    """Values for `SaveForm.outputs`."""
    fields, character = form.fields, member.character
    profile, filled = opened(studio.pack, character.prompt, character.visual_profile)
    thumbnail = studio.library.get_thumbnail_path(image_id)
    shown = gr.Column(visible=True), member.id, image_id, thumbnail
    return *shown, filled, *fields.filled(character, profile), *fields.ask_nothing()


def bind_save_form(castbook: Castbook, form: SaveForm, place: Place) -> None:
    fields = form.fields

    @for_visitor(castbook)
    def save(studio: Studio, member_id: str, image_id: str, shown: str, *values: Any) -> tuple[Any, ...]:
        try:
            saved = studio.library.save_character(member_id, image_id, *fields.written(shown, *values))
        except CharacterChanged as changed:
            return unchanged(), unchanged(), *fields.ask(changed.newer)
        known = say("{name} is in the library now, for every story of this project.", name=escape(saved.name))
        gr.Success(known, title=say("Saved"))
        return gr.Column(visible=False), new_revision(), *fields.ask_nothing()

    @for_visitor(castbook)
    def refresh(studio: Studio, member_id: str | None, shown: str, *values: Any) -> list[Any]:
        """What was changed in the library shows itself here, too."""
        if member_id is None:
            return [unchanged() for _ in fields.inputs]
        return fields.refreshed(studio.library.get_cast_member(member_id).character, shown, *values)

    @for_visitor(castbook)
    def follow(studio: Studio, filled: str, prompt: str, *values: Any) -> tuple[Any, ...]:
        profile, filled = followed(studio.pack, prompt, filled, fields.profile.profile(values))
        return filled, *fields.profile.changed(values, profile)

    def close() -> Any:
        return gr.Column(visible=False)

    written, saved = [form.member, form.image, *fields.inputs], [form.box, place.revision, *fields.question]
    form.save.click(save, written, saved, **PRIVATE)
    fields.bind().success(save, written, saved, **PRIVATE)
    place.revision.change(refresh, [form.member, *fields.inputs], fields.inputs, **QUICK)
    profile = [form.filled, *fields.profile.inputs]
    words = [form.filled, fields.texts["prompt"], *fields.profile.inputs]
    on([fields.texts["prompt"].change, *fields.profile.chosen], follow, words, profile, **LATEST)
    form.cancel.click(close, None, form.box, **QUICK)
    place.story.change(close, None, form.box, **QUICK)
