"""What decides for a project whether two faces show one person: by the pack's calibration and cohort, and the project's
own saved characters."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from library_store.library import CharacterLibrary
from pipeline.likeness import Decider, saw_all
from pipeline.packs import Pack
from pipeline.values import Face, SavedPeople

KEPT_PROJECTS = 8  # as many as the library keeps the faces of


class KeptDeciders:
    """The last ones used: how each saved character stands among the strangers is found out once, until one of them is
    saved, merged or deleted."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[SavedPeople, Decider]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, project_id: str, people: SavedPeople, pack: Pack) -> Decider | None:
        with self._lock:
            kept = self._kept.pop(project_id, None)
            decider = kept[1] if kept and kept[0] is people else pack.decider(people)
            if decider is None:
                return None
            self._kept[project_id] = people, decider
            if len(self._kept) > KEPT_PROJECTS:
                self._kept.popitem(last=False)
            return decider

    def forget(self, project_id: str) -> None:
        """What is known of a project's characters."""
        with self._lock:
            self._kept.pop(project_id, None)


@dataclass(frozen=True)
class Deciders:
    library: CharacterLibrary
    pack: Pack
    kept: KeptDeciders

    def of(self, project_id: str, faces: Iterable[Face] = ()) -> Decider | None:
        """Of these faces: where the pack itself drew all of them, by the lines of its own hand. None where nobody can
        say: the pack is not calibrated. Raises NotFound."""
        own, calibration = self.pack.own_hand_decider, self.pack.calibration
        if own and saw_all(own.calibration.encoder, [face.identities for face in faces]):
            return own
        if calibration is None or calibration.score == "cosine":
            return self.pack.decider()
        return self.kept.get(project_id, self.library.saved_people(project_id, calibration.encoder), self.pack)

    def each_of(self, project_id: str, face: Face) -> tuple[Decider | None, ...]:
        """Who may decide of this face and those of the project: the own hand's judge first, if it has seen it."""
        everywhere, at_home = self.of(project_id), self.of(project_id, [face])
        return (everywhere,) if at_home is everywhere else (at_home, everywhere)
