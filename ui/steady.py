"""Cards are drawn (`gr.render`) in a thread of their own, which adds to dictionaries that Gradio's other events walk
through at that moment: "dictionary changed size during iteration", and a click is lost (gradio #9410, #9991). And what
Gradio keeps of every session and call, and sends to every page, is small."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, cast

import gradio as gr
from gradio.blocks import Block, BlocksConfig
from gradio.renderable import Renderable

NOT_DESCRIBED: dict[str, Any] = {}  # one for all: each of a thousand sessions would keep as many as it has components


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


class _OfSession(BlocksConfig):
    """A session's own page. Gradio would describe every component anew for each session, 0.9 MB and 60 ms of them, for
    its deep links, which this page has none of; what is drawn later (`gr.render`) has to be described."""

    @staticmethod
    def config_for_block(
        _id: int, rendered_ids: list[int], block: Block, renderable: Renderable | None = None
    ) -> dict[str, Any]:
        described = cast(Any, BlocksConfig.config_for_block)  # pyright: ignore[reportUnknownMemberType]
        return described(_id, rendered_ids, block, renderable) if renderable else NOT_DESCRIBED


class _OfPage(BlocksConfig):
    """What programs alone call is no part of it: the browser would build all of that too, and look through it at each
    event, a third of all there is."""

    def get_config(self, renderable: Renderable | None = None) -> dict[str, Any]:
        described = cast(Any, super()).get_config(renderable)
        for page in described["page"].values():
            layout = page["layout"]
            layout["children"] = [each for each in layout["children"] if not self._is_called(each["id"])]
            page["components"] = [id for id in page["components"] if not self._is_called(id)]
            page["dependencies"] = [id for id in page["dependencies"] if self.fns[id].targets]
        return described

    def _is_called(self, id: int) -> bool:
        return self.blocks[id].get_block_name() == "api"

    def __copy__(self) -> BlocksConfig:
        made = super().__copy__()
        made.__class__ = _OfSession
        return made


def make_steady(demo: gr.Blocks) -> None:
    """For a page that is complete. Each visitor's session gets a copy of its configuration, of the same kind."""
    config: Any = demo.default_config
    config.__class__ = _OfPage
    config.blocks, config.fns = SteadyDict(config.blocks), SteadyDict(config.fns)
    # For a page of Gradio's that is closed here, each call would sum up the last 10,000: 14 ms
    # (findings/gradio_sums_up_all_calls_at_each.sh).
    queue: Any = demo._queue  # pyright: ignore[reportPrivateUsage]
    queue.ANALYTICS_MAX_EVENTS, queue.ANAYLTICS_CACHE_FREQUENCY = 1, sys.maxsize
