"""Runs that outlive whoever watches them, by a clock that stands until it is moved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone

import pytest

from errors import InvalidRequest, NotDrawn, NotFound, Stopped, TooMuchAtOnce
from library_store.records import LOCAL_OWNER
from pipeline.values import Step
from studio.runs import KEPT, MOST_KEPT, MOST_WAITING, MOST_WATCHING, UNSEEN, Run, Runs, Waiting

OnStep = Callable[[Step], None]
STEPS = 3
LOCAL = LOCAL_OWNER.name


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now


class Drawing:
    """Work of three steps. It takes each when it is let, and says when it is done with it."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self._let, self._taken = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, on_step: OnStep) -> str:
        try:
            for step in range(1, STEPS + 1):
                assert self._let.acquire(timeout=10)
                on_step(Step(step, STEPS))
                self.done.append(step)
                self._taken.release()
        except Stopped:
            if self.done == [1]:  # nothing was finished
                raise
        return f"drawn until step {self.done[-1]}"

    def step(self) -> None:
        self._let.release()
        assert self._taken.acquire(timeout=10)

    def finish(self) -> None:
        for _ in range(STEPS):
            self._let.release()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def runs(clock: Clock) -> Iterator[Runs[str, str]]:
    made = Runs[str, str](clock)
    yield made
    made.close()


def at_once(on_step: OnStep) -> str:
    return "drawn"


def outcome(run: Run[str, str]) -> str:
    *_, last = run
    return last


def test_steps_come_as_they_are_done_and_what_came_of_it_last(runs: Runs[str, str]):
    drawing = Drawing()
    run = runs.start(LOCAL, "a girl", drawing)
    watching = iter(run)
    assert isinstance(next(watching), Waiting)
    drawing.step()
    assert next(watching).step == 1
    drawing.step()
    assert next(watching).step == 2
    drawing.finish()
    *_, last = watching
    assert (last, run.state, run.asked) == ("drawn until step 3", "done", "a girl")


def test_who_comes_back_sees_the_latest_step_first_and_missed_the_others(runs: Runs[str, str]):
    drawing = Drawing()
    run = runs.start(LOCAL, "a girl", drawing)
    watching = iter(run)
    next(watching)
    watching.close()
    drawing.step()
    drawing.step()
    assert next(iter(runs.get(run.id, LOCAL))).step == 2
    drawing.finish()
    assert outcome(run) == "drawn until step 3"


def test_a_run_nobody_looks_at_is_finished_and_kept(runs: Runs[str, str], clock: Clock):
    drawing = Drawing()
    run = runs.start(LOCAL, "a girl", drawing)
    drawing.step()
    clock.now += 2 * UNSEEN
    drawing.finish()
    assert outcome(runs.get(run.id, LOCAL)) == "drawn until step 3"


def test_two_can_watch_one_run(runs: Runs[str, str]):
    drawing = Drawing()
    run = runs.start(LOCAL, "a girl", drawing)
    one, other = iter(run), iter(run)
    drawing.step()
    assert next(one).step == next(other).step == 1
    drawing.finish()
    assert [*one][-1] == [*other][-1] == "drawn until step 3"


def test_one_draws_at_a_time_and_the_callers_take_turns(runs: Runs[str, str]):
    first, order = Drawing(), list[str]()
    runs.start("mina", "first", first)
    first.step()
    asked = [("mina", "a"), ("mina", "b"), ("hana", "c"), ("hana", "d"), ("jun", "e")]
    waiting = [runs.start(who, name, lambda _, name=name: order.append(name) or name) for who, name in asked]
    assert [run.state for run in waiting] == ["waiting"] * 5
    assert [run.latest for run in waiting] == [Waiting(ahead) for ahead in (3, 5, 1, 4, 2)]
    first.finish()
    assert [outcome(run) for run in reversed(waiting)] == ["e", "d", "c", "b", "a"]
    assert order == ["c", "e", "a", "d", "b"]


def test_more_than_two_of_one_caller_do_not_wait_and_what_was_stopped_makes_room(runs: Runs[str, str]):
    first = Drawing()
    runs.start("mina", "first", first)
    first.step()
    waiting = [runs.start("mina", "a girl", at_once) for _ in range(MOST_WAITING)]
    with pytest.raises(TooMuchAtOnce, match="2 things"):
        runs.start("mina", "one too many", at_once)
    runs.start("hana", "a boy", at_once)
    waiting[0].stop()
    assert waiting[1].latest == Waiting(ahead=2)
    last = runs.start("mina", "a girl", at_once)
    first.finish()
    assert outcome(last) == "drawn"
    assert all(run.asked != "one too many" for run in runs.list("mina"))


def test_a_watcher_is_told_how_its_place_changes(runs: Runs[str, str]):
    first = Drawing()
    runs.start("mina", "first", first)
    first.step()
    stopped, watched = runs.start("hana", "a", at_once), runs.start("jun", "b", at_once)
    watching = iter(watched)
    assert next(watching) == Waiting(ahead=2)
    stopped.stop()
    assert next(watching) == Waiting(ahead=1)
    first.finish()


def test_only_so_many_watch_one_run(runs: Runs[str, str]):
    drawing = Drawing()
    run = runs.start(LOCAL, "a girl", drawing)
    drawing.step()
    watching = [iter(run) for _ in range(MOST_WATCHING)]
    for each in watching:
        next(each)
    with pytest.raises(TooMuchAtOnce):
        next(iter(run))
    watching[0].close()
    assert next(iter(run)).step == 1
    drawing.finish()


def test_a_watcher_gets_a_sign_of_life_though_nothing_changes(runs: Runs[str, str]):
    """Gradio can close a generator only where it yields."""
    drawing = Drawing()
    run = runs.start(LOCAL, "a girl", drawing)
    drawing.step()
    watching = iter(run)
    assert next(watching) is next(watching)
    drawing.finish()


def test_stopping_ends_a_run_at_its_next_step_and_keeps_what_was_finished(runs: Runs[str, str]):
    drawing = Drawing()
    run = runs.start(LOCAL, "a girl", drawing)
    drawing.step()
    drawing.step()
    assert runs.stop(run.id, LOCAL).state == "stopping"
    drawing.finish()
    assert outcome(run) == "drawn until step 2"
    assert drawing.done == [1, 2]


def test_stopping_before_anything_is_finished_is_told(runs: Runs[str, str]):
    drawing = Drawing()
    run = runs.start(LOCAL, "a girl", drawing)
    drawing.step()
    runs.stop(run.id, LOCAL)
    drawing.finish()
    with pytest.raises(Stopped):
        outcome(run)
    assert run.state == "stopped"


def test_a_waiting_run_is_stopped_at_once_and_never_drawn(runs: Runs[str, str]):
    first, second = Drawing(), Drawing()
    drawn_first = runs.start(LOCAL, "first", first)
    first.step()
    waiting = runs.start(LOCAL, "second", second)
    runs.stop(waiting.id, LOCAL)
    with pytest.raises(Stopped):
        outcome(waiting)
    assert (waiting.state, drawn_first.state) == ("stopped", "drawing")
    first.finish()
    assert outcome(runs.start(LOCAL, "third", at_once)) == "drawn"
    assert second.done == []


def test_stopping_what_has_ended_changes_nothing(runs: Runs[str, str], clock: Clock):
    run = runs.start(LOCAL, "a girl", at_once)
    outcome(run)
    ended = run.ended_at
    clock.now += timedelta(minutes=1)
    runs.stop(run.id, LOCAL)
    assert (run.state, run.ended_at) == ("done", ended)


def test_a_waiting_run_whose_watcher_is_gone_for_long_is_dropped_and_one_that_is_watched_is_drawn(
    runs: Runs[str, str], clock: Clock
):
    first = Drawing()
    runs.start(LOCAL, "first", first)
    first.step()
    left, watched = runs.start(LOCAL, "left", Drawing()), runs.start(LOCAL, "watched", at_once)
    next(iter(left))
    clock.now += UNSEEN + timedelta(seconds=1)
    next(iter(watched))
    first.finish()
    assert outcome(watched) == "drawn"
    with pytest.raises(NotDrawn, match="nobody was there"):
        outcome(left)


def test_whoever_looks_at_anything_here_keeps_their_turn(runs: Runs[str, str], clock: Clock):
    first = Drawing()
    runs.start("mina", "first", first)
    first.step()
    here, away = runs.start("hana", "here", at_once), runs.start("jun", "away", at_once)
    clock.now += UNSEEN + timedelta(seconds=1)
    runs.seen("hana")
    first.finish()
    assert outcome(here) == "drawn"
    with pytest.raises(NotDrawn):
        outcome(away)


def test_a_short_walk_loses_nobody_their_turn(runs: Runs[str, str], clock: Clock):
    first = Drawing()
    runs.start(LOCAL, "first", first)
    first.step()
    left = runs.start(LOCAL, "left", at_once)
    clock.now += UNSEEN
    first.finish()
    assert outcome(left) == "drawn"


def test_what_a_run_raises_is_raised_to_whoever_comes_and_the_next_one_is_drawn(runs: Runs[str, str]):
    def refuse(on_step: OnStep) -> str:
        raise InvalidRequest("The prompt is empty.", "Write one.")

    run = runs.start(LOCAL, "", refuse)
    for _ in range(2):
        with pytest.raises(InvalidRequest, match="empty"):
            outcome(run)
    assert run.state == "failed"
    assert outcome(runs.start(LOCAL, "a girl", at_once)) == "drawn"


def test_a_fault_is_logged_though_nobody_looks(runs: Runs[str, str], caplog: pytest.LogCaptureFixture):
    runs.start(LOCAL, "a girl", lambda _: str(1 / 0))
    assert outcome(runs.start(LOCAL, "next", at_once)) == "drawn"
    assert "ZeroDivisionError" in caplog.text


def test_a_run_is_told_when_somebody_took_what_came_of_it_and_not_when_they_left_before(runs: Runs[str, str]):
    drawing = Drawing()
    run = runs.start(LOCAL, "a girl", drawing)
    watching = iter(run)
    next(watching)
    drawing.finish()
    while not isinstance(next(watching), str):
        pass
    watching.close()  # with the result on its way
    assert not run.told
    outcome(run)
    assert run.told


def test_anothers_run_is_as_good_as_none(runs: Runs[str, str]):
    run = runs.start("mina", "a girl", at_once)
    for refused in (runs.stop, runs.get):
        with pytest.raises(NotFound):
            refused(run.id, "hana")
    assert (runs.list("hana"), runs.list("mina")) == ([], [run])


def test_ended_runs_are_kept_for_an_hour(runs: Runs[str, str], clock: Clock):
    drawing = Drawing()
    ended, going = runs.start(LOCAL, "ended", at_once), runs.start(LOCAL, "going", drawing)
    outcome(ended)
    drawing.step()
    clock.now += KEPT
    assert runs.list(LOCAL) == [going, ended]
    clock.now += timedelta(seconds=1)
    assert runs.list(LOCAL) == [going]
    drawing.finish()


def test_of_many_ended_runs_the_last_are_kept(runs: Runs[str, str], clock: Clock):
    started = [runs.start(LOCAL, "mine", at_once)]
    outcome(started[0])
    theirs = list[Run[str, str]]()
    for number in range(MOST_KEPT + 2):
        theirs.append(runs.start("mina", str(number), at_once))
        outcome(theirs[-1])
    assert (runs.list("mina"), runs.list(LOCAL)) == (theirs[:1:-1], started)


def test_an_ended_run_says_how_far_it_came_and_holds_no_pictures_of_its_steps(runs: Runs[str, str]):
    def draw(on_step: OnStep) -> str:
        on_step(Step(1, 1, previews=("a picture",)))
        return "drawn"

    run = runs.start(LOCAL, "a girl", draw)
    outcome(run)
    assert (run.latest.step, run.latest.previews) == (1, ())


def test_closing_stops_what_draws_and_drops_what_waits(runs: Runs[str, str]):
    drawing = Drawing()
    going, waiting = runs.start(LOCAL, "going", drawing), runs.start(LOCAL, "waiting", at_once)
    drawing.step()
    drawing.step()
    drawing.finish()  # lets it go on to its third step, which is the last
    runs.close()
    assert (going.ended, waiting.ended) == (True, True)
