"""A request straight through: prepared, drawn, judged, ranked."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from fakes import (
    BLACK,
    BLUE,
    CALIBRATION,
    GREEN,
    JUDGE,
    RED,
    STEERING,
    YELLOW,
    FakeFaces,
    FakeGenerator,
    fake_maker,
    fake_pack,
    flat,
    reference_of,
)
from PIL import Image

from errors import InvalidRequest, NoFaceFound, Stopped
from pipeline.packs import Vocabulary
from pipeline.values import Face, Identity, Reference, Step, VariantRequest
from pipeline.variants import BATCH, VariantMaker

WITH_RED = VariantRequest("a cat", 5, 2, reference_of(flat(RED)), 0.7, 4, 5.0)


def ignore(step: Step) -> None:
    pass


def test_the_imports_bring_in_no_model_library():
    program = "import sys, pipeline.variants, pipeline.streaming, pipeline.uploads; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert "pipeline.variants" in loaded
    assert not {"torch", "diffusers", "transformers", "insightface", "onnxruntime", "cv2"} & set(loaded)


def test_the_best_likeness_comes_first_and_rejected_pictures_last():
    drawn = {5: BLACK, 6: GREEN, 7: (255, 60, 0), 8: YELLOW, 9: RED}
    maker = fake_maker(lambda request, seed: flat(drawn[seed]))

    variants = maker.generate(replace(WITH_RED, count=5), ignore)

    assert [variant.seed for variant in variants.ranked] == [9, 7, 8, 5, 6]
    assert [variant.likeness.band for variant in variants.ranked if variant.likeness] == [
        *("same person", "same person", "unsure", "not measured", "another person")
    ]


def test_a_copy_is_ranked_behind_an_unsure_picture_and_told_why():
    texture = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    texture[24:40, 24:40] = RED
    original = Image.fromarray(texture)
    maker = fake_maker(lambda request, seed: original if seed == 5 else flat(YELLOW))

    redrawn, copied = maker.generate(replace(WITH_RED, reference=reference_of(original)), ignore).ranked

    assert (redrawn.seed, copied.seed) == (6, 5)
    assert copied.likeness and copied.likeness.copied and copied.likeness.reason.startswith("Copied")


def test_without_a_reference_nothing_is_judged_and_the_order_is_the_seeds():
    variants = fake_maker().generate(replace(WITH_RED, reference=None, count=3), ignore).ranked

    assert [(variant.seed, variant.likeness) for variant in variants] == [(5, None), (6, None), (7, None)]
    assert all(variant.face for variant in variants)


def test_the_request_is_given_back_as_it_was():
    assert fake_maker().generate(WITH_RED, ignore).request is WITH_RED


def test_a_large_count_is_drawn_in_batches_with_every_pictures_own_seed():
    generator = FakeGenerator()
    maker = VariantMaker(generator, FakeFaces(), fake_pack())

    variants = maker.generate(replace(WITH_RED, count=2 * BATCH + 1), ignore)

    assert [(request.seed, request.count) for request in generator.requests] == [
        (5, BATCH),
        (5 + BATCH, BATCH),
        (5 + 2 * BATCH, 1),
    ]
    assert sorted(variant.seed for variant in variants.ranked) == list(range(5, 5 + 2 * BATCH + 1))


def test_steps_count_over_the_whole_run():
    seen: list[Step] = []

    fake_maker().generate(replace(WITH_RED, count=BATCH + 1), seen.append)

    assert [step.step for step in seen] == list(range(1, 9))
    assert {step.steps for step in seen} == {8}
    assert sum(len(step.previews) for step in seen) == 2


def stop_at(last: int):
    def on_step(step: Step) -> None:
        if step.step == last:
            raise Stopped

    return on_step


def test_stopping_in_the_first_batch_gives_nothing():
    with pytest.raises(Stopped):
        fake_maker().generate(WITH_RED, stop_at(2))


def test_stopping_later_keeps_the_batches_that_were_finished():
    assert len(fake_maker().generate(replace(WITH_RED, count=BATCH + 1), stop_at(6)).ranked) == BATCH


def test_a_reference_kept_under_another_pack_is_looked_at_again():
    generator = FakeGenerator()
    old = Reference(flat(RED), (Identity("an encoder of last year", np.eye(512, dtype=np.float32)[7]),))

    best = (
        VariantMaker(generator, FakeFaces(), fake_pack()).generate(replace(WITH_RED, reference=old), ignore).ranked[0]
    )

    assert best.likeness and best.likeness.band == "same person"
    given = generator.requests[0].reference
    assert given and [identity.encoder for identity in given.identities] == [STEERING, JUDGE]


def test_of_several_faces_the_one_that_was_kept_is_meant_again():
    class TwoFaces:
        def faces(self, picture: Image.Image) -> tuple[Face, ...]:
            return FakeFaces().faces(flat(BLUE)) + FakeFaces().faces(flat(RED))

    generator = FakeGenerator()
    kept = Reference(
        flat(BLACK), (FakeFaces().faces(flat(RED))[0].identities[0],)
    )  # red, by the steering encoder alone

    VariantMaker(generator, TwoFaces(), fake_pack()).generate(replace(WITH_RED, reference=kept), ignore)

    given = generator.requests[0].reference
    assert given and given.identities[1].embedding[0] == 1.0


def test_a_reference_without_a_face_is_refused():
    with pytest.raises(NoFaceFound):
        fake_maker().generate(replace(WITH_RED, reference=Reference(flat(BLACK), ())), ignore)


def test_a_picture_without_a_face_is_refused():
    with pytest.raises(NoFaceFound):
        fake_maker().find_face(flat(BLACK))


def test_a_pack_without_a_judge_is_judged_and_says_that_it_is_circular():
    pack = fake_pack(calibration=replace(CALIBRATION, encoder=STEERING), judge=False)
    maker = VariantMaker(FakeGenerator(), FakeFaces((STEERING,)), pack)

    likeness = maker.generate(replace(WITH_RED, reference=Reference(flat(RED), ())), ignore).ranked[0].likeness

    assert likeness and likeness.band == "same person" and "Circular" in likeness.reason


def test_unknown_words_are_reported_and_not_drawn():
    generator = FakeGenerator()
    pack = fake_pack(vocabulary=Vocabulary({"outfit": {"spacesuit": ("space suit",)}}, ("wearing", "a")))
    maker = VariantMaker(generator, FakeFaces(), pack)

    variants = maker.generate(
        replace(WITH_RED, prompt="Mina, wearing a SPACE-suit", negative_prompt="blurry suit"), ignore
    )

    assert variants.unknown_words == ("mina",)
    assert (generator.requests[0].prompt, generator.requests[0].negative_prompt) == ("wearing a space suit", "suit")


def test_a_pack_without_a_vocabulary_takes_the_prompt_as_it_is():
    generator = FakeGenerator()
    variants = VariantMaker(generator, FakeFaces(), fake_pack()).generate(replace(WITH_RED, prompt="A (Cat)!"), ignore)

    assert generator.requests[0].prompt == "A (Cat)!"
    assert variants.unknown_words == ()


def test_the_end_of_a_prompt_that_is_too_long_is_reported():
    """Of what is drawn: unknown words take up no room. The fake has room for forty words."""
    vocabulary = Vocabulary({"place": {"moon": ()}}, ("and",))
    maker = fake_maker(pack=fake_pack(vocabulary=vocabulary))

    assert maker.generate(replace(WITH_RED, prompt="moon " * 40 + "mina"), ignore).cut_off == ""
    assert maker.generate(replace(WITH_RED, prompt="moon " * 40 + "and moon"), ignore).cut_off == "and moon"


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            {"prompt": "  "},
            {"count": 0},
            {"count": 1000},
            {"steps": 0},
            {"steps": 10**9},
            {"seed": -1},
            {"seed": 2**60},
        ),
        *({"identity_scale": -0.1}, {"identity_scale": float("nan")}, {"guidance_scale": float("inf")}),
    ],
)
def test_a_request_that_cannot_be_drawn_is_refused(wrong: dict[str, object]):
    with pytest.raises(InvalidRequest):
        fake_maker().generate(replace(WITH_RED, **wrong), ignore)
