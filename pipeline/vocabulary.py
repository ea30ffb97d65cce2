"""The words a pack knows, and what it makes of a prompt: phrases, unknown words, words that say too little."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from difflib import get_close_matches
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from pipeline.ages import ages
from pipeline.negation import PAUSES, is_cue
from pipeline.prompt import Reading, read_prompt, within_reach
from pipeline.request import LeftOut
from pipeline.translation import nearly_in_english

OFFERED = 3  # phrases for a word
Meant = Mapping[str, tuple[str, ...]]
Meanings = frozenset[tuple[str, str]]  # group and first name of phrases
HEARD_AGAIN = 8  # times at most: the second is the last but for words made up to be none
REMEMBERED = 256  # readings: a form reads its prompt several times for every key
ARTICLES = ("a", "an", "the")
SILENT = frozenset(  # words between words: they are no picture, and nobody wants to hear that
    "or but only also to for from that this these who which has have having are be being been it its i me my "
    "you your we our him hers so then than into onto over please just both all some any while if there one "
    "forget omit avoid lose skip miss".split()
)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class NearWords:
    """What people say for phrases that the pack knows (`near_words.json`)."""

    spellings: Mapping[str, str] = field(default_factory=dict[str, str])  # "blond": "blonde"
    taken: Meant = field(default_factory=dict[str, tuple[str, ...]])  # "at night": ["by night"]; []: no phrase at all
    offered: Meant = field(
        default_factory=dict[str, tuple[str, ...]]
    )  # "kimono": ["hanbok"]: another thing, perhaps wanted
    ages: Mapping[str, int] = field(default_factory=dict[str, int])  # from which year on: "20 years old" is an adult


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Vocabulary:
    """The words a pack knows (`vocabulary.json`): in each group phrases with their synonyms; and words of no weight."""

    groups: Mapping[str, Mapping[str, tuple[str, ...]]]
    filler: tuple[str, ...] = ()
    unseen: tuple[tuple[str, ...], ...] = ()  # combinations of phrases, by first names, that training left out
    near: NearWords = NearWords()

    def __post_init__(self) -> None:
        phrases = {phrase for phrase, _, _ in self._phrases}
        said = [*self.near.taken.values(), *self.near.offered.values(), tuple(self.near.ages)]
        if foreign := sorted({each for phrases_of in said for each in phrases_of} - phrases):
            raise ValueError(f"near words mean phrases that the pack does not know: {', '.join(foreign)}")
        if foreign := sorted(set(self.near.spellings.values()) - self.known):
            raise ValueError(f"near words are spellings of words that the pack does not know: {', '.join(foreign)}")

    def read(self, prompt: str) -> Reading:
        """What the pack makes of it. What it draws of one reads the same again."""
        return self._readings(prompt)

    def is_unseen(self, prompt: str) -> bool | None:
        """Whether the prompt names a combination that training left out; None where nobody knows which those are."""
        named = {phrase for phrases in self.phrases_in(prompt).values() for phrase in phrases}
        return any(named.issuperset(combination) for combination in self.unseen) if self.unseen else None

    def unknown_words(self, prompt: str) -> tuple[str, ...]:
        """Each unknown word once, in the order of the prompt."""
        return self.read(prompt).unknown

    def half_said(self, prompt: str) -> dict[str, tuple[str, ...]]:
        """The words that say too little by themselves, each with a few of the phrases that the pack knows it in.

        "space" alone may be a suit or a place; "slim" is understood: only "slim build" has it, and "build" is filler.
        """
        return self.read(prompt).half_said

    def known_part(self, prompt: str) -> str:
        """What can be drawn of the prompt: its known words in lower case, with commas where the prompt pauses."""
        return self.read(prompt).drawn

    def phrases_in(self, prompt: str) -> dict[str, tuple[str, ...]]:
        """By group the phrases that the prompt asks for, each by its first name, in the order of the vocabulary.

        Adjectives may stand between the words of one: "long black hair" is long hair and black hair. So is "long black
        curls", and curly hair as well.
        """
        return self.read(prompt).phrases

    def with_phrase(self, prompt: str, word: str, phrase: str, called: str | None = None) -> str:
        """The prompt with a phrase in the place of a word that says too little: of "red" in "red hair, red dress" the
        second. `called` is what the phrase is called in the prompt's language."""
        written = [f"{prompt[:start]}{called or phrase}{prompt[end:]}" for start, end in places_of(word, prompt)]
        meaning = self._meaning_of([phrase])
        missed = [(left.words, left.why) for left in self.read(prompt).left_out]

        def cost(new: str) -> tuple[bool, int]:
            reading = self.read(new)
            named = {(group, name) for group, names in reading.phrases.items() for name in names}
            worse = [left for left in reading.left_out if (left.words, left.why) not in missed]
            return not named >= meaning, len(worse) + len(reading.half_said) + len(reading.offered)

        return min(written, key=cost, default=prompt)

    # What read_prompt asks for

    @property
    def pauses(self) -> str:
        return PAUSES

    def knows(self, word: str) -> bool:
        return self._spelling(word) in self.known

    def split(self, word: str) -> list[str]:
        """A compound is one word where it is known as one ("t-shirt"), else its parts ("space-suit")."""
        whole = self._spelling(word)
        if whole in self.known or "-" not in word.strip("-") or (whole,) in self._near:
            return [whole]
        return [self._spelling(part) for part in word.split("-") if part]

    def first_phrase(self, words: Sequence[str]) -> range | None:
        matches = self.matches_in(words)
        if not matches:
            return None
        first = min(matches, key=lambda match: (match.place[0], -len(match.place)))
        together = [match for match in matches if match.place[-1] == first.place[-1]]
        return range(min(match.place[0] for match in together), first.place[-1] + 1)

    def alike(self, one: Sequence[str], other: Sequence[str]) -> bool:
        groups, others = (
            {group for match in self.matches_in(words) for group, _ in match.meaning} for words in (one, other)
        )
        return bool(groups & others)

    # Reading

    @cached_property
    def _readings(self) -> Callable[[str], Reading]:
        return lru_cache(REMEMBERED)(self._read)

    def _read(self, prompt: str) -> Reading:
        prompt, no_room = within_reach(prompt)
        said = read_prompt(prompt, self)
        kept_out = _Heard(self)
        for part in said.negated:
            kept_out.hear_alone(part)
        heard, drawn = self._heard(said.drawn, frozenset(kept_out.meanings))
        left_out = [*said.left_out, *heard.left_out, *kept_out.left_out, *no_room]
        unknown = [left.words for left in left_out if left.why == "unknown word"]
        written = {word: foreign for english, foreign in said.translated.items() for word in words(english)}
        half_said = self._offers([*heard.alone, *kept_out.alone])
        return Reading(
            drawn=", ".join(drawn),
            negated=", ".join(dict.fromkeys(kept_out.said)),
            left_out=tuple(dict.fromkeys(LeftOut(written.get(left.words, left.words), left.why) for left in left_out)),
            phrases=self._by_group(heard.meanings),
            half_said={written.get(word, word): phrases for word, phrases in half_said.items()},
            offered={written.get(word, word): offers for word in unknown if (offers := self._near_to(word))},
            is_translated=bool(said.translated),
            kept_out=tuple(written.get(part, part) for part in said.negated),
        )

    def _heard(self, parts: Sequence[str], kept_out: Meanings) -> tuple[_Heard, list[str]]:
        """What the parts say, and what is drawn of them. That is heard again: drawn for near words, it may say more
        beside its neighbours."""
        heard = _Heard(self, kept_out)
        drawn, times = heard.hear_all(parts), 1
        while drawn != list(parts) and times < HEARD_AGAIN:
            parts, left_out, times = drawn, heard.left_out, times + 1
            heard = _Heard(self, kept_out)
            drawn = heard.hear_all(parts)
            heard.left_out = [*left_out, *heard.left_out]
        return heard, drawn

    def _by_group(self, meanings: set[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
        named = {
            group: tuple(name for name in names if (group, name) in meanings) for group, names in self.groups.items()
        }
        return {group: names for group, names in named.items() if names}

    def _offers(self, alone: Sequence[str]) -> dict[str, tuple[str, ...]]:
        with_phrases = {word: self._phrases_with(word) for word in alone}
        return {word: phrases for word, phrases in with_phrases.items() if phrases and not self._is_whole(phrases)}

    def _near_to(self, unknown: str) -> tuple[str, ...]:
        """Phrases that may be meant by an unknown word: told to be near, or spelled nearly so."""
        if told := self.near.offered.get(unknown):
            return told
        if (meant := nearly_in_english(unknown)) and self._meaning_of([meant]):
            return (meant,)
        spelled = get_close_matches(unknown, self._weighty, n=1, cutoff=0.8) if len(unknown) > 3 else []
        return self._phrases_with(spelled[0])[:OFFERED] if spelled else ()

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

    # Matching

    def matches_in(self, said: Sequence[str]) -> list[Match]:
        """The phrases that stand in the words between two pauses; the longest first, so that a shorter one within is
        none of its own."""
        if not set(said) & self._first_words:
            return list(self._ages_in(said))
        taken: set[int] = set()
        found: list[Match] = []

        def add(match: Match) -> None:
            taken.update(match.place)
            found.append(match)

        for match in self._ages_in(said):
            add(match)
        for phrase, meaning, instead in self._longest_first:
            while phrase[0] in said and (
                place := self._place(phrase, said, taken) if instead is None else self._in_a_row(phrase, said, taken)
            ):
                add(Match(tuple(place), meaning, instead))
        for phrase, meaning in self._by_synonym:
            while phrase[0] in said and (place := self._place(phrase, said, taken)):
                add(Match(tuple(place), meaning, None))
        return found

    def _ages_in(self, said: Sequence[str]) -> Iterator[Match]:
        """ "20 years old", "20yo", "aged twenty-five", "in her 20s"."""
        if not self.near.ages:
            return
        for place, years in ages(said):
            phrase = max((at, name) for name, at in self.near.ages.items() if at <= years)[1]
            yield Match(tuple(place), self._meaning_of([phrase]), (phrase,))

    def _meaning_of(self, phrases: Sequence[str]) -> Meanings:
        return frozenset((group, name) for phrase, group, name in self._phrases if phrase in phrases)

    @cached_property
    def known(self) -> frozenset[str]:
        phrases = [phrase for phrase, _, _ in self._phrases]
        return frozenset(word for phrase in (*phrases, *self.filler) for word in words(phrase))

    @cached_property
    def _weighty(self) -> list[str]:
        return sorted(word for word in self.known - set(self.filler) if len(word) > 3)

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
    def _split_phrases(self) -> list[tuple[list[str], str, str]]:
        split = [(_without_article(words(phrase)), group, name) for phrase, group, name in self._phrases]
        return sorted((each for each in split if each[0]), key=lambda each: -len(each[0]))

    @cached_property
    def _near(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """Words in a row, and the phrases that are meant. Beside those of `near`: phrases written without a space
        ("labcoat") or with one too many ("t shirt")."""
        own = {tuple(phrase) for phrase, _, _ in self._split_phrases}
        joined = {
            ("".join(phrase),): (name,)
            for phrase, _, name in self._split_phrases
            if len(phrase) > 1 and "".join(phrase) not in self.known
        }
        parted = {
            tuple(word.split("-")): (word,) for phrase in own if len(phrase) == 1 for word in phrase if "-" in word
        }
        told = {tuple(words(said)): meant for said, meant in self.near.taken.items()}
        return {said: meant for said, meant in (joined | parted | told).items() if said not in own}

    @cached_property
    def _longest_first(self) -> list[tuple[list[str], Meanings, tuple[str, ...] | None]]:
        """Phrases, and near words with what is drawn instead of them, which come before phrases of their length."""
        near = [(list(said), self._meaning_of(meant), meant) for said, meant in self._near.items()]
        own = [(phrase, frozenset([(group, name)]), None) for phrase, group, name in self._split_phrases]
        return sorted([*near, *own], key=lambda each: -len(each[0]))

    @cached_property
    def _first_words(self) -> frozenset[str]:
        return frozenset(phrase[0] for phrase, *_ in (*self._longest_first, *self._by_synonym))

    @cached_property
    def _by_synonym(self) -> list[tuple[list[str], Meanings]]:
        """Phrases in which a synonym stands for the last word: "curls" are curly hair, so "black curls" black hair."""
        synonyms = [(words(phrase), words(name)) for phrase, _, name in self._phrases if words(phrase)]
        stand_ins = sorted({(word, said[-1]) for said, meant in synonyms for word in meant if word not in said})
        return [
            ([*phrase[:-1], stand_in], frozenset([(group, name)]))
            for phrase, group, name in self._split_phrases
            for word, stand_in in stand_ins
            if len(phrase) > 1 and phrase[-1] == word
        ]

    @cached_property
    def _borders(self) -> frozenset[str]:
        """The words that never stand inside a phrase: those that end one ("eyes") and those of no weight ("and")."""
        return frozenset(self.filler) | {phrase[-1] for phrase, _, _ in self._split_phrases}

    @cached_property
    def _neighbours(self) -> Meanings:
        """Words next to each other in a phrase: "ponytail" ends one, but not before "hair"."""
        return frozenset(pair for phrase, _, _ in self._split_phrases for pair in pairwise(phrase))

    def _place(self, phrase: list[str], said: Sequence[str], taken: set[int]) -> list[int]:
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

    def _in_a_row(self, phrase: list[str], said: Sequence[str], taken: set[int]) -> list[int]:
        """Where near words stand. "No hair" is none in "no hair flower", which is to be kept out."""
        length = len(phrase)
        for start in range(len(said) - length + 1):
            stop = start + length
            goes_on = is_cue(phrase[0]) and stop < len(said) and said[stop] not in {*self.filler, *SILENT}
            if list(said[start:stop]) == phrase and not goes_on and not taken.intersection(range(start, stop)):
                return list(range(start, stop))
        return []

    def _is_border(self, said: Sequence[str], at: int) -> bool:
        if said[at] in self.filler or is_cue(said[at]):
            return True
        return said[at] in self._borders and tuple(said[at : at + 2]) not in self._neighbours

    def _spelling(self, word: str) -> str:
        """As the pack has it: "blond", "hoodies", "freckle"."""
        if word in self.known:
            return word
        if word in self.near.spellings:
            return self.near.spellings[word]
        if (word,) in self._near or is_cue(word) or len(word) < 4:
            return word
        others = (f"{word}s", word[:-1] if word.endswith("s") else "", word[:-2] if word.endswith("es") else "")
        return next((each for each in others if each in self.known - set(self.filler)), word)


class Match(NamedTuple):
    """A phrase that words stand for."""

    place: tuple[int, ...]
    meaning: Meanings  # group and first name; none: these words are no phrase of the pack's
    instead: tuple[str, ...] | None  # phrases that are drawn for near words; None: the words as they stand


class _Heard:
    """What the parts of a prompt say, one after the other."""

    def __init__(self, vocabulary: Vocabulary, kept_out: Meanings = frozenset()) -> None:
        self.meanings: set[tuple[str, str]] = set()
        self.said: list[str] = []
        self.alone: list[str] = []  # known words that stand in no phrase
        self.left_out: list[LeftOut] = []
        self._vocabulary = vocabulary
        self._kept_out = kept_out

    def hear_all(self, parts: Sequence[str]) -> list[str]:
        """The parts as they are drawn."""
        return [drawn for part in parts for drawn in self._hear(self._words(part))]

    def hear_alone(self, part: str) -> None:
        """The phrases of a part, and no word beside them."""
        said = self._words(part)
        matches, known_before = self._vocabulary.matches_in(said), len(self.alone) + len(self.left_out)
        self._hear(said)
        phrases = [" ".join(match.instead or [said[at] for at in match.place]) for match in matches if match.meaning]
        if not matches and known_before == len(self.alone) + len(self.left_out):
            self.left_out.append(LeftOut(f"no {part.lower()}", "unknown word"))  # words of no weight: "no eyes"
        self.said += phrases

    def _words(self, part: str) -> list[str]:
        return [word for whole in words(part) for word in self._vocabulary.split(whole)]

    def _hear(self, said: list[str]) -> list[str]:
        vocabulary = self._vocabulary
        matches = vocabulary.matches_in(said)
        excluded = [match for match in matches if match.meaning & self._kept_out]
        if excluded:
            gone = self._excluded(said, matches, excluded)
            return self._hear([word for at, word in enumerate(said) if at not in gone])
        taken = {at for match in matches for at in match.place}
        if foreign := [at for at, word in enumerate(said) if at not in taken and not self._is_known(word)]:
            self._name([said[at] for at in foreign])
            return self._hear([word for at, word in enumerate(said) if at not in foreign])
        near = {at: match for match in matches for at in match.place if match.instead is not None}
        drawn, apart = list[str](), list[str]()
        for at, word in enumerate(said):
            if match := near.get(at):
                if at == match.place[0]:
                    self._draw_instead(match, said, drawn, apart)
                continue
            drawn.append(word)
            if at not in taken and word not in vocabulary.filler:
                self.alone.append(word)
        self.meanings |= {each for match in matches for each in match.meaning}
        return [each for each in (" ".join(drawn), *apart) if each]

    def _excluded(self, said: list[str], matches: list[Match], excluded: list[Match]) -> set[int]:
        """The words of what is to be kept out and their articles, but those that another phrase needs: "black HAIR"."""
        needed = {at for match in matches if match not in excluded for at in match.place}
        gone = {at for match in excluded for at in match.place}
        self.left_out += [LeftOut(" ".join(said[at] for at in match.place), "kept out") for match in excluded]
        gone = gone - needed or gone
        return gone | {at - 1 for at in gone if at and said[at - 1] in ARTICLES}

    def _draw_instead(self, match: Match, said: list[str], drawn: list[str], apart: list[str]) -> None:
        """The first phrase where the words stand, the others apart; words that mean none are named."""
        first, *others = match.instead or [""]
        drawn += [first] if first else []
        apart += others
        if not match.instead:
            self._name([" ".join(said[at] for at in match.place)])

    def _is_known(self, word: str) -> bool:
        return word in self._vocabulary.known and not is_cue(word)

    def _name(self, unknown: Sequence[str]) -> None:
        self.left_out += [LeftOut(word, "unknown word") for word in unknown if not is_cue(word) and word not in SILENT]


def words(text: str) -> list[str]:
    """Words in lower case, without the punctuation around them; hyphens and apostrophes inside belong to them."""
    return re.findall(r"\w+(?:['’-]\w+)*", text.lower())


def places_of(said: str, text: str) -> list[tuple[int, int]]:
    """From where to where in a text the words stand, with spaces, hyphens or underscores between them."""
    as_written = r"[\s_-]+".join(map(re.escape, words(said)))
    if said.isascii():
        as_written = rf"(?<![^\W_]){as_written}(?![^\W_])"
    return [found.span() for found in re.finditer(as_written, text, re.IGNORECASE) if found[0]]


def _without_article(phrase: list[str]) -> list[str]:
    return phrase[1:] if phrase and phrase[0] in ARTICLES else phrase
