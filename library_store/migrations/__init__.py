"""The history of the tables.

`python -m library_store.migrations "what changes"` writes the next step, from schema.py.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine


def config(connection: Connection) -> Config:
    """Alembic's configuration, in place of an alembic.ini."""
    made = Config(attributes={"connection": connection})
    made.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made


def upgrade(engine: Engine) -> None:
    """Brings the tables to the newest step: all of it or nothing."""
    with engine.execution_options(sqlite_begin="BEGIN IMMEDIATE").begin() as connection:
        command.upgrade(config(connection), "head")
