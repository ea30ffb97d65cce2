"""Runs outlive the page that asked for them: one draws at a time, the others wait their turn, all are kept for a while.

What a run draws, and what comes of it, is its caller's: this file calls neither the models nor the library.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Generic, Literal, TypeVar

from errors import CastbookError, NotDrawn, NotFound, Stopped
from library_store.records import new_id
from pipeline.values import Step

logger = logging.getLogger("castbook")

A = TypeVar("A")  # what was asked for
T = TypeVar("T")  # what came of it
Clock = Callable[[], datetime]
State = Literal["waiting", "drawing", "stopping", "done", "stopped", "failed"]

UNSEEN = timedelta(minutes=10)  # a reload, a lost connection or a short walk takes less
KEPT = timedelta(hours=1)
MOST_KEPT = 20  # that have ended: each holds its pictures in memory, up to 24 MB of them at 1024 x 1024
HEARTBEAT = 1.0  # seconds between two values for a reader: Gradio closes a generator only between them


@dataclass(frozen=True)
class Waiting:
    """No step of a run is done yet."""

    for_others: bool  # to be drawn before it; otherwise it is its turn, and the models are still loading


class Run(Generic[A, T]):
    """What was asked for, how far it is, what came of it. Iterating over it attaches to it; letting go leaves it be."""

    def __init__(self, who: str, asked: A, clock: Clock) -> None:
        self.id = new_id()
        self.who = who
        self.asked = asked
        self.started_at = self.seen_at = clock()
        self.ended_at: datetime | None = None
        self.told = False  # somebody who was attached has taken what came of it
        self._clock = clock
        self._drawing_since: datetime | None = None
        self._latest: Waiting | Step = Waiting(for_others=True)
        self._stopping = False
        self._outcome: Future[T] = Future()
        self._changed = threading.Condition()

    def __iter__(self) -> Iterator[Waiting | Step | T]:
        """The latest state at once and then as it changes, at least every `HEARTBEAT`; what came of it is the last.

        A slow reader misses steps. Raises what the work raised, Stopped where nothing was finished before the stop,
        NotDrawn where nobody looked while it waited.
        """
        shown = None
        while (latest := self._after(shown)) is not None:
            yield latest
            shown = latest
        try:
            result = self._result()
        except Exception:
            self.told = True
            raise
        yield result
        self.told = True  # not where the reader left at the last value, maybe before it arrived

    @property
    def state(self) -> State:
        if not self.ended:
            return ("stopping" if self._stopping else "drawing") if self._outcome.running() else "waiting"
        if self._outcome.cancelled() or isinstance(self._outcome.exception(), Stopped):
            return "stopped"
        return "failed" if self._outcome.exception() else "done"

    @property
    def ended(self) -> bool:
        return self._outcome.done()

    @property
    def made(self) -> T | None:
        """What came of it, once that is there."""
        return self._outcome.result() if self.state == "done" else None

    @property
    def error(self) -> BaseException | None:
        """Why it failed."""
        return self._outcome.exception() if self.state == "failed" else None

    @property
    def latest(self) -> Waiting | Step:
        """When it has ended, without pictures."""
        return self._latest

    @property
    def seconds(self) -> float:
        """Since its first step was done."""
        return (self._clock() - self._drawing_since).total_seconds() if self._drawing_since else 0.0

    def stop(self) -> None:
        """One that waits ends at once, one that draws at its next step; one that has ended stays as it is."""
        self._stopping = True
        if not self.ended and self._outcome.cancel():
            self._end()

    def draw(self, work: Callable[[Callable[[Step], None]], T]) -> None:
        """Its turn has come."""
        unseen_for = self._clock() - self.seen_at
        if not self._outcome.set_running_or_notify_cancel():
            return
        try:
            if unseen_for > UNSEEN:
                raise NotDrawn
            self._advance(Waiting(for_others=False))
            self._outcome.set_result(work(self._on_step))
        except BaseException as error:  # handed to the reader, whatever it is
            self._outcome.set_exception(error)
            if not isinstance(error, CastbookError):  # there may be no reader
                logger.exception("A run failed", exc_info=error)
        self._end()

    def _on_step(self, step: Step) -> None:
        if self._stopping:
            raise Stopped
        self._drawing_since = self._drawing_since or self._clock()
        self._advance(step)

    def _advance(self, latest: Waiting | Step) -> None:
        with self._changed:
            self._latest = latest
            self._changed.notify_all()

    def _end(self) -> None:
        self.ended_at = self._clock()
        last = self._latest  # without its pictures: what came of the run has them
        self._advance(replace(last, previews=(), finished=()) if isinstance(last, Step) else last)

    def _after(self, shown: Waiting | Step | None) -> Waiting | Step | None:
        """The latest state once it is another one, or time for a sign of life; None when it has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self.ended or self._latest is not shown, HEARTBEAT)
            self.seen_at = self._clock()
            return None if self.ended else self._latest

    def _result(self) -> T:
        try:
            return self._outcome.result()
        except CancelledError as error:
            raise Stopped from error


class Runs(Generic[A, T]):
    """The runs of one server, first come, first served. Another visitor's is NotFound, like one that is forgotten."""

    def __init__(self, clock: Clock = lambda: datetime.now(timezone.utc)) -> None:
        self._clock = clock
        self._turns = ThreadPoolExecutor(1, thread_name_prefix="castbook-run")
        self._runs: dict[str, Run[A, T]] = {}  # oldest first
        self._lock = threading.Lock()
        self._when_ended: Callable[[Run[A, T], float], None] = lambda run, seconds: None

    def when_ended(self, tell: Callable[[Run[A, T], float], None]) -> None:
        """`tell(run, seconds)` hears of every run once, when its turn is over."""
        self._when_ended = tell

    @property
    def waiting(self) -> int:
        """Of all visitors."""
        with self._lock:
            return sum(run.state == "waiting" for run in self._runs.values())

    def start(self, who: str, asked: A, work: Callable[[Callable[[Step], None]], T]) -> Run[A, T]:
        """`work(on_step)` is done in its turn, whoever looks; what `on_step` raises has to end it."""
        run = Run[A, T](who, asked, self._clock)
        with self._lock:
            self._forget_old()
            self._runs[run.id] = run
            self._turns.submit(self._draw, run, work)
        return run

    def stop(self, run_id: str, who: str) -> Run[A, T]:
        """What was finished until then is kept."""
        run = self.get(run_id, who)
        run.stop()
        return run

    def get(self, run_id: str, who: str) -> Run[A, T]:
        for run in self.list(who):
            if run.id == run_id:
                return run
        raise NotFound("run", run_id)

    def list(self, who: str) -> Sequence[Run[A, T]]:
        """The newest first."""
        with self._lock:
            self._forget_old()
            return [run for run in reversed(self._runs.values()) if run.who == who]

    def close(self) -> None:
        """Stops them all and waits until what was finished is kept. None starts afterwards."""
        with self._lock:
            for run in self._runs.values():
                run.stop()
        self._turns.shutdown()

    def _draw(self, run: Run[A, T], work: Callable[[Callable[[Step], None]], T]) -> None:
        began = self._clock()
        run.draw(work)
        self._when_ended(run, (self._clock() - began).total_seconds())

    def _forget_old(self) -> None:
        now = self._clock()
        ended = sorted((run.ended_at, run.id) for run in self._runs.values() if run.ended_at)
        too_many = ended[:-MOST_KEPT]
        for _, run_id in [*too_many, *(old for old in ended[-MOST_KEPT:] if now - old[0] > KEPT)]:
            del self._runs[run_id]
