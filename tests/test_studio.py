"""The verbs, on a real library and on models whose answers can be worked out by eye (tests/fakes.py)."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest
from fakes import (
    BLACK,
    BLUE,
    CALIBRATION,
    GREEN,
    JUDGE,
    RED,
    STEERING,
    Asked,
    FakeFaces,
    FakeGenerator,
    draw_the_reference,
    fake_pack,
    flat,
    studio_of,
)
from PIL import Image

from errors import ChangedElsewhere, InvalidRequest, NoFaceFound, NotFound, PackUnavailable, Stopped, UnreadablePicture
from library_store.library import CharacterLibrary
from library_store.records import LOCAL_OWNER, CastMember, CharacterText, NewPicture, Story, VisualProfile
from library_store.store import LibraryStore
from pipeline.request import PictureRequest, SteeringImage
from pipeline.values import NOT_COMPARED, AnotherFace, Missing, Reference, Step
from pipeline.variants import OnStep, VariantMaker
from pipeline.vocabulary import Vocabulary
from studio import Models, Studio
from studio.drawing import Made
from studio.runs import Run, Runs

LOOKS = VisualProfile(hair="red hair", face="freckles", body="tall", outfit="hoodie", accessories="scarf", other="cat")


@pytest.fixture
def generator() -> FakeGenerator:
    return FakeGenerator()


@pytest.fixture
def studio(store: LibraryStore, generator: FakeGenerator) -> Studio:
    return studio_with(store, generator)


def studio_with(store: LibraryStore, generator: object) -> Studio:
    pack = fake_pack()
    return studio_of(store, pack, lambda: VariantMaker(generator, FakeFaces(), pack))


@pytest.fixture
def story(studio: Studio) -> Story:
    return studio.library.create_story(studio.library.create_project("Moonlit Cafe").id, "Night shift", "rainy night")


class StopsItself(FakeGenerator):
    """Stops the newest run before it draws the picture of this seed, as a creator who presses Stop in that moment."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.runs: Runs[Asked, Made] | None = None
        self._at = seed

    def generate(self, request: PictureRequest, reference: Reference | None, on_step: OnStep) -> list[Image.Image]:
        if request.seed == self._at:
            self.runs.list(LOCAL_OWNER.name)[0].stop()
        return super().generate(request, reference, on_step)


def stops_itself(store: LibraryStore, seed: int) -> Studio:
    generator = StopsItself(seed)
    studio = studio_with(store, generator)
    generator.runs = studio.runs
    return studio


def finished(run: Run[Asked, Made]) -> Made:
    *_, made = run
    assert isinstance(made, Made)
    return made


def hana(studio: Studio, story: Story, **choices: object) -> CastMember:
    return finished(studio.drawing.generate_character(story.id, "Hana", "a girl", LOOKS, seed=0, **choices)).member


def test_an_empty_installation_starts_with_a_story(studio: Studio) -> None:
    first = studio.library.ensure_a_story()
    assert studio.library.ensure_a_story() == first
    assert [project.id for project in studio.library.list_projects()] == [first.project_id]


def at_once(works: list[Callable[[], object]]) -> list[object]:
    """What each gives or raises."""
    begin = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        begin.wait(10)
        try:
            return work()
        except ChangedElsewhere as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_a_new_title_leaves_the_context_that_somebody_writes_at_the_same_time(studio: Studio, story: Story) -> None:
    titles = [partial(studio.library.update_story, story.id, f"Title {i}") for i in range(7)]
    for context in ("snow", "fog", "sun"):
        at_once([*titles, partial(studio.library.update_story, story.id, context=context)])
        assert studio.library.get_story(story.id).context == context


def test_of_those_who_replace_one_context_at_the_same_time_one_succeeds(studio: Studio, story: Story) -> None:
    contexts = [f"context {i}" for i in range(8)]
    outcomes = at_once(
        [
            partial(studio.library.update_story, story.id, context=context, instead_of=story.context)
            for context in contexts
        ]
    )
    [changed] = [outcome for outcome in outcomes if isinstance(outcome, Story)]
    assert studio.library.get_story(story.id) == changed


def test_a_new_characters_prompt_is_the_prompt_then_all_looks_then_the_context(studio: Studio, story: Story) -> None:
    made = finished(studio.drawing.generate_character(story.id, "Hana", " a girl, ", LOOKS, seed=0))
    assert made.request.prompt == "a girl, red hair, freckles, tall, hoodie, scarf, cat, rainy night"


def test_a_variants_prompt_is_the_scene_then_who_it_is_then_the_context(studio: Studio, story: Story) -> None:
    member = hana(studio, story)
    made = finished(studio.drawing.generate_character_variant(story.id, member.active_image_id, "spacesuit"))
    assert made.request.prompt == "spacesuit, red hair, freckles, tall, rainy night"


def test_of_what_is_said_otherwise_one_is_drawn_scene_before_person_before_context(store: LibraryStore) -> None:
    groups = {
        "hair": {"bob hair": (), "long hair": ()}, "hair colour": {"red hair": (), "blue hair": ()},
        "body": {"girl": (), "tall": ()}, "background": {"cafe": (), "rainy night": ()},
    }  # fmt: skip
    pack = fake_pack(vocabulary=Vocabulary(groups, ("a", "with", "in")))
    studio = studio_of(store, pack, lambda: VariantMaker(FakeGenerator(), FakeFaces(), pack))
    story = studio.library.create_story(studio.library.create_project("Moonlit Cafe").id, "Night shift", "rainy night")
    looks = VisualProfile("bob hair, red hair", body="girl, tall")

    made = finished(studio.drawing.generate_character(story.id, "Hana", "a girl with long blue hair", looks, count=1))
    assert made.request.prompt == "a girl, bob hair, red hair, tall, rainy night"
    assert made.request.written == "a girl with long blue hair"
    made = finished(studio.drawing.generate_character_variant(story.id, made.image_ids[0], "long hair in a cafe", 1))
    assert (made.request.prompt, made.request.context) == ("long hair in a cafe, red hair, girl, tall", "")


def test_a_generated_character_is_kept_with_all_that_made_it(studio: Studio, story: Story) -> None:
    member = hana(studio, story, count=3)
    assert [option.image.seed for option in member.options] == [0, 1, 2]
    assert member.active_image_id == member.options[0].image.id == member.character.canonical_image_id
    image = member.options[0].image
    assert (image.source, image.pack, image.parent_id) == ("generated", "fake", None)
    assert image.request is not None
    assert image.request.steps == fake_pack().defaults.steps
    assert image.likeness is None


def test_pictures_without_a_face_come_last(store: LibraryStore) -> None:
    studio = studio_with(store, FakeGenerator(lambda request, seed: flat(BLACK if seed == 0 else RED)))
    member = hana(studio, studio.library.ensure_a_story(), count=2)
    assert [option.image.seed for option in member.options] == [1, 0]


def test_without_a_seed_chance_decides_and_is_written_down(
    studio: Studio, story: Story, generator: FakeGenerator
) -> None:
    finished(studio.drawing.generate_character(story.id, "Hana", "a girl"))
    made = finished(studio.drawing.generate_character(story.id, "Mina", "a girl"))
    first, second = (request.seed for request in generator.requests)
    assert first != second
    assert {option.image.seed for option in made.options} == {second, second + 1}


def test_variants_join_the_cast_ranked_and_judged(store: LibraryStore) -> None:
    def draw(request: Asked, seed: int) -> object:
        return flat(RED if request.reference is None or seed % 2 else BLUE)

    studio = studio_with(store, FakeGenerator(draw))
    story = studio.library.ensure_a_story()
    member = hana(studio, story)
    made = finished(studio.drawing.generate_character_variant(story.id, member.active_image_id, "moon", 2, seed=10))
    assert [option.image.likeness.band for option in made.options] == ["same person", "another person"]
    assert [option.image.seed for option in made.options] == [11, 10]
    assert made.options[0].image.likeness.encoder == JUDGE
    assert made.options[0].image.parent_id == member.active_image_id
    assert made.options[0].image.request.main_image_id == member.active_image_id
    assert made.member.id == member.id
    assert made.member.active_image_id == member.active_image_id


def test_of_many_variants_the_best_are_kept_and_all_are_told(store: LibraryStore) -> None:
    def draw(request: Asked, seed: int) -> object:
        return flat(RED if request.reference is None or seed in (12, 15) else BLUE, 60 + seed)

    studio = studio_with(store, FakeGenerator(draw))
    story = studio.library.ensure_a_story()
    member = hana(studio, story, count=1)
    made = finished(
        studio.drawing.generate_character_variant(story.id, member.active_image_id, "moon", 6, keep=2, seed=10)
    )
    assert [option.image.seed for option in made.options] == [12, 15]
    assert len(made.member.options) == 3
    assert [variant.seed for variant in made.ranked] == [12, 15, 10, 11, 13, 14]
    assert not made.stopped


def test_fewer_than_were_to_be_kept_are_kept_where_a_run_is_stopped(store: LibraryStore, story: Story) -> None:
    studio = stops_itself(store, seed=14)
    image_id = hana(studio, story).active_image_id
    made = finished(studio.drawing.generate_character_variant(story.id, image_id, "moon", 8, keep=6, seed=10))
    assert (made.stopped, len(made.options)) == (True, 4)


def test_what_is_new_is_told_by_its_id_and_not_by_its_place(studio: Studio, story: Story, tmp_path: Path) -> None:
    """An option that came from a machine whose clock is ahead stays the last."""
    member = hana(studio, story, count=1)
    with sqlite3.connect(tmp_path / "castbook.db") as database:
        database.execute("UPDATE cast_options SET added_at = '2999-01-01 00:00:00.000000'")

    made = finished(studio.drawing.generate_character_variant(story.id, member.active_image_id, "moon", 2))

    assert len(made.member.options) == 3
    assert made.member.options[-1].image.id == member.active_image_id
    assert {option.image.source for option in made.options} == {"variant"}


def test_a_picture_need_not_show_the_storys_context(store: LibraryStore) -> None:
    class Reader:
        prompts: ClassVar[list[str]] = []

        def missing(self, picture: Image.Image, prompt: str) -> tuple[str, ...]:
            self.prompts.append(prompt)
            return ()

    pack = fake_pack()
    studio = studio_of(store, pack, lambda: VariantMaker(FakeGenerator(), FakeFaces(), pack, Reader()))
    story = studio.library.create_story(studio.library.create_project("Moonlit Cafe").id, "Night shift", "rainy night")

    member = hana(studio, story, count=1)
    made = finished(studio.drawing.generate_character_variant(story.id, member.active_image_id, "spacesuit", 1))

    assert made.request.prompt == "spacesuit, red hair, freckles, tall, rainy night"
    assert Reader.prompts == [
        "a girl, red hair, freckles, tall, hoodie, scarf, cat",
        "spacesuit, red hair, freckles, tall",
    ]


def test_what_no_database_takes_is_taken_out_before_it_is_drawn(
    studio: Studio, story: Story, generator: FakeGenerator
) -> None:
    looks = VisualProfile(hair="red\0 hair", face="\udc00 freckles")
    member = finished(studio.drawing.generate_character(story.id, "Hana", "a girl\0 \ud83d", looks, seed=0)).member
    made = finished(studio.drawing.generate_character_variant(story.id, member.active_image_id, "\0moon \ud83d"))

    drawn = ["a girl ?, red hair, ? freckles, rainy night", "moon ?, red hair, ? freckles, rainy night"]
    assert [request.prompt for request in generator.requests] == drawn
    requests = [option.image.request for option in (member.options[0], made.options[0])]
    assert [request.written for request in requests] == ["a girl ?", "moon ?"]
    assert requests[0].look.hair == "red hair"


@pytest.mark.parametrize("keep", [0, 3])
def test_to_keep_none_or_more_than_are_drawn_is_refused(studio: Studio, story: Story, keep: int) -> None:
    with pytest.raises(InvalidRequest, match="Keep 1 to 2"):
        finished(
            studio.drawing.generate_character_variant(
                story.id, hana(studio, story).active_image_id, "moon", 2, keep=keep
            )
        )


def test_why_a_variant_was_rejected_is_kept_with_it(store: LibraryStore) -> None:
    studio = studio_with(store, FakeGenerator(lambda request, seed: flat(BLUE if request.reference else RED)))
    story = studio.library.ensure_a_story()
    made = finished(studio.drawing.generate_character_variant(story.id, hana(studio, story).active_image_id, "moon", 1))
    kept = studio.library.get_image(made.image_ids[0])
    assert kept.likeness.rejection == made.ranked[0].rejection == (AnotherFace(0.0, 0.1),)


def test_what_becomes_of_a_picture_is_the_same_in_the_run_and_in_the_library(store: LibraryStore) -> None:
    colours = (RED, BLUE, BLUE)
    studio = studio_with(
        store, FakeGenerator(lambda request, seed: flat(colours[seed % 3] if request.reference else RED))
    )
    story = studio.library.ensure_a_story()
    image_id = hana(studio, story, count=1).active_image_id
    made = finished(studio.drawing.generate_character_variant(story.id, image_id, "moon", 3, keep=2, seed=0))
    assert [made.verdict(place) for place in range(3)] == ["kept", "set aside", "dropped"]
    assert [option.image.verdict for option in made.options] == ["kept", "set aside"]


def test_what_somebody_new_lacks_is_kept_with_the_picture(store: LibraryStore) -> None:
    class Wishes:
        def missing(self, picture: Image.Image, prompt: str) -> tuple[str, ...]:
            return ("hat",) if picture.getpixel((5, 5)) == RED else ()

    maker = VariantMaker(FakeGenerator(), FakeFaces(), fake_pack(), Wishes())
    studio = studio_of(store, fake_pack(), lambda: maker)
    member = hana(studio, studio.library.ensure_a_story())
    green, red = [option.image for option in member.options]
    assert member.active_image_id == green.id and green.likeness is None
    assert red.likeness == replace(NOT_COMPARED, rejection=(Missing(("hat",)),)) and red.verdict == "kept"


def test_finished_pictures_are_shown_while_others_are_drawn(store: LibraryStore) -> None:
    shown: list[int] = []

    class Looked(FakeGenerator):
        def generate(self, request: PictureRequest, reference: Reference | None, on_step: OnStep) -> list[Image.Image]:
            def report(step: Step) -> None:
                on_step(step)
                shown.append(len(studio.runs.list(LOCAL_OWNER.name)[0].latest.finished))

            return super().generate(request, reference, report)

    studio = studio_with(store, Looked())
    finished(studio.drawing.generate_character(studio.library.ensure_a_story().id, "Hana", "a girl", count=8))
    assert shown == [0] * 4 + [4] * 4


def test_pictures_chosen_to_steer_together_with_the_canonical_one_are_averaged(
    studio: Studio, story: Story, generator: FakeGenerator
) -> None:
    pictures = [NewPicture(flat(colour), "uploaded") for colour in (RED, GREEN, BLUE)]
    member = studio.library.create_character(story.id, "Hana", pictures, "generated")
    canonical, second, third = (option.image.id for option in member.options)
    studio.faces.set_steering(member.character.id, [second])

    made = finished(studio.drawing.generate_character_variant(story.id, canonical, "moon"))
    finished(studio.drawing.generate_character_variant(story.id, third, "moon"))

    together, alone = (request.reference.identities[0].embedding[:3] for request in generator.requests)
    assert list(together) == pytest.approx([0.5**0.5, 0.5**0.5, 0])
    assert list(alone) == pytest.approx([0, 0, 1])
    assert made.options[0].image.request.steering == (
        SteeringImage(canonical, "main"),
        SteeringImage(second, "supporting"),
    )
    assert made.options[0].image.parent_id == canonical


def test_a_picture_without_a_face_cannot_steer(studio: Studio, story: Story) -> None:
    pictures = [NewPicture(flat(colour), "uploaded") for colour in (RED, GREEN, BLACK)]
    member = studio.library.create_character(story.id, "Hana", pictures, "generated")
    canonical, green, faceless = (option.image.id for option in member.options)
    studio.faces.set_steering(member.character.id, [green])

    with pytest.raises(InvalidRequest, match="No face was found in reference picture 2"):
        studio.faces.set_steering(member.character.id, [green, faceless])

    assert studio.library.list_steering(member.character.id) == [green]
    finished(studio.drawing.generate_character_variant(story.id, canonical, "moon"))


def test_variants_in_another_story_make_a_member_there_with_the_best_one_active(studio: Studio, story: Story) -> None:
    member = hana(studio, story)
    other = studio.library.create_story(story.project_id, "Day off", "sunny")
    made = finished(studio.drawing.generate_character_variant(other.id, member.active_image_id, "beach"))
    assert made.request.prompt.endswith("sunny")
    assert made.member.active_image_id == made.image_ids[0]
    assert len(studio.library.list_cast(story.id)[0].options) == len(member.options)


def test_saved_in_one_story_found_in_the_projects_library(studio: Studio, story: Story) -> None:
    member = hana(studio, story)
    assert studio.library.list_library(story.project_id) == []
    studio.library.save_character(
        member.id, member.options[1].image.id, CharacterText(description="a sailor", prompt="her prompt", hair="short")
    )
    [saved] = studio.library.list_library(story.project_id, "sailor")
    assert saved.canonical_image_id == member.options[1].image.id
    assert (saved.prompt, saved.visual_profile.hair) == ("her prompt", "short")


def test_loading_links_the_very_picture_and_draws_nothing(
    studio: Studio, story: Story, generator: FakeGenerator
) -> None:
    member = hana(studio, story)
    other = studio.library.create_story(story.project_id, "Day off")
    loaded = studio.library.link_image(other.id, member.active_image_id)
    assert loaded.active_image_id == member.active_image_id
    assert [option.how for option in loaded.options] == ["loaded"]
    assert len(generator.requests) == 1


def test_removing_from_a_story_leaves_the_library_whole(studio: Studio, story: Story) -> None:
    member = hana(studio, story)
    studio.library.save_character(member.id, member.active_image_id)
    studio.library.remove_option(member.id, member.active_image_id)
    assert len(studio.library.list_library(story.project_id)) == 1
    assert studio.library.link_image(story.id, member.active_image_id).id == member.id


def test_an_own_picture_becomes_a_character(studio: Studio, story: Story, tmp_path: Path) -> None:
    flat(RED).save(tmp_path / "me.png")
    member = studio.faces.upload_character(story.id, "Me", tmp_path / "me.png", VisualProfile(hair="grey"))
    assert member.options[0].image.source == "uploaded"
    reference = studio.library.get_reference(member.active_image_id)
    assert [identity.encoder for identity in reference.identities] == [STEERING, JUDGE]


def test_a_picture_without_a_face_is_refused_and_nothing_is_kept(studio: Studio, story: Story, tmp_path: Path) -> None:
    flat(BLACK).save(tmp_path / "wall.png")
    with pytest.raises(NoFaceFound):
        studio.faces.upload_character(story.id, "Wall", tmp_path / "wall.png")
    assert studio.library.list_cast(story.id) == []


def test_a_text_file_named_png_is_refused(studio: Studio, story: Story, tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("dear diary")
    with pytest.raises(UnreadablePicture):
        studio.faces.upload_character(story.id, "Notes", tmp_path / "notes.png")


def test_a_reference_that_no_encoder_has_seen_is_looked_at_and_remembered(studio: Studio, story: Story) -> None:
    unseen = studio.library.create_character(story.id, "Old", [NewPicture(flat(RED), "uploaded")], "generated")
    made = finished(studio.drawing.generate_character_variant(story.id, unseen.active_image_id, "moon"))
    assert made.options[0].image.likeness.band == "same person"
    assert len(studio.library.get_reference(unseen.active_image_id).identities) == 2


def test_a_reference_without_a_face_is_said_to_have_none(studio: Studio, story: Story) -> None:
    faceless = studio.library.create_character(story.id, "Wall", [NewPicture(flat(BLACK), "uploaded")], "generated")
    with pytest.raises(NoFaceFound):
        finished(studio.drawing.generate_character_variant(story.id, faceless.active_image_id, "moon"))


@pytest.mark.parametrize("count", [0, 9, -1])
def test_a_count_out_of_bounds_is_refused(studio: Studio, story: Story, count: int) -> None:
    with pytest.raises(InvalidRequest, match="1 to 8"):
        hana(studio, story, count=count)


@pytest.mark.parametrize(("name", "prompt"), [("Hana", " \n"), ("  ", "a girl"), ("Hana", "\0"), ("\0", "a girl")])
def test_an_empty_prompt_or_name_is_refused_before_anything_is_drawn(
    studio: Studio, story: Story, generator: FakeGenerator, name: str, prompt: str
) -> None:
    with pytest.raises(InvalidRequest):
        finished(studio.drawing.generate_character(story.id, name, prompt, LOOKS))
    assert generator.requests == []


UNKNOWN: list[Callable[[Studio, str], object]] = [
    lambda studio, id: studio.library.create_story("nowhere", "Title"),
    lambda studio, id: list(studio.drawing.generate_character("nowhere", "Hana", "a girl")),
    lambda studio, id: list(studio.drawing.generate_character_variant("nowhere", id, "moon")),
    lambda studio, id: list(
        studio.drawing.generate_character_variant(studio.library.ensure_a_story().id, "nobody", "moon")
    ),
    lambda studio, id: studio.library.link_image(studio.library.ensure_a_story().id, "nobody"),
    lambda studio, id: studio.library.save_character("nobody", id),
    lambda studio, id: studio.library.list_cast("nowhere"),
    lambda studio, id: studio.library.list_library("nowhere"),
]


@pytest.mark.parametrize("verb", UNKNOWN)
def test_an_unknown_id_is_said_to_be_unknown(
    studio: Studio, story: Story, verb: Callable[[Studio, str], object]
) -> None:
    with pytest.raises(NotFound):
        verb(studio, hana(studio, story).active_image_id)


def test_a_character_of_another_project_is_refused(studio: Studio, story: Story) -> None:
    member = hana(studio, story)
    elsewhere = studio.library.create_story(studio.library.create_project("Iron Seoul").id, "One")
    with pytest.raises(InvalidRequest, match="another project"):
        finished(studio.drawing.generate_character_variant(elsewhere.id, member.active_image_id, "moon"))


def test_stopping_keeps_the_batches_that_were_finished(store: LibraryStore, story: Story) -> None:
    studio = stops_itself(store, seed=4)
    made = finished(studio.drawing.generate_character(story.id, "Hana", "a girl", count=8, seed=0))
    assert made.stopped
    assert len(made.options) == 4


def test_stopping_before_anything_is_finished_keeps_nothing(
    store: LibraryStore, library: CharacterLibrary, story: Story
) -> None:
    studio = stops_itself(store, seed=0)
    with pytest.raises(Stopped):
        finished(studio.drawing.generate_character(story.id, "Hana", "a girl", seed=0))
    assert studio.library.list_cast(story.id) == []


def test_nothing_is_drawn_for_a_story_in_the_trash(studio: Studio, story: Story) -> None:
    image_id = hana(studio, story).active_image_id
    for trash, restore, id in (
        (studio.library.trash_story, studio.library.restore_story, story.id),
        (studio.library.trash_project, studio.library.restore_project, story.project_id),
    ):
        trash(id)
        with pytest.raises(InvalidRequest, match="in the trash"):
            studio.drawing.generate_character(story.id, "Mina", "a girl")
        with pytest.raises(InvalidRequest, match="in the trash"):
            studio.drawing.generate_character_variant(story.id, image_id, "moon")
        restore(id)


def test_what_was_drawn_while_its_story_went_to_the_trash_is_kept_there(
    store: LibraryStore, library: CharacterLibrary
) -> None:
    story = library.ensure_a_story()

    def draw_and_trash(request: Asked, seed: int) -> Image.Image:
        library.trash_story(story.id)
        return draw_the_reference(request, seed)

    studio = studio_with(store, FakeGenerator(draw_and_trash))
    member = hana(studio, story, count=1)
    library.restore_story(story.id)
    made = finished(studio.drawing.generate_character_variant(story.id, member.active_image_id, "moon", 2))

    assert library.is_in_trash(story.id)
    library.restore_story(story.id)
    assert [len(member.options) for member in library.list_cast(story.id)] == [3]
    assert len(made.options) == 2


def test_words_that_the_pack_does_not_know_are_named(store: LibraryStore) -> None:
    pack = fake_pack(vocabulary=Vocabulary({"outfit": {"spacesuit": ("astronaut suit",)}}, ("in", "a")))
    studio = studio_of(store, pack, lambda: VariantMaker(FakeGenerator(), FakeFaces(), pack))
    made = finished(
        studio.drawing.generate_character(
            studio.library.ensure_a_story().id, "Hana", "astronaut in a spacesuit, zeppelin"
        )
    )
    assert made.reading.unknown == ("zeppelin",)
    assert made.reading.half_said == {"astronaut": ("astronaut suit",)}


def test_models_load_once_and_behind_the_page() -> None:
    loads: list[int] = []
    released = threading.Event()
    pack = fake_pack(calibration=CALIBRATION)

    def load() -> VariantMaker:
        loads.append(1)
        assert released.wait(5)
        return VariantMaker(FakeGenerator(), FakeFaces(), pack)

    models = Models(load)
    models.start()
    models.start()
    assert not models.ready
    released.set()
    assert models.get() is models.get()
    assert models.ready
    assert loads == [1]


def test_models_that_cannot_be_loaded_are_said_to_be_unavailable(caplog: pytest.LogCaptureFixture) -> None:
    models = Models(lambda: 1 / 0)
    with pytest.raises(PackUnavailable):
        models.get()
    assert not models.ready
    assert isinstance(models.failure, PackUnavailable)
    assert "ZeroDivisionError" in caplog.text


def test_page_studio_and_library_load_without_torch_and_insightface() -> None:
    code = "import sys, ui, studio, library_store; print({'torch', 'insightface', 'diffusers'} & set(sys.modules))"
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
