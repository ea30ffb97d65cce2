"""What is said as a character sheet has it ("Hair: black", "나이: 20", "안경 X"), as people say it: "black hair"."""

from __future__ import annotations

import re
from functools import cache

from pipeline.dictionary import DICTIONARIES, dictionary

_ENGLISH = ("hair colour", "hair color", "hair", "eye colour", "eye color", "eyes", "skin colour", "skin color", "skin")
_AGE = "age|나이|年齢"
_SAID_BY_ITSELF = (
    f"{_AGE}|gender|sex|outfit|clothes|clothing|expression|mood|background|setting|build|accessories|view|light|"
    "성별|옷|의상|복장|옷차림|표정|배경|소품|性別|服|服装|衣装|表情|背景"
)
_TO_ITS_END = r"\s*:\s*(?P<said>(?![\d.]+\s*(?:[,;:\n|/()\[\]{}]|$))[^,;:\n|/()\[\]{}]+)"  # no weight: (hair:1.2)
_AT_THE_START = r"(?P<start>(?:^|[,;\n|/])\s*(?:[-*]\s+)?)"


_AT_THE_END = r"(?=\s*(?:[,;.\n|/]|$))"
_NAME = rf"{_AT_THE_START}(?P<name>[^\W\d_][\w -]{{0,40}}?)"
_NONE = "none|no|n/a|nothing|없음|없다|없어요?|なし|無し|ない"
_LACKING = re.compile(  # a letter says so in Korean alone
    rf"{_NAME}(?:\s*:\s*(?:{_NONE})|\s*:?\s*[×✕✖✗✘❌]\ufe0f?|(?<=[가-힣])\s*:?\s*x){_AT_THE_END}", re.IGNORECASE
)
_THERE = re.compile(rf"{_NAME}(?:\s*:?\s*[○◯⭕✓✔✅]\ufe0f?|(?<=[가-힣])\s*:?\s*o){_AT_THE_END}", re.IGNORECASE)
_KEPT_OUT = re.compile(
    rf"{_AT_THE_START}(?:exclude|excluding|without|avoid|omit|negative|제외|除外)\s*:(?P<said>[^;\n|]+)", re.IGNORECASE
)


def said_plainly(text: str) -> str:
    """The text to the letter where it has no such field."""
    text = _THERE.sub(r"\g<start>\g<name>", _LACKING.sub(_as_lacking, text))
    if ":" not in text:
        return text
    text = _KEPT_OUT.sub(_as_kept_out, text)
    text = _qualities().sub(_as_quality, text)
    text = re.sub(rf"{_AT_THE_START}(?:{_AGE})\s*:\s*(?P<said>\d+)\b", r"\g<start>\g<said> years old", text, flags=re.I)
    return re.sub(rf"{_AT_THE_START}(?:{_SAID_BY_ITSELF}){_TO_ITS_END}", r"\g<start>\g<said>", text, flags=re.I)


def _as_lacking(found: re.Match[str]) -> str:
    """ "Glasses: none" is no word for glasses."""
    return found["start"] + _without(found["name"])


def _as_kept_out(found: re.Match[str]) -> str:
    """All that is listed there, up to the line's end."""
    return found["start"] + ", ".join(_without(each) for each in found["said"].split(",") if each.strip())


def _without(name: str) -> str:
    name = name.strip()
    if re.search("[가-힣]", name):
        return f"{name} 없음"
    return f"no {name}" if name.isascii() else f"{name}なし"


@cache
def _qualities() -> re.Pattern[str]:
    heads = [dictionary(code).heads[of] for code in DICTIONARIES for of in ("hair", "eyes", "skin")]
    names = "|".join(map(re.escape, (*_ENGLISH, *(name for each in heads for name in each))))
    return re.compile(rf"{_AT_THE_START}(?P<name>{names}){_TO_ITS_END}", re.IGNORECASE)


def _as_quality(found: re.Match[str]) -> str:
    name, said = found["name"], found["said"].rstrip()
    of = re.sub(" colou?r$", "", name, flags=re.IGNORECASE)
    of = "eyes" if of.lower() == "eye" else of
    return f"{found['start']}{said}" if of.lower() in said.lower() else f"{found['start']}{said} {of}"
