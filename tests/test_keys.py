"""Secrets and whose place they open."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from fakes import fake_maker, fake_pack
from made_up import generated

from errors import NobodyKnown, NotFound
from library_store.keys import LINK_LASTS, SESSION_LASTS
from library_store.records import LOCAL_OWNER, Visitor
from library_store.store import LibraryStore
from studio import Castbook, Models, Retention
from studio.entrance import ROOM, Entrance, Shown


def test_a_browser_has_its_place_and_nobody_learns_the_secret_from_the_database(store: LibraryStore, tmp_path: Path):
    owner = store.keys.owner_of_browser("s" * 43)
    assert store.keys.owner_of_browser("s" * 43) == owner != store.keys.owner_of_browser("t" * 43)
    store.close()
    assert b"s" * 43 not in b"".join(path.read_bytes() for path in tmp_path.glob("castbook.db*"))


def test_a_link_moves_a_place_once_and_in_time(store: LibraryStore):
    _, link = store.keys.make("visitor:ann", "move", lasts=LINK_LASTS)
    _, late = store.keys.make("visitor:ann", "move", lasts=timedelta(0))
    new = store.keys.move_in(link)
    assert new and store.keys.owner_by(new, "browser") == "visitor:ann"
    assert store.keys.move_in(link) is None and store.keys.move_in(late) is None
    assert store.keys.owner_by(link, "program") is None  # nor is it good for anything else


def test_a_token_is_taken_back_by_its_owner_alone(store: LibraryStore):
    key, secret = store.keys.make("visitor:ann", "program", "script")
    with pytest.raises(NotFound):
        store.keys.revoke("visitor:ben", key.id)
    assert store.keys.owner_by(secret, "program") == "visitor:ann"
    store.keys.revoke("visitor:ann", key.id)
    assert store.keys.owner_by(secret, "program") is None


def test_each_way_to_run_takes_what_it_is_shown_and_nothing_else(store: LibraryStore):
    _, anonymous = store.keys.make("visitor:ann", "program")
    _, of_account = store.keys.make("ann", "program")
    _, session = store.keys.make("ann", "session", lasts=SESSION_LASTS)
    _, ended = store.keys.make("ann", "session", lasts=timedelta(0))
    assert Entrance(store.keys).visitor(Shown()) == LOCAL_OWNER
    assert Entrance(store.keys, "visitors").visitor(Shown(token=anonymous)) == Visitor("visitor:ann", megapixels=ROOM)
    assert Entrance(store.keys, "accounts").visitor(Shown(token=of_account)) == Visitor("ann", megapixels=ROOM)
    assert Entrance(store.keys, "accounts").visitor(Shown(session=session)) == Visitor("ann", megapixels=ROOM)
    for access, shown in (
        ("visitors", Shown()),
        ("visitors", Shown(session=session)),
        ("visitors", Shown("s" * 43, token="made up")),
        ("visitors", Shown(token=of_account)),
        ("accounts", Shown("s" * 43)),
        ("accounts", Shown(session="s" * 43)),
        ("accounts", Shown(session=ended)),
        ("accounts", Shown(token=anonymous)),
    ):
        with pytest.raises(NobodyKnown):
            Entrance(store.keys, access).visitor(shown)


def test_the_first_account_gets_what_stood_here_before_and_each_what_its_browser_had(store: LibraryStore):
    project = store.seen_by(LOCAL_OWNER).create_project("Moonlight")
    assert store.keys.sign_in("ann", "Ann") == 1 and store.keys.sign_in("ann", "Ann") == 0
    later = store.seen_by(LOCAL_OWNER).create_project("Later")
    place = store.keys.owner_of_browser("s" * 43)
    anonymous = store.seen_by(Visitor(place)).create_project("Before I signed in")
    assert store.keys.sign_in("ben", "Ben", "ann") == 0  # a place is only ever an anonymous one
    assert store.keys.sign_in("ben", "Ben", place) == 1
    assert [each.id for each in store.seen_by(Visitor("ann")).list_projects()] == [project.id]
    assert [each.id for each in store.seen_by(Visitor("ben")).list_projects()] == [anonymous.id]
    assert store.seen_by(LOCAL_OWNER).get_project(later.id).owner == ""
    store.keys.forget("ann")  # whose name goes; that somebody was first stays
    assert (store.keys.name_of("ann"), store.keys.name_of("ben")) == ("", "Ben")
    assert store.keys.sign_in("cho", "Cho") == 0


def test_who_comes_no_more_is_removed_with_all_that_is_theirs(store: LibraryStore, tmp_path: Path):
    castbook = Castbook(store, fake_pack(), Models(fake_maker), access="visitors", retention=Retention(idle_days=30))
    idle, active = (store.keys.owner_of_browser(letter * 43) for letter in "ia")
    for owner in (idle, active):
        library = store.seen_by(Visitor(owner))
        library.create_character(library.ensure_a_story().id, "Mina", [generated(1)], "generated")
    assert castbook.remove_idle() == 0
    with sqlite3.connect(tmp_path / "castbook.db") as database:
        long_ago = (datetime.now(timezone.utc) - timedelta(days=31)).strftime("%Y-%m-%d %H:%M:%S.%f")
        database.execute("UPDATE keys SET seen_at = ? WHERE owner = ?", [long_ago, idle])
    database.close()
    assert castbook.remove_idle() == 1
    assert [project.owner for project in store.seen_by(LOCAL_OWNER).list_projects()] == [active]
    castbook.runs.close()
