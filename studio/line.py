"""A line in which everybody gets their turn: one piece of work at a time, in turn among those who ask.

Gradio's own queue is first come, first served within a lane, and full for everybody when it is full.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from errors import TooMuchAtOnce

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class _Piece(Generic[T]):
    work: Callable[[], T]
    outcome: Future[T]
    context: Context  # of whoever asked: what is logged meanwhile is for their request

    def do(self) -> None:
        if not self.outcome.set_running_or_notify_cancel():
            return
        try:
            self.outcome.set_result(self.context.run(self.work))
        except BaseException as error:  # told to whoever waits for the outcome
            self.outcome.set_exception(error)


class Line:
    """Safe from any thread. Whoever asks for much waits for it themselves; the others wait for one piece of it."""

    def __init__(self, name: str, most: int) -> None:
        """`most`: of one caller's pieces that may wait."""
        self._most = most
        self._turns = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._waiting: OrderedDict[str, deque[_Piece[Any]]] = OrderedDict()  # by caller, the next one first
        self._served: str | None = None  # whose piece is being done
        self._lock = threading.Lock()

    def submit(self, caller: str, work: Callable[[], T]) -> Future[T]:
        """To be done in the caller's turn; cancelled before that, it never is. Raises TooMuchAtOnce."""
        piece = _Piece[T](work, Future(), copy_context())
        with self._lock:
            self._drop_cancelled()
            if len(self._waiting.get(caller, ())) >= self._most:
                raise TooMuchAtOnce(self._most)
            self._waiting.setdefault(caller, deque()).append(piece)
            if self._served in self._waiting:  # they have their turn now: whoever is new goes before them
                self._waiting.move_to_end(self._served)
            self._turns.submit(self._do_next)
        return piece.outcome

    def place(self, outcome: Future[Any]) -> int:
        """How many pieces will be done before this one, the one that is being done among them."""
        with self._lock:
            self._drop_cancelled()
            callers = list(self._waiting.values())
            for turn, theirs in enumerate(callers):
                for round, piece in enumerate(theirs):
                    if piece.outcome is outcome:
                        before = sum(min(len(each), round + 1) for each in callers[:turn])
                        behind = sum(min(len(each), round) for each in callers[turn + 1 :])
                        return before + behind + round + (self._served is not None)
        return 0

    def close(self) -> None:
        """What waits is cancelled, what is being done is waited for."""
        with self._lock:
            waiting = [piece for theirs in self._waiting.values() for piece in theirs]
        for piece in waiting:
            piece.outcome.cancel()
        self._turns.shutdown()

    def _do_next(self) -> None:
        piece = self._next()
        if piece:
            piece.do()
            self._served = None

    def _next(self) -> _Piece[Any] | None:
        with self._lock:
            self._drop_cancelled()
            for caller, theirs in self._waiting.items():
                self._served, piece = caller, theirs.popleft()
                if theirs:
                    self._waiting.move_to_end(caller)
                else:
                    del self._waiting[caller]
                return piece
        return None

    def _drop_cancelled(self) -> None:
        for caller, theirs in list(self._waiting.items()):
            left = deque(piece for piece in theirs if not piece.outcome.cancelled())
            if left:
                self._waiting[caller] = left
            else:
                del self._waiting[caller]


@dataclass(frozen=True)
class Turn:
    """A caller's own end of a line."""

    line: Line
    caller: str

    def of(self, work: Callable[[], T]) -> T:
        """What comes of the work, when their turn has come. Raises what it raises, and TooMuchAtOnce."""
        return self.line.submit(self.caller, work).result()
