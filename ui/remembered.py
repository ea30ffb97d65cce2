"""What this browser remembers of the last visit. `gr.BrowserState` would do it with 24 KB of cryptography, and fail
where a frame may keep nothing."""

from __future__ import annotations

import gradio as gr

from ui.handlers import PRIVATE
from ui.unseen import UNSEEN


def build_remembered(name: str) -> gr.Textbox:
    """Hidden. It is kept whenever it changes, and empty until an event reads it with `read_remembered`."""
    box = gr.Textbox("", elem_classes=UNSEEN)
    box.change(None, box, None, js=f"(value) => window.castbook?.keep('{name}', value)", **PRIVATE)
    return box


def read_remembered(name: str) -> str:
    """JavaScript: what was kept, or ""."""
    return f"window.castbook?.kept('{name}') ?? ''"
