"""The words of one language that are known in English (`languages/CODE.json`), and how a text falls into them.

A word is only heard where its neighbours are words too: Korean is read a spaced word at a time, Japanese a stretch of
one script at a time, and what does not come out even is unknown as a whole. So 한복 (hanbok) is not heard in 한복판.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass as checked

FOLDER = Path(__file__).parent / "languages"
DICTIONARIES = ("ko", "ja")
Kind = Literal[
    "thing", "quality", "head", "silent", "without", "not", "subject", "joint", "particle", "tag", "suffix", "unknown"
]
_BOUND: tuple[Kind, ...] = ("subject", "joint", "particle")  # they stand behind a word
_BETWEEN = "~"  # in the table: any ending of a verb

GROUPS = (
    "hair", "marks", "body", "outfit", "expression", "accessories", "background", "view", "light", "hair colour",
    "eyes", "skin", "more",
)  # fmt: skip
Named = Mapping[str, tuple[str, ...]]


class Word(NamedTuple):
    kind: Kind
    start: int
    end: int
    english: str = ""


class _Entry(NamedTuple):
    kind: Kind
    english: str
    gaps: frozenset[int]  # where a space may stand within


@dataclass(frozen=True)
class _Way:
    """The best way to read a text up to some place: little of it unknown, in few words."""

    cost: tuple[int, int]
    last: Word | None = None
    before: _Way | None = None

    def words(self) -> list[Word]:
        words, way = list[Word](), self
        while way.last and way.before:
            words.append(way.last)
            way = way.before
        return words[::-1]


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Dictionary:
    """English phrases with what people call them, the best name first; and the words that hold a text together."""

    hair: Named
    marks: Named
    body: Named
    outfit: Named
    expression: Named
    accessories: Named
    background: Named
    view: Named
    light: Named
    eyes: Named
    skin: Named
    more: Named
    heads: Named  # what a quality belongs to: hair, eyes
    qualities: Named
    silent: tuple[str, ...]  # no picture
    without: tuple[str, ...]  # what stands before is to be kept out
    endings: tuple[str, ...]
    subjects: tuple[str, ...]  # particles: what follows is said of it
    joints: tuple[str, ...]  # particles: "and", "or"
    particles: tuple[str, ...]
    hair_colour: Named = Field(alias="hair colour")
    before: tuple[str, ...] = Field((), alias="not")  # what stands behind is to be kept out
    tags: Named = Field(default_factory=dict)  # so short that they are said apart, or stuck to a thing: 안경남

    @property
    def groups(self) -> dict[str, Named]:
        return {name: getattr(self, name.replace(" ", "_")) for name in GROUPS}

    def group_of(self, english: str) -> str | None:
        return next((group for group, names in self.groups.items() if english in names), None)

    def name_of(self, english: str) -> str | None:
        """What people call it."""
        return next((names[english][0] for names in self.groups.values() if english in names), None)

    def nearly(self, word: str) -> str | None:
        """What is meant by a word that is spelled nearly so; Hangul is compared by its letters."""
        spelled = get_close_matches(unicodedata.normalize("NFD", word), self._spelled, n=1, cutoff=0.8)
        return self._spelled[spelled[0]] if spelled else None

    def words(self, text: str) -> list[Word]:
        """All of a text, which is of this language alone."""
        letters = [place for place, each in enumerate(text) if not each.isspace()]
        whole = "".join(text[place] for place in letters)
        spaces = frozenset(at for at in range(1, len(letters)) if letters[at] != letters[at - 1] + 1)
        found = self._best(whole, spaces)
        return [word._replace(start=letters[word.start], end=letters[word.end - 1] + 1) for word in found]

    def _best(self, text: str, spaces: frozenset[int]) -> Sequence[Word]:
        """By dynamic programming: the best way to each place, for each kind and length of the last word there."""
        ways: list[dict[tuple[Kind, bool], _Way]] = [{} for _ in range(len(text) + 1)]
        ways[0]["silent", False] = _Way((0, 0))
        for at, unknown in enumerate(self._unknown_ends(text, spaces)):
            for way in ways[at].values():
                follows = list(self._known_from(text, at, spaces, way.last))
                for word in [*follows, *([Word("unknown", at, unknown)] if unknown else [])]:
                    strange = word.end - at if word.kind == "unknown" else 0
                    after = _Way((way.cost[0] + strange, way.cost[1] + 1), word, way)
                    best = ways[word.end].setdefault((word.kind, word.end - word.start == 1), after)
                    if after.cost < best.cost:
                        ways[word.end][word.kind, word.end - word.start == 1] = after
        return min(ways[-1].values(), key=lambda way: way.cost).words()

    def _known_from(self, text: str, at: int, spaces: frozenset[int], before: Word | None) -> Iterator[Word]:
        for end in range(at + 1, min(at + self._longest, len(text)) + 1):
            for entry in self._entries.get(text[at:end], ()):
                if any(space - at not in entry.gaps for space in spaces if at < space < end):
                    continue
                word = Word(entry.kind, at, end, entry.english)
                if self._may_follow(word, before, apart=at in spaces):
                    yield word

    def _may_follow(self, word: Word, before: Word | None, apart: bool) -> bool:
        """Two words of one letter each are another word; in Korean one is enough: 눈사람 is a snowman."""
        if word.kind in _BOUND:
            if before and before.kind in ("tag", "not"):
                return False  # 남은 is no man, 안은 no "not"
            return not apart and (before is None or before.kind != "unknown" or not self._is_spaced)
        if word.kind == "suffix":
            return not apart and before is not None and before.kind == "thing" and before.end - before.start > 1
        if before is None or apart:
            return True
        if "tag" in (word.kind, before.kind):
            return False
        lengths = word.end - word.start, before.end - before.start
        if not self._is_spaced:
            return max(lengths) > 1 or "silent" in (word.kind, before.kind) or before.kind in _BOUND
        if before.kind == "quality" or (word.kind == "without" and before.kind == "thing"):
            return True
        return before.kind not in (*_BOUND, "unknown") and min(lengths) > 1

    def _unknown_ends(self, text: str, spaces: frozenset[int]) -> list[int]:
        """Where something unknown ends that begins at each place; 0: none begins there."""
        scripts = [_script(each) for each in text]
        ends, end = [0] * len(text), len(text)
        for at in reversed(range(len(text))):
            begins = at == 0 or at in spaces or (not self._is_spaced and scripts[at] != scripts[at - 1])
            if begins or (scripts[at] == "hiragana" and not self._is_spaced):
                ends[at] = end
            end = at if begins else end
        return ends

    @cached_property
    def _is_spaced(self) -> bool:
        """Whether spaces stand between words, as in Korean, where endings are endings of spaced words."""
        return bool(self.endings)

    @cached_property
    def _entries(self) -> dict[str, tuple[_Entry, ...]]:
        entries: dict[str, dict[Kind, _Entry]] = {}
        for kind, english, written in self._written():
            for form in self._forms(written):
                letters = form.replace(" ", "").lower()
                gaps = frozenset(place - form[:place].count(" ") for place, each in enumerate(form) if each == " ")
                known = entries.setdefault(letters, {}).setdefault(kind, _Entry(kind, english, gaps))
                entries[letters][kind] = known._replace(gaps=known.gaps | gaps)
        return {letters: tuple(each.values()) for letters, each in entries.items()}

    @cached_property
    def _spelled(self) -> dict[str, str]:
        names = [
            (unicodedata.normalize("NFD", name), english) for kind, english, name in self._written() if kind == "thing"
        ]
        return {name: english for name, english in names if len(name) > 3}

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._entries))

    def _written(self) -> Iterator[tuple[Kind, str, str]]:
        """Of two readings that cost the same the first one counts."""
        yield from _spellings("tag", self.tags)
        yield from _spellings("suffix", self.tags)
        for names in self.groups.values():
            yield from _spellings("thing", names)
        yield from _spellings("head", self.heads)
        yield from _spellings("quality", self.qualities)
        yield from _spellings("silent", {"": self.silent})
        yield from _spellings("without", {"": self.without})
        yield from _spellings("not", {"": self.before})
        yield from _spellings("subject", {"": self.subjects})
        yield from _spellings("joint", {"": self.joints})
        yield from _spellings("particle", {"": self.particles})

    def _forms(self, written: str) -> list[str]:
        stem = written.removesuffix(_BETWEEN)
        return (
            [written] if stem == written else [form for ending in self.endings for form in _with_ending(stem, ending)]
        )


def _with_ending(stem: str, ending: str) -> list[str]:
    """A Korean verb's form; none where they do not fit: ㄴ다 wants a vowel before it. 하 and 아 become 해."""
    vowel_ends = (ord(stem[-1]) - 0xAC00) % 28 == 0
    if final := _FINALS.get(ending[0]):
        return [f"{stem[:-1]}{chr(ord(stem[-1]) + final)}{ending[1:]}"] if vowel_ends else []
    if stem[-1] == "하" and ending[0] in "아았":
        return [f"{stem}{ending}", f"{stem[:-1]}{'해' if ending[0] == '아' else '했'}{ending[1:]}"]
    return [f"{stem}{ending}"]


_FINALS = {"ㄴ": 4, "ㅁ": 16, "ㅂ": 17}  # of a syllable block: its last letter


@cache
def dictionary(code: str) -> Dictionary:
    return TypeAdapter(Dictionary).validate_json((FOLDER / f"{code}.json").read_bytes())


def _spellings(kind: Kind, named: Named) -> Iterator[tuple[Kind, str, str]]:
    return ((kind, english, spelling) for english, spellings in named.items() for spelling in spellings)


def _script(letter: str) -> str:
    if re.match(r"[\u3041-\u309f]", letter):
        return "hiragana"
    return "katakana" if re.match(r"[\u30a0-\u30ff]", letter) else "other"
