"""One read, one write: what the usual requests ask of the database, however much there is to show."""

from __future__ import annotations

import pytest
from fakes import fake_maker, fake_pack

from benchmarks.counting import counted
from benchmarks.transactions import CAST, OPTIONS, fill_story, requests
from library_store.records import LOCAL_OWNER, Story
from library_store.store import LibraryStore
from studio import Castbook, Models

MOST = {
    "Generate with Reference": 4,
    f"a cast of {CAST * OPTIONS} options, shown": 4,  # one is of the picture that the inspector shows
    "list_library": 2,
    "Load Character": 1,
}


@pytest.mark.parametrize("name", MOST)
def test_a_request_takes_few_transactions(store: LibraryStore, story: Story, name: str):
    castbook = Castbook(store, fake_pack(), Models(fake_maker))
    mina = fill_story(castbook.seen_by(LOCAL_OWNER), story)
    ask = requests(castbook, story, mina)[name]

    with counted() as asked:
        ask()

    assert 0 < asked.transactions <= MOST[name]
