"""One character in several projects: copied within a Castbook, or brought into another project from an export."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fakes import BLUE, GREEN, JUDGE, RED
from made_up import generated, image_ids, portrait, saved

from errors import InvalidRequest
from library_store.copies import id_in
from library_store.library import CharacterLibrary
from library_store.records import Character, Project, Story, new_id


@pytest.fixture
def hana(library: CharacterLibrary, story: Story) -> Character:
    member = library.create_character(story.id, "Hana", [portrait(RED), portrait(BLUE)], "generated", "a girl")
    first, second = image_ids(member)
    library.add_options(member.id, [replace(portrait(GREEN), parent_id=first)], "variant")
    library.save_character(member.id, second)
    library.set_steering(member.character.id, [first])
    return library.set_tags(member.character.id, ["lead"])


@pytest.fixture
def spin_off(library: CharacterLibrary) -> Project:
    return library.create_project("Spin-off")


def test_a_copy_has_all_that_the_original_has_under_new_ids_and_says_whose_it_is(
    library: CharacterLibrary, hana: Character, spin_off: Project
):
    copy = library.copy_character(hana.id, spin_off.id)

    assert library.list_library(spin_off.id) == [copy]
    assert (copy.copied_from_id, copy.project_id) == (hana.id, spin_off.id)
    assert (copy.name, copy.prompt, copy.tags) == ("Hana", "a girl", ("lead",))
    originals, copies = library.list_images(hana.id), library.list_images(copy.id)
    assert [image.content_hash for image in copies] == [image.content_hash for image in originals]
    assert not {image.id for image in originals} & {image.id for image in copies}
    assert [image.parent_id for image in copies] == [None, None, copies[0].id]
    assert copy.canonical_image_id == copies[1].id
    assert library.list_steering(copy.id) == [copies[0].id]
    seen = next(each for each in portrait(RED).face.identities if each.encoder == JUDGE)
    assert library.search_by_face(spin_off.id, seen, 1)[0].character == copy
    assert library.get_character(hana.id) == hana


def test_copied_again_they_get_what_is_new_alone(library: CharacterLibrary, hana: Character, spin_off: Project):
    copy = library.copy_character(hana.id, spin_off.id)
    assert library.copy_character(hana.id, spin_off.id) == copy
    story = library.create_story(hana.project_id, "2")
    library.add_options(library.cast_character(story.id, hana.id).id, [generated(5)], "variant")
    library.trash_character(copy.id)
    assert library.copy_character(hana.id, spin_off.id) == copy
    assert len(library.list_images(copy.id)) == 4


def test_nobody_is_copied_back_to_whom_they_were_copied_from(
    library: CharacterLibrary, hana: Character, spin_off: Project
):
    copy = library.copy_character(hana.id, spin_off.id)
    with pytest.raises(InvalidRequest, match="Hana was copied from Hana, who is in that project still"):
        library.copy_character(copy.id, hana.project_id)
    assert library.list_library(hana.project_id) == [hana]


def test_what_becomes_of_one_is_nothing_to_the_other(library: CharacterLibrary, hana: Character, spin_off: Project):
    copy = library.copy_character(hana.id, spin_off.id)
    library.trash_character(hana.id)
    library.purge_character(hana.id)
    assert library.get_character(copy.id) == copy
    assert all(Path(library.get_picture_path(image.id)).is_file() for image in library.list_images(copy.id))
    home = library.copy_character(copy.id, hana.project_id)
    assert (home.copied_from_id, home.id == hana.id) == (copy.id, False)


def test_who_comes_by_two_ways_is_there_once(
    library: CharacterLibrary, hana: Character, spin_off: Project, tmp_path: Path
):
    prequel = library.create_project("Prequel")
    there = library.copy_character(hana.id, spin_off.id)
    first = library.copy_character(there.id, prequel.id)
    story = library.create_story(hana.project_id, "2")
    library.add_options(library.cast_character(story.id, hana.id).id, [generated(5)], "variant")

    assert library.copy_character(hana.id, prequel.id).id == first.id
    assert len(library.list_images(first.id)) == len(library.list_images(hana.id)) == 4
    library.export_zip(tmp_path / "hana.zip", hana.project_id, [hana.id])
    assert library.import_zip(tmp_path / "hana.zip", prequel.id).pictures == 0
    assert library.list_library(prequel.id) == [library.get_character(first.id)]

    with pytest.raises(InvalidRequest, match="Hana was copied from Hana"):
        library.copy_character(first.id, hana.project_id)
    library.export_zip(tmp_path / "first.zip", prequel.id, [first.id])
    assert library.import_zip(tmp_path / "first.zip", hana.project_id).pictures == 0
    assert [each.id for each in library.list_library(hana.project_id)] == [hana.id]


def test_who_cannot_be_copied_is_told_why(library: CharacterLibrary, story: Story, hana: Character, spin_off: Project):
    unsaved = library.create_character(story.id, "Passer-by", [generated(7)], "generated").character
    for character_id, project_id, why in [
        (hana.id, hana.project_id, "in this project"),
        (unsaved.id, spin_off.id, "not in the library"),
        (hana.id, library.trash_project(library.create_project("Given up").id).id, "in the trash"),
    ]:
        with pytest.raises(InvalidRequest, match=why):
            library.copy_character(character_id, project_id)


def test_an_export_brought_into_another_project_is_copied_there_once(
    library: CharacterLibrary, story: Story, hana: Character, spin_off: Project, tmp_path: Path
):
    library.create_story(story.project_id, "2")
    jun = saved(library, story.id, "Jun")
    library.export_zip(tmp_path / "whole.zip", story.project_id, embeddings=True)

    report = library.import_zip(tmp_path / "whole.zip", spin_off.id)

    assert (report.project_id, report.added, report.pictures) == (spin_off.id, 2, 4)
    there = {each.name: each for each in library.list_library(spin_off.id)}
    assert {each.copied_from_id for each in there.values()} == {hana.id, jun.id}
    titles = [each.title for each in library.list_stories(story.project_id)]
    copied = library.list_stories(spin_off.id)
    assert [each.title for each in copied] == titles
    assert [member.character.name for member in library.list_cast(copied[0].id)] == ["Hana", "Jun"]
    library.trash_character(jun.id)
    library.purge_character(jun.id)
    again = library.import_zip(tmp_path / "whole.zip", spin_off.id)
    assert (again.added, again.pictures, len(library.list_library(spin_off.id))) == (0, 0, 2)
    assert library.copy_character(hana.id, spin_off.id).id == there["Hana"].id


def test_a_copy_says_in_its_export_whose_it_is(
    library: CharacterLibrary, hana: Character, spin_off: Project, tmp_path: Path
):
    copy = library.copy_character(hana.id, spin_off.id)
    library.export_zip(tmp_path / "copy.zip", spin_off.id)
    library.trash_character(copy.id)
    library.purge_character(copy.id)
    library.import_zip(tmp_path / "copy.zip", spin_off.id)
    assert library.get_character(copy.id).copied_from_id == hana.id


def test_copied_ids_stand_in_the_order_of_the_old_ones():
    project, ids = new_id(), [new_id() for _ in range(1000)]
    copied = [id_in(project, id) for id in ids]
    assert sorted(copied) == copied
    assert not set(copied) & set(ids)
