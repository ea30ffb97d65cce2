"""A calibration, from people made of numbers: what it says, what it dares not say, and that others bear it out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import BLACK, GREEN, JUDGE, RED, FakeFaces, flat
from PIL import Image

from drawn_world.artist import draw
from drawn_world.people import HELD_OUT, look_seed
from drawn_world.world import look, person
from errors import InvalidRequest
from evaluation.calibration import RATES, ROC_POINTS, Faces, calibrate, copy_threshold, look_at, pairs_of
from evaluation.calibration_figure import draw_calibration
from evaluation.drawn import MEASURED
from evaluation.people import Example, Person
from pipeline.faces import InsightFaces
from pipeline.likeness import Calibration
from pipeline.packs import load_pack
from settings import BUILT_IN_PACKS
from verdicts import why_not_known


def made_up(people: int, looks: int, rng: np.random.Generator) -> Faces:
    """Faces in 24 dimensions: each person has a direction, and each look of theirs lies a little beside it."""
    directions = rng.normal(size=(people, 24)) + np.eye(24)[0]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    faces = np.repeat(directions, looks, axis=0) + rng.normal(size=(people * looks, 24)) / 10
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    return Faces(faces.astype(np.float32), np.repeat(np.arange(people), looks), people * looks, 0.9)


def calibrated(faces: Faces) -> Calibration:
    return calibrate(faces, pairs_of(faces.embeddings, faces.people), "toy", "made-up people")


def impostors(faces: Faces) -> np.ndarray:
    return pairs_of(faces.embeddings, faces.people).impostors


def test_pairs_are_of_one_person_or_of_two_and_each_counts_once():
    angles = np.radians([0, 10, 90, 120])
    embeddings = np.stack([np.cos(angles), np.sin(angles)], axis=1)

    pairs = pairs_of(embeddings, np.array([0, 0, 1, 1]))

    assert pairs.genuine == pytest.approx(np.cos(np.radians([10, 30])))
    assert pairs.impostors == pytest.approx(np.cos(np.radians([80, 90, 110, 120])))  # the most alike first
    assert sorted(map(tuple, pairs.strangers.T)) == [(0, 1)] * 4


def test_a_threshold_is_what_so_many_strangers_reach_and_lies_within_its_interval():
    faces = made_up(150, 2, np.random.default_rng(0))
    calibration = calibrated(faces)

    assert (calibration.people, calibration.genuine_pairs, calibration.impostor_pairs) == (150, 150, 150 * 149 * 2)
    for rate, threshold in calibration.thresholds.items():
        assert (impostors(faces) >= threshold).mean() == pytest.approx(rate, rel=0.05)
        low, high = calibration.threshold_intervals[rate]
        assert low < threshold < high
        low, high = calibration.rate_intervals[rate]
        assert low < rate < high


def test_a_rate_that_too_few_people_tell_of_is_left_out_with_a_reason():
    calibration = calibrated(made_up(30, 20, np.random.default_rng(0)))

    # 174,000 pairs of pictures, but only 435 of people: many pictures of the same two know no more of strangers
    assert 0.0001 not in calibration.thresholds
    left_out = calibration.left_out[0.0001]
    assert left_out.needed == 10 > left_out.pairs
    assert str(why_not_known(left_out)) == (
        f"only {left_out.pairs} pairs of people would be as alike, and 10 are needed to know"
    )
    assert set(calibration.thresholds) | set(calibration.left_out) == set(RATES)


def test_of_a_handful_of_people_nothing_can_be_calibrated():
    with pytest.raises(InvalidRequest, match="too few to calibrate"):
        calibrated(made_up(4, 2, np.random.default_rng(0)))


def test_people_with_one_picture_each_say_nothing_of_one_person():
    with pytest.raises(InvalidRequest, match="too few to calibrate"):
        calibrated(made_up(60, 1, np.random.default_rng(0)))


def test_more_people_narrow_the_interval():
    few, many = (calibrated(made_up(people, 2, np.random.default_rng(1))) for people in (60, 240))

    def width(calibration: Calibration) -> float:
        low, high = calibration.rate_intervals[0.01]
        return high - low

    assert width(many) < width(few) / 2


def test_the_curve_is_light_and_falls_from_everybody_to_nobody():
    calibration = calibrated(made_up(150, 2, np.random.default_rng(0)))

    assert len(calibration.roc) <= ROC_POINTS
    assert len(calibration.to_json()) < 8000
    false_accept, true_accept, thresholds = np.array(calibration.roc).T
    assert (np.diff(thresholds) <= 0).all() and (np.diff(false_accept) >= 0).all() and (np.diff(true_accept) >= 0).all()
    assert (false_accept[-1], true_accept[-1]) == (1, 1)
    assert false_accept[0] == 0
    assert Calibration.from_json(calibration.to_json()) == calibration


def test_other_people_bear_the_calibration_out():
    """The true rate, known from 2 million pairs of others, lies within the printed interval, nearly whoever was
    measured: 95 % is what it promises, and of 25 times 3 are forgiven."""
    rng = np.random.default_rng(7)
    others = impostors(made_up(2000, 1, rng))
    misses = dict.fromkeys(RATES[:3], 0)
    for _ in range(25):
        calibration = calibrated(made_up(100, 2, rng))
        for rate in misses:
            low, high = calibration.rate_intervals[rate]
            misses[rate] += not low <= (others >= calibration.thresholds[rate]).mean() <= high

    assert max(misses.values()) <= 3, misses


def test_drawn_people_bear_the_calibration_by_the_embedded_pack_out():
    pack = load_pack("paperdoll", (BUILT_IN_PACKS,))
    finder = InsightFaces.load(pack)
    first = HELD_OUT.first
    measured, others = (
        look_at(drawn(start, 40, 2), finder, pack.judge_encoder) for start in (first + MEASURED, first + MEASURED + 100)
    )

    calibration = calibrate(measured, pairs_of(measured.embeddings, measured.people), pack.judge_encoder, "drawings")

    assert set(calibration.thresholds) >= {0.1, 0.01}
    for rate, threshold in calibration.thresholds.items():
        low, high = calibration.rate_intervals[rate]
        assert low <= (impostors(others) >= threshold).mean() <= high


def test_the_largest_face_of_each_picture_is_looked_at_and_none_is_no_pair():
    people = [Person("red", (Example(flat(RED)), Example(flat(BLACK)))), Person("green", (Example(flat(GREEN)),))]

    faces = look_at(people, FakeFaces(), JUDGE)

    assert faces.people.tolist() == [0, 1]
    assert faces.pictures == 3
    assert faces.embeddings[:, :3].tolist() == [[1, 0, 0], [0, 1, 0]]


def test_what_two_true_pictures_have_in_common_is_no_copy():
    assert copy_threshold([0.2, 0.8, 0.5]) == pytest.approx(0.9, abs=1e-3)
    assert copy_threshold([]) == 1.0


def test_a_figure_is_drawn(tmp_path: Path):
    faces = made_up(60, 2, np.random.default_rng(0))
    pairs = pairs_of(faces.embeddings, faces.people)

    draw_calibration(pairs, calibrate(faces, pairs, "toy", "made-up people"), tmp_path / "new" / "calibration.png")

    with Image.open(tmp_path / "new" / "calibration.png") as figure:
        assert figure.width > 1000


def drawn(first: int, people: int, looks: int) -> list[Person]:
    def example(seed: int, number: int) -> Example:
        return Example(Image.fromarray(draw(person(seed), look(look_seed(seed, number))).pixels))

    return [
        Person(str(seed), tuple(example(seed, number) for number in range(looks)))
        for seed in range(first, first + people)
    ]
