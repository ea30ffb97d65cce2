"""What is said of the words of a prompt: before it is drawn, and of a picture that was."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace

from pipeline.packs import Pack
from pipeline.prompt import Reading
from pipeline.request import LeftOut, VisualProfile, Why, composed
from pipeline.word_choice import overruled
from studio import Studio
from ui.language import phrase_name, say
from ui.words import in_markdown

MOST_OFFERED = 6  # words a click away: of two unknown ones three each
LONGEST_END = 90  # characters of what is cut off, so that it is said in two lines
WHY_LEFT_OUT: dict[Why, str] = {
    "unknown word": "This pack cannot draw: {named}. The picture is made without.",
    "kept out": "Not drawn, for it is to be kept out as well: {named}.",
    "weight": "Weights count for nothing here: {named}. The words are drawn.",
    "add-on": "Files of another program are not loaded: {named}.",
    "choice": "Another program would choose: {named}. Write the one you mean.",
    "switch": "Another program would change this while it draws: {named}. Write the one you mean.",
    "wildcard": "A list of another program is not known here: {named}. Write the words you mean.",
    "command": "A command of another program does nothing here: {named}.",
    "setting": "A setting of another program does nothing here: {named}.",
}


def prompt_note(studio: Studio, drawn: str, written: str) -> str:
    """Markdown: the `words_note` of what would be drawn, without what is a click away in the line; and first of all
    what there is no room for."""
    reading, in_line = studio.pack.read(drawn), offered(studio.pack.read(written))
    half_said, near = (
        {word: phrases for word, phrases in said.items() if word not in in_line}
        for said in (reading.half_said, reading.offered)
    )
    notes = [words_note(replace(reading, half_said=half_said, offered=near))]
    if cut_off := studio.drawing.cut_off(drawn):
        end = in_markdown(textwrap.shorten(cut_off, LONGEST_END, placeholder=" …"))
        notes[:0] = [say("Too long for this pack. Left out at the end: {cut_off}", cut_off=f"**{end}**")]
    return "\n\n".join(note for note in notes if note)


def overruled_note(pack: Pack, words: str, profile: VisualProfile) -> str:
    """Markdown: what the words say, and the profile otherwise; "" for nothing."""
    said = overruled(pack.vocabulary, words, composed(*astuple(profile))) if pack.vocabulary else []
    named = ", ".join(_strong(phrase_name(phrase)) for _, phrase in said)
    return say("The visual profile says otherwise, so this is not drawn: {named}.", named=named) if named else ""


def offered(reading: Reading) -> dict[str, tuple[str, ...]]:
    """By word of a prompt, phrases that may be meant by it."""
    offers, room = dict[str, tuple[str, ...]](), MOST_OFFERED
    both: Mapping[str, tuple[str, ...]] = {**reading.half_said, **reading.offered}
    for word, phrases in both.items():
        if room > 0:
            offers[word] = phrases[:room]
        room -= len(phrases)
    return offers


def words_note(reading: Reading, left_out: Sequence[LeftOut] | None = None) -> str:
    """Markdown: what is kept out, what is left out and why, and the words that say too little, with phrases that say
    more; "" for none. `left_out` is what was left out of a picture, where that is known."""
    left_out = reading.left_out if left_out is None else left_out
    notes = list[str]()
    for why, sentence in WHY_LEFT_OUT.items():
        if words := [left.words for left in left_out if left.why == why]:
            notes.append(say(sentence, named=", ".join(map(_strong, words))))
    if reading.negated:
        kept_out = ", ".join(map(phrase_name, reading.negated.split(", ")))
        notes.append(say("Kept out, as far as the pack can: {named}.", named=_strong(kept_out)))
    if reading.offered:
        notes.append(say("Near to them, this pack knows: {named}.", named=_with_phrases(reading.offered)))
    if reading.half_said:
        notes.append(
            say(
                "Say these in a phrase that this pack knows: {named}. Said otherwise, they may draw something else.",
                named=_with_phrases(reading.half_said),
            )
        )
    if reading.is_translated:
        notes.append(say("Drawn in English: {drawn}.", drawn=in_markdown(reading.drawn)))
    return "\n\n".join(notes)


def _with_phrases(words: Mapping[str, Sequence[str]]) -> str:
    return ", ".join(f"{_strong(word)} ({_quoted(phrases)})" for word, phrases in words.items())


def _strong(words: str) -> str:
    return f"**{in_markdown(words)}**"


def _quoted(phrases: Sequence[str]) -> str:
    return ", ".join(f"“{in_markdown(phrase_name(phrase))}”" for phrase in phrases)
