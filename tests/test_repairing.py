"""`python -m library_store repair`: what can be put right is, and what is left is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import RED
from made_up import generated, picture, portrait, saved
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from library_store.__main__ import app
from library_store.library import CharacterLibrary
from library_store.pictures import Pictures
from library_store.records import Character
from library_store.store import LibraryStore


@pytest.fixture
def mina(library: CharacterLibrary) -> Character:
    return saved(library, library.ensure_a_story().id, "Mina", portrait(RED), generated(2))


def spoil(home: Path, statement: str) -> None:
    engine = create_engine(f"sqlite:///{home / 'castbook.db'}")
    with engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount >= 1
    engine.dispose()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE face_identities SET embedding = X'0000803f' WHERE encoder = 'fake-judge'", "1 faces to be looked at"),
        (
            "UPDATE cast_options SET image_id = 'x' WHERE id = (SELECT max(id) FROM cast_options)",
            "(image_id)",
        ),
        ("UPDATE characters SET canonical_image_id = 'x'", "1 characters without a picture that stands for them"),
        ("UPDATE characters SET project_id = 'x'", "1 projects that were gone"),
        ("UPDATE stories SET project_id = 'y'", "1 projects that were gone"),
        ("UPDATE cast_members SET story_id = 'x'", "cast_members that named what is gone (story_id)"),
        ("UPDATE character_reference_images SET parent_id = 'x' WHERE width = 8", "(parent_id)"),
    ],
)
def test_what_names_nothing_any_more_is_put_right(
    home: Path, store: LibraryStore, library: CharacterLibrary, mina: Character, statement: str, said: str
):
    spoil(home, statement)
    repaired = CliRunner().invoke(app, ["repair"])
    assert said in repaired.stdout
    assert (repaired.exit_code, "0 troubles" in repaired.stdout) == (0, True)
    assert len(library.list_images(mina.id)) == 2
    assert library.get_character(mina.id).canonical_image_id


def test_lost_pictures_come_back_from_a_backup_and_files_of_nobody_go(
    home: Path, library: CharacterLibrary, mina: Character, tmp_path: Path
):
    assert CliRunner().invoke(app, ["backup", str(home / "backup")]).exit_code == 0
    images = [image.id for image in library.list_images(mina.id)]
    first, second = map(Path, library.get_picture_paths(images).values())
    before = first.read_bytes()
    first.write_bytes(b"garbage")
    second.unlink()
    orphan = Pictures.open(home / "pictures").put(picture(9))

    without = CliRunner().invoke(app, ["repair"])
    assert without.exit_code == 1 and "Mina" in without.stdout and "1 files that no row named" in without.stdout
    repaired = CliRunner().invoke(app, ["repair", "--backup", str(home / "backup")])
    assert (repaired.exit_code, "2 pictures that came back" in repaired.stdout) == (0, True)
    assert first.read_bytes() == before and second.exists()
    assert not list((home / "pictures").rglob(f"{orphan}.png"))


def test_a_whole_library_is_left_as_it_is(home: Path, library: CharacterLibrary, mina: Character):
    before = (library.list_images(mina.id), library.get_character(mina.id))
    repaired = CliRunner().invoke(app, ["repair"])
    assert (repaired.exit_code, repaired.stdout.strip().splitlines()[-1]) == (0, "2 pictures, 0 troubles.")
    assert (library.list_images(mina.id), library.get_character(mina.id)) == before
