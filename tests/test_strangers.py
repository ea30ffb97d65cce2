"""A library's characters as strangers to each other: pairs counted, compared with what was expected, and named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import DECIDER, JUDGE

import verdicts
from pipeline.likeness import AT_ONCE
from pipeline.strangers import MOST_ALIKE, check_strangers
from pipeline.values import Identity


def in_a_plane(*degrees: float) -> list[Identity]:
    return [
        Identity(JUDGE, np.array([np.cos(angle), np.sin(angle)], np.float32)) for angle in np.radians(np.array(degrees))
    ]


def test_each_pair_counts_once_at_every_threshold():
    checked = check_strangers(in_a_plane(0, 10, 50, 130), DECIDER)

    # 0-10: 0.98, 10-50: 0.77, 0-50: 0.64; the others are below 0.5
    assert [(rate.expected, rate.threshold, rate.passed) for rate in checked.rates] == [
        (0.1, 0.5, 3), (0.01, 0.7, 2), (0.001, 0.9, 1),
    ]  # fmt: skip
    assert {rate.pairs for rate in checked.rates} == {6}


def test_who_would_be_taken_for_one_person_is_named_the_most_alike_first():
    checked = check_strangers(in_a_plane(0, 20, 100, 105), DECIDER)

    assert [(pair.one, pair.other) for pair in checked.most_alike] == [(2, 3), (0, 1)]
    assert checked.most_alike[0].similarity == pytest.approx(np.cos(np.radians(5)))


def test_more_people_than_are_compared_at_once_are_all_compared():
    faces = np.random.default_rng(0).normal(size=(AT_ONCE + 200, 4)).astype(np.float32)
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)

    checked = check_strangers([Identity(JUDGE, face) for face in faces], DECIDER)

    similarities = (faces @ faces.T)[np.triu_indices(len(faces), 1)]
    assert [rate.passed for rate in checked.rates] == [(similarities >= line).sum() for line in (0.5, 0.7, 0.9)]
    assert checked.most_alike[0].similarity == pytest.approx(similarities.max())
    assert len(checked.most_alike) == MOST_ALIKE


def test_a_creator_is_told_what_happened_and_what_was_expected():
    observed = replace(check_strangers(in_a_plane(0, 90), DECIDER).rates[-1], pairs=4950, passed=3)

    assert str(verdicts.observed(observed)) == (
        "In your library 3 of 4,950 pairs of different characters would be taken for the same person; "
        "1 in 1,000 was expected."
    )


@pytest.mark.parametrize(
    ("degrees", "verdict"),
    [
        (range(0, 40, 2), "more alike"),
        ((0, 120, 240), "as expected"),  # three pairs can't tell
    ],
)
def test_the_verdict_follows_from_the_interval(degrees: list[float], verdict: str):
    observed = check_strangers(in_a_plane(*degrees), DECIDER).rates[-1]

    assert observed.interval[0] <= observed.passed / observed.pairs <= observed.interval[1]
    assert observed.verdict == verdict


def test_people_far_apart_are_less_alike_than_expected():
    identities = [Identity(JUDGE, np.eye(200, dtype=np.float32)[i]) for i in range(200)]

    assert check_strangers(identities, DECIDER).rates[0].verdict == "less alike"


def test_one_alone_is_no_pair():
    with pytest.raises(ValueError, match="two people"):
        check_strangers(in_a_plane(0), DECIDER)
