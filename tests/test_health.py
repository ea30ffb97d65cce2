"""What a server says to machines that watch it: whether it lives and can draw, and figures without words or names."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import httpx
import pytest
from fakes import BLACK, RED, FakeFaces, FakeGenerator, fake_pack, flat
from fastapi import FastAPI
from fastapi.testclient import TestClient
from listening import listening

from errors import CastbookError, Stopped
from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
from pipeline.variants import VariantMaker
from studio import Castbook, Models
from ui import add_health, build_page, launch_options


def draws(_: object, seed: int):
    """A face at even seeds, none at odd ones."""
    return flat((RED, BLACK)[seed % 2])


@pytest.fixture
def castbook(store: LibraryStore) -> Iterator[Castbook]:
    pack = fake_pack()
    made = Castbook(store, pack, Models(lambda: VariantMaker(FakeGenerator(draws), FakeFaces(), pack)))
    yield made
    made.runs.close()


def client_of(castbook: Castbook, metrics: bool = True) -> TestClient:
    app = FastAPI()
    add_health(app, castbook, metrics)
    return TestClient(app)


def figures(client: TestClient) -> dict[str, float]:
    lines = [line for line in client.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines) if "_created" not in name}


def test_it_is_ready_when_models_and_library_are(castbook: Castbook, tmp_path: Path):
    client = client_of(castbook)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"models": "loading", "library": "ready"})
    castbook.models.get()
    assert client.get("/readyz").status_code == 200
    shutil.move(tmp_path / "pictures", tmp_path / "unmounted")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"models": "ready", "library": "unavailable"})
    assert client.get("/healthz").status_code == 200


def test_models_that_cannot_be_loaded_are_said_without_the_reason(store: LibraryStore):
    def load() -> VariantMaker:
        raise CastbookError("No {path}.", "Put it there.", path="/secret")

    castbook = Castbook(store, fake_pack(), Models(load))
    with pytest.raises(CastbookError):
        castbook.models.get()
    answer = client_of(castbook).get("/readyz")
    assert (answer.status_code, answer.json()["models"], "secret" in answer.text) == (503, "failed", False)


def test_pictures_faces_and_runs_are_counted(castbook: Castbook):
    client, studio = client_of(castbook), castbook.seen_by(LOCAL_OWNER)
    story = studio.library.ensure_a_story()
    list(studio.drawing.generate_character(story.id, "Mina", "a secret girl", count=3, seed=0))
    castbook.runs.close()  # all is counted then
    found = figures(client)
    assert found['castbook_runs_total{state="done"}'] == 1
    assert (found["castbook_pictures_total"], found["castbook_faces_found_total"]) == (3, 2)
    assert found["castbook_seconds_per_picture_count"] == 1
    assert not re.search("Mina|secret|girl", client.get("/metrics").text)


def test_who_waits_is_counted_and_so_are_failures(castbook: Castbook):
    go_on, client = Event(), client_of(castbook)

    def fails(_: object) -> None:
        go_on.wait(60)
        raise CastbookError("Mina is {why}.", "Wait.", why="secret")

    def stops(_: object) -> None:
        raise Stopped

    runs = [castbook.runs.start(who, None, work) for who, work in (("ann", fails), ("ben", stops), ("eve", stops))]
    runs[2].stop()
    while runs[0].state == "waiting":
        pass
    assert figures(client)["castbook_runs_waiting"] == 1
    go_on.set()
    castbook.runs.close()
    found = figures(client)
    assert found['castbook_errors_total{kind="CastbookError"}'] == 1
    assert (found['castbook_runs_total{state="failed"}'], found['castbook_runs_total{state="stopped"}']) == (1, 2)
    assert found["castbook_runs_waiting"] == 0
    assert not re.search("Mina|secret|ann|ben|eve", client.get("/metrics").text)


@pytest.mark.parametrize("metrics", [True, False])
def test_the_page_s_own_server_answers_them_and_figures_only_where_the_operator_asks(castbook: Castbook, metrics: bool):
    demo = build_page(castbook)
    server, url, _ = demo.launch(**listening(), prevent_thread_lock=True, **launch_options(castbook))
    add_health(server, castbook, metrics)
    assert httpx.get(f"{url}healthz").json() == {"status": "ok"}
    answer = httpx.get(f"{url}metrics")
    assert (answer.status_code, "castbook_runs_waiting" in answer.text) == ((200, True) if metrics else (404, False))
    demo.close()
