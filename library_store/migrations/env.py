"""Run by Alembic, within the connection and transaction that `migrations.config` was given."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from library_store.schema import Row, UtcDateTime


def render_item(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """A migration must go on working when schema.py has changed, so it names SQLAlchemy's types only."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_item=render_item,
    render_as_batch=True,  # SQLite can alter little in place
)
context.run_migrations()
