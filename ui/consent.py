"""The tick without which no face of a creator's own picture is kept, where the pack would know real people by it."""

from __future__ import annotations

import gradio as gr

from studio import Castbook
from ui.language import t


def build_consent(castbook: Castbook, where: str) -> gr.Checkbox:
    return gr.Checkbox(
        False,
        label=t("It is drawn, or whoever this photograph shows has agreed that their face is kept as numbers"),
        info=t("This pack knows real people by their faces. What is not ticked is not kept."),
        visible=castbook.pack.knows_real_faces,
        interactive=True,
        container=False,
        elem_id=f"{where}-consent",
    )
