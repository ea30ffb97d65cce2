"""Hands as they lie on disk: found by a detector, seen by a judge, kept in a cache; and two commands, end to end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from fakes import JUDGE, FakeFaces, fake_pack, flat
from PIL import Image
from toy_packs import picture_of
from typer.testing import CliRunner

from errors import InvalidRequest
from evaluation.baseline import colours_and_hash
from evaluation.calibrating_command import calibrate_pack, write_among_strangers
from evaluation.hands import Hands, Sources, Watcher, hand_of, hands_in, look, overlap
from evaluation.hands_command import hands_of
from evaluation.portraits import Portraits
from pipeline.cohort import Cohort
from pipeline.likeness import Calibration
from pipeline.packs import load_pack
from pipeline.values import Face

BOX = (64, 64, 192, 192)  # where FakeFaces finds one, in 256 pixels


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CASTBOOK_HOME", str(tmp_path / "home"))
    return tmp_path / "cache" / "castbook" / "seen"


class Counting(FakeFaces):
    def __init__(self) -> None:
        super().__init__((JUDGE,))
        self.looked_at = 0

    def faces(self, picture: Image.Image) -> tuple[Face, ...]:
        self.looked_at += 1
        return super().faces(picture)


def watcher(finder: FakeFaces | None = None) -> Watcher:
    return Watcher(JUDGE, lambda: finder or FakeFaces((JUDGE,)), "1")


def portraits(folder: Path, hands: dict[str, Sequence[Sequence[tuple[int, int, int]]]]) -> Path:
    """Of each hand its people, of each person the colour of each look."""
    looks = [
        (person, colour) for person, of in enumerate(of for people in hands.values() for of in people) for colour in of
    ]
    count = len(looks)
    Portraits(
        pixels=np.stack([np.asarray(flat(colour, 256)) for _, colour in looks]),
        boxes=np.tile(np.array(BOX, np.float32), (count, 1)),
        landmarks=np.zeros((count, 5, 2), np.float32),
        person=np.array([person for person, _ in looks]),
        hand=np.concatenate([np.full(len(people), number) for number, people in enumerate(hands.values())]),
        features=np.arange(2 * sum(map(len, hands.values()))).reshape(-1, 2),
        hands=tuple(hands),
    ).save(folder)
    return folder


def colourful(people: int, seed: int, around: int) -> list[list[tuple[int, int, int]]]:
    """People by one hand: colours about one grey, each in two looks that are nearly the same."""
    rng = np.random.default_rng(seed)
    colours = np.clip(rng.integers(-80, 80, (people, 3)) + around, 1, 250)
    return [[(int(r), int(g), int(b) + shade) for shade in (0, 1)] for r, g, b in colours]


def test_each_hand_has_the_faces_that_were_found_where_they_are(tmp_path: Path):
    red, green, black = (255, 0, 0), (0, 255, 0), (0, 0, 0)
    folder = portraits(tmp_path / "p", {"one": [[red, red], [green, black]], "two": [[red, green]]})

    one, two = hands_in(folder, watcher())

    assert (one.name, one.people.tolist(), one.looked_at, one.found, one.false_ones) == ("one", [0, 0, 1], 4, 0.75, 0)
    assert one.embeddings[:, :3].tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0]]
    assert (two.name, two.people.tolist()) == ("two", [0, 0])


def test_a_face_beside_the_true_one_is_a_false_one(tmp_path: Path):
    folder = portraits(tmp_path / "p", {"one": [[(255, 0, 0)] * 2]})
    np.save(folder / "boxes.npy", np.array([[0, 0, 60, 60], BOX], np.float32))

    [hand] = hands_in(folder, watcher())

    assert (hand.found, hand.false_ones) == (0.5, 1)
    assert overlap(BOX, BOX) == 1
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 1, 1), (1, 1, 2, 2)) == 0


def test_what_was_seen_is_looked_at_once_and_again_by_another_judge(tmp_path: Path):
    folder, finder = portraits(tmp_path / "p", {"one": colourful(6, 0, 120)}), Counting()

    [few] = hands_in(folder, watcher(finder), people=2, looks=1)
    assert (finder.looked_at, few.looked_at) == (2, 2)
    [all_of_them] = hands_in(folder, watcher(finder))
    assert finder.looked_at == 12
    [again] = hands_in(folder, watcher(finder))
    assert finder.looked_at == 12
    assert np.array_equal(again.embeddings, all_of_them.embeddings)
    hands_in(folder, replace(watcher(finder), version="2"))
    assert finder.looked_at == 24


def test_the_baseline_sees_the_pixels_that_the_detector_found(tmp_path: Path):
    folder = portraits(tmp_path / "p", {"one": [[(255, 0, 0)] * 2, [(0, 0, 255)] * 2]})

    [hand] = hands_in(folder, replace(watcher(), embed=colours_and_hash))

    alike = hand.embeddings @ hand.embeddings.T
    assert alike[0, 1] == pytest.approx(1)
    assert alike[0, 2] < 0.6
    assert np.linalg.norm(hand.embeddings, axis=1) == pytest.approx(1)


def test_a_creators_own_imagefolder_is_a_hand(tmp_path: Path):
    for name, colour in {"hana": (255, 0, 0), "mina": (0, 255, 0)}.items():
        (tmp_path / "cast" / name).mkdir(parents=True)
        for look_number in range(2):
            flat(colour, 64 + look_number).save(tmp_path / "cast" / name / f"{look_number}.png")

    hand = hand_of(str(tmp_path / "cast"), watcher())

    assert (hand.name, hand.people.tolist(), hand.false_ones) == ("cast", [0, 0, 1, 1], None)
    assert len(hand.copies) == 2


def test_of_strangers_only_as_many_are_looked_at_as_join_the_cohort(tmp_path: Path):
    folder, finder = portraits(tmp_path / "p", {"one": colourful(6, 0, 120)}), Counting()

    hands = look(Sources(strangers=(folder,)), watcher(finder))

    assert finder.looked_at == 6 and hands.strangers[0].looked_at == 6
    with pytest.raises(InvalidRequest, match="There are no portraits"):
        look(Sources(portraits=(tmp_path,)), watcher(finder))


def test_a_pack_is_calibrated_among_strangers_with_a_cohort_beside_it(tmp_path: Path):
    folder = portraits(tmp_path / "p", {f"hand {n}": colourful(30, n, 100 + 10 * n) for n in range(4)})
    known = hands_in(portraits(tmp_path / "known", {"known": colourful(30, 9, 128)}), watcher())
    hands = Hands(hands_in(folder, watcher()), known, ())
    pack = fake_pack()

    calibration, cohort = write_among_strangers(pack, hands, [], tmp_path / "out", tmp_path / "figure.png")

    assert {file.name for file in (tmp_path / "out").iterdir()} == {"calibration.json", "cohort.safetensors"}
    assert Calibration.from_json((tmp_path / "out" / "calibration.json").read_text("utf-8")) == calibration
    assert Cohort.load(tmp_path / "out" / "cohort.safetensors").hands == cohort.hands == ("known",)
    assert (calibration.score, calibration.data.hands, calibration.cohort.people) == ("normalised", 4, 30)
    assert calibration.copy_threshold == pack.calibration.copy_threshold
    assert replace(fake_pack(None), calibration=calibration, cohort=cohort).decider() is not None


def run(command: object, *arguments: str) -> str:
    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, arguments)
    if result.exception:
        raise result.exception
    return result.output


def toy_portraits(folder: Path) -> Path:
    """Hands of dolls whose magenta face the toy packs find."""
    hands, pictures = 3, list[np.ndarray]()
    for hand in range(hands):
        for colours in colourful(12, hand, 100 + 30 * hand):
            pictures += [
                np.asarray(picture_of(colour).resize((256, 256), Image.Resampling.NEAREST)) for colour in colours
            ]
    count = len(pictures)
    Portraits(
        np.stack(pictures), np.zeros((count, 4), np.float32), np.zeros((count, 5, 2), np.float32),
        np.repeat(np.arange(12 * hands), 2), np.repeat(np.arange(hands), 12), np.arange(24 * hands).reshape(-1, 2),
        tuple(f"hand {number}" for number in range(hands)),
    ).save(folder)  # fmt: skip
    return folder


def with_found_boxes(folder: Path, pack: Path) -> Path:
    """The truth is where the toy detector finds them."""
    from pipeline.faces import InsightFaces

    finder, pixels = InsightFaces.load(load_pack("doll", (pack,))), np.load(folder / "pixels.npy")
    boxes = [next(iter(finder.faces(Image.fromarray(each)))).box for each in pixels]
    np.save(folder / "boxes.npy", np.array(boxes, np.float32))
    return folder


def test_the_commands_go_from_portraits_to_a_calibrated_pack_and_a_report(tmp_path: Path, toy_packs: Path):
    folder = with_found_boxes(toy_portraits(tmp_path / "p"), toy_packs)
    common = ("--pack", "doll", "--packs", str(toy_packs), "--portraits", str(folder))

    said = run(calibrate_pack, *common, "--output", str(tmp_path / "out"))

    assert "Scores among strangers: 36 people by 3 hands" in said and "1 in 10,000 is not known" in said
    assert Cohort.load(tmp_path / "out" / "cohort.safetensors").encoder == "toy-judge"

    report = run(hands_of, *common, "--output", str(tmp_path / "report"))

    assert "## doll, among strangers" in report and "## colours and pHash, bare cosine" in report
    rows = json.loads((tmp_path / "report" / "hands.json").read_text("utf-8"))
    assert {row["hand"] for row in rows} == {"hand 0", "hand 1", "hand 2"}
    assert (tmp_path / "report" / "hands.png").stat().st_size > 5000
