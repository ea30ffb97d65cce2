"""How old somebody is said to be: "20 years old" is nobody old."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_YEARS_OLD = frozenset((years, old) for years in ("year", "years", "yr", "yrs") for old in ("old", "olds")) | {
    ("y", "o")
}
_ONES = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()
_NUMBERS = {word: number for number, word in enumerate([*_ONES, *"seventeen eighteen nineteen".split()], start=1)} | {
    word: 10 * number
    for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}


def ages(said: Sequence[str]) -> Iterator[tuple[range, int]]:
    """Where ages stand among words in lower case, and how many years they are."""
    at = 0
    while at < len(said):
        place, years = _age(said, at)
        if place:
            yield place, years
        at = place.stop if place else at + 1


def _age(said: Sequence[str], at: int) -> tuple[range, int]:
    """Where an age stands that is said from there on, and how old that is."""
    if said[at] in ("aged", "age") and at + 1 < len(said):
        years, length = _number(said, at + 1)
        return (range(at, at + 1 + length) if years is not None else range(0)), years or 0
    if short := re.fullmatch(r"(\d{1,3})(yo|s)", said[at], re.ASCII):
        decade = short[2] == "s"
        if not decade or said[max(at - 1, 0) : at] in (["her"], ["his"], ["their"], ["the"]):
            return range(at, at + 1), int(short[1])
    years, length = _number(said, at)
    behind = tuple(said[at + length : at + length + 2])
    if years is not None and behind in _YEARS_OLD:
        return range(at, at + length + 2), years
    if years is not None and behind[:1] == ("yo",):
        return range(at, at + length + 1), years
    return range(0), 0


def _number(said: Sequence[str], at: int) -> tuple[int | None, int]:
    """A number and how many words it takes: "20", "twenty five"."""
    word = said[at]
    if re.fullmatch(r"\d{1,3}", word, re.ASCII):
        return int(word), 1
    number = _NUMBERS.get(word)
    if number is not None and number >= 20 and 0 < _NUMBERS.get("".join(said[at + 1 : at + 2]), 10) < 10:
        return number + _NUMBERS[said[at + 1]], 2
    return number, 1


_SINO = {
    numeral: number
    for numerals in ("일이삼사오육칠팔구", "一二三四五六七八九")
    for number, numeral in enumerate(numerals, start=1)
}
_NATIVE = {word: number for number, word in enumerate("한 두 세 네 다섯 여섯 일곱 여덟 아홉".split(), start=1)} | {
    word: 10 * number for number, word in enumerate("열 스물 서른 마흔 쉰 예순 일흔 여든 아흔".split(), start=1)
}
_COUNTED = "".join(_SINO)
_IN_CJK = re.compile(
    rf"""(?:만\ *)?(?:
      (?P<number>\d{{1,3}})\ *(?:살|세(?![기대트])|歳|才)
      |(?P<decade>\d0)\ *(?:대|代(?!目))
      |(?P<sino>[{_COUNTED}]?[십十][{_COUNTED}]?|[{_COUNTED}])\ *(?:살|세(?![기대트])|歳|才)
      |(?P<sino_decade>[{_COUNTED}]?[십十])\ *(?:대|代(?!目))
      |(?P<native>(?:{"|".join(_NATIVE)}|스무)(?:\ *(?:{"|".join(_NATIVE)}))?)\ *살
    )(?:\ *(?:초반|중반|후반|정도|쯤|가량|前半|半ば|後半|くらい|ぐらい))?""",
    re.VERBOSE,
)


def ages_in_cjk(text: str) -> Iterator[tuple[int, int, int]]:
    """Where ages stand in Korean or Japanese, and how many years they are: 20살, 스무 살; 35 for 三十代."""
    for found in _IN_CJK.finditer(text):
        number, sino = found["number"] or found["decade"], found["sino"] or found["sino_decade"]
        years = int(number) if number else _sino(sino) if sino else _native(found["native"])
        yield found.start(), found.end(), years + 5 * bool(found["decade"] or found["sino_decade"])


def _sino(said: str) -> int:
    tens, ten, ones = said.replace("十", "십").partition("십")
    return 10 * _SINO.get(tens, 1) + _SINO.get(ones, 0) if ten else _SINO[tens]


def _native(said: str) -> int:
    """ "서른다섯" """
    return sum(_NATIVE[word] for word in re.findall("|".join(_NATIVE), said.replace("스무", "스물")))
