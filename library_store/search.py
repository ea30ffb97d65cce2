"""How characters are found: a LibraryQuery becomes SQL, a face is compared with all kept faces in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Select, and_, func, select, true, tuple_
from sqlalchemy.orm import Session

from errors import InvalidRequest
from library_store.records import FaceHit, LibraryQuery, Sort
from library_store.rows import batched
from library_store.schema import (
    CastMemberRow,
    CastOptionRow,
    CharacterRow,
    IdentityRow,
    ImageRow,
    ProjectRow,
    StoryRow,
    TagRow,
)
from library_store.text import alphabet, folded, sought
from pipeline.prompt import search_words
from pipeline.values import Embedding, Identity, SavedPeople

MAY_PASS = 200  # most alike: who is behind so many strangers stands out from none of them, and passes for nobody
KEPT_PROJECTS = 8  # whose faces stay in memory: 60 MB for 30,000 pictures


def select_characters(project_id: str, query: LibraryQuery) -> Select[CharacterRow]:
    """The saved characters that a query means, in its order; by name, see `by_name`."""
    return select(CharacterRow).where(*_conditions(project_id, query)).order_by(*_order(query.sort))


def by_name(
    session: Session, project_id: str, query: LibraryQuery, offset: int, limit: int | None
) -> Iterator[CharacterRow]:
    """Those that a query means in the order of their names, `limit` (None: all) from `offset` on: 10,000 names are read
    and sorted in 50 ms, by an alphabet that no database needs to know."""
    named = select(CharacterRow.name, CharacterRow.id).where(*_conditions(project_id, query))
    alphabetical = alphabet(query.language)
    found = sorted(session.execute(named).tuples(), key=lambda each: (alphabetical(each[0]), each[1]))
    for chosen in batched(id for _, id in found[offset:][:limit]):
        rows = {row.id: row for row in session.scalars(select(CharacterRow).where(CharacterRow.id.in_(chosen)))}
        yield from (rows[id] for id in chosen)


def behind(character: CharacterRow, sort: Sort) -> ColumnElement[bool]:
    """In the order "last saved first" the characters after this one, however many were saved since."""
    if sort != "recent":
        raise InvalidRequest(
            "A cursor works only where the last saved come first.", "Sort by recent, or count with an offset."
        )
    return tuple_(CharacterRow.saved_at, CharacterRow.id) < (character.saved_at, character.id)


def count_characters(project_id: str, query: LibraryQuery) -> Select[int]:
    return select(func.count()).select_from(CharacterRow).where(*_conditions(project_id, query))


def select_tags(project_id: str) -> Select[str]:
    """Those of the characters that the library lists."""
    tags = select(func.min(TagRow.tag)).join(CharacterRow, CharacterRow.id == TagRow.character_id)
    tags = tags.where(*_conditions(project_id, LibraryQuery()))
    return tags.group_by(TagRow.folded)


def select_without_identity(project_id: str, encoder: str) -> Select[str | None]:
    """The canonical images, last saved first, of which the encoder has no identity."""
    seen = select(IdentityRow.id).where(
        IdentityRow.image_id == CharacterRow.canonical_image_id, IdentityRow.encoder == encoder
    )
    unseen = select(CharacterRow.canonical_image_id).where(
        *_conditions(project_id, LibraryQuery()), CharacterRow.canonical_image_id.is_not(None), ~seen.exists()
    )
    return unseen.order_by(*_order("recent"))


def newest_projects() -> Select[ProjectRow]:
    """Whose faces are worth reading before anybody asks."""
    there = ProjectRow.trashed_at.is_(None) & ProjectRow.hidden_at.is_(None)
    return select(ProjectRow).where(there).order_by(ProjectRow.id.desc()).limit(KEPT_PROJECTS)


def _conditions(project_id: str, query: LibraryQuery) -> list[ColumnElement[bool]]:
    trashed_at, (wanted, unwanted) = CharacterRow.trashed_at, search_words(query.words)
    return [
        CharacterRow.project_id == project_id,
        CharacterRow.is_saved_to_library == true(),
        trashed_at.is_not(None) if query.trashed else trashed_at.is_(None),
        *([CharacterRow.is_favourite == true()] if query.favourites else []),
        *(CharacterRow.id.in_(select(TagRow.character_id).where(TagRow.folded == folded(tag))) for tag in query.tags),
        *(_found_by(word) for word in wanted),
        *(~_found_by(word) for word in unwanted),
    ]


def _found_by(word: str) -> ColumnElement[bool]:
    return and_(*(CharacterRow.search_text.contains(part, autoescape=True) for part in sought(word)))


def _order(sort: Sort) -> tuple[ColumnElement[Any], ...]:
    last_saved_first = (CharacterRow.saved_at.desc(), CharacterRow.id.desc())
    return (_uses().desc(), *last_saved_first) if sort == "most used" else last_saved_first


def _uses() -> ColumnElement[int]:
    """In how many stories a character has an option on offer."""
    on_offer = select(CastOptionRow.id).where(
        CastOptionRow.cast_member_id == CastMemberRow.id, CastOptionRow.removed_at.is_(None)
    )
    trashed = select(StoryRow.id).where(StoryRow.trashed_at.is_not(None))
    uses = select(func.count()).where(
        CastMemberRow.character_id == CharacterRow.id, CastMemberRow.story_id.not_in(trashed), on_offer.exists()
    )
    return uses.scalar_subquery()


@dataclass(frozen=True, eq=False)
class _Faces:
    """What one encoder saw in the pictures of a project's saved characters, as of a revision."""

    revision: int
    embeddings: Embedding  # (n, 512), unit length
    image_ids: tuple[str, ...]  # n, oldest first
    character_ids: tuple[str, ...]  # n
    shown: tuple[bool, ...]  # n, whether it is the picture that stands for its character

    @cached_property
    def people(self) -> SavedPeople:
        """By the pictures that stand for them, in the order of these."""
        rows = [row for row, shown in enumerate(self.shown) if shown]
        return SavedPeople(tuple(self.character_ids[row] for row in rows), self.embeddings[rows])


class FaceIndex:
    """Exact search: one product of a matrix and a vector, of which 30,000 x 512 take some milliseconds.

    A matrix is read when it is first asked for, and again when its project's `faces_revision` has gone up: so it is
    right after every write, whichever process wrote.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], _Faces] = OrderedDict()
        self._lock = threading.Lock()
        self._also: list[Callable[[str], None]] = []

    def forget(self, project_id: str) -> None:
        """Of a project from which faces were purged: nobody may ask for it again, and it would stay in memory."""
        with self._lock:
            for key in [key for key in self._kept if key[0] == project_id]:
                del self._kept[key]
        for forget in self._also:
            forget(project_id)

    def also_forget(self, forget: Callable[[str], None]) -> None:
        """Calls it with a project's id whenever that is forgotten: for what others keep of its faces."""
        self._also.append(forget)

    def nearest(self, session: Session, project: ProjectRow, identity: Identity, limit: int) -> list[FaceHit]:
        """The best picture of each saved character, most alike first."""
        faces = self.read(session, project, identity.encoder)
        if not faces.image_ids:
            return []
        similarities = faces.embeddings @ identity.embedding
        best: dict[str, FaceHit] = {}
        most_alike_first: list[int] = np.argsort(-similarities, kind="stable").tolist()
        for i in most_alike_first:
            if len(best) >= limit:
                break
            character_id = faces.character_ids[i]
            hit = FaceHit(character_id, faces.image_ids[i], float(similarities[i]), faces.embeddings[i])
            best.setdefault(character_id, hit)
        return list(best.values())

    def people(self, session: Session, project: ProjectRow, encoder: str) -> SavedPeople:
        """A face of each saved character: the same object for as long as nothing has changed."""
        return self.read(session, project, encoder).people

    def read(self, session: Session, project: ProjectRow, encoder: str) -> _Faces:
        """From the memory where they are as they were, else from the database: half a second for 30,000."""
        key = (project.id, encoder)
        with self._lock:
            faces = self._kept.pop(key, None)
            if faces is None or faces.revision != project.faces_revision:
                faces = _read_faces(session, project, encoder)
            self._kept[key] = faces
            if len(self._kept) > KEPT_PROJECTS:
                self._kept.popitem(last=False)
            return faces


def _read_faces(session: Session, project: ProjectRow, encoder: str) -> _Faces:
    seen = (
        select(
            ImageRow.id, ImageRow.character_id, IdentityRow.embedding, CharacterRow.canonical_image_id == ImageRow.id
        )
        .join(CharacterRow, CharacterRow.id == ImageRow.character_id)
        .join(IdentityRow, IdentityRow.image_id == ImageRow.id)
        .where(IdentityRow.encoder == encoder, *_conditions(project.id, LibraryQuery()))
    )
    # Sorted here, for a database would carry the embeddings along.
    rows = sorted(session.execute(seen).tuples(), key=itemgetter(0))
    embeddings: Embedding = np.frombuffer(b"".join(row[2] for row in rows), np.float32)
    return _Faces(
        project.faces_revision,
        np.reshape(embeddings, (len(rows), -1 if rows else 0)),
        tuple(row[0] for row in rows),
        tuple(row[1] for row in rows),
        tuple(bool(row[3]) for row in rows),
    )
