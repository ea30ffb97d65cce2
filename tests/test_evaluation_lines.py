"""Lines that are learnt on some hands and hold for another; and planted faults, which move what is reported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up_hands import made_up_hand, made_up_hands, unit

from errors import InvalidRequest
from evaluation.calibration_figure import draw_calibration
from evaluation.hands import Hand, Hands, twins
from evaluation.hands_command import as_shipped, rows_of, write
from evaluation.hands_report import HandRow, as_markdown
from evaluation.lines import (
    OWN,
    Curves,
    Families,
    calibrate_hands,
    cohort_of,
    measured,
    observed_elsewhere,
    pooled,
    without,
)
from pipeline.likeness import Calibration, Decider
from verdicts import measured_on

# From a hand whose people are hardly alike to one whose are nearly the same.
ALIKE = tuple(np.linspace(0.5, 0.85, 16).tolist())
LAST = "hand 15"


@pytest.fixture(scope="module")
def hands() -> tuple[Hand, ...]:
    return made_up_hands(ALIKE)


def alone(hands: tuple[Hand, ...]) -> Families:
    return Families([hand.name for hand in hands])


def calibrated(hands: tuple[Hand, ...]) -> Calibration:
    return calibrate_hands(hands, "toy", cohort_of(hands, "toy"), alone(hands))[0]


# Lines


def test_a_line_among_strangers_holds_for_a_hand_it_was_not_learnt_on_and_a_bare_one_does_not(hands: tuple[Hand, ...]):
    [new] = (replace(hand, name="new") for hand in made_up_hands((0.85,), seed=5))
    among, bare = (row for row in rows(hands, (new,)) if row.held_out)

    assert (among.judge, bare.judge) == ("toy, among strangers", "toy, bare cosine")
    assert passing(among) < 0.01
    assert passing(bare) > 0.1


def test_each_hand_is_measured_with_a_line_of_the_others(hands: tuple[Hand, ...]):
    families = alone(hands)
    pairs = measured(hands, cohort_of(hands, "toy"), families)

    observed = observed_elsewhere(pairs, 0.01, families)

    line = Curves(pairs[:-1], alone(hands[:-1])).line(0.01)
    assert observed[LAST] == pytest.approx(pairs[-1].passing(line), abs=0.01)
    assert np.mean(list(observed.values())) == pytest.approx(0.01, abs=0.01)


def test_every_hand_counts_the_same_and_so_does_every_family(hands: tuple[Hand, ...]):
    names = [hand.name for hand in hands]

    assert Families(names).weights(names) == pytest.approx([1 / 16] * 16)
    weights = Families(names, [names[:15]]).weights(names)
    assert weights == pytest.approx([0.5 / 15] * 15 + [0.5])


def test_hands_by_one_designer_are_left_out_together(hands: tuple[Hand, ...]):
    families = Families([hand.name for hand in hands], [("hand 0", "hand 1")])
    curves = Curves(measured(hands, cohort_of(hands, "toy"), families), families)

    others = Families([hand.name for hand in hands[2:]])
    assert curves.line(0.01, "hand 0") == curves.line(0.01, "hand 1")
    rest = Curves([each for each in curves.pairs if each.name not in ("hand 0", "hand 1")], others)
    assert curves.line(0.01, "hand 0") == pytest.approx(rest.line(0.01), abs=0.02)


def test_a_family_is_named_by_a_pattern_too(hands: tuple[Hand, ...]):
    names = ["adventurer", *(hand.name for hand in hands)]

    assert Families(names, [("hand *",)]).weights(names) == pytest.approx([0.5] + [0.5 / 16] * 16)
    with pytest.raises(InvalidRequest, match="There are no hands lorelei"):
        Families(names, [("lorelei",)])


def test_a_cohort_takes_one_face_of_a_person_as_evenly_from_the_hands_as_they_have_them():
    rng = np.random.default_rng(0)
    hands = tuple(made_up_hand(name, 0.5, rng, people) for name, people in (("few", 3), ("many", 50), ("more", 80)))

    cohort = cohort_of(hands, "toy", most=43)

    assert np.bincount(cohort.hand).tolist() == [3, 20, 20]
    assert len(np.unique(cohort.embeddings, axis=0)) == 43
    assert without(cohort, {"many"}).hands == ("few", "more")


def test_a_calibration_says_what_it_was_learnt_on_and_dares_no_rate_that_it_cannot_know(hands: tuple[Hand, ...]):
    calibration = calibrated(hands)

    assert (calibration.score, calibration.cohort.people, calibration.cohort.hands) == ("normalised", 640, 16)
    assert (calibration.people, calibration.twins) == (640, 0)
    assert str(measured_on(calibration)).startswith(
        "pictures by 16 hands, each measured against people by others; a face was found in 1,920 of 1,920"
    )
    few = calibrated(hands[:6])
    assert set(few.thresholds) | set(few.left_out) == set(calibration.thresholds) == {0.1, 0.01, 0.001, 0.0001}
    assert 0.0001 in few.left_out
    for rate, line in calibration.thresholds.items():
        low, high = calibration.threshold_intervals[rate]
        assert low <= line <= high
        low, high = calibration.rate_intervals[rate]
        assert low <= rate <= high
    assert [lines.own for lines in calibration.own_lines] == sorted(lines.own for lines in calibration.own_lines)
    assert len(calibration.own_lines) == sum(2 * own <= 40 for own in OWN)
    assert Calibration.from_json(calibration.to_json()) == calibration


def test_more_hands_narrow_the_interval():
    def width(count: int) -> float:
        hands = made_up_hands(np.linspace(0.4, 0.8, count), seed=3, people=20)
        low, high = calibrated(hands).threshold_intervals[0.01]
        return high - low

    assert width(24) < width(5)


def test_the_curve_falls_from_nearly_everybody_to_nobody(hands: tuple[Hand, ...]):
    false_accept, true_accept, lines = np.array(calibrated(hands).roc).T

    assert (np.diff(lines) < 0).all() and (np.diff(false_accept) >= 0).all() and (np.diff(true_accept) >= 0).all()


def test_a_hands_own_people_among_the_strangers_move_the_lines(hands: tuple[Hand, ...]):
    """They are nearer than all others: by the lines without them hardly anybody would pass any more."""
    cohort, families = cohort_of(hands, "toy"), alone(hands)
    plain = Curves(measured(hands, cohort, families), families)
    own = Curves(measured(hands, cohort, families, 10), families)

    assert own.line(0.01) < plain.line(0.01)
    assert np.mean([each.passing(plain.line(0.01)) for each in own.pairs]) < 0.005
    assert not [row for row in rows(hands) if "of its own" in row.judge]  # of 40 people 30 leave too few to measure


def test_too_few_hands_or_people_are_refused():
    with pytest.raises(InvalidRequest, match="2 hands are too few"):
        calibrated(made_up_hands((0.5, 0.6)))
    with pytest.raises(InvalidRequest, match="too few to calibrate"):
        calibrated(made_up_hands((0.4, 0.5, 0.6), people=2))


def test_the_figure_is_drawn_of_all_hands_together(hands: tuple[Hand, ...], tmp_path: Path):
    calibration, pairs = calibrate_hands(hands, "toy", cohort_of(hands, "toy"), alone(hands))

    draw_calibration(pooled(pairs), calibration, tmp_path / "calibration.png")

    assert (tmp_path / "calibration.png").stat().st_size > 10_000


# Rows


def rows(hands: tuple[Hand, ...], held_out: tuple[Hand, ...] = ()) -> list[HandRow]:
    return list(rows_of("toy", Hands(hands, (), held_out)))


def among_strangers(of: list[HandRow]) -> dict[str, HandRow]:
    return {row.hand: row for row in of if row.judge == "toy, among strangers"}


def passing(row: HandRow, rate: float = 0.01) -> float:
    return next(line.strangers for line in row.lines if line.rate == rate)


def accepted(of: dict[str, HandRow], rate: float = 0.01) -> float:
    return float(np.mean([line.accepted for row in of.values() for line in row.lines if line.rate == rate]))


def test_each_hand_has_a_row_in_every_way_of_deciding(hands: tuple[Hand, ...], tmp_path: Path):
    [new] = (replace(hand, name="new") for hand in made_up_hands((0.6,), seed=9))
    found = rows(hands, (new,))

    assert {row.judge for row in found} == {"toy, among strangers", "toy, bare cosine"}
    assert [row.hand for row in found if row.held_out] == ["new", "new"]
    row = among_strangers(found)["hand 5"]
    assert (row.people, row.pictures, row.found, row.false_ones, row.twins) == (40, 120, 1, 0, 0)
    assert row.auc > 0.99
    write(found, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"hands.md", "hands.json", "hands.png"}
    assert "| **worst** |" in (tmp_path / "hands.md").read_text("utf-8")


def test_what_ships_is_measured_by_what_decides_in_the_app(hands: tuple[Hand, ...]):
    calibration, cohort = calibrated(hands), cohort_of(hands, "toy")
    [new] = (replace(hand, name="new") for hand in made_up_hands((0.6,), seed=9))

    shipped = [row for row in rows_of("toy", Hands(hands, (), (new,)), (), calibration, cohort) if "ships" in row.judge]
    assert [(row.hand, row.judge) for row in shipped] == [("new", "toy, as it ships")]

    judged = Decider(calibration, cohort).decide_all(new.embeddings[:3], new.embeddings, [None] * 3, [None] * 120)
    scores = [judged[i][j].score for i in range(3) for j in range(i + 1, 120) if new.people[i] == new.people[j]]
    assert as_shipped(new, Decider(calibration, cohort)).genuine[: len(scores)] == pytest.approx(scores, abs=1e-3)


def test_of_many_hands_the_screen_shows_the_mean_and_the_worst(hands: tuple[Hand, ...]):
    told = as_markdown(rows(hands), most=10)

    assert "hand 3" not in told and told.count("| **mean** |") == 2
    assert "hand 3" in as_markdown(rows(hands))


def test_a_share_that_is_not_known_is_no_zero():
    hand = made_up_hand("one look each", 0.5, np.random.default_rng(0), looks=1)
    [row, _] = [row for row in rows(made_up_hands(ALIKE[:4]), (hand,)) if row.held_out]

    assert {line.accepted for line in row.lines} == {None} and row.auc is None
    assert "| – |" in as_markdown([row])


# Planted faults


def test_planted_a_cohort_of_one_hand_only_lets_far_more_strangers_pass(hands: tuple[Hand, ...]):
    """Whoever is by another hand stands out among these, every two of them."""
    [new] = (replace(hand, name="new") for hand in made_up_hands((0.85,), seed=5))
    calibration = calibrated(hands)

    def observed(cohort_hands: tuple[Hand, ...]) -> float:
        cohort = cohort_of(cohort_hands, "toy")
        [row] = rows_of("toy", Hands((), (), (new,)), (), calibration, cohort)
        return passing(row)

    assert observed(hands) < 0.01
    assert observed(hands[-1:]) > 0.2
    with pytest.raises(InvalidRequest, match="All people of the cohort are by one hand"):
        measured(hands, cohort_of(hands[:1], "toy"), alone(hands))


def test_planted_a_judge_that_sees_colours_only_cannot_tell_people_apart(hands: tuple[Hand, ...]):
    """It knows what somebody wears, and not who it is."""
    rng = np.random.default_rng(1)
    blind = tuple(
        replace(hand, embeddings=unit(hand.embeddings.mean(axis=0) + rng.normal(size=hand.embeddings.shape) / 20)
                .astype(np.float32))
        for hand in hands
    )  # fmt: skip

    seeing, not_seeing = (among_strangers(rows(each)) for each in (hands, blind))

    assert min(row.auc for row in seeing.values()) > 0.98
    assert all(abs(row.auc - 0.5) < 0.15 for row in not_seeing.values())
    assert accepted(not_seeing) < 0.05 and accepted(seeing) > 0.6


def test_planted_a_twin_called_a_stranger_passes_every_line(hands: tuple[Hand, ...]):
    """Two of a hand's people are drawn alike. Left apart they are counted by themselves; called strangers they pass."""
    faces, hand = hands[8].embeddings.copy(), hands[8]
    for pair in range(0, 20, 2):
        faces[hand.people == pair] = faces[hand.people == pair + 1]
    marked = np.zeros((40, 40), np.bool_)
    for pair in range(0, 20, 2):
        marked[pair, pair + 1] = marked[pair + 1, pair] = True

    def row(which: np.ndarray) -> HandRow:
        changed = (*hands[:8], replace(hand, embeddings=faces, twins=which), *hands[9:])
        return among_strangers(rows(changed))["hand 8"]

    apart, called_strangers = row(marked), row(hand.twins)
    assert passing(apart) < 0.03 and apart.twins == pytest.approx(10 / 780)
    assert next(line.twins for line in apart.lines if line.rate == 0.01) > 0.6
    assert passing(called_strangers) > passing(apart) + 0.005
    assert called_strangers.twins == 0


def test_people_who_differ_in_fewer_than_two_features_are_twins():
    features = np.array([[1, 2, 3], [1, 2, 4], [1, 5, 4], [9, 9, 9]])

    assert np.argwhere(twins(features)).tolist() == [[0, 1], [1, 0], [1, 2], [2, 1]]
