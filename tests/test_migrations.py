from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from made_up import generated, picture
from sqlalchemy import create_engine, inspect, text

from errors import LibraryUnavailable
from library_store.database import open_database
from library_store.migrations import config
from library_store.pictures import Pictures
from library_store.records import LOCAL_OWNER, LibraryQuery, Project, Story
from library_store.schema import Row
from library_store.store import LibraryStore
from pipeline.values import Identity


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'castbook.db'}"


def test_the_migrations_make_exactly_the_tables_of_the_schema(url: str):
    with open_database(url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Row.metadata) == []


def test_the_comparison_would_notice_a_missing_column(url: str):
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE stories DROP COLUMN context"))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) != []


def test_the_canonical_image_is_a_foreign_key_on_sqlite_too(url: str):
    keys = inspect(open_database(url)).get_foreign_keys("characters")
    assert "character_reference_images" in {key["referred_table"] for key in keys}


def test_opening_again_keeps_what_is_there(url: str, tmp_path: Path):
    first = LibraryStore.open(url, str(tmp_path / "pictures"))
    project = first.seen_by(LOCAL_OWNER).create_project("Moonlight")
    first.close()
    second = LibraryStore.open(url, str(tmp_path / "pictures"))
    assert second.seen_by(LOCAL_OWNER).list_projects() == [project]
    second.close()


def test_a_database_of_a_newer_castbook_is_refused_and_left_alone(url: str):
    with open_database(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(LibraryUnavailable, match="Update Castbook"):
        open_database(url)
    with create_engine(url).connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


@pytest.mark.parametrize("url", ["", "nonsense", "nosuchdatabase://host/name", "sqlite:////dev/null/castbook.db"])
def test_a_database_that_cannot_be_opened_is_explained(url: str):
    with pytest.raises(LibraryUnavailable, match="CASTBOOK_DATABASE_URL"):
        open_database(url)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path):
    (tmp_path / "castbook.db").write_bytes(b"my diary" * 1000)
    with pytest.raises(LibraryUnavailable, match="not a database"):
        open_database(f"sqlite:///{tmp_path / 'castbook.db'}")
    assert (tmp_path / "castbook.db").read_bytes() == b"my diary" * 1000


def test_sqlite_is_made_safe(url: str):
    engine = open_database(url)
    with engine.connect() as first, engine.connect() as second:
        for connection in (first, second):
            asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            answers = [connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() for pragma in asked]
            assert answers == ["wal", 2, 1, 30000]  # synchronous 2 is FULL


def test_a_library_of_the_first_castbook_opens_with_all_that_it_kept(url: str, tmp_path: Path):
    engine = create_engine(url)
    with engine.begin() as connection:
        command.upgrade(config(connection), "0001")
        for statement in FIRST_LIBRARY:
            connection.execute(text(statement))
    engine.dispose()
    Pictures.open(str(tmp_path / "pictures"))  # their folder is there, as it was then

    store = LibraryStore.open(url, str(tmp_path / "pictures"))
    library = store.seen_by(LOCAL_OWNER)
    assert library.list_projects() == [Project("p", "Moonlight", "ada")]
    assert library.list_stories("p") == [Story("s", "p", "Chapter 1", "rainy Seoul")]
    (mina,) = library.list_library("p", "탐정")
    assert (mina.id, mina.canonical_image_id, mina.is_favourite, mina.tags, mina.trashed_at) == (
        "c",
        "i",
        False,
        (),
        None,
    )
    (gone,) = library.search_library("p", LibraryQuery(trashed=True))
    assert (gone.id, gone.trashed_at) == ("d", datetime(2026, 1, 3, tzinfo=timezone.utc))
    (member,) = library.list_cast("s")
    assert (member.character, member.active_image_id) == (mina, "i")
    assert [option.image.request and option.image.request.prompt for option in member.options] == ["탐정"]
    identity = Identity("judge", np.eye(1, 512, dtype=np.float32)[0])
    assert [(match.image_id, match.similarity) for match in library.search_by_face("p", identity, 5)] == [("i", 1.0)]
    library.set_tags("c", ["lead"])
    assert library.merge_characters("c", library.restore_character("d").id).tags == ("lead",)
    store.close()


def test_what_was_there_before_an_upgrade_is_kept_beside_it(url: str, tmp_path: Path):
    kept = tmp_path / "castbook.db.before-upgrade"
    for step in ("0001", "0003"):  # the second copy replaces the first
        (tmp_path / "castbook.db").unlink(missing_ok=True)
        engine = create_engine(url)
        with engine.begin() as connection:
            command.upgrade(config(connection), step)
        engine.dispose()
        open_database(url).dispose()
        with closing(sqlite3.connect(kept)) as copy:
            assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [(step,)]
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    kept.unlink()
    open_database(url).dispose()  # up to date
    assert not kept.exists()


def test_where_the_copy_finds_no_room_nothing_is_upgraded(url: str, tmp_path: Path):
    engine = create_engine(url)
    with engine.begin() as connection:
        command.upgrade(config(connection), "0003")
    (tmp_path / "castbook.db.before-upgrade").mkdir()  # cannot be replaced
    with pytest.raises(LibraryUnavailable, match="writable and not full"):
        open_database(url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0003"
    engine.dispose()
    assert {file.name for file in tmp_path.iterdir() if file.name.endswith(".tmp")} == set()


@pytest.mark.parametrize("loss", [lambda file: file.unlink(), lambda file: file.write_bytes(b"")])
def test_a_lost_database_beside_pictures_is_not_taken_for_a_new_library(
    url: str, tmp_path: Path, loss: Callable[[Path], None]
):
    store = LibraryStore.open(url, tmp_path / "pictures")
    library = store.seen_by(LOCAL_OWNER)
    library.create_character(library.ensure_a_story().id, "Mina", [generated(1)], "generated")
    store.close()
    (tmp_path / "castbook.db").rename(tmp_path / "found.db")
    loss((tmp_path / "castbook.db").touch() or tmp_path / "castbook.db")

    for _ in range(2):  # the empty one that this makes changes nothing
        with pytest.raises(LibraryUnavailable, match=r"(?s)database is empty.*put the database back"):
            LibraryStore.open(url, tmp_path / "pictures")

    (tmp_path / "found.db").replace(tmp_path / "castbook.db")
    LibraryStore.open(url, tmp_path / "pictures").close()


def test_a_picture_that_a_crash_left_without_a_row_keeps_nobody_out(url: str, tmp_path: Path):
    store = LibraryStore.open(url, tmp_path / "pictures")
    store.seen_by(LOCAL_OWNER).create_project("Moonlight")
    store.close()
    Pictures.open(tmp_path / "pictures").put(picture(1))
    LibraryStore.open(url, tmp_path / "pictures").close()


FIRST_LIBRARY = (
    "INSERT INTO projects (id, name, owner) VALUES ('p', 'Moonlight', 'ada')",
    "INSERT INTO stories (id, project_id, title, context) VALUES ('s', 'p', 'Chapter 1', 'rainy Seoul')",
    "INSERT INTO characters (id, project_id, name, description, visual_profile, prompt, search_text,"
    " is_saved_to_library, saved_at, trashed_at) VALUES"
    """ ('c', 'p', 'Mina', '탐정', '{"hair": "bob"}', '', 'mina 탐정 bob', 1, '2026-01-02 00:00:00', NULL),"""
    """ ('d', 'p', 'Jun', '', '{}', '', 'jun', 1, '2026-01-02 00:00:00', '2026-01-03 00:00:00')""",
    "INSERT INTO character_reference_images (id, character_id, content_hash, width, height, source, request,"
    " created_at) VALUES"
    f""" ('i', 'c', '{"0" * 64}', 8, 8, 'generated', '{{"prompt": "탐정"}}', '2026-01-01 00:00:00')""",
    "UPDATE characters SET canonical_image_id = 'i' WHERE id = 'c'",
    "INSERT INTO face_identities (id, image_id, encoder, embedding, box, landmarks, detection_score) VALUES"
    f" ('f', 'i', 'judge', X'{'0000803f' + '00000000' * 511}', '[1, 2, 3, 4]', '[]', 0.9)",  # 1, 0, 0, ...
    "INSERT INTO cast_members (id, story_id, character_id, active_image_id) VALUES ('m', 's', 'c', 'i')",
    "INSERT INTO cast_options (id, cast_member_id, image_id, how, added_at) VALUES"
    " ('o', 'm', 'i', 'generated', '2026-01-01 00:00:00')",
)
