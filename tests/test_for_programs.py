"""The script in `examples/`, and the verbs as tools of a Model Context Protocol server."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeFaces, FakeGenerator, fake_pack
from listening import listening
from PIL import Image

from examples.remake_a_character import remake
from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
from pipeline.variants import VariantMaker
from settings import Settings
from studio import Castbook, Models, Studio
from ui import build_page, launch_options


@pytest.fixture
def castbook(store: LibraryStore) -> Castbook:
    pack = fake_pack()
    return Castbook(store, pack, Models(lambda: VariantMaker(FakeGenerator(), FakeFaces(), pack)))


@pytest.fixture
def studio(castbook: Castbook) -> Studio:
    return castbook.seen_by(LOCAL_OWNER)


@pytest.fixture
def url(castbook: Castbook) -> Iterator[str]:
    """With the tools on, as `CASTBOOK_MCP=1` serves it."""
    demo = build_page(castbook)
    _, url, _ = demo.launch(**listening(), prevent_thread_lock=True, **launch_options(castbook, mcp=True))
    yield url
    demo.close()


def test_the_example_leaves_a_character_in_two_stories_and_their_pictures(
    url: str, studio: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    remake(url, "Hana", "a girl", "on the moon", count=2, to=tmp_path / "remade")
    [project] = [each for each in studio.library.list_projects() if each.name == "Hana, remade"]
    [first], [second] = (studio.library.list_cast(story.id) for story in studio.library.list_stories(project.id))
    assert first.character == second.character and first.character.is_saved_to_library
    assert [option.how for option in second.options] == ["loaded", "variant", "variant"]

    printed = capsys.readouterr().out
    assert project.id in printed and all(option.image.id in printed for option in (*first.options, *second.options))
    pictures = sorted((tmp_path / "remade").iterdir())
    assert [file.name for file in pictures] == ["character-1.png", "character-2.png", "variant-1.png", "variant-2.png"]
    for file in pictures:
        with Image.open(file) as picture:
            assert picture.size == (64, 64)


def test_every_verb_is_a_tool_that_says_what_it_takes(url: str) -> None:
    with urllib.request.urlopen(f"{url}gradio_api/mcp/schema") as answer:
        tools = {tool["name"]: tool for tool in json.load(answer)}
    verbs = {"create_project", "create_story", "generate_character", "save_character", "list_library", "list_cast"}
    assert verbs | {"generate_character_variant", "load_character", "select_image", "remove_image"} <= tools.keys()
    assert all(tool["description"] for tool in tools.values())
    takes = tools["generate_character_variant"]["inputSchema"]["properties"]
    assert "how strongly the reference steers" in takes["identity_scale"]["description"]


def test_the_tools_are_off_unless_the_operator_asks(castbook: Castbook, monkeypatch: pytest.MonkeyPatch) -> None:
    assert launch_options(castbook, Settings().mcp)["mcp_server"] is False
    monkeypatch.setenv("CASTBOOK_MCP", "1")
    assert launch_options(castbook, Settings().mcp)["mcp_server"] is True
