"""A link into another's project, as a browser comes by it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fakes import fake_maker, fake_pack
from starlette.applications import Starlette
from starlette.testclient import TestClient

from library_store.keys import ANONYMOUS
from library_store.records import Shared, Visitor
from library_store.store import LibraryStore
from studio import Castbook, Models
from studio.entrance import Access
from ui.invitations import invitation_routes


@pytest.fixture
def opened() -> Iterator[list[TestClient]]:
    opened: list[TestClient] = []
    yield opened
    for client in opened:
        client.close()


def browser(opened: list[TestClient], store: LibraryStore, access: Access) -> TestClient:
    castbook = Castbook(store, fake_pack(), Models(fake_maker), access=access)
    opened.append(TestClient(Starlette(routes=invitation_routes(castbook)), follow_redirects=False))
    return opened[-1]


def test_a_browser_that_was_never_here_is_let_in_once_after_a_click(store: LibraryStore, opened: list[TestClient]):
    owner = store.seen_by(Visitor(f"{ANONYMOUS}ann"))
    story = owner.ensure_a_story()
    key = owner.guests.invite(story.project_id, "edit")
    ben, late = browser(opened, store, "visitors"), browser(opened, store, "visitors")

    for _ in range(2):  # programs look at links too
        assert "Let me in" in ben.get("/castbook/invitation", params={"key": key}).text
    came = ben.post("/castbook/invitation", data={"key": key})
    assert (came.status_code, came.headers["location"]) == (303, f"../?story={story.id}")
    [place] = {store.keys.owner_by(secret, "browser") for secret in ben.cookies.values()}
    assert store.seen_by(Visitor(str(place))).guests.shared() == {story.project_id: Shared("", "edit")}
    late.get("/castbook/invitation", params={"key": key})
    refused = late.post("/castbook/invitation", data={"key": key})
    assert refused.status_code == 404 and "good no more" in refused.text


def test_who_has_to_sign_in_first_keeps_the_invitation(store: LibraryStore, opened: list[TestClient]):
    answer = browser(opened, store, "accounts").get("/castbook/invitation", params={"key": "k" * 43})
    assert answer.headers["location"] == f"login?invitation={'k' * 43}"
    assert browser(opened, store, "accounts").post("/castbook/invitation", data={"key": "k" * 43}).status_code == 404
