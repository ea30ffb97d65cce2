"""A pack with two judges: one for what it drew itself, one for all other pictures."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import CALIBRATION, JUDGE, RED, STEERING, FakeFaces, FakeGenerator, fake_pack, flat, studio_of

from errors import PackUnavailable
from library_store.library import CharacterLibrary
from library_store.records import CastMember, NewPicture, Story
from library_store.store import LibraryStore
from pipeline.packs import Judge, Pack, load_pack
from pipeline.values import Likeness
from pipeline.variants import VariantMaker
from settings import BUILT_IN_PACKS
from studio import Studio

OWN_HAND = "fake-own-hand"
ORANGE = (255, 150, 0)  # like red by 0.86: the same person to the own hand's judge, and to no other


@pytest.fixture
def pack() -> Pack:
    own = replace(CALIBRATION, encoder=OWN_HAND, thresholds={0.1: 0.5, 0.01: 0.7, 0.001: 0.8})
    strict = replace(CALIBRATION, thresholds={0.1: 0.85, 0.01: 0.95, 0.001: 0.99})
    return replace(fake_pack(strict), own_hand=Judge("own", OWN_HAND), own_calibration=own)


@pytest.fixture
def studio(store: LibraryStore, pack: Pack) -> Studio:
    draw_orange = FakeGenerator(lambda request, seed: flat(RED if request.reference is None else ORANGE))
    return studio_of(store, pack, lambda: VariantMaker(draw_orange, FakeFaces(own_hand=OWN_HAND), pack))


@pytest.fixture
def drawn(studio: Studio, story: Story) -> CastMember:
    """Somebody whom the pack drew."""
    *_, made = studio.drawing.generate_character(story.id, "Hana", "red", count=1, seed=0)
    return made.member


@pytest.fixture
def uploaded(studio: Studio, story: Story, tmp_path: Path) -> CastMember:
    """Somebody whom an artist drew, just as red."""
    flat(RED).save(tmp_path / "hers.png")
    return studio.faces.upload_character(story.id, "Mina", tmp_path / "hers.png")


def shown(member: CastMember) -> str:
    return member.options[0].image.id


def likeness_of_a_variant(studio: Studio, story: Story, member: CastMember) -> Likeness:
    *_, made = studio.drawing.generate_character_variant(story.id, shown(member), "a hat", count=1, seed=3)
    [variant] = made.ranked
    assert variant.likeness
    return variant.likeness


def test_two_pictures_of_its_own_are_judged_by_the_own_hands_lines(studio, story, drawn):
    likeness = likeness_of_a_variant(studio, story, drawn)
    assert (likeness.encoder, likeness.band) == (OWN_HAND, "same person")


def test_a_variant_of_an_artists_picture_is_judged_as_any_other_hand(studio, story, uploaded):
    likeness = likeness_of_a_variant(studio, story, uploaded)
    assert (likeness.encoder, likeness.band) == (JUDGE, "unsure")


def test_the_own_hands_judge_never_sees_what_another_hand_drew(library, studio, drawn, uploaded):
    for member, encoders in ((drawn, {STEERING, JUDGE, OWN_HAND}), (uploaded, {STEERING, JUDGE})):
        library.save_character(member.id, shown(member))
        assert _encoders(library, shown(member)) == encoders


def test_what_came_without_identities_is_looked_at_by_those_it_is_for(library, studio, pack, story, drawn, uploaded):
    """As after an import: who drew it stands in its request."""
    drawn_too = replace(library.get_image(shown(drawn)).request, pack="another pack")
    pictures = [
        NewPicture(flat(RED), "generated", request=library.get_image(shown(drawn)).request),
        NewPicture(flat(RED), "generated", request=drawn_too),
        NewPicture(flat(RED), "uploaded"),
    ]
    seen = []
    for picture in pictures:
        member = library.create_character(story.id, "Extra", [picture], "generated")
        studio.faces.look_alikes_of(shown(member))
        seen.append(_encoders(library, shown(member)))
    assert seen == [{STEERING, JUDGE, OWN_HAND}, {STEERING, JUDGE}, {STEERING, JUDGE}]


def test_a_search_asks_both_and_says_what_fewer_strangers_reach(library, studio, story, drawn, uploaded):
    for member in (drawn, uploaded):
        library.save_character(member.id, shown(member))
    own, others = FakeFaces(own_hand=OWN_HAND), FakeFaces()
    [face] = own.faces(flat(ORANGE), own_hand=True)
    found = studio.faces.search_by_face(face, story.project_id).matches
    assert [(match.character.name, match.judgement.band) for match in found] == [
        ("Hana", "same person"), ("Mina", "unsure"),
    ]  # fmt: skip
    [face] = others.faces(flat(ORANGE))
    found = studio.faces.search_by_face(face, story.project_id).matches
    assert {match.judgement.band for match in found} == {"unsure"}


def test_two_of_its_own_people_are_told_apart_by_its_own_lines(library, studio, story, drawn):
    """So are a character's outliers, and the library as a check: where the pack drew all of them."""
    likeness_of_a_variant(studio, story, drawn)
    assert studio.faces.outliers(library.get_image(shown(drawn)).character_id) == ()
    library.save_character(drawn.id, shown(drawn))
    *_, made = studio.drawing.generate_character(story.id, "Again", "red", count=1, seed=0)
    library.save_character(made.member.id, shown(made.member))
    check = studio.trust.check_library(story.project_id)
    assert check.same_person.threshold == 0.8


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"encoder": "someone-else"}, "is no calibration of"), ({"encoder": "paperdoll-2/steering"}, "steers it")],
)
def test_a_pack_with_a_wrong_own_hand_is_refused(tmp_path, changed, why):
    shutil.copytree(BUILT_IN_PACKS / "paperdoll" / "judge", tmp_path / "paperdoll" / "judge")
    toml, _, _ = (BUILT_IN_PACKS / "paperdoll" / "pack.toml").read_text("utf-8").partition("[files]")
    wrong = toml.replace('encoder = "paperdoll-2/own-hand"', f'encoder = "{changed["encoder"]}"')
    (tmp_path / "paperdoll" / "pack.toml").write_text(wrong, "utf-8")
    if "steers" in why:
        (tmp_path / "paperdoll" / "judge" / "calibration.json").unlink()
    with pytest.raises(PackUnavailable, match=why):
        load_pack("paperdoll", (tmp_path, BUILT_IN_PACKS))


def test_the_embedded_pack_judges_its_own_pictures_by_its_own_hand():
    pack = load_pack("paperdoll", (BUILT_IN_PACKS,))
    assert pack.own_hand and pack.own_hand_decider and pack.calibration
    assert pack.calibration.score == "normalised" and pack.own_hand_decider.calibration.score == "cosine"
    assert pack.at_home.judge == pack.own_hand and pack.at_home.own_hand is None
    assert pack.encoders_of("sd15-faceid") == pack.encoders < pack.encoders_of("paperdoll")


def _encoders(library: CharacterLibrary, image_id: str) -> set[str]:
    return {identity.encoder for identity in library.get_reference(image_id).identities}
