"""A SQLite database as a file: copied whole while others write, and put in place whole."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine


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
