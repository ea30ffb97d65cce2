"""From finished pages to a cast: pages are dropped, the people on them shown, sorted, and kept one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from errors import InvalidRequest
from studio import Castbook, Studio
from studio.episodes import Episode, is_a_systems_own, place_in_reading
from ui.consent import build_consent
from ui.handlers import PRIVATE, QUICK, Handler, for_visitor
from ui.language import said, say, t
from ui.place import Place, new_revision
from ui.story.people_rows import Row, Rows
from ui.thumbnails import THUMBNAILS
from ui.words import counted, in_markdown

MOST_NAMED = 5  # pages that could not be read


@dataclass(frozen=True)
class EpisodeForm:
    files: gr.File
    folder: gr.UploadButton  # all files of one, and of those in it
    look: gr.Button
    note: gr.Markdown
    people: gr.Gallery  # one picture of each row
    row: gr.Column  # what can be done with the chosen one
    faces: gr.Gallery
    ticked: gr.CheckboxGroup
    consent: gr.Checkbox
    name: gr.Textbox
    keep: gr.Button
    add: gr.Button  # to the saved character whom the judge takes them for
    other: gr.Dropdown
    merge: gr.Button
    split: gr.Button
    rows: gr.State
    chosen: gr.State  # number of the row

    @property
    def shown(self) -> list[Any]:
        """What changes when rows do, or another one is chosen."""
        return [
            self.rows, self.chosen, self.note, self.people, self.row, self.faces, self.ticked, self.add, self.other,
        ]  # fmt: skip


def build_episode_form(castbook: Castbook) -> EpisodeForm:
    files = gr.File(
        label=t("Finished pages: pictures, or a zip of them"),
        file_count="multiple",
        type="filepath",
        height="auto",
        elem_id="pages-files",
    )
    folder = gr.UploadButton(
        t("Choose a whole folder"), file_count="directory", type="filepath", size="sm", elem_id="pages-folder"
    )
    look = gr.Button(
        t("Find the people"), variant="primary", size="md", interactive=castbook.models.ready, elem_id="pages-look"
    )
    note = gr.Markdown(visible=False, elem_id="pages-note")
    people = gr.Gallery(columns=4, elem_id="pages-people", elem_classes="people", **THUMBNAILS)
    with gr.Column(visible=False, elem_id="pages-row") as row:
        faces = gr.Gallery(columns=4, elem_id="pages-faces", elem_classes="strip", **THUMBNAILS)
        ticked = gr.CheckboxGroup(
            [], label=t("Which of these faces?"), interactive=True, visible=False, elem_id="pages-ticked"
        )
        consent = build_consent(castbook, "pages")
        add = gr.Button("", size="md", visible=False, elem_id="pages-add")
        with gr.Row(elem_classes="actions"):
            name = gr.Textbox("", label=t("Name"), placeholder=t("Hana"), elem_id="pages-name", max_length=120, scale=3)
            keep = gr.Button(t("Add to the cast"), variant="primary", size="md", elem_id="pages-keep", scale=1)
        with gr.Row(elem_classes="actions"):
            split = gr.Button(t("Make the ticked ones a row of their own"), size="sm", elem_id="pages-split")
        with gr.Row(elem_classes="actions"):
            other = gr.Dropdown([], label=t("The same person as"), interactive=True, elem_id="pages-other", scale=3)
            merge = gr.Button(t("Put together"), size="sm", elem_id="pages-merge", scale=1)
    return EpisodeForm(
        files, folder, look, note, people, row, faces, ticked, consent, name, keep, add, other, merge, split,
        rows=gr.State(Rows()), chosen=gr.State(0),
    )  # fmt: skip


def bind_episode_form(castbook: Castbook, form: EpisodeForm, place: Place) -> None:
    @for_visitor(castbook)
    def look(studio: Studio, project_id: str, files: list[str] | None) -> dict[Any, Any]:
        episode = studio.episodes.look_through(project_id, files or [])
        return _shown(form, episode, Rows.of(episode), 0)

    @for_visitor(castbook)
    def choose(studio: Studio, rows: Rows, event: gr.SelectData) -> dict[Any, Any]:
        return _shown(form, studio.episodes.get(rows.episode_id), rows, int(event.index))

    @for_visitor(castbook)
    def keep(
        studio: Studio, rows: Rows, chosen: int, ticked: list[int], agreed: bool, story_id: str, name: str
    ) -> dict[Any, Any]:
        studio.episodes.keep_as(rows.episode_id, _ticked(ticked), story_id, name, agreed)
        return {**_used(form, studio, rows, chosen, ticked), form.name: "", place.revision: new_revision()}

    @for_visitor(castbook)
    def add(studio: Studio, rows: Rows, chosen: int, ticked: list[int], agreed: bool) -> dict[Any, Any]:
        studio.episodes.add_to(rows.episode_id, _ticked(ticked), rows.rows[chosen].known_id, agreed)
        return {**_used(form, studio, rows, chosen, ticked), place.revision: new_revision()}

    @for_visitor(castbook)
    def merge(studio: Studio, rows: Rows, chosen: int, other: int | None) -> dict[Any, Any]:
        if other is None:
            raise InvalidRequest("Nobody is chosen.", "Choose who is the same person first.", at="other")
        merged = rows.merged(chosen, other)
        return _shown(form, studio.episodes.get(rows.episode_id), merged, chosen - (other < chosen))

    @for_visitor(castbook)
    def split(studio: Studio, rows: Rows, chosen: int, ticked: list[int]) -> dict[Any, Any]:
        return _shown(form, studio.episodes.get(rows.episode_id), rows.split(chosen, _ticked(ticked)), chosen)

    form.folder.upload(_pages_in, form.folder, form.files, **PRIVATE)
    begun = form.look.click(_begun, form.files, [form.note, form.look], **QUICK)
    looked = begun.then(look, [place.project, form.files], form.shown, **PRIVATE)
    for ended in (looked.success, looked.failure):
        ended(lambda: gr.Button(interactive=True), None, form.look, **QUICK)
    looked.failure(lambda: gr.Markdown(visible=False), None, form.note, **QUICK)
    form.people.select(choose, form.rows, form.shown, **PRIVATE)
    meant = [form.rows, form.chosen]
    changes: list[tuple[gr.Button, Handler, list[Any], list[Any]]] = [
        (form.keep, keep, [form.ticked, form.consent, place.story, form.name], [form.name, place.revision]),
        (form.add, add, [form.ticked, form.consent], [place.revision]),
        (form.merge, merge, [form.other], []),
        (form.split, split, [form.ticked], []),
    ]
    for button, handler, inputs, outputs in changes:
        button.click(handler, [*meant, *inputs], [*form.shown, *outputs], **PRIVATE)


def _pages_in(folder: list[str]) -> list[str]:
    files = [file for file in folder if not is_a_systems_own(Path(file).name)]
    return sorted(files, key=lambda file: place_in_reading(Path(file).name))


def _begun(files: list[str] | None) -> tuple[Any, Any]:
    return gr.Markdown(say("Looking for faces …"), visible=bool(files)), gr.Button(interactive=False)


def _ticked(faces: Sequence[int]) -> Sequence[int]:
    if not faces:
        raise InvalidRequest("No face is ticked.", "Tick those that are meant.", at="ticked")
    return faces


def _used(form: EpisodeForm, studio: Studio, rows: Rows, chosen: int, ticked: Sequence[int]) -> dict[Any, Any]:
    return _shown(form, studio.episodes.get(rows.episode_id), rows.without(chosen, ticked), chosen)


def _shown(form: EpisodeForm, episode: Episode, rows: Rows, chosen: int) -> dict[Any, Any]:
    chosen = min(chosen, len(rows.rows) - 1)
    row = rows.rows[chosen] if chosen >= 0 else Row(())
    people = [(str(episode.sighted[each.faces[0]].picture), _caption(i, each)) for i, each in enumerate(rows.rows)]
    others = [(_caption(i, each), i) for i, each in enumerate(rows.rows) if i != chosen]
    return {
        form.rows: rows,
        form.chosen: max(0, chosen),
        form.note: gr.Markdown(_note(episode, rows), visible=True),
        form.people: gr.Gallery(people, visible=bool(people), selected_index=max(0, chosen)),
        form.row: gr.Column(visible=bool(people)),
        form.faces: gr.Gallery(
            [(str(episode.sighted[face].picture), f"{face + 1}: {episode.sighted[face].page}") for face in row.faces],
            visible=True,
        ),
        form.ticked: gr.CheckboxGroup(
            [(str(face + 1), face) for face in row.faces], value=list(row.faces), visible=True
        ),
        form.add: gr.Button(_offer(row), visible=bool(row.known_id)),
        form.other: gr.Dropdown(others, value=None),
    }


def _caption(number: int, row: Row) -> str:
    faces = counted("{count} face", "{count} faces", len(row.faces))
    who = f"{row.known_name}?" if row.known_name else say("Person {number}", number=number + 1)
    return f"{who} · {faces}"


def _offer(row: Row) -> str:
    return say("{count} more of {name}: add the ticked ones", count=len(row.faces), name=row.known_name)


def _note(episode: Episode, rows: Rows) -> str:
    """Markdown: what was found, and which pages could not be read."""
    found = say(
        "**{faces} faces on {pages} pages**, {rows} to be kept. Whom the judge is not sure of stands alone.",
        faces=len(episode.sighted),
        pages=episode.pages,
        rows=counted("{count} person", "{count} people", len(rows.rows)),
    )
    unread = [f"{in_markdown(each.page)}: {said(each.error.cause_message)}" for each in episode.unread[:MOST_NAMED]]
    more = len(episode.unread) - len(unread)
    return "\n\n".join([found, *unread, *([say("{count} more could not be read.", count=more)] if more else [])])
