from __future__ import annotations

import dataclasses
import hashlib
import multiprocessing
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path

import numpy as np
import pytest
from fakes import fake_pack
from made_up import face, generated, image_ids, picture
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.counting import counted
from errors import CharacterChanged, ContextChanged, InvalidRequest, LibraryUnavailable, NotFound
from library_store.database import open_database
from library_store.library import CharacterLibrary
from library_store.pictures import MARKER
from library_store.records import (
    LOCAL_OWNER,
    CastMember,
    Character,
    CharacterText,
    LibraryQuery,
    NewPicture,
    Project,
    Story,
    Use,
    VisualProfile,
)
from library_store.schema import CastMemberRow, CastOptionRow, ImageRow
from library_store.store import LibraryStore
from pipeline.values import Likeness, Missing

TRASH = LibraryQuery(trashed=True)

# Projects and stories


def test_projects_and_stories_are_listed_oldest_first(library: CharacterLibrary):
    projects = [library.create_project(name) for name in ("B", "A")]
    stories = [library.create_story(projects[0].id, title) for title in ("2", "1")]
    assert library.list_projects() == projects
    assert library.list_stories(projects[0].id) == stories
    assert library.list_stories(projects[1].id) == []
    assert library.get_project(projects[1].id) == projects[1]


def test_a_story_can_be_retitled(library: CharacterLibrary, story: Story):
    changed = library.update_story(story.id, " Chapter 2 ", "dry Busan")
    assert library.get_story(story.id) == changed == dataclasses.replace(story, title="Chapter 2", context="dry Busan")


def test_what_is_not_said_of_a_story_stays_as_it_is(library: CharacterLibrary, story: Story):
    assert library.update_story(story.id, title="Chapter 2").context == story.context
    assert library.update_story(story.id, context=" dry Busan\0").title == "Chapter 2"
    assert library.get_story(story.id).context == "dry Busan"


def test_a_context_that_another_has_replaced_is_not_overwritten(library: CharacterLibrary, story: Story):
    library.update_story(story.id, context="dry Busan", instead_of=story.context)
    with pytest.raises(ContextChanged):
        library.update_story(story.id, "Chapter 2", "foggy Daegu", instead_of=story.context)
    assert library.get_story(story.id) == dataclasses.replace(story, context="dry Busan")
    assert library.update_story(story.id, context="dry Busan", instead_of=story.context).context == "dry Busan"


@pytest.mark.parametrize("empty", ["", "  \n", "\0"])
def test_empty_names_are_refused(library: CharacterLibrary, story: Story, mina: CastMember, empty: str):
    for attempt in (
        lambda: library.create_project(empty),
        lambda: library.rename_project(story.project_id, empty),
        lambda: library.create_story(story.project_id, empty),
        lambda: library.update_story(story.id, empty, ""),
        lambda: library.create_character(story.id, empty, [generated(1)], "generated"),
        lambda: library.edit_character(mina.character.id, CharacterText(name=empty)),
    ):
        with pytest.raises(InvalidRequest, match="no name"):
            attempt()


def test_a_character_without_a_picture_is_refused(library: CharacterLibrary, story: Story, mina: CastMember):
    with pytest.raises(InvalidRequest, match="no picture"):
        library.create_character(story.id, "Nobody", [], "generated")
    with pytest.raises(InvalidRequest, match="no picture"):
        library.add_options(mina.id, [], "generated")
    assert library.list_cast(story.id) == [mina]


def test_an_id_that_names_nothing_is_not_found(library: CharacterLibrary, story: Story, mina: CastMember):
    image_id = mina.options[0].image.id
    for kind, attempt in [
        ("project", lambda: library.get_project("?")),
        ("project", lambda: library.rename_project("?", "name")),
        ("project", lambda: library.trash_project("?")),
        ("project", lambda: library.restore_project("?")),
        ("project", lambda: library.list_stories("?")),
        ("project", lambda: library.search_library("?", LibraryQuery())),
        ("project", lambda: library.count_library("?", LibraryQuery())),
        ("project", lambda: library.list_tags("?")),
        ("project", lambda: library.search_by_face("?", face("encoder").identities[0], 1)),
        ("project", lambda: library.create_story("?", "title")),
        ("project", lambda: library.list_library("?")),
        ("story", lambda: library.get_story("?")),
        ("story", lambda: library.update_story("?", "title", "")),
        ("story", lambda: library.trash_story("?")),
        ("story", lambda: library.restore_story("?")),
        ("story", lambda: library.list_cast("?")),
        ("story", lambda: library.create_character("?", "Mina", [generated(1)], "generated")),
        ("story", lambda: library.link_image("?", image_id)),
        ("story", lambda: library.cast_character("?", mina.character.id)),
        ("character", lambda: library.cast_character(story.id, "?")),
        ("character", lambda: library.get_character("?")),
        ("character", lambda: library.edit_character("?", CharacterText(name="Mina"))),
        ("character", lambda: library.trash_character("?")),
        ("character", lambda: library.restore_character("?")),
        ("character", lambda: library.set_favourite("?", True)),
        ("character", lambda: library.set_tags("?", ["lead"])),
        ("character", lambda: library.list_images("?")),
        ("character", lambda: library.set_canonical("?", image_id)),
        ("character", lambda: library.set_steering("?", [image_id])),
        ("character", lambda: library.list_steering("?")),
        ("character", lambda: library.list_uses("?")),
        ("character", lambda: library.merge_characters("?", mina.character.id)),
        ("character", lambda: library.merge_characters(mina.character.id, "?")),
        ("character", lambda: library.preview_purge("?")),
        ("character", lambda: library.purge_character("?")),
        ("picture of this character", lambda: library.set_canonical(mina.character.id, "?")),
        ("picture of this character", lambda: library.set_steering(mina.character.id, ["?"])),
        ("cast member", lambda: library.get_cast_member("?")),
        ("cast member", lambda: library.add_options("?", [generated(1)], "generated")),
        ("cast member", lambda: library.save_character("?", image_id)),
        ("cast member", lambda: library.select_image("?", image_id)),
        ("cast member", lambda: library.remove_option("?", image_id)),
        ("picture of this cast member", lambda: library.save_character(mina.id, "?")),
        ("picture of this cast member", lambda: library.select_image(mina.id, "?")),
        ("picture of this cast member", lambda: library.remove_option(mina.id, "?")),
        ("picture", lambda: library.link_image(story.id, "?")),
        ("picture", lambda: library.get_image("?")),
        ("picture", lambda: library.get_reference("?")),
        ("picture", lambda: library.keep_identities("?", face("encoder"))),
        ("picture", lambda: library.get_picture_path("?")),
        ("picture", lambda: library.get_thumbnail_path("?")),
    ]:
        with pytest.raises(NotFound, match=f"no {kind} with the id '\\?'"):
            attempt()


def test_a_project_can_be_renamed(library: CharacterLibrary, story: Story):
    renamed = library.rename_project(story.project_id, " Sunlight ")
    assert library.get_project(story.project_id) == renamed == Project(story.project_id, "Sunlight", "")


def test_a_trashed_project_leaves_the_list_and_keeps_all_that_is_in_it(library: CharacterLibrary, story: Story):
    project, other = library.get_project(story.project_id), library.create_project("Sunlight")
    trashed = library.trash_project(project.id)
    assert trashed.trashed_at is not None
    assert (library.list_projects(), library.list_projects(trashed=True)) == ([other], [trashed])
    assert library.list_stories(project.id) == [story]
    assert library.restore_project(project.id) == project
    assert (library.list_projects(), library.list_projects(trashed=True)) == ([project, other], [])


def test_a_trashed_story_leaves_the_list_and_keeps_its_cast(library: CharacterLibrary, story: Story, mina: CastMember):
    trashed = library.trash_story(story.id)
    assert (library.list_stories(story.project_id), library.list_stories(story.project_id, True)) == ([], [trashed])
    assert library.list_cast(story.id) == [mina]
    assert library.restore_story(story.id) == story
    assert (library.list_stories(story.project_id), library.list_stories(story.project_id, True)) == ([story], [])


# The cast


def test_a_new_character_is_cast_with_its_first_picture_canonical_and_active(library: CharacterLibrary, story: Story):
    profile = VisualProfile(hair="silver bob", outfit="raincoat")
    pictures = [generated(1), generated(2)]
    member = library.create_character(story.id, "Mina", pictures, "generated", "a detective", profile, "the lead")
    first, second = image_ids(member)
    assert member.active_image_id == member.character.canonical_image_id == first
    assert member.character.project_id == story.project_id
    assert not member.character.is_saved_to_library
    assert member.character.visual_profile == profile
    assert (member.character.prompt, member.character.description) == ("a detective", "the lead")
    assert library.get_cast_member(member.id) == member
    assert library.list_cast(story.id) == [member]
    assert library.get_character(member.character.id) == member.character
    with Image.open(library.get_picture_path(second)) as kept, Image.open(library.get_thumbnail_path(second)) as small:
        assert kept.tobytes() == picture(2).tobytes()
        assert small.size == (8, 8)


def test_a_picture_remembers_how_it_came_about(library: CharacterLibrary, mina: CastMember):
    likeness = Likeness(0.7, "judge", "same person", 0.001, False, 0.8, usual=True, rejection=(Missing(("hat",)),))
    parent_id = mina.options[0].image.id
    request = dataclasses.replace(fake_pack().request("서연 in a spacesuit", 2**40), place=3)
    new = NewPicture(picture(9), "variant", face("a"), parent_id, request, likeness)
    image = library.add_options(mina.id, [new], "variant").options[-1].image
    assert library.get_image(image.id) == image
    assert (image.character_id, image.source, image.parent_id) == (mina.character.id, "variant", parent_id)
    assert (image.request, image.pack, image.seed, image.likeness) == (request, "fake", 2**40 + 3, likeness)
    assert (image.width, image.height) == (8, 8)
    assert image.created_at.tzinfo is not None


def test_a_picture_made_from_nothing_known_is_refused_whole(library: CharacterLibrary, mina: CastMember):
    orphan = dataclasses.replace(generated(9), parent_id="?")
    with pytest.raises(NotFound, match="picture"):
        library.add_options(mina.id, [generated(8), orphan], "variant")
    assert library.get_cast_member(mina.id) == mina


def test_new_options_come_last_and_leave_the_active_image_alone(library: CharacterLibrary, mina: CastMember):
    grown = library.add_options(mina.id, [generated(4), generated(5)], "variant")
    assert grown.options[:3] == mina.options
    assert [option.how for option in grown.options[3:]] == ["variant", "variant"]
    assert grown.active_image_id == mina.active_image_id


def test_one_of_the_options_can_be_made_active(library: CharacterLibrary, mina: CastMember):
    third = image_ids(mina)[2]
    assert library.select_image(mina.id, third).active_image_id == third
    assert library.get_cast_member(mina.id).active_image_id == third


def test_removing_the_active_option_makes_the_best_other_one_active(library: CharacterLibrary, mina: CastMember):
    first, second, third = image_ids(mina)
    member = library.remove_option(mina.id, first)
    assert (image_ids(member), member.active_image_id) == ([second, third], second)
    member = library.remove_option(mina.id, second)
    assert (image_ids(member), member.active_image_id) == ([third], third)
    member = library.remove_option(mina.id, third)
    assert (image_ids(member), member.active_image_id) == ([], None)


def test_the_best_of_those_that_came_the_same_way_takes_the_place(library: CharacterLibrary, mina: CastMember):
    alike = [0.6, 0.9, 0.8]
    lacking = (Missing(("hat",)),)
    pictures = [
        dataclasses.replace(
            generated(10 + i),
            source="variant",
            likeness=Likeness(each, "judge", "same person", 0.01, False, usual=True),
        )
        for i, each in enumerate(alike)
    ]
    pictures[1] = dataclasses.replace(
        pictures[1], likeness=dataclasses.replace(pictures[1].likeness, rejection=lacking)
    )
    worst, incomplete, best = image_ids(library.add_options(mina.id, pictures, "variant"))[3:]
    library.select_image(mina.id, worst)
    assert library.remove_option(mina.id, worst).active_image_id == best
    assert library.remove_option(mina.id, best).active_image_id == incomplete
    assert library.remove_option(mina.id, incomplete).active_image_id == image_ids(mina)[0]


def test_undo_gives_the_star_back_unless_another_picture_was_chosen_since(library: CharacterLibrary, mina: CastMember):
    first, second, third = image_ids(mina)
    library.remove_option(mina.id, first)
    assert library.restore_option(mina.id, first).active_image_id == first
    library.remove_option(mina.id, first)
    library.select_image(mina.id, third)
    assert library.restore_option(mina.id, first).active_image_id == third
    library.remove_option(mina.id, second)
    assert library.restore_option(mina.id, second).active_image_id == third


def test_a_removed_option_can_be_neither_chosen_nor_saved(library: CharacterLibrary, mina: CastMember):
    second = image_ids(mina)[1]
    library.remove_option(mina.id, second)
    for verb in (library.select_image, library.save_character, library.remove_option):
        with pytest.raises(NotFound):
            verb(mina.id, second)


def test_a_removed_option_can_be_brought_back_as_it_was(library: CharacterLibrary, mina: CastMember):
    for option in mina.options:
        library.remove_option(mina.id, option.image.id)

    restored = library.restore_option(mina.id, mina.options[0].image.id)

    assert restored.options == mina.options[:1]
    assert restored.active_image_id == mina.options[0].image.id
    with pytest.raises(NotFound):
        library.restore_option(mina.id, "nothing")


def test_removing_from_a_story_never_touches_the_library(library: CharacterLibrary, story: Story, mina: CastMember):
    first = image_ids(mina)[0]
    saved = library.save_character(mina.id, first)
    library.remove_option(mina.id, first)
    assert library.list_library(story.project_id) == [saved]
    assert Path(library.get_picture_path(first)).exists()


# Load Character and casting


def test_load_character_links_the_very_same_picture(library: CharacterLibrary, story: Story, mina: CastMember):
    other = library.create_story(story.project_id, "Chapter 2")
    second = image_ids(mina)[1]
    linked = library.link_image(other.id, second)
    assert linked.options[0].image == mina.options[1].image
    assert [option.how for option in linked.options] == ["loaded"]
    assert (linked.character, linked.story_id, linked.active_image_id) == (mina.character, other.id, second)
    assert library.get_cast_member(mina.id) == mina


def test_linking_twice_is_linking_once_and_keeps_the_choice(library: CharacterLibrary, story: Story, mina: CastMember):
    other = library.create_story(story.project_id, "Chapter 2")
    first, second, _ = image_ids(mina)
    library.link_image(other.id, second)
    member = library.link_image(other.id, first)
    assert library.link_image(other.id, first) == member
    assert (image_ids(member), member.active_image_id) == ([second, first], second)
    assert library.list_cast(other.id) == [member]


def test_linking_brings_a_removed_option_back_as_the_newest(library: CharacterLibrary, story: Story, mina: CastMember):
    first, second, third = image_ids(mina)
    library.remove_option(mina.id, second)
    member = library.link_image(story.id, second)
    assert image_ids(member) == [first, third, second]
    assert member.options[-1].how == "loaded"
    assert member.active_image_id == first


def test_casting_finds_or_makes_a_member_without_options(library: CharacterLibrary, story: Story, mina: CastMember):
    assert library.cast_character(story.id, mina.character.id) == mina
    other = library.create_story(story.project_id, "Chapter 2")
    member = library.cast_character(other.id, mina.character.id)
    assert (member.options, member.active_image_id) == ((), None)
    assert library.cast_character(other.id, mina.character.id) == member


def test_another_projects_character_is_refused(library: CharacterLibrary, mina: CastMember):
    foreign = library.create_story(library.create_project("Sunlight").id, "Chapter 1")
    with pytest.raises(InvalidRequest, match="another project"):
        library.link_image(foreign.id, image_ids(mina)[0])
    with pytest.raises(InvalidRequest, match="another project"):
        library.cast_character(foreign.id, mina.character.id)
    assert library.list_cast(foreign.id) == []


# The library


def test_the_library_lists_what_is_saved_last_saved_first(library: CharacterLibrary, story: Story, mina: CastMember):
    jun = library.create_character(story.id, "Jun", [generated(7)], "generated")
    assert library.list_library(story.project_id) == []
    saved = [library.save_character(member.id, image_ids(member)[-1]) for member in (mina, jun)]
    assert library.list_library(story.project_id) == saved[::-1]
    assert library.list_library(library.create_project("Sunlight").id) == []


def test_saving_makes_the_picture_canonical_and_takes_what_is_given(library: CharacterLibrary, mina: CastMember):
    third = image_ids(mina)[2]
    saved = library.save_character(
        mina.id, third, CharacterText(description="the lead", prompt="a detective", hair="black")
    )
    assert (saved.canonical_image_id, saved.is_saved_to_library) == (third, True)
    assert saved.saved_at is not None
    again = library.save_character(mina.id, third)
    assert dataclasses.replace(again, saved_at=saved.saved_at) == saved


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True),
        ("서연", True),
        ("\u1109\u1165\u110b\u1167\u11ab", True),  # the same name in decomposed letters, as macOS types it
        ("연", True),
        ("DETECTIVE", True),
        ("écharpe", True),  # SQLite itself would not see that É is é
        ("silver detective", True),  # one word is the profile's, the other the prompt's
        ("silver pirate", False),
        ("hair", False),  # a field's name is no field's content
        ("100%", True),
        ("50%", False),
        ("_", False),
    ],
)
def test_the_library_is_searched_by_every_word(library: CharacterLibrary, story: Story, query: str, found: bool):
    profile = VisualProfile(hair="Silver bob", accessories="ÉCHARPE")
    new = [generated(1)]
    member = library.create_character(story.id, "서연", new, "generated", "a Detective", profile, "100% wool")
    library.save_character(member.id, image_ids(member)[0])
    assert [character.name for character in library.list_library(story.project_id, query)] == ["서연"] * found


def test_an_edited_character_is_found_by_its_new_words_only(library: CharacterLibrary, story: Story, mina: CastMember):
    library.save_character(mina.id, image_ids(mina)[0])
    edited = library.edit_character(mina.character.id, CharacterText(name="Dana", description="a pilot"))
    assert library.list_library(story.project_id, "dana pilot") == [edited]
    assert library.list_library(story.project_id, "mina") == []
    assert library.get_cast_member(mina.id).character == edited


SHOWN = CharacterText(name="Mina", description="", prompt="", hair="black", outfit="")


@pytest.fixture
def black_haired(library: CharacterLibrary, mina: CastMember) -> Character:
    """As SHOWN says."""
    return library.edit_character(mina.character.id, CharacterText(hair="black"))


def edit_elsewhere(library: CharacterLibrary, character: Character, **texts: str) -> Character:
    return library.edit_character(character.id, CharacterText(**texts))


def test_what_was_not_touched_is_not_written_back(library: CharacterLibrary, black_haired: Character):
    edit_elsewhere(library, black_haired, description="a pilot", hair="red", outfit="coat")
    edited = library.edit_character(black_haired.id, dataclasses.replace(SHOWN, name="Mina Kim"), SHOWN)
    looks = VisualProfile(hair="red", outfit="coat")
    assert (edited.name, edited.description, edited.visual_profile) == ("Mina Kim", "a pilot", looks)


def test_what_was_changed_elsewhere_is_told_and_nothing_is_written(library: CharacterLibrary, black_haired: Character):
    newer = edit_elsewhere(library, black_haired, hair="red", name="Dana")
    written = dataclasses.replace(SHOWN, name="Mina Kim", description="a sailor", hair="blue")
    with pytest.raises(CharacterChanged, match="name is 'Dana', hair is 'red'") as changed:
        library.edit_character(black_haired.id, written, SHOWN)
    assert changed.value.newer == {"name": "Dana", "hair": "red"}
    assert library.get_character(black_haired.id) == newer


def test_what_was_emptied_elsewhere_is_newer_too(library: CharacterLibrary, black_haired: Character):
    edit_elsewhere(library, black_haired, hair="")
    with pytest.raises(CharacterChanged) as changed:
        library.edit_character(black_haired.id, dataclasses.replace(SHOWN, hair="red"), SHOWN)
    assert changed.value.newer == {"hair": ""}
    assert library.edit_character(black_haired.id, SHOWN, SHOWN).visual_profile.hair == ""


def test_two_who_write_the_same_agree(library: CharacterLibrary, black_haired: Character):
    red = dataclasses.replace(SHOWN, hair="red")
    assert library.edit_character(black_haired.id, red, SHOWN) == library.edit_character(black_haired.id, red, SHOWN)
    spaced = dataclasses.replace(SHOWN, hair=" black\0")
    assert library.edit_character(black_haired.id, spaced, SHOWN).visual_profile.hair == "red"


def test_what_nobody_looked_at_is_written_whatever_is_there(library: CharacterLibrary, black_haired: Character):
    edit_elsewhere(library, black_haired, hair="red", description="a pilot")
    edited = library.edit_character(black_haired.id, CharacterText(hair="blue"), CharacterText(description=""))
    assert (edited.visual_profile.hair, edited.description) == ("blue", "a pilot")


def test_saving_writes_over_nothing_newer(library: CharacterLibrary, mina: CastMember, black_haired: Character):
    first, second, _ = image_ids(mina)
    edit_elsewhere(library, black_haired, description="a pilot")
    saved = library.save_character(mina.id, first, dataclasses.replace(SHOWN, prompt="a detective"), SHOWN)
    assert (saved.description, saved.prompt, saved.canonical_image_id) == ("a pilot", "a detective", first)
    with pytest.raises(CharacterChanged):
        library.save_character(mina.id, second, dataclasses.replace(SHOWN, description="a sailor"), SHOWN)
    assert library.get_character(saved.id) == saved


def test_two_who_change_the_tags_both_keep_theirs(library: CharacterLibrary, mina: CastMember):
    shown = library.set_tags(mina.character.id, ["lead", "sea"]).tags
    library.set_tags(mina.character.id, ["lead", "hero"], instead_of=shown)
    late = library.set_tags(mina.character.id, ["LEAD", "sea", "Pilot"], instead_of=shown)
    assert late.tags == ("hero", "LEAD", "Pilot")
    assert library.set_tags(mina.character.id, [], instead_of=["hero", "gone"]).tags == ("LEAD", "Pilot")


def test_two_who_change_what_steers_both_keep_theirs(library: CharacterLibrary, mina: CastMember):
    _, second, third = image_ids(mina)
    library.set_steering(mina.character.id, [second], instead_of=[])
    library.set_steering(mina.character.id, [third], instead_of=[])
    assert library.list_steering(mina.character.id) == [second, third]
    library.set_steering(mina.character.id, [], instead_of=[second])
    library.set_steering(mina.character.id, [], instead_of=[second])
    assert library.list_steering(mina.character.id) == [third]


def test_every_part_of_a_profile_is_compared():
    texts = {field.name for field in dataclasses.fields(CharacterText)}
    assert texts == {"name", "description", "prompt", *(part.name for part in dataclasses.fields(VisualProfile))}


def test_trash_hides_from_the_library_and_not_from_stories(library: CharacterLibrary, story: Story, mina: CastMember):
    saved = library.save_character(mina.id, image_ids(mina)[0])
    trashed = library.trash_character(saved.id)
    assert trashed == dataclasses.replace(saved, trashed_at=trashed.trashed_at)
    assert (library.list_library(story.project_id), library.search_library(story.project_id, TRASH)) == ([], [trashed])
    assert [member.character for member in library.list_cast(story.id)] == [trashed]
    assert library.trash_character(saved.id) == trashed  # in the trash since the first time
    library.restore_character(saved.id)
    assert (library.list_library(story.project_id), library.search_library(story.project_id, TRASH)) == ([saved], [])


def test_text_that_no_database_takes_is_made_harmless(library: CharacterLibrary):
    assert library.create_project("Moon\0light \ud83d").name == "Moonlight ?"


def test_characters_of_one_name_stay_apart(library: CharacterLibrary, story: Story, mina: CastMember):
    namesake = library.create_character(story.id, "Mina", [generated(1)], "generated")
    assert namesake.character.id != mina.character.id
    assert namesake.options[0].image.content_hash == mina.options[0].image.content_hash


# A character's pictures and uses


def test_a_characters_pictures_are_listed_oldest_first(library: CharacterLibrary, mina: CastMember):
    grown = library.add_options(mina.id, [generated(4)], "variant")
    library.remove_option(mina.id, image_ids(mina)[1])
    assert library.list_images(mina.character.id) == [option.image for option in grown.options]


def test_any_picture_of_a_character_can_stand_for_them(library: CharacterLibrary, story: Story, mina: CastMember):
    third = image_ids(mina)[2]
    library.remove_option(mina.id, third)
    changed = library.set_canonical(mina.character.id, third)
    assert library.get_character(mina.character.id) == changed
    assert changed == dataclasses.replace(mina.character, canonical_image_id=third)


def test_another_characters_picture_is_neither_canonical_nor_steering(
    library: CharacterLibrary, story: Story, mina: CastMember
):
    jun = library.create_character(story.id, "Jun", [generated(7)], "generated")
    for attempt in (
        lambda: library.set_canonical(mina.character.id, image_ids(jun)[0]),
        lambda: library.set_steering(mina.character.id, [image_ids(mina)[1], image_ids(jun)[0]]),
    ):
        with pytest.raises(NotFound, match="picture of this character"):
            attempt()
    assert library.list_steering(mina.character.id) == []


def test_what_steers_is_chosen_anew_and_never_the_canonical_image(library: CharacterLibrary, mina: CastMember):
    first, second, third = image_ids(mina)
    library.set_steering(mina.character.id, [third, first, second, third])
    assert library.list_steering(mina.character.id) == [third, second]
    library.set_canonical(mina.character.id, second)
    assert library.list_steering(mina.character.id) == [third, first]
    library.set_steering(mina.character.id, [first])
    assert library.list_steering(mina.character.id) == [first]


def test_the_uses_are_the_stories_with_pictures_on_offer(library: CharacterLibrary, story: Story, mina: CastMember):
    first, second, third = image_ids(mina)
    other, merely_cast, trashed = (library.create_story(story.project_id, title) for title in "234")
    library.link_image(other.id, third)
    library.cast_character(merely_cast.id, mina.character.id)
    library.link_image(trashed.id, first)
    library.trash_story(trashed.id)
    library.remove_option(mina.id, first)
    assert library.list_uses(mina.character.id) == [Use(story, (second, third)), Use(other, (third,))]


# Identities


def test_a_reference_is_the_picture_with_its_identities_in_order(library: CharacterLibrary, story: Story):
    new = dataclasses.replace(generated(5), face=face("steering", "judge"))
    member = library.create_character(story.id, "Mina", [new], "generated")
    reference = library.get_reference(image_ids(member)[0])
    assert reference.picture.tobytes() == picture(5).tobytes()
    assert [identity.encoder for identity in reference.identities] == ["steering", "judge"]
    for identity in reference.identities:
        assert identity.embedding.dtype == np.float32
        assert np.array_equal(identity.embedding, face("any").identities[0].embedding)


def test_identities_can_be_filled_in_later_and_those_there_stay(library: CharacterLibrary, mina: CastMember):
    first = image_ids(mina)[0]
    assert library.get_reference(first).identities == ()
    library.keep_identities(first, face("steering"))
    library.keep_identities(first, face("steering", "judge"))
    assert [identity.encoder for identity in library.get_reference(first).identities] == ["steering", "judge"]


# Many at once


def test_a_long_list_takes_no_more_queries_than_a_short_one(library: CharacterLibrary, story: Story):
    numbers = []
    for rounds in (1, 10):
        for _ in range(rounds):
            member = library.create_character(story.id, "Mina", [generated(1), generated(2)], "generated")
            library.save_character(member.id, image_ids(member)[0])
        with counted() as asked:
            assert all(len(member.options) == 2 for member in library.list_cast(story.id))
            library.list_library(story.project_id, "mina")
        numbers.append(len(asked.statements))
    assert numbers[0] == numbers[1]


def test_many_threads_share_one_library(library: CharacterLibrary, story: Story, mina: CastMember):
    start = threading.Barrier(8)

    def work(thread: int) -> None:
        start.wait()
        for i in range(5):
            library.add_options(mina.id, [generated(1000 * thread + i)], "generated")
            library.link_image(story.id, image_ids(mina)[0])
            library.list_cast(story.id)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert len(library.get_cast_member(mina.id).options) == 3 + 8 * 5


def test_two_that_load_the_same_character_at_once_make_one_member(
    library: CharacterLibrary, story: Story, mina: CastMember, tmp_path: Path
):
    """Two libraries on one database, as two processes would be."""
    second = LibraryStore.open(f"sqlite:///{tmp_path / 'castbook.db'}", str(tmp_path / "pictures"))
    stories = [library.create_story(story.project_id, str(i)) for i in range(10)]
    start = threading.Barrier(2)

    def work(opened: CharacterLibrary) -> None:
        for other in stories:
            start.wait()
            opened.link_image(other.id, image_ids(mina)[0])

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(work, (library, second.seen_by(LOCAL_OWNER))))
    assert [len(library.list_cast(other.id)) for other in stories] == [1] * 10
    second.close()


# Nothing lost

ROUNDS = 40
Acknowledged = tuple[str, list[str]]  # a cast member's id, and its images'


def test_a_missing_mount_does_not_look_like_an_empty_library(tmp_path: Path):
    url, folder = f"sqlite:///{tmp_path / 'castbook.db'}", tmp_path / "pictures"
    store = LibraryStore.open(url, str(folder))
    library = store.seen_by(LOCAL_OWNER)
    story = library.create_story(library.create_project("Moonlight").id, "Chapter 1")
    member = library.create_character(story.id, "Mina", [generated(1)], "generated")
    store.close()
    folder.rename(tmp_path / "unmounted")
    folder.mkdir()
    with pytest.raises(LibraryUnavailable, match="not mounted") as error:
        LibraryStore.open(url, str(folder))
    assert "CASTBOOK_PICTURES" in error.value.remedy
    assert list(folder.iterdir()) == []
    folder.rmdir()
    (tmp_path / "unmounted").rename(folder)
    store = LibraryStore.open(url, str(folder))
    library = store.seen_by(LOCAL_OWNER)
    assert library.list_cast(story.id) == [member]
    store.close()


def test_a_picture_that_cannot_be_kept_leaves_no_row(library: CharacterLibrary, story: Story, tmp_path: Path):
    (tmp_path / "pictures" / MARKER).unlink()
    with pytest.raises(LibraryUnavailable):
        library.create_character(story.id, "Mina", [generated(1)], "generated")
    assert library.list_cast(story.id) == []


def test_a_database_that_breaks_while_in_use_is_explained(
    store: LibraryStore, library: CharacterLibrary, tmp_path: Path
):
    store.close()
    with (tmp_path / "castbook.db").open("r+b") as file:
        file.truncate(4096)
    with pytest.raises(LibraryUnavailable):
        library.list_projects()


def save_until_killed(folder: Path, story_id: str, shades: int, acknowledge: Connection) -> None:
    """Saves one character after the other, and says so after each."""
    store = LibraryStore.open(f"sqlite:///{folder / 'castbook.db'}", str(folder / "pictures"))
    library = store.seen_by(LOCAL_OWNER)
    acknowledge.send("ready")
    for shade in count(shades, 3):
        pictures = [NewPicture(picture(shade + i), "generated", face("a", "b")) for i in range(3)]
        member = library.create_character(story_id, "Mina", pictures, "generated")
        library.save_character(member.id, image_ids(member)[2])
        acknowledge.send((member.id, image_ids(member)))


def kill_while_saving(processes: ForkServerContext, folder: Path, story_id: str, round: int) -> list[Acknowledged]:
    """Waits for one save, and kills within the next two, a little later in every round. Gives what was acknowledged."""
    receive, send = processes.Pipe(duplex=False)
    process = processes.Process(target=save_until_killed, args=(folder, story_id, 10_000 * round, send))
    process.start()
    send.close()
    assert receive.recv() == "ready"
    began = time.monotonic()
    acknowledged: list[Acknowledged] = [receive.recv()]
    time.sleep((time.monotonic() - began) * 2 * round / ROUNDS)
    process.kill()
    process.join()
    try:
        while True:
            acknowledged.append(receive.recv())
    except (EOFError, OSError):  # OSError: killed in the middle of a word
        return acknowledged


def test_sigkill_at_any_moment_loses_nothing_and_leaves_nothing_half(tmp_path: Path):
    url, folder = f"sqlite:///{tmp_path / 'castbook.db'}", tmp_path / "pictures"
    store = LibraryStore.open(url, str(folder))
    library = store.seen_by(LOCAL_OWNER)
    story = library.create_story(library.create_project("Moonlight").id, "Chapter 1")
    store.close()
    processes = multiprocessing.get_context("forkserver")  # starts fresh processes without importing all again
    processes.set_forkserver_preload(["library_store.store", "pytest"])
    acknowledged: list[Acknowledged] = []
    for round in range(ROUNDS):
        acknowledged += kill_while_saving(processes, tmp_path, story.id, round)

    store = LibraryStore.open(url, str(folder))
    library = store.seen_by(LOCAL_OWNER)
    cast = {member.id: member for member in library.list_cast(story.id)}
    assert len(acknowledged) >= ROUNDS
    for member_id, images in acknowledged:
        assert image_ids(cast[member_id]) == images
        assert cast[member_id].character.canonical_image_id == images[2]
    for member in cast.values():  # acknowledged or not: whole
        assert len(member.options) == 3
        for option in member.options:
            file = Path(library.get_picture_path(option.image.id))
            assert hashlib.sha256(file.read_bytes()).hexdigest() == option.image.content_hash
            assert len(library.get_reference(option.image.id).identities) == 2
    store.close()
    with Session(open_database(url)) as session:  # nor is there a row that no cast member shows
        assert len(session.scalars(select(CastMemberRow)).all()) == len(cast)
        assert len(session.scalars(select(ImageRow)).all()) == 3 * len(cast)
        assert len(session.scalars(select(CastOptionRow)).all()) == 3 * len(cast)
        assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


# What it costs to have it


def test_the_library_loads_no_model_and_no_page():
    code = (
        "import sys, library_store.store; "
        "print({'torch', 'insightface', 'diffusers', 'onnxruntime', 'gradio'} & set(sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "set()"
