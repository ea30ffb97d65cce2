"""What of a library is opened once and lives as long as the program: its database, its pictures, the faces in memory.

What is kept in it is seen, and changed, through the eyes of a visitor: `store.seen_by(visitor)`.
"""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

from sqlalchemy import URL, Engine, exists, select
from sqlalchemy.orm import Session

from errors import InvalidRequest, LibraryUnavailable, NotFound
from library_store import endings, tidying
from library_store.database import Sessions, explained, open_database
from library_store.keys import Keys
from library_store.library import CharacterLibrary
from library_store.pictures import Pictures, Sign
from library_store.records import LOCAL_OWNER, Visitor
from library_store.schema import CharacterRow, ImageRow, ProjectRow, StoryRow
from library_store.search import FaceIndex, newest_projects

logger = logging.getLogger("castbook")
UNDER_WAY = timedelta(hours=1)  # that an import or a deletion takes at most


class LibraryStore:
    """Safe from any thread."""

    def __init__(self, engine: Engine, pictures: Pictures) -> None:
        self._engine = engine
        self._sessions = Sessions(engine)
        self._pictures = pictures
        self.faces = FaceIndex()
        self.keys = Keys(self._sessions)

    @classmethod
    def open(cls, database_url: str | URL, pictures_place: Path | str, sign: Sign | None = None) -> LibraryStore:
        """Makes or migrates the database, and refuses a pictures' folder that cannot be the one it knows: one without
        its pictures, or with pictures where the database has never seen a project, and so is not theirs. `sign`: as
        `Pictures.open` has it.

        Raises LibraryUnavailable.
        """
        engine = open_database(database_url)
        try:
            with explained(), Session(engine) as session:
                has_pictures = session.scalar(select(exists(select(ImageRow.id))))
                is_new = not session.scalar(select(exists(select(ProjectRow.id))))
            pictures = Pictures.open(pictures_place, not has_pictures, sign)
            if is_new and any(pictures.hashes()):
                raise LibraryUnavailable(
                    "The database is empty, but there are pictures in {folder}: theirs is another, or it was lost.",
                    "Correct CASTBOOK_DATABASE_URL, put the database back from a backup, or choose an empty folder.",
                    folder=repr(str(pictures_place)),
                )
            return cls(engine, pictures)
        except BaseException:
            engine.dispose()
            raise

    def seen_by(self, visitor: Visitor) -> CharacterLibrary:
        """Costs nothing: made anew for each who asks."""
        return CharacterLibrary(self._sessions, self._pictures, self.faces, visitor)

    @property
    def pictures_folder(self) -> Path:
        """Where the files of `get_picture_path` and `get_thumbnail_path` lie: all that a page has to serve."""
        return self._pictures.served_folder

    def read_faces(self, encoder: str) -> None:
        """Reads the newest projects' faces into memory: the first `search_by_face` is then as quick as later ones."""
        with explained(), Session(self._engine) as session:
            for project in reversed(session.scalars(newest_projects()).all()):
                self.faces.read(session, project, encoder)

    def tidy(self) -> None:
        """At the start: removes what an import or a deletion has left hidden, the files of what was purged, and on
        SQLite those that a crash left; what cannot go now is logged."""
        is_alone = self._engine.dialect.name == "sqlite"
        try:
            self.remove_hidden(timedelta(0) if is_alone else UNDER_WAY)
            if is_alone:
                tidying.sweep(self._ending, self._pictures)
            self._sessions.forget()
        except LibraryUnavailable as error:
            logger.warning("Files that nobody needs could not be removed: %s", error)

    def purge_trash(self, days: int) -> None:
        """Deletes what has been in the trash for longer: characters, and projects with all that is in them; of a story
        its cast, whose pictures stay with their characters."""
        before = datetime.now(timezone.utc) - timedelta(days=days)
        library = self.seen_by(LOCAL_OWNER)
        with explained(), Session(self._engine) as session:
            old = select(CharacterRow.id).where(CharacterRow.trashed_at < before, CharacterRow.merged_into_id.is_(None))
            character_ids = session.scalars(old).all()
        for character_id in character_ids:
            with suppress(NotFound, InvalidRequest):  # somebody was quicker: purged, or restored
                library.purge_character(character_id)
        with self._ending() as session:
            endings.purge_stories(session, StoryRow.trashed_at < before)
            projects = session.scalars(select(ProjectRow).where(ProjectRow.trashed_at < before)).all()
            for project in projects:
                endings.hide(session, project)
            gone = [project.id for project in projects]
        endings.remove_hidden(self._ending, lambda _: ProjectRow.id.in_(gone))
        tidying.remove_doomed(self._ending, self._pictures)
        for project_id in gone:
            self.faces.forget(project_id)

    def remove_hidden(self, older_than: timedelta = UNDER_WAY) -> None:
        """What has been brought in or taken away for longer, and so is not any more; and files that are to go."""
        before = datetime.now(timezone.utc) - older_than
        endings.remove_hidden(self._ending, lambda _: ProjectRow.hidden_at <= before)
        tidying.remove_doomed(self._ending, self._pictures)

    def _ending(self) -> AbstractContextManager[Session]:
        return self._sessions.ending(LOCAL_OWNER)

    def check_reachable(self) -> None:
        """Raises LibraryUnavailable where the database or the pictures do not answer."""
        with explained(), Session(self._engine) as session:
            session.scalar(select(exists(select(ProjectRow.id))))
        self._pictures.check_reachable()

    def close(self) -> None:
        self._engine.dispose()
