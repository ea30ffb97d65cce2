"""What the program tells its operator: each request, call and run by a number, and no word that somebody wrote."""

from __future__ import annotations

import base64
import io
import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fakes import RED, FakeGenerator, draw_the_reference, flat
from gradio.blocks import Blocks
from walking import Person, furnished, handlers, opened, shown, uploaded

import logs
from library_store.records import LOCAL_OWNER
from studio import Castbook
from ui.endpoints.tools import PATH
from ui.request_log import HEADER

FAULTY = "Adafault"  # a prompt that breaks the generator
CAUSE = KeyError("Adacause")


def draws(asked: Any, seed: int):
    if FAULTY in asked.prompt:
        raise ValueError(f"cannot draw {asked.prompt}") from CAUSE
    return draw_the_reference(asked, seed)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """As `CASTBOOK_LOG=json` has it."""
    root, stream = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], logs.logger.level
    root.handlers.clear()
    logs.start("json", stream)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:] = before
    logs.logger.setLevel(level)


@pytest.fixture
def castbook(tmp_path: Path) -> Iterator[Castbook]:
    with opened(tmp_path, FakeGenerator(draws)) as castbook:
        yield castbook


@pytest.fixture
def demo(castbook: Castbook) -> Iterator[Blocks]:
    with shown(castbook) as demo:
        yield demo


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_no_word_of_what_was_asked_drawn_uploaded_or_broken_is_in_the_log(
    written: io.StringIO, castbook: Castbook, demo: Blocks, tmp_path: Path
):
    own = furnished(castbook.seen_by(LOCAL_OWNER), tmp_path)
    file = tmp_path / "Adafile.png"
    flat(RED).save(file)
    with httpx.Client(timeout=60) as browser:
        who, ids = Person(str(demo.local_url), {}, browser), own.ids()
        assert "Adacharacter" in who.call("list_cast", ids["story_id"])
        assert "event: error" in who.call("generate_character", ids["story_id"], "Adaname", FAULTY, None, "", 1, 0)
        asked = {"story_id": ids["story_id"], "name": "Adaname", "prompt": FAULTY}
        assert who.use("generate_character", asked)["isError"]
        assert "There is no" in who.call("get_character", "Adanobody")
        who.call("look_at_upload", uploaded(who, file))
        who.use("look_at_upload", {"picture": {"base64": base64.b64encode(file.read_bytes()).decode()}})
        for path in ("Adapath", "castbook/move?key=Adakey", "?story=Adastory", "gradio_api/file=Adafile.png"):
            who.ask("GET", path)
        who.ask("ADAMETHOD", "config")
        [opened] = [fn for fn in handlers(demo) if fn.name == "opened"]
        who.handle(opened, ["Adaid"], "Adasession")
    logging.getLogger("diffusers").warning("cut off: Adaprompt")
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.warn("Adawarning", UserWarning, stacklevel=1)
    told = lines(written)
    assert "Ada" not in written.getvalue() and "ADA" not in written.getvalue()
    outcomes = {(line["event"], line.get("which"), line["outcome"]) for line in told if "outcome" in line}
    assert outcomes >= {
        ("verb", "list_cast", "done"),
        ("verb", "generate_character", "fault"),
        ("tool", "generate_character", "fault"),
        ("verb", "get_character", "NotFound"),
        ("handler", "opened", "done"),
        ("run", None, "fault"),
    }
    [fault, *_] = [line for line in told if line.get("event") == "run" and line["outcome"] == "fault"]
    assert "in draws" in fault["fault"] and fault["fault"].endswith("ValueError") and "KeyError" in fault["fault"]
    routes = {line["route"] for line in told if line.get("event") == "request"}
    assert {"/gradio_api/call/{api_name}", "/gradio_api/upload", PATH, "none"} <= routes


def test_what_comes_of_a_request_has_its_number(written: io.StringIO, castbook: Castbook, demo: Blocks):
    story = castbook.seen_by(LOCAL_OWNER).library.ensure_a_story()
    url = f"{demo.local_url}gradio_api/call/generate_character"
    asked = httpx.post(url, json={"data": [story.id, "Hana", "a girl", None, "", 1, 0]}, timeout=60)
    httpx.get(f"{url}/{asked.json()['event_id']}", timeout=60)
    castbook.runs.close()
    number = asked.headers[HEADER]
    assert {line["event"] for line in lines(written) if line["request_id"] == number} == {"request", "verb", "run"}


def test_for_eyes_it_says_what_goes_wrong_alone_and_where(capsys: pytest.CaptureFixture[str]):
    root, stream = logging.getLogger(), io.StringIO()
    before = root.handlers[:]
    root.handlers.clear()
    logs.start("text", stream)
    with logs.told("verb", which="list_cast"):
        pass
    with pytest.raises(ValueError), logs.told("verb", "number", which="list_cast"):
        raise ValueError("Adaprompt")
    logging.captureWarnings(False)
    root.handlers[:] = before
    first, *_, last = stream.getvalue().splitlines()
    assert (first, last) == ("ERROR castbook: verb list_cast: fault number", "ValueError")
