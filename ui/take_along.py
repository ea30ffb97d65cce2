"""Take it with you: the library as a file and back again, and a picture's request into the form that it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from errors import InvalidRequest
from library_store.portable import ImportReport
from library_store.records import Character
from studio import Studio
from ui.handlers import PRIVATE, QUICK, on
from ui.language import say, t
from ui.messages import told_to_people
from ui.place import Place, new_revision, show_place
from ui.story.cast import FOCUS_TURNED_TO
from ui.story.desk import Desk, show_request
from ui.words import changed_words, counted

ABOUT = (
    "One zip with the pictures, who was made from whom, and what was asked for. Castbook brings it back as it was, "
    "and Hugging Face `datasets` opens it as an image folder."
)


@dataclass(frozen=True)
class TakeAlong:
    everyone: gr.Button
    person: gr.Button  # shown while a saved character's page is open
    embeddings: gr.Checkbox
    download: gr.DownloadButton  # shown when the zip is there
    upload: gr.UploadButton


def build_take_along() -> TakeAlong:
    with gr.Accordion(t("Take it with you"), open=False, elem_id="take-along"):
        gr.Markdown(t(ABOUT), elem_classes="fine-print")
        embeddings = gr.Checkbox(
            False, label=t("With face embeddings"), interactive=True, container=False, elem_id="take-embeddings",
            info=t("The numbers by which a face is recognised: biometric data. Leave them out of what you pass on."),
        )  # fmt: skip
        with gr.Row(elem_classes="actions"):
            everyone = gr.Button(t("Export the whole project"), size="md", min_width=180, elem_id="take-everyone")
            person = gr.Button(visible=False, size="md", min_width=140, elem_id="take-person")
            upload = gr.UploadButton(
                t("Import a zip"), file_types=[".zip"], type="filepath", size="md", min_width=140, elem_id="take-import"
            )
        download = gr.DownloadButton(visible=False, variant="primary", size="md", elem_id="take-download")
    return TakeAlong(everyone, person, embeddings, download, upload)


def bind_take_along(
    studio: Studio, part: TakeAlong, place: Place, character: gr.Textbox, relist: Callable[[Any], None]
) -> None:
    """`character` holds the id of who is looked at, or nothing; `relist(event)` makes the gallery follow a change."""
    _bind_export(studio, part, place, character)

    def bring(project_id: str, story_id: str, zip_path: str) -> tuple[Any, ...]:
        with told_to_people():
            report = studio.library.import_zip(zip_path, project_id)
            gr.Success(_what_came(report), title=say("Imported"))
            return *show_place(studio, studio.library.get_story(story_id))[:2], new_revision()

    shown = [place.project, place.story, place.revision]
    relist(part.upload.upload(bring, [place.project, place.remembered, part.upload], shown, **PRIVATE))


def build_request_field() -> gr.File:
    return gr.File(
        label=t("Drop one of your pictures: its request fills the form"), file_types=[".png"], type="filepath",
        height=56, elem_id="read-request",
    )  # fmt: skip


def bind_request_field(studio: Studio, field: gr.File, place: Place, desk: Desk) -> None:
    def read(story_id: str, picture: str) -> tuple[Any, ...]:
        with told_to_people():
            request = studio.requests.in_file(picture)
            if request is None:
                raise InvalidRequest(
                    "This picture says nothing of how it was made.",
                    "Choose a PNG that was drawn here, as you downloaded it: other programs often drop the request.",
                )
            if studio.models.ready and (changed := studio.drawing.changed_since(request)):
                gr.Info(changed_words(changed), title=say("Drawn again, it may look a little different"))
            return show_request(studio, desk, story_id, request, request.seed)

    filled = field.upload(read, [place.story, field], desk.remix_outputs, **PRIVATE)
    filled.success(None, desk.turned_to, js=FOCUS_TURNED_TO)
    for ended in (filled.success, filled.failure):
        ended(lambda: None, None, field, **QUICK)  # ready for the next one


def _bind_export(studio: Studio, part: TakeAlong, place: Place, character: gr.Textbox) -> None:
    def offer(character_id: str) -> tuple[Any, ...]:
        with told_to_people():
            person = studio.library.get_character(character_id) if character_id else None
            return _person_button(person), gr.DownloadButton(visible=False)

    def everyone(project_id: str, embeddings: bool) -> Any:
        with told_to_people():
            return _ready(studio.travelling.export_library(project_id, None, embeddings))

    def person(project_id: str, embeddings: bool, character_id: str) -> Any:
        with told_to_people():
            return _ready(studio.travelling.export_library(project_id, [character_id], embeddings))

    asked = [place.project, part.embeddings]
    _bind_packing(part.everyone, everyone, asked, part.download)
    _bind_packing(part.person, person, [*asked, character], part.download)
    character.change(offer, character, [part.person, part.download], **QUICK)
    on([place.project.change, part.embeddings.input], _nothing_ready, None, part.download, **QUICK)


def _bind_packing(
    button: gr.Button, export: Callable[..., Any], inputs: list[Any], download: gr.DownloadButton
) -> None:
    packing = button.click(
        lambda: gr.DownloadButton(say("Packing …"), visible=True, interactive=False), None, download, **QUICK
    )
    packed = packing.success(export, inputs, download, **PRIVATE)
    packed.failure(_nothing_ready, None, download, **QUICK)


def _ready(zip_path: Path) -> Any:
    size = zip_path.stat().st_size / 1e6
    label = say("Download {name} ({size} MB)", name=zip_path.name, size=f"{max(size, 0.1):.1f}")
    return gr.DownloadButton(label, value=str(zip_path), visible=True, interactive=True)


def _nothing_ready() -> Any:
    return gr.DownloadButton(visible=False)


def _person_button(person: Character | None) -> Any:
    if person is None or not person.is_saved_to_library:
        return gr.Button(visible=False)
    return gr.Button(say("Export {name} alone", name=person.name), visible=True)


def _what_came(report: ImportReport) -> str:
    came = counted("{count} character added", "{count} characters added", report.added)
    there = counted("{count} was there already", "{count} were there already", report.skipped)
    return f"{came}, {there}." if report.skipped else f"{came}."
