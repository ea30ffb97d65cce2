"""The page in the visitor's language. English is what the code says; `languages/<code>.json` translates its sentences.

`t` is for what a component shows from the start: the browser translates it (gr.I18n). `say` is for what a handler puts
together, `told` for a sentence that a deeper layer finished, an error's or a verdict's, recognised by its template.
"""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.context import LocalContext

FOLDER = Path(__file__).parent / "languages"
LANGUAGES = ("ko",)  # beside English
PLACEHOLDER = r"\{(\w+)\}"
OUR_OWN = ("sentence", "term")  # placeholders of a template


def t(text: str) -> Any:
    """Shown in the browser's language, wherever a component or an update takes text."""
    return i18n()(text)


def say(text: str, **values: object) -> str:
    """`text` in the visitor's language, its {placeholders} filled."""
    return translations(language()).get(text, text).format(**values)


def told(sentence: str) -> str:
    """A finished sentence in the visitor's language, as far as it is known there.

    What a template calls {sentence} or {term} is our own wording, and told as well; all else stays as it is.
    """
    for template, translation in _templates(language()):
        if match := template.fullmatch(sentence):
            values = {name: told(value) if name in OUR_OWN else value for name, value in match.groupdict().items()}
            return translation.format(**values)
    return sentence


def language() -> str:
    """Of the visitor whose event is handled, as the browser says; English outside of events and for all others."""
    request: Any = LocalContext.request.get(None)
    asked = str(request.headers.get("accept-language", "")) if request is not None else ""
    first = asked.split(",")[0].split("-")[0].strip().lower()
    return first if first in LANGUAGES else "en"


@cache
def i18n() -> gr.I18n:
    """For `launch`."""
    english = {text: text for text in translations(LANGUAGES[0])}
    return gr.I18n(en=english, **{code: translations(code) for code in LANGUAGES})


@cache
def translations(code: str) -> dict[str, str]:
    """English sentence to translation; nothing for English itself."""
    file = FOLDER / f"{code}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


@cache
def _templates(code: str) -> list[tuple[re.Pattern[str], str]]:
    """Each sentence as a pattern whose {placeholders} match anything; the one that says most by itself comes first."""
    parts = {text: re.split(PLACEHOLDER, text) for text in translations(code)}
    by_length = sorted(parts, key=lambda text: -sum(map(len, parts[text][::2])))
    return [(_pattern(parts[text]), translations(code)[text]) for text in by_length]


def _pattern(parts: list[str]) -> re.Pattern[str]:
    """`parts`: plain text and names of placeholders in turn."""
    names = parts[1::2]
    values = [f"(?P={name})" if name in names[:i] else f"(?P<{name}>.+?)" for i, name in enumerate(names)]
    plain = [re.escape(part) for part in parts[::2]]
    return re.compile("".join(chain(*zip_longest(plain, values, fillvalue=""))), re.DOTALL)
