"""Drawing: what was asked for -> pictures drawn, judged and kept.

Verbs that draw start a run (runs.py): iterating over it shows its steps and ends with what was kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from errors import AnotherProject, InvalidRequest
from library_store.library import CharacterLibrary
from library_store.records import (
    CastMember,
    CastOption,
    CharacterReferenceImage,
    NewPicture,
    Source,
    Story,
    VisualProfile,
)
from library_store.text import clean, required
from pipeline.likeness import average
from pipeline.packs import Pack
from pipeline.values import Variant, VariantRequest, Variants
from pipeline.variants import OnStep
from studio.identities import Identities
from studio.models import Models
from studio.runs import LOCAL, Run, Runs

MOST_PICTURES = 8  # in one run: what fits a screen, and about twenty seconds on two cores
SEEDS = 2**32
NO_LOOKS = VisualProfile()


@dataclass(frozen=True)
class Asked:
    """What a list of runs says of one."""

    story_id: str
    name: str  # of the character
    prompt: str  # as composed


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


@dataclass(frozen=True)
class Drawing:
    """New characters, and variants of those who are there. Unknown ids raise NotFound."""

    library: CharacterLibrary
    pack: Pack
    models: Models
    identities: Identities
    runs: Runs[Asked, Made]

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

    def generate_character(
        self,
        story_id: str,
        name: str,
        prompt: str,
        visual_profile: VisualProfile = NO_LOOKS,
        description: str = "",
        count: int | None = None,
        seed: int | None = None,
        who: str = LOCAL,
    ) -> Run[Asked, Made]:
        """Draws a character who did not exist. The first picture with a face becomes the active one.

        Raises InvalidRequest for a story in the trash. One moved there while the run goes on gets its pictures.
        """
        self.library.get_open_story(story_id)
        required(name, "character")
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
                story_id, name, pictures, "generated", prompt, visual_profile, description, also_in_trash=True
            )
            return _made(member, pictures, variants)

        return self.runs.start(who, Asked(story_id, clean(name), composed), work)

    def generate_character_variant(
        self,
        story_id: str,
        reference_image_id: str,
        prompt: str,
        count: int | None = None,
        keep: int | None = None,
        seed: int | None = None,
        identity_scale: float | None = None,
        who: str = LOCAL,
    ) -> Run[Asked, Made]:
        """Draws the reference's person in a new scene; the `keep` best pictures (or all) become options of the story's
        cast member. The picture that stands for a character is helped by those chosen to steer together with it.

        A story in the trash: as for `generate_character`.
        """
        self.library.get_open_story(story_id)
        prompt = _checked_prompt(prompt)
        composed = self.prompt_of_variant(story_id, reference_image_id, prompt)
        asked = self.prompt_of_variant(story_id, reference_image_id, prompt, context="")
        scale = self.pack.defaults.identity_scale if identity_scale is None else identity_scale
        request = self._request(composed, count, seed, scale)
        if keep is not None and not 1 <= keep <= request.count:
            raise InvalidRequest(
                f"{keep} of {request.count} pictures were to be kept.", f"Keep 1 to {request.count} of them, or all."
            )
        steering = self._steering_with(reference_image_id)

        def work(on_step: OnStep) -> Made:
            maker = self.models.get()
            reference = average([self.identities.reference(id) for id in (reference_image_id, *steering)])
            variants = maker.generate(replace(request, reference=reference), on_step, asked)
            pictures = [
                self._new_picture(variant, request, "variant", reference_image_id, prompt, steering=steering)
                for variant in variants.ranked[:keep]
            ]
            return _made(self._keep_options(story_id, reference_image_id, pictures), pictures, variants)

        return self.runs.start(who, Asked(story_id, self._name_of(reference_image_id), composed), work)

    def _name_of(self, image_id: str) -> str:
        return self.library.get_character(self.library.get_image(image_id).character_id).name

    def _in_project(self, story_id: str, image_id: str) -> tuple[Story, CharacterReferenceImage]:
        story, image = self.library.get_story(story_id), self.library.get_image(image_id)
        if self.library.get_character(image.character_id).project_id != story.project_id:
            raise AnotherProject
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

    def _steering_with(self, image_id: str) -> list[str]:
        """The pictures that steer together with this one: none unless it stands for its character."""
        character = self.library.get_character(self.library.get_image(image_id).character_id)
        return self.library.list_steering(character.id) if character.canonical_image_id == image_id else []

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
        member = self.library.cast_character(story_id, character_id, also_in_trash=True)
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
