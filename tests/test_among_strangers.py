"""A project's own characters as strangers, and what the page says of a face that was read against them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import (
    BLUE,
    CALIBRATION,
    GREEN,
    JUDGE,
    RED,
    FakeFaces,
    FakeGenerator,
    fake_pack,
    flat,
    studio_of,
)

from library_store.library import CharacterLibrary
from library_store.records import CastMember, NewPicture, Story
from library_store.store import LibraryStore
from pipeline.cohort import Cohort
from pipeline.likeness import OwnLines
from pipeline.packs import Pack
from pipeline.values import Against, Face
from pipeline.variants import VariantMaker
from studio import Studio
from studio.drawing import Made
from ui.library.character_upkeep import _what_merging_does
from ui.library.gallery import _search_note
from ui.likeness.tab import _meaning
from ui.story.upload_form import _warning
from ui.words import how_near

ROSE, LIME = (255, 12, 12), (12, 255, 12)  # so near to red and green that they stand out among all other colours
LINES = {0.1: 1.0, 0.01: 1.3, 0.001: 1.6}


def colours() -> Cohort:
    """300 strangers, and none of them red, green or blue."""
    faces = np.zeros((300, 512), np.float32)
    faces[:, :3] = np.random.default_rng(0).uniform(0.3, 1, (300, 3))
    return Cohort(JUDGE, faces / np.linalg.norm(faces, axis=1, keepdims=True), np.arange(300) % 3, ("a", "b", "c"))


@pytest.fixture(scope="module")
def pack() -> Pack:
    calibration = replace(
        CALIBRATION, score="normalised", thresholds=LINES, own_lines=(OwnLines(200, LINES),), reachable=0.9999,
        genuine_quantiles={0.05: 1.0, 0.95: 3.0},
    )  # fmt: skip
    return replace(fake_pack(None), calibration=calibration, cohort=colours())


@pytest.fixture
def studio(store: LibraryStore, pack: Pack) -> Studio:
    return studio_of(store, pack, lambda: VariantMaker(FakeGenerator(), FakeFaces(), pack))


@pytest.fixture
def story(studio: Studio) -> Story:
    return studio.library.ensure_a_story()


def face_of(colour: tuple[int, int, int]) -> Face:
    return FakeFaces().faces(flat(colour))[0]


def saved(studio: Studio, story: Story, name: str, *colours: tuple[int, int, int]) -> CastMember:
    pictures = [NewPicture(flat(colour), "uploaded", face_of(colour)) for colour in colours]
    member = studio.library.create_character(story.id, name, pictures, "generated")
    studio.library.save_character(member.id, member.options[0].image.id)
    return member


# Whom the library has


def names_of(library: CharacterLibrary, project_id: str) -> list[str]:
    return [library.get_character(id).name for id in library.saved_people(project_id, JUDGE).ids]


def test_each_saved_character_is_there_once_by_the_picture_that_stands_for_them(studio: Studio, story: Story):
    saved(studio, story, "Hana", RED, ROSE)
    saved(studio, story, "Mina", GREEN)
    studio.library.create_character(
        story.id, "Unsaved", [NewPicture(flat(BLUE), "uploaded", face_of(BLUE))], "generated"
    )

    people = studio.library.saved_people(story.project_id, JUDGE)

    assert names_of(studio.library, story.project_id) == ["Hana", "Mina"]
    assert people.embeddings[:, :3] == pytest.approx(np.eye(3)[:2])
    assert studio.library.saved_people(story.project_id, "another").ids == ()


def test_they_are_found_out_anew_when_one_is_saved_merged_trashed_or_gets_another_main_picture(
    studio: Studio, story: Story
):
    hana, mina = saved(studio, story, "Hana", RED, ROSE), saved(studio, story, "Mina", GREEN)
    first = studio.library.saved_people(story.project_id, JUDGE)
    assert studio.library.saved_people(story.project_id, JUDGE) is first
    assert studio.faces.deciders.of(story.project_id) is studio.faces.deciders.of(story.project_id)

    decider = studio.faces.deciders.of(story.project_id)
    studio.library.set_canonical(hana.character.id, hana.options[1].image.id)
    assert studio.library.saved_people(story.project_id, JUDGE).embeddings[0, 1] > 0
    assert studio.faces.deciders.of(story.project_id) is not decider
    studio.library.merge_characters(hana.character.id, mina.character.id)
    assert names_of(studio.library, story.project_id) == ["Hana"]
    studio.library.trash_character(hana.character.id)
    assert names_of(studio.library, story.project_id) == []


# What is said


def test_a_search_finds_who_it_is_and_says_so_when_nobody_is(studio: Studio, story: Story):
    saved(studio, story, "Hana", RED)
    saved(studio, story, "Mina", GREEN)

    found = studio.faces.search_by_face(face_of(ROSE), story.project_id)
    assert [match.character.name for match in found.matches] == ["Hana", "Mina"]
    assert [match.judgement.band for match in found.matches] == ["same person", "another person"]
    assert (found.nobody_passes, _search_note(found)) == (False, "")

    nobody = studio.faces.search_by_face(face_of((200, 190, 180)), story.project_id)
    assert len(nobody.matches) == 2 and nobody.nobody_passes
    assert _search_note(nobody) == "**Nobody here looks like this.** These are the nearest."
    assert how_near(0.99, found.matches[0].judgement) == "Same person"


def test_an_empty_library_does_not_say_that_nobody_looks_like_this(studio: Studio, story: Story):
    found = studio.faces.search_by_face(face_of(RED), story.project_id)

    assert (found.matches, found.nobody_passes) == ((), False)
    assert _search_note(found) == "Nobody is saved yet whose face could be compared."


def test_a_search_says_when_the_judge_cannot_tell_them_apart(store: LibraryStore, pack: Pack, story: Story):
    uniform = replace(pack, calibration=replace(pack.calibration, thresholds={0.1: 50.0, 0.01: 60.0}, own_lines=None))
    studio = studio_of(store, uniform, lambda: VariantMaker(FakeGenerator(), FakeFaces(), uniform))
    saved(studio, story, "Hana", RED)

    found = studio.faces.search_by_face(face_of(ROSE), story.project_id)

    assert found.cannot_tell
    assert _search_note(found) == "The judge cannot tell people of this drawing style apart. These are the nearest."


def test_look_alikes_are_warned_of_by_name_alone(studio: Studio, story: Story):
    saved(studio, story, "Hana", RED)
    mina = saved(studio, story, "Mina", GREEN)

    alike = studio.faces.look_alikes(face_of(ROSE), story.project_id)

    assert [match.character.name for match in alike] == ["Hana"]
    assert "**Hana** has nearly the same face" in _warning(alike)
    assert studio.faces.look_alikes_of(mina.options[0].image.id) == []


def test_two_characters_who_are_one_are_found_although_each_is_a_stranger_to_others(studio: Studio, story: Story):
    hana, again = saved(studio, story, "Hana", RED), saved(studio, story, "Hana again", ROSE)
    mina = saved(studio, story, "Mina", GREEN)

    assert studio.faces.are_two(hana.character.id, again.character.id) is None
    assert studio.faces.are_two(hana.character.id, mina.character.id).band == "another person"
    doubt = _what_merging_does(studio, hana.character, mina.character)
    assert doubt.startswith("**Are they one person?** By the faces that stand for them, the judge sees two.")
    assert "Are they one person" not in _what_merging_does(studio, hana.character, again.character)


def test_a_picture_of_somebody_else_is_pointed_out(studio: Studio, story: Story):
    hana = saved(studio, story, "Hana", RED, ROSE, GREEN)

    [outlier] = studio.faces.outliers(hana.character.id)

    assert outlier.image_id == hana.options[2].image.id
    assert outlier.score is not None and outlier.score < outlier.threshold


def test_a_library_check_counts_by_what_decides(studio: Studio, story: Story):
    for name, colour in {"Hana": RED, "Hana again": ROSE, "Mina": GREEN, "Sora": BLUE}.items():
        saved(studio, story, name, colour)

    check = studio.trust.check_library(story.project_id)

    assert (check.same_person.pairs, check.same_person.passed) == (6, 1)
    [pair] = check.most_alike
    assert {pair.one.name, pair.other.name} == {"Hana", "Hana again"}
    assert pair.similarity == pytest.approx(0.998, abs=0.01)


def test_a_variant_is_read_against_all_saved_characters_but_its_own(studio: Studio, story: Story):
    hana = saved(studio, story, "Hana", RED)
    saved(studio, story, "Mina", GREEN)

    *_, made = studio.drawing.generate_character_variant(story.id, hana.options[0].image.id, "a hat", count=1, seed=0)

    assert isinstance(made, Made)
    likeness = made.options[0].image.likeness
    assert (likeness.band, likeness.against) == ("same person", Against(300, 3, 2))
    assert likeness.score == pytest.approx(
        studio.faces.deciders.of(story.project_id)
        .decide(*[face_of(RED).identities[1]] * 2, hana.character.id, hana.character.id).score,
        abs=1e-3,
    )  # fmt: skip


def test_the_likeness_tab_says_what_a_likeness_is_read_against_or_that_it_is_of_the_older_kind(
    studio: Studio, store: LibraryStore
):
    assert "read against strangers: 300 people by 3 hands" in _meaning(studio)
    assert "It is of the older kind" in _meaning(studio_of(store, fake_pack(), lambda: VariantMaker))
