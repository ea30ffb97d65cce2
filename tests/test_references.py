"""Whose face it is: one of several in an upload, one boxed by hand, somebody who is saved already, somebody else."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import (
    BLACK,
    BLUE,
    DECIDER,
    GREEN,
    JUDGE,
    RED,
    YELLOW,
    FakeFaces,
    FakeGenerator,
    fake_pack,
    flat,
    side_by_side,
    studio_of,
)

from errors import InvalidRequest, LibraryUnavailable, NoFaceFound, NotFound
from library_store.library import CharacterLibrary
from library_store.records import CastMember, NewPicture, Story
from library_store.store import LibraryStore
from pipeline.packs import Pack
from pipeline.references import outliers
from pipeline.values import Identity
from pipeline.variants import VariantMaker
from studio import Studio
from studio.drawing import Made
from studio.faces import FaceSearch
from studio.identities import AT_ONCE, Backfill
from verdicts import reason_for

ORANGE = (255, 40, 0)  # so near to red that the judge takes them for one person


@pytest.fixture
def studio(store: LibraryStore) -> Studio:
    return studio_seeing_with(store, fake_pack())


def studio_seeing_with(store: LibraryStore, pack: Pack, faces: FakeFaces | None = None) -> Studio:
    return studio_of(store, pack, lambda: VariantMaker(FakeGenerator(), faces or FakeFaces(), pack))


@pytest.fixture
def story(studio: Studio) -> Story:
    return studio.library.ensure_a_story()


@pytest.fixture
def crowd(tmp_path: Path) -> Path:
    """Red, green and blue beside each other."""
    side_by_side((RED, GREEN, BLUE), 64).save(tmp_path / "crowd.png")
    return tmp_path / "crowd.png"


@pytest.fixture
def shy(tmp_path: Path) -> Path:
    """A red face in a corner, where no detector looks."""
    picture = flat(BLACK)
    picture.paste(RED, (0, 0, 24, 24))
    picture.save(tmp_path / "shy.png")
    return tmp_path / "shy.png"


def saved(studio: Studio, story: Story, name: str, colour: tuple[int, int, int], folder: Path) -> CastMember:
    file = folder / f"{name}.png"
    flat(colour).save(file)
    member = studio.faces.upload_character(story.id, name, file)
    studio.library.save_character(member.id, member.options[0].image.id)
    return member


def colour_of(studio: Studio, member: CastMember) -> list[float]:
    """Who was kept, as the judge sees it."""
    image_id = member.options[0].image.id
    return [
        round(float(part), 2) for part in studio.library.get_faces([image_id])[image_id].identities[1].embedding[:3]
    ]


# Which face is meant


def test_an_upload_is_looked_at_with_all_its_faces(studio: Studio, crowd: Path) -> None:
    upload = studio.faces.look_at_upload(crowd)
    assert upload.picture.size == (192, 64)
    assert [face.box[0] for face in upload.faces] == [16, 80, 144]
    assert not any(face.boxed_by_hand for face in upload.faces)


@pytest.mark.parametrize(("number", "colour"), [(None, [1, 0, 0]), (0, [1, 0, 0]), (2, [0, 0, 1])])
def test_the_character_is_who_was_chosen_or_else_the_largest(
    studio: Studio, story: Story, crowd: Path, number: int | None, colour: list[float]
) -> None:
    assert colour_of(studio, studio.faces.upload_character(story.id, "Mina", crowd, face=number)) == colour


@pytest.mark.parametrize("number", [-1, 3])
def test_a_face_that_is_not_there_cannot_be_chosen(studio: Studio, story: Story, crowd: Path, number: int) -> None:
    with pytest.raises(InvalidRequest, match="no face number"):
        studio.faces.upload_character(story.id, "Mina", crowd, face=number)
    assert studio.library.list_cast(story.id) == []


def test_where_no_face_is_found_a_box_drawn_by_hand_says_who_it_is(studio: Studio, story: Story, shy: Path) -> None:
    with pytest.raises(NoFaceFound):
        studio.faces.upload_character(story.id, "Mina", shy)

    member = studio.faces.upload_character(story.id, "Mina", shy, box=(-5, 0, 24, 24))

    assert colour_of(studio, member) == [1, 0, 0]
    [face] = studio.library.get_faces([member.options[0].image.id]).values()
    assert (face.box, face.detection_score, face.boxed_by_hand) == ((0, 0, 24, 24), 0, True)


def test_a_pack_that_knows_real_people_keeps_no_face_of_an_own_picture_unless_that_is_agreed(
    store: LibraryStore, story: Story, crowd: Path
) -> None:
    plain = studio_seeing_with(store, fake_pack())
    before = plain.library.create_character(story.id, "Before", [NewPicture(flat(RED), "uploaded")], "generated")
    pack = fake_pack()
    studio = studio_seeing_with(store, replace(pack, faces=replace(pack.faces, knows_real_faces=True)))
    episode = studio.episodes.look_through(story.project_id, [crowd])
    for ask in (
        lambda agreed: studio.faces.upload_character(story.id, "Mina", crowd, agreed=agreed),
        lambda agreed: studio.faces.add_picture(before.character.id, crowd, agreed=agreed),
        lambda agreed: studio.episodes.keep_as(episode.id, [0], story.id, "Jun", agreed),
        lambda agreed: studio.episodes.add_to(episode.id, [1], before.character.id, agreed),
    ):
        kept = len(studio.library.list_images(before.character.id)), len(studio.library.list_cast(story.id))
        with pytest.raises(InvalidRequest, match="Tick that it is drawn"):
            ask(False)
        assert kept == (len(studio.library.list_images(before.character.id)), len(studio.library.list_cast(story.id)))
        ask(True)

    assert len(studio.faces.identities.reference(before.options[0].image.id).identities) == 2  # looked at, to draw with
    assert studio.library.get_faces([before.options[0].image.id]) == {}
    plain.faces.identities.reference(before.options[0].image.id)
    assert len(studio.library.get_faces([before.options[0].image.id])) == 1


def test_an_empty_box_holds_no_face(studio: Studio, story: Story, shy: Path) -> None:
    with pytest.raises(NoFaceFound):
        studio.faces.upload_character(story.id, "Mina", shy, box=(30, 30, 60, 60))


def test_a_face_and_a_box_cannot_both_be_meant(studio: Studio, story: Story, crowd: Path) -> None:
    with pytest.raises(InvalidRequest, match="Both"):
        studio.faces.upload_character(story.id, "Mina", crowd, face=1, box=(0, 0, 64, 64))


def test_another_packs_encoders_look_at_the_face_that_was_meant(
    store: LibraryStore, studio: Studio, story: Story, crowd: Path, shy: Path
) -> None:
    """The third of three, and one that its detector does not find either."""
    third = studio.faces.upload_character(story.id, "Third", crowd, face=2)
    by_hand = studio.faces.upload_character(story.id, "By hand", shy, box=(0, 0, 24, 24))
    pack = fake_pack(calibration=None)
    other = replace(pack, judge=replace(pack.judge, encoder="other-judge"))
    elsewhere = studio_seeing_with(store, other, FakeFaces((pack.faces.encoder, "other-judge")))

    for member, colour in ((third, [0, 0, 1]), (by_hand, [1, 0, 0])):
        [image] = [option.image for option in member.options]
        *_, made = elsewhere.drawing.generate_character_variant(story.id, image.id, "moon", 1)
        assert isinstance(made, Made)
        [kept] = studio.library.get_faces([image.id]).values()
        assert kept.identities[-1].encoder == "other-judge"
        assert kept.identities[-1].embedding[:3].tolist() == colour


# Who looks like whom


def test_the_nearest_saved_characters_come_first(studio: Studio, story: Story, tmp_path: Path) -> None:
    for name, colour in (("Blue", BLUE), ("Yellow", YELLOW), ("Red", RED)):
        saved(studio, story, name, colour, tmp_path)

    matches = studio.faces.search_by_picture(story.project_id, tmp_path / "Red.png").matches

    assert [(match.character.name, round(match.similarity, 2)) for match in matches] == [
        ("Red", 1.0),
        ("Yellow", 0.71),
        ("Blue", 0.0),
    ]
    assert (
        studio.faces.search_by_picture(story.project_id, tmp_path / "Red.png", limit=1).matches[0].character.name
        == "Red"
    )


def test_one_face_of_several_can_be_looked_for(studio: Studio, story: Story, tmp_path: Path, crowd: Path) -> None:
    saved(studio, story, "Blue", BLUE, tmp_path)
    assert studio.faces.search_by_picture(story.project_id, crowd, face=0).matches[0].similarity == pytest.approx(0)
    assert studio.faces.search_by_picture(story.project_id, crowd, face=2).matches[0].similarity == pytest.approx(1)


def test_looking_in_a_project_that_is_not_there_says_so(studio: Studio, crowd: Path) -> None:
    with pytest.raises(NotFound):
        studio.faces.search_by_picture("nowhere", crowd)


def test_a_new_face_too_near_to_somebody_saved_is_a_look_alike(studio: Studio, story: Story, tmp_path: Path) -> None:
    hana = saved(studio, story, "Hana", RED, tmp_path)
    saved(studio, story, "Mina", YELLOW, tmp_path)  # 0.71 and below the line of 0.9
    flat(ORANGE).save(tmp_path / "new.png")

    matches = studio.faces.look_alikes(studio.faces.face_in_upload(tmp_path / "new.png"), story.project_id)

    assert [(match.character.name, match.image_id) for match in matches] == [("Hana", hana.options[0].image.id)]


def test_who_is_not_saved_or_in_another_project_is_nobodys_look_alike(
    studio: Studio, story: Story, tmp_path: Path
) -> None:
    flat(RED).save(tmp_path / "red.png")
    studio.faces.upload_character(story.id, "Hana", tmp_path / "red.png")
    elsewhere = studio.library.create_project("Iron Seoul")
    saved(studio, studio.library.create_story(elsewhere.id, "Story"), "Mina", RED, tmp_path)

    assert studio.faces.look_alikes(studio.faces.face_in_upload(tmp_path / "red.png"), story.project_id) == []


def test_nobody_is_their_own_look_alike(studio: Studio, story: Story, tmp_path: Path) -> None:
    hana = saved(studio, story, "Hana", RED, tmp_path)
    assert studio.faces.look_alikes_of(hana.options[0].image.id) == []

    mina = saved(studio, story, "Mina", ORANGE, tmp_path)

    assert [match.character.name for match in studio.faces.look_alikes_of(hana.options[0].image.id)] == ["Mina"]
    assert [match.character.name for match in studio.faces.look_alikes_of(mina.options[0].image.id)] == ["Hana"]


def test_without_a_calibration_nobody_is_accused(
    store: LibraryStore, library: CharacterLibrary, studio: Studio, story: Story, tmp_path: Path
) -> None:
    hana = saved(studio, story, "Hana", RED, tmp_path)
    face = studio.faces.face_in_upload(tmp_path / "Hana.png")
    library.add_options(hana.id, [NewPicture(flat(BLUE), "uploaded", FakeFaces().faces(flat(BLUE))[0])], "generated")
    blind = studio_seeing_with(store, fake_pack(calibration=None))

    assert blind.faces.look_alikes(face, story.project_id) == []
    assert blind.faces.outliers(hana.character.id) == ()
    assert [match.character.name for match in blind.faces.search_by_face(face, story.project_id).matches] == ["Hana"]


# Pictures that came without identities


@pytest.fixture
def imported(library: CharacterLibrary, studio: Studio, story: Story) -> CastMember:
    """As an import without identities leaves a saved character: two pictures of her, and one of somebody else."""
    pictures = [NewPicture(flat(colour), "uploaded") for colour in (RED, ORANGE, BLUE)]
    member = library.create_character(story.id, "Hana", pictures, "generated")
    library.save_character(member.id, member.options[0].image.id)
    studio.models.get()
    return member


def test_who_came_without_identities_is_found_by_face(
    studio: Studio, story: Story, imported: CastMember, tmp_path: Path
) -> None:
    flat(ORANGE).save(tmp_path / "new.png")
    [match] = studio.faces.search_by_picture(story.project_id, tmp_path / "new.png").matches
    assert (match.image_id, match.similarity > 0.9) == (imported.options[0].image.id, True)
    assert studio.faces.look_alikes(studio.faces.face_in_upload(tmp_path / "new.png"), story.project_id) == [match]


def test_who_came_without_identities_has_look_alikes(
    studio: Studio, story: Story, imported: CastMember, tmp_path: Path
) -> None:
    saved(studio, story, "Mina", RED, tmp_path)
    assert [match.character.name for match in studio.faces.look_alikes_of(imported.options[0].image.id)] == ["Mina"]


def test_who_came_without_identities_has_outliers(studio: Studio, imported: CastMember) -> None:
    outliers_of = studio.faces.outliers(imported.character.id)
    assert [outlier.image_id for outlier in outliers_of] == [imported.options[2].image.id]


def test_a_search_does_not_wait_for_models_that_are_loading(
    store: LibraryStore, imported: CastMember, story: Story
) -> None:
    loading = studio_of(store, fake_pack(), lambda: pytest.fail("waited for"))
    assert loading.faces.search_by_face(FakeFaces().faces(flat(RED))[0], story.project_id) == FaceSearch((), 1)
    assert loading.faces.look_alikes_of(imported.options[0].image.id) == []


def test_a_search_says_how_many_pictures_it_has_not_looked_at_and_to_the_end_it_looks_at_all(
    store: LibraryStore, library: CharacterLibrary, story: Story
) -> None:
    for number in range(AT_ONCE + 4):
        extra = [NewPicture(flat(RED, 40 + number), "uploaded")]
        member = library.create_character(story.id, f"Extra {number}", extra, "generated")
        library.save_character(member.id, member.options[0].image.id)
    may_go_on = threading.Event()

    class Slow(FakeFaces):
        looked_at = 0

        def faces(self, picture, **kwargs):
            self.looked_at += 1
            assert self.looked_at <= AT_ONCE or may_go_on.wait(60)
            return super().faces(picture)

    studio = studio_of(store, fake_pack(), lambda: VariantMaker(FakeGenerator(), Slow(), fake_pack()))
    studio.models.get()
    red = FakeFaces().faces(flat(RED))[0]
    first = studio.faces.search_by_face(red, story.project_id, 100)
    assert (len(first.matches), first.unread) == (AT_ONCE, 4)
    may_go_on.set()
    whole = studio.faces.search_by_face(red, story.project_id, 100, to_the_end=True)
    assert (len(whole.matches), whole.unread) == (AT_ONCE + 4, 0)


def test_of_many_the_first_are_looked_at_at_once_and_the_others_behind_the_page() -> None:
    looked_at: list[str] = []
    may_go_on, done = threading.Event(), threading.Event()

    def look(image_id: str) -> None:
        assert len(looked_at) < AT_ONCE or may_go_on.wait(10)
        looked_at.append(image_id)
        if len(looked_at) == len(ids):
            done.set()

    ids = [str(number) for number in range(AT_ONCE + 5)]
    backfill = Backfill()
    assert backfill.look_at(look, ids) == 5
    assert looked_at == ids[:AT_ONCE]
    assert backfill.look_at(look, ids, patience=0) == 5
    may_go_on.set()
    assert done.wait(10)
    assert looked_at == ids


@pytest.mark.parametrize("trouble", [NoFaceFound(), NotFound("picture", "?")])
def test_a_picture_in_which_nobody_can_be_seen_is_looked_at_once_and_keeps_no_one_else_from_it(
    trouble: Exception,
) -> None:
    looked_at: list[str] = []

    def look(image_id: str) -> None:
        looked_at.append(image_id)
        raise trouble

    backfill = Backfill()
    assert backfill.look_at(look, ["one", "two"]) == 0
    assert backfill.look_at(look, ["one", "two", "three"]) == 0
    assert looked_at == ["one", "two", "three"]


def test_a_picture_that_could_not_be_read_is_looked_at_again_when_the_disk_is_back() -> None:
    looked_at: list[str] = []

    def look(image_id: str) -> None:
        looked_at.append(image_id)
        if len(looked_at) <= 2:
            raise LibraryUnavailable("It is gone.", "")

    backfill = Backfill()
    backfill.look_at(look, ["one", "two"])
    backfill.look_at(look, ["one", "two"])
    backfill.look_at(look, ["one", "two"])
    assert looked_at == ["one", "two"] * 2


def test_a_search_waits_for_the_pictures_that_another_search_is_looking_at() -> None:
    begun, may_go_on = threading.Event(), threading.Event()
    seen: list[str] = []

    def look(image_id: str) -> None:
        begun.set()
        assert may_go_on.wait(10)
        seen.append(image_id)

    backfill = Backfill()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(backfill.look_at, look, ["one"])
        assert begun.wait(10)
        assert backfill.look_at(look, ["one"], patience=0) == 1  # it says what it could not wait for
        second = pool.submit(backfill.look_at, look, ["one"], patience=None)
        may_go_on.set()
        assert second.result(10) == 0
        assert seen == ["one"]
        assert first.result(10) == 0


def test_a_fault_of_the_program_leaves_nobody_waiting() -> None:
    backfill = Backfill()
    with pytest.raises(ZeroDivisionError):
        backfill.look_at(lambda _: 1 / 0, ["one", "two"])
    assert backfill.look_at(lambda _: None, ["one", "two"], patience=None) == 0


# Outliers


def test_a_picture_of_somebody_else_is_pointed_out(
    library: CharacterLibrary, studio: Studio, story: Story, tmp_path: Path
) -> None:
    hana = saved(studio, story, "Hana", RED, tmp_path)
    others = [NewPicture(flat(c), "uploaded", FakeFaces().faces(flat(c))[0]) for c in (ORANGE, BLUE)]
    faceless = NewPicture(flat(BLACK), "uploaded")
    member = library.add_options(hana.id, [*others, faceless], "generated")

    [outlier] = studio.faces.outliers(hana.character.id)

    assert outlier.image_id == member.options[2].image.id
    assert outlier.similarity == pytest.approx(0, abs=0.01)
    assert (outlier.rate, outlier.threshold) == (0.1, 0.5)
    assert str(reason_for(outlier)) == (
        "This picture shows somebody else: 0.00 to the others, where 1 in 10 strangers reach 0.50."
    )


def test_of_two_different_pictures_the_one_that_stands_for_the_character_is_right(
    library: CharacterLibrary, studio: Studio, story: Story, tmp_path: Path
) -> None:
    hana = saved(studio, story, "Hana", RED, tmp_path)
    blue = [NewPicture(flat(BLUE), "uploaded", FakeFaces().faces(flat(BLUE))[0])]
    first, second = library.add_options(hana.id, blue, "generated").options

    assert [outlier.image_id for outlier in studio.faces.outliers(hana.character.id)] == [second.image.id]
    studio.library.set_canonical(hana.character.id, second.image.id)
    assert [outlier.image_id for outlier in studio.faces.outliers(hana.character.id)] == [first.image.id]


def seen(people: Mapping[str, tuple[float, float, float]]) -> dict[str, Identity]:
    def identity(direction: tuple[float, float, float]) -> Identity:
        embedding = np.zeros(512, np.float32)
        embedding[:3] = direction
        return Identity(JUDGE, embedding / np.linalg.norm(embedding))

    return {name: identity(direction) for name, direction in people.items()}


def test_two_strangers_do_not_hide_each_other() -> None:
    """Nor do they make friends look strange: each is left out before the next is judged."""
    pictures = seen({"one": (1, 0, 0), "blue": (0, 0, 1), "two": (1, 0.1, 0), "green": (0, 1, 0), "three": (1, 0, 0.1)})
    assert {outlier.image_id for outlier in outliers(pictures, DECIDER)} == {"blue", "green"}


def test_one_person_has_no_outliers() -> None:
    assert outliers(seen({"one": (1, 0, 0), "two": (1, 0.2, 0), "three": (1, 0, 0.2)}), DECIDER) == ()
    assert outliers(seen({"one": (1, 0, 0)}), DECIDER) == ()
    assert outliers({}, DECIDER) == ()


def test_pictures_that_cancel_out_are_like_nothing() -> None:
    """The mean of the others is then nobody: no division by zero."""
    pictures = seen({"here": (1, 0, 0), "there": (-1, 0, 0), "aside": (0, 1, 0)})
    assert len(outliers(pictures, DECIDER)) == 2


def test_identities_by_an_encoder_that_is_not_calibrated_are_no_use() -> None:
    with pytest.raises(ValueError, match="fake-judge"):
        outliers({"one": Identity("another", np.ones(512, np.float32))}, DECIDER)
