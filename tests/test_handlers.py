"""How the page's events are bound."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import gradio as gr
import pytest
from fakes import fake_maker, fake_pack
from gradio.helpers import special_args
from starlette.requests import Request

from errors import NotFound
from library_store.store import LibraryStore
from studio import Castbook, Models, Studio
from ui import build_page
from ui.handlers import for_visitor

VISIT = gr.Request(
    Request({"type": "http", "scheme": "http", "server": ("127.0.0.1", 7860), "path": "/", "headers": []})
)


def test_no_event_of_the_page_leaves_the_browser_components_to_visit(store: LibraryStore):
    castbook = Castbook(store, fake_pack(), Models(lambda: fake_maker()))

    events = build_page(castbook).get_config_file()["dependencies"]

    of_the_page = [event for event in events if event["api_visibility"] != "public" and event["outputs"]]
    assert len(of_the_page) > 50
    assert [event["api_name"] for event in of_the_page if event["show_progress_on"] != []] == []


@pytest.fixture
def castbook(store: LibraryStore) -> Castbook:
    return Castbook(store, fake_pack(), Models(fake_maker))


def test_a_handler_gets_a_studio_and_what_gradio_hands_over(castbook: Castbook):
    def handle(studio: Studio, word: str, event: gr.SelectData, *words: str) -> tuple[object, ...]:
        return type(studio), word, event.index, words

    bound = for_visitor(castbook)(handle)
    values, *_ = special_args(bound, ["a", "b", "c"], VISIT, gr.EventData(None, {"index": 3, "value": ""}))

    assert bound(*values) == (Studio, "a", 3, ("b", "c"))


def test_a_handler_that_streams_still_does(castbook: Castbook):
    def count(studio: Studio, upto: int) -> Iterator[int]:
        yield from range(upto)

    bound = for_visitor(castbook)(count)

    assert inspect.isgeneratorfunction(bound)
    assert list(bound(VISIT, 3)) == [0, 1, 2]


def test_what_goes_wrong_in_a_handler_is_told(castbook: Castbook):
    def fail(studio: Studio) -> None:
        studio.library.get_story("?")

    with pytest.raises(gr.Error, match="story") as told:
        for_visitor(castbook)(fail)(VISIT)
    assert isinstance(told.value.__cause__, NotFound)
