"""Files that are to go: those of what was purged, and those that no row ever named, which a crash left.

A file goes while nobody can write: a picture that is being kept at this moment may be the same, and whoever keeps one
looks again whether it is there when they name it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager

from sqlalchemy import select
from sqlalchemy.orm import Session

from errors import LibraryUnavailable
from library_store import rows
from library_store.pictures import Pictures
from library_store.schema import ImageRow, PurgedFileRow

AT_ONCE = 50  # files that go in one transaction: some milliseconds, for which the others wait

Ending = Callable[[], AbstractContextManager[Session]]  # a transaction for what makes room


def doom(session: Session, hashes: Collection[str]) -> None:
    """Lists files that may be nobody's any more, in the transaction that takes their rows."""
    session.add_all(PurgedFileRow(content_hash=content_hash) for content_hash in sorted(hashes))


def remove_doomed(ending: Ending, pictures: Pictures) -> None:
    """Empties the list. One that cannot go keeps no other from it, and stays listed; then raises LibraryUnavailable."""
    last, failure = "", None
    while True:
        with ending() as session:
            listed = select(PurgedFileRow).where(PurgedFileRow.id > last).order_by(PurgedFileRow.id).limit(AT_ONCE)
            doomed = session.scalars(listed).all()
            named = _named(session, [row.content_hash for row in doomed])
            for row in doomed:
                try:
                    if row.content_hash not in named:
                        pictures.remove(row.content_hash)
                    session.delete(row)
                except LibraryUnavailable as error:
                    failure = error
        if not doomed:
            break
        last = doomed[-1].id
    if failure:
        raise failure


def sweep(ending: Ending, pictures: Pictures) -> int:
    """Removes what no row names, and gives how many pictures that were. Safe on SQLite, where one writes at a time."""
    pictures.remove_spare()
    there = sorted(set(pictures.hashes()))
    with ending() as session:
        orphans = sorted(set(there) - _named(session, there))
    return remove_unnamed(ending, pictures, orphans)


def remove_unnamed(ending: Ending, pictures: Pictures, hashes: Sequence[str]) -> int:
    """Those of these that no row names. Gives how many they were."""
    removed = 0
    for start in range(0, len(hashes), AT_ONCE):
        some = hashes[start : start + AT_ONCE]
        with ending() as session:
            unnamed = set(some) - _named(session, some)
            for content_hash in unnamed:
                pictures.remove(content_hash)
        removed += len(unnamed)
    return removed


def _named(session: Session, hashes: Collection[str]) -> set[str]:
    named = set[str]()
    for batch in rows.batched(hashes):
        named.update(session.scalars(select(ImageRow.content_hash).where(ImageRow.content_hash.in_(batch))))
    return named
