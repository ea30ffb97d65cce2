"""Exports that wait to be downloaded: zips in a temporary folder of this process."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from library_store.library import CharacterLibrary
from studio.temporary import TemporaryFolder, remove_old

AGAIN = 300  # seconds that an export stays which was fetched


class ExportsFolder:
    """Each export is a file of its own, and is there for some time; once it has been fetched, for a few minutes."""

    def __init__(self, temporary: TemporaryFolder, minutes: int = 60) -> None:
        self._temporary = temporary
        self._seconds = 60 * minutes
        self._whose: dict[Path, str] = {}  # an export's folder -> the visitor

    @property
    def path(self) -> Path:
        return self._temporary.room("exports")

    def new_file(self, name: str, visitor: str) -> Path:
        self.remove_old()
        folder = Path(tempfile.mkdtemp(dir=self.path))
        self._whose[folder] = visitor
        return folder / f"{_for_a_file(name)}.zip"

    def fetched(self, path: Path) -> None:
        """It has served, and is there a little longer for a download that broke off."""
        then = time.time() - self._seconds + AGAIN
        with suppress(FileNotFoundError):
            os.utime(path.parent, (then, min(then, path.parent.stat().st_mtime)))

    def remove_old(self) -> None:
        remove_old(self.path, self._seconds)
        for gone in [folder for folder in list(self._whose) if not folder.exists()]:
            self._whose.pop(gone, None)

    def forget(self, visitor: str) -> None:
        """Removes what is a visitor's."""
        for folder in [folder for folder, whose in list(self._whose.items()) if whose == visitor]:
            shutil.rmtree(folder, ignore_errors=True)
            self._whose.pop(folder, None)


@dataclass(frozen=True)
class Exports:
    """What one visitor exports."""

    library: CharacterLibrary
    folder: ExportsFolder
    visitor: str = ""

    def write(self, project_id: str, character_ids: Sequence[str] | None = None, embeddings: bool = False) -> Path:
        """Named for the one character that is in it, or for the project."""
        project = self.library.get_project(project_id)
        single = self.library.get_character(character_ids[0]) if character_ids and len(character_ids) == 1 else None
        path = self.folder.new_file((single or project).name, self.visitor)
        self.library.export_zip(path, project.id, character_ids, embeddings)
        return path


def _for_a_file(name: str) -> str:
    return re.sub(r"[^\w -]+", "_", name)[:60].strip() or "castbook"
