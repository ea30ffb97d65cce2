"""What the bar's field finds."""

from __future__ import annotations

from fakes import fake_maker, fake_pack, studio_of
from made_up import generated

from library_store.store import LibraryStore
from ui.find import groups_found


def test_people_stories_projects_and_deeds_are_found_by_what_they_are_called(store: LibraryStore):
    studio = studio_of(store, fake_pack(), fake_maker)
    library = studio.library
    story = library.ensure_a_story()
    member = library.create_character(story.id, "서연", [generated(9)], "generated")
    library.save_character(member.id, member.options[0].image.id)
    other = library.create_story(story.project_id, "Night Shift")
    project = library.create_project("Nightfall")

    def found(written: str) -> dict[str, list[str]]:
        groups = groups_found(studio, story.project_id, story.id, written)
        return {group["label"]: [item["id"] for item in group["items"]] for group in groups}

    assert found("ㅅㅇ") == {"In this story": [member.id], "Library": [member.character.id]}
    assert found("NIGHT") == {"Stories": [other.id], "Projects": [project.id]}
    assert found("reference") == {"What you can do": ["generate-with-reference"]}
    assert found("zeppelin") == {}
    assert "Library" not in found("")  # the whole library is no finding
