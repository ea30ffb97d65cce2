"""Whether a library is whole: its files against its rows, the rows against each other. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Engine, Table, null, select, text
from sqlalchemy.orm import Session

from errors import LibraryUnavailable
from library_store.database import explained, explained_opening, for_reading
from library_store.migrations import is_newest
from library_store.pictures import Pictures
from library_store.schema import CharacterRow, IdentityRow, ImageRow, ProjectRow, Row

DIMENSIONS = 512
UNIT = 1e-3  # how far a vector's length may be from 1

Watched = Callable[[Sequence[str]], Iterable[str]]  # gives what it is given, and shows how far that is


@dataclass(frozen=True)
class Report:
    pictures: int
    wrong: dict[str, list[str]]  # by whom it concerns: "Mina (Moonlight)"; "" is nobody
    orphans: int  # files that no row names: a crash left them, or they were written a moment ago


def check(engine: Engine, pictures: Pictures, watched: Watched) -> Report:
    """Every file is read. Raises LibraryUnavailable where the database is damaged itself or cannot be read."""
    _check_version(engine)
    there = set(pictures.hashes())  # first: what comes later is no orphan
    with explained(), Session(for_reading(engine)) as session:
        _check_integrity(session)
        wrong = [*_dangling(session), *_vectors(session)]
        named = {content_hash for content_hash, _ in _pictures(session)}
    damage = {each: cause for each in watched(sorted(named)) if (cause := _damage(pictures, each))}
    with explained(), Session(for_reading(engine)) as session:
        now = list(_pictures(session))
        wrong += [(whose, damage[each]) for each, whose in now if each in damage]  # what was purged since is no loss
        orphans = there - named - {content_hash for content_hash, _ in now}
        return Report(len(named), _by_character(session, wrong), len(orphans))


def _check_version(engine: Engine) -> None:
    with explained_opening():
        if is_newest(engine):
            return
    raise LibraryUnavailable(
        "The database is of an older or newer Castbook.", "Start this Castbook once, which brings it up to date."
    )


def _check_integrity(session: Session) -> None:
    if session.get_bind().dialect.name != "sqlite":  # a server looks after its own files
        return
    found = session.scalars(text("PRAGMA integrity_check(1)")).one()
    if found != "ok":
        raise LibraryUnavailable(
            "The database is damaged ({error}).", "Put it back from a backup.", error=" ".join(found.split())
        )


def _dangling(session: Session) -> Iterator[tuple[str | None, str]]:
    """Rows that name a row that is not there."""
    for table in Row.metadata.sorted_tables:
        for key in sorted(table.foreign_keys, key=lambda each: each.parent.name):
            target = key.column.table.alias()
            there = select(target.c.id).where(target.c.id == key.parent)
            rows = select(table.c.id, _whose(table)).where(key.parent.is_not(None), ~there.exists())
            for row_id, whose in session.execute(rows):
                yield whose, f"{table.name} {row_id}: its {key.parent.name} names a row that is not there"


def _whose(table: Table) -> ColumnElement[Any]:
    """The character that a row belongs to."""
    if table is CharacterRow.__table__:
        return table.c.id
    if "character_id" in table.c:
        return table.c.character_id
    if "image_id" in table.c:
        return select(ImageRow.character_id).where(ImageRow.id == table.c.image_id).scalar_subquery()
    return null()


def _vectors(session: Session) -> Iterator[tuple[str | None, str]]:
    rows = select(ImageRow.character_id, IdentityRow.id, IdentityRow.embedding).join(ImageRow)
    for whose, row_id, embedding in session.execute(rows.execution_options(yield_per=1000)):
        if len(embedding) != DIMENSIONS * 4:
            yield whose, f"face_identities {row_id}: {len(embedding)} bytes, not {DIMENSIONS * 4}"
            continue
        length = float(np.linalg.norm(np.frombuffer(embedding, "<f4")))
        if not abs(length - 1) <= UNIT:  # NaN is wrong as well
            yield whose, f"face_identities {row_id}: its vector has not the length 1"


def _pictures(session: Session) -> Iterable[tuple[str, str]]:
    """The file and the character of each picture."""
    return session.execute(select(ImageRow.content_hash, ImageRow.character_id)).tuples()


def _damage(pictures: Pictures, content_hash: str) -> str | None:
    try:
        pictures.read(content_hash)
    except LibraryUnavailable as error:
        return error.cause
    return None


def _by_character(session: Session, wrong: Iterable[tuple[str | None, str]]) -> dict[str, list[str]]:
    named = select(CharacterRow.id, CharacterRow.name, ProjectRow.name).outerjoin(ProjectRow)
    names = {id: f"{name} ({project})" for id, name, project in session.execute(named)}
    grouped = defaultdict[str, list[str]](list)
    for whose, what in wrong:
        grouped[names.get(whose, whose) if whose else ""].append(what)
    return dict(sorted(grouped.items()))
