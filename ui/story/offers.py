"""Phrases that the pack knows, offered as buttons for words that it doesn't: one click writes them into the prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from pipeline.packs import Pack
from studio import Castbook, Studio
from ui.handlers import LATEST, QUICK, for_visitor
from ui.language import phrase_name

MOST = 6  # buttons: two words with three phrases each


@dataclass(frozen=True)
class Offer:
    word: str
    phrase: str

    @property
    def label(self) -> str:
        return f"{self.word} → {self.called}"

    @property
    def called(self) -> str:
        """In the visitor's language, as the word is."""
        return self.phrase if self.word.isascii() else phrase_name(self.phrase)


def build_offers(elem_id: str) -> list[gr.Button]:
    with gr.Row(elem_classes="offers", elem_id=elem_id):
        return [gr.Button("", size="sm", visible=False, min_width=0, scale=0) for _ in range(MOST)]


def bind_offers(castbook: Castbook, buttons: list[gr.Button], prompt: gr.Textbox, composed: gr.Textbox) -> None:
    """They follow the prompt as soon as what will be drawn is composed anew."""

    @for_visitor(castbook)
    def show(studio: Studio, written: str) -> list[gr.Button]:
        offers = offers_for(studio.pack, written)
        shown = [gr.Button(offer.label, visible=True) for offer in offers]
        return [*shown, *[gr.Button("", visible=False)] * (MOST - len(shown))]

    def write(number: int) -> Any:
        @for_visitor(castbook)
        def write_it(studio: Studio, written: str) -> str:
            return written_instead(studio.pack, written, number)

        return write_it

    composed.change(show, prompt, buttons, **LATEST)
    for number, button in enumerate(buttons):
        button.click(write(number), prompt, prompt, **QUICK)


def offers_for(pack: Pack, written: str) -> list[Offer]:
    reading = pack.read(written)
    return [
        Offer(word, phrase) for word, phrases in {**reading.half_said, **reading.offered}.items() for phrase in phrases
    ][:MOST]


def written_instead(pack: Pack, written: str, number: int) -> str:
    """The prompt with the phrase of that button in it; as it was, where the button's words are gone."""
    offers = offers_for(pack, written)
    if pack.vocabulary is None or number >= len(offers):
        return written
    offer = offers[number]
    return pack.vocabulary.with_phrase(written, offer.word, offer.phrase, offer.called)
