from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from errors import LibraryUnavailable
from library_store.database import open_database
from library_store.library import CharacterLibrary
from library_store.schema import Row


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
    first = CharacterLibrary.open(url, str(tmp_path / "pictures"))
    project = first.create_project("Moonlight")
    first.close()
    second = CharacterLibrary.open(url, str(tmp_path / "pictures"))
    assert second.list_projects() == [project]
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
