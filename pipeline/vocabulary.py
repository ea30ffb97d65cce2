"""The words a pack knows, and what it makes of a prompt: phrases, unknown words, words that say too little."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

PAUSES = r"[,.;:!?\n]"
OFFERED = 3  # phrases for a word


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Vocabulary:
    """The words a pack knows (`vocabulary.json`): in each group phrases with their synonyms; and words of no weight."""

    groups: Mapping[str, Mapping[str, tuple[str, ...]]]
    filler: tuple[str, ...] = ()
    unseen: tuple[tuple[str, ...], ...] = ()  # combinations of phrases, by first names, that training left out

    def is_unseen(self, prompt: str) -> bool | None:
        """Whether the prompt names a combination that training left out; None where nobody knows which those are."""
        named = {phrase for phrases in self.phrases_in(prompt).values() for phrase in phrases}
        return any(named.issuperset(combination) for combination in self.unseen) if self.unseen else None

    def unknown_words(self, prompt: str) -> tuple[str, ...]:
        """Each unknown word once, in the order of the prompt."""
        return tuple(dict.fromkeys(word for word in self._split(prompt) if word not in self.known))

    def half_said(self, prompt: str) -> dict[str, tuple[str, ...]]:
        """The words that say too little by themselves, each with a few of the phrases that the pack knows it in.

        "space" alone may be a suit or a place; "slim" is understood: only "slim build" has it, and "build" is filler.
        """
        _, left = self._read(prompt)
        with_phrases = {word: self._phrases_with(word) for word in left if word not in self.filler}
        return {word: phrases for word, phrases in with_phrases.items() if phrases and not self._is_whole(phrases)}

    def known_part(self, prompt: str) -> str:
        """What can be drawn of the prompt: its known words in lower case, with commas where the prompt pauses."""
        phrases = [self._split(phrase) for phrase in re.split(PAUSES, prompt)]
        known = [" ".join(word for word in phrase if word in self.known) for phrase in phrases]
        return ", ".join(phrase for phrase in known if phrase)

    def phrases_in(self, prompt: str) -> dict[str, tuple[str, ...]]:
        """By group the phrases that the prompt names, each by its first name, in the order of the vocabulary.

        Adjectives may stand between the words of one: "long black hair" is long hair and black hair. So is "long black
        curls", and curly hair as well.
        """
        found, _ = self._read(prompt)
        named = {group: tuple(name for name in names if (group, name) in found) for group, names in self.groups.items()}
        return {group: names for group, names in named.items() if names}

    def _read(self, prompt: str) -> tuple[set[tuple[str, str]], list[str]]:
        """Group and first name of each phrase that the prompt names, and the words that stand in none of them."""
        found: set[tuple[str, str]] = set()
        left: list[str] = []
        for part in re.split(PAUSES, prompt):
            said = self._split(part)
            taken: set[int] = set()
            for phrase, group, name in (*self._longest_first, *self._by_synonym):
                while phrase[0] in said and (place := self._place(phrase, said, taken)):
                    taken.update(place)
                    found.add((group, name))
            left += [word for at, word in enumerate(said) if at not in taken]
        return found, left

    def _phrases_with(self, word: str) -> tuple[str, ...]:
        """The easiest phrases to say with the word: those of few words, first names before synonyms, one a meaning."""
        holding = [each for each in self._phrases if word in words(each[0])]
        holding.sort(key=lambda each: (len(self._of_weight(each[0])), each[0] != each[2], len(words(each[0]))))
        by_meaning: dict[tuple[str, str], str] = {}
        for phrase, group, name in holding:
            by_meaning.setdefault((group, name), phrase)
        return tuple(by_meaning.values())[:OFFERED]

    def _is_whole(self, phrases: tuple[str, ...]) -> bool:
        """Whether a word says as much as the phrases with it: there is one, and the rest of it has no weight."""
        return len(phrases) == 1 and len(self._of_weight(phrases[0])) == 1

    def _of_weight(self, phrase: str) -> list[str]:
        return [word for word in words(phrase) if word not in self.filler]

    @cached_property
    def known(self) -> frozenset[str]:
        phrases = [phrase for phrase, _, _ in self._phrases]
        return frozenset(word for phrase in (*phrases, *self.filler) for word in words(phrase))

    @property
    def _phrases(self) -> list[tuple[str, str, str]]:
        """Each phrase and synonym with its group and the first name of what it means."""
        return [
            (phrase, group, name)
            for group, names in self.groups.items()
            for name, synonyms in names.items()
            for phrase in (name, *synonyms)
        ]

    @cached_property
    def _longest_first(self) -> list[tuple[list[str], str, str]]:
        split = [(_without_article(words(phrase)), group, name) for phrase, group, name in self._phrases]
        return sorted((each for each in split if each[0]), key=lambda each: -len(each[0]))

    @cached_property
    def _by_synonym(self) -> list[tuple[list[str], str, str]]:
        """Phrases in which a synonym stands for the last word: "curls" are curly hair, so "black curls" black hair."""
        synonyms = [(words(phrase), words(name)) for phrase, _, name in self._phrases if words(phrase)]
        stand_ins = sorted({(word, said[-1]) for said, meant in synonyms for word in meant if word not in said})
        return [
            ([*phrase[:-1], stand_in], group, name)
            for phrase, group, name in self._longest_first
            for word, stand_in in stand_ins
            if len(phrase) > 1 and phrase[-1] == word
        ]

    @cached_property
    def _borders(self) -> frozenset[str]:
        """The words that never stand inside a phrase: those that end one ("eyes") and those of no weight ("and")."""
        return frozenset(self.filler) | {phrase[-1] for phrase, _, _ in self._longest_first}

    @cached_property
    def _neighbours(self) -> frozenset[tuple[str, str]]:
        """Words next to each other in a phrase: "ponytail" ends one, but not before "hair"."""
        return frozenset(pair for phrase, _, _ in self._longest_first for pair in pairwise(phrase))

    def _place(self, phrase: list[str], said: list[str], taken: set[int]) -> list[int]:
        """Where the phrase is said, in words of which only the last may be taken ("long black HAIR"); []: nowhere."""
        for start in range(len(said)):
            place: list[int] = []
            for at in range(start, len(said)):
                is_last = len(place) == len(phrase) - 1
                if said[at] == phrase[len(place)] and (at not in taken or (is_last and place)):
                    place.append(at)
                    if is_last:
                        return place
                elif not place or self._is_border(said, at):
                    break
        return []

    def _is_border(self, said: list[str], at: int) -> bool:
        if said[at] in self.filler:
            return True
        return said[at] in self._borders and tuple(said[at : at + 2]) not in self._neighbours

    def _split(self, prompt: str) -> list[str]:
        """A compound is one word where it is known as one ("t-shirt"), else its parts ("space-suit")."""
        return [part for word in words(prompt) for part in ([word] if word in self.known else word.split("-"))]


def words(text: str) -> list[str]:
    """Words in lower case, without the punctuation around them; hyphens and apostrophes inside belong to them."""
    return re.findall(r"\w+(?:['’-]\w+)*", text.lower())


def _without_article(phrase: list[str]) -> list[str]:
    return phrase[1:] if phrase[:1] in (["a"], ["an"], ["the"]) else phrase
