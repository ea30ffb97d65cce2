"""How long things are kept that nobody asks for any more: the operator's choice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Retention:
    idle_days: int = 30  # until an anonymous visitor who comes no more is removed
    trash_days: int | None = None  # until what is in the trash is deleted for good; None: when somebody does so
    export_minutes: int = 60  # until an export is gone that nobody has fetched
