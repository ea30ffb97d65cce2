"""What was asked for is one record: it survives JSON, is read in every version, and names what it does not know."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from fakes import fake_pack

from errors import InvalidRequest
from pipeline.request import (
    Engine,
    LeftOut,
    PictureRequest,
    SteeringImage,
    VisualProfile,
    check,
    composed,
    differences,
)

ENGINE = Engine("diffusers", "0.42.1", "2.13.0", "cpu", threads=2, batch=2)
USUAL = fake_pack().request("usual", 0)
WHOLE = replace(
    fake_pack().request(
        "moon, spacesuit, red hair, rainy night",
        5,
        count=4,
        written="moon",
        look=VisualProfile(outfit="spacesuit"),
        context="rainy night",
        steering=(SteeringImage("a", "main"), SteeringImage("b", "supporting", 0.5)),
    ),
    place=2,
    left_out=(LeftOut("mina", "unknown word"),),
    engine=ENGINE,
    scheduler_settings={"use_karras_sigmas": True, "betas": [0.1, 0.2]},
    pack_hash="c0ffee",
)
VERSION_1 = {  # as it was kept until November 2026
    "prompt": "moon, red hair",
    "seed": 40,
    "count": 3,
    "reference": "a",
    "identity_scale": 0.7,
    "steps": 8,
    "guidance_scale": 3.0,
    "negative_prompt": "",
    "steering": ["b"],
    "written": "moon",
    "visual_profile": None,
}


def test_a_request_comes_back_from_json_as_it_was() -> None:
    assert PictureRequest.read(json.loads(json.dumps(WHOLE.to_json()))) == WHOLE


def test_what_a_later_castbook_adds_is_left_out() -> None:
    assert PictureRequest.read({**WHOLE.to_json(), "version": 3, "mood": "new"}) == WHOLE


def test_version_1_is_upgraded_and_says_what_it_does_not_know() -> None:
    read = PictureRequest.read(VERSION_1, picture_seed=42, pack="paperdoll")
    assert read is not None
    assert (read.place, read.picture_seed, read.main_image_id) == (2, 42, "a")
    assert read.steering == (SteeringImage("a", "main"), SteeringImage("b", "supporting"))
    assert read.assumed == ("scheduler", "width", "height")
    completed = read.with_defaults(USUAL)
    assert (completed.scheduler, completed.width) == (USUAL.scheduler, USUAL.width)
    assert (completed.steps, completed.seed) == (8, 40)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"prompt": 5},
        {"prompt": "a", "seed": -1},
        {"prompt": "a", "count": "4"},
        {"prompt": "a", "guidance_scale": float("nan")},
        {"prompt": "a", "visual_profile": {"hair": 5}},
        {"prompt": "a", "steering": 5},
        {"version": 2, "prompt": "a"},
        {**WHOLE.to_json(), "steering": [{"image_id": "a", "role": "boss"}]},
    ],
)
def test_what_is_no_request_is_none(said: dict[str, object]) -> None:
    assert PictureRequest.read(said) is None


def test_names_that_are_no_fields_are_never_taken_from_a_strangers_record() -> None:
    read = PictureRequest.read({**WHOLE.to_json(), "assumed": ["__class__", "prompt", "steps"]})
    assert read is not None
    assert read.with_defaults(USUAL) == replace(read, steps=USUAL.steps)


def test_what_the_picture_has_to_show_is_the_prompt_without_the_context() -> None:
    assert WHOLE.asked == "moon, spacesuit, red hair"
    assert replace(WHOLE, context="").asked == WHOLE.prompt


@pytest.mark.parametrize("wrong", [{"count": 9}, {"identity_scale": 1.6}, {"steps": 151}, {"seed": 2**53 + 1}])
def test_what_is_out_of_bounds_is_refused_in_words(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest, match="Choose one from"):
        check(replace(WHOLE, **wrong))
    check(WHOLE)


def test_what_has_changed_since_is_named() -> None:
    now = replace(WHOLE, prompt="something else", seed=9)
    assert differences(WHOLE, now) == ()
    assert differences(WHOLE, replace(now, pack_hash="other", engine=replace(ENGINE, threads=1))) == (
        "pack_hash",
        "engine",
    )
    old = PictureRequest.read(VERSION_1, 42, "fake")
    assert old is not None and set(differences(old, now)) >= {"pack_hash", "engine", "scheduler", "width"}


def test_every_field_of_a_request_is_written_down() -> None:
    assert set(WHOLE.to_json()) == {"version", *(field.name for field in fields(PictureRequest))}


def test_parts_of_a_prompt_are_set_right() -> None:
    assert composed(" moon, ", "", "  red   hair,", ",") == "moon, red hair"
