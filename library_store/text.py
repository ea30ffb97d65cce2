"""What creators write, in one spelling: cleaned to be kept, folded to be found, put in order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import icu as untyped_icu  # pyright: ignore[reportMissingTypeStubs]

from errors import InvalidRequest
from library_store.limits import check_name
from message import Message

if TYPE_CHECKING:
    from typing_extensions import LiteralString

icu: Any = untyped_icu
_TAG = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8}){0,4}", re.ASCII | re.IGNORECASE)
_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼʻ´`′＇"))
_WITHOUT_MARKS = str.maketrans("øłđħŧıŋ", "oldhtin") | str.maketrans({"æ": "ae", "œ": "oe", "þ": "th"})  # of no parts
_HIRAGANA = {katakana: katakana - 0x60 for katakana in range(0x30A1, 0x30F7)}
_CLUSTERS = str.maketrans(  # as a keyboard joins two consonants
    {"ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ"}
    | {"ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ"}
)
_LETTERS_APART = re.compile("[\u1100-\u1112]+|[^\u1100-\u1112]+")  # initial consonants, and all else


def clean(text: str) -> str:
    """One spelling for what looks the same, and nothing a database or a page would stumble over."""
    whole = text.encode("utf-8", errors="replace").decode("utf-8")  # half a surrogate pair becomes a question mark
    return unicodedata.normalize("NFC", whole.replace("\0", "")).strip()


def folded(text: str) -> str:
    """The same for what differs in case alone."""
    return unicodedata.normalize("NFC", clean(text).casefold())


def findable(text: str) -> str:
    """The same for what people type alike: in any case and width, with accents or without, in either kana, with any
    apostrophe or none."""
    plain = unicodedata.normalize("NFKD", clean(text).translate(_APOSTROPHES).translate(_CLUSTERS).casefold())
    bare = "".join(each for each in plain if not "\u0300" <= each <= "\u036f")
    return unicodedata.normalize("NFC", bare).translate(_WITHOUT_MARKS).translate(_HIRAGANA)


def search_text(name: str, *others: str) -> str:
    """What a character is found by: all that is said of them, and the initial consonants of a Korean name."""
    texts = "\n".join(findable(text) for text in (name, *others))
    initials = _initials(re.sub(r"\s", "", findable(name)))
    return texts if initials in texts else f"{texts}\n{initials}"


def sought(word: str) -> list[str]:
    """What has to stand in the `search_text` of those who are found by a word. "하ㄴ" is half typed: 하, and ㅎㄴ."""
    whole = findable(word)
    parts: list[str] = _LETTERS_APART.findall(whole)
    syllables = [part for part in parts if not "\u1100" <= part[0] <= "\u1112"]
    return [whole] if len(parts) < 2 else [*syllables, _initials(whole)]


@lru_cache(64)
def alphabet(language: str) -> Callable[[str], bytes]:
    """What names are put in order by, as that language's dictionaries do, numbers by their size: Swedish has Å after Z,
    Korean has Hangul before Latin letters.

    `language` is a tag such as "sv" or "ko-KR" (BCP 47); for "", and what is unknown, the order that holds for most
    (https://www.unicode.org/reports/tr35/tr35-collation.html#Root_Collation).
    """
    known = language if _TAG.fullmatch(language) else ""  # a browser may ask for whatever it likes
    collator = icu.Collator.createInstance(icu.Locale(known))
    collator.setAttribute(icu.UCollAttribute.NUMERIC_COLLATION, icu.UCollAttributeValue.ON)
    return collator.getSortKey


def required(text: str, of: LiteralString) -> str:
    """Raises InvalidRequest where nothing is left of a name, or it is too long. `of` says whose it is."""
    cleaned = clean(text)
    if not cleaned:
        raise InvalidRequest("The {of} has no name.", "Give it one and try again.", of=Message(of), at="name")
    check_name(cleaned)
    return cleaned


def _initials(text: str) -> str:
    """Of Hangul syllables: 하나 is ㅎㄴ."""
    return "".join(chr(0x1100 + (ord(each) - 0xAC00) // 588) if "가" <= each <= "힣" else each for each in text)
