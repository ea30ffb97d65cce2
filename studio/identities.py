"""Who the kept pictures show: the identities that the library has, and those of pictures that no encoder has seen yet.

Pictures come without identities by imports, and all of them after a pack has got another judge.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace

from errors import LibraryUnavailable, NoFaceFound, NotFound
from library_store.library import CharacterLibrary
from pipeline.likeness import identity_by
from pipeline.packs import Pack
from pipeline.values import Face, Identity, Reference
from studio.models import Models

logger = logging.getLogger("castbook")
AT_ONCE = 16  # pictures that somebody waits for: about a second and a half on two cores
PATIENCE = 3.0  # seconds that somebody waits for pictures which another thread is looking at


class Backfill:
    """Looks at each picture once while the program runs, and not again where it shows no face.

    A picture that cannot be read now (a disk is away) is looked at again when it is next asked for.
    """

    def __init__(self) -> None:
        self._looks: dict[str, Future[None]] = {}
        self._lock = threading.Lock()

    def look_at(
        self, look: Callable[[str], object], image_ids: Iterable[str], *, patience: float | None = PATIENCE
    ) -> int:
        """Looks at the first AT_ONCE of those that nobody has looked at, and in a background thread at the others.

        What another thread has begun is waited for, `patience` seconds at most (None: until all are looked at). Gives
        how many are still to be looked at. `look` keeps the identities of the face in a picture, and raises NoFaceFound
        where there is none.
        """
        new, begun = self._claim(image_ids)
        now, later = (new, []) if patience is None else (new[:AT_ONCE], new[AT_ONCE:])
        try:
            self._look_at_each(look, now)
        finally:  # not sooner: they would take turns with the ones that somebody waits for
            if later:
                threading.Thread(target=self._look_at_each, args=(look, later), daemon=True).start()
        return len(wait(begun, patience).not_done) + len(later)

    def _claim(self, image_ids: Iterable[str]) -> tuple[list[str], list[Future[None]]]:
        """Those that are this thread's to look at, and the looks at the others."""
        with self._lock:
            wanted = dict.fromkeys(image_ids)
            begun = [self._looks[image_id] for image_id in wanted if image_id in self._looks]
            new = [image_id for image_id in wanted if image_id not in self._looks]
            self._looks.update({image_id: Future() for image_id in new})
            return new, begun

    def _look_at_each(self, look: Callable[[str], object], image_ids: Sequence[str]) -> None:
        for position, image_id in enumerate(image_ids):
            try:
                self._look_at(look, image_id)
            except BaseException:  # a fault of the program: nobody may wait for the rest of them for ever
                for left in image_ids[position:]:
                    self._forget(left)
                raise

    def _look_at(self, look: Callable[[str], object], image_id: str) -> None:
        try:
            look(image_id)
        except (NoFaceFound, NotFound):  # purged meanwhile
            pass
        except LibraryUnavailable as error:
            logger.warning("The face in a picture could not be looked at: %s", error)
            self._forget(image_id)
            return
        self._looks[image_id].set_result(None)

    def _forget(self, image_id: str) -> None:
        with self._lock:
            self._looks.pop(image_id).set_result(None)


@dataclass(frozen=True)
class Identities:
    """The identities of the library's pictures by the encoders of a pack."""

    library: CharacterLibrary
    pack: Pack
    models: Models
    backfill: Backfill

    def faces_of(self, image_ids: Sequence[str]) -> dict[str, Face]:
        """The faces kept of pictures, by image id; what the judge has not seen is looked at first."""
        faces = self.library.get_faces(image_ids)
        judge = self.pack.judge_encoder
        lacking = [
            image_id
            for image_id in image_ids
            if image_id not in faces or not identity_by(judge, faces[image_id].identities)
        ]
        if not self.models.ready or not lacking:
            return faces
        self._look_at(lacking)
        return self.library.get_faces(image_ids)

    def complete(self, project_id: str, *, patience: float | None = PATIENCE) -> int:
        """Looks at the saved characters of a project whom the judge has not seen; gives how many are still to come."""
        lacking = self.library.list_without_identity(project_id, self.pack.judge_encoder)
        return self._look_at(lacking, patience) if self.models.ready else len(lacking)

    def complete_of(self, image_id: str, kept: tuple[Identity, ...]) -> tuple[Identity, ...]:
        """The identities of a picture by all encoders of this pack; what is `kept` of it may lack some.

        Raises as `reference` does.
        """
        return kept if self._encoders(image_id) <= _names(kept) else self.reference(image_id).identities

    def reference(self, image_id: str) -> Reference:
        """The kept picture and who it shows. If an encoder of this pack has not seen it, all of them look at it now and
        what they see is kept: not of an upload, where the pack knows real people (consent.py). They look at the same
        face as before: one of several, or one in a box drawn by hand.

        Raises NoFaceFound, and PackUnavailable where the models cannot be loaded.
        """
        reference = self.library.get_reference(image_id)
        wanted = self._encoders(image_id)
        if wanted <= _names(reference.identities):
            return reference
        maker, own_hand = self.models.get(), wanted > self.pack.encoders
        kept = self.library.get_faces([image_id]).get(image_id)
        picture = reference.picture
        face = (
            maker.face_in_box(picture, kept.box, own_hand=own_hand)
            if kept
            else maker.find_face(picture, own_hand=own_hand)
        )
        if self.pack.knows_real_faces and self.library.get_image(image_id).source == "uploaded":
            return replace(reference, identities=face.identities)  # kept when it was brought in and ticked, or never
        self.library.keep_identities(image_id, face)
        return self.library.get_reference(image_id)

    def _encoders(self, image_id: str) -> frozenset[str]:
        """Those that a picture is for."""
        if self.pack.own_hand is None:
            return self.pack.encoders
        request = self.library.get_image(image_id).request
        return self.pack.encoders_of(request and request.pack)

    def _look_at(self, image_ids: Iterable[str], patience: float | None = PATIENCE) -> int:
        return self.backfill.look_at(self.reference, image_ids, patience=patience)


def _names(identities: Iterable[Identity]) -> set[str]:
    return {identity.encoder for identity in identities}
