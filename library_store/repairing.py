"""What can be put right in a library that `check` finds something wrong with. Nothing that somebody made is deleted but
what names nothing any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from sqlalchemy import Engine, Table, delete, select, text, update
from sqlalchemy.orm import Session

from errors import LibraryUnavailable
from library_store import tidying
from library_store.checking import UNIT, Watched
from library_store.database import Sessions, explained, for_writing
from library_store.pictures import Pictures
from library_store.records import LOCAL_OWNER
from library_store.schema import CharacterRow, IdentityRow, ImageRow, ProjectRow, Row, StoryRow

FOUND_AGAIN = "Found again"  # a project of those whose own is gone


def repair(engine: Engine, pictures: Pictures, backup: Pictures | None, watched: Watched) -> Counter[str]:
    """How many of what was put right. Run while nobody uses the library. Raises LibraryUnavailable.

    Pictures that are missing or damaged come back from a backup; their rows stay where there is none, for a backup may
    be found. A row that names what is gone forgets it, or goes where it was nothing without; a project is made anew. A
    face whose vector is damaged is looked at again. Files that no row names go.
    """
    done = Counter[str]()
    with explained(), Session(for_writing(engine)) as session, session.begin():
        if engine.dialect.name == "sqlite":
            session.execute(text("PRAGMA defer_foreign_keys = ON"))  # until all is put right
        for what, count in (*_projects(session), *_dangling(session), *_vectors(session), *_canonical(session)):
            done[what] += count
    with explained(), Session(engine) as session:
        named = set(session.scalars(select(ImageRow.content_hash)))
    for content_hash in watched(sorted(named)):
        if backup and not _is_whole(pictures, content_hash) and _is_whole(backup, content_hash):
            pictures.remove(content_hash)
            pictures.put_file(backup.read(content_hash))
            done["pictures that came back from the backup"] += 1
    sessions = Sessions(engine)
    tidying.remove_doomed(lambda: sessions.ending(LOCAL_OWNER), pictures)
    done["files that no row named"] += tidying.sweep(lambda: sessions.ending(LOCAL_OWNER), pictures)
    return +done


def _projects(session: Session) -> Iterator[tuple[str, int]]:
    known = select(ProjectRow.id)
    for table in (StoryRow, CharacterRow):
        for project_id in set(session.scalars(select(table.project_id).where(table.project_id.not_in(known)))):
            session.add(ProjectRow(id=project_id, name=FOUND_AGAIN, owner=LOCAL_OWNER.name))
            session.flush()
            yield "projects that were gone", 1


def _dangling(session: Session) -> Iterator[tuple[str, int]]:
    """Until no row is left that names one which is gone: each that goes may have been named."""
    while changes := [(what, count) for table in Row.metadata.sorted_tables for what, count in _in(session, table)]:
        yield from changes


def _in(session: Session, table: Table) -> Iterator[tuple[str, int]]:
    for key in sorted(table.foreign_keys, key=lambda each: each.parent.name):
        target = key.column.table.alias()
        is_gone = key.parent.is_not(None) & ~select(target.c.id).where(target.c.id == key.parent).exists()
        ids = session.scalars(select(table.c.id).where(is_gone)).all()
        for id in ids:
            row, nothing = table.c.id == id, {key.parent.name: None}
            can_forget = key.parent.nullable
            session.execute(update(table).where(row).values(nothing) if can_forget else delete(table).where(row))
        if ids:
            yield f"{table.name} that named what is gone ({key.parent.name})", len(ids)


def _vectors(session: Session) -> Iterator[tuple[str, int]]:
    damaged = [
        id for id, embedding in session.execute(select(IdentityRow.id, IdentityRow.embedding)).tuples()
        if len(embedding) % 4 or not abs(float(np.linalg.norm(np.frombuffer(embedding, "<f4"))) - 1) <= UNIT
        or len(embedding) != 512 * 4
    ]  # fmt: skip
    for id in damaged:
        session.execute(delete(IdentityRow).where(IdentityRow.id == id))
    yield "faces to be looked at again", len(damaged)


def _canonical(session: Session) -> Iterator[tuple[str, int]]:
    """Whoever has pictures is stood for by one."""
    without = CharacterRow.canonical_image_id.is_(None) & CharacterRow.merged_into_id.is_(None)
    for character in session.scalars(select(CharacterRow).where(without)).all():
        images = select(ImageRow.id).where(ImageRow.character_id == character.id)
        first = session.scalar(images.order_by(ImageRow.created_at, ImageRow.id).limit(1))
        if first:
            character.canonical_image_id = first
            yield "characters without a picture that stands for them", 1


def _is_whole(pictures: Pictures, content_hash: str) -> bool:
    try:
        pictures.read(content_hash)
    except LibraryUnavailable:
        return False
    return True
