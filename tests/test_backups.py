"""`python -m library_store backup` and `restore`: a library is copied whole while it is used, and comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from fakes import BLUE, RED
from made_up import generated, portrait, saved
from typer.testing import CliRunner, Result

from errors import InvalidRequest
from library_store.__main__ import app
from library_store.backups import back_up, restore
from library_store.library import CharacterLibrary
from library_store.pictures import Pictures
from library_store.records import LOCAL_OWNER, Character
from library_store.store import LibraryStore

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def folder(home: Path) -> Path:
    return home / "backups" / "today"


@pytest.fixture
def mina(library: CharacterLibrary) -> Character:
    return saved(library, library.ensure_a_story().id, "Mina", portrait(RED))


@pytest.fixture
def jun(library: CharacterLibrary) -> Character:
    return saved(library, library.ensure_a_story().id, "Jun", portrait(BLUE), generated(3))


def command(*words: str | Path, **environment: str) -> Result:
    return CliRunner().invoke(app, [*map(str, words)], env=environment)


def url_of(home: Path) -> str:
    return f"sqlite:///{home / 'castbook.db'}"


def pictures_in(folder: Path) -> set[str]:
    return {file.stem for file in (folder / "pictures").rglob("*.png")}


def test_a_library_comes_back_as_it_was(
    home: Path, folder: Path, library: CharacterLibrary, mina: Character, jun: Character
):
    assert command("backup", folder, "--verify").exit_code == 0
    digest, name = (folder / "castbook.sha256").read_text().split()
    assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest

    elsewhere = home / "elsewhere"
    assert command("restore", folder, CASTBOOK_HOME=str(elsewhere)).exit_code == 0
    assert command("check", CASTBOOK_HOME=str(elsewhere)).exit_code == 0

    store = LibraryStore.open(url_of(elsewhere), elsewhere / "pictures")
    again = store.seen_by(LOCAL_OWNER)
    assert again.list_library(mina.project_id) == library.list_library(mina.project_id)
    assert [again.list_images(each.id) for each in (mina, jun)] == [
        library.list_images(each.id) for each in (mina, jun)
    ]
    store.close()


def test_what_is_purged_while_it_is_copied_is_not_in_it_and_what_is_drawn_may_be(
    home: Path, folder: Path, library: CharacterLibrary, mina: Character, jun: Character
):
    def watched(hashes: Sequence[str]) -> Sequence[str]:
        if mina in library.list_library(mina.project_id):
            library.trash_character(mina.id)
            library.purge_character(mina.id)
            saved(library, library.ensure_a_story().id, "Hana", generated(4))
        return hashes

    assert back_up(url_of(home), Pictures.open(home / "pictures"), folder, watched) == []
    assert pictures_in(folder) == pictures_in(home) and len(pictures_in(folder)) == 3
    assert "3 pictures, 0 troubles." in command("check", CASTBOOK_HOME=str(folder)).output


def test_a_later_backup_copies_what_is_new_and_forgets_what_was_purged(
    home: Path, folder: Path, library: CharacterLibrary, mina: Character, jun: Character
):
    copied = list[str]()

    def watched(hashes: Sequence[str]) -> Sequence[str]:
        copied.extend(hashes)
        return hashes

    pictures = Pictures.open(home / "pictures")
    back_up(url_of(home), pictures, folder, watched)
    assert len(copied) == 3
    library.trash_character(jun.id)
    library.purge_character(jun.id)
    saved(library, library.ensure_a_story().id, "Hana", generated(4))
    back_up(url_of(home), pictures, folder, watched)
    assert len(copied) == 4 and pictures_in(folder) == pictures_in(home) and len(pictures_in(folder)) == 2


def test_a_picture_that_is_lost_already_is_named_and_holds_up_no_other(
    home: Path, folder: Path, library: CharacterLibrary, mina: Character, jun: Character
):
    lost = Path(library.get_picture_path(str(mina.canonical_image_id)))
    lost.unlink()
    result = command("backup", folder)
    assert (result.exit_code, lost.stem in result.output, len(pictures_in(folder))) == (1, True, 2)
    result = command("restore", folder, CASTBOOK_HOME=str(home / "elsewhere"))
    assert (result.exit_code, lost.stem in result.output, len(pictures_in(home / "elsewhere"))) == (1, True, 2)


def test_a_backup_that_was_damaged_is_found_when_it_is_read_back(folder: Path, mina: Character):
    command("backup", folder)
    next((folder / "pictures").rglob("*.png")).write_bytes(b"garbage")
    result = command("backup", folder, "--verify")
    assert (result.exit_code, "Mina" in result.output, "damaged" in result.output) == (1, True, True)


def test_nothing_else_is_overwritten(home: Path, folder: Path, mina: Character):
    diary = home / "mine" / "diary.txt"
    diary.parent.mkdir()
    diary.write_text("dear")
    for place in (home, diary.parent):
        assert "something else than a backup" in str(command("backup", place).exception)
    command("backup", folder)
    assert "There is a library already" in str(command("restore", folder).exception)
    assert [file.name for file in diary.parent.iterdir()] == ["diary.txt"]


def test_a_library_in_a_folder_that_was_a_backup_is_not_backed_up_onto_itself(
    home: Path, folder: Path, mina: Character
):
    command("backup", folder)
    assert "something else" in str(command("backup", folder, CASTBOOK_HOME=str(folder)).exception)


@pytest.mark.parametrize("name", ["castbook.db", "castbook.sha256"])
def test_what_is_no_whole_backup_is_not_restored(home: Path, folder: Path, mina: Character, name: str):
    command("backup", folder)
    with (folder / name).open("r+b") as file:
        file.write(b"?")
    result = command("restore", folder, CASTBOOK_HOME=str(home / "elsewhere"))
    assert "holds no backup" in str(result.exception)
    assert not (home / "elsewhere").exists()


def test_a_library_that_nobody_has_used_yet_gives_way(home: Path, folder: Path, mina: Character):
    command("backup", folder)
    elsewhere = home / "elsewhere"
    LibraryStore.open(url_of(elsewhere), elsewhere / "pictures").close()
    command("restore", folder, CASTBOOK_HOME=str(elsewhere))
    assert command("check", CASTBOOK_HOME=str(elsewhere)).exit_code == 0


def test_a_servers_database_is_left_to_the_servers_tools(home: Path, folder: Path):
    with pytest.raises(InvalidRequest, match="pg_dump"):
        back_up("postgresql://host/castbook", Pictures.open(home / "pictures"), folder, list)
    with pytest.raises(InvalidRequest, match="pg_dump"):
        restore(folder, "postgresql://host/castbook", home / "pictures", list)
