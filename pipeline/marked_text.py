"""Where in a text, as it was written, the words stand of which its reading says something: unknown ones, those that say
too little, those that are kept out, weights and other programs' commands.

The reading itself knows no places: it is of the text as it is spelled, translated and taken apart. What it names is
looked for in the text again; of words that are written several times those count that are named where they stand alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from pipeline.prompt import Reading
from pipeline.vocabulary import places_of

Kind = Literal["unknown", "too little", "kept out", "syntax"]
_UNKNOWN = ("unknown word", "kept out")  # it is asked for, and not drawn
_BETWEEN_PAUSES = re.compile(r"[^,;\n]+")


class Mark(NamedTuple):
    """Characters `start` to `end` of the text."""

    start: int
    end: int
    kind: Kind
    words: str  # as the reading names them


def marks_in(text: str, read: Callable[[str], Reading]) -> list[Mark]:
    """In the order of the text. None lies in another: the finer one counts."""
    marks: list[Mark] = []
    for kind, words in _named(read(text)):
        places = _places(text, words, kind)
        if len(places) > 1:
            places = [place for place in places if (kind, words) in _named(read(_part_with(text, place)))] or places
        marks += [Mark(*place, kind, words) for place in places if not _is_taken(place, marks)]
    return sorted(marks)


def _named(reading: Reading) -> list[tuple[Kind, str]]:
    """The finest first: a weight's words may hold any of the others."""
    unknown = [left.words for left in reading.left_out if left.why in _UNKNOWN]
    syntax = [left.words for left in reading.left_out if left.why not in (*_UNKNOWN, "no room")]
    named: list[tuple[Kind, Sequence[str]]] = [
        ("unknown", unknown), ("too little", [*reading.half_said]), ("kept out", reading.kept_out), ("syntax", syntax),
    ]  # fmt: skip
    return [(kind, words) for kind, each in named for words in each]


def _places(text: str, words: str, kind: Kind) -> list[tuple[int, int]]:
    if kind != "syntax":
        return places_of(words, text)
    return [found.span() for found in re.finditer(r"\s+".join(map(re.escape, words.split())), text)]


def _part_with(text: str, place: tuple[int, int]) -> str:
    return next(part[0] for part in _BETWEEN_PAUSES.finditer(text) if part.end() > place[0])


def _is_taken(place: tuple[int, int], marks: Sequence[Mark]) -> bool:
    return any(mark.start < place[1] and place[0] < mark.end for mark in marks)
