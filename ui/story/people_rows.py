"""The people found on pages as the creator sorts them: rows of faces that can be merged, split and used up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from studio.episodes import Episode


@dataclass(frozen=True)
class Row:
    faces: tuple[int, ...]  # their numbers in the episode
    known_id: str = ""  # of the saved character whom the judge takes them for
    known_name: str = ""


@dataclass(frozen=True)
class Rows:
    episode_id: str = ""
    rows: tuple[Row, ...] = ()

    @staticmethod
    def of(episode: Episode) -> Rows:
        people = ((person.sighted, person.known and person.known.character) for person in episode.people)
        rows = (Row(faces, who.id if who else "", who.name if who else "") for faces, who in people)
        return Rows(episode.id, tuple(rows))

    def merged(self, at: int, other: int) -> Rows:
        """The one row with the faces of the other, which goes."""
        one, two = self.rows[at], self.rows[other]
        known = one if one.known_id else two
        both = Row((*one.faces, *two.faces), known.known_id, known.known_name)
        rows = [both if i == at else row for i, row in enumerate(self.rows) if i != other]
        return replace(self, rows=tuple(rows))

    def split(self, at: int, faces: Collection[int]) -> Rows:
        """These faces of the row as a row of their own, behind it. All of them: nothing changes."""
        row = self.rows[at]
        apart = tuple(face for face in row.faces if face in faces)
        left = tuple(face for face in row.faces if face not in faces)
        if not apart or not left:
            return self
        parted = (replace(row, faces=left), Row(apart))
        return replace(self, rows=(*self.rows[:at], *parted, *self.rows[at + 1 :]))

    def without(self, at: int, faces: Collection[int]) -> Rows:
        """When these have been kept; a row goes with its last face."""
        left = replace(self.rows[at], faces=tuple(face for face in self.rows[at].faces if face not in faces))
        rows = (left if i == at else row for i, row in enumerate(self.rows))
        return replace(self, rows=tuple(row for row in rows if row.faces))
