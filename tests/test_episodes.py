"""From finished pages to a cast: faces found on all of them, grouped into people, kept as characters or added."""

from __future__ import annotations

import os
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from artists_files import kra
from fakes import BLACK, BLUE, DECIDER, GREEN, RED, FakeFaces, FakeGenerator, fake_pack, flat, side_by_side, studio_of
from PIL import Image

from errors import InvalidRequest, NotFound
from library_store.records import LOCAL_OWNER, Story
from library_store.store import LibraryStore
from pipeline.grouping import grouped
from pipeline.values import Face
from pipeline.variants import VariantMaker
from studio import Castbook, Models, Studio

NEARLY_RED, ORANGE = (255, 40, 0), (255, 150, 0)


@pytest.fixture
def studio(store: LibraryStore) -> Studio:
    pack = fake_pack()
    return studio_of(store, pack, lambda: VariantMaker(FakeGenerator(), FakeFaces(), pack))


@pytest.fixture
def story(studio: Studio) -> Story:
    return studio.library.create_story(studio.library.create_project("Moonlit Cafe").id, "One")


def page(folder: Path, name: str, *colours: tuple[int, int, int]) -> Path:
    side_by_side(colours, 64).save(folder / name)
    return folder / name


def faces_of(*colours: tuple[int, int, int]) -> np.ndarray:
    return np.array([FakeFaces().faces(flat(colour))[0].identities[1].embedding for colour in colours])


def test_faces_of_one_person_are_one_group_and_strangers_are_apart() -> None:
    assert grouped(faces_of(RED, GREEN, NEARLY_RED, BLUE, RED), DECIDER) == [[0, 2, 4], [1], [3]]


def test_a_chain_of_likenesses_does_not_make_one_person_of_its_ends() -> None:
    """Each is nearly like the next; the first and the last are strangers."""
    turn = np.linspace(0, np.pi / 2, 8)
    chain = np.zeros((8, 512), np.float32)
    chain[:, 0], chain[:, 1] = np.cos(turn), np.sin(turn)

    for group in grouped(chain, DECIDER):
        assert group[-1] - group[0] < 7


def test_without_a_calibration_nobody_is_put_together() -> None:
    assert grouped(faces_of(RED, RED), None) == [[0], [1]]


def test_pages_become_rows_of_people_in_the_order_in_which_they_are_read(
    studio: Studio, story: Story, tmp_path: Path
) -> None:
    files = [page(tmp_path, "page10.png", BLUE, RED), page(tmp_path, "page2.png", RED, GREEN)]
    done: list[tuple[int, int]] = []

    episode = studio.episodes.look_through(story.project_id, files, lambda *how_far: done.append(how_far))

    assert [each.page for each in episode.sighted] == ["page2.png", "page2.png", "page10.png", "page10.png"]
    assert [person.sighted for person in episode.people] == [(0, 3), (1,), (2,)]
    assert done == [(1, 2), (2, 2)]


def test_a_zip_of_pages_is_unpacked_and_what_is_none_is_named(studio: Studio, story: Story, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "episode.zip", "w") as archive:
        archive.write(page(tmp_path, "1.png", RED), "pages/1.png")
        archive.writestr("pages/notes.txt", "dear diary")
        archive.writestr("__MACOSX/pages/._1.png", "junk")
    (tmp_path / "cover.kra").write_bytes(kra(flat(BLUE)))

    episode = studio.episodes.look_through(story.project_id, [tmp_path / "episode.zip", tmp_path / "cover.kra"])

    assert sorted(each.page for each in episode.sighted) == ["cover.kra", "pages/1.png"]
    assert [unread.page for unread in episode.unread] == ["pages/notes.txt"]


def test_whoever_looks_at_one_picture_is_not_kept_waiting_by_anothers_pages(
    store: LibraryStore, story: Story, tmp_path: Path
) -> None:
    pack, looked_at = fake_pack(), list[tuple[int, int]]()

    class Slow(FakeFaces):
        def faces_upright(self, picture: Image.Image) -> tuple[Image.Image, tuple[Face, ...]]:
            looked_at.append(picture.size)
            time.sleep(0.05)
            return super().faces_upright(picture)

    castbook = Castbook(store, pack, Models(lambda: VariantMaker(FakeGenerator(), Slow(), pack)))
    mine, hers = (castbook.seen_by(LOCAL_OWNER, caller) for caller in ("mine", "hers"))
    pages = [page(tmp_path, f"{number}.png", RED) for number in range(12)]
    reading = threading.Thread(target=mine.episodes.look_through, args=(story.project_id, pages))
    reading.start()
    while not looked_at:
        time.sleep(0.01)
    hers.faces.look_at_upload(page(tmp_path, "hers.png", RED, BLUE))
    reading.join()
    assert looked_at.index((128, 64)) < 6


def test_an_episode_that_nobody_looked_at_for_an_hour_is_gone(studio: Studio, story: Story, tmp_path: Path) -> None:
    pages = [page(tmp_path, "1.png", RED)]
    left, looked_at = (studio.episodes.look_through(story.project_id, pages) for _ in range(2))
    then = time.time() - 4000
    for episode in (left, looked_at):
        os.utime(studio.episodes.kept.folder / episode.id, (then, then))
    studio.episodes.get(looked_at.id)
    studio.episodes.kept.remove_old()
    assert [path.name for path in studio.episodes.kept.folder.iterdir()] == [looked_at.id]
    with pytest.raises(NotFound):
        studio.episodes.get(left.id)
    studio.episodes.keep_as(looked_at.id, [0], story.id, "Hana")


def test_no_page_is_a_refusal(studio: Studio, story: Story) -> None:
    with pytest.raises(InvalidRequest, match="0 pages"):
        studio.episodes.look_through(story.project_id, [])


def test_a_row_becomes_a_character_with_all_its_faces(studio: Studio, story: Story, tmp_path: Path) -> None:
    episode = studio.episodes.look_through(story.project_id, [page(tmp_path, "1.png", RED, GREEN, RED)])

    member = studio.episodes.keep_as(episode.id, episode.people[0].sighted, story.id, "Mina")

    images = studio.library.list_images(member.character.id)
    faces = studio.library.get_faces([image.id for image in images])
    assert len(images) == len(faces) == 2
    assert all(face.identities[1].embedding[0] == 1 for face in faces.values())


def test_further_faces_of_a_saved_character_are_known_as_theirs_and_added(
    studio: Studio, story: Story, tmp_path: Path
) -> None:
    mina = studio.faces.upload_character(story.id, "Mina", page(tmp_path, "mina.png", RED))
    studio.library.save_character(mina.id, mina.options[0].image.id)

    episode = studio.episodes.look_through(story.project_id, [page(tmp_path, "1.png", NEARLY_RED, BLUE, RED)])

    assert [person.known and person.known.character.name for person in episode.people] == ["Mina", None]
    studio.episodes.add_to(episode.id, episode.people[0].sighted, mina.character.id)
    assert len(studio.library.list_images(mina.character.id)) == 3
    assert studio.library.get_character(mina.character.id).canonical_image_id == mina.options[0].image.id


def test_a_face_that_is_not_on_the_pages_and_an_episode_that_is_gone_are_refused(
    studio: Studio, story: Story, tmp_path: Path
) -> None:
    episode = studio.episodes.look_through(story.project_id, [page(tmp_path, "1.png", RED)])
    with pytest.raises(InvalidRequest, match="no face number 1"):
        studio.episodes.keep_as(episode.id, [0, 1], story.id, "Mina")
    with pytest.raises(NotFound):
        studio.episodes.get("gone")


def test_a_picture_is_added_to_a_character_and_another_person_is_told_before(
    studio: Studio, story: Story, tmp_path: Path
) -> None:
    mina = studio.faces.upload_character(story.id, "Mina", page(tmp_path, "mina.png", RED)).character
    also, other = page(tmp_path, "also.png", NEARLY_RED), page(tmp_path, "other.png", BLUE)

    assert studio.faces.is_somebody_else(mina.id, studio.faces.face_in_upload(also)) is None
    told = studio.faces.is_somebody_else(mina.id, studio.faces.face_in_upload(other))
    assert told and told.band == "another person"
    image = studio.faces.add_picture(mina.id, also)

    assert image.source == "uploaded"
    assert [each.id for each in studio.library.list_images(mina.id)][-1] == image.id


def test_of_several_people_in_a_picture_the_one_most_like_the_character_is_meant(
    studio: Studio, story: Story, tmp_path: Path
) -> None:
    mina = studio.faces.upload_character(story.id, "Mina", page(tmp_path, "mina.png", RED)).character
    crowd = page(tmp_path, "crowd.png", BLUE, NEARLY_RED, GREEN)

    assert studio.faces.face_like(mina.id, crowd) == 1
    assert studio.faces.face_like(mina.id, page(tmp_path, "sky.png", BLACK)) is None


def test_a_page_without_faces_gives_nobody(studio: Studio, story: Story, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), BLACK).save(tmp_path / "sky.png")
    episode = studio.episodes.look_through(story.project_id, [tmp_path / "sky.png"])
    assert (episode.sighted, episode.people, episode.unread) == ((), (), ())
