"""Exported zips."""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path

from library_store.library import CharacterLibrary


class Exports:
    """Zips that wait to be downloaded, each in a folder of its own; gone when the program ends."""

    def __init__(self, library: CharacterLibrary) -> None:
        self._library = library
        self._folder = Path(tempfile.mkdtemp(prefix="castbook-exports-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def write(self, project_id: str, character_ids: Sequence[str] | None, embeddings: bool) -> Path:
        """Named for the one character that is in it, or for the project."""
        project = self._library.get_project(project_id)
        single = self._library.get_character(character_ids[0]) if character_ids and len(character_ids) == 1 else None
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        path = folder / f"{_for_a_file((single or project).name)}.zip"
        self._library.export_zip(path, project.id, character_ids, embeddings)
        return path


class Travelling:
    """Exports."""

    def __init__(self, library: CharacterLibrary) -> None:
        self._exports = Exports(library)

    def export_library(
        self, project_id: str, character_ids: Sequence[str] | None = None, embeddings: bool = False
    ) -> Path:
        """A zip for `import_library` and `datasets`: the whole project, or saved characters without their stories.

        Face identities are biometric, and go along only where they are asked for. The program's end removes the file.
        """
        return self._exports.write(project_id, character_ids, embeddings)


def _for_a_file(name: str) -> str:
    return re.sub(r"[^\w -]+", "_", name)[:60].strip() or "castbook"
