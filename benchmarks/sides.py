"""Two sides of a comparison, each in a process of its own that draws when it is told: so each has its own memory, and
neither finds the other's threads or caches warm."""

from __future__ import annotations

import multiprocessing
import re
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

Begin = Callable[[], "Side"]


@dataclass(frozen=True)
class Drawing:
    """What one drawing of a side took."""

    seconds: float
    cpu_seconds: float  # of all threads: what else the machine does costs these less
    first_preview: float | None  # seconds after the click
    first_finished: float
    parts: dict[str, float]  # seconds by part
    peak: float  # MB, ever: resident in the side's process, or of the GPU's memory


class Side:
    """Draws, and says when what was there. `draw(seed, seen)` calls `seen("preview")`, `seen("finished")`."""

    def __init__(
        self,
        draw: Callable[[int, Callable[[str], None]], object],
        parts: dict[str, tuple[Any, str]],
        peak: Callable[[], float] | None = None,
    ) -> None:
        """`parts` are methods, by the names that are printed: an object and the method's name. `peak` says what
        memory was needed, in MB; None: the process's own."""
        self._draw, self._peak = draw, peak or _resident_peak
        self._parts = dict.fromkeys(parts, 0.0)
        for part, (owner, name) in parts.items():
            setattr(owner, name, self._timed(part, getattr(owner, name)))

    def draw(self, seed: int) -> Drawing:
        self._parts = dict.fromkeys(self._parts, 0.0)
        moments: dict[str, float] = {}
        started, computing = time.perf_counter(), time.process_time()

        def seen(what: str) -> None:
            moments.setdefault(what, time.perf_counter() - started)

        self._draw(seed, seen)
        seen("finished")
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - computing
        return Drawing(
            seconds, cpu_seconds, moments.get("preview"), moments["finished"], dict(self._parts), self._peak()
        )

    def _timed(self, part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **settings: Any) -> Any:
            started = time.perf_counter()
            try:
                return work(*args, **settings)
            finally:
                self._parts[part] += time.perf_counter() - started

        return timed


@contextmanager
def in_its_own_process(begin: Begin) -> Generator[Callable[[int], Drawing], None, None]:
    """What draws with a seed there. `begin` is a function of a module, or a `functools.partial` of one."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(begin, theirs), daemon=True)
    process.start()
    theirs.close()

    def draw(seed: int) -> Drawing:
        ours.send(seed)
        return ours.recv()

    try:
        yield draw
    finally:
        ours.close()
        process.join()


def _serve(begin: Begin, orders: Connection) -> None:
    side = begin()
    while True:
        try:
            seed: int = orders.recv()
        except EOFError:
            return
        orders.send(side.draw(seed))


def _resident_peak() -> float:
    """MB (Linux)."""
    return int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024
