"""The history of the tables.

`python -m library_store.migrations "what changes"` writes the next step, from schema.py.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from library_store.sqlite_file import copy_database

BEFORE_UPGRADE = ".before-upgrade"


def config(connection: Connection) -> Config:
    """Alembic's configuration, in place of an alembic.ini."""
    made = Config(attributes={"connection": connection})
    made.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made


def upgrade(engine: Engine) -> None:
    """Brings the tables to the newest step: all of it or nothing. A SQLite file is kept as it was before."""
    with engine.execution_options(sqlite_begin="BEGIN IMMEDIATE").begin() as connection:
        before = MigrationContext.configure(connection).get_current_revision()
        steps = ScriptDirectory.from_config(config(connection))
        if before and steps.get_revision(before).nextrev:  # raises CommandError for one of a newer Castbook
            _keep_copy(engine)
        command.upgrade(config(connection), "head")


def is_newest(engine: Engine) -> bool:
    with engine.connect() as connection:
        newest = ScriptDirectory.from_config(config(connection)).get_current_head()
        return MigrationContext.configure(connection).get_current_revision() == newest


def _keep_copy(engine: Engine) -> None:
    """One alone, for it holds what is purged later. Read by another connection, while ours lets nobody write."""
    file = engine.url.database
    if engine.dialect.name == "sqlite" and file and Path(file).is_file():
        copy_database(engine, Path(file + BEFORE_UPGRADE))
