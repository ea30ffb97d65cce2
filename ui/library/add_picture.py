"""A further picture of a character, on their page: who it shows is looked at first, and asked where it is another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from studio import Castbook, Studio
from studio.consent import check_agreed
from ui.consent import build_consent
from ui.handlers import PRIVATE, QUICK, for_visitor
from ui.language import say, t
from ui.place import new_revision


@dataclass(frozen=True)
class AddPicture:
    consent: gr.Checkbox
    choose: gr.UploadButton
    doubt: gr.Markdown
    anyway: gr.Button

    @property
    def question(self) -> list[Any]:
        return [self.doubt, self.anyway]


def build_add_picture(castbook: Castbook) -> AddPicture:
    consent = build_consent(castbook, "character-add")
    with gr.Row(elem_classes="card-actions"):
        choose = gr.UploadButton(t("Add a picture"), size="sm", min_width=140, elem_id="character-add-file")
        anyway = gr.Button(t("Add anyway"), size="sm", min_width=110, visible=False, elem_id="character-add-anyway")
    doubt = gr.Markdown(visible=False, elem_classes="unknown-words", elem_id="character-add-doubt")
    return AddPicture(consent, choose, doubt, anyway)


def bind_add_picture(
    castbook: Castbook,
    form: AddPicture,
    character: gr.Textbox,
    show: Callable[[Studio, str], tuple[Any, ...]],
    outputs: list[Any],
    relist: Callable[[Any], Any],
) -> None:
    """`show(studio, character_id)` gives the values for `outputs`, but for the last, the revision."""

    @for_visitor(castbook)
    def add(studio: Studio, character_id: str, file: str, agreed: bool) -> dict[Any, Any]:
        check_agreed(studio.pack, agreed)
        face = studio.faces.face_like(character_id, file)
        if studio.faces.is_somebody_else(character_id, studio.faces.face_in_upload(file, face)):
            doubt = say("**The judge sees another person in this picture.** Add it only if you know better.")
            return dict(zip(form.question, (gr.Markdown(doubt, visible=True), gr.Button(visible=True)), strict=True))
        return kept(studio, character_id, file, agreed)

    def kept(studio: Studio, character_id: str, file: str, agreed: bool) -> dict[Any, Any]:
        face = studio.faces.face_like(character_id, file)
        studio.faces.add_picture(character_id, file, face, agreed=agreed)
        gr.Success(say("The picture is added."), title=say("Saved"))
        values = (*show(studio, character_id), new_revision(), *not_asked())
        return dict(zip([*outputs, *form.question], values, strict=True))

    def not_asked() -> tuple[gr.Markdown, gr.Button]:
        return gr.Markdown(visible=False), gr.Button(visible=False)

    meant, shown = [character, form.choose, form.consent], [*outputs, *form.question]
    relist(form.choose.upload(not_asked, None, form.question, **QUICK).then(add, meant, shown, **PRIVATE))
    relist(form.anyway.click(for_visitor(castbook)(kept), meant, shown, **PRIVATE))
    character.change(not_asked, None, form.question, **PRIVATE)
