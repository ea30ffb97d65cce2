"""Drawing: what was asked for -> pictures drawn, judged and kept.

Verbs that draw start a run (runs.py): iterating over it shows its steps and ends with what was kept. A picture's way is
straight: one `PictureRequest` is made, one read says who it is, the models draw, one write keeps.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from PIL import Image

from errors import InvalidRequest, all_at_once
from library_store.library import CharacterLibrary
from library_store.limits import check_text
from library_store.records import CastMember, CastOption, CharacterText, NewPicture, ReferenceRead, Source
from library_store.text import clean, required
from pipeline.likeness import average
from pipeline.packs import Pack
from pipeline.prompt import Reading
from pipeline.request import NO_LOOK, PictureRequest, SteeringImage, VisualProfile, check, composed, differences
from pipeline.values import NOT_COMPARED, Likeness, Reference, Variant, Variants, Verdict, verdict_of
from pipeline.variants import OnStep
from pipeline.word_choice import overruled, unsaid, without
from studio.identities import Identities
from studio.likeness import Deciders
from studio.models import Models
from studio.runs import Run, Runs

SEEDS = 2**32
GLASSES = "glasses"


@dataclass(frozen=True)
class Asked:
    """What a list of runs says of one."""

    story_id: str
    name: str  # of the character
    request: PictureRequest


@dataclass(frozen=True)
class Made:
    """What a run left in the library: the cast member, and which of its options are new, best first."""

    member: CastMember
    image_ids: tuple[str, ...]
    ranked: tuple[Variant, ...]  # all that was drawn, best first; the kept ones are as many of the first as `image_ids`
    request: PictureRequest  # as drawn: it says what was left out
    reading: Reading  # what the pack made of the prompt

    @property
    def options(self) -> tuple[CastOption, ...]:
        by_id = {option.image.id: option for option in self.member.options}
        return tuple(by_id[id] for id in self.image_ids)

    def verdict(self, place: int) -> Verdict:
        """What became of picture number `place` of those ranked, from 0."""
        return verdict_of(self.ranked[place].rejection) if place < len(self.image_ids) else "dropped"

    @property
    def stopped(self) -> bool:
        """Someone stopped the run; what was finished is here."""
        return len(self.ranked) < self.request.count

    @property
    def cut_off(self) -> str:
        """The end of the prompt that there was no room for."""
        return next((left.words for left in self.request.left_out if left.why == "no room"), "")


@dataclass(frozen=True)
class Drawing:
    """New characters, and variants of those who are there. Unknown ids raise NotFound."""

    library: CharacterLibrary
    pack: Pack
    models: Models
    identities: Identities
    deciders: Deciders
    runs: Runs[Asked, Made]
    who: str  # the visitor's name: whose the runs are
    caller: str  # whose turn they take

    # Prompts

    def prompt_of_character(
        self, story_id: str, prompt: str, profile: VisualProfile, context: str | None = None
    ) -> str:
        """What is drawn for a new character: the prompt, what the profile says beside it, the story's context. Where
        they say otherwise of one thing (two colours of hair, two places), the profile counts, and the context last.

        `context` is one that is being typed and not kept yet.
        """
        story, asked = self.library.get_story(story_id), self._person(prompt, profile)
        return composed(asked, self._beside(asked, story.context if context is None else context))

    def prompt_of_variant(
        self,
        story_id: str,
        reference_image_id: str,
        prompt: str,
        context: str | None = None,
        look: VisualProfile = NO_LOOK,
    ) -> str:
        """What is drawn for a variant: the scene and its look, who it is, the story's context (as in
        `prompt_of_character`). Outfit, accessories and what else the character's profile says belong to a scene and are
        not carried into the next, but for glasses: whoever has them wears them. Where these say otherwise of one thing,
        the scene counts.
        """
        read = self.library.read_reference(story_id, reference_image_id)
        asked = self._scene(read, prompt, look)
        return composed(asked, self._beside(asked, read.story.context if context is None else context))

    def cut_off(self, composed: str) -> str:
        """The end of a prompt that there is no room for; "" as well while the models are not there to say so."""
        return self.models.get().cut_off(composed) if self.models.ready else ""

    # Pictures

    def generate_character(
        self,
        story_id: str,
        name: str,
        prompt: str,
        visual_profile: VisualProfile = NO_LOOK,
        description: str = "",
        count: int | None = None,
        seed: int | None = None,
    ) -> Run[Asked, Made]:
        """Draws a character who did not exist. The best picture, which comes first, becomes the active one.

        Raises InvalidRequest for a story in the trash. One moved there while the run goes on gets its pictures.
        """
        story = self.library.get_open_story(story_id)
        written, look = clean(prompt), _cleaned(visual_profile)
        with all_at_once() as checked:
            checked(required, name, "character")
            checked(_check_prompt, written)
            checked(check_text, CharacterText(name, description, written, **asdict(look)))
        asked = self._person(written, look)
        context = self._beside(asked, story.context)
        request = self.pack.request(
            composed(asked, context),
            _seed(seed),
            count=count,
            identity_scale=self.pack.prior.identity_scale if self.pack.prior else None,
            written=written,
            look=look,
            context=context,
        )
        check(request)
        self.library.check_room(_pixels(request))

        def work(on_step: OnStep) -> Made:
            variants = self.models.get().generate(request, None, on_step)
            pictures = _new_pictures(variants, "generated")
            member = self.library.create_character(
                story_id, name, pictures, "generated", written, look, description, also_in_trash=True
            )
            return _made(member, pictures, variants)

        return self.runs.start(self.who, Asked(story_id, clean(name), request), work, self.caller)

    def generate_character_variant(
        self,
        story_id: str,
        reference_image_id: str,
        prompt: str,
        count: int | None = None,
        keep: int | None = None,
        seed: int | None = None,
        identity_scale: float | None = None,
        look: VisualProfile = NO_LOOK,
    ) -> Run[Asked, Made]:
        """Draws the reference's person in a new scene; the `keep` best pictures (or all) become options of the story's
        cast member. `look` is what they wear there, and the scene's mood and place. The picture that stands for a
        character is helped by those chosen to steer together with it.

        A story in the trash: as for `generate_character`.
        """
        self.library.get_open_story(story_id)
        read = self.library.read_reference(story_id, reference_image_id)
        written, look = clean(prompt), _cleaned(look)
        with all_at_once() as checked:
            checked(_check_prompt, composed(written, *_said(look)))
            checked(check_text, CharacterText(prompt=written, **asdict(look)))
        asked = self._scene(read, written, look)
        context = self._beside(asked, read.story.context)
        request = self.pack.request(
            composed(asked, context),
            _seed(seed),
            count=count,
            identity_scale=identity_scale,
            written=written,
            look=look,
            context=context,
            steering=_steering(read.image_ids),
        )
        check(request)
        self.library.check_room(_pixels(request))
        if keep is not None and not 1 <= keep <= request.count:
            raise InvalidRequest(
                "{keep} of {count} pictures cannot be kept.",
                "Keep 1 to {count} of them, or all.",
                keep=keep,
                count=request.count,
            )

        def work(on_step: OnStep) -> Made:
            maker = self.models.get()
            decider = self.deciders.of(read.character.project_id)
            variants = maker.generate(request, self._reference(read), on_step, decider)
            pictures = _new_pictures(variants, "variant", reference_image_id, read.is_any_uploaded)[:keep]
            member = self.library.keep_variants(story_id, read.character.id, pictures)
            return _made(member, pictures, variants)

        return self.runs.start(self.who, Asked(story_id, read.character.name, request), work, self.caller)

    def draw_again(self, request: PictureRequest) -> Image.Image:
        """A picture as it was drawn, from its own request, in the caller's turn; nothing is kept.

        By the same pack and engine on the same machine it has the same pixels; `changed_since` says whether these are
        the same. Raises InvalidRequest, and NotFound where a reference image is gone.
        """
        references = [self.identities.reference(steering.image_id) for steering in request.steering]
        reference = average(references) if references else None
        maker = self.models.get()
        return self.runs.in_turn(self.caller, lambda: maker.draw_again(request, reference, lambda _: None))

    def changed_since(self, request: PictureRequest) -> tuple[str, ...]:
        """Which of pack, scheduler, size and engine are others now than when the picture was drawn, by the names of
        `PictureRequest`'s fields: drawn again, it may look otherwise. Waits until the models are loaded."""
        usual = replace(self.pack.request(request.prompt, request.seed), engine=self.models.get().engine)
        return differences(request, usual)

    def _person(self, words: str, profile: VisualProfile) -> str:
        vocabulary, said = self.pack.vocabulary, _said(profile)
        if vocabulary:
            words = without(vocabulary, words, overruled(vocabulary, words, composed(*said)))
            said = [unsaid(vocabulary, each, words) for each in said]
        return composed(words, *said)

    def _scene(self, read: ReferenceRead, prompt: str, look: VisualProfile) -> str:
        theirs, scene = read.character.visual_profile, composed(prompt, *_said(look))
        kept = composed(theirs.hair, theirs.face, theirs.body, self._glasses(theirs.accessories, scene))
        if vocabulary := self.pack.vocabulary:
            kept = unsaid(vocabulary, without(vocabulary, kept, overruled(vocabulary, kept, scene)), scene)
        return composed(scene, kept)

    def _beside(self, asked: str, context: str) -> str:
        """What a story's context adds to what is asked for: a scene in a cafe is not in the city at night as well."""
        vocabulary = self.pack.vocabulary
        return composed(without(vocabulary, context, overruled(vocabulary, context, asked)) if vocabulary else context)

    def _glasses(self, accessories: str, scene: str) -> str:
        """Those among the accessories, where the scene says nothing of any."""
        said = self.pack.read(scene)
        if said.phrases.get("accessories") or GLASSES in said.drawn or GLASSES in said.negated:
            return ""
        return ", ".join(part.strip() for part in accessories.split(",") if GLASSES in self.pack.read(part).drawn)

    def _reference(self, read: ReferenceRead) -> Reference:
        """The one person whom all the pictures show, with the first picture."""
        pairs = zip(read.image_ids, read.identities, strict=True)
        identities = [self.identities.complete_of(image_id, kept) for image_id, kept in pairs]
        picture = self.library.get_reference(read.image_ids[0]).picture
        return average([Reference(picture, each, read.character.id) for each in identities])


def _said(look: VisualProfile) -> tuple[str, ...]:
    return look.hair, look.face, look.body, look.outfit, look.accessories, look.other


def _steering(image_ids: Sequence[str]) -> tuple[SteeringImage, ...]:
    main, *others = image_ids
    return SteeringImage(main, "main"), *(SteeringImage(other, "supporting") for other in others)


def _pixels(request: PictureRequest) -> int:
    return request.count * request.width * request.height


def _seed(seed: int | None) -> int:
    return secrets.randbelow(SEEDS) if seed is None else seed


def _new_pictures(
    variants: Variants, source: Source, parent_id: str | None = None, is_mixed: bool = False
) -> list[NewPicture]:
    """Best first, each with the request that it alone was drawn by."""
    return [
        NewPicture(
            picture=variant.picture,
            source=source,
            face=variant.face,
            parent_id=parent_id,
            request=replace(variants.request, place=variant.seed - variants.request.seed),
            likeness=_likeness(variant),
            is_mixed=is_mixed,
        )
        for variant in variants.ranked
    ]


def _likeness(variant: Variant) -> Likeness | None:
    """None for somebody new against whom nothing speaks."""
    if variant.likeness is None and not variant.rejection:
        return None
    return replace(variant.likeness or NOT_COMPARED, rejection=variant.rejection)


def _made(member: CastMember, new: Sequence[NewPicture], variants: Variants) -> Made:
    return Made(member, tuple(picture.id for picture in new), variants.ranked, variants.request, variants.reading)


def _check_prompt(cleaned: str) -> None:
    """What is found out after the pictures are drawn loses them."""
    if not cleaned:
        raise InvalidRequest("The prompt is empty.", "Describe the picture in a few words.", at="prompt")


def _cleaned(profile: VisualProfile) -> VisualProfile:
    return VisualProfile(**{part: clean(text) for part, text in asdict(profile).items()})
