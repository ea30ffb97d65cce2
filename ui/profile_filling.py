"""What the words say of a person stands in the fields of their profile, too, and follows the words. What somebody put
into a field or took out of it themselves stays so: what was filled in is kept in the browser beside the fields, so that
the two can be told apart. For a pack without a vocabulary nothing is filled in: nobody knows what belongs where."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import gradio as gr

from library_store.records import VisualProfile
from pipeline.packs import Pack
from pipeline.word_choice import overruled, without
from ui.profile_editor import field_of, phrases_of
from ui.unseen import UNSEEN

Phrases = dict[str, list[str]]  # by field of a profile


def build_filled() -> gr.Textbox:
    """Holds what was filled in, as the functions here give it."""
    return gr.Textbox("", elem_classes=UNSEEN)


def opened(pack: Pack, words: str, profile: VisualProfile) -> tuple[VisualProfile, str]:
    """A profile that is shown anew, and what of it counts as filled in. Only empty fields get something."""
    said = _said(pack, words)
    before = {field: phrases for field, phrases in said.items() if getattr(profile, field)}
    return _followed(pack, said, before, profile)


def followed(pack: Pack, words: str, filled: str, profile: VisualProfile) -> tuple[VisualProfile, str]:
    """The profile after the words or a field were changed, and what is filled in now."""
    return _followed(pack, _said(pack, words), json.loads(filled or "{}"), profile)


def in_the_words(pack: Pack, words: str, profile: VisualProfile) -> tuple[VisualProfile, str]:
    """As `followed`, but where the two say otherwise of one thing the words count."""
    if pack.vocabulary is None:
        return profile, ""
    agreed = {
        field: without(pack.vocabulary, text, overruled(pack.vocabulary, text, words))
        for field, text in asdict(profile).items()
    }
    said = _said(pack, words)
    before = {field: [each for each in phrases if each in phrases_of(agreed[field])] for field, phrases in said.items()}
    return _followed(pack, said, before, VisualProfile(**agreed))


def _followed(pack: Pack, said: Phrases, before: Phrases, profile: VisualProfile) -> tuple[VisualProfile, str]:
    fields, filled = dict[str, str](), Phrases()
    for field in said.keys() | before.keys():
        now, was = phrases_of(getattr(profile, field)), before.get(field, [])
        own, gone = [each for each in now if each not in was], [each for each in was if each not in now]
        taken = [each for each in said.get(field, []) if not _is_overruled(pack, each, ", ".join(own))]
        kept = [each for each in now if each in own or each in taken]
        kept += [each for each in taken if each not in (*kept, *gone)]
        fields[field] = ", ".join(kept)
        filled[field] = [each for each in taken if each not in own]
    return replace(profile, **fields), json.dumps(filled)


def _said(pack: Pack, words: str) -> Phrases:
    said = Phrases()
    if pack.vocabulary:
        for group, phrases in pack.vocabulary.phrases_in(words).items():
            said.setdefault(field_of(group), []).extend(phrases)
    return said


def _is_overruled(pack: Pack, phrase: str, by: str) -> bool:
    return bool(pack.vocabulary and overruled(pack.vocabulary, phrase, by))
