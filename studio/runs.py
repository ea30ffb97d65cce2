"""Runs outlive the page that asked for them: one draws at a time, in turn among callers; all are kept for a while.

What a run draws, and what comes of it, is its caller's: this file calls neither the models nor the library.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Generic, Literal, TypeVar

from errors import NotDrawn, NotFound, Stopped, TooMuchAtOnce
from library_store.records import new_id
from logs import told
from pipeline.values import Step
from studio.line import Line

A = TypeVar("A")  # what was asked for
T = TypeVar("T")  # what came of it
R = TypeVar("R")
OnStep = Callable[[Step], None]
Clock = Callable[[], datetime]
State = Literal["waiting", "drawing", "stopping", "done", "stopped", "failed"]

UNSEEN = timedelta(minutes=10)  # a reload, a lost connection or a short walk takes less
KEPT = timedelta(hours=1)
MOST_WAITING = 2  # of one caller, beside the one that is being drawn
MOST_WATCHING = 8  # of one run: each holds a thread
MOST_KEPT = 4  # of one visitor, that have ended: each holds its pictures in memory, up to 24 MB at 1024 x 1024
MOST_KEPT_IN_ALL = 40
HEARTBEAT = 1.0  # seconds between two values for a reader: Gradio closes a generator only between them


@dataclass(frozen=True)
class Waiting:
    """No step of a run is done yet."""

    ahead: int  # runs that are drawn before it; 0: it is its turn, and the models may still be loading


class Run(Generic[A, T]):
    """What was asked for, how far it is, what came of it. Iterating over it attaches to it; letting go leaves it be."""

    def __init__(self, who: str, asked: A, clock: Clock, line: Line, caller: str, work: Callable[[OnStep], T]) -> None:
        """It stands in the line from here on. Raises TooMuchAtOnce."""
        self.id = new_id()
        self.who = who
        self.asked = asked
        self.started_at = self.seen_at = clock()
        self.ended_at: datetime | None = None
        self.told = False  # somebody who was attached has taken what came of it
        self._clock = clock
        self._turn_since: datetime | None = None
        self._drawing_since: datetime | None = None
        self._latest: Waiting | Step = Waiting(ahead=0)
        self._stopping = False
        self._watching = 0
        self._changed = threading.Condition()
        self._line = line
        self._outcome: Future[T] = line.submit(caller, lambda: self._drawn(work))
        self.when_ended(self._end)

    def __iter__(self) -> Iterator[Waiting | Step | T]:
        """The latest state at once and then as it changes, at least every `HEARTBEAT`; what came of it is the last.

        A slow reader misses steps. Raises what the work raised, Stopped where nothing was finished before the stop,
        NotDrawn where nobody looked while it waited, TooMuchAtOnce where as many watch as may.
        """
        if self._watching >= MOST_WATCHING and not self.ended:
            raise TooMuchAtOnce(MOST_WATCHING)
        self._watching += 1
        try:
            yield from self._watched()
        finally:
            self._watching -= 1

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
        """The same object until it changes. When it has ended, without pictures."""
        with self._changed:
            if self.state == "waiting" and self._latest != (now := Waiting(self._line.place(self._outcome))):
                self._latest = now
            return self._latest

    @property
    def turn(self) -> timedelta:
        """How long it had its turn, now that it has ended; none where it never came."""
        return self.ended_at - self._turn_since if self.ended_at and self._turn_since else timedelta()

    @property
    def seconds(self) -> float:
        """Since its first step was done."""
        return (self._clock() - self._drawing_since).total_seconds() if self._drawing_since else 0.0

    def when_ended(self, tell: Callable[[], None]) -> None:
        self._outcome.add_done_callback(lambda _: tell())

    def stop(self) -> None:
        """One that waits ends at once, one that draws at its next step; one that has ended stays as it is."""
        self._stopping = True
        self._outcome.cancel()

    def _watched(self) -> Iterator[Waiting | Step | T]:
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

    def _drawn(self, work: Callable[[OnStep], T]) -> T:
        """Its turn has come."""
        self._turn_since = self._clock()
        with told("run", run_id=self.id):  # a fault too: there may be no reader
            if self._clock() - self.seen_at > UNSEEN:
                raise NotDrawn
            self._advance(Waiting(ahead=0))
            return work(self._on_step)

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
            return None if self.ended else self.latest

    def _result(self) -> T:
        try:
            return self._outcome.result()
        except CancelledError as error:
            raise Stopped from error


class Runs(Generic[A, T]):
    """The runs of one server. Another visitor's is NotFound, like one that is forgotten."""

    def __init__(self, clock: Clock = lambda: datetime.now(timezone.utc)) -> None:
        self._clock = clock
        self._line = Line("castbook-run", MOST_WAITING)
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

    def start(self, who: str, asked: A, work: Callable[[OnStep], T], caller: str = "") -> Run[A, T]:
        """`work(on_step)` is done in its turn, whoever looks; what `on_step` raises has to end it. `caller`: whose turn
        it takes, the visitor's own where nothing is said. Raises TooMuchAtOnce.
        """
        run = Run[A, T](who, asked, self._clock, self._line, caller or who, work)
        run.when_ended(lambda: self._when_ended(run, run.turn.total_seconds()))
        with self._lock:
            self._forget_old()
            self._runs[run.id] = run
        return run

    def in_turn(self, caller: str, work: Callable[[], R]) -> R:
        """What comes of another piece of drawing, which waits in the same line. Raises TooMuchAtOnce."""
        return self._line.submit(caller, work).result()

    def seen(self, who: str) -> None:
        """A visitor is there, whatever they look at: what waits for its turn is wanted."""
        with self._lock:
            for run in self._runs.values():
                if run.who == who:
                    run.seen_at = self._clock()

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
            runs = list(self._runs.values())
        for run in runs:
            run.stop()
        self._line.close()

    def _forget_old(self) -> None:
        """The newest of each visitor are kept, and the newest of all these; none longer than KEPT."""
        now, of_visitor = self._clock(), Counter[str]()
        ended = [(run.ended_at, run.id, run.who) for run in self._runs.values() if run.ended_at]
        for ended_at, run_id, who in sorted(ended, reverse=True):
            if of_visitor[who] < MOST_KEPT and of_visitor.total() < MOST_KEPT_IN_ALL and now - ended_at <= KEPT:
                of_visitor[who] += 1
            else:
                del self._runs[run_id]
