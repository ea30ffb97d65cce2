"""The statistics behind the README's figures and the pack's calibration, on numbers that can be worked out by eye."""

import numpy as np
import pytest
from fakes import BLACK, BLUE, GREEN, RED, YELLOW, FakeFaces, fake_pack, flat, reference_of

from drawn_world.people import look_seed
from drawn_world.world import look, unseen
from pipeline.values import Variant
from training import measure
from training.attributes import ATTRIBUTES

RULER = None  # what it reads is written down in each test


def variant(colour):
    return Variant(flat(colour), 0, next(iter(FakeFaces().faces(flat(colour))), None), None)


def test_a_face_that_was_not_found_is_in_no_pair():
    faces = [variant(colour).face for colour in (RED, BLACK, GREEN, YELLOW)]

    pairs = measure._pairs(faces, 1, looks=2)

    assert pairs.genuine.tolist() == pytest.approx([0.5**0.5])  # green and yellow; red's other picture shows nobody
    assert pairs.impostors.tolist() == pytest.approx([0.5**0.5, 0])


def test_what_is_asked_for_is_never_what_the_reference_shows():
    for seed in range(50):
        known = look(look_seed(seed, 0))
        for kept in (False, True):
            asked = measure._asked(seed, kept)
            assert unseen(asked.outfit, asked.expression, asked.background) == kept
            assert all(
                getattr(asked, a) != getattr(known, a) for a in ("outfit", "expression", "accessory", "background")
            )


def test_variants_are_judged_against_their_own_reference_all_others_and_the_truth(monkeypatch):
    cases = [
        measure.Case(i, look(i), reference_of(flat(c)), reference_of(flat(c)), variant(YELLOW))
        for i, c in enumerate((RED, GREEN, BLUE, GREEN))
    ]
    made = [variant(colour) for colour in (RED, YELLOW, BLUE, BLACK)]
    read = [{a: getattr(case.asked, a) for a in ATTRIBUTES} for case in cases]
    read[3]["outfit"] = "nothing"
    monkeypatch.setattr(measure, "read_attributes", lambda ruler, pixels: read)
    monkeypatch.setattr(measure, "picture_features", lambda ruler, pixels: np.eye(4)[:, :2] + len(pixels))
    monkeypatch.setattr(measure, "_sharpness", lambda pixels: 1.0)

    figures = measure._figures(cases, made, RULER, fake_pack())

    assert figures["similarity"] == pytest.approx((1 + 0.5**0.5 + 1) / 3, abs=1e-6)  # black has no face: not a 0
    assert figures["rank-1"] == 0.5  # yellow is as much red as green, and black nobody
    assert figures["face found"] == 0.75
    assert figures["same person"] == 0.5
    assert figures["outfit"] == 0.75
    assert figures["background"] == 1
    assert figures["distance"] == pytest.approx(0, abs=1e-6)


def test_a_variant_that_is_nearer_to_the_reference_than_to_the_truth_is_a_copy(monkeypatch):
    """The reference is red; asked for was a picture that is truly yellow, 45 degrees away."""
    monkeypatch.setattr(measure, "read_attributes", lambda ruler, pixels: [dict.fromkeys(ATTRIBUTES)] * 2)
    monkeypatch.setattr(measure, "picture_features", lambda ruler, pixels: np.eye(2))
    monkeypatch.setattr(measure, "_sharpness", lambda pixels: 1.0)
    case = measure.Case(0, look(0), reference_of(flat(RED)), reference_of(flat(RED)), variant(YELLOW))
    other = measure.Case(1, look(0), reference_of(flat(BLUE)), reference_of(flat(BLUE)), variant(BLUE))
    for colour, copy in ((RED, 1), (YELLOW, -1)):
        figures = measure._figures([case, other], [variant(colour), variant(BLUE)], RULER, fake_pack())
        assert figures["copy"] == pytest.approx(copy, abs=1e-3)


def test_a_table_is_markdown():
    lines = [*measure._head("pictures", "copy", "TAR"), measure._row("variants", {"copy": -0.108, "TAR": 0.917})]
    assert lines == ["| pictures | copy | TAR |", "| --- | --- | --- |", "| variants | -0.11 | 91.7% |"]
