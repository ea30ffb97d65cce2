"""How the page's events are bound."""

from __future__ import annotations

from fakes import fake_maker, fake_pack

from library_store.store import LibraryStore
from studio import Castbook, Models
from ui import build_page


def test_no_event_of_the_page_leaves_the_browser_components_to_visit(store: LibraryStore):
    castbook = Castbook(store, fake_pack(), Models(lambda: fake_maker()))

    events = build_page(castbook).get_config_file()["dependencies"]

    of_the_page = [event for event in events if event["api_visibility"] != "public" and event["outputs"]]
    assert len(of_the_page) > 50
    assert [event["api_name"] for event in of_the_page if event["show_progress_on"] != []] == []
