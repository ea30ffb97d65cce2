"""What is asked of a database, counted while it happens, whoever asks and through whichever engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine, event


@dataclass
class Asked:
    transactions: int = 0
    statements: list[str] = field(default_factory=list[str])  # SQL, without what begins and ends a transaction


@contextmanager
def counted() -> Iterator[Asked]:
    """Counts until the block ends: `with counted() as asked: ...`. Work of other threads counts as well."""
    asked = Asked()

    def begun(_connection: object) -> None:
        asked.transactions += 1

    def executed(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            asked.statements.append(statement)

    listeners = (("begin", begun), ("before_cursor_execute", executed))
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield asked
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)
