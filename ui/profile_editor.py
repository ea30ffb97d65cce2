"""The editor of a visual profile: what a character looks like, and what a scene puts on them, kept visibly apart.

A pack with a vocabulary offers what it can draw as choices, beside words of one's own; for any other pack the fields
are free text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from gradio.context import Context

from errors import InvalidRequest
from library_store.records import VisualProfile
from pipeline.packs import Pack
from studio import Castbook, Studio
from ui.handlers import QUICK, for_visitor
from ui.language import phrase_name, t
from ui.story.word_notes import words_note
from ui.words import IDENTITY_FIELDS, LOOK_FIELDS, PROFILE_FIELDS

WHO, LOOK = "Who they are", "What they wear here"
EXAMPLES = {
    "hair": "long black hair",
    "face": "green eyes",
    "body": "slim",
    "outfit": "school uniform",
    "accessories": "round glasses",
    "other": "smiling, in the rain",
}
FACE_GROUPS = ("eyes", "skin", "marks")


@dataclass(frozen=True)
class ProfileEditor:
    fields: tuple[str, ...]  # names of VisualProfile's
    inputs: list[Any]  # their components, in the same order: text, or choices where the pack's vocabulary has some
    with_choices: frozenset[str]  # which of the fields have choices

    @property
    def edited(self) -> list[Any]:
        """The events of an edit. `input` misses words that no dropdown offers, and in a text Hangul and Backspace."""
        return [each.change for each in self.inputs]

    def profile(self, values: Sequence[Any]) -> VisualProfile:
        """What the components say, given as a handler gets it."""
        return VisualProfile(**{field: _text(value) for field, value in zip(self.fields, values, strict=True)})

    def values(self, profile: VisualProfile) -> list[Any]:
        """Values for `inputs`."""
        texts = {field: str(getattr(profile, field)) for field in self.fields}
        return [_phrases(text) if field in self.with_choices else text for field, text in texts.items()]


@dataclass(frozen=True)
class ProfileFiller:
    """The button that fills an editor from a picture's request."""

    button: gr.Button
    note: gr.Markdown


def build_profile_editor(
    castbook: Castbook, prefix: str, profile: VisualProfile, fields: Mapping[str, str] = PROFILE_FIELDS
) -> ProfileEditor:
    """`fields` are names with their labels: all of a profile, or those of a character or a scene alone."""
    choices = profile_choices(castbook.pack)

    def in_their_language() -> list[gr.Dropdown]:
        return [gr.Dropdown(choices=_called(choices[field])) for field in editor.fields if field in choices]

    editor = ProfileEditor(tuple(fields), [], frozenset(choices))
    for title, group in ((WHO, IDENTITY_FIELDS), (LOOK, LOOK_FIELDS)):
        shown = [field for field in fields if field in group]
        if not shown:
            continue
        with gr.Column(elem_classes="profile-group"):
            gr.Markdown(t(title), elem_classes="profile-title")
            with gr.Row(elem_classes="profile-fields"):
                for field in shown:
                    [value] = replace(editor, fields=(field,)).values(profile)
                    editor.inputs.append(_build_field(f"{prefix}-{field}", field, value, choices.get(field)))
    with_choices = [each for field, each in zip(editor.fields, editor.inputs, strict=True) if field in choices]
    if with_choices:
        page: Any = Context.root_block  # being built
        page.load(in_their_language, None, with_choices, **QUICK)
    return editor


def build_profile_filler(
    castbook: Castbook, editor: ProfileEditor, prefix: str, image: gr.State
) -> ProfileFiller | None:
    """Fills `editor` from the request of the picture whose id `image` holds. None for a pack without a vocabulary:
    nobody knows then what belongs into which field."""
    if castbook.pack.vocabulary is None:
        return None
    filler = ProfileFiller(
        gr.Button(t("Fill from this picture"), size="sm", elem_id=f"{prefix}-fill"),
        gr.Markdown(elem_classes="unknown-words", elem_id=f"{prefix}-fill-note"),
    )

    @for_visitor(castbook)
    def fill(studio: Studio, image_id: str, *values: Any) -> tuple[Any, ...]:
        request = studio.requests.of_image(image_id)
        if request is None:
            raise InvalidRequest("This picture says nothing of how it was made.", "Choose one that was drawn here.")
        filled = filled_from(studio.pack, request.prompt, editor.profile(values))
        return *editor.values(filled), words_note(studio.pack.read(request.prompt), request.left_out)

    filler.button.click(fill, [image, *editor.inputs], [*editor.inputs, filler.note], **QUICK)
    return filler


def profile_choices(pack: Pack) -> dict[str, list[str]]:
    """By field of a profile what the pack can draw; empty for a pack that has no vocabulary."""
    choices: dict[str, list[str]] = {}
    if pack.vocabulary:
        for group, phrases in pack.vocabulary.groups.items():
            choices.setdefault(field_of(group), []).extend(phrases)
    return choices


def filled_from(pack: Pack, prompt: str, profile: VisualProfile) -> VisualProfile:
    """The profile with what the prompt says, sorted into the fields. What it says nothing about stays as it is."""
    said: dict[str, list[str]] = {}
    if pack.vocabulary:
        for group, phrases in pack.vocabulary.phrases_in(prompt).items():
            said.setdefault(field_of(group), []).extend(phrases)
    return replace(profile, **{field: ", ".join(phrases) for field, phrases in said.items()})


def field_of(group: str) -> str:
    """Where a group of a vocabulary belongs: "hair colour" to hair, "eyes" to the face, "light" to other."""
    if group in FACE_GROUPS:
        return "face"
    first = group.split()[0]
    return first if first in PROFILE_FIELDS else "other"


def _build_field(elem_id: str, field: str, value: Any, choices: list[str] | None) -> Any:
    label = t(PROFILE_FIELDS[field])
    if choices is None:
        return gr.Textbox(value, label=label, placeholder=t(EXAMPLES[field]), min_width=130, elem_id=elem_id)
    return gr.Dropdown(
        choices,
        value=value,
        label=label,
        multiselect=True,
        allow_custom_value=True,
        interactive=True,
        min_width=190,
        elem_id=elem_id,
        elem_classes="choices",
    )


def _called(phrases: Sequence[str]) -> list[tuple[str, str]]:
    """What they are called in the visitor's language, and the phrases."""
    return [(phrase_name(phrase), phrase) for phrase in phrases]


def _text(value: str | list[str] | None) -> str:
    return ", ".join(value) if isinstance(value, list) else value or ""


def _phrases(text: str) -> list[str]:
    return [phrase for phrase in (part.strip() for part in text.split(",")) if phrase]
