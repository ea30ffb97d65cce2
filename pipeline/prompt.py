"""A prompt as people write it -> what to draw, what to keep out, and what is no word for a picture.

People bring tags with underscores, full-width letters, weights, other programs' commands (prompt_syntax.py) and
"without" (negation.py). All who read prompts read them here: what is drawn, adherence, the profile, the library's
search. Which of the words a pack can draw is vocabulary.py's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pipeline.negation import AnyWords, Phrases, parted
from pipeline.prompt_syntax import without_syntax
from pipeline.request import LeftOut
from pipeline.sheet_fields import said_plainly
from pipeline.translation import in_english

T = TypeVar("T")
LONGEST = 4000  # characters: text encoders take 77 tokens at most, and what is longer is cut off there in any case
READ_AGAIN = 8  # times at most
_DASHES = "‐‑‒–−﹣"  # hyphens, the figure dash, the en dash, minus signs
_SPELLED = (  # as a keyboard has it
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # full-width forms
    | dict.fromkeys(map(ord, _DASHES), "-")
    | dict.fromkeys(map(ord, "’‘ʼ´`′"), "'")
    | dict.fromkeys(map(ord, "、—―…・"), ", ")
    | {ord("。"): ". "}
    | dict.fromkeys(map(ord, "\u00a0\u2009\u202f\u3000\t\r"), " ")
    | dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"), "")
)
_PROSE = set(_DASHES + "’‘ʼ´`′—―…・\u00a0\t\r")  # what prose has as well: read alike, and sent as it stands


@dataclass(frozen=True)
class Prompt:
    """What stands between two pauses is one text; nothing but words is left in it."""

    drawn: tuple[str, ...]
    negated: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    is_prose: bool = True  # nothing was found in it that a text encoder would not take as it stands
    translated: Mapping[str, str] = field(default_factory=dict[str, str])  # English words to those said for them


@dataclass(frozen=True)
class Reading:
    """What a pack makes of a prompt."""

    drawn: str  # what is sent as the prompt
    negated: str = ""  # what is sent in the negative prompt
    left_out: tuple[LeftOut, ...] = ()
    phrases: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])  # drawn, by group
    half_said: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    offered: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])  # near to unknown words
    is_translated: bool = False  # some of it was said in another language than the pack is drawn with
    kept_out: tuple[str, ...] = ()  # `negated`, as it was written

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(left.words for left in self.left_out if left.why == "unknown word")


def read_prose(text: str) -> Reading:
    """For a pack that takes any words. Prose comes out to the letter."""
    text, no_room = within_reach(text)
    prompt = read_prompt(text)
    drawn = text if prompt.is_prose else ", ".join(prompt.drawn)
    left_out = (*prompt.left_out, *no_room)
    kept_out = tuple(prompt.translated.get(part, part) for part in prompt.negated)
    return Reading(drawn, ", ".join(prompt.negated), left_out, is_translated=bool(prompt.translated), kept_out=kept_out)


def within_reach(text: str) -> tuple[str, list[LeftOut]]:
    """As much of a text as is worth reading, and the rest, which no text encoder has room for."""
    return text[:LONGEST], [LeftOut(text[LONGEST:], "no room")] if text[LONGEST:].strip() else []


def read_prompt(text: str, known: Phrases | None = None) -> Prompt:
    """By what is known of phrases, if anything is. What is drawn of it reads the same again."""
    known = known or AnyWords()
    prompt = once = _read_once(text, known)
    for _ in range(READ_AGAIN):  # taken out, one thing may bare another
        text, text_before = ", ".join(once.drawn), text
        if once.is_prose or text == text_before:
            break
        once = _read_once(text, known)
        prompt = Prompt(
            *(once.drawn, _each_once(prompt.negated, once.negated), _each_once(prompt.left_out, once.left_out), False),
            {**once.translated, **prompt.translated},
        )
    return prompt


def _read_once(text: str, known: Phrases) -> Prompt:
    spelled = _spelled(text)
    scanned = without_syntax(said_plainly(spelled))
    english, *weighed_down = [in_english(_tags_apart(each)) for each in (scanned.drawn, *scanned.negated)]
    drawn, negated = parted(english.english, known)
    by_weight = [part for each in weighed_down for parts in parted(each.english, known) for part in parts]
    translated = {word: said for each in (english, *weighed_down) for word, said in each.known.items()}
    is_prose = not (negated or by_weight or translated) and scanned.drawn == spelled and not _is_misspelled(text)
    return Prompt(tuple(drawn), _each_once(negated, by_weight), tuple(scanned.left_out), is_prose, translated)


def _each_once(*parts: Sequence[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(each for part in parts for each in part))


def search_words(text: str) -> tuple[list[str], list[str]]:
    """The words that somebody looks for, and those that nobody found may have: "-hat". Tags are their words."""
    said = _tags_apart(_spelled(text)).split()
    unwanted = [word[1:] for word in said if word[:1] == "-" and word[1:]]
    return [word for word in said if word[:1] != "-"], unwanted


def _spelled(text: str) -> str:
    return text.translate(_SPELLED)


def _tags_apart(text: str) -> str:
    return _IN_A_TAG.sub(" ", text)


def _is_misspelled(text: str) -> bool:
    """Whether a text encoder would read it otherwise than it is meant: full-width letters, tags with underscores."""
    as_prose = "".join(each.translate(_SPELLED) if each in _PROSE else each for each in text)
    return _tags_apart(_spelled(text)) != as_prose


# An underscore within a tag, of which one side at least has two letters: "o_o" is a face. Some models were taught
# "score_9" and "score_8_up" as they stand.
_IN_A_TAG = re.compile(r"(?<!\bscore)(?<!\bscore_\d)(?:(?<=[^\W_]{2})_+(?=[^\W_])|(?<=[^\W_])_+(?=[^\W_]{2}))")
