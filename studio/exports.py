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
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from library_store.library import CharacterLibrary

PREFIX = "castbook-exports-"
LOCK = "lock"  # held while the process lives: the system lets go of it, however the process ended
DAY, HOUR = 24 * 3600, 3600  # seconds


class ExportsFolder:
    """Each export is a file of its own, and is there for a day, or for an hour where a newer one takes its place.

    All go when the program ends. What a program left that was killed goes when the next one starts.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        self._lock = FileLock(self.path / LOCK, thread_local=False)
        self._lock.acquire()  # pyright: ignore[reportUnknownMemberType]
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
        _remove_what_the_dead_left(self.path)

    def new_file(self, choice: str, name: str) -> Path:
        """A place for an export; `choice` begins the folders of those that it replaces."""
        self._remove_old(choice)
        self.path.mkdir(mode=0o700, exist_ok=True)  # systems clean their temporary folders
        return Path(tempfile.mkdtemp(prefix=choice, dir=self.path)) / f"{_for_a_file(name)}.zip"

    def _remove_old(self, choice: str) -> None:
        for folder in self.path.glob("*-*"):
            with suppress(FileNotFoundError):  # another export removes it at this moment
                age = time.time() - folder.stat().st_mtime
                if age > (HOUR if folder.name.startswith(choice) else DAY):
                    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Exports:
    """What one visitor exports."""

    library: CharacterLibrary
    folder: ExportsFolder

    def write(self, project_id: str, character_ids: Sequence[str] | None = None, embeddings: bool = False) -> Path:
        """Named for the one character that is in it, or for the project."""
        project = self.library.get_project(project_id)
        single = self.library.get_character(character_ids[0]) if character_ids and len(character_ids) == 1 else None
        path = self.folder.new_file(_choice(project.id, character_ids, embeddings), (single or project).name)
        self.library.export_zip(path, project.id, character_ids, embeddings)
        return path


def _choice(project_id: str, character_ids: Sequence[str] | None, embeddings: bool) -> str:
    """The beginning of a folder's name, the same for what is exported in the same way."""
    chosen = ascii((project_id, character_ids and sorted(character_ids), embeddings))
    return f"{hashlib.sha256(chosen.encode()).hexdigest()[:16]}-"


def _remove_what_the_dead_left(own: Path) -> None:
    for lock in own.parent.glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError):  # a Timeout is one: its process lives. Or the folder is gone already
            if lock.parent.lstat().st_uid == own.lstat().st_uid:  # nobody else's, nor their link to one of ours
                with FileLock(lock, blocking=False):
                    shutil.rmtree(lock.parent, ignore_errors=True)


def _for_a_file(name: str) -> str:
    return re.sub(r"[^\w -]+", "_", name)[:60].strip() or "castbook"
