"""Exports that wait to be downloaded: zips in a temporary folder of this process."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from library_store.library import CharacterLibrary
from studio.temporary import TemporaryFolder, remove_old


class ExportsFolder:
    """Each export is a file of its own, and is there for an hour."""

    def __init__(self, temporary: TemporaryFolder) -> None:
        self._temporary = temporary

    @property
    def path(self) -> Path:
        return self._temporary.room("exports")

    def new_file(self, name: str) -> Path:
        self.remove_old()
        return Path(tempfile.mkdtemp(dir=self.path)) / f"{_for_a_file(name)}.zip"

    def remove_old(self) -> None:
        remove_old(self.path)


@dataclass(frozen=True)
class Exports:
    """What one visitor exports."""

    library: CharacterLibrary
    folder: ExportsFolder

    def write(self, project_id: str, character_ids: Sequence[str] | None = None, embeddings: bool = False) -> Path:
        """Named for the one character that is in it, or for the project."""
        project = self.library.get_project(project_id)
        single = self.library.get_character(character_ids[0]) if character_ids and len(character_ids) == 1 else None
        path = self.folder.new_file((single or project).name)
        self.library.export_zip(path, project.id, character_ids, embeddings)
        return path


def _for_a_file(name: str) -> str:
    return re.sub(r"[^\w -]+", "_", name)[:60].strip() or "castbook"
