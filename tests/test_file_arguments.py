"""No argument names a file of the server: each of every verb is tried with a harmless one, and none reads it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fakes import RED, FakeGenerator, flat
from gradio.blocks import Blocks
from gradio.utils import get_upload_folder
from PIL.PngImagePlugin import PngInfo
from walking import FILES, GIVEN, Belongings, Person, furnished, opened, parameters, shown, uploaded, verbs

from library_store.records import LOCAL_OWNER
from studio import Castbook


@pytest.fixture(scope="module")
def castbook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Castbook]:
    with opened(tmp_path_factory.mktemp("home"), FakeGenerator()) as castbook:
        yield castbook


@pytest.fixture(scope="module")
def demo(castbook: Castbook) -> Iterator[Blocks]:
    with shown(castbook) as demo:
        yield demo


@pytest.fixture(scope="module")
def own(castbook: Castbook, tmp_path_factory: pytest.TempPathFactory) -> Belongings:
    return furnished(castbook.seen_by(LOCAL_OWNER), tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture with a face, that says what it was drawn by."""
    file, said = tmp_path_factory.mktemp("elsewhere") / "harmless.png", PngInfo()
    said.add_itxt("parameters", "Harmlessprompt\nSteps: 8, Sampler: Euler, Seed: 7, Size: 64x64")
    flat(RED).save(file, pnginfo=said)
    return file


def ways(file: Path, url: str) -> list[Any]:
    """To name it."""
    named = [str(file), f"{url}gradio_api/file={file}"]
    return [str(file), *({"path": path, "url": path, "meta": {"_type": "gradio.FileData"}} for path in named)]


def test_no_argument_of_any_verb_reads_a_file_of_the_server(demo: Blocks, own: Belongings, harmless: Path):
    with httpx.Client(timeout=60) as browser:
        who = Person(str(demo.local_url), {}, browser)
        given = {**GIVEN, **own.ids()}
        for fn in verbs(demo):
            if fn.api_name in ("generate_character", "generate_character_variant", "draw_again"):
                continue  # they take words and numbers, and time
            for name in parameters(fn):
                for way in ways(harmless, who.url) if name in FILES else [str(harmless)]:
                    asked = [
                        ([way] if parameter == "pages" or parameter.endswith("_ids") else way)
                        if parameter == name
                        else given.get(parameter, [given.get(parameter.removesuffix("s"))])
                        for parameter in parameters(fn)
                    ]
                    said = who.call(str(fn.api_name), *asked)
                    if name in FILES and isinstance(way, dict):
                        assert "was not uploaded" in said, (fn.api_name, way)
        assert b"Harmlessprompt" not in who.all_seen
        upload = uploaded(who, harmless)
        assert "Harmlessprompt" in who.call("request_in", upload)  # which is what an upload is for
        sent = str(upload["path"])
        assert sent.startswith("/castbook/u-")
        for way in (
            sent,
            f"{sent}/../../harmless.png",
            "/castbook/u-0/../../etc/hostname",
            f"/castbook/p/aa/{harmless}",
        ):
            answer = browser.get(f"{who.url}gradio_api/file={way}")
            assert answer.status_code == (200 if way == sent else 404)


def test_no_argument_of_any_tool_reads_a_file_of_the_server(demo: Blocks, own: Belongings, harmless: Path):
    with httpx.Client(timeout=60) as browser:
        who = Person(str(demo.local_url), {}, browser)
        given = {**GIVEN, **own.ids()}
        for tool in who.tools():
            if tool["name"] in ("generate_character", "generate_character_variant", "draw_again"):
                continue
            takes = tool["inputSchema"]["properties"]
            for name in takes:
                for way in [*ways(harmless, who.url), {"base64": str(harmless)}] if name in FILES else [str(harmless)]:
                    asked = {
                        each: given.get(each, [given.get(each.removesuffix("s"))])
                        for each in takes
                        if each not in FILES
                    }
                    said = who.use(tool["name"], {**asked, name: [way] if takes[name].get("type") == "array" else way})
                    if name in FILES and isinstance(way, dict):
                        assert said["isError"], (tool["name"], way)
        assert b"Harmlessprompt" not in who.all_seen
        sent = {"base64": base64.b64encode(harmless.read_bytes()).decode()}
        assert who.use("request_in", {"picture": sent})["structuredContent"]["result"]["prompt"] == "Harmlessprompt"
        upload = uploaded(who, harmless)
        assert who.use("request_in", {"picture": upload})["structuredContent"]["result"]["prompt"] == "Harmlessprompt"


@pytest.mark.parametrize("kind", ["application/json", "application/ld+json", "text/plain", ""])
def test_what_a_body_is_called_opens_nothing(demo: Blocks, harmless: Path, kind: str):
    """A file in Gradio's own folder of uploads, which it would take from anybody."""
    [verb] = [fn for fn in verbs(demo) if fn.api_name == "request_in"]
    file = Path(get_upload_folder()) / "ab" / "harmless.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(harmless.read_bytes())
    data = [{"path": str(file), "meta": {"_type": "gradio.FileData"}}]
    body = json.dumps({"data": data, "fn_index": verb._id, "session_hash": "x"}).encode()
    headers = {"content-type": kind} if kind else {}
    answer = httpx.post(f"{demo.local_url}gradio_api/run/predict", content=body, headers=headers, timeout=60)
    file.unlink()
    assert answer.status_code >= 400 and "Harmlessprompt" not in answer.text
