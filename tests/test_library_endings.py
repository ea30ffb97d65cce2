"""Merging and purging."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from made_up import face, generated, image_ids, saved
from PIL import Image
from sqlalchemy import select

from errors import InvalidRequest, NotFound
from library_store.database import open_database
from library_store.library import CharacterLibrary
from library_store.pictures import Pictures
from library_store.records import (
    LOCAL_OWNER,
    CastMember,
    Character,
    CharacterText,
    LibraryQuery,
    PurgePreview,
    Story,
)
from library_store.schema import Row
from library_store.store import LibraryStore

# Merging


@pytest.fixture
def jun(library: CharacterLibrary, story: Story) -> Character:
    """Saved, in the same story as Mina, with one picture."""
    return saved(library, story.id, "Jun", dataclasses.replace(generated(7), face=face("judge")))


def test_a_merge_gives_all_pictures_to_the_kept_one(library: CharacterLibrary, mina: CastMember, jun: Character):
    pictures = [*library.list_images(mina.character.id), *library.list_images(jun.id)]
    kept = library.merge_characters(mina.character.id, jun.id)
    assert kept.canonical_image_id == mina.character.canonical_image_id
    assert library.list_images(kept.id) == [dataclasses.replace(image, character_id=kept.id) for image in pictures]
    assert library.get_reference(jun.canonical_image_id).identities != ()


def test_in_a_story_of_both_the_kept_ones_entry_takes_the_options(
    library: CharacterLibrary, story: Story, mina: CastMember, jun: Character
):
    library.merge_characters(mina.character.id, jun.id)
    (member,) = library.list_cast(story.id)
    assert (member.id, member.active_image_id) == (mina.id, mina.active_image_id)
    assert image_ids(member) == [*image_ids(mina), jun.canonical_image_id]


def test_in_a_story_of_the_merged_one_alone_the_entry_becomes_the_kept_ones(
    library: CharacterLibrary, story: Story, mina: CastMember, jun: Character
):
    other = library.create_story(story.project_id, "Chapter 2")
    member = library.link_image(other.id, jun.canonical_image_id)
    kept = library.merge_characters(mina.character.id, jun.id)
    (after,) = library.list_cast(other.id)
    assert (after.id, after.character, after.active_image_id) == (member.id, kept, jun.canonical_image_id)
    assert [use.story for use in library.list_uses(kept.id)] == [story, other]


def test_an_entry_without_an_active_picture_takes_the_other_ones(
    library: CharacterLibrary, story: Story, mina: CastMember, jun: Character
):
    for image_id in image_ids(mina):
        library.remove_option(mina.id, image_id)
    library.merge_characters(mina.character.id, jun.id)
    assert library.get_cast_member(mina.id).active_image_id == jun.canonical_image_id
    assert len(library.restore_option(mina.id, image_ids(mina)[0]).options) == 2


def test_tags_and_favour_are_united_and_the_words_are_the_kept_ones(
    library: CharacterLibrary, story: Story, mina: CastMember, jun: Character
):
    library.set_tags(mina.character.id, ["lead", "chapter 1"])
    library.set_tags(jun.id, ["Lead", "villain"])
    library.set_favourite(jun.id, True)
    kept = library.merge_characters(mina.character.id, jun.id)
    assert (kept.name, kept.tags, kept.is_favourite) == ("Mina", ("chapter 1", "lead", "villain"), True)
    assert library.list_library(story.project_id, "jun") == []


def test_merging_a_saved_one_into_an_unsaved_one_keeps_it_in_the_library(
    library: CharacterLibrary, story: Story, mina: CastMember, jun: Character
):
    kept = library.merge_characters(mina.character.id, jun.id)
    assert kept.saved_at == jun.saved_at
    assert library.list_library(story.project_id) == [kept]


def test_merging_a_trashed_one_brings_nobody_into_the_library(
    library: CharacterLibrary, story: Story, mina: CastMember, jun: Character
):
    library.trash_character(jun.id)
    assert not library.merge_characters(mina.character.id, jun.id).is_saved_to_library
    assert library.search_library(story.project_id, LibraryQuery(trashed=True)) == []


def test_what_steers_the_kept_one_stays_as_it_was(
    library: CharacterLibrary, story: Story, mina: CastMember, jun: Character
):
    more = library.add_options(library.cast_character(story.id, jun.id).id, [generated(8)], "variant")
    library.set_steering(jun.id, [image_ids(more)[1]])
    library.set_steering(mina.character.id, [image_ids(mina)[1]])
    library.merge_characters(mina.character.id, jun.id)
    assert library.list_steering(mina.character.id) == [image_ids(mina)[1]]


def test_old_links_lead_to_the_kept_one_even_through_two_merges(
    library: CharacterLibrary, story: Story, mina: CastMember, jun: Character
):
    library.merge_characters(mina.character.id, jun.id)
    last = saved(library, story.id, "Last")
    kept = library.merge_characters(last.id, mina.character.id)
    for old in (jun.id, mina.character.id):
        assert library.get_character(old) == kept
    edited = library.edit_character(jun.id, CharacterText(name="Lasting"))
    assert library.get_character(last.id) == edited
    assert library.cast_character(story.id, jun.id).character == edited


def as_read(library: CharacterLibrary, stories: list[Story], ids: list[str]) -> list[object]:
    """All that a merge touches, as it is read."""
    return [
        [library.list_cast(story.id) for story in stories],
        [(library.get_character(id), library.list_images(id), library.list_steering(id)) for id in ids],
        library.list_library(stories[0].project_id),
        library.list_tags(stories[0].project_id),
    ]


def test_undoing_a_merge_leaves_no_trace(library: CharacterLibrary, story: Story, mina: CastMember, jun: Character):
    """In one story both are, in another one Jun alone; a third character had been merged into Jun before."""
    other = library.create_story(story.project_id, "Chapter 2")
    more = library.add_options(library.link_image(other.id, jun.canonical_image_id).id, [generated(8)], "variant")
    earlier = saved(library, story.id, "Juno", generated(9))
    library.merge_characters(jun.id, earlier.id)
    library.set_steering(jun.id, [image_ids(more)[1]])
    library.set_tags(mina.character.id, ["lead"])
    library.set_tags(jun.id, ["Lead", "villain"])
    library.set_favourite(jun.id, True)
    ids = [mina.character.id, jun.id, earlier.id]
    before = as_read(library, [story, other], ids)
    library.merge_characters(mina.character.id, jun.id)

    assert library.undo_merge(jun.id) == library.get_character(mina.character.id)

    assert as_read(library, [story, other], ids) == before


def test_what_came_after_a_merge_stays_with_whom_it_was_made_for(
    library: CharacterLibrary, story: Story, mina: CastMember, jun: Character
):
    other = library.create_story(story.project_id, "Chapter 2")
    library.link_image(other.id, jun.canonical_image_id)
    library.merge_characters(mina.character.id, jun.id)
    library.set_canonical(mina.character.id, jun.canonical_image_id)
    library.keep_variants(other.id, mina.character.id, [generated(30)])
    library.undo_merge(jun.id)
    assert [(member.character.name, len(member.options)) for member in library.list_cast(other.id)] == [
        ("Jun", 1), ("Mina", 1),
    ]  # fmt: skip
    assert library.get_character(mina.character.id).canonical_image_id == mina.character.canonical_image_id


def test_a_merge_of_whom_was_merged_again_is_not_undone(
    library: CharacterLibrary, story: Story, mina: CastMember, jun: Character
):
    last = saved(library, story.id, "Last")
    library.merge_characters(mina.character.id, jun.id)
    library.merge_characters(last.id, mina.character.id)
    for nobody in (jun.id, last.id):
        with pytest.raises(InvalidRequest, match="merged once more since"):
            library.undo_merge(nobody)
    library.undo_merge(mina.character.id)
    library.undo_merge(jun.id)
    assert [library.get_character(id).name for id in (last.id, mina.character.id, jun.id)] == ["Last", "Mina", "Jun"]


def test_a_picture_of_somebody_else_becomes_a_character_with_all_that_was_made_from_it(
    library: CharacterLibrary, story: Story, mina: CastMember
):
    first, second, third = image_ids(mina)
    other = library.create_story(story.project_id, "Chapter 2")
    variant = dataclasses.replace(generated(30), source="variant", parent_id=second)
    member = library.keep_variants(other.id, mina.character.id, [variant])
    library.select_image(mina.id, second)

    split = library.split_character(mina.id, [second], "Mina’s sister")

    assert (split.character.name, split.active_image_id, split.character.canonical_image_id) == (
        "Mina’s sister", second, second,
    )  # fmt: skip
    assert not split.character.is_saved_to_library and split.character.prompt == mina.character.prompt
    left = library.get_cast_member(mina.id)
    assert (image_ids(left), left.active_image_id) == ([first, third], first)
    [moved] = library.list_cast(other.id)
    assert (moved.character, image_ids(moved), moved.active_image_id) == (
        split.character, image_ids(member), variant.id,
    )  # fmt: skip
    library.merge_characters(mina.character.id, split.character.id)
    assert image_ids(library.get_cast_member(mina.id)) == [first, second, third]


def test_nobody_is_left_without_a_picture(library: CharacterLibrary, mina: CastMember):
    for image_ids_ in ([], image_ids(mina)):
        with pytest.raises(InvalidRequest, match="would have no picture"):
            library.split_character(mina.id, image_ids_, "Nobody")


def test_what_cannot_be_merged_is_refused(library: CharacterLibrary, story: Story, mina: CastMember, jun: Character):
    foreign = library.create_story(library.create_project("Sunlight").id, "Chapter 1")
    with pytest.raises(InvalidRequest, match="different projects"):
        library.merge_characters(mina.character.id, saved(library, foreign.id, "Far").id)
    library.trash_character(mina.character.id)
    with pytest.raises(InvalidRequest, match="Mina is in the trash"):
        library.merge_characters(mina.character.id, jun.id)
    library.restore_character(mina.character.id)
    library.merge_characters(mina.character.id, jun.id)
    with pytest.raises(InvalidRequest, match="one and the same"):
        library.merge_characters(mina.character.id, jun.id)


# Purging


def test_only_what_is_in_the_trash_is_purged(library: CharacterLibrary, jun: Character):
    with pytest.raises(InvalidRequest, match="Jun is not in the trash"):
        library.purge_character(jun.id)
    assert library.get_character(jun.id) == jun


def test_the_preview_says_what_a_purge_would_take(library: CharacterLibrary, story: Story, mina: CastMember):
    first, second, _ = image_ids(mina)
    trashed, unused = (library.create_story(story.project_id, title) for title in "23")
    library.link_image(trashed.id, first)
    library.cast_character(unused.id, mina.character.id)
    children = [dataclasses.replace(generated(20 + i), parent_id=first) for i in range(2)]
    library.create_character(story.id, "Child", children, "variant")
    library.add_options(mina.id, [dataclasses.replace(generated(9), parent_id=second)], "variant")
    library.remove_option(library.link_image(unused.id, first).id, first)
    trashed = library.trash_story(trashed.id)
    assert library.preview_purge(mina.character.id) == PurgePreview(images=4, stories=(story, trashed), children=2)


def everything(folder: Path) -> dict[str, set[str]]:
    """The ids of all rows, and the picture files."""
    kept = {"pictures": {str(path) for path in (folder / "pictures").rglob("*.*")}}
    engine = open_database(f"sqlite:///{folder / 'castbook.db'}")
    with engine.connect() as connection:
        for table in Row.metadata.tables.values():
            kept[table.name] = set(connection.execute(select(table.c.id)).scalars())
    engine.dispose()
    return kept


def test_a_purge_leaves_nothing_of_a_character(library: CharacterLibrary, story: Story, jun: Character, tmp_path: Path):
    before = everything(tmp_path)
    pictures = [dataclasses.replace(generated(shade), face=face("judge")) for shade in (1, 2)]
    mina = library.create_character(story.id, "Mina", pictures, "generated")
    library.merge_characters(mina.character.id, saved(library, story.id, "Old", generated(5)).id)
    child = dataclasses.replace(generated(9), parent_id=image_ids(mina)[0])
    library.remove_option(library.add_options(mina.id, [child], "variant").id, image_ids(mina)[1])
    library.set_tags(mina.character.id, ["lead"])
    library.set_steering(mina.character.id, [image_ids(mina)[1]])
    library.get_thumbnail_path(image_ids(mina)[0])
    library.trash_character(mina.character.id)
    assert everything(tmp_path) != before
    library.purge_character(mina.character.id)
    assert everything(tmp_path) == before


def test_the_children_of_a_purged_character_stay_without_a_parent(
    library: CharacterLibrary, story: Story, mina: CastMember
):
    child = dataclasses.replace(generated(9), parent_id=image_ids(mina)[0])
    member = library.create_character(story.id, "Child", [child], "variant")
    library.trash_character(mina.character.id)
    library.purge_character(mina.character.id)
    orphan = dataclasses.replace(member.options[0].image, parent_id=None)
    assert library.list_images(member.character.id) == [orphan]
    with pytest.raises(NotFound):
        library.get_cast_member(mina.id)


def test_a_purged_characters_old_links_lead_nowhere(library: CharacterLibrary, mina: CastMember, jun: Character):
    library.merge_characters(mina.character.id, jun.id)
    library.trash_character(jun.id)
    library.purge_character(jun.id)
    for gone in (mina.character.id, jun.id):
        with pytest.raises(NotFound):
            library.get_character(gone)


def test_a_file_that_another_picture_shares_stays(
    store: LibraryStore, library: CharacterLibrary, story: Story, mina: CastMember
):
    twin = library.create_character(story.id, "Twin", [generated(1)], "generated")
    assert twin.options[0].image.content_hash == mina.options[0].image.content_hash
    library.trash_character(mina.character.id)
    library.purge_character(mina.character.id)
    assert Path(library.get_picture_path(image_ids(twin)[0])).exists()
    library.trash_character(twin.character.id)
    library.purge_character(twin.character.id)
    assert list(store.pictures_folder.rglob("*.png")) == []


def test_a_picture_kept_while_its_twin_is_purged_has_its_file(tmp_path: Path):
    """The purge comes between the file and the row of the new picture: the worst moment."""
    pictures = PurgingPictures.open(str(tmp_path / "pictures"))
    store = LibraryStore(open_database(f"sqlite:///{tmp_path / 'castbook.db'}"), pictures)
    library = store.seen_by(LOCAL_OWNER)
    story = library.create_story(library.create_project("Moonlight").id, "Chapter 1")
    mina = library.create_character(story.id, "Mina", [generated(1)], "generated")
    library.trash_character(mina.character.id)
    pictures.when_kept = lambda: library.purge_character(mina.character.id)
    twin = library.create_character(story.id, "Twin", [generated(1)], "generated")
    assert Path(library.get_picture_path(image_ids(twin)[0])).exists()
    store.close()


class PurgingPictures(Pictures):
    """Does something once, when the next file has been kept."""

    when_kept: Callable[[], None] | None = None

    def put(self, picture: Image.Image, texts: Mapping[str, str] | None = None) -> str:
        content_hash = super().put(picture, texts)
        if (act := self.when_kept) is not None:
            self.when_kept = None
            act()
        return content_hash
