"""What somebody changed: what they wrote, compared with what they were shown, and applied to what is kept by now.

Two people, or one in two tabs, may have been shown the same. What the later one left as it was is not written back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from errors import CharacterChanged
from library_store.records import CharacterText
from library_store.text import clean, folded

FIELDS = tuple(field.name for field in fields(CharacterText))


def text_to_write(written: CharacterText, shown: CharacterText, kept: CharacterText) -> CharacterText:
    """What of `written` is neither what was shown nor what is kept. What was not shown is written in any case.

    Raises CharacterChanged where a field to be written over says something else than what was shown.
    """
    changes: dict[str, str] = {}
    newer: dict[str, str] = {}
    for name in FIELDS:
        new, old, now = _cleaned(written, name), _cleaned(shown, name), _cleaned(kept, name)
        if new is None or new in (old, now):
            continue
        changes[name] = new
        if old is not None and old != now:
            newer[name] = now or ""
    if newer:
        raise CharacterChanged(newer)
    return CharacterText(**changes)


def list_to_write(written: Sequence[str], shown: Sequence[str], kept: Sequence[str]) -> list[str]:
    """What is kept, without what was removed from what was shown, and then what was added to it."""
    removed = set(shown) - set(written)
    added = [each for each in written if each not in shown]
    return list(dict.fromkeys([*(each for each in kept if each not in removed), *added]))


def tags_to_write(written: Sequence[str], shown: Sequence[str], kept: Sequence[str]) -> list[str]:
    """As `list_to_write`, for words that case does not tell apart. The newest spelling of one counts."""
    spellings = {folded(tag): tag for tag in [*kept, *(tag for tag in written if tag not in shown)]}
    keys = [[folded(tag) for tag in tags] for tags in (written, shown, kept)]
    return [spellings[key] for key in list_to_write(*keys)]


def _cleaned(text: CharacterText, name: str) -> str | None:
    value: str | None = getattr(text, name)
    return None if value is None else clean(value)
