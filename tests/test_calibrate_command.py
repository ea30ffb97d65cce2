"""`python -m evaluation calibrate`: from a folder of people to a pack's calibration.json, and a library as a check."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from fakes import JUDGE, FakeFaces, fake_pack, flat
from toy_packs import picture_of
from typer.testing import CliRunner

from errors import InvalidRequest, LibraryUnavailable, PackUnavailable
from evaluation.calibrating_command import calibrate_pack, check_library, write_calibration
from evaluation.people import Example, Person
from library_store.library import CharacterLibrary
from library_store.records import NewPicture, Story
from pipeline.likeness import Calibration
from pipeline.packs import load_pack
from verdicts import measured_on


def colourful(people: int) -> list[Person]:
    """Each person is a colour, twice: a fake face is the direction of its colour."""
    colours = np.random.default_rng(0).integers(1, 255, (people, 3))
    return [
        Person(str(i), tuple(Example(flat((int(r), int(g), int(b) + shade))) for shade in (0, 1)))
        for i, (r, g, b) in enumerate(colours)
    ]


def saved(library: CharacterLibrary, story: Story, name: str, colour: tuple[int, int, int]) -> None:
    image = flat(colour)
    picture = NewPicture(image, "generated", next(iter(FakeFaces().faces(image)), None))
    member = library.create_character(story.id, name, [picture], "generated")
    library.save_character(member.id, picture.id)


def run(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(calibrate_pack)
    result = CliRunner().invoke(app, arguments)
    if result.exception:
        raise result.exception
    return result.output


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASTBOOK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_calibration_is_written_with_a_figure_beside_it_and_not_in_the_pack(tmp_path: Path):
    pack, file, figure = fake_pack(), tmp_path / "pack" / "calibration.json", tmp_path / "run" / "calibration.png"

    calibration = write_calibration(pack, colourful(40), "colours", file, figure, FakeFaces())

    assert Calibration.from_json(file.read_text("utf-8")) == calibration
    assert (calibration.encoder, calibration.people, calibration.genuine_pairs) == (JUDGE, 40, 40)
    assert str(measured_on(calibration)) == "colours; a face was found in 80 of 80 pictures"
    assert figure.exists() and [each.name for each in file.parent.iterdir()] == ["calibration.json"]


def test_a_pack_is_calibrated_with_a_folder_of_people(tmp_path: Path, toy_packs: Path, home: Path):
    folder = tmp_path / "people"
    for number, (red, green, blue) in enumerate(np.random.default_rng(0).integers(0, 254, (20, 3)).tolist()):
        (folder / f"person {number}").mkdir(parents=True)
        for shade in (0, 1):
            picture_of((red, green, blue + shade)).save(folder / f"person {number}" / f"{shade}.png")
    output = tmp_path / "out"

    said = run("--pack", "doll", "--packs", str(toy_packs), "--dataset", str(folder), "--output", str(output))

    written = json.loads((output / "calibration.json").read_text("utf-8"))
    assert (written["encoder"], written["people"], written["genuine_pairs"]) == ("toy-judge", 20, 20)
    assert "1 in     10 strangers reach" in said and "1 in 10,000 is not known" in said
    assert (output / "calibration.png").exists()
    assert load_pack("doll", (toy_packs,)).calibration is None


def test_a_pack_of_any_people_asks_for_a_dataset(toy_packs: Path, home: Path):
    with pytest.raises(InvalidRequest, match="Give --dataset"):
        run("--pack", "doll", "--packs", str(toy_packs))


def test_an_unknown_pack_is_told_of(home: Path):
    with pytest.raises(PackUnavailable):
        run("--pack", "nobody")


def test_the_characters_of_a_library_are_checked_as_strangers(library: CharacterLibrary, story: Story, tmp_path: Path):
    for name, colour in {"Hana": (255, 0, 0), "Hanna": (250, 5, 0), "Mina": (0, 255, 0)}.items():
        saved(library, story, name, colour)
    saved(library, story, "Nobody", (0, 0, 0))
    library.create_project("Empty")

    moonlight, empty = check_library(fake_pack(), f"sqlite:///{tmp_path / 'castbook.db'}")

    assert moonlight.startswith(
        "Moonlight\nIn your library 1 of 3 pairs of different characters would be taken for the same person; "
        "1 in 1,000 was expected."
    )
    assert "Hanna and Hana: 1.00" in moonlight or "Hana and Hanna: 1.00" in moonlight
    assert empty.startswith("Empty\nThere are fewer than two saved characters")


def test_only_the_calibration_that_a_pack_has_is_needed_to_check_a_library(
    library: CharacterLibrary, story: Story, tmp_path: Path, home: Path
):
    saved(library, story, "Hana", (255, 0, 0))

    said = run("--pack", "paperdoll", "--library", f"sqlite:///{tmp_path / 'castbook.db'}")

    assert said.startswith("Moonlight\nThere are fewer than two saved characters to compare.")


def test_a_pack_without_calibration_checks_nothing(library: CharacterLibrary, story: Story, tmp_path: Path):
    [said] = check_library(fake_pack(calibration=None), f"sqlite:///{tmp_path / 'castbook.db'}")

    assert "is not calibrated. Calibrate it first: python -m evaluation calibrate --pack fake" in said


def test_no_database_is_made_where_there_is_none(tmp_path: Path):
    with pytest.raises(LibraryUnavailable, match="There is no database"):
        list(check_library(fake_pack(), f"sqlite:///{tmp_path / 'new.db'}"))
    assert not (tmp_path / "new.db").exists()
