"""What is said as a character sheet has it ("Hair: black", "나이: 20"), put as people say it: "black hair"."""

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
_NONE = r"(?:(?P<none>none|no|n/a|nothing)|(?P<ko>없음|없다|없어요?)|(?P<ja>なし|無し|ない))"
_AT_THE_START = r"(?P<start>(?:^|[,;\n|/])\s*(?:[-*]\s+)?)"


def said_plainly(text: str) -> str:
    """The text to the letter where it has no such field."""
    if ":" not in text:
        return text
    text = _LACKING.sub(_as_lacking, text)
    text = _qualities().sub(_as_quality, text)
    text = re.sub(rf"{_AT_THE_START}(?:{_AGE})\s*:\s*(?P<said>\d+)\b", r"\g<start>\g<said> years old", text, flags=re.I)
    return re.sub(rf"{_AT_THE_START}(?:{_SAID_BY_ITSELF}){_TO_ITS_END}", r"\g<start>\g<said>", text, flags=re.I)


_LACKING = re.compile(
    rf"{_AT_THE_START}(?P<name>[^\W\d_][\w -]{{0,40}}?)\s*:\s*{_NONE}(?=\s*(?:[,;.\n|/]|$))", re.IGNORECASE
)


def _as_lacking(found: re.Match[str]) -> str:
    """ "Glasses: none" is no word for glasses."""
    name = found["name"]
    said = f"no {name}" if found["none"] else f"{name} 없음" if found["ko"] else f"{name}なし"
    return f"{found['start']}{said}"


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
