"""Writes the next migration: what schema.py has and the newest migration has not. Read it before checking it in."""

import sys
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from library_store.migrations import config

existing = list((Path(__file__).parent / "versions").glob("*.py"))
with create_engine("sqlite://").begin() as connection:
    command.upgrade(config(connection), "head")
    command.revision(config(connection), message=sys.argv[1], autogenerate=True, rev_id=f"{len(existing) + 1:04}")
