"""Opens the database: makes SQLite safe, brings the tables up to date, and gives each who asks a transaction."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from errors import LibraryUnavailable
from library_store import migrations
from library_store.door import VISITOR
from library_store.records import Visitor
from library_store.sqlite_file import Reserve

BUSY, BUSY_FOR_A_MOMENT = 30_000, 100  # milliseconds that SQLite waits for others


def open_database(url: str | URL) -> Engine:
    """A migrated database. Its transactions: `Sessions`.

    Raises LibraryUnavailable where the database cannot be reached, read or brought up to date.
    """
    with explained_opening():
        engine = _make_engine(make_url(url))
        try:
            migrations.upgrade(engine)
        except BaseException:
            engine.dispose()
            raise
    return engine


def open_for_reading(url: str | URL) -> Engine:
    """As it lies: never made, changed or brought up to date. Raises as `open_database` does."""
    with explained_opening():
        engine = _make_reading_engine(make_url(url))
        engine.connect().close()
    return engine


class Sessions:
    """Transactions, each of which knows who asks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reserve = Reserve(engine)
        self._reserve.keep()
        # SQLite up to 3.51.2 can lose a page when two connections write and checkpoint at once: one of ours at a time.
        self._write_lock = threading.Lock()

    @contextmanager
    def reading(self, visitor: Visitor) -> Generator[Session]:
        """One transaction, in which all queries see the same state."""
        with explained(), Session(for_reading(self._engine), info={VISITOR: visitor}) as session:
            yield session

    @contextmanager
    def writing(self, visitor: Visitor) -> Generator[Session]:
        """One transaction: all of it is kept when the block ends, or nothing."""
        opened = Session(for_writing(self._engine), info={VISITOR: visitor})
        with explained(), self._write_lock, opened as session, session.begin():
            yield session

    @contextmanager
    def ending(self, visitor: Visitor) -> Generator[Session]:
        """As `writing`, for what goes: a full disk keeps nobody from it."""
        with self._reserve.given_up(), self.writing(visitor) as session:
            yield session

    def forget(self) -> None:
        """What was deleted leaves SQLite's write-ahead log too, unless somebody is reading just now, or the disk has no
        room for what is not deleted."""
        if self._engine.dialect.name != "sqlite":
            return
        with self._reserve.given_up(), self._write_lock, closing(self._engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {BUSY_FOR_A_MOMENT}")
            with suppress(sqlite3.OperationalError):
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute(f"PRAGMA busy_timeout = {BUSY}")


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


@contextmanager
def explained_opening() -> Generator[None]:
    try:
        yield
    except CommandError as error:  # its newest migration is none of ours
        raise LibraryUnavailable(
            "The database cannot be brought up to date ({error}).", "Update Castbook.", error=error
        ) from error
    except (ArgumentError, NoSuchModuleError, ImportError, DatabaseError, sqlite3.Error, OSError) as error:
        raise LibraryUnavailable(
            "The database cannot be opened ({error}).",
            "Check CASTBOOK_DATABASE_URL, and that its disk is there, writable and not full.",
            error=getattr(error, "orig", None) or error,
        ) from error


def _make_reading_engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url)
    uri = f"{Path(url.database or '').absolute().as_uri()}?mode=ro"
    engine = create_engine("sqlite://", poolclass=NullPool, creator=lambda: sqlite3.connect(uri, uri=True))
    event.listen(engine, "connect", _say_begin_ourselves)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


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
    _say_begin_ourselves(connection, _)
    connection.execute(f"PRAGMA busy_timeout = {BUSY}")  # first, for the next line may have to wait
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # a commit is on the disk before it is acknowledged
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # what is deleted is written over: faces and names of the purged


def _say_begin_ourselves(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # instead of Python's driver


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))
