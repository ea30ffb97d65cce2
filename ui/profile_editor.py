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

from library_store.records import VisualProfile
from pipeline.packs import Pack
from studio import Castbook
from ui.handlers import QUICK, unchanged
from ui.language import language, phrase_name, t
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

    @property
    def chosen(self) -> list[Any]:
        """The events of what somebody chooses or takes out by hand; none where a handler fills a field."""
        return [each.input for each in self.inputs]

    def profile(self, values: Sequence[Any]) -> VisualProfile:
        """What the components say, given as a handler gets it."""
        return VisualProfile(**{field: _text(value) for field, value in zip(self.fields, values, strict=True)})

    def values(self, profile: VisualProfile) -> list[Any]:
        """Values for `inputs`."""
        texts = {field: str(getattr(profile, field)) for field in self.fields}
        return [phrases_of(text) if field in self.with_choices else text for field, text in texts.items()]

    def changed(self, values: Sequence[Any], profile: VisualProfile) -> list[Any]:
        """Values for `inputs`, which say `values`: what stays as it is is not touched, for somebody may be writing."""
        said = self.values(self.profile(values))
        return [unchanged() if one == other else other for one, other in zip(said, self.values(profile), strict=True)]


def build_profile_editor(
    castbook: Castbook, prefix: str, profile: VisualProfile, fields: Mapping[str, str] = PROFILE_FIELDS
) -> ProfileEditor:
    """`fields` are names with their labels: all of a profile, or those of a character or a scene alone."""
    choices = profile_choices(castbook.pack)

    def in_their_language() -> list[gr.Dropdown]:
        offered = [choices[field] for field in editor.fields if field in choices]
        if language() == "en":  # as they were built
            return [unchanged() for _ in offered]
        return [gr.Dropdown(choices=_called(phrases)) for phrases in offered]

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


def profile_choices(pack: Pack) -> dict[str, list[str]]:
    """By field of a profile what the pack can draw; empty for a pack that has no vocabulary."""
    choices: dict[str, list[str]] = {}
    if pack.vocabulary:
        for group, phrases in pack.vocabulary.groups.items():
            choices.setdefault(field_of(group), []).extend(phrases)
    return choices


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


def phrases_of(text: str) -> list[str]:
    """What stands between the commas of a field."""
    return [phrase for phrase in (part.strip() for part in text.split(",")) if phrase]
