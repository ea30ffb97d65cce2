"""Long work as an iterator: each step as it is done, then the result. Whoever closes the iterator stops the work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

from errors import Stopped
from pipeline.values import Step

T = TypeVar("T")
WAITING = 8  # steps kept for a slow reader; later ones are dropped, so the work never waits


def stream(work: Callable[[Callable[[Step], None]], T]) -> Iterator[Step | T]:
    """Runs `work(on_step)` in a thread. Yields its Steps, then what it returned; what it raised is raised here.

    Closing the iterator (also by letting go of it) makes `on_step` raise Stopped at the work's next step.
    """
    steps: SimpleQueue[Step | None] = SimpleQueue()  # None: the work has ended
    closed = threading.Event()
    outcome: Future[T] = Future()

    def on_step(step: Step) -> None:
        if closed.is_set():
            raise Stopped
        if steps.qsize() < WAITING:
            steps.put(step)

    def run() -> None:
        try:
            outcome.set_result(work(on_step))
        except BaseException as error:  # handed to the reader, whatever it is
            outcome.set_exception(error)
        finally:
            steps.put(None)

    threading.Thread(target=run, name="castbook-work", daemon=True).start()
    try:
        while (step := steps.get()) is not None:
            yield step
        yield outcome.result()
    finally:
        closed.set()
