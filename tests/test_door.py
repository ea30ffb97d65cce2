"""Nobody sees, uses or changes what is another visitor's, by whichever verb."""

from __future__ import annotations

import inspect
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints
from zlib import crc32

import numpy as np
import pytest
from made_up import generated, image_ids, picture, portrait, saved

from errors import InvalidRequest, LookOnly, NotFound
from library_store.guests import Guests
from library_store.library import CharacterLibrary
from library_store.records import (
    LOCAL_OWNER,
    CastMember,
    Character,
    CharacterText,
    Guest,
    LibraryQuery,
    NewPicture,
    Project,
    Shared,
    Story,
    Visitor,
    new_id,
)
from library_store.store import LibraryStore
from pipeline.values import Identity

IDENTITY = Identity("fake-judge", np.eye(1, 512, dtype=np.float32)[0])
VERBS = {
    name: verb
    for room in (CharacterLibrary, Guests)
    for name, verb in inspect.getmembers(room, inspect.isfunction)
    if name[0] != "_"
}


@dataclass(frozen=True)
class Belongings:
    """Of one visitor: a project with one of everything in it."""

    library: CharacterLibrary
    story: Story
    member: CastMember
    other: Character  # saved as well
    zip_file: Path  # an export of the project
    guest: Guest  # somebody who may look
    invitation: str  # for somebody else
    invitation_id: str

    def given(self, parameter: str) -> Any:
        """What a verb can be called with; by one that is not here nobody has looked whether the door stands there."""
        image = image_ids(self.member)[1]
        return {
            "project_id": self.story.project_id,
            "story_id": self.story.id,
            "cast_member_id": self.member.id,
            "character_id": self.member.character.id,
            "kept_id": self.member.character.id,
            "merged_id": self.other.id,
            "cursor": self.member.character.id,
            "image_id": image,
            "image_ids": [image],
            "character_ids": [self.member.character.id],
            "pictures": [NewPicture(picture(9), "variant", parent_id=image)],
            "path": self.zip_file,
            "content_hash": self.library.get_image(str(self.other.canonical_image_id)).content_hash,
            "guest_id": self.guest.id,
            "invitation_id": self.invitation_id,
            "invitation": self.invitation,
        }[parameter]

    def everything(self) -> tuple[Any, ...]:
        library, who = self.library, self.member.character.id
        lists = library.list_projects(), library.list_cast(self.story.id), library.list_library(self.story.project_id)
        faces = library.get_faces(image_ids(self.member))
        seen_by = [(image_id, [identity.encoder for identity in face.identities]) for image_id, face in faces.items()]
        return *lists, library.list_images(who), library.list_steering(who), seen_by


WORDS: dict[str, Any] = {
    "name": "Hana",
    "title": "Chapter 2",
    "written": CharacterText(description="a knight"),
    "how": "generated",
    "query": LibraryQuery(),
    "identity": IDENTITY,
    "face": portrait((255, 0, 0)).face,
    "limit": 5,
    "encoder": "another",
    "favourite": True,
    "tags": ["lead"],
    "may": "edit",
    "pixels": 0,
}


def parameters(verb: str) -> list[str]:
    """Those that have to be given, and the ids that may be."""
    known = inspect.signature(VERBS[verb]).parameters
    has_to_be = [name for name, parameter in known.items() if parameter.default is parameter.empty and name != "self"]
    return [*has_to_be, *(name for name in known if name.endswith(("_id", "_ids", "cursor")) and name not in has_to_be)]


def doors() -> Iterator[tuple[str, str]]:
    """Each verb with each of its parameters that can lead to a row. An invitation lets in whoever holds it."""
    words = {*WORDS, "path", "invitation"}
    for verb in VERBS:
        yield from ((verb, parameter) for parameter in parameters(verb) if parameter not in words)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def store(home: Path) -> Iterator[LibraryStore]:
    with opened(home) as store:
        yield store


@pytest.fixture(scope="module")
def ada(store: LibraryStore, home: Path) -> Belongings:
    return furnished(store, "ada", home / "ada.zip")


@pytest.fixture(scope="module")
def bea(store: LibraryStore, home: Path) -> Belongings:
    """Who only tries what she may not, and so stays as she is."""
    return furnished(store, "bea", home / "bea.zip")


@pytest.fixture
def newcomer(store: LibraryStore, tmp_path: Path) -> Belongings:
    return furnished(store, new_id(), tmp_path / "export.zip")


@contextmanager
def opened(home: Path) -> Iterator[LibraryStore]:
    store = LibraryStore.open(f"sqlite:///{home / 'castbook.db'}", str(home / "pictures"))
    yield store
    store.close()


def furnished(store: LibraryStore, name: str, zip_file: Path) -> Belongings:
    library = store.seen_by(Visitor(name))
    story = library.create_story(library.create_project("Moonlight").id, "Chapter 1")
    pictures = [portrait((255, 0, 0)), portrait((0, 255, 0))]
    member = library.create_character(story.id, "Mina", pictures, "generated")
    library.save_character(member.id, image_ids(member)[0])
    library.set_steering(member.character.id, [image_ids(member)[1]])
    other = saved(library, story.id, "Jun", generated(crc32(name.encode()) % 2**24))  # of whom nobody else has this
    library.export_zip(zip_file, story.project_id)
    store.seen_by(Visitor(f"guest of {name}")).guests.accept(library.guests.invite(story.project_id, "view"))
    [guest] = library.guests.list_guests(story.project_id)
    invitation = library.guests.invite(story.project_id, "edit")
    [open_still] = library.guests.list_invitations(story.project_id)
    member = library.get_cast_member(member.id)
    return Belongings(library, story, member, other, zip_file, guest, invitation, open_still.id)


def ask(who: Belongings, verb: str, **instead: Any) -> Any:
    """What they get with ids of their own, and with others instead of some."""
    given = {name: WORDS[name] if name in WORDS else who.given(name) for name in parameters(verb)}
    if get_type_hints(VERBS[verb]).get("query") is str:
        given.pop("query", None)
    room = who.library.guests if hasattr(Guests, verb) else who.library
    return getattr(room, verb)(**given | instead)


@pytest.mark.parametrize(("verb", "parameter"), doors())
def test_a_strangers_id_is_unknown_whatever_else_is_ones_own(
    verb: str, parameter: str, ada: Belongings, bea: Belongings
):
    before = ada.everything()
    try:
        answer = ask(bea, verb, **{parameter: ada.given(parameter)})
    except NotFound:
        answer = None
    assert not answer or answer.project_id == bea.story.project_id  # `ensure_a_story` goes on with one's own
    assert ada.everything() == before


@pytest.mark.parametrize("verb", sorted({verb for verb, _ in doors()}))
def test_to_ones_own_ids_the_door_is_open(verb: str, newcomer: Belongings):
    """Else the test above would hold of a door that is shut."""
    with suppress(InvalidRequest):  # nobody is in the trash, to be purged
        ask(newcomer, verb)


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - {verb for verb, _ in doors()}))
def test_a_verb_that_needs_no_id_gives_and_makes_what_is_ones_own(verb: str, ada: Belongings, newcomer: Belongings):
    before = ada.everything()
    [mine] = {project.owner for project in newcomer.library.list_projects()}
    answer = ask(newcomer, verb)
    assert {project.owner for project in ([answer] if isinstance(answer, Project) else answer or [])} <= {mine}
    assert {project.owner for project in newcomer.library.list_projects()} <= {mine}
    assert ada.everything() == before


def look_only_doors() -> Iterator[str]:
    """The verbs that can lead to a row of somebody else's."""
    yield from sorted({verb for verb, _ in doors()})


@pytest.mark.parametrize("verb", look_only_doors())
def test_who_was_let_in_to_look_sees_all_and_changes_nothing(
    verb: str, ada: Belongings, store: LibraryStore, tmp_path: Path
):
    before, zip_file = ada.everything(), Path(shutil.copy(ada.zip_file, tmp_path))
    guest = replace(ada, library=store.seen_by(Visitor("guest of ada")), zip_file=zip_file)
    assert guest.everything() == before
    with suppress(InvalidRequest):
        ask(guest, verb)
    assert ada.everything() == before
    store.seen_by(Visitor("guest of ada")).guests.accept(
        ada.library.guests.invite(ada.story.project_id, "view")
    )  # who left


def test_who_was_let_in_to_edit_works_there_and_neither_ends_the_project_nor_lets_others_in(
    store: LibraryStore, newcomer: Belongings
):
    library, project_id = store.seen_by(Visitor("editor")), newcomer.story.project_id
    library.guests.accept(newcomer.library.guests.invite(project_id, "edit"))
    library.create_story(project_id, "Chapter 2")
    library.set_favourite(newcomer.other.id, True)
    assert newcomer.library.get_character(newcomer.other.id).is_favourite
    for ends in (
        lambda: library.trash_project(project_id),
        lambda: library.rename_project(project_id, "Mine"),
        lambda: library.guests.invite(project_id, "view"),
        lambda: library.guests.remove(project_id, newcomer.guest.id),
    ):
        with pytest.raises(LookOnly):
            ends()
    [editor] = [guest for guest in newcomer.library.guests.list_guests(project_id) if guest.may == "edit"]
    newcomer.library.guests.remove(project_id, editor.id)
    with pytest.raises(NotFound):
        library.get_project(project_id)


def test_an_invitation_is_good_once_and_not_when_it_was_taken_back(store: LibraryStore, newcomer: Belongings):
    project_id, first = newcomer.story.project_id, store.seen_by(Visitor("first"))
    first.guests.accept(newcomer.library.guests.invite(project_id, "view"))
    assert first.guests.shared() == {project_id: Shared("", "view")} and first.guests.list_invitations(project_id) == []
    newcomer.library.guests.withdraw(project_id, newcomer.invitation_id)
    assert newcomer.library.guests.list_invitations(project_id) == []
    for gone in (newcomer.invitation, newcomer.library.guests.invite(project_id, "view")):
        with suppress(NotFound):
            first.guests.accept(gone)
        with pytest.raises(NotFound):
            store.seen_by(Visitor("second")).guests.accept(gone)


def test_everything_of_mine_is_everything_of_mine_and_nothing_else(
    store: LibraryStore, ada: Belongings, newcomer: Belongings, home: Path
):
    before, image = ada.everything(), newcomer.other.canonical_image_id
    files = {newcomer.library.get_image(id).content_hash for id in [*image_ids(newcomer.member), str(image)]}
    newcomer.library.copy_character(newcomer.other.id, newcomer.library.create_project("Second").id)
    newcomer.library.add_pictures(newcomer.other.id, [NewPicture(picture(77), "generated")])
    newcomer.library.delete_everything()
    assert newcomer.library.list_projects() == newcomer.library.list_projects(trashed=True) == []
    assert ada.everything() == before
    with pytest.raises(NotFound):
        newcomer.library.get_character(newcomer.other.id)
    with sqlite3.connect(home / "castbook.db") as database:
        database.row_factory = sqlite3.Row
        left = database.execute("SELECT * FROM character_reference_images WHERE content_hash IN (?, ?, ?)", [*files])
        there = {row["content_hash"] for row in left}  # ada's are the same pictures
    database.close()
    kept = {path.stem for path in (home / "pictures").rglob("*.png")}
    assert kept & files == there


def test_of_a_strangers_export_one_gets_copies(ada: Belongings, newcomer: Belongings, tmp_path: Path):
    before = ada.everything()
    own = newcomer.library.import_zip(ada.zip_file).project_id  # as if hers were not there
    assert own != ada.story.project_id
    assert len({newcomer.library.get_project(id).owner for id in (own, newcomer.story.project_id)}) == 1
    assert newcomer.library.import_zip(ada.zip_file).added == 0
    newcomer.library.import_zip(ada.zip_file, newcomer.story.project_id)
    copies = [each for each in newcomer.library.list_library(newcomer.story.project_id) if each.copied_from_id]
    assert {each.copied_from_id for each in copies} == {ada.member.character.id, ada.other.id}
    assert ada.everything() == before
    with opened(tmp_path) as elsewhere:
        elsewhere.seen_by(Visitor("bea")).import_zip(ada.zip_file)
        assert [project.owner for project in elsewhere.seen_by(Visitor("bea")).list_projects()] == ["bea"]


def test_the_local_owner_sees_everything_and_brings_it_back_as_it_was(
    store: LibraryStore, ada: Belongings, bea: Belongings, tmp_path: Path
):
    library = store.seen_by(LOCAL_OWNER)
    assert {project.owner for project in library.list_projects()} >= {"ada", "bea"}
    assert library.get_cast_member(ada.member.id) == ada.member
    assert library.get_thumbnail_paths(image_ids(bea.member)).keys() == set(image_ids(bea.member))
    with opened(tmp_path) as elsewhere:
        elsewhere.seen_by(LOCAL_OWNER).import_zip(ada.zip_file)
        assert [project.owner for project in elsewhere.seen_by(Visitor("ada")).list_projects()] == ["ada"]


def test_only_who_sees_everything_can_be_without_a_name():
    with pytest.raises(ValueError, match="without a name"):
        Visitor("")
