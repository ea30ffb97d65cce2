"""How long a text may be and how many there may be of a thing is the library's to say, whoever calls, in a sentence."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import fake_maker, fake_pack, studio_of
from made_up import generated, image_ids, saved

from errors import InvalidRequest, SeveralProblems, UnreadableExport
from library_store import limits, quotas
from library_store.library import CharacterLibrary
from library_store.limits import LOOK, NAME, QUERY, TAG, TAGS, WORDS
from library_store.records import CastMember, CharacterText, LibraryQuery, NewPicture, Story, Visitor, VisualProfile
from library_store.store import LibraryStore
from studio import Castbook, Models, Studio

MEGABYTE = "가" * 2**20
Write = Callable[[CharacterLibrary, CastMember, str], object]

TEXTS: dict[str, tuple[int, Write]] = {
    "project": (NAME, lambda library, mina, text: library.create_project(text)),
    "project renamed": (NAME, lambda library, mina, text: library.rename_project(mina.character.project_id, text)),
    "story": (NAME, lambda library, mina, text: library.create_story(mina.character.project_id, text)),
    "story renamed": (NAME, lambda library, mina, text: library.update_story(mina.story_id, title=text)),
    "context": (WORDS, lambda library, mina, text: library.create_story(mina.character.project_id, "A", text)),
    "context changed": (WORDS, lambda library, mina, text: library.update_story(mina.story_id, context=text)),
    "character": (
        NAME,
        lambda library, mina, text: library.create_character(mina.story_id, text, [generated(9)], "generated"),
    ),
    "prompt": (
        WORDS,
        lambda library, mina, text: library.create_character(mina.story_id, "A", [generated(9)], "generated", text),
    ),
    "look": (
        LOOK,
        lambda library, mina, text: library.create_character(
            mina.story_id, "A", [generated(9)], "generated", "", VisualProfile(hair=text)
        ),
    ),
    "saved as": (
        NAME,
        lambda library, mina, text: library.save_character(mina.id, image_ids(mina)[0], CharacterText(name=text)),
    ),
    "description": (
        WORDS,
        lambda library, mina, text: library.edit_character(mina.character.id, CharacterText(description=text)),
    ),
    "look edited": (
        LOOK,
        lambda library, mina, text: library.edit_character(mina.character.id, CharacterText(outfit=text)),
    ),
    "tag": (TAG, lambda library, mina, text: library.set_tags(mina.character.id, [text])),
    "search": (
        QUERY,
        lambda library, mina, text: library.search_library(mina.character.project_id, LibraryQuery(text)),
    ),
    "count": (
        QUERY,
        lambda library, mina, text: library.count_library(mina.character.project_id, LibraryQuery(text)),
    ),
}


@pytest.mark.parametrize("what", TEXTS)
def test_a_text_of_a_megabyte_is_refused_with_its_length_and_one_as_long_as_may_be_is_taken(
    library: CharacterLibrary, mina: CastMember, what: str
):
    most, write = TEXTS[what]
    with pytest.raises(InvalidRequest, match=rf"has 1048576 characters\. At most {most} are kept"):
        write(library, mina, MEGABYTE)
    write(library, mina, "a" * most)


def test_fifty_thousand_tags_are_refused_and_those_of_before_there_were_limits_may_stay(
    library: CharacterLibrary, mina: CastMember, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(InvalidRequest, match="These are 50000 tags"):
        library.set_tags(mina.character.id, [str(number) for number in range(50_000)])
    with monkeypatch.context() as before:
        before.setattr(limits, "TAGS", 100)
        many = library.set_tags(mina.character.id, [str(number) for number in range(TAGS + 5)]).tags
    assert len(library.set_tags(mina.character.id, many[1:]).tags) == TAGS + 4


@pytest.mark.parametrize(
    ("most", "add"),
    [
        ("PROJECTS", lambda library, mina: library.create_project("One more")),
        ("STORIES", lambda library, mina: library.create_story(mina.character.project_id, "One more")),
        ("CHARACTERS", lambda library, mina: saved(library, mina.story_id, "One more")),
        ("PICTURES", lambda library, mina: library.add_pictures(mina.character.id, [generated(7)])),
        ("PICTURES", lambda library, mina: library.add_options(mina.id, [generated(7)], "variant")),
        ("PICTURES", lambda library, mina: library.keep_variants(mina.story_id, mina.character.id, [generated(7)])),
        ("STEERING", lambda library, mina: library.set_steering(mina.character.id, image_ids(mina))),
    ],
)  # fmt: skip
def test_what_there_are_too_many_of_is_refused_and_leaves_nothing(
    library: CharacterLibrary, mina: CastMember, monkeypatch: pytest.MonkeyPatch, most: str, add: Callable[..., object]
):
    monkeypatch.setattr(quotas, most, {"PICTURES": 3, "STEERING": 2}.get(most, 1))

    def there() -> tuple[object, ...]:
        stories = library.list_stories(mina.character.project_id)
        return (
            library.list_projects(),
            stories,
            library.list_cast(mina.story_id),
            library.list_images(mina.character.id),
        )

    before = there()
    with pytest.raises(InvalidRequest, match=r"at most|At most|as many as"):
        add(library, mina)
    assert there() == before


def test_who_has_no_room_is_told_before_anything_is_drawn_and_takes_no_more(store: LibraryStore):
    visitor = Visitor("mina", megapixels=1)
    library = store.seen_by(visitor)
    story = library.create_story(library.create_project("Mine").id, "One")
    large = generated(1).picture.resize((1000, 1000))
    member = library.create_character(story.id, "A", [NewPicture(large, "uploaded")], "generated")
    with pytest.raises(InvalidRequest, match="yours have 1 megapixels together"):
        library.add_pictures(member.character.id, [generated(2)])
    drawing = _drawing_for(store, visitor)
    with pytest.raises(InvalidRequest, match="no room"):
        drawing.drawing.generate_character(story.id, "B", "a girl")
    library.trash_character(member.character.id)
    library.purge_character(member.character.id)
    *_, made = drawing.drawing.generate_character(story.id, "B", "a girl")
    assert made.member.character.name == "B"


def test_too_long_a_text_is_refused_before_anything_is_drawn(store: LibraryStore, story: Story):
    studio = studio_of(store, fake_pack(), fake_maker)
    for words in ({"name": MEGABYTE}, {"prompt": MEGABYTE}, {"description": MEGABYTE}):
        with pytest.raises(InvalidRequest, match="1048576 characters"):
            studio.drawing.generate_character(story.id, **{"name": "A", "prompt": "a girl", **words})
    assert studio.runs.list("") == []


def test_an_import_is_held_to_the_same(
    library: CharacterLibrary, store: LibraryStore, mina: CastMember, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    library.set_tags(mina.character.id, ["lead"])
    library.export_zip(tmp_path / "whole.zip", mina.character.project_id)
    other = store.seen_by(Visitor("somebody"))
    project_id = other.create_project("Theirs").id
    for name, old, new, refusal in (
        ("metadata.jsonl", '"name":"Mina"', f'"name":"{"M" * 121}"', "121 characters"),
        ("metadata.jsonl", '"tags":["lead"]', '"tags":["' + '","'.join(map(str, range(41))) + '"]', "41 tags"),
        ("castbook.json", '"Chapter 1"', f'"{"C" * 121}"', "121 characters"),
    ):
        _changed(tmp_path / "whole.zip", tmp_path / "long.zip", name, old, new)
        with pytest.raises((InvalidRequest, UnreadableExport), match=refusal):
            other.import_zip(tmp_path / "long.zip", project_id)
    monkeypatch.setattr(quotas, "PICTURES", 2)
    with pytest.raises(InvalidRequest, match="at most 2000 pictures"):
        other.import_zip(tmp_path / "whole.zip", project_id)
    assert (other.list_stories(project_id), len(list(store.pictures_folder.rglob("*.png")))) == ([], 3)


def _changed(source: Path, target: Path, name: str, old: str, new: str) -> None:
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as written:
        for each in archive.namelist():
            data = archive.read(each)
            if each == name:
                assert old in data.decode()
                data = data.decode().replace(old, new).encode()
            written.writestr(each, data)


def _drawing_for(store: LibraryStore, visitor: Visitor) -> Studio:
    return Castbook(store, fake_pack(), Models(fake_maker)).seen_by(visitor)


def test_all_that_is_wrong_with_a_form_is_told_at_once_with_its_fields(library: CharacterLibrary):
    story = library.ensure_a_story()
    with pytest.raises(SeveralProblems) as told:
        library.create_character(story.id, " ", [], "generated", "p" * 4001, VisualProfile(hair="h" * 1001))
    assert [problem.field for problem in told.value.problems] == ["name", "prompt", "hair"]
    assert "no name" in str(told.value) and "4001 characters" in str(told.value)
