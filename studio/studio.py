"""The studio of one visitor: their view of the library, the models of one pack, and the rooms that need both."""

from __future__ import annotations

from dataclasses import dataclass

from library_store.library import CharacterLibrary
from library_store.records import Visitor
from pipeline.packs import Pack
from studio.drawing import Asked, Drawing, Made
from studio.episodes import Episodes
from studio.exports import Exports
from studio.faces import Faces
from studio.models import Models
from studio.requests import Requests
from studio.runs import Runs
from studio.trust import Trust


@dataclass(frozen=True)
class Studio:
    """What the page and the endpoints work with. What is the library's alone they ask of `library`."""

    library: CharacterLibrary
    pack: Pack
    models: Models
    drawing: Drawing
    faces: Faces
    episodes: Episodes
    trust: Trust
    exports: Exports
    requests: Requests
    runs: Runs[Asked, Made]
    visitor: Visitor  # whose the runs are
