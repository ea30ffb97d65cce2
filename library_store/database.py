"""Opens the database: makes SQLite safe, and brings the tables up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from errors import LibraryUnavailable
from library_store import migrations


def open_database(url: str | URL) -> Engine:
    """A migrated database. For writing, use `for_writing(engine)`.

    Raises LibraryUnavailable where the database cannot be reached, read or brought up to date.
    """
    try:
        engine = _make_engine(make_url(url))
        try:
            migrations.upgrade(engine)
        except BaseException:
            engine.dispose()
            raise
    except CommandError as error:  # its newest migration is none of ours
        raise LibraryUnavailable(
            "The database cannot be brought up to date ({error}).", "Update Castbook.", error=error
        ) from error
    except (ArgumentError, NoSuchModuleError, ImportError, DatabaseError, OSError) as error:
        raise LibraryUnavailable(
            "The database cannot be opened ({error}).",
            "Check CASTBOOK_DATABASE_URL, and that its disk is there, writable and not full.",
            error=getattr(error, "orig", None) or error,
        ) from error
    return engine


def for_writing(engine: Engine) -> Engine:
    """The same engine and pool, where SQLite takes its write lock at the beginning of a transaction.

    One that reads first and writes later would fail at once, past any timeout, when another has written in between.
    """
    return engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")


def for_reading(engine: Engine) -> Engine:
    """The same engine and pool, where all queries of a transaction see one state, as SQLite's always do."""
    return engine if engine.dialect.name == "sqlite" else engine.execution_options(isolation_level="REPEATABLE READ")


@contextmanager
def explained() -> Generator[None]:
    """A database that is locked, full, damaged or gone becomes LibraryUnavailable."""
    try:
        yield
    except DatabaseError as error:
        if type(error) not in (DatabaseError, OperationalError):  # the others are faults of the program
            raise
        raise LibraryUnavailable(
            "The database did not answer ({error}).", "Check its disk or server, then try again.", error=error.orig
        ) from error


def _make_engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN, not Python's driver
    connection.execute("PRAGMA busy_timeout = 30000")  # milliseconds; first, for the next line may have to wait
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # a commit is on the disk before it is acknowledged
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))
