"""Export and import: a character or the whole project as a zip, and such a zip back into the library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from library_store.export_zip import count_missing
from library_store.exported import ImportReport
from library_store.records import Character
from studio import Castbook, Studio
from ui.handlers import PRIVATE, QUICK, for_visitor, on
from ui.language import say, t
from ui.place import Place, new_revision, show_place
from ui.words import counted

ABOUT = (
    "One zip with the pictures, who was made from whom, and what was asked for. Castbook brings it back as it was, "
    "and Hugging Face `datasets` opens it as an image folder."
)


@dataclass(frozen=True)
class ExportForm:
    everyone: gr.Button
    person: gr.Button  # shown while a saved character's page is open
    embeddings: gr.Checkbox
    download: gr.DownloadButton  # shown when the zip is there
    upload: gr.UploadButton


def build_export_form() -> ExportForm:
    with gr.Accordion(t("Export and import"), open=False, elem_id="export-form"):
        gr.Markdown(t(ABOUT), elem_classes="fine-print")
        embeddings = gr.Checkbox(
            False, label=t("With face embeddings"), interactive=True, container=False, elem_id="export-embeddings",
            info=t("The numbers by which a face is recognised: biometric data. Leave them out of what you pass on."),
        )  # fmt: skip
        with gr.Row(elem_classes="actions"):
            everyone = gr.Button(t("Export the whole project"), size="md", min_width=180, elem_id="export-everyone")
            person = gr.Button(visible=False, size="md", min_width=140, elem_id="export-person")
            upload = gr.UploadButton(
                t("Import a zip"), file_types=[".zip"], type="filepath", size="md", min_width=140, elem_id="import-zip"
            )
        download = gr.DownloadButton(visible=False, variant="primary", size="md", elem_id="export-download")
    return ExportForm(everyone, person, embeddings, download, upload)


def bind_export_form(
    castbook: Castbook, form: ExportForm, place: Place, character: gr.Textbox, relist: Callable[[Any], None]
) -> None:
    """`character` holds the id of who is looked at, or nothing; `relist(event)` makes the gallery follow a change."""
    _bind_export(castbook, form, place, character)

    @for_visitor(castbook)
    def import_zip(studio: Studio, project_id: str, story_id: str, zip_path: str) -> tuple[Any, ...]:
        report = studio.library.import_zip(zip_path, project_id)
        gr.Success(_what_came(report), title=say("Imported"))
        return *show_place(studio, studio.library.get_story(story_id))[:2], new_revision()

    shown = [place.project, place.story, place.revision]
    relist(form.upload.upload(import_zip, [place.project, place.remembered, form.upload], shown, **PRIVATE))


def _bind_export(castbook: Castbook, form: ExportForm, place: Place, character: gr.Textbox) -> None:
    @for_visitor(castbook)
    def offer(studio: Studio, character_id: str) -> tuple[Any, ...]:
        person = studio.library.get_character(character_id) if character_id else None
        return _person_button(person), gr.DownloadButton(visible=False)

    @for_visitor(castbook)
    def everyone(studio: Studio, project_id: str, embeddings: bool) -> Any:
        return _ready(studio.exports.write(project_id, None, embeddings))

    @for_visitor(castbook)
    def person(studio: Studio, project_id: str, embeddings: bool, character_id: str) -> Any:
        return _ready(studio.exports.write(project_id, [character_id], embeddings))

    asked = [place.project, form.embeddings]
    _bind_packing(form.everyone, everyone, asked, form.download)
    _bind_packing(form.person, person, [*asked, character], form.download)
    character.change(offer, character, [form.person, form.download], **QUICK)
    on([place.project.change, form.embeddings.input], _nothing_ready, None, form.download, **QUICK)


def _bind_packing(
    button: gr.Button, export: Callable[..., Any], inputs: list[Any], download: gr.DownloadButton
) -> None:
    packing = button.click(
        lambda: gr.DownloadButton(say("Packing …"), visible=True, interactive=False), None, download, **QUICK
    )
    packed = packing.success(export, inputs, download, **PRIVATE)
    packed.failure(_nothing_ready, None, download, **QUICK)


def _ready(zip_path: Path) -> Any:
    if missing := count_missing(zip_path):
        left_out = counted(
            "{count} picture was left out: its file is missing or damaged.",
            "{count} pictures were left out: their files are missing or damaged.",
            missing,
        )
        gr.Warning(left_out, title=say("Exported, but not all of it"))
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
