"""Korean and Japanese in a prompt -> the English that packs are drawn with.

Only what `languages/` knows becomes English; all else stands as it was. Qualities go to what they are said of, wherever
that stands (머리가 길고 검은), and what is to be kept out gets its "no" in front (안경 없이).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.ages import ages_in_cjk
from pipeline.dictionary import DICTIONARIES, Word, dictionary
from pipeline.negation import is_cue


def _stretches(letters: str, counters: str) -> str:
    """A pattern: such letters, with spaces between and the numbers that are counted in them."""
    letter = rf"(?:{letters}|\d{{1,3}} *(?=[{counters}])|t(?=シャツ))"
    return rf"{letter}(?: *{letter})*"


_RUNS = re.compile(
    rf"(?P<ko>{_stretches('[가-힣ᄀ-ᇿㄱ-ㅎㅏ-ㅣ]', '살세대명')})"
    rf"|(?P<ja>{_stretches('[ぁ-ゟ゠-ヿｦ-ﾟ一-鿿々〆]', '歳才代人')})",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[\s#/·&+~♡♥]+")
_CONNECTIVES = ("고", "며", "요", "다", "데", "게", "く", "くて")  # such a quality is of what was said before
_ADNOMINAL = frozenset("의 の な 인 한".split())  # particles: such a quality is of what comes
_MODIFIER = re.compile(r".*[\u11ab\u11afいなたの]", re.DOTALL)  # an unknown word that is one, too

_SHAPES = ("wavy", "curly", "spiky")  # stand next to what they are said of: long wavy hair

_WORN = frozenset({"accessories", "marks", "outfit", "more", None})  # kinds that "and" joins; None: nobody knows


class Translation(NamedTuple):
    english: str
    known: Mapping[str, str]  # English words to those that were said for them


@dataclass
class _Phrase:
    """Something that is said, and what it is like."""

    base: str
    is_head: bool = False
    qualities: list[str] = field(default_factory=list[str])
    is_negated: bool = False
    is_joined: bool = False  # to the next: "and"

    def parts(self, named: frozenset[str]) -> Iterator[str]:
        """What stands in brackets is implied, if nothing of its kind is `named`: a pupil's uniform."""
        if self.is_head and not self.qualities and not self.is_negated:
            return  # hair as such
        bases = [base for base in self.base.split(", ") if not (base.startswith("(") and _kind(base) in named)]
        for at, base in enumerate(bases):
            qualities = [each for each in dict.fromkeys(self.qualities) if at == 0 and each not in base.split()]
            qualities.sort(key=lambda each: each in _SHAPES)
            before = ["no", *qualities] if self.is_negated else qualities
            words = base.strip("()").removeprefix("a ") if before else base.strip("()")
            yield " ".join(filter(None, [*before, words]))


@dataclass
class _Run:
    """A stretch of one language, and what it says."""

    place: re.Match[str]
    phrases: list[_Phrase] = field(default_factory=list[_Phrase])
    known: dict[str, str] = field(default_factory=dict[str, str])
    first: str = ""  # the kinds of its first and last word; "" where nothing in it is known
    last: str = ""

    def said(self, named: frozenset[str]) -> str:
        parts = [part for phrase in self.phrases for part in phrase.parts(named)]
        return ", ".join(parts) if self.first else self.place[0]


def in_english(text: str) -> Translation:
    """The text to the letter where nothing in it is known."""
    runs = [_heard(place) for place in _RUNS.finditer(text)]
    known = {english: said for run in runs for english, said in run.known.items()}
    if not any(run.first for run in runs):
        return Translation(text, known)
    bases = {base for run in runs for phrase in run.phrases for base in phrase.base.split(", ")}
    named = frozenset(kind for base in bases if base[:1] != "(" and (kind := _kind(base)))
    pieces, before, at = list[str](), None, 0
    for run in runs:
        pieces += [_gap(text[at : run.place.start()], before, run), run.said(named)]
        before, at = run, run.place.end()
    return Translation("".join([*pieces, _gap(text[at:], before, None)]), known)


def nearly_in_english(word: str) -> str | None:
    """What a Korean or Japanese word means that is spelled nearly so: 안갱."""
    meant = (dictionary(code).nearly(word) for code in DICTIONARIES if not word.isascii())
    return next(filter(None, meant), None)


def _kind(english: str) -> str | None:
    """What kind of thing it is: an outfit, hair."""
    english = english.strip("()")
    return next((kind for code in DICTIONARIES if (kind := dictionary(code).group_of(english))), None)


def _gap(text: str, before: _Run | None, after: _Run | None) -> str:
    """What stands between two stretches, with a pause where only the language changes."""
    if _SEPARATORS.fullmatch(text):
        return ", " if before and after else ""
    if before and before.first and text.lstrip()[:1].isalnum():
        text = f"{' ' if before.last == 'quality' else ', '}{text.lstrip()}"
    if after and after.first and text.rstrip()[-1:].isalnum():
        return _led_over(text.rstrip(), after)
    return text


def _led_over(text: str, run: _Run) -> str:
    """English words, and how a stretch goes on from them: "glasses 없이", "long 머리", "no 안경"."""
    if run.first == "without":
        return re.sub(r"[^,;\n]*$", lambda last: f" no {last[0].strip()}, ", text, count=1)
    if run.first == "head":
        return f"{text} {run.phrases[0].base}, "
    return f"{text} " if is_cue(text.split()[-1].lower()) else f"{text}, "


def _heard(place: re.Match[str]) -> _Run:
    text, code = unicodedata.normalize("NFKC", place[0]), place.lastgroup or ""
    words, at = list[tuple[Word, str]](), 0
    for start, end, years in ages_in_cjk(text):
        words += [*_words(text[at:start], code), (Word("thing", start, end, f"{years} years old"), text[start:end])]
        at = end
    return _Listener(_Run(place)).hear([*words, *_words(text[at:], code)])


def _words(text: str, code: str) -> list[tuple[Word, str]]:
    """Each with what was said."""
    return [(word, text[word.start : word.end]) for word in dictionary(code).words(text.lower())]


class _Listener:
    """Puts the words of a stretch together."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._qualities: list[str] = []  # of what comes
        self._subject: _Phrase | None = None  # 머리가 ...: what follows is said of it
        self._negates_next = False

    def hear(self, words: Sequence[tuple[Word, str]]) -> _Run:
        for at, (word, said) in enumerate(words):
            before, behind = words[at - 1] if at else None, words[at + 1] if at + 1 < len(words) else None
            if word.kind in ("thing", "tag", "suffix", "quality"):
                self._run.known[word.english] = " ".join(said.split())
            if word.kind == "quality":
                self._hear_quality(word.english, said, behind)
            elif word.kind in ("thing", "tag", "suffix"):
                self._hear_thing(word.english)
            elif word.kind == "head":
                behind_it = next((word.kind for word, _ in words[at + 1 :] if word.kind != "silent"), "")
                self._hear_head(word.english, before, is_subject=behind_it == "subject")
            elif word.kind == "unknown":
                goes_on = before is not None and before[0].kind == "unknown" and before[0].end == word.start
                self._hear_unknown(said, goes_on)
            elif word.kind == "without":
                self._keep_out()
            elif word.kind == "not":
                self._negates_next = True
            elif word.kind == "joint" and before and "silent" not in (before[0].kind, behind and behind[0].kind):
                self._join()
        self._end()
        if any(word.kind in ("thing", "tag", "quality", "head", "without") for word, _ in words):
            self._run.first, self._run.last = words[0][0].kind, words[-1][0].kind
        return self._run

    def _hear_quality(self, english: str, said: str, behind: tuple[Word, str] | None) -> None:
        ends = behind is not None and behind[0].kind == "particle" and behind[1] not in _ADNOMINAL
        goes_back = self._subject is not None and (ends or said.endswith(_CONNECTIVES))
        (self._subject.qualities if self._subject and goes_back else self._qualities).append(english)

    def _hear_thing(self, english: str) -> None:
        self._end_subject()
        last = self._run.phrases[-1] if self._run.phrases else None
        if last and last.base.endswith(" hair") and _kind(english) == "body":
            last.qualities += self._qualities  # 웨이브 머리 갈색 여자: nobody is brown
            self._qualities = []
        self._say(_Phrase(english))

    def _hear_head(self, english: str, before: tuple[Word, str] | None, is_subject: bool) -> None:
        if before and before[0].kind == "thing" and before[0].english.endswith(f" {english}"):
            return  # 금발 머리
        if is_subject and self._subject and not self._subject.qualities:
            self._end_subject()
        self._say(_Phrase(english, is_head=True))
        self._subject = self._run.phrases[-1] if is_subject else None

    def _hear_unknown(self, said: str, goes_on: bool) -> None:
        if goes_on:
            self._run.phrases[-1].base += said
            return
        if said.endswith(_CONNECTIVES) or _MODIFIER.fullmatch(unicodedata.normalize("NFD", said)):
            self._run.phrases.append(_Phrase(said))
        else:
            self._end_subject()
            self._say(_Phrase(said))

    def _join(self) -> None:
        if self._run.phrases:
            self._run.phrases[-1].is_joined = True

    def _say(self, phrase: _Phrase) -> None:
        phrase.qualities, phrase.is_negated = [*phrase.qualities, *self._qualities], self._negates_next
        self._qualities, self._negates_next = [], False
        self._run.phrases.append(phrase)

    def _keep_out(self) -> None:
        """The last that was said, and what is joined to it: of 여자와 안경 없는 남자 the glasses alone."""
        self._end()
        kept_out = self._run.phrases[-1:]
        for phrase in reversed(self._run.phrases[:-1]):
            kinds = {_kind(phrase.base), _kind(kept_out[0].base)}
            if not phrase.is_joined or (len(kinds) > 1 and not kinds <= _WORN):
                break
            kept_out.append(phrase)
        for phrase in kept_out:
            phrase.is_negated = True

    def _end_subject(self) -> None:
        if self._subject:
            self._subject.qualities += self._qualities
            self._qualities, self._subject = [], None

    def _end(self) -> None:
        self._end_subject()
        if self._qualities:
            self._say(_Phrase(""))
