"""Long work as an iterator."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from errors import InvalidRequest, Stopped
from pipeline.streaming import WAITING, stream
from pipeline.values import Step

OnStep = Callable[[Step], None]


def test_steps_come_first_and_the_result_last():
    def work(on_step: OnStep) -> str:
        on_step(Step(1, 2))
        on_step(Step(2, 2))
        return "done"

    first, second, result = stream(work)

    assert isinstance(first, Step) and isinstance(second, Step)
    assert (first.step, second.step, result) == (1, 2, "done")


def test_steps_arrive_while_the_work_goes_on():
    seen = threading.Event()

    def work(on_step: OnStep) -> bool:
        on_step(Step(1, 1))
        return seen.wait(10)

    steps = stream(work)
    next(steps)
    seen.set()

    assert next(steps) is True


def test_what_the_work_raises_is_raised_to_the_reader():
    def work(on_step: OnStep) -> None:
        raise InvalidRequest("The prompt is empty.", "Write one.")

    with pytest.raises(InvalidRequest, match="empty"):
        list(stream(work))


def test_closing_the_iterator_stops_the_work_at_its_next_step():
    closed, ended = threading.Event(), threading.Event()
    reached: list[int] = []

    def work(on_step: OnStep) -> None:
        try:
            on_step(Step(1, 1000))
            closed.wait(10)
            for step in range(2, 1000):
                reached.append(step)
                on_step(Step(step, 1000))
        except Stopped:
            ended.set()
            raise

    steps = stream(work)
    next(steps)
    steps.close()
    closed.set()

    assert ended.wait(10)
    assert reached == [2]


def test_a_slow_reader_never_holds_the_work_up():
    finished = threading.Event()

    def work(on_step: OnStep) -> str:
        for step in range(1, 1001):
            on_step(Step(step, 1000))
        finished.set()
        return "done"

    steps = stream(work)
    next(steps)
    assert finished.wait(10)

    *waiting, result = steps
    assert len(waiting) <= WAITING
    assert result == "done"
