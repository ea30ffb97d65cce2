"""Help: the keys that do what the mouse does, and what the pack can draw."""

from __future__ import annotations

import gradio as gr

from studio import Castbook
from ui.dialog import build_dialog
from ui.handlers import PRIVATE
from ui.language import t
from ui.status import build_vocabulary

KEYS = {
    "Ctrl ↵": "Draw, wherever you are",
    "1 – 8": "Choose a picture of the run",
    "← → ↑ ↓": "Go from picture to picture",
    "F": "Look at the picture as large as it goes",
    "S": "Save to library",
    "V": "Vary this",
    "⌫": "Remove picture",
    "Ctrl Z": "Take back what was just done",
    "/  Ctrl K": "Find anything",
    "?": "Show this",
    "Esc": "Close what is open, or go from the words to the pictures",
}  # as composer.js hears them
SWITCH = "(on) => window.castbook?.switchKeys(on)"


def build_help(castbook: Castbook, demo: gr.Blocks) -> None:
    with build_dialog("help-dialog", t("Keys and words")):
        with gr.Column(elem_id="keys"):
            for key, deed in KEYS.items():
                with gr.Row(elem_classes="key"):
                    gr.Markdown(f"`{key}`", elem_classes="key-name")
                    gr.Markdown(t(deed))
        switch = gr.Checkbox(True, label=t("Keys without Ctrl"), interactive=True, elem_id="keys-switch")
        build_vocabulary(castbook)
    switch.change(None, switch, None, js=SWITCH, **PRIVATE)
    demo.load(None, None, switch, js="() => window.castbook?.keysAreOn() ?? true", **PRIVATE)
