"""The page in the visitor's language. English is what the code says; `languages/<code>.json` translates its sentences.

`t` is for what a component shows from the start: the browser translates it (gr.I18n). `say` is for what a handler puts
together, `said` for the messages of deeper layers, an error's or a verdict's. A text is found by its template, as it
stands in the code, and only there: what people typed is filled in afterwards, never looked at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from message import Message
from pipeline.dictionary import DICTIONARIES, dictionary

FOLDER = Path(__file__).parent / "languages"
LANGUAGES = ("ko",)  # beside English
COOKIE = "castbook-language"  # set by page.js
GRADIOS = {"common.upload": "Upload more"}  # what Gradio's own components call by a name that it has no words for
LONGEST_TAG = 35  # of BCP 47, section 4.4.1


def t(text: str) -> Any:
    """Shown in the browser's language, wherever a component or an update takes text."""
    return i18n()(text)


def say(text: str, /, **values: object) -> str:
    """`text` in the visitor's language, its {placeholders} filled."""
    return named(text).format(**values)


def said(message: Message | str) -> str:
    """A message in the visitor's language, with the messages in it; somebody's own text as it is."""
    if isinstance(message, str):
        return message
    values = {name: said(value) if isinstance(value, Message) else value for name, value in message.values.items()}
    return say(message.template, **values)


def named(text: str) -> str:
    """A name in the visitor's language where it is one of ours, whoever wrote it; nothing is filled into it."""
    return translations(language()).get(text, text)


def phrase_name(phrase: str) -> str:
    """What a pack's phrase is called in the visitor's language."""
    code = language()
    return (dictionary(code).name_of(phrase) if code in DICTIONARIES else None) or phrase


def language() -> str:
    """Of the visitor whose event is handled; English outside of events."""
    request: Any = LocalContext.request.get(None)
    return "en" if request is None else language_of(request.headers)


def language_of(headers: Mapping[str, str]) -> str:
    """As it was chosen on the page, which set a cookie, or else as the browser asks; English for all others."""
    asked = _asked(headers).split("-")[0].lower()
    return _chosen(headers) or (asked if asked in LANGUAGES else "en")


def alphabet_language() -> str:
    """The language in whose alphabet the visitor reads names, one that the page does not speak as well: "sv-SE" of a
    Swedish browser. "" outside of events, and for who asks for none."""
    request: Any = LocalContext.request.get(None)
    return "" if request is None else _chosen(request.headers) or _asked(request.headers)


def _chosen(headers: Mapping[str, str]) -> str:
    cookie = SimpleCookie(str(headers.get("cookie", ""))).get(COOKIE)
    return cookie.value if cookie and cookie.value in ("en", *LANGUAGES) else ""


def _asked(headers: Mapping[str, str]) -> str:
    """A browser's first language."""
    return str(headers.get("accept-language", ""))[:LONGEST_TAG].split(",")[0].split(";")[0].strip()


@cache
def i18n() -> gr.I18n:
    """For `launch`."""
    english = {text: text for text in translations(LANGUAGES[0])}
    languages = {"en": english} | {code: translations(code) for code in LANGUAGES}
    return gr.I18n(
        **{code: words | {name: words[text] for name, text in GRADIOS.items()} for code, words in languages.items()}
    )


@cache
def translations(code: str) -> dict[str, str]:
    """English sentence to translation; nothing for English itself."""
    file = FOLDER / f"{code}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
