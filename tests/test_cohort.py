"""A likeness among strangers: what stands out and what does not, who is no stranger, and when nobody can tell."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import CALIBRATION, JUDGE

from pipeline.cohort import MOST_OWN, NEAREST, Cohort, Strangers
from pipeline.likeness import Calibration, Decider, OwnLines, as_without_own
from pipeline.values import Against, Identity, SavedPeople

NORMALISED = replace(
    CALIBRATION,
    thresholds={0.1: 2.0, 0.01: 3.0, 0.001: 4.0},
    genuine_quantiles={0.05: 5.0, 0.5: 8.0, 0.95: 12.0},
    score="normalised",
    reachable=0.95,
    own_lines=(OwnLines(10, {0.1: 1.8, 0.01: 2.6, 0.001: 3.4}),),
)


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def faces(count: int, seed: int, dimensions: int = 64) -> np.ndarray:
    """(count, 512) of people who have nothing to do with each other."""
    found = np.zeros((count, 512), np.float32)
    found[:, :dimensions] = unit(np.random.default_rng(seed).normal(size=(count, dimensions)))
    return found


def alike(count: int, cosine: float, seed: int) -> np.ndarray:
    """Faces by one hand: any two are as alike as that."""
    hand = faces(1, 1000 + seed)
    return unit(np.sqrt(cosine) * hand + np.sqrt(1 - cosine) * faces(count, seed))


def cohort(people: np.ndarray) -> Cohort:
    return Cohort(JUDGE, people, np.zeros(len(people), np.intp), ("one hand",))


def people(embeddings: np.ndarray) -> SavedPeople:
    return SavedPeople(tuple(str(number) for number in range(len(embeddings))), embeddings)


def identity(face: np.ndarray) -> Identity:
    return Identity(JUDGE, face)


def by_hand(one: np.ndarray, other: np.ndarray, strangers: np.ndarray) -> float:
    """As the paper writes it."""
    means = [np.sort(strangers.astype(np.float64) @ face)[::-1][:NEAREST] for face in (one, other)]
    return float(np.mean([(one.astype(np.float64) @ other - near.mean()) / near.std() for near in means]))


# The file


def test_a_cohort_survives_its_file_and_2400_people_fit_into_two_and_a_half_megabytes(tmp_path: Path):
    written = Cohort(
        "toy", unit(np.random.default_rng(0).normal(size=(2400, 512))), np.arange(2400) % 3, ("a", "b", "c")
    )

    written.save(tmp_path / "cohort.safetensors")
    read = Cohort.load(tmp_path / "cohort.safetensors")

    assert (tmp_path / "cohort.safetensors").stat().st_size <= 2.5e6
    assert (read.encoder, read.hands, len(read)) == ("toy", ("a", "b", "c"), 2400)
    assert read.hand.tolist() == written.hand.tolist()
    assert np.abs(read.embeddings - written.embeddings).max() < 1e-3
    assert np.linalg.norm(read.embeddings, axis=1) == pytest.approx(1, abs=1e-6)


def empty(file: Path) -> None:
    cohort(np.zeros((0, 512), np.float32)).save(file)


def of_an_unknown_hand(file: Path) -> None:
    replace(cohort(faces(3, 0)), hand=np.array([0, 0, 1])).save(file)


def of_nobody(file: Path) -> None:
    cohort(np.zeros((3, 512), np.float32)).save(file)


@pytest.mark.parametrize("write", [lambda file: file.write_bytes(b"nonsense"), empty, of_an_unknown_hand, of_nobody])
def test_a_broken_cohort_is_a_value_error(write: Callable[[Path], object], tmp_path: Path):
    write(tmp_path / "cohort.safetensors")

    with pytest.raises(ValueError, match="no cohort"):
        Cohort.load(tmp_path / "cohort.safetensors")


# The score


def test_a_score_is_how_far_a_cosine_stands_out_among_the_nearest_strangers_of_both_faces():
    one, other = alike(2, 0.5, seed=1)
    shipped = faces(600, 2)
    strangers = Strangers(cohort(shipped), None, np.inf)

    [[score]] = strangers.scores(strangers.see(one[None], [None]), strangers.see(other[None], [None]))

    assert score == pytest.approx(by_hand(one, other, shipped), abs=1e-4)


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
def test_a_faces_own_strangers_weigh_as_much_as_shrinkage_leaves_them(weight: float):
    shipped = np.concatenate([alike(300, 0.6, 1), alike(300, 0.1, 2)])
    one, other = alike(40, 0.3, 3), alike(50, 0.7, 4)
    usual = cohort(shipped).usual(weight)
    near = np.sort(one @ shipped.T, axis=1)[:, ::-1][:, :NEAREST].astype(np.float64)
    mean = (1 - weight) * near.mean(axis=1) + weight * usual.mean
    deviation = (1 - weight) * near.std(axis=1) + weight * usual.deviation

    strangers = Strangers(cohort(shipped), None, np.inf, weight)
    seen, beside = strangers.see(one, [None] * 40), strangers.see(other, [None] * 50)

    cosines = (one @ other.T).astype(np.float64)
    assert np.allclose(seen.nearest.normalised(cosines, usual), (cosines - mean[:, None]) / deviation[:, None])
    if weight == 1.0:
        assert np.allclose(strangers.scores(seen, beside), (cosines - usual.mean) / usual.deviation)


def test_who_is_compared_is_no_stranger_to_either():
    own, shipped = faces(30, 3), faces(600, 2)
    strangers = Strangers(cohort(shipped), people(own), np.inf)
    seen = strangers.see(own[:4], [str(number) for number in range(4)])

    scores = strangers.scores(seen, seen)

    for one, other in [(0, 1), (2, 3)]:
        others = np.concatenate([shipped, np.delete(own, [one, other], axis=0)])
        assert scores[one, other] == pytest.approx(by_hand(own[one], own[other], others), abs=1e-4)


def test_a_character_who_was_saved_twice_is_no_stranger_to_themselves():
    """Else they would be the nearest of all, and hardly anything would stand out."""
    shipped, [hana, mina] = faces(600, 2), faces(2, 5)
    again, variant = unit(hana + 0.02 * mina), unit(hana + 0.03 * mina)
    once, twice = (Decider(NORMALISED, cohort(shipped), people(np.stack(own))) for own in ([mina], [mina, again]))

    assert twice.decide(identity(variant), identity(hana)).score == pytest.approx(
        once.decide(identity(variant), identity(hana)).score, abs=1e-3
    )


def test_the_latest_characters_count_where_there_are_very_many():
    strangers = Strangers(cohort(faces(300, 2)), people(faces(MOST_OWN + 5, 3)), np.inf)

    assert strangers.against == Against(300, 1, MOST_OWN)


def test_more_faces_than_are_compared_at_once_are_all_compared():
    decider, many = Decider(NORMALISED, cohort(faces(300, 2)), people(faces(20, 3))), faces(1203, 4)
    who = [str(number) if number < 20 else None for number in range(len(many))]

    blocks = [scores for _, scores in decider.score_all(many, who)]

    whole = np.concatenate(blocks)
    [few] = decider.decide_all(many[1100:1101], many[:3], [None], who[:3])
    assert whole.shape == (1203, 1203)
    assert whole[1100, :3] == pytest.approx([judgement.score for judgement in few], abs=1e-3)


# What it is good for


def test_people_who_share_a_hand_are_not_taken_for_one_person():
    """The bare cosine takes every two of them for one; among strangers, some of them the project's own, none is."""
    shipped = np.concatenate([alike(60, 0.6, seed) for seed in range(10)])
    by_one_hand = alike(201, 0.96, seed=77)
    hana, others = by_one_hand[:1], by_one_hand[101:]

    [bare] = Decider(CALIBRATION).decide_all(hana, others, [None], [None] * 100)
    decider = Decider(NORMALISED, cohort(shipped), people(by_one_hand[1:101]))
    [judged] = decider.decide_all(hana, others, [None], [None] * 100)

    assert {each.band for each in bare} == {"same person"}
    assert "same person" not in {each.band for each in judged}


def test_where_a_hand_draws_everybody_alike_nobody_can_tell():
    """Even two pictures of one person (a cosine of 0.95) would not stand out among its people."""
    by_one_hand = alike(240, 0.94, seed=7)
    decider = Decider(NORMALISED, cohort(by_one_hand[:220]))

    [judged] = decider.decide_all(by_one_hand[220:221], by_one_hand[221:], [None], [None] * 19)

    assert {each.band for each in judged} <= {"cannot tell", "another person"}
    assert "cannot tell" in {each.band for each in judged}


def test_somebody_in_another_hand_is_somebody_else_even_there():
    by_one_hand, [other] = alike(221, 0.94, seed=7), faces(1, 9)
    decider = Decider(NORMALISED, cohort(by_one_hand[:220]))

    assert decider.decide(identity(by_one_hand[220]), identity(other)).band == "another person"


def test_own_characters_move_the_lines_and_a_score_between_two_lines_stays_between_them():
    lines, own_lines = NORMALISED.thresholds, NORMALISED.own_lines
    at_ten = np.array([1.8, 2.2, 2.6, 3.0, 3.4])

    assert as_without_own(at_ten, np.full(5, 10.0), lines, own_lines) == pytest.approx([2, 2.5, 3, 3.5, 4])
    assert as_without_own(at_ten, np.zeros(5), lines, own_lines) == pytest.approx(at_ten)
    assert as_without_own(at_ten, np.full(5, 500.0), lines, own_lines) == pytest.approx([2, 2.5, 3, 3.5, 4])
    between = as_without_own(at_ten, np.full(5, 3.0), lines, own_lines)
    assert (at_ten < between).all() and (between < [2, 2.5, 3, 3.5, 4]).all()
    assert as_without_own(np.array([1.0]), np.array([10.0]), {0.1: 2.0}, (OwnLines(10, {0.1: 1.5}),)) == pytest.approx(
        1.5
    )


def test_a_calibration_that_does_not_know_how_own_characters_move_its_lines_leaves_them_out():
    decider = Decider(replace(NORMALISED, own_lines=None), cohort(faces(300, 2)), people(faces(20, 3)))

    judgement = decider.decide(*(identity(face) for face in faces(2, 4)))

    assert judgement.against == Against(300, 1, 0)


# Who decides


def test_a_bare_calibration_decides_by_the_cosine_whatever_cohort_there_is():
    one, other = identity(unit(np.eye(512)[0] + 0.1 * np.eye(512)[1])), identity(np.eye(512, dtype=np.float32)[0])
    judgement = Decider(CALIBRATION, cohort(faces(300, 2)), people(faces(3, 1))).decide(one, other)

    assert judgement == Decider(CALIBRATION).decide(one, other)
    assert (judgement.score, judgement.band, judgement.against) == (judgement.similarity, "same person", None)


def test_normalised_scores_need_a_cohort_by_their_own_encoder():
    with pytest.raises(ValueError, match="has no cohort"):
        Decider(NORMALISED)
    with pytest.raises(ValueError, match="has no cohort"):
        Decider(NORMALISED, replace(cohort(faces(3, 0)), encoder="another"))


def test_identities_by_another_encoder_are_a_fault():
    one = Identity("another", faces(1, 0)[0])
    with pytest.raises(ValueError, match=JUDGE):
        Decider(NORMALISED, cohort(faces(300, 2))).decide(one, one)


def test_a_calibration_says_which_kind_of_score_it_is_of_and_an_older_one_is_of_cosines():
    older = Calibration.from_json(
        """{"encoder": "toy", "thresholds": {"0.1": 0.2}, "genuine_quantiles": {"0.05": 0.4}, "genuine_pairs": 10,
        "impostor_pairs": 20, "data": "dolls", "date": "2026-11-23", "copy_threshold": 0.9}"""
    )

    assert (older.score, older.cohort, older.own_lines) == ("cosine", None, None)
    assert Calibration.from_json(NORMALISED.to_json()) == NORMALISED


# How long it takes


def quickest(run: Callable[[], object], times: int = 20) -> float:
    """In milliseconds of this process; what else the machine does takes others."""
    found = list[float]()
    for _ in range(times):
        started = time.thread_time()
        run()
        found.append(time.thread_time() - started)
    return 1000 * min(found)


def test_a_verdict_takes_two_milliseconds_and_a_search_a_fraction_of_its_300():
    decider = Decider(NORMALISED, cohort(faces(4000, 2, 512)), people(faces(1000, 3, 512)))
    one, other = (identity(face) for face in faces(2, 4, 512))
    nearest, ids = faces(200, 5, 512), [str(number) for number in range(200)]
    decider.decide(one, other)

    assert quickest(lambda: decider.decide(one, other, "3", "3")) <= 2
    assert quickest(lambda: decider.decide_all(one.embedding[None], nearest, [None], ids), 5) <= 120


def test_a_library_where_nobody_is_saved_yet_adds_nobody():
    strangers, pair = cohort(faces(400, 1)), faces(2, 2)

    def scores(own: SavedPeople | None) -> np.ndarray:
        among = Strangers(strangers, own, 4.0)
        seen = among.see(pair, [None, None])
        return among.scores(seen, seen)

    nobody = SavedPeople((), np.zeros((0, 0), np.float32))  # as the library gives it
    assert np.array_equal(scores(nobody), scores(None))
