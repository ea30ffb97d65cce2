"""How the page's handlers are bound: hidden from the API, and quick ones past the queue.

Two kinds have to go through the queue: those that set a `gr.State` which something listens to (past it no change is
noticed), and those that often refuse what they get (past it a refusal is an HTTP 500).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import gradio as gr
from gradio import events

# What Gradio leaves half untyped.
on = cast("Callable[..., Any]", gr.on)  # pyright: ignore[reportUnknownMemberType]
api = cast("Callable[..., Any]", events.api)  # pyright: ignore[reportUnknownMemberType]

# At each event the browser visits every component that an event ever showed progress on, and all that lies within it:
# a tenth of a second on this page, even while progress is hidden. So it is shown on none.
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "show_progress_on": []}
QUICK: dict[str, Any] = {**PRIVATE, "queue": False}  # answers at once; nothing that draws
LATEST: dict[str, Any] = {**QUICK, "trigger_mode": "always_last"}  # while typing, only the last one counts
GPU: dict[str, Any] = {"concurrency_id": "gpu", "concurrency_limit": 1}  # what looks for faces, one at a time
# Who watches a run, or waits for its turn, holds one of the 40 threads in which Gradio answers everybody.
WATCHING: dict[str, Any] = {"concurrency_id": "runs", "concurrency_limit": 24}


def unchanged() -> Any:
    """The value of an output that shall stay as it is."""
    return gr.skip()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def draw_without_progress(demo: gr.Blocks) -> None:
    """As PRIVATE has it, for `gr.render`, which doesn't take that."""
    for fn in demo.fns.values():
        if fn.renderable is not None:
            fn.show_progress_on = []
