"""What helps while one writes a prompt: words that cannot be drawn are underlined in the line, with others for them a
click away; and what the pack can draw stands in popovers, each of its words with a picture. Drawn by words.js."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import gradio as gr
from gradio.context import Context
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from pipeline.marked_text import marks_in
from pipeline.packs import Pack, word_picture
from pipeline.word_choice import SEVERAL, choose
from studio import Castbook, Studio
from ui.handlers import LATEST, QUICK, for_visitor
from ui.language import phrase_name, say
from ui.profile_editor import field_of
from ui.story.stream import build_view
from ui.story.word_notes import offered
from ui.words import LOOK_FIELDS

PICTURES = "castbook/words"  # where they are served
GROUPS = {  # in this order; a pack may have others
    "outfit": "Outfit", "expression": "Mood", "background": "Place", "view": "View", "light": "Light",
    "accessories": "Accessories",
}  # fmt: skip


@dataclass(frozen=True)
class WordsHelp:
    field: str  # elem_id of the prompt
    line: gr.HTML  # underlines and what is offered instead
    popovers: gr.HTML


def build_words_line(field: str) -> gr.HTML:
    """Event: `write` with a `word` of the prompt and the `phrase` for it."""
    return build_view("words", ("write",), elem_id=f"{field}-help", value={"field": field})


def build_popovers(field: str) -> gr.HTML:
    """Event: `choose` with the `group` and the `phrase`."""
    return build_view("popovers", ("choose",), elem_id=f"{field}-words", value={"field": field})


def fill_popovers(castbook: Castbook, *helps: WordsHelp) -> None:
    """All at once: they say the same."""
    if castbook.pack.vocabulary:
        page: Any = Context.root_block  # being built
        shown = [help.popovers for help in helps]
        page.load(lambda: [popovers_value(castbook.pack, help.field) for help in helps], None, shown, **QUICK)


def bind_words_help(castbook: Castbook, help: WordsHelp, prompt: gr.Textbox) -> None:
    @for_visitor(castbook)
    def put_in(studio: Studio, written: str, event: gr.EventData) -> str:
        vocabulary, phrase = studio.pack.vocabulary, str(event.phrase)
        return choose(vocabulary, written, str(event.group), phrase, phrase_name(phrase)) if vocabulary else written

    bind_words_line(castbook, help.line, prompt)
    popovers: Any = help.popovers  # which has an event of its own
    popovers.choose(put_in, prompt, prompt, **QUICK)


def bind_words_line(castbook: Castbook, words_line: gr.HTML, text: gr.Textbox) -> None:
    @for_visitor(castbook)
    def write(studio: Studio, written: str, event: gr.EventData) -> str:
        vocabulary, word, phrase = studio.pack.vocabulary, str(event.word), str(event.phrase)
        return vocabulary.with_phrase(written, word, phrase, _called(phrase, word)) if vocabulary else written

    line: Any = words_line  # which has an event of its own
    line.write(write, text, text, **QUICK)


def follow_words(castbook: Castbook, field: str, text: gr.Textbox) -> gr.HTML:
    """The line of a field that nothing is drawn of by itself, where it is built."""
    line = build_words_line(field)

    @for_visitor(castbook)
    def read(studio: Studio, written: str) -> dict[str, Any]:
        return line_value(studio.pack, field, written, written)

    text.change(read, text, line, **LATEST)
    bind_words_line(castbook, line, text)
    return line


def line_value(pack: Pack, field: str, written: str, composed: str) -> dict[str, Any]:
    """What words.js draws of a prompt: places in it as JavaScript counts them. `composed` is what is drawn of it."""
    reading = pack.read(written)
    return {
        "field": field,
        "text": written,
        "marks": [
            [_utf16(written[: mark.start]), _utf16(written[: mark.end]), mark.kind.replace(" ", "-")]
            for mark in marks_in(written, pack.read)
        ],
        "offers": [
            {"word": word, "phrases": [_instead_of(word, phrase) for phrase in phrases]}
            for word, phrases in offered(reading).items()
        ],
        "unknown": pack.read(composed).unknown,  # in the profile, too
        "chosen": {
            group: [[phrase, phrase_name(phrase)] for phrase in phrases] for group, phrases in reading.phrases.items()
        },
    }


def popovers_value(pack: Pack, field: str) -> dict[str, Any]:
    if pack.vocabulary is None:
        return {"field": field}
    groups = pack.vocabulary.groups
    shown = [group for group in groups if field_of(group) in LOOK_FIELDS]
    shown.sort(key=lambda group: [*GROUPS, group].index(group))
    return {
        "field": field,
        "groups": [
            {
                "group": group,
                "label": say(GROUPS.get(group, group.capitalize())),
                "several": group in SEVERAL,
                "phrases": [
                    {"phrase": phrase, "says": phrase_name(phrase), "src": _picture(pack, phrase)}
                    for phrase in groups[group]
                ],
            }
            for group in shown
        ],
    }


def word_pictures(pack: Pack) -> list[Mount]:
    """The routes of the pictures beside its words."""
    folder = pack.word_pictures
    return [Mount(f"/{PICTURES}", StaticFiles(directory=folder))] if folder else []


def _instead_of(word: str, phrase: str) -> dict[str, str]:
    called = _called(phrase, word)
    label = say("{phrase} instead of {word}", phrase=called, word=word)
    return {"phrase": phrase, "says": called, "label": label}


def _called(phrase: str, word: str) -> str:
    """In the visitor's language, as the word is."""
    return phrase if word.isascii() else phrase_name(phrase)


def _picture(pack: Pack, phrase: str) -> str:
    file = pack.word_pictures / word_picture(phrase) if pack.word_pictures else None
    return f"{PICTURES}/{quote(file.name)}" if file and file.is_file() else ""


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
