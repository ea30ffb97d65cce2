"""A SQLite database as a file: copied whole while others write, put in place whole, and emptied on a full disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine

RESERVE = 2**24  # bytes: what SQLite writes to delete the rows of a thousand pictures


class Reserve:
    """Room on a database's disk, given up while something is deleted: for that SQLite has to write first."""

    def __init__(self, engine: Engine) -> None:
        database = engine.url.database if engine.dialect.name == "sqlite" else None
        self._file = Path(f"{database}.reserve") if database and database != ":memory:" else None

    def keep(self) -> None:
        """Where the disk has room, and the system can."""
        if self._file and not self._file.exists():
            try:
                with self._file.open("wb") as file:
                    os.posix_fallocate(file.fileno(), 0, RESERVE)
            except (AttributeError, OSError):  # Windows; a full disk
                self._file.unlink(missing_ok=True)

    @contextmanager
    def given_up(self) -> Generator[None]:
        """While the block runs, where little else is left."""
        with suppress(OSError):
            if self._file and shutil.disk_usage(self._file.parent).free < 2 * RESERVE:
                self._file.unlink(missing_ok=True)
        try:
            yield
        finally:
            self.keep()


def copy_database(engine: Engine, to: Path) -> None:
    """One state of it, without what was deleted. Raises sqlite3.Error and OSError, for a full disk say."""
    with put_in_place(to) as temporary, closing(engine.raw_connection()) as connection:
        connection.cursor().execute("VACUUM INTO ?", (str(temporary),))  # a Connection would begin a transaction


@contextmanager
def put_in_place(file: Path) -> Generator[Path]:
    """Where to write it: `file` is that when the block ends, whole and on the disk, or what it was before."""
    temporary = file.with_name(f".{file.name}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
