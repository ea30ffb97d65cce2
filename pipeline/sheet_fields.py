"""What is said as a character sheet has it ("Hair: black", "나이: 20", "안경 X"), as people say it: "black hair"."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

from pipeline.dictionary import DICTIONARIES, dictionary

_ENGLISH = ("hair colour", "hair color", "hair", "eye colour", "eye color", "eyes", "skin colour", "skin color", "skin")
_AGE = "age|나이|年齢"
_SAID_BY_ITSELF = (
    f"{_AGE}|gender|sex|outfit|clothes|clothing|expression|mood|background|setting|build|accessories|view|light|"
    "성별|옷|의상|복장|옷차림|표정|배경|소품|性別|服|服装|衣装|表情|背景"
)
_PAUSE = r"(?:[,;\n|]|[.!?](?=\s|$))"
_AT_THE_START = rf"(?P<start>(?:^|/|{_PAUSE})\s*(?:[-*]\s+)?)"
_AT_THE_END = rf"(?=\s*(?:$|/|{_PAUSE}))"
_TO_ITS_END = (
    r"\s*:\s*(?P<said>(?![\d.]+\s*(?:[,;:\n|/()\[\]{}]|$))(?:(?![.!?]\s)[^,;:\n|/()\[\]{}])+)"  # no weight: (hair:1.2)
)

_NONE = "none|no|n/a|nothing|false|없음|없다|없어요?|なし|無し|ない"
_LACKING = re.compile(
    rf"{_AT_THE_START}(?P<name>[^\W\d_][\w -]{{0,40}}?)(?:\s*:\s*|\s+-\s+)(?:{_NONE}){_AT_THE_END}", re.IGNORECASE
)
_KEPT_OUT = re.compile(
    rf"(?P<start>(?:^|{_PAUSE})\s*(?:please\s+)?)(?:exclude|excluding|without|avoid|omit|negative|no|제외|除外)\s*:\s*"
    r"(?![\d.])(?P<said>(?:(?!\.(?:\s|$))[^;\n|])+)",
    re.IGNORECASE,
)
_LISTED = re.compile(r"\s*[,/]\s*|\s+(?:and|or|및|그리고)\s+", re.IGNORECASE)
_EXCLAIMED = re.compile(r"(?<![^\s,;(/|\[\"'])[-!]*!(?=[^\W\d_]|[(\[{\"'])")  # "not", to whoever programs

_NO_SIGNS, _SIGNS = "×✕✖✗✘❌🚫⛔", "○◯⭕✓✔✅"
_SIGN = re.compile(  # a letter says so in Korean alone; ":X" by itself is a face
    rf"(?<!\s)\s*(?::\s*)?([{_NO_SIGNS}{_SIGNS}])\ufe0f?"
    r"|(?<=[가-힣])(?:[:=-]\s*|\s*)([xo])(?![a-z0-9])|(?<=[가-힣])\s*\(([xo])\)",
    re.IGNORECASE,
)
_UP_TO_THE_LAST = re.compile(r".*\b(?:with|and|or|in|on|at|has|have|wearing|but)\s+", re.IGNORECASE | re.DOTALL)
_SOMEBODY = re.compile(
    r"(?:.+\s)?(?:woman|girl|lady|man|boy|guy|person|여자|남자|여성|남성|소녀|소년|사람|아이)", re.I | re.DOTALL
)


def said_plainly(text: str) -> str:
    """The text to the letter where it has no such field."""
    text = _EXCLAIMED.sub("-", text)
    text = "".join(_with_signs_said(part) for part in re.split(f"({_PAUSE})", text))
    if ":" not in text and " - " not in text:
        return text
    text = _LACKING.sub(_as_lacking, text)
    text = _KEPT_OUT.sub(_as_kept_out, text)
    text = _qualities().sub(_as_quality, text)
    text = re.sub(rf"{_AT_THE_START}(?:{_AGE})\s*:\s*(?P<said>\d+)\b", r"\g<start>\g<said> years old", text, flags=re.I)
    return re.sub(rf"{_AT_THE_START}(?:{_SAID_BY_ITSELF}){_TO_ITS_END}", r"\g<start>\g<said>", text, flags=re.I)


def _with_signs_said(part: str) -> str:
    """ "hat ❌" and "❌ hat", "안경 X 모자 O". Where none stands at an end, it is something else: "Tokyo × Seoul"."""
    signs = [*_SIGN.finditer(part)]
    if not signs:
        return part
    names = [part[one.end() : two.start()].strip() for one, two in pairwise(signs)]
    before, after = part[: signs[0].start()].strip(), part[signs[-1].end() :].strip()
    if after and before:
        return part
    names = [*names, after] if after else [before, *names]
    if any(_SOMEBODY.fullmatch(name) for name in names):
        return part
    denied = [(sign[1] or sign[2] or sign[3]).lower() in f"{_NO_SIGNS}x" for sign in signs]
    said = [_without(name) if no else name for name, no in zip(names, denied, strict=True) if name]
    return part[: len(part) - len(part.lstrip())] + ", ".join(said)


def _as_lacking(found: re.Match[str]) -> str:
    """ "Glasses: none" is no word for glasses."""
    return found["start"] + _without(found["name"])


def _as_kept_out(found: re.Match[str]) -> str:
    """All that is listed there."""
    first, *others = (each.strip() for each in _LISTED.split(found["said"]))
    if re.fullmatch(_NONE, first, re.IGNORECASE):
        return found["start"] + ", ".join(others)
    return found["start"] + ", ".join(_denied(each) for each in (first, *others) if each)


def _without(name: str) -> str:
    """The last of the things that are named goes: "a girl with a hat" without one is a girl."""
    head = _UP_TO_THE_LAST.match(name)
    at = head.end() if head else 0
    return name[:at] + _denied(name[at:])


def _denied(thing: str) -> str:
    if re.search("[가-힣]", thing):
        return f"{thing} 없음"
    return f"no {thing}" if thing.isascii() else f"{thing}なし"


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
