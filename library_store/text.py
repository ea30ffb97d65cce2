"""What creators write, in one spelling: cleaned to be kept, folded to be found, keyed to be put in order."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from errors import InvalidRequest
from library_store.limits import check_name
from message import Message

if TYPE_CHECKING:
    from typing_extensions import LiteralString

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


def sort_key(name: str) -> str:
    """In its order names stand as people expect: letters before accents and case, numbers by their size."""
    numbered = re.sub(r"\d+", lambda found: f"{len(found[0].lstrip('0')):04}{found[0].lstrip('0')}", findable(name))
    return f"{numbered}\n{name}"


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
