"""A dialog that the browser opens and closes by itself (dialog.js): what is written in it stays where it is."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from ui.language import t


@contextmanager
def build_dialog(elem_id: str, title: Any) -> Generator[None, None, None]:
    """What is built within stands below the title. `window.castbook.openDialog("#elem_id")` opens it."""
    with gr.Column(elem_id=elem_id, elem_classes="dialog"), gr.Column(elem_classes="popup-box"):
        with gr.Row(elem_classes="popup-head"):
            gr.Markdown(title, elem_id=f"{elem_id}-title", elem_classes="popup-title")
            gr.Button(t("Close"), size="sm", elem_classes="popup-close", scale=0, min_width=80)
        yield
