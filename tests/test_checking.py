"""`python -m library_store check`: what is wrong with a library is found, said by character, and left as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from fakes import RED
from made_up import generated, picture, portrait, saved
from sqlalchemy import URL, create_engine, text
from typer.testing import CliRunner

from errors import LibraryUnavailable
from library_store.__main__ import app
from library_store.checking import Report, check
from library_store.database import open_database, open_for_reading
from library_store.library import CharacterLibrary
from library_store.pictures import Pictures
from library_store.records import Character
from library_store.store import LibraryStore


@pytest.fixture
def mina(library: CharacterLibrary) -> Character:
    return saved(library, library.ensure_a_story().id, "Mina", portrait(RED))


@pytest.fixture
def jun(library: CharacterLibrary) -> Character:
    return saved(library, library.ensure_a_story().id, "Jun", generated(2))


def checked(home: Path, watched: Callable[[Sequence[str]], Sequence[str]] = list) -> Report:
    pictures = Pictures.open(home / "pictures")
    return check(open_for_reading(f"sqlite:///{home / 'castbook.db'}"), pictures, watched)


def picture_of(library: CharacterLibrary, character: Character) -> Path:
    return Path(library.get_picture_path(str(character.canonical_image_id)))


def spoil(home: Path, *statements: str) -> None:
    engine = create_engine(f"sqlite:///{home / 'castbook.db'}")
    with engine.begin() as connection:
        for statement in statements:
            assert connection.execute(text(statement)).rowcount == 1
    engine.dispose()


def test_a_whole_library_is_called_so_and_nothing_in_it_is_touched(home: Path, store: LibraryStore, mina: Character):
    store.close()
    files = [file for file in home.rglob("*") if file.is_file()]
    before = [file.read_bytes() for file in files]

    result = CliRunner().invoke(app, ["check"])

    assert (result.exit_code, "1 pictures, 0 troubles." in result.output) == (0, True)
    assert [file.read_bytes() for file in files] == before


def test_missing_and_damaged_files_are_said_with_whose_they_are(
    home: Path, library: CharacterLibrary, mina: Character, jun: Character
):
    picture_of(library, mina).unlink()
    picture_of(library, jun).write_bytes(b"garbage")

    result = CliRunner().invoke(app, ["check"])

    assert result.exit_code == 1
    jun_line, jun_trouble, mina_line, mina_trouble, _ = result.stdout.removeprefix("Pictures\n").splitlines()
    assert jun_line.startswith("Jun (") and "damaged" in jun_trouble
    assert mina_line.startswith("Mina (") and "missing" in mina_trouble


@pytest.mark.parametrize(
    ("statement", "trouble"),
    [
        ("UPDATE face_identities SET embedding = X'0000803f' WHERE encoder = 'fake-judge'", "4 bytes, not 2048"),
        ("UPDATE face_identities SET embedding = zeroblob(2048) WHERE encoder = 'fake-judge'", "not the length 1"),
        ("UPDATE cast_options SET cast_member_id = 'x'", "its cast_member_id names a row that is not there"),
        ("UPDATE characters SET canonical_image_id = 'x'", "its canonical_image_id names a row that is not there"),
        ("UPDATE characters SET project_id = 'x'", "its project_id names a row that is not there"),
    ],
)
def test_rows_that_name_nothing_and_bad_vectors_are_found(home: Path, mina: Character, statement: str, trouble: str):
    spoil(home, statement)
    ((whose, troubles),) = checked(home).wrong.items()
    assert "Mina" in whose and [trouble in each for each in troubles] == [True]


def test_what_concerns_no_character_is_found_as_well(home: Path, mina: Character):
    spoil(home, "UPDATE stories SET project_id = 'x'")
    assert list(checked(home).wrong) == [""]


def test_files_of_no_row_are_counted_and_are_no_trouble(home: Path, mina: Character):
    Pictures.open(home / "pictures").put(picture(9))
    assert (checked(home).orphans, checked(home).wrong) == (1, {})


def test_what_is_purged_or_drawn_during_the_check_is_no_trouble(
    home: Path, library: CharacterLibrary, mina: Character, jun: Character
):
    def watched(hashes: Sequence[str]) -> Sequence[str]:
        library.trash_character(mina.id)
        library.purge_character(mina.id)
        saved(library, library.ensure_a_story().id, "Hana", generated(3))
        return hashes

    report = checked(home, watched)
    assert (report.pictures, report.orphans, report.wrong) == (2, 0, {})


def test_a_damaged_database_is_named(home: Path, store: LibraryStore, mina: Character):
    store.close()
    file = home / "castbook.db"
    data = bytearray(file.read_bytes())
    data[-4096:] = b"\xff" * 4096
    file.write_bytes(data)
    with pytest.raises(LibraryUnavailable, match=r"damaged|malformed"):
        checked(home)


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path):
    with pytest.raises(LibraryUnavailable, match="cannot be opened"):
        open_for_reading(f"sqlite:///{tmp_path / 'castbook.db'}")
    assert list(tmp_path.iterdir()) == []


def test_an_older_database_is_left_as_it_is(tmp_path: Path):
    (tmp_path / "castbook.db").touch()
    with pytest.raises(LibraryUnavailable, match="Start this Castbook once"):
        checked(tmp_path)
    assert (tmp_path / "castbook.db").stat().st_size == 0


def test_a_folder_whose_name_means_something_in_a_url_is_that_folder(tmp_path: Path):
    url = URL.create("sqlite", database=str(tmp_path / "a#b?mode=rw%20" / "castbook.db"))
    open_database(url).dispose()
    open_for_reading(url).dispose()
