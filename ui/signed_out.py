"""What the open page says once the server knows nobody behind it any more: signed_out.js opens it."""

from __future__ import annotations

import gradio as gr

from studio import Castbook
from ui.dialog import build_dialog
from ui.language import t

SAID = {  # title, sentences, link
    "visitors": (
        "Castbook does not know you here",
        "The cookie by which it knew this browser is gone. Open the page anew: what you wrote in the forms stays.",
        "Open it anew",
    ),
    "accounts": (
        "You are signed out",
        "You signed out in another tab, or 30 days are over. Sign in again: what you have written in the forms stays.",
        "Sign in",
    ),
}


def build_signed_out(castbook: Castbook) -> None:
    access = castbook.entrance.access
    if access == "single":
        return
    title, sentences, link = SAID[access]
    with build_dialog("signed-out", t(title)):
        gr.Markdown(t(sentences))
        gr.Button(t(link), link="./", link_target="_self", variant="primary", size="md")
