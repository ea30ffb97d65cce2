"""Choices among things of one name."""

from __future__ import annotations

from fakes import fake_maker, fake_pack, studio_of
from made_up import generated, saved

from library_store.records import made_at, new_id
from library_store.store import LibraryStore
from ui.library.character_upkeep import _others
from ui.told_apart import people_choices, project_choices, story_choices


def test_people_of_one_name_are_told_apart_by_count_and_date_or_numbered(store: LibraryStore):
    studio = studio_of(store, fake_pack(), lambda: fake_maker())
    story = studio.library.ensure_a_story()
    people = [saved(studio.library, story.id, name, generated(i)) for i, name in enumerate(("Hana", "hana", "Jun"))]
    studio.library.add_options(studio.library.cast_character(story.id, people[0].id).id, [generated(9)], "variant")

    labels = {id: label for label, id in people_choices(studio, people)}

    assert labels[people[0].id].startswith("Hana · 2 pictures · saved 20")
    assert labels[people[1].id].startswith("hana · 1 picture · saved 20")
    assert labels[people[2].id] == "Jun"


def test_whoever_there_is_no_difference_between_is_numbered(store: LibraryStore):
    studio = studio_of(store, fake_pack(), lambda: fake_maker())
    story = studio.library.ensure_a_story()
    hana, *_ = [saved(studio.library, story.id, "Hana", generated(i)) for i in range(5)]
    labels = [label for label, _ in _others(studio, hana, "")]
    assert len(labels) == len(set(labels)) == 4


def test_projects_and_stories_of_one_name_are_told_apart(store: LibraryStore):
    studio = studio_of(store, fake_pack(), lambda: fake_maker())
    projects = [studio.library.create_project(name) for name in ("Moonlight", "Moonlight", "Sunlight")]
    stories = [studio.library.create_story(projects[0].id, "Chapter 1") for _ in range(2)]
    saved(studio.library, stories[0].id, "Hana", generated(1))

    (first, _), (second, _), (other, _) = project_choices(studio, projects)
    assert first.startswith("Moonlight · 2 stories · begun 20") and second.startswith("Moonlight · 0 stories")
    assert other == "Sunlight"
    assert [label.split(" · ")[1] for label, _ in story_choices(studio, stories)] == ["1 character", "0 characters"]


def test_an_id_says_when_it_was_made():
    assert made_at(new_id()) is not None
    assert made_at("p") is None
