"""The studio, put together: a library and the models of one pack, and the rooms that need both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from library_store.library import CharacterLibrary
from pipeline.packs import Pack
from studio.drawing import Asked, Drawing, Made
from studio.exports import Exports
from studio.faces import Faces, RecentUploads
from studio.identities import Backfill, Identities
from studio.models import Models
from studio.requests import Requests
from studio.runs import Runs
from studio.trust import Trust


class Studio:
    """What the page and the endpoints work with. What is the library's alone they ask of `library`."""

    def __init__(
        self, library: CharacterLibrary, pack: Pack, models: Models, report_folders: Sequence[Path] = ()
    ) -> None:
        """`report_folders` are where `python -m evaluation` leaves what it measured, beside the pack's own folder."""
        identities = Identities(library, pack, models, Backfill())
        self.library = library
        self.pack = pack
        self.models = models
        self.runs = Runs[Asked, Made]()
        self.drawing = Drawing(library, pack, models, identities, self.runs)
        self.faces = Faces(library, pack, models, identities, RecentUploads(models))
        self.trust = Trust(library, pack, identities, (pack.folder, *report_folders))
        self.exports = Exports(library)
        self.requests = Requests(library, pack)
