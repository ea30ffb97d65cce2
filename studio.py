"""The use cases that need both the library and the pipeline: the verbs behind every button and endpoint.

Verbs that draw are iterators: they yield a `Step` for each step done and end with what was kept. Closing one stops it.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypeVar

from PIL import Image

from errors import CastbookError, InvalidRequest, PackUnavailable, Stopped
from library_store.library import CharacterLibrary
from library_store.records import (
    CastMember,
    CastOption,
    Character,
    CharacterReferenceImage,
    NewPicture,
    Project,
    Source,
    Story,
    VisualProfile,
)
from pipeline.packs import Pack
from pipeline.streaming import stream
from pipeline.uploads import read_picture
from pipeline.values import Likeness, Reference, Step, Variant, VariantRequest, Variants
from pipeline.variants import OnStep, VariantMaker

__all__ = [
    "MOST_PICTURES",
    "CastMember",
    "CastOption",
    "Character",
    "CharacterReferenceImage",
    "Likeness",
    "Made",
    "Models",
    "Pack",
    "Project",
    "Step",
    "Story",
    "Studio",
    "VisualProfile",
]

logger = logging.getLogger("castbook")
MOST_PICTURES = 8  # in one run: what fits a screen, and about twenty seconds on two cores
SEEDS = 2**32
NO_LOOKS = VisualProfile()
T = TypeVar("T")


@dataclass(frozen=True)
class Made:
    """What a run left in the library: the cast member, and which of its options are new, best first."""

    member: CastMember
    image_ids: tuple[str, ...]
    prompt: str  # as composed and drawn
    unknown_words: tuple[str, ...]
    cut_off: str  # the end of the prompt that there was no room for
    stopped: bool  # someone stopped the run; what was finished is here

    @property
    def options(self) -> tuple[CastOption, ...]:
        by_id = {option.image.id: option for option in self.member.options}
        return tuple(by_id[id] for id in self.image_ids)


class Models:
    """The models of a pack: loaded in the background, waited for by whoever needs them."""

    def __init__(self, load: Callable[[], VariantMaker]) -> None:
        self._load = load
        self._loaded: Future[VariantMaker] = Future()
        self._starting = threading.Lock()

    def start(self) -> None:
        """Begins to load; once, however often it is asked."""
        with self._starting:
            if self._loaded.running() or self._loaded.done():
                return
            self._loaded.set_running_or_notify_cancel()
        threading.Thread(target=self._run, name="castbook-models", daemon=True).start()

    @property
    def ready(self) -> bool:
        return self._loaded.done() and self._loaded.exception() is None

    @property
    def failure(self) -> BaseException | None:
        return self._loaded.exception() if self._loaded.done() else None

    def get(self) -> VariantMaker:
        """Waits until they are loaded. Raises PackUnavailable where they can't be."""
        self.start()
        return self._loaded.result()

    def _run(self) -> None:
        try:
            self._loaded.set_result(self._load())
        except CastbookError as error:
            self._loaded.set_exception(error)
        except Exception as error:
            logger.exception("The models could not be loaded")
            unavailable = PackUnavailable("The models could not be loaded.", "The server's log says why.")
            unavailable.__cause__ = error
            self._loaded.set_exception(unavailable)


class Studio:
    """A library and the models of one pack, put to work. Unknown ids raise NotFound."""

    def __init__(self, library: CharacterLibrary, pack: Pack, models: Models) -> None:
        self.library = library
        self.pack = pack
        self.models = models

    # Projects and stories

    def create_project(self, name: str) -> Project:
        return self.library.create_project(name)

    def create_story(self, project_id: str, title: str, context: str = "") -> Story:
        return self.library.create_story(project_id, title, context)

    def list_projects(self) -> list[Project]:
        return self.library.list_projects()

    def list_stories(self, project_id: str) -> list[Story]:
        return self.library.list_stories(project_id)

    def set_context(self, story_id: str, context: str) -> Story:
        story = self.library.get_story(story_id)
        return story if story.context == context else self.library.update_story(story.id, story.title, context)

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
        composed = self.prompt_of_character(story_id, _checked_prompt(prompt), visual_profile)
        request = self._request(composed, count, seed, self.pack.defaults.identity_scale)

        def work(on_step: OnStep) -> Made:
            variants = self.models.get().generate(request, on_step)
            ranked = sorted(variants.ranked, key=lambda variant: variant.face is None)
            pictures = [self._new_picture(variant, request, "generated", None) for variant in ranked]
            member = self.library.create_character(
                story_id, name, pictures, "generated", prompt, visual_profile, description
            )
            return _made(member, member.options, variants)

        yield from stream(_stoppable(work, stop))

    def upload_character(
        self,
        story_id: str,
        name: str,
        picture: Path | str,
        visual_profile: VisualProfile = NO_LOOKS,
        description: str = "",
    ) -> CastMember:
        """A character from a picture of the creator's own. Raises UnreadablePicture and NoFaceFound."""
        _check_name(name)
        self.library.get_story(story_id)
        clean = self.read_upload(picture)
        face = self.models.get().find_face(clean)
        kept = [NewPicture(clean, "uploaded", face)]
        return self.library.create_character(story_id, name, kept, "generated", "", visual_profile, description)

    def read_upload(self, picture: Path | str) -> Image.Image:
        """A stranger's file as a clean picture. Raises UnreadablePicture."""
        return read_picture(Path(picture))

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
        seed: int | None = None,
        identity_scale: float | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[Step | Made]:
        """Draws the reference's person in a new scene; the pictures become options of the story's cast member."""
        composed = self.prompt_of_variant(story_id, reference_image_id, _checked_prompt(prompt))
        scale = self.pack.defaults.identity_scale if identity_scale is None else identity_scale
        request = self._request(composed, count, seed, scale)

        def work(on_step: OnStep) -> Made:
            maker = self.models.get()
            reference = self._reference(maker, reference_image_id)
            variants = maker.generate(replace(request, reference=reference), on_step)
            pictures = [self._new_picture(v, request, "variant", reference_image_id) for v in variants.ranked]
            return _made(*self._keep_options(story_id, reference_image_id, pictures), variants)

        yield from stream(_stoppable(work, stop))

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
            raise InvalidRequest(
                "This character belongs to another project.", "Choose one from this project's library."
            )
        return story, image

    def _request(self, prompt: str, count: int | None, seed: int | None, identity_scale: float) -> VariantRequest:
        defaults = self.pack.defaults
        count = defaults.count if count is None else count
        if not 1 <= count <= MOST_PICTURES:
            raise InvalidRequest(f"{count} pictures were asked for.", f"Ask for 1 to {MOST_PICTURES} at a time.")
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

    def _reference(self, maker: VariantMaker, image_id: str) -> Reference:
        """The kept picture and who it shows. A face that no encoder of this pack has seen is looked for and kept."""
        reference = self.library.get_reference(image_id)
        encoders = {self.pack.faces.encoder, self.pack.judge_encoder}
        if encoders.isdisjoint(identity.encoder for identity in reference.identities):
            self.library.keep_identities(image_id, maker.find_face(reference.picture))
            reference = self.library.get_reference(image_id)
        return reference

    def _new_picture(
        self, variant: Variant, request: VariantRequest, source: Source, parent_id: str | None
    ) -> NewPicture:
        return NewPicture(
            picture=variant.picture,
            source=source,
            face=variant.face,
            parent_id=parent_id,
            request={**asdict(request), "reference": parent_id},
            pack=self.pack.name,
            seed=variant.seed,
            likeness=variant.likeness,
        )

    def _keep_options(
        self, story_id: str, reference_image_id: str, pictures: Sequence[NewPicture]
    ) -> tuple[CastMember, Sequence[CastOption]]:
        """The cast member, and those of the options that are new."""
        character_id = self.library.get_image(reference_image_id).character_id
        member = self.library.cast_character(story_id, character_id)
        member = self.library.add_options(member.id, pictures, "variant")
        new = member.options[-len(pictures) :]
        if member.active_image_id is None:
            member = self.library.select_image(member.id, new[0].image.id)
        return member, new


def _made(member: CastMember, new: Sequence[CastOption], variants: Variants) -> Made:
    return Made(
        member=member,
        image_ids=tuple(option.image.id for option in new),
        prompt=variants.request.prompt,
        unknown_words=variants.unknown_words,
        cut_off=variants.cut_off,
        stopped=len(new) < variants.request.count,
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
    if not prompt.strip():
        raise InvalidRequest("The prompt is empty.", "Describe the picture in a few words.")
    return prompt


def _check_name(name: str) -> None:
    if not name.strip():
        raise InvalidRequest("The character has no name.", "Give them one.")
