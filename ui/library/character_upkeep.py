"""What keeps a library in order, on a character's page: edit, merge two into one, trash, restore, delete for good."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from errors import CharacterChanged
from library_store.changes import tags_to_write
from library_store.records import Character, LibraryQuery, PurgePreview, VisualProfile
from studio import Castbook, Studio
from ui.character_fields import CharacterFields, build_character_fields
from ui.handlers import LATEST, PRIVATE, QUICK, for_visitor, unchanged
from ui.language import alphabet_language, say, t
from ui.library.copying import CopyForm, bind_copy_form, build_copy_form, show_copy_form
from ui.place import Place, new_revision
from ui.profile_editor import build_profile_editor
from ui.thumbnails import THUMBNAILS
from ui.told_apart import people_choices
from ui.undo import Undo, offer
from ui.unseen import UNSEEN
from ui.words import counted, in_markdown

MOST_OFFERED = 60  # names in the list of whom to merge with; typing finds the others


@dataclass(frozen=True)
class EditForm:
    tags: gr.Dropdown
    shown_tags: gr.Textbox  # JSON: those that the character had when the field was filled; hidden
    fields: CharacterFields
    save: gr.Button

    @property
    def inputs(self) -> list[Any]:
        """What `refreshed_edit` takes and sets."""
        return [self.tags, self.shown_tags, *self.fields.inputs]

    @property
    def outputs(self) -> list[Any]:
        return [*self.inputs, *self.fields.question]


@dataclass(frozen=True)
class MergeForm:
    other: gr.Dropdown
    faces: gr.Gallery  # both
    warning: gr.Markdown  # what will happen, said before it does
    merge: gr.Button

    @property
    def outputs(self) -> list[Any]:
        return [self.other, *self.asked]

    @property
    def asked(self) -> list[Any]:
        return [self.faces, self.warning, self.merge]


@dataclass(frozen=True)
class TrashBar:
    """On top of the page of a character who is in the trash."""

    box: gr.Column
    text: gr.Markdown
    restore: gr.Button
    ask: gr.Button  # what would be lost
    sure: gr.Column
    warning: gr.Markdown
    purge: gr.Button
    keep: gr.Button

    @property
    def outputs(self) -> list[Any]:
        return [self.box, self.text, self.sure]


@dataclass(frozen=True)
class Upkeep:
    edit: EditForm
    merge: MergeForm
    copying: CopyForm
    living: gr.Column  # what is offered for a character who is not in the trash
    trash: gr.Button

    @property
    def outputs(self) -> list[Any]:
        return [*self.edit.outputs, *self.merge.outputs, self.copying.project]


def build_trash_bar() -> TrashBar:
    with gr.Column(visible=False, elem_id="trash-bar", elem_classes="quiet-box") as box:
        with gr.Row(elem_classes="quiet-line"):
            text = gr.Markdown(elem_id="trash-text")
            restore = gr.Button(t("Restore"), size="sm", scale=0, min_width=100, elem_id="character-restore")
            ask = gr.Button(t("Delete for good"), size="sm", scale=0, min_width=130, elem_id="character-purge-ask")
        with gr.Column(visible=False) as sure:
            warning = gr.Markdown(elem_id="purge-warning")
            with gr.Row(elem_classes="actions"):
                purge = gr.Button(
                    t("Delete for good, now"), variant="stop", size="md", scale=0, min_width=190,
                    elem_id="character-purge",
                )  # fmt: skip
                keep = gr.Button(t("Keep in the trash"), size="md", scale=0, min_width=150, elem_id="character-keep")
    return TrashBar(box, text, restore, ask, sure, warning, purge, keep)


def build_upkeep(castbook: Castbook) -> Upkeep:
    with gr.Accordion(t("Edit"), open=False, elem_id="character-edit"):
        edit = _build_edit(castbook)
    with gr.Column() as living:
        with gr.Accordion(t("Merge with another character"), open=False, elem_id="character-merge"):
            merge = _build_merge()
        copying = build_copy_form()
        with gr.Row():
            trash = gr.Button(t("Move to trash"), size="sm", scale=0, min_width=140, elem_id="character-trash")
    return Upkeep(edit, merge, copying, living, trash)


def show_upkeep(studio: Studio, upkeep: Upkeep, character: Character) -> tuple[Any, ...]:
    """Values for `Upkeep.outputs`."""
    fields = upkeep.edit.fields
    others = gr.Dropdown(choices=_others(studio, character, ""), value=None)
    edit = (*_tags(studio, character, [], []), *fields.filled(character), *fields.ask_nothing())
    return *edit, others, *_no_warning(), show_copy_form(studio, character)


def refreshed_edit(
    studio: Studio, form: EditForm, character: Character, tags: list[str] | None, shown_tags: str, *written: Any
) -> tuple[Any, ...]:
    """Values for `EditForm.inputs`: what was changed elsewhere, in the fields that nobody touched."""
    shown = json.loads(shown_tags or "[]")
    return *_tags(studio, character, tags or [], shown), *form.fields.refreshed(character, *written)


def show_trash_bar(character: Character) -> tuple[Any, ...]:
    """Values for `TrashBar.outputs`."""
    text = say("**{name} is in the trash.** Stories keep the pictures.", name=in_markdown(character.name))
    return gr.Column(visible=character.trashed_at is not None), text, gr.Column(visible=False)


def bind_upkeep(
    castbook: Castbook,
    upkeep: Upkeep,
    bar: TrashBar,
    place: Place,
    undo: Undo,
    character: gr.Textbox,
    show: Callable[[Studio, str], tuple[Any, ...]],
    show_nobody: Callable[[], tuple[Any, ...]],
    page: list[Any],
    relist: Callable[[Any], Any],
) -> None:
    """`show(studio, character_id)` and `show_nobody()` give the values for `page`; `relist(event)` follows changes."""

    @for_visitor(castbook)
    def trash(studio: Studio, character_id: str) -> tuple[Any, ...]:
        gone = studio.library.trash_character(character_id)
        text = say("**{name} is in the trash.** Stories keep the pictures.", name=in_markdown(gone.name))
        return *show(studio, character_id), new_revision(), *offer(text, "character", character_id)

    @for_visitor(castbook)
    def restore(studio: Studio, character_id: str) -> tuple[Any, ...]:
        studio.library.restore_character(character_id)
        return *show(studio, character_id), new_revision()

    edit, fields = upkeep.edit, upkeep.edit.fields

    @for_visitor(castbook)
    def save(
        studio: Studio, character_id: str, tags: list[str] | None, shown_tags: str, *written: Any
    ) -> tuple[Any, ...]:
        try:
            studio.library.edit_character(character_id, *fields.written(*written))
        except CharacterChanged as changed:
            return *[unchanged() for _ in [*outputs, *edit.inputs]], *fields.ask(changed.newer)
        saved = studio.library.set_tags(character_id, tags or [], instead_of=json.loads(shown_tags or "[]"))
        form = refreshed_edit(studio, edit, saved, tags, shown_tags, *written)
        gr.Success(say("Your changes to {name} are saved.", name=escape(saved.name)), title=say("Saved"))
        return *show(studio, character_id), new_revision(), *form, *fields.ask_nothing()

    @for_visitor(castbook)
    def ask(studio: Studio, character_id: str) -> tuple[Any, ...]:
        return gr.Column(visible=True), _what_breaks(studio.library.preview_purge(character_id))

    @for_visitor(castbook)
    def purge(studio: Studio, character_id: str) -> tuple[Any, ...]:
        name = studio.library.get_character(character_id).name
        studio.library.purge_character(character_id)
        gr.Info(say("{name} is deleted.", name=escape(name)), title=say("Deleted"))
        return *show_nobody(), new_revision()

    outputs = [*page, place.revision]
    written, saved = [character, *edit.inputs], [*outputs, *edit.outputs]
    relist(edit.save.click(save, written, saved, **PRIVATE))
    relist(fields.bind().success(save, written, saved, **PRIVATE))
    relist(upkeep.trash.click(trash, character, [*outputs, *undo.outputs], **PRIVATE))
    relist(bar.restore.click(restore, character, outputs, **PRIVATE))
    bar.ask.click(ask, character, [bar.sure, bar.warning], **QUICK)
    bar.keep.click(lambda: gr.Column(visible=False), None, bar.sure, **QUICK)
    relist(bar.purge.click(purge, character, outputs, **PRIVATE))
    bind_copy_form(castbook, upkeep.copying, character)
    _bind_merge(castbook, upkeep.merge, undo, character, show, outputs, relist)


def _build_edit(castbook: Castbook) -> EditForm:
    name = gr.Textbox(label=t("Name"), elem_id="edit-name", max_length=120)
    description = gr.Textbox(
        label=t("Description"), placeholder=t("Who they are in the story"), lines=2, elem_id="edit-description"
    )
    tags = gr.Dropdown(
        [], multiselect=True, allow_custom_value=True, label=t("Tags"), info=t("Type a new one and press Enter."),
        interactive=True, elem_id="edit-tags", elem_classes="choices",
    )  # fmt: skip
    profile = build_profile_editor(castbook, "edit", VisualProfile())
    fields = build_character_fields({"name": name, "description": description}, profile, "edit")
    save = gr.Button(t("Save"), variant="primary", size="md", elem_id="edit-save")
    return EditForm(tags, gr.Textbox(elem_classes=UNSEEN), fields, save)


def _tags(studio: Studio, character: Character, written: Sequence[str], shown: Sequence[str]) -> tuple[Any, str]:
    """Values for the tags' field, with what was added to and removed from those that it showed, and for what it shows
    from now on."""
    known = studio.library.list_tags(character.project_id, alphabet_language())
    tags = tags_to_write(written, shown, character.tags)
    return gr.Dropdown(choices=known, value=tags, multiselect=True), json.dumps(character.tags)


def _build_merge() -> MergeForm:
    gr.Markdown(t("For one person who was saved twice."), elem_classes="fine-print")
    other = gr.Dropdown(
        [], value=None, label=t("Who is the same person?"), interactive=True, elem_id="merge-other", filterable=True
    )
    faces = gr.Gallery(container=False, columns=2, elem_id="merge-faces", elem_classes="people", **THUMBNAILS)
    warning = gr.Markdown(elem_id="merge-warning", visible=False)
    merge = gr.Button(t("Merge them"), variant="stop", size="md", visible=False, elem_id="merge-confirm")
    return MergeForm(other, faces, warning, merge)


def _bind_merge(
    castbook: Castbook,
    form: MergeForm,
    undo: Undo,
    character: gr.Textbox,
    show: Callable[[Studio, str], tuple[Any, ...]],
    outputs: list[Any],
    relist: Callable[[Any], Any],
) -> None:
    @for_visitor(castbook)
    def find(studio: Studio, character_id: str, event: gr.KeyUpData) -> Any:
        return gr.Dropdown(choices=_others(studio, studio.library.get_character(character_id), event.input_value))

    @for_visitor(castbook)
    def warn(studio: Studio, character_id: str, other_id: str | None) -> tuple[Any, ...]:
        if not other_id:
            return _no_warning()
        kept, other = studio.library.get_character(character_id), studio.library.get_character(other_id)
        shown = {who.canonical_image_id: who.name for who in (kept, other) if who.canonical_image_id}
        thumbnails = studio.library.get_thumbnail_paths(shown)
        faces = [(path, shown[image_id]) for image_id, path in thumbnails.items()]
        text = gr.Markdown(_what_merging_does(studio, kept, other), visible=True)
        return gr.Gallery(faces, visible=bool(faces)), text, gr.Button(visible=True)

    @for_visitor(castbook)
    def merge(studio: Studio, character_id: str, other_id: str) -> tuple[Any, ...]:
        kept = studio.library.merge_characters(character_id, other_id)
        text = say("The two are {name} now.", name=in_markdown(kept.name))
        return *_merged(studio, kept), *show(studio, kept.id), new_revision(), *offer(text, "merge", other_id)

    form.other.key_up(find, character, form.other, **LATEST)
    form.other.input(warn, [character, form.other], form.asked, **LATEST)
    relist(form.merge.click(merge, [character, form.other], [*form.outputs, *outputs, *undo.outputs], **PRIVATE))


def _merged(studio: Studio, kept: Character) -> tuple[Any, ...]:
    return gr.Dropdown(choices=_others(studio, kept, ""), value=None), *_no_warning()


def _no_warning() -> tuple[Any, ...]:
    return gr.Gallery([], visible=False), gr.Markdown("", visible=False), gr.Button(visible=False)


def _others(studio: Studio, character: Character, words: str) -> list[tuple[str, str]]:
    named = LibraryQuery(words, sort="name", language=alphabet_language())
    people = studio.library.search_library(character.project_id, named, 0, MOST_OFFERED)
    return people_choices(studio, [person for person in people if person.id != character.id])


def _what_merging_does(studio: Studio, kept: Character, other: Character) -> str:
    what = say(
        "**{name}** gets all pictures ({pictures}), stories ({stories}) and tags of **{other}**, and old links to "
        "{other} lead to {name}. The name, description and looks of {other} go.",
        name=in_markdown(kept.name),
        other=in_markdown(other.name),
        pictures=len(studio.library.list_images(other.id)),
        stories=len(studio.library.list_uses(other.id)),
    )
    judgement = studio.faces.are_two(kept.id, other.id)
    if judgement is None:
        return what
    if judgement.against:
        doubt = say("**Are they one person?** By the faces that stand for them, the judge sees two.")
    else:
        doubt = say(
            "**Are they one person?** The faces that stand for them are hardly alike: {similarity}.",
            similarity=f"{judgement.similarity:.2f}",
        )
    return f"{doubt}\n\n{what}"


def _what_breaks(preview: PurgePreview) -> str:
    losses = [counted("{count} picture goes", "{count} pictures go", preview.images)]
    if preview.stories:
        titles = ", ".join(in_markdown(story.title) for story in preview.stories)
        lose = counted("{count} story loses them", "{count} stories lose them", len(preview.stories))
        losses.append(f"{lose} ({titles})")
    if preview.children:
        losses.append(
            counted(
                "{count} variant of others loses its reference",
                "{count} variants of others lose their reference",
                preview.children,
            )
        )
    return f"**{'; '.join(losses)}.** {say('This cannot be undone.')}"
