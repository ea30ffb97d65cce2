"""What is written about a character, as the fields of a form. What they showed is kept in the browser beside them, so
that saving writes what was changed in them and nothing else, and says what was changed elsewhere in the meantime."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import gradio as gr

from library_store.records import Character, CharacterText, VisualProfile
from ui.handlers import QUICK, unchanged
from ui.language import say, t
from ui.profile_editor import ProfileEditor
from ui.unseen import UNSEEN
from ui.words import PROFILE_FIELDS, in_markdown

LABELS = {"name": "Name", "description": "Description", "prompt": "Original prompt"} | PROFILE_FIELDS


@dataclass(frozen=True)
class CharacterFields:
    texts: Mapping[str, gr.Textbox]  # some of name, description, prompt
    profile: ProfileEditor
    shown: gr.Textbox  # JSON, by field: what the library said when the field was filled; hidden
    newer: gr.Textbox  # JSON, by field: what it says now, of those changed both here and elsewhere; hidden
    line: gr.Row  # asks which of the two counts
    says: gr.Markdown
    mine: gr.Button
    theirs: gr.Button

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.profile.fields, *self.texts)

    @property
    def inputs(self) -> list[Any]:
        """What `written` and `refreshed` take. Texts come last: what follows a prompt finds the profile set."""
        return [self.shown, *self.profile.inputs, *self.texts.values()]

    @property
    def question(self) -> list[Any]:
        """What `ask` and `ask_nothing` set."""
        return [self.newer, self.line, self.says]

    def filled(self, character: Character, profile: VisualProfile | None = None) -> list[Any]:
        """Values for `inputs`. A `profile` is shown instead of theirs, and written with the rest."""
        texts = self._texts_of(character)
        return [json.dumps(texts), *self._values(texts | (asdict(profile) if profile else {}))]

    def written(self, shown: str, *values: Any) -> tuple[CharacterText, CharacterText]:
        """What the fields say, and what they showed."""
        before = self._read(shown)
        return CharacterText(**self._said(before, values)), CharacterText(**before)

    def refreshed(self, character: Character, shown: str, *values: Any) -> list[Any]:
        """Values for `inputs`: what was changed elsewhere, in the fields that nobody touched."""
        before, now = self._read(shown), self._texts_of(character)
        said = self._said(before, values)
        touched = {name for name in self.names if said[name].strip() not in (before[name].strip(), now[name])}
        fresh = [
            unchanged() if name in touched or value == new else new
            for name, value, new in zip(self.names, values, self._values(now), strict=True)
        ]
        return [json.dumps({name: (before if name in touched else now)[name] for name in self.names}), *fresh]

    def ask(self, newer: Mapping[str, str]) -> list[Any]:
        """Values for `question`."""
        changed = say("This was changed elsewhere in the meantime. What you wrote here is not saved yet.")
        lines = [f"**{changed}**", *(_now(name, text) for name, text in newer.items())]
        return [json.dumps(dict(newer)), gr.Row(visible=True), "\n\n".join(lines)]

    def ask_nothing(self) -> list[Any]:
        """Values for `question`."""
        return ["", gr.Row(visible=False), ""]

    def bind(self) -> Any:
        """`theirs` fills the fields. The event of `mine` is returned: on its success, what is written can be saved."""

        def take_theirs(newer: str, shown: str) -> list[Any]:
            other = json.loads(newer)
            now = self._values(dict.fromkeys(self.names, "") | other)
            fresh = [new if name in other else unchanged() for name, new in zip(self.names, now, strict=True)]
            return [_seen(newer, shown), *fresh, *self.ask_nothing()]

        both = [self.newer, self.shown]
        self.theirs.click(take_theirs, both, [*self.inputs, *self.question], **QUICK)
        return self.mine.click(_seen, both, self.shown, **QUICK)

    def _texts_of(self, character: Character) -> dict[str, str]:
        texts = asdict(CharacterText.of(character))
        return {name: texts[name] for name in self.names}

    def _read(self, shown: str) -> dict[str, str]:
        return dict.fromkeys(self.names, "") | json.loads(shown or "{}")

    def _said(self, shown: Mapping[str, str], values: Sequence[Any]) -> dict[str, str]:
        """A field that nobody touched says what was shown, even where it would have put the commas elsewhere."""
        said, untouched = self._texts(values), self._texts(self._values(shown))
        return {name: shown[name] if said[name] == untouched[name] else said[name] for name in self.names}

    def _texts(self, values: Sequence[Any]) -> dict[str, str]:
        parts = len(self.profile.fields)
        texts = asdict(self.profile.profile(values[:parts])) | dict(zip(self.texts, values[parts:], strict=True))
        return {name: texts[name] or "" for name in self.names}

    def _values(self, texts: Mapping[str, str]) -> list[Any]:
        looks = VisualProfile(**{part: texts[part] for part in self.profile.fields})
        return [*self.profile.values(looks), *(texts[name] for name in self.texts)]


def build_character_fields(texts: Mapping[str, gr.Textbox], profile: ProfileEditor, prefix: str) -> CharacterFields:
    """Below the fields: the line that asks which of two texts counts, shown where there are two."""
    with gr.Row(visible=False, elem_id=f"{prefix}-newer", elem_classes="notice-line") as line:
        says = gr.Markdown(elem_id=f"{prefix}-newer-text")
        mine = gr.Button(t("Keep mine"), size="sm", elem_id=f"{prefix}-mine", scale=0, min_width=100)
        theirs = gr.Button(t("Take the other"), size="sm", elem_id=f"{prefix}-theirs", scale=0, min_width=100)
    shown, newer = gr.Textbox(elem_classes=UNSEEN), gr.Textbox(elem_classes=UNSEEN)
    return CharacterFields(texts, profile, shown, newer, line, says, mine, theirs)


def _seen(newer: str, shown: str) -> str:
    """Shown from now on is what was newer."""
    return json.dumps(json.loads(shown or "{}") | json.loads(newer or "{}"))


def _now(name: str, text: str) -> str:
    label = say(LABELS[name])
    return (
        say("{field}: “{other}”", field=label, other=in_markdown(text)) if text else say("{field}: empty", field=label)
    )
