"""The statistics behind the README's figures and the pack's calibration, on numbers that can be worked out by eye."""

import pytest
from fakes import BLACK, BLUE, CALIBRATION, GREEN, RED, YELLOW, FakeFaces, fake_pack, flat, reference_of

from pipeline.values import Variant
from training import measure
from training.dataset import look_seed
from training.world import look


def variant(colour):
    return Variant(flat(colour), 0, next(iter(FakeFaces().faces(flat(colour))), None), None)


def test_a_face_that_was_not_found_is_in_no_pair():
    faces = [variant(colour).face for colour in (RED, BLACK, GREEN, YELLOW)]

    pairs = measure._pairs(faces, 1, looks=2)

    assert pairs.genuine.tolist() == pytest.approx([0.5**0.5])  # green and yellow; red's other picture shows nobody
    assert pairs.impostors.tolist() == pytest.approx([0.5**0.5, 0])


def test_what_is_asked_for_is_never_what_the_reference_shows():
    for seed in range(50):
        known, (_, asked) = look(look_seed(seed, 0)), measure._case(seed)
        assert asked.outfit != known.outfit
        assert asked.expression != known.expression
        assert asked.background != known.background


def test_variants_are_judged_against_their_own_reference_and_all_others():
    references = [reference_of(flat(colour)) for colour in (RED, GREEN, BLUE)]
    made = [[variant(RED), variant(BLACK)], [variant(YELLOW)], [variant(BLUE)]]

    area, own, others, same, strangers, found = measure._judged(made, references, fake_pack())

    # own: 1, 0.71, 1; others: 0, 0, 0.71 (yellow is half red), 0, 0, 0; black has no face
    assert float(area) == pytest.approx((6 + 5.5 + 6) / 18, abs=1e-3)
    assert (own, others, found) == ("0.90", "0.12", "75%")
    assert CALIBRATION.thresholds[0.001] == 0.9
    assert (same, strangers) == ("67%", "0.00%")


def test_a_table_is_markdown():
    assert measure._table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"
