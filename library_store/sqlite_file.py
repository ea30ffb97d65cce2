"""A SQLite database as a file: copied whole while others write."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine


def copy_database(engine: Engine, to: Path) -> None:
    """One state of it, without what was deleted. `to` is the whole copy or what it was before, after a crash too.

    Raises sqlite3.Error and OSError, for a full disk say.
    """
    temporary = to.with_name(f".{to.name}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        with closing(engine.raw_connection()) as connection:  # a Connection would begin a transaction
            connection.cursor().execute("VACUUM INTO ?", (str(temporary),))
        with temporary.open("rb+") as file:  # SQLite leaves that to us
            os.fsync(file.fileno())
        temporary.replace(to)
    finally:
        temporary.unlink(missing_ok=True)
