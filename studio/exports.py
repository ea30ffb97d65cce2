"""Exports that wait to be downloaded: zips in a temporary folder of this process."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import time
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from library_store.library import CharacterLibrary

PREFIX = "castbook-exports-"
LOCK = "lock"  # held while the process lives: the system lets go of it, however the process ended
DAY, HOUR = 24 * 3600, 3600  # seconds


class Exports:
    """Each is a file of its own, and is there for a day, or for an hour where a newer one takes its place.

    All go when the program ends. What a program left that was killed goes when the next one starts.
    """

    def __init__(self, library: CharacterLibrary) -> None:
        self._library = library
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        self._lock = FileLock(self.folder / LOCK, thread_local=False)
        self._lock.acquire()  # pyright: ignore[reportUnknownMemberType]
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        _remove_what_the_dead_left(self.folder)

    def write(self, project_id: str, character_ids: Sequence[str] | None, embeddings: bool) -> Path:
        """Named for the one character that is in it, or for the project."""
        project = self._library.get_project(project_id)
        single = self._library.get_character(character_ids[0]) if character_ids and len(character_ids) == 1 else None
        choice = _choice(project.id, character_ids, embeddings)
        self._remove_old(choice)
        self.folder.mkdir(mode=0o700, exist_ok=True)  # systems clean their temporary folders
        path = Path(tempfile.mkdtemp(prefix=choice, dir=self.folder)) / f"{_for_a_file((single or project).name)}.zip"
        self._library.export_zip(path, project.id, character_ids, embeddings)
        return path

    def _remove_old(self, choice: str) -> None:
        for folder in self.folder.glob("*-*"):
            with suppress(FileNotFoundError):  # another export removes it at this moment
                age = time.time() - folder.stat().st_mtime
                if age > (HOUR if folder.name.startswith(choice) else DAY):
                    shutil.rmtree(folder, ignore_errors=True)


def _choice(project_id: str, character_ids: Sequence[str] | None, embeddings: bool) -> str:
    """The beginning of a folder's name, the same for what is exported in the same way."""
    chosen = repr((project_id, character_ids and sorted(character_ids), embeddings))
    return f"{hashlib.sha256(chosen.encode()).hexdigest()[:16]}-"


def _remove_what_the_dead_left(own: Path) -> None:
    for lock in own.parent.glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError):  # a Timeout is one: its process lives. Or the folder is being removed
            if lock.parent.lstat().st_uid == own.lstat().st_uid:
                with FileLock(lock, blocking=False):
                    shutil.rmtree(lock.parent, ignore_errors=True)


def _for_a_file(name: str) -> str:
    return re.sub(r"[^\w -]+", "_", name)[:60].strip() or "castbook"
