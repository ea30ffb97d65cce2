"""Cards are drawn (`gr.render`) in a thread of their own, which adds to dictionaries that Gradio's other events walk
through at that moment: "dictionary changed size during iteration", and a click is lost (gradio #9410, #9991)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr


class SteadyDict(dict[Any, Any]):
    """It can be walked through while another thread adds to it: what was in it at the start is walked."""

    def __iter__(self) -> Iterator[Any]:
        return iter(list(super().keys()))

    def keys(self) -> Any:
        return list(super().keys())

    def values(self) -> Any:
        return list(super().values())

    def items(self) -> Any:
        return list(super().items())


def make_steady(demo: gr.Blocks) -> None:
    """For a page that is complete. Each visitor's session gets copies of these two, of the same kind."""
    config: Any = demo.default_config
    config.blocks, config.fns = SteadyDict(config.blocks), SteadyDict(config.fns)
