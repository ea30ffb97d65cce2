"""How the page's handlers are bound: for who asks, hidden from the API, and quick ones past the queue.

Two kinds have to go through the queue: those that set a `gr.State` which something listens to (past it no change is
noticed), and those that often refuse what they get (past it a refusal is an HTTP 500).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, cast

import gradio as gr
from gradio import events

from library_store.records import LOCAL_OWNER
from logs import told
from studio import Castbook, Studio
from ui.messages import told_to_people
from ui.request_log import request_id
from ui.who_asks import visitor_of

# What Gradio leaves half untyped.
on = cast("Callable[..., Any]", gr.on)  # pyright: ignore[reportUnknownMemberType]
api = cast("Callable[..., Any]", events.api)  # pyright: ignore[reportUnknownMemberType]

# At each event the browser visits every component that an event ever showed progress on, and all that lies within it:
# a tenth of a second on this page, even while progress is hidden. So it is shown on none.
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "show_progress_on": []}
QUICK: dict[str, Any] = {**PRIVATE, "queue": False}  # answers at once; nothing that draws
LATEST: dict[str, Any] = {**QUICK, "trigger_mode": "always_last"}  # while typing, only the last one counts
# Drawing and looking for faces have lines of their own (studio/line.py). In Gradio's queue nobody waits for either:
# who watches a run, or waits for its turn, holds a thread, and enough others are left.
THREADS = 256
WATCHING: dict[str, Any] = {"concurrency_id": "runs", "concurrency_limit": THREADS // 2}
AT_ONCE = 8  # calls of any other verb
MOST_CALLS = 1000  # that Gradio keeps for later
MOST_TABS = 1000  # and programs, of which it remembers what they look at: up to 0.2 MB each


Handler = Callable[..., Any]


def studio_for(castbook: Castbook, visit: gr.Request) -> Studio:
    """Opened for who asks. Where everybody is one owner, their tabs and programs take turns with each other. Raises
    NobodyKnown."""
    assert visit.request is not None
    visitor = visitor_of(castbook, visit.request)
    return castbook.seen_by(visitor, visitor.name or str(visit.session_hash or ""))


def before_anybody(castbook: Castbook) -> Studio | None:
    """For what a page shows until its load event says who came. None: it may be anybody."""
    return castbook.seen_by(LOCAL_OWNER) if castbook.entrance.access == "single" else None


def for_visitor(castbook: Castbook) -> Callable[[Handler], Handler]:
    """Of a handler whose first argument is a `Studio` it makes what Gradio calls: the studio is opened for who asks,
    and what goes wrong is told to them."""

    def bound(handler: Handler) -> Handler:
        def answer(visit: gr.Request, *values: Any) -> Any:
            with told_to_people(), told("handler", request_id(visit.request), which=handler.__name__):
                return handler(studio_for(castbook, visit), *values)

        def stream(visit: gr.Request, *values: Any) -> Iterator[Any]:
            with told_to_people(), told("handler", request_id(visit.request), which=handler.__name__):
                yield from handler(studio_for(castbook, visit), *values)

        return asked_by_request(handler, stream if inspect.isgeneratorfunction(handler) else answer)

    return bound


def asked_by_request(handler: Handler, called: Handler) -> Handler:
    """`called`, with the signature of `handler` but for its first parameter, in whose place the request comes: Gradio
    reads there what else to hand over, such as the data of an event."""
    signature = inspect.signature(handler)
    studio, *others = signature.parameters.values()
    visit = inspect.Parameter("visit", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=gr.Request)
    made: Any = wraps(handler)(called)
    made.__signature__ = signature.replace(parameters=[visit, *others])
    made.__annotations__ = {"visit": gr.Request, **handler.__annotations__}
    del made.__annotations__[studio.name]
    return made


def unchanged() -> Any:
    """The value of an output that shall stay as it is."""
    return gr.skip()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def draw_without_progress(demo: gr.Blocks) -> None:
    """As PRIVATE has it, for `gr.render`, which doesn't take that."""
    for fn in demo.fns.values():
        if fn.renderable is not None:
            fn.show_progress_on = []
