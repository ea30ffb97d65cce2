"""Faces: the ones in a creator's own pictures, and whom they are alike to."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image

from errors import InvalidRequest, NoFaceFound
from library_store.library import CharacterLibrary
from library_store.records import (
    CastMember,
    CharacterReferenceImage,
    FaceHit,
    FaceMatch,
    NewPicture,
    VisualProfile,
)
from library_store.text import required
from message import Message
from pipeline.grouping import grouped
from pipeline.likeness import Decider, identity_by
from pipeline.packs import Pack
from pipeline.references import Outlier, outliers
from pipeline.request import NO_LOOK
from pipeline.uploads import Upload, clipped_box, file_of, kept_of, read_upload, said_of
from pipeline.values import Box, Face, Judgement
from studio.consent import check_agreed
from studio.identities import PATIENCE, Identities
from studio.likeness import Deciders
from studio.line import Turn
from studio.models import Models
from studio.temporary import HOUR

Looked = tuple[Image.Image, tuple[Face, ...]]  # upright, and the faces in it

LOOK_ALIKES = 3  # named in a warning
KEPT_UPLOADS = 8
KEPT_PIXELS = 50_000_000  # of all that are kept, but for the last: 150 MB


@dataclass(frozen=True)
class FaceSearch:
    """The saved characters whose face is like one, as far as their pictures have been looked at."""

    matches: tuple[FaceMatch, ...]  # most alike first
    unread: int  # saved characters whose picture nobody has looked at yet: they may be missing above

    @property
    def nobody_passes(self) -> bool:
        """Whether those who are nearest are all somebody else, or may be, as far as can be said."""
        judged = [match.judgement for match in self.matches if match.judgement]
        return bool(judged) and all(judgement.band != "same person" for judgement in judged)

    @property
    def cannot_tell(self) -> bool:
        """Whether nobody passes for the hand draws people too much alike."""
        bands = [match.judgement.band for match in self.matches if match.judgement]
        return self.nobody_passes and "cannot tell" in bands


class RecentUploads:
    """The last pictures that creators looked at, with their faces: each is looked for once, not at every click. What
    nobody has looked at for an hour is gone."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Upload] = OrderedDict()  # by visitor and hash, the last one last
        self._looked_at: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def look_at(self, visitor: str, file: Path, look: Callable[[Image.Image], Looked]) -> Upload:
        """A creator's own picture, clean and upright, and its faces. Raises UnreadablePicture, and as `look` does."""
        content = file_of(file)
        key = visitor, hashlib.sha256(content).hexdigest()
        with self._lock:
            if known := self._kept.get(key):
                self._kept.move_to_end(key)
                self._looked_at[key] = time.monotonic()
                return known
        read = read_upload(content)
        upload = Upload(*look(read.picture), said_of(read.notes))
        with self._lock:
            self._kept[key] = upload
            self._looked_at[key] = time.monotonic()
            while len(self._kept) > KEPT_UPLOADS or (len(self._kept) > 1 and self._pixels > KEPT_PIXELS):
                self._drop(next(iter(self._kept)))
        return upload

    def forget(self, visitor: str) -> None:
        """Drops what is a visitor's."""
        with self._lock:
            for key in [key for key in self._kept if key[0] == visitor]:
                self._drop(key)

    def remove_old(self) -> None:
        with self._lock:
            for key in [key for key in self._kept if time.monotonic() - self._looked_at[key] > HOUR]:
                self._drop(key)

    def _drop(self, key: tuple[str, str]) -> None:
        del self._kept[key], self._looked_at[key]

    @property
    def _pixels(self) -> int:
        return sum(upload.picture.width * upload.picture.height for upload in self._kept.values())


@dataclass(frozen=True)
class Faces:
    """Uploads, search by face, look-alikes. Unknown ids raise NotFound."""

    library: CharacterLibrary
    pack: Pack
    models: Models
    identities: Identities
    deciders: Deciders
    uploads: RecentUploads
    visitor: str
    turn: Turn  # to look for faces

    # A picture of the creator's own

    def look_at_upload(self, picture: Path | str) -> Upload:
        """A picture of the creator's own and all faces in it. Raises UnreadablePicture."""
        return self.uploads.look_at(self.visitor, Path(picture), self.looked_at)

    def looked_at(self, picture: Image.Image) -> Looked:
        """The picture upright, and every face in it, when the caller's turn has come. Raises TooMuchAtOnce, and
        PackUnavailable where the models cannot be loaded."""
        maker = self.models.get()
        return self.turn.of(lambda: maker.faces_upright(picture))

    def seen_several_ways(self, picture: Image.Image, faces: Sequence[Face]) -> tuple[Face, ...]:
        """Faces that were found in the picture, as they are best put together by. Raises as `looked_at`."""
        maker = self.models.get()
        return self.turn.of(lambda: maker.seen_several_ways(picture, faces)) if faces else ()

    def face_in_upload(self, picture: Path | str, face: int | None = None, box: Box | None = None) -> Face:
        """One face of the picture: number `face` of those that `look_at_upload` finds, or the one in a `box` drawn by
        hand, in pixels of the picture that it gives; the largest where neither is said.

        Raises UnreadablePicture, NoFaceFound, and InvalidRequest for a number or a box that isn't there.
        """
        return self._face_meant(self.look_at_upload(picture), face, box)

    def upload_character(
        self,
        story_id: str,
        name: str,
        picture: Path | str,
        visual_profile: VisualProfile = NO_LOOK,
        description: str = "",
        face: int | None = None,
        box: Box | None = None,
        agreed: bool = False,
    ) -> CastMember:
        """A character from one face of a picture of the creator's own; which one and what it raises: `face_in_upload`.
        `agreed`: that it is drawn, or whoever it shows agrees (consent.py). Of a picture with several people, or a
        small face, the part around it is kept.

        Whom they could be mixed up with is for `look_alikes` to say beforehand.
        """
        required(name, "character")
        check_agreed(self.pack, agreed)
        self.library.get_story(story_id)
        upload = self.look_at_upload(picture)
        around, there = kept_of(upload, self._face_meant(upload, face, box))
        kept = [NewPicture(around, "uploaded", there)]
        return self.library.create_character(story_id, name, kept, "generated", "", visual_profile, description)

    def add_picture(
        self,
        character_id: str,
        picture: Path | str,
        face: int | None = None,
        box: Box | None = None,
        agreed: bool = False,
    ) -> CharacterReferenceImage:
        """A further picture of a character, as `upload_character` takes it. Whether it shows them is for
        `is_somebody_else` to say beforehand, and for `outliers` afterwards."""
        check_agreed(self.pack, agreed)
        self.library.get_character(character_id)
        upload = self.look_at_upload(picture)
        around, there = kept_of(upload, self._face_meant(upload, face, box))
        [image] = self.library.add_pictures(character_id, [NewPicture(around, "uploaded", there)])
        return image

    def face_like(self, character_id: str, picture: Path | str) -> int | None:
        """The number of the face in a picture that is most like a character, by the judge; None: the largest."""
        character = self.library.get_character(character_id)
        kept = self.identities.faces_of([character.canonical_image_id]) if character.canonical_image_id else {}
        seen = [identity_by(self.pack.judge_encoder, face.identities) for face in self.look_at_upload(picture).faces]
        meant = [identity_by(self.pack.judge_encoder, face.identities) for face in kept.values()]
        if not meant or not meant[0] or not seen:
            return None
        alike = [float(identity.embedding @ meant[0].embedding) if identity else -1.0 for identity in seen]
        return int(np.argmax(alike))

    def is_somebody_else(self, character_id: str, face: Face) -> Judgement | None:
        """What the judge says of a face beside the picture that stands for a character, where it sees two people."""
        character = self.library.get_character(character_id)
        decider = self.deciders.of(character.project_id)
        kept = self.identities.faces_of([character.canonical_image_id]) if character.canonical_image_id else {}
        seen = [identity_by(self.pack.judge_encoder, each.identities) for each in (face, *kept.values())]
        if decider is None or len(seen) < 2 or seen[0] is None or seen[1] is None:
            return None
        judgement = decider.decide(seen[0], seen[1], character.id, character.id)
        return judgement if judgement.band == "another person" else None

    # Whom a face is alike to

    def search_by_face(
        self,
        face: Face,
        project_id: str,
        limit: int = 3,
        *,
        to_the_end: bool = False,
        known_as: str | None = None,
    ) -> FaceSearch:
        """The saved characters most alike to a face by the judge, each by their most alike picture.

        Pictures that came without identities are looked at first: some of them, the others in the background, or all
        where it is to be searched `to_the_end`. `known_as` is the character whose face it is, if they are kept already.
        """
        if identity_by(self.pack.judge_encoder, face.identities) is None:
            return FaceSearch((), 0)
        unread = self.identities.complete(project_id, patience=None if to_the_end else PATIENCE)
        deciders = self.deciders.each_of(project_id, face)
        found = [self._search(face, project_id, limit, known_as, decider) for decider in deciders]
        return FaceSearch(_best_of(chain.from_iterable(found))[:limit], unread)

    def look_alikes(self, face: Face, project_id: str, but_not: str | None = None) -> list[FaceMatch]:
        """The saved characters whom the judge would take for the same person; without calibration nobody can say.

        `but_not` is the id of the character whose face it is, if they are saved already.
        """
        if self.pack.calibration is None:
            return []
        nearest = self.search_by_face(face, project_id, LOOK_ALIKES + 1, known_as=but_not).matches
        others = [match for match in nearest if match.character.id != but_not][:LOOK_ALIKES]
        return [match for match in others if match.judgement and match.judgement.band == "same person"]

    def look_alikes_of(self, image_id: str) -> list[FaceMatch]:
        """The other saved characters whom the judge would take for the person in a kept picture."""
        image = self.library.get_image(image_id)
        character = self.library.get_character(image.character_id)
        face = self.identities.faces_of([image_id]).get(image_id)
        return self.look_alikes(face, character.project_id, character.id) if face else []

    def search_by_picture(
        self,
        project_id: str,
        picture: Path | str,
        face: int | None = None,
        box: Box | None = None,
        limit: int = 12,
        *,
        to_the_end: bool = False,
    ) -> FaceSearch:
        """As `search_by_face`, by one face of a picture; which one and what it raises: `face_in_upload`."""
        self.library.get_project(project_id)
        return self.search_by_face(self.face_in_upload(picture, face, box), project_id, limit, to_the_end=to_the_end)

    def outliers(self, character_id: str) -> tuple[Outlier, ...]:
        """A character's pictures that show somebody else, by the judge; without calibration nobody can say."""
        character = self.library.get_character(character_id)
        image_ids = [image.id for image in self.library.list_images(character_id)]
        image_ids.sort(key=lambda image_id: image_id != character.canonical_image_id)
        faces = self.identities.faces_of(image_ids)
        decider = self.deciders.of(character.project_id, faces.values())
        if decider is None:
            return ()
        encoder = decider.calibration.encoder
        seen = {id: identity_by(encoder, faces[id].identities) for id in image_ids if id in faces}
        return outliers({id: identity for id, identity in seen.items() if identity}, decider, character.id)

    def people_in(self, image_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Groups of pictures that show one person, as far as the judge can tell: the first picture's first. Those
        without a face are left out; without calibration nobody can say, and all are one person's."""
        faces = self.identities.faces_of(image_ids)
        seen = [image_id for image_id in image_ids if image_id in faces]
        if not seen:
            return ()
        character = self.library.get_character(self.library.get_image(seen[0]).character_id)
        decider = self.deciders.of(character.project_id, [faces[image_id] for image_id in seen])
        encoder = decider.calibration.encoder if decider else ""
        known = {id: identity for id in seen if (identity := identity_by(encoder, faces[id].identities))}
        if decider is None or len(known) < 2:
            return (tuple(seen),)
        groups = grouped(np.stack([identity.embedding for identity in known.values()]), decider)
        ids = list(known)
        return tuple(tuple(ids[number] for number in sorted(group)) for group in sorted(groups, key=min))

    def are_two(self, character_id: str, other_id: str) -> Judgement | None:
        """What the judge says of the pictures that stand for two characters who are two people for it.

        None where they may be one, and where nobody can say: without calibration, or a face.
        """
        people = [self.library.get_character(id) for id in (character_id, other_id)]
        faces = self.identities.faces_of([person.canonical_image_id for person in people if person.canonical_image_id])
        decider = self.deciders.of(people[0].project_id, faces.values())
        if decider is None:
            return None
        seen = [identity_by(decider.calibration.encoder, face.identities) for face in faces.values()]
        if len(seen) < 2 or seen[0] is None or seen[1] is None:
            return None
        whose = {person.canonical_image_id: person.id for person in people}
        judgement = decider.decide(seen[0], seen[1], *(whose[image_id] for image_id in faces))
        return None if judgement.band in ("same person", "cannot tell") else judgement

    def set_steering(
        self, character_id: str, image_ids: Sequence[str], instead_of: Sequence[str] | None = None
    ) -> None:
        """Which pictures steer together with the canonical one: their identities are averaged. `instead_of`: those that
        were shown, of which others may have been added or removed since.

        Raises InvalidRequest for a picture without a face.
        """
        faces = self.library.get_faces(image_ids)
        for number, image_id in enumerate(image_ids, start=1):
            if image_id not in faces:
                self._check_face(image_id, Message("reference picture {number}", number=number))
        self.library.set_steering(character_id, image_ids, instead_of)

    def _search(
        self, face: Face, project_id: str, limit: int, known_as: str | None, decider: Decider | None
    ) -> list[FaceMatch]:
        """Those whom the decider's encoder has seen; without a decider whom the judge has, and nobody says what that is
        worth."""
        encoder = decider.calibration.encoder if decider else self.pack.judge_encoder
        identity = identity_by(encoder, face.identities)
        assert identity is not None  # or somebody else decides

        def judged(hits: Sequence[FaceHit]) -> Sequence[Judgement]:
            assert decider is not None
            faces, who = np.stack([hit.embedding for hit in hits]), [hit.character_id for hit in hits]
            [judgements] = decider.decide_all(identity.embedding[None], faces, [known_as], who)
            return judgements

        return self.library.search_by_face(project_id, identity, limit, judged if decider else None)

    def _face_meant(self, upload: Upload, number: int | None, box: Box | None) -> Face:
        if box is not None:
            if number is not None:
                raise InvalidRequest("Both a face and a box were given.", "Give one of them.")
            maker, meant = self.models.get(), clipped_box(box, upload.picture)
            return self.turn.of(lambda: maker.face_in_box(upload.picture, meant))
        if not upload.faces and number is None:
            raise NoFaceFound
        if not 0 <= (number or 0) < len(upload.faces):
            raise InvalidRequest(
                "There is no face number {number} in this picture.",
                "Its faces are numbered from 0 to {last}." if upload.faces else "Draw a box around the face.",
                number=number,
                last=len(upload.faces) - 1,
            )
        return upload.faces[number or 0]

    def _check_face(self, image_id: str, named: Message) -> None:
        try:
            self.identities.reference(image_id)
        except NoFaceFound as error:
            raise InvalidRequest(
                "No face was found in {picture}.",
                "Leave it out: only a picture with a face can be a reference.",
                picture=named,
            ) from error


def _best_of(found: Iterable[FaceMatch]) -> tuple[FaceMatch, ...]:
    """Each character once, by the match that fewest strangers reach; where as many do, in the order they come in."""
    best: dict[str, FaceMatch] = {}
    for match in sorted(found, key=_passing):
        best.setdefault(match.character.id, match)
    return tuple(best.values())


def _passing(match: FaceMatch) -> float:
    return (match.judgement and match.judgement.false_accept_rate) or 1.0
