"""How a similarity is judged: in bands, with a reason, never across encoders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import BLACK, CALIBRATION, DECIDER, GREEN, JUDGE, RED, STEERING, YELLOW, FakeFaces, flat, reference_of
from PIL import Image

from pipeline.likeness import (
    Calibration,
    Decider,
    Drawings,
    RocPoint,
    TooFew,
    average,
    composition_likeness,
    judge,
    similarity_of,
)
from pipeline.values import Identity, Likeness, Reference
from ui.words import long_likeness, short_likeness
from verdicts import reason_of

ORANGE = (255, 90, 0)  # 0.94 like red
OLIVE = (255, 255, 255)  # 0.58 like red


def judged(picture: Image.Image, calibration: Calibration | None = CALIBRATION, by: str = JUDGE) -> Likeness:
    faces = FakeFaces().faces(picture)
    return judge(
        faces[0] if faces else None,
        reference_of(flat(RED)),
        picture,
        judge_encoder=by,
        steering_encoder=STEERING,
        decider=calibration and Decider(calibration),
    )


def drawing(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (64, 64, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    ("colour", "band", "rate"),
    [(RED, "same person", 0.001), (ORANGE, "same person", 0.001), (YELLOW, "unsure", 0.01), (OLIVE, "unsure", 0.1)],
)
def test_a_band_and_a_rate_follow_from_the_calibrated_thresholds(colour: tuple[int, int, int], band: str, rate: float):
    likeness = judged(flat(colour))

    assert (likeness.band, likeness.false_accept_rate) == (band, rate)
    assert likeness.encoder == JUDGE
    assert f"1 in {round(1 / rate):,} strangers" in str(reason_of(likeness))


def test_a_stranger_is_another_person_and_the_reason_says_so():
    likeness = judged(flat(GREEN))

    assert (likeness.similarity, likeness.band, likeness.false_accept_rate) == (0.0, "another person", None)
    assert str(reason_of(likeness)) == "Another person: more than 1 in 10 strangers would be as alike as this."


def test_without_a_stricter_threshold_the_strictest_there_is_makes_the_same_person():
    assert replace(CALIBRATION, thresholds={0.1: 0.5, 0.01: 0.7}).band(0.75) == "same person"


def test_a_stricter_threshold_than_one_in_a_thousand_gives_a_better_rate_and_no_narrower_band():
    calibration = replace(CALIBRATION, thresholds={0.1: 0.5, 0.001: 0.8, 0.0001: 0.9})

    assert (calibration.band(0.85), calibration.false_accept_rate(0.85)) == ("same person", 0.001)
    assert (calibration.band(0.95), calibration.false_accept_rate(0.95)) == ("same person", 0.0001)


def test_a_same_person_below_the_usual_is_not_said_to_be_as_alike_as_usual():
    likeness = judged(flat(ORANGE), replace(CALIBRATION, genuine_quantiles={0.05: 0.97}))

    assert likeness.usual is False
    assert str(reason_of(likeness)).startswith("Same person: less alike than two pictures of one person usually are")


def test_no_face_is_not_measured_and_never_zero():
    likeness = judged(flat(BLACK))

    assert (likeness.similarity, likeness.encoder, likeness.band) == (None, None, "not measured")
    assert likeness.not_measured == "no face"
    assert str(reason_of(likeness)) == "No face was found in this picture, so likeness could not be measured."


def test_without_a_calibration_there_is_only_the_bare_similarity():
    likeness = judged(flat(RED), None)

    assert (likeness.band, likeness.false_accept_rate, likeness.copied) == ("uncalibrated", None, None)
    assert likeness.similarity == pytest.approx(1.0)
    assert "1.00 by fake-judge, which is not calibrated" in str(reason_of(likeness))


def test_on_a_card_an_uncalibrated_likeness_is_the_bare_cosine_and_a_calibrated_one_says_how_sure_it_is():
    bare, sure = judged(flat(YELLOW), None), judged(flat(ORANGE))

    assert short_likeness(bare) == "Uncalibrated 0.71"
    assert long_likeness(bare) == "**Uncalibrated** 0.71"
    assert "which is not calibrated: nobody knows how much that says" in str(reason_of(bare))
    assert short_likeness(sure) == "Same person 0.94"
    assert long_likeness(sure) == "**Same person** 0.94 · 1 in 1,000 strangers would pass"
    assert str(reason_of(sure)) == (
        "Same person: as alike as two pictures of one person usually are (1 in 1,000 strangers would pass)."
    )


def test_the_steering_encoder_is_shown_beside_the_judge():
    assert judged(flat(YELLOW)).steering_similarity == pytest.approx(0.5**0.5)


def test_a_pack_without_a_judge_is_judged_by_the_steering_encoder_and_told_that_this_is_circular():
    likeness = judged(flat(RED), replace(CALIBRATION, encoder=STEERING), by=STEERING)

    assert (likeness.encoder, likeness.band, likeness.circular) == (STEERING, "same person", True)
    assert "Circular" in str(reason_of(likeness))


def test_a_picture_that_repeats_the_reference_is_marked_as_copied():
    picture = drawing(1)
    brighter = picture.point(lambda value: value * 0.5 + 100)
    face = FakeFaces().faces(picture)[0]

    likeness = judge(
        face, reference_of(picture), brighter, judge_encoder=JUDGE, steering_encoder=STEERING, decider=DECIDER
    )

    assert likeness.copied is True
    assert str(reason_of(likeness)).startswith("Copied")


def test_composition_is_compared_by_where_it_is_bright():
    assert composition_likeness(drawing(1), drawing(1)) == pytest.approx(1.0)
    assert abs(composition_likeness(drawing(1), drawing(2))) < 0.2
    assert composition_likeness(flat(RED), flat(RED)) == 0.0


def test_identities_of_two_encoders_are_never_compared():
    embedding = np.eye(512, dtype=np.float32)[0]

    with pytest.raises(ValueError, match="cannot be compared"):
        similarity_of(Identity("one", embedding), Identity("two", embedding))


def reference_by(picture: Image.Image, **directions: int) -> Reference:
    """By each encoder an identity in one direction."""
    axes = np.eye(512, dtype=np.float32)
    return Reference(picture, tuple(Identity(encoder, axes[axis]) for encoder, axis in directions.items()))


def test_several_references_are_one_half_way_between_with_the_first_ones_picture():
    first, second = flat(RED), flat(GREEN)

    together = average([reference_by(first, one=0, two=7), reference_by(second, two=7, one=1)])

    assert together.picture is first
    assert [identity.encoder for identity in together.identities] == ["one", "two"]
    one, two = (identity.embedding for identity in together.identities)
    assert one[:3] == pytest.approx([0.5**0.5, 0.5**0.5, 0]) and one.dtype == np.float32
    assert two[7] == pytest.approx(1)


def test_an_encoder_that_did_not_see_all_references_is_left_out():
    together = average([reference_by(flat(RED), one=0, two=1), reference_by(flat(RED), two=1)])

    assert [identity.encoder for identity in together.identities] == ["two"]


def test_references_that_no_encoder_saw_all_of_are_a_fault():
    with pytest.raises(ValueError, match="No encoder"):
        average([reference_by(flat(RED), one=0), reference_by(flat(RED), two=0)])


def test_a_calibration_survives_its_file():
    assert Calibration.from_json(CALIBRATION.to_json()) == CALIBRATION


def test_the_documented_calibration_file_is_read():
    calibration = Calibration.from_json(
        """{"encoder": "toy", "thresholds": {"0.1": 0.2, "0.01": 0.3, "0.001": 0.4},
        "genuine_quantiles": {"0.05": 0.4, "0.5": 0.6, "0.95": 0.8}, "genuine_pairs": 10, "impostor_pairs": 20,
        "data": "dolls", "date": "2026-11-23", "copy_threshold": 0.9}"""
    )

    assert calibration.thresholds == {0.1: 0.2, 0.01: 0.3, 0.001: 0.4}


def test_what_a_calibration_came_to_say_later_is_missing_in_an_older_file_and_stays_so():
    old = Calibration.from_json(CALIBRATION.to_json())

    assert (old.people, old.threshold_intervals, old.rate_intervals, old.left_out, old.roc) == (None,) * 5
    assert "roc" not in old.to_json()


def test_intervals_and_curve_survive_the_file():
    calibration = replace(
        CALIBRATION,
        people=50,
        threshold_intervals={0.1: (0.4, 0.6)},
        rate_intervals={0.1: (0.08, 0.12)},
        data=Drawings(looks=4),
        left_out={0.0001: TooFew(3, 10), 0.00001: "an older one's sentence"},
        roc=(RocPoint(0.0, 0.5, 0.9), RocPoint(1.0, 1.0, -0.2)),
    )

    assert Calibration.from_json(calibration.to_json()) == calibration
    assert Calibration.from_json(calibration.to_json()).roc[1].threshold == -0.2


RATE_OF_ZERO = CALIBRATION.to_json().replace('"0.001"', '"0.0"')


@pytest.mark.parametrize("text", ["", "{}", '{"encoder": "toy", "thresholds": {}}', RATE_OF_ZERO])
def test_a_broken_calibration_is_a_value_error(text: str):
    with pytest.raises(ValueError):
        Calibration.from_json(text)
