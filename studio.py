"""The use cases that need both the library and the pipeline: the verbs behind every button and endpoint.

Verbs that draw are iterators: they yield a `Step` for each step done and end with what was kept. Closing one stops it.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from errors import AnotherProject, InvalidRequest, NoFaceFound, Stopped
from library_store.library import CharacterLibrary
from library_store.portable import ImportReport
from library_store.records import (
    CastMember,
    CastOption,
    Character,
    CharacterReferenceImage,
    FaceMatch,
    LibraryQuery,
    NewPicture,
    Project,
    PurgePreview,
    Source,
    Story,
    Use,
    VisualProfile,
)
from library_store.text import clean
from message import Message
from pipeline.likeness import Calibration, average, identity_by, similarity_of
from pipeline.packs import Pack
from pipeline.references import Outlier, outliers
from pipeline.streaming import stream
from pipeline.uploads import Upload, alone, clipped_box, read_picture
from pipeline.values import Band, Box, Face, Likeness, Reference, Step, Variant, VariantRequest, Variants
from pipeline.variants import OnStep, VariantMaker
from studio_evaluation import LibraryCheck, ReportFigure, RetentionReport, check_characters, latest_report
from studio_models import Models
from studio_portable import Exports, request_in, request_of
from studio_unseen import Unseen

__all__ = [
    "MOST_PICTURES",
    "Band",
    "Box",
    "Calibration",
    "CastMember",
    "CastOption",
    "Character",
    "CharacterReferenceImage",
    "Face",
    "FaceMatch",
    "ImportReport",
    "LibraryCheck",
    "LibraryQuery",
    "Likeness",
    "Made",
    "Models",
    "Outlier",
    "Pack",
    "Project",
    "PurgePreview",
    "ReportFigure",
    "RetentionReport",
    "Step",
    "Story",
    "Studio",
    "Upload",
    "Use",
    "Variant",
    "VisualProfile",
]

MOST_PICTURES = 8  # in one run: what fits a screen, and about twenty seconds on two cores
SEEDS = 2**32
NO_LOOKS = VisualProfile()
LOOK_ALIKES = 3  # named in a warning
FACES_AT_ONCE = 500  # in one query
T = TypeVar("T")


@dataclass(frozen=True)
class Made:
    """What a run left in the library: the cast member, and which of its options are new, best first."""

    member: CastMember
    image_ids: tuple[str, ...]
    ranked: tuple[Variant, ...]  # all that was drawn, best first; the kept ones are as many of the first as `image_ids`
    prompt: str  # as composed and drawn
    unknown_words: tuple[str, ...]
    half_said: Mapping[str, tuple[str, ...]]  # the words that say too little by themselves, with phrases that say more
    cut_off: str  # the end of the prompt that there was no room for
    stopped: bool  # someone stopped the run; what was finished is here

    @property
    def options(self) -> tuple[CastOption, ...]:
        by_id = {option.image.id: option for option in self.member.options}
        return tuple(by_id[id] for id in self.image_ids)


class Studio:
    """A library and the models of one pack, put to work. Unknown ids raise NotFound."""

    def __init__(
        self, library: CharacterLibrary, pack: Pack, models: Models, report_folders: Sequence[Path] = ()
    ) -> None:
        """`report_folders` are where `python -m evaluation` leaves what it measured, beside the pack's own folder."""
        self.library = library
        self.pack = pack
        self.models = models
        self._report_folders = (pack.folder, *report_folders)
        self._unseen = Unseen(lambda image_id: self._reference(self.models.get(), image_id))
        self._exports = Exports(library)

    # Projects and stories

    def create_project(self, name: str) -> Project:
        return self.library.create_project(name)

    def create_story(self, project_id: str, title: str, context: str = "") -> Story:
        return self.library.create_story(project_id, title, context)

    def list_projects(self, trashed: bool = False) -> list[Project]:
        return self.library.list_projects(trashed)

    def list_stories(self, project_id: str, trashed: bool = False) -> list[Story]:
        return self.library.list_stories(project_id, trashed)

    def rename_project(self, project_id: str, name: str) -> Project:
        return self.library.rename_project(project_id, name)

    def trash_project(self, project_id: str) -> Project:
        """Out of the lists with all its stories, until `restore_project`."""
        return self.library.trash_project(project_id)

    def restore_project(self, project_id: str) -> Project:
        return self.library.restore_project(project_id)

    def rename_story(self, story_id: str, title: str) -> Story:
        return self.library.update_story(story_id, title)

    def trash_story(self, story_id: str) -> Story:
        return self.library.trash_story(story_id)

    def restore_story(self, story_id: str) -> Story:
        return self.library.restore_story(story_id)

    def set_context(self, story_id: str, context: str, instead_of: str | None = None) -> Story:
        """Raises ChangedElsewhere where the kept context is not `instead_of`, the one that was shown, any more."""
        return self.library.update_story(story_id, context=context, instead_of=instead_of)

    def ensure_a_story(self, project_id: str | None = None) -> Story:
        """A story to begin with: the project's (or the first project's) first one, made where there is none."""
        projects = self.library.list_projects()
        project = next((project for project in projects if project.id == project_id), None) or next(
            iter(projects), None
        )
        project = project or self.library.create_project("My first project")
        stories = self.library.list_stories(project.id)
        return stories[0] if stories else self.library.create_story(project.id, "Story 1")

    # Prompts

    def prompt_of_character(
        self, story_id: str, prompt: str, profile: VisualProfile, context: str | None = None
    ) -> str:
        """What is drawn for a new character: the prompt, all that the profile says, the story's context.

        `context` is one that is being typed and not kept yet.
        """
        story = self.library.get_story(story_id)
        looks = (profile.hair, profile.face, profile.body, profile.outfit, profile.accessories, profile.other)
        return _composed(prompt, *looks, story.context if context is None else context)

    def prompt_of_variant(self, story_id: str, reference_image_id: str, prompt: str, context: str | None = None) -> str:
        """What is drawn for a variant: the scene, who it is, the story's context (as in `prompt_of_character`).

        Outfit, accessories and what else a profile says belong to a scene and are not carried into the next.
        """
        story, image = self._in_project(story_id, reference_image_id)
        profile = self.library.get_character(image.character_id).visual_profile
        context = story.context if context is None else context
        return _composed(prompt, profile.hair, profile.face, profile.body, context)

    # New characters

    def generate_character(
        self,
        story_id: str,
        name: str,
        prompt: str,
        visual_profile: VisualProfile = NO_LOOKS,
        description: str = "",
        count: int | None = None,
        seed: int | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[Step | Made]:
        """Draws a character who did not exist. The first picture with a face becomes the active one."""
        _check_name(name)
        prompt, visual_profile = _checked_prompt(prompt), _cleaned(visual_profile)
        composed = self.prompt_of_character(story_id, prompt, visual_profile)
        asked = self.prompt_of_character(story_id, prompt, visual_profile, context="")
        request = self._request(composed, count, seed, self.pack.defaults.identity_scale)

        def work(on_step: OnStep) -> Made:
            variants = self.models.get().generate(request, on_step, asked)
            pictures = [
                self._new_picture(variant, request, "generated", None, prompt, visual_profile)
                for variant in variants.ranked
            ]
            member = self.library.create_character(
                story_id, name, pictures, "generated", prompt, visual_profile, description
            )
            return _made(member, pictures, variants)

        yield from stream(_stoppable(work, stop))

    # Faces and uploads

    def read_upload(self, picture: Path | str) -> Image.Image:
        """A stranger's file as a clean picture. Raises UnreadablePicture."""
        return read_picture(Path(picture))

    def look_at_upload(self, picture: Path | str) -> Upload:
        """A picture of the creator's own and all faces in it. Raises UnreadablePicture."""
        clean = self.read_upload(picture)
        return Upload(clean, self.models.get().faces(clean))

    def face_in_upload(self, picture: Path | str, face: int | None = None, box: Box | None = None) -> Face:
        """One face of the picture: number `face` of those that `look_at_upload` finds, or the one in a `box` drawn by
        hand, in pixels of the picture that it gives; the largest where neither is said.

        Raises UnreadablePicture, NoFaceFound, and InvalidRequest for a number or a box that isn't there.
        """
        clean = self.read_upload(picture)
        return self._face_meant(clean, face, box)

    def upload_character(
        self,
        story_id: str,
        name: str,
        picture: Path | str,
        visual_profile: VisualProfile = NO_LOOKS,
        description: str = "",
        face: int | None = None,
        box: Box | None = None,
    ) -> CastMember:
        """A character from one face of a picture of the creator's own; which one and what it raises: `face_in_upload`.
        Of a picture with several people the part around theirs is kept.

        Whom they could be mixed up with is for `look_alikes` to say beforehand.
        """
        _check_name(name)
        self.library.get_story(story_id)
        clean = self.read_upload(picture)
        meant = self._face_meant(clean, face, box)
        if len(self.models.get().faces(clean)) > 1:
            clean, meant = alone(clean, meant)
        kept = [NewPicture(clean, "uploaded", meant)]
        return self.library.create_character(story_id, name, kept, "generated", "", visual_profile, description)

    def nearest_characters(self, face: Face, project_id: str, limit: int = 3) -> list[FaceMatch]:
        """The saved characters most alike to a face by the judge, each by their most alike picture.

        Who came without identities is looked at first; of many the last ones behind the page, for a later search.
        """
        identity = identity_by(self.pack.judge_encoder, face.identities)
        if identity is None:
            return []
        if self.models.ready:
            self._unseen.look_at(self.library.list_unseen(project_id, identity.encoder))
        return self.library.find_faces(project_id, identity, limit)

    def look_alikes(self, face: Face, project_id: str, but_not: str | None = None) -> list[FaceMatch]:
        """The saved characters whom the judge would take for the same person; without calibration nobody can say.

        `but_not` is the id of the character whose face it is, if they are saved already.
        """
        calibration = self.calibration
        if calibration is None:
            return []
        nearest = self.nearest_characters(face, project_id, LOOK_ALIKES + 1)
        others = [match for match in nearest if match.character.id != but_not][:LOOK_ALIKES]
        return [match for match in others if calibration.band(match.similarity) == "same person"]

    def look_alikes_of(self, image_id: str) -> list[FaceMatch]:
        """The other saved characters whom the judge would take for the person in a kept picture."""
        image = self.library.get_image(image_id)
        character = self.library.get_character(image.character_id)
        face = self._faces_of([image_id]).get(image_id)
        return self.look_alikes(face, character.project_id, character.id) if face else []

    def who_looks_like(
        self,
        project_id: str,
        picture: Path | str,
        face: int | None = None,
        box: Box | None = None,
        limit: int = 12,
    ) -> list[FaceMatch]:
        """The saved characters, most alike first, to one face of a picture; which one and what it raises:
        `face_in_upload`."""
        self.library.get_project(project_id)
        return self.nearest_characters(self.face_in_upload(picture, face, box), project_id, limit)

    def outliers(self, character_id: str) -> tuple[Outlier, ...]:
        """A character's pictures that show somebody else, by the judge; without calibration nobody can say."""
        calibration = self.calibration
        if calibration is None:
            return ()
        character = self.library.get_character(character_id)
        image_ids = [image.id for image in self.library.list_images(character_id)]
        image_ids.sort(key=lambda image_id: image_id != character.canonical_image_id)
        faces = self._faces_of(image_ids)
        seen = {id: identity_by(calibration.encoder, faces[id].identities) for id in image_ids if id in faces}
        return outliers({id: identity for id, identity in seen.items() if identity}, calibration)

    def are_two(self, character_id: str, other_id: str) -> float | None:
        """The similarity, by the judge, of the pictures that stand for two characters who are two people for it.

        None where they may be, and where nobody can say: without calibration, or a face.
        """
        calibration = self.calibration
        people = [self.library.get_character(id) for id in (character_id, other_id)]
        faces = self._faces_of([person.canonical_image_id for person in people if person.canonical_image_id])
        seen = [identity_by(self.pack.judge_encoder, face.identities) for face in faces.values()]
        if calibration is None or len(seen) < 2 or seen[0] is None or seen[1] is None:
            return None
        similarity = similarity_of(seen[0], seen[1])
        return None if calibration.band(similarity) == "same person" else similarity

    # How far a likeness can be trusted

    @property
    def calibration(self) -> Calibration | None:
        """What the judge's likeness means; None where nobody has measured it."""
        calibration = self.pack.calibration
        return calibration if calibration and calibration.encoder == self.pack.judge_encoder else None

    def check_library(self, project_id: str) -> LibraryCheck:
        """The saved characters as strangers to each other: how many pairs of them the judge would take for one person.

        Raises InvalidRequest for a pack without calibration, and for fewer than two characters.
        """
        calibration = self.calibration
        if calibration is None:
            raise InvalidRequest(
                "The model pack {pack} is not calibrated.",
                "Calibrate it first: {command}",
                pack=repr(self.pack.name),
                command=f"python -m evaluation calibrate --pack {self.pack.name}",
            )
        characters = self.library.list_library(project_id)
        if self.models.ready:
            self._unseen.look_at(self.library.list_unseen(project_id, calibration.encoder))
        faces = self._kept_faces([character.canonical_image_id for character in characters])
        return check_characters(characters, faces, calibration)

    def latest_report(self) -> RetentionReport | None:
        """The newest retention report of this installation."""
        return latest_report(self._report_folders)

    # The library

    def save_character(
        self,
        cast_member_id: str,
        image_id: str,
        description: str | None = None,
        visual_profile: VisualProfile | None = None,
        prompt: str | None = None,
        name: str | None = None,
    ) -> Character:
        """Puts the character into the project's library; the picture becomes the one that stands for them."""
        return self.library.save_character(cast_member_id, image_id, description, visual_profile, prompt, name)

    def list_library(self, project_id: str, query: str = "") -> list[Character]:
        return self.library.list_library(project_id, query)

    def search_library(
        self, project_id: str, query: LibraryQuery, offset: int = 0, limit: int | None = None
    ) -> list[Character]:
        return self.library.search_library(project_id, query, offset, limit)

    def count_library(self, project_id: str, query: LibraryQuery) -> int:
        return self.library.count_library(project_id, query)

    def list_tags(self, project_id: str) -> list[str]:
        return self.library.list_tags(project_id)

    def get_character(self, character_id: str) -> Character:
        return self.library.get_character(character_id)

    def edit_character(
        self,
        character_id: str,
        name: str | None = None,
        description: str | None = None,
        visual_profile: VisualProfile | None = None,
    ) -> Character:
        return self.library.edit_character(character_id, name, description, visual_profile)

    def set_favourite(self, character_id: str, favourite: bool) -> Character:
        return self.library.set_favourite(character_id, favourite)

    def set_tags(self, character_id: str, tags: Sequence[str]) -> Character:
        return self.library.set_tags(character_id, tags)

    def list_images(self, character_id: str) -> list[CharacterReferenceImage]:
        """All kept pictures of a character, oldest first."""
        return self.library.list_images(character_id)

    def set_canonical(self, character_id: str, image_id: str) -> Character:
        """Makes another of the character's pictures the one that stands for them."""
        return self.library.set_canonical(character_id, image_id)

    def set_steering(self, character_id: str, image_ids: Sequence[str]) -> None:
        """Which pictures steer together with the canonical one: their identities are averaged.

        Raises InvalidRequest for a picture without a face.
        """
        faces = self.library.get_faces(image_ids)
        for number, image_id in enumerate(image_ids, start=1):
            if image_id not in faces:
                self._check_face(image_id, Message("picture {number} of those that are to steer", number=number))
        self.library.set_steering(character_id, image_ids)

    def list_steering(self, character_id: str) -> list[str]:
        return self.library.list_steering(character_id)

    def list_uses(self, character_id: str) -> list[Use]:
        """The stories in which the character has pictures on offer."""
        return self.library.list_uses(character_id)

    def merge_characters(self, kept_id: str, merged_id: str) -> Character:
        """All that belongs to the second becomes the first one's. Old links to the second lead to the first."""
        return self.library.merge_characters(kept_id, merged_id)

    def trash_character(self, character_id: str) -> Character:
        return self.library.trash_character(character_id)

    def restore_character(self, character_id: str) -> Character:
        return self.library.restore_character(character_id)

    def preview_purge(self, character_id: str) -> PurgePreview:
        """What goes and what breaks when the character is purged."""
        return self.library.preview_purge(character_id)

    def purge_character(self, character_id: str) -> None:
        """Deletes a trashed character with their pictures and face identities, for ever."""
        self.library.purge_character(character_id)

    def request_of(self, image_id: str) -> dict[str, Any] | None:
        """The whole request that a kept picture was drawn by; None for an uploaded one.

        `seed` is its run's and `picture_seed` its own. `reference` is None where it was purged since then.
        """
        return request_of(self.library.get_image(image_id), self.library, self.pack.defaults)

    def load_character(self, story_id: str, reference_image_id: str) -> CastMember:
        """Links this very picture into the story; nothing is drawn."""
        return self.library.link_image(story_id, reference_image_id)

    # Variants

    def generate_character_variant(
        self,
        story_id: str,
        reference_image_id: str,
        prompt: str,
        count: int | None = None,
        keep: int | None = None,
        seed: int | None = None,
        identity_scale: float | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[Step | Made]:
        """Draws the reference's person in a new scene; the `keep` best pictures (or all) become options of the story's
        cast member. The picture that stands for a character is helped by those chosen to steer together with it.
        """
        prompt = _checked_prompt(prompt)
        composed = self.prompt_of_variant(story_id, reference_image_id, prompt)
        asked = self.prompt_of_variant(story_id, reference_image_id, prompt, context="")
        scale = self.pack.defaults.identity_scale if identity_scale is None else identity_scale
        request = self._request(composed, count, seed, scale)
        if keep is not None and not 1 <= keep <= request.count:
            raise InvalidRequest(
                "{keep} of {count} pictures were to be kept.",
                "Keep 1 to {count} of them, or all.",
                keep=keep,
                count=request.count,
            )
        steering = self._steering_with(reference_image_id)

        def work(on_step: OnStep) -> Made:
            maker = self.models.get()
            reference = average([self._reference(maker, id) for id in (reference_image_id, *steering)])
            variants = maker.generate(replace(request, reference=reference), on_step, asked)
            pictures = [
                self._new_picture(variant, request, "variant", reference_image_id, prompt, steering=steering)
                for variant in variants.ranked[:keep]
            ]
            return _made(self._keep_options(story_id, reference_image_id, pictures), pictures, variants)

        yield from stream(_stoppable(work, stop))

    # Take it with you

    def export_library(
        self, project_id: str, character_ids: Sequence[str] | None = None, embeddings: bool = False
    ) -> Path:
        """A zip for `import_library` and `datasets`: the whole project, or saved characters without their stories.

        Face identities are biometric, and go along only where they are asked for. The program's end removes the file.
        """
        return self._exports.write(project_id, character_ids, embeddings)

    def import_library(self, project_id: str | None, zip_path: Path | str) -> ImportReport:
        """Adds what an export holds under the ids that it had, all or nothing, and changes nothing that is there.

        None: into the project that it came from, made anew where there is none. Raises UnreadableExport, and
        InvalidRequest for what is in another project already.
        """
        return self.library.import_zip(Path(zip_path), project_id)

    def request_in(self, picture_path: Path | str) -> dict[str, Any] | None:
        """The request that a PNG file carries, as `request_of` gives it; None where there is none that can be read.

        `seed` is its run's and `picture_seed` its own. `reference` is None where this library does not know it.
        """
        return request_in(Path(picture_path), self.library, self.pack.defaults)

    # The cast

    def list_cast(self, story_id: str) -> list[CastMember]:
        """Who has a picture on offer in the story, in the order in which they joined it."""
        return [member for member in self.library.list_cast(story_id) if member.options]

    def select_image(self, cast_member_id: str, image_id: str) -> CastMember:
        return self.library.select_image(cast_member_id, image_id)

    def remove_image(self, cast_member_id: str, image_id: str) -> CastMember:
        """Takes the picture out of this story only; the library and other stories keep it."""
        return self.library.remove_option(cast_member_id, image_id)

    def restore_image(self, cast_member_id: str, image_id: str) -> CastMember:
        """Undoes `remove_image`."""
        return self.library.restore_option(cast_member_id, image_id)

    # Within

    def _in_project(self, story_id: str, image_id: str) -> tuple[Story, CharacterReferenceImage]:
        story, image = self.library.get_story(story_id), self.library.get_image(image_id)
        if self.library.get_character(image.character_id).project_id != story.project_id:
            raise AnotherProject
        return story, image

    def _request(self, prompt: str, count: int | None, seed: int | None, identity_scale: float) -> VariantRequest:
        defaults = self.pack.defaults
        count = defaults.count if count is None else count
        if not 1 <= count <= MOST_PICTURES:
            raise InvalidRequest(
                "{count} pictures were asked for.", "Ask for 1 to {most} at a time.", count=count, most=MOST_PICTURES
            )
        return VariantRequest(
            prompt=prompt,
            seed=secrets.randbelow(SEEDS) if seed is None else seed,
            count=count,
            reference=None,
            identity_scale=identity_scale,
            steps=defaults.steps,
            guidance_scale=defaults.guidance_scale,
            negative_prompt=defaults.negative_prompt,
        )

    def _face_meant(self, picture: Image.Image, number: int | None, box: Box | None) -> Face:
        if box is not None:
            if number is not None:
                raise InvalidRequest("Both a face and a box were given.", "Give one of them.")
            return self.models.get().face_in_box(picture, clipped_box(box, picture))
        if number is None:
            return self.models.get().find_face(picture)
        faces = self.models.get().faces(picture)
        if not 0 <= number < len(faces):
            raise InvalidRequest(
                "There is no face number {number} in this picture.",
                "Its faces are numbered from 0 to {last}." if faces else "Draw a box around the face.",
                number=number,
                last=len(faces) - 1,
            )
        return faces[number]

    def _faces_of(self, image_ids: Sequence[str]) -> dict[str, Face]:
        """The faces kept of pictures, by image id; what the judge has not seen is looked at first."""
        faces = self.library.get_faces(image_ids)
        judge = self.pack.judge_encoder
        seen = {image_id for image_id, face in faces.items() if identity_by(judge, face.identities)}
        if not self.models.ready or len(seen) == len(image_ids):
            return faces
        self._unseen.look_at(image_id for image_id in image_ids if image_id not in seen)
        return self.library.get_faces(image_ids)

    def _kept_faces(self, image_ids: Sequence[str | None]) -> dict[str, Face]:
        """However many, FACES_AT_ONCE in a query; by image id."""
        known = [image_id for image_id in image_ids if image_id]
        parts = (known[start : start + FACES_AT_ONCE] for start in range(0, len(known), FACES_AT_ONCE))
        return {image_id: face for part in parts for image_id, face in self.library.get_faces(part).items()}

    def _check_face(self, image_id: str, named: Message) -> None:
        try:
            self._reference(self.models.get(), image_id)
        except NoFaceFound as error:
            raise InvalidRequest(
                "No face was found in {picture}.", "Leave it out: only a face can steer.", picture=named
            ) from error

    def _steering_with(self, image_id: str) -> list[str]:
        """The pictures that steer together with this one: none unless it stands for its character."""
        character = self.library.get_character(self.library.get_image(image_id).character_id)
        return self.library.list_steering(character.id) if character.canonical_image_id == image_id else []

    def _reference(self, maker: VariantMaker, image_id: str) -> Reference:
        """The kept picture and who it shows. What not all encoders of this pack have seen they look at, and it is kept:
        the face that was meant before, be it one of several or one that only the creator saw."""
        reference = self.library.get_reference(image_id)
        encoders = {self.pack.faces.encoder, self.pack.judge_encoder}
        if not encoders <= {identity.encoder for identity in reference.identities}:
            kept = self.library.get_faces([image_id]).get(image_id)
            picture = reference.picture
            face = maker.face_in_box(picture, kept.box) if kept else maker.find_face(picture)
            self.library.keep_identities(image_id, face)
            reference = self.library.get_reference(image_id)
        return reference

    def _new_picture(
        self,
        variant: Variant,
        request: VariantRequest,
        source: Source,
        parent_id: str | None,
        written: str,
        visual_profile: VisualProfile | None = None,
        steering: Sequence[str] = (),
    ) -> NewPicture:
        """`written` is the prompt before it was composed: with it (and the profile) the request can be made again."""
        as_written = {"written": written, "visual_profile": asdict(visual_profile) if visual_profile else None}
        return NewPicture(
            picture=variant.picture,
            source=source,
            face=variant.face,
            parent_id=parent_id,
            request={**asdict(request), "reference": parent_id, "steering": list(steering), **as_written},
            pack=self.pack.name,
            seed=variant.seed,
            likeness=variant.likeness and replace(variant.likeness, rejection=variant.rejection),
        )

    def _keep_options(self, story_id: str, reference_image_id: str, pictures: Sequence[NewPicture]) -> CastMember:
        character_id = self.library.get_image(reference_image_id).character_id
        member = self.library.cast_character(story_id, character_id)
        member = self.library.add_options(member.id, pictures, "variant")
        if member.active_image_id is None:
            member = self.library.select_image(member.id, pictures[0].id)
        return member


def _made(member: CastMember, new: Sequence[NewPicture], variants: Variants) -> Made:
    return Made(
        member=member,
        image_ids=tuple(picture.id for picture in new),
        ranked=variants.ranked,
        prompt=variants.request.prompt,
        unknown_words=variants.unknown_words,
        half_said=variants.half_said,
        cut_off=variants.cut_off,
        stopped=len(variants.ranked) < variants.request.count,
    )


def _stoppable(work: Callable[[OnStep], T], stop: threading.Event | None) -> Callable[[OnStep], T]:
    """The same work, which `stop` ends at its next step: what was finished until then is kept."""

    def watched(on_step: OnStep) -> T:
        def report(step: Step) -> None:
            if stop is not None and stop.is_set():
                raise Stopped
            on_step(step)

        return work(report)

    return watched


def _composed(*parts: str) -> str:
    return ", ".join(part for part in (" ".join(part.split()).strip(" ,") for part in parts) if part)


def _checked_prompt(prompt: str) -> str:
    """As it can be kept and written into files: what is found out after the pictures are drawn loses them."""
    cleaned = clean(prompt)
    if not cleaned:
        raise InvalidRequest("The prompt is empty.", "Describe the picture in a few words.")
    return cleaned


def _cleaned(profile: VisualProfile) -> VisualProfile:
    return VisualProfile(**{part: clean(text) for part, text in asdict(profile).items()})


def _check_name(name: str) -> None:
    if not clean(name):
        raise InvalidRequest("The character has no name.", "Give them one.")
