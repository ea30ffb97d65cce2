"""Figures of rows: by eye where they can be, else by simulation; planted faults move them the right way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from evaluation_rows import CALIBRATION, UNDETECTED, row, run
from sklearn.metrics import roc_auc_score

from evaluation.rows import Row
from evaluation.statistics import (
    ADHERENCE,
    COPIED,
    COPY_GEO,
    DETECTION,
    GAP,
    NEAREST,
    RETENTION,
    SAME_PERSON,
    SIMILARITY,
    Difference,
    Measure,
    Sample,
    difference_of,
    figure_of,
    is_same_person,
    match_rate,
    noise_floor,
    separability,
)


def sample(*rows: Row) -> Sample:
    return Sample(rows, CALIBRATION)


def value(rows: list[Row], measure: Measure) -> float:
    figure = figure_of(Sample(tuple(rows), CALIBRATION).of("variant"), measure)
    assert figure.value is not None
    return figure.value


def test_a_mean_is_over_pictures_and_its_interval_over_people():
    figure = figure_of(sample(row(0, judge_similarity=0.4), row(0, judge_similarity=0.4, seed=1), row(1)), SIMILARITY)

    assert figure.value == pytest.approx((0.4 + 0.4 + 0.6) / 3)
    assert (figure.low, figure.high) == (pytest.approx(0.4), pytest.approx(0.6))  # either of the two people alone
    assert (figure.pictures, figure.people) == (3, 2)


def test_people_who_are_all_alike_leave_no_doubt_about_a_mean():
    figure = figure_of(sample(*(row(number) for number in range(5))), SIMILARITY)

    assert (figure.low, figure.high) == (pytest.approx(0.6), pytest.approx(0.6))


def test_one_person_alone_says_nothing_about_others():
    figure = figure_of(sample(row(0), row(0, seed=1)), SIMILARITY)

    assert (figure.low, figure.high) == (None, None)


def test_a_share_that_no_picture_contradicts_is_still_in_doubt():
    """Wilson's interval of 20 of 20: 0.839 to 1."""
    figure = figure_of(sample(*(row(number) for number in range(20))), DETECTION)

    assert (figure.value, figure.low, figure.high) == (1, pytest.approx(0.839, abs=1e-3), pytest.approx(1))


def test_pictures_of_one_person_are_not_counted_as_so_many_people():
    """Half the people are kept in all of 20 pictures, half in none: Wilson alone would take that for 80 draws."""
    rows = [row(n, seed=seed, judge_similarity=0.9 * (n % 2)) for n in range(4) for seed in range(20)]
    figure = figure_of(sample(*rows), RETENTION)

    assert (figure.value, figure.low, figure.high) == (0.5, 0, 1)


def test_no_face_is_not_zero():
    rows = (row(0), row(1, **UNDETECTED))

    assert figure_of(sample(*rows), DETECTION).value == 0.5
    assert figure_of(sample(*rows), SIMILARITY).value == pytest.approx(0.6)
    assert figure_of(sample(*rows), SAME_PERSON).value == 1
    assert figure_of(sample(*rows), RETENTION).value == 0.5  # but it is a picture that nobody recognises


def test_what_nobody_measured_has_no_value():
    figure = figure_of(sample(row(0, adherence=None)), ADHERENCE)

    assert (figure.value, figure.low, figure.high, figure.pictures) == (None, None, None, 0)


def test_without_a_calibration_nobody_is_called_the_same_person():
    uncalibrated = Sample((row(0),), None)

    assert [figure_of(uncalibrated, m).value for m in (RETENTION, SAME_PERSON, COPIED)] == [None, None, None]
    assert figure_of(uncalibrated, SIMILARITY).value == pytest.approx(0.6)


def test_a_mirrored_copy_is_a_copy():
    assert figure_of(sample(row(0, composition=0.1, mirrored_composition=0.99)), COPIED).value == 1


def test_the_order_of_rows_changes_no_figure():
    rows = run(6)

    assert figure_of(sample(*rows), SIMILARITY) == figure_of(sample(*rows[::-1]), SIMILARITY)
    assert noise_floor(sample(*rows), SIMILARITY) == noise_floor(sample(*rows[::-1]), SIMILARITY)


@pytest.mark.parametrize(("people", "least"), [(10, 0.84), (40, 0.89)])
def test_intervals_hold_the_truth_about_as_often_as_they_say(people: int, least: float):
    held = 0
    for trial in range(100):
        dice = np.random.default_rng([people, trial])
        means = dice.normal(0.45, 0.1, people)
        rows = [
            row(n, seed=seed, judge_similarity=float(mean + dice.normal(0, 0.05)))
            for n, mean in enumerate(means)
            for seed in range(3)
        ]
        figure = figure_of(sample(*rows), SIMILARITY)
        assert figure.low is not None and figure.high is not None
        held += figure.low <= 0.45 <= figure.high

    assert least <= held / 100 < 1


def test_the_noise_floor_is_what_another_seed_does_to_the_mean():
    """Seed 1 is 0.1 above seed 0 in every picture: means 0.5 and 0.6, which deviate by 0.1 / sqrt 2."""
    rows = [row(n, seed=seed, judge_similarity=0.5 + 0.1 * seed) for n in range(8) for seed in range(2)]

    assert noise_floor(sample(*rows), SIMILARITY) == pytest.approx(0.1 / np.sqrt(2))


def test_the_noise_floor_is_not_nothing_where_two_seeds_happen_to_have_one_mean():
    """Up here, down there: pictures deviate by 0.1 / sqrt 2 from seed to seed, in 4 groups."""
    rows = [row(n, seed=seed, judge_similarity=0.5 + 0.1 * ((n + seed) % 2)) for n in range(4) for seed in range(2)]

    assert noise_floor(sample(*rows), SIMILARITY) == pytest.approx(0.1 / np.sqrt(2) / 2)


def test_a_single_seed_knows_no_noise_and_gives_no_result():
    one, other = sample(*(row(n) for n in range(5))), sample(*(row(n, judge_similarity=0.1) for n in range(5)))

    assert noise_floor(one, SIMILARITY) is None
    assert difference_of(one, other, SIMILARITY).reservation == "noise floor unknown: not drawn with several seeds"


@pytest.mark.parametrize(("value", "verdict"), [(0.019, "no result"), (0.021, "result"), (-0.021, "result")])
def test_a_difference_below_twice_the_noise_floor_is_no_result(value: float, verdict: str):
    assert Difference(SIMILARITY, value, value - 0.01, value + 0.01, 10, floor=0.01).verdict == verdict


def test_a_difference_whose_interval_holds_0_is_no_result():
    assert Difference(SIMILARITY, 0.1, -0.1, 0.3, 10, floor=0.01).reservation == "the interval holds 0"


def test_people_are_compared_with_themselves():
    """Everybody gains 0.1, though people differ by far more."""
    before = sample(*(row(n, judge_similarity=n / 10) for n in range(8)))
    after = sample(*(row(n, judge_similarity=n / 10 + 0.1) for n in range(8)))
    difference = difference_of(after, before, SIMILARITY)

    assert (difference.value, difference.low, difference.high) == tuple(pytest.approx(0.1) for _ in range(3))


def test_only_people_whom_both_have_are_compared():
    before = sample(row(0), row(1), row(2, judge_similarity=-1.0))
    difference = difference_of(sample(row(0), row(1)), before, SIMILARITY)

    assert (difference.value, difference.people) == (pytest.approx(0), 2)


def test_two_groups_with_nobody_in_common_can_be_compared():
    before, after = sample(*(row(n) for n in range(4))), sample(*(row(n, judge_similarity=0.9) for n in range(4, 8)))

    assert difference_of(after, before, SIMILARITY).value == pytest.approx(0.3)


def test_the_match_rate_at_the_threshold_is_the_retention():
    variants = sample(*run(8)).of("variant")
    (rate,) = match_rate(variants, np.array([CALIBRATION.thresholds[0.001]]))

    assert rate == pytest.approx(figure_of(variants, RETENTION).value)


def test_separability_is_1_where_every_picture_is_nearer_than_any_stranger_and_half_by_chance():
    apart = [row(n, judge_similarity=0.6, judge_stranger=0.1) for n in range(4)]
    alike = [row(n, judge_similarity=0.1, judge_stranger=0.1) for n in range(4)]

    assert separability(sample(*apart)).value == 1
    assert separability(sample(*alike)).value == 0.5


def test_separability_and_its_interval_are_scikit_learns_over_resampled_people():
    dice = np.random.default_rng(5)
    people = [np.round(dice.normal((0.3, 0.1), 0.2, (3 + number % 3, 2)), 1) for number in range(8)]  # with ties
    rows = [
        row(number, seed=seed, judge_similarity=own, judge_stranger=stranger)
        for number, pairs in enumerate(people)
        for seed, (own, stranger) in enumerate(pairs.tolist())
    ]

    def area(drawn):
        own, strangers = np.concatenate([people[person] for person in drawn]).T
        return roc_auc_score([1] * len(own) + [0] * len(own), [*own, *strangers])

    found = separability(sample(*rows))

    assert found.value == pytest.approx(area(range(8)))
    low, high = np.quantile([area(dice.integers(0, 8, 8)) for _ in range(100)], (0.025, 0.975))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.04)


# Planted faults: each makes a sound run wrong in one way.


def faulty(**changes: object) -> tuple[list[Row], list[Row]]:
    sound = run(8)
    return sound, [replace(r, **changes) if r.arm == "variant" else r for r in sound]


def test_a_wrong_persons_embedding_is_seen():
    sound = run(8)
    wrong = [
        replace(r, judge_similarity=r.judge_stranger, judge_stranger=r.judge_similarity) if r.arm == "variant" else r
        for r in sound
    ]

    assert value(wrong, RETENTION) < 0.05 < value(sound, RETENTION)
    assert value(wrong, NEAREST) < 0.1 and value(sound, NEAREST) > 0.9
    areas = [separability(sample(*rows).of("variant")).value or 0 for rows in (sound, wrong)]
    assert areas[0] > 0.95 and areas[1] < 0.05


def test_a_swapped_prompt_is_seen_in_adherence_alone():
    sound, wrong = faulty(adherence=0.1)

    assert value(wrong, ADHERENCE) < value(sound, ADHERENCE) - 0.5
    assert value(wrong, SIMILARITY) == value(sound, SIMILARITY)


def test_a_pasted_reference_is_more_alike_and_found_out():
    sound, wrong = faulty(judge_similarity=1.0, composition=1.0, copy_geo=1.0)

    assert value(wrong, RETENTION) > value(sound, RETENTION)  # as good as can be, which is why copying is measured
    assert (value(sound, COPIED), value(wrong, COPIED)) == (0, 1)
    assert value(wrong, COPY_GEO) == 1 and value(sound, COPY_GEO) < 0.2


def test_a_blurred_face_lowers_detection_and_leaves_similarity_to_the_others():
    sound = run(8)
    blurred = [replace(r, **UNDETECTED) if r.arm == "variant" and r.seed == 0 else r for r in sound]

    assert value(blurred, DETECTION) < 0.55 < 0.9 < value(sound, DETECTION)
    assert value(blurred, SIMILARITY) == pytest.approx(value(sound, SIMILARITY), abs=0.05)
    assert value(blurred, RETENTION) < value(sound, RETENTION) / 1.5


def test_the_steering_encoder_as_judge_closes_the_gap():
    sound = run(8)
    circular = [replace(r, judge_similarity=r.steering_similarity) for r in sound]

    assert value(sound, GAP) == pytest.approx(0.1)
    assert value(circular, GAP) == 0
    assert value(circular, SIMILARITY) > value(sound, SIMILARITY)


def test_where_the_calibration_is_of_scores_among_strangers_these_decide_and_not_the_cosine():
    among = replace(CALIBRATION, score="normalised", thresholds={0.1: 2.0, 0.001: 5.0})
    rows = (row(0, judge_similarity=0.9, judge_score=4.0), row(1, judge_similarity=0.3, judge_score=6.0), row(2))

    assert [is_same_person(each, among) for each in rows] == [0.0, 1.0, None]  # an older run's row has none
    assert [is_same_person(each, CALIBRATION) for each in rows] == [1.0, 0.0, 1.0]
