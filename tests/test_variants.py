"""A request straight through: prepared, drawn, judged, ranked."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from fakes import (
    BLACK,
    CALIBRATION,
    GREEN,
    RED,
    STEERING,
    YELLOW,
    Asked,
    FakeFaces,
    FakeGenerator,
    fake_maker,
    fake_pack,
    flat,
    reference_of,
)
from PIL import Image

from errors import InvalidRequest, NoFaceFound, Stopped
from pipeline.packs import Pack
from pipeline.request import LeftOut
from pipeline.values import AnotherFace, Copied, Face, Landmarks, Missing, NoFace, Reference, Step
from pipeline.variants import PromptReader, VariantMaker
from pipeline.vocabulary import Vocabulary

WITH_RED = Asked("a cat", 5, 2, reference_of(flat(RED)), 0.7, 4, 5.0)


def ignore(step: Step) -> None:
    pass


def textured(colour: tuple[int, int, int]) -> Image.Image:
    """Of this person, and of a composition of its own."""
    texture = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    texture[24:40, 24:40] = colour
    return Image.fromarray(texture)


def test_the_imports_bring_in_no_model_library():
    program = "import sys, pipeline.variants, pipeline.uploads; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert "pipeline.variants" in loaded
    assert not {"torch", "diffusers", "transformers", "insightface", "onnxruntime", "cv2"} & set(loaded)


def test_the_best_likeness_comes_first_and_rejected_pictures_last():
    drawn = {5: BLACK, 6: GREEN, 7: (255, 60, 0), 8: YELLOW, 9: RED}
    maker = fake_maker(lambda request, seed: flat(drawn[seed]))

    variants = maker.generate(*replace(WITH_RED, count=5), ignore)

    assert [variant.seed for variant in variants.ranked] == [9, 7, 8, 5, 6]
    assert [variant.likeness.band for variant in variants.ranked if variant.likeness] == [
        *("same person", "same person", "unsure", "not measured", "another person")
    ]


def test_a_copy_is_ranked_behind_an_unsure_picture_and_told_why():
    original = textured(RED)
    maker = fake_maker(lambda request, seed: original if seed == 5 else flat(YELLOW))

    redrawn, copied = maker.generate(*replace(WITH_RED, reference=reference_of(original)), ignore).ranked

    assert (redrawn.seed, copied.seed) == (6, 5)
    assert copied.likeness and copied.likeness.copied and copied.rejection == (Copied(),)


class Reader:
    """Says that a picture shows what its middle colour stands for. Keeps the prompts that it was asked."""

    def __init__(self, shown: dict[tuple[int, int, int], str]) -> None:
        self.prompts: list[str] = []
        self._shown = shown

    def missing(self, picture: Image.Image, prompt: str) -> tuple[str, ...] | None:
        self.prompts.append(prompt)
        shown = self._shown.get(picture.getpixel((32, 32)), "")
        return tuple(phrase for phrase in prompt.split(", ") if phrase not in shown)


def maker_with(reader: PromptReader | None, drawn: dict[int, Image.Image], pack: Pack | None = None) -> VariantMaker:
    """Draws these pictures, by their seeds."""
    return VariantMaker(FakeGenerator(lambda request, seed: drawn[seed]), FakeFaces(), pack or fake_pack(), reader)


def test_each_rejected_picture_says_why():
    drawn = {5: flat(RED), 6: flat(GREEN), 7: flat(BLACK), 8: flat((255, 60, 0))}
    reader = Reader({RED: "raincoat, hat", GREEN: "raincoat, hat", BLACK: "raincoat, hat", (255, 60, 0): "hat"})

    variants = maker_with(reader, drawn).generate(*replace(WITH_RED, count=4, prompt="raincoat, hat"), ignore)

    assert [(variant.seed, variant.rejection) for variant in variants.ranked] == [
        (5, ()),
        (8, (Missing(("raincoat",)),)),
        (7, (NoFace(),)),
        (6, (AnotherFace(0.0, 0.1),)),
    ]


def test_somebody_new_is_best_shown_alone_then_as_asked_for_then_sharply():
    two = Image.new("RGB", (128, 64), RED)
    drawn = {5: flat(BLACK), 6: two, 7: flat(GREEN), 8: flat(RED), 9: textured(RED)}
    reader = Reader({RED: "hat"})

    ranked = maker_with(reader, drawn).generate(*Asked("hat", 5, 5, None, 0.7, 4, 5.0), ignore).ranked

    assert [variant.seed for variant in ranked] == [9, 8, 7, 6, 5]
    assert [variant.verdict for variant in ranked] == ["kept", "kept", "kept", "kept", "set aside"]


def test_marks_that_were_asked_for_and_not_drawn_are_missing_of_somebody_new():
    class Marks:
        def missing(self, picture: Image.Image, landmarks: Landmarks, prompt: str) -> tuple[str, ...]:
            return ("a scar",)

        def showing(self, picture: Image.Image, landmarks: Landmarks, text: str) -> tuple[str, ...]:
            return ("glasses",)

    maker = VariantMaker(FakeGenerator(), FakeFaces(), fake_pack(), None, Marks())

    [variant] = maker.generate(*Asked("a scar", 5, 1, None, 0.7, 4, 5.0), ignore).ranked

    assert (variant.rejection, variant.verdict) == ((Missing(("a scar",)),), "kept")


def test_a_copy_is_rejected_as_one():
    original = textured(RED)

    (copied,) = (
        maker_with(None, {5: original})
        .generate(*replace(WITH_RED, count=1, reference=reference_of(original)), ignore)
        .ranked
    )

    assert copied.rejection == (Copied(),)


def test_all_that_speaks_against_a_picture_is_said():
    variants = maker_with(Reader({}), {5: flat(GREEN)}).generate(
        *replace(WITH_RED, count=1, prompt="raincoat, hat"), ignore
    )

    assert variants.ranked[0].rejection == (AnotherFace(0.0, 0.1), Missing(("raincoat", "hat")))


def test_of_pictures_that_lack_something_the_one_that_lacks_less_comes_first_however_alike():
    drawn = {5: flat(RED), 6: flat(YELLOW), 7: flat((255, 60, 0))}
    reader = Reader({YELLOW: "hat", (255, 60, 0): "hat"})

    variants = maker_with(reader, drawn).generate(*replace(WITH_RED, count=3, prompt="raincoat, hat"), ignore)

    assert [variant.seed for variant in variants.ranked] == [7, 6, 5]
    assert variants.ranked[0].missing == ("raincoat",)


def test_an_unsure_picture_with_everything_in_it_is_better_than_a_sure_one_without():
    reader = Reader({YELLOW: "hat"})

    variants = maker_with(reader, {5: flat(RED), 6: flat(YELLOW)}).generate(*replace(WITH_RED, prompt="hat"), ignore)

    assert [variant.seed for variant in variants.ranked] == [6, 5]
    assert variants.ranked[0].rejection == ()


def test_the_reader_looks_for_what_was_sent_and_not_for_what_is_unknown_or_to_be_kept_out():
    reader = Reader({})
    pack = fake_pack(vocabulary=Vocabulary({"hair": {"red hair": ()}}))

    maker_with(reader, {5: flat(RED)}, pack).generate(
        *replace(WITH_RED, count=1, prompt="Red zeppelin HAIR, no red hat"), ignore
    )

    assert reader.prompts == ["red hair"]


def test_the_reader_sees_what_was_asked_for_where_that_is_not_the_whole_prompt():
    reader = Reader({})
    request, reference = replace(WITH_RED, count=1, prompt="hat, rainy night")

    (variant,) = (
        maker_with(reader, {5: flat(RED)}).generate(replace(request, context="rainy night"), reference, ignore).ranked
    )

    assert reader.prompts == ["hat"]
    assert variant.rejection == (Missing(("hat",)),)


def test_without_a_reader_adherence_is_not_measured():
    (variant,) = maker_with(None, {5: flat(RED)}).generate(*replace(WITH_RED, count=1), ignore).ranked

    assert (variant.missing, variant.rejection) == (None, ())


def test_a_new_person_without_a_face_comes_after_those_who_have_one():
    variants = maker_with(None, {5: flat(BLACK), 6: flat(RED)}).generate(*replace(WITH_RED, reference=None), ignore)

    assert [(variant.seed, variant.rejection) for variant in variants.ranked] == [(6, ()), (5, (NoFace(),))]


def test_without_a_calibration_nobody_is_called_another_person():
    pack = fake_pack(calibration=None)

    (variant,) = maker_with(None, {5: flat(GREEN)}, pack).generate(*replace(WITH_RED, count=1), ignore).ranked

    assert variant.rejection == ()


def test_without_a_reference_nothing_is_judged_and_the_order_is_the_seeds():
    variants = fake_maker().generate(*replace(WITH_RED, reference=None, count=3), ignore).ranked

    assert [(variant.seed, variant.likeness) for variant in variants] == [(5, None), (6, None), (7, None)]
    assert all(variant.face for variant in variants)


def test_the_request_is_given_back_with_what_drew_it():
    request, reference = WITH_RED
    given = fake_maker().generate(request, reference, ignore).request
    assert given.engine == FakeGenerator().engine
    assert replace(given, engine=None) == request


def test_one_picture_of_a_run_is_drawn_again_in_its_own_batch():
    generator = FakeGenerator(lambda asked, seed: flat(RED, 60 + seed), batch=2)
    maker = VariantMaker(generator, FakeFaces(), fake_pack())
    run, reference = replace(WITH_RED, count=5)
    drawn = maker.generate(run, reference, ignore)
    generator.engine = replace(generator.engine, batch=4)  # as on another machine
    for place in range(5):
        picture = maker.draw_again(replace(drawn.request, place=place), reference, ignore)
        assert picture.size == (65 + place, 65 + place)
    assert [(asked.seed, asked.count) for asked in generator.requests[3:]] == [(5, 2), (5, 2), (7, 2), (7, 2), (9, 1)]


def test_a_large_count_is_drawn_in_batches_with_every_pictures_own_seed():
    generator = FakeGenerator(batch=3)
    maker = VariantMaker(generator, FakeFaces(), fake_pack())

    variants = maker.generate(*replace(WITH_RED, count=7), ignore)

    assert [(request.seed, request.count) for request in generator.requests] == [(5, 3), (8, 3), (11, 1)]
    assert sorted(variant.seed for variant in variants.ranked) == list(range(5, 12))


def test_steps_count_over_the_whole_run():
    seen: list[Step] = []

    fake_maker().generate(*replace(WITH_RED, count=5), seen.append)

    assert [step.step for step in seen] == list(range(1, 9))
    assert {step.steps for step in seen} == {8}
    assert sum(len(step.previews) for step in seen) == 2


def test_each_step_tells_what_is_finished_best_first_and_judged():
    seen: list[Step] = []
    maker = fake_maker(lambda request, seed: flat(GREEN if seed == 5 else RED))

    maker.generate(*replace(WITH_RED, count=8), seen.append)

    assert [len(step.finished) for step in seen] == [0] * 4 + [4] * 4
    assert [variant.seed for variant in seen[4].finished] == [6, 7, 8, 5]
    assert seen[4].finished[-1].rejection == (AnotherFace(0.0, 0.1),)


def test_what_a_slow_generator_finishes_is_told_two_by_two():
    """It says itself how many it draws at once: of the four that are usual the first two are there at half time."""
    seen: list[Step] = []
    maker = VariantMaker(FakeGenerator(batch=2), FakeFaces(), fake_pack())

    maker.generate(*replace(WITH_RED, count=4), seen.append)

    assert [len(step.finished) for step in seen] == [0] * 4 + [2] * 4


def test_what_a_gpu_draws_is_judged_while_it_draws_on():
    """The second batch is drawn no sooner than the judge has begun with the first, who ends no sooner than that."""
    judging, drawing = threading.Event(), threading.Event()

    class Judges(FakeFaces):
        def faces(self, picture: Image.Image, *, own_hand: bool = False) -> tuple[Face, ...]:
            judging.set()
            assert drawing.wait(30)
            return super().faces(picture, own_hand=own_hand)

    def draw(asked: Asked, seed: int) -> Image.Image:
        if seed > 5:
            assert judging.wait(30)
            drawing.set()
        return flat(RED)

    generator = FakeGenerator(draw, batch=1)
    generator.engine = replace(generator.engine, device="cuda")
    seen: list[Step] = []

    variants = VariantMaker(generator, Judges(), fake_pack()).generate(*replace(WITH_RED, count=3), seen.append)

    assert [variant.seed for variant in variants.ranked] == [5, 6, 7]
    assert {len(step.finished) for step in seen} <= {0, 1, 2}


def stop_at(last: int):
    def on_step(step: Step) -> None:
        if step.step == last:
            raise Stopped

    return on_step


def test_stopping_in_the_first_batch_gives_nothing():
    with pytest.raises(Stopped):
        fake_maker().generate(*WITH_RED, stop_at(2))


def test_stopping_later_keeps_the_batches_that_were_finished():
    assert len(fake_maker().generate(*replace(WITH_RED, count=5), stop_at(6)).ranked) == 4


def test_a_picture_without_a_face_is_refused():
    with pytest.raises(NoFaceFound):
        fake_maker().find_face(flat(BLACK))


def test_a_pack_without_a_judge_is_judged_and_says_that_it_is_circular():
    pack = fake_pack(calibration=replace(CALIBRATION, encoder=STEERING), judge=False)
    maker = VariantMaker(FakeGenerator(), FakeFaces((STEERING,)), pack)
    by_one = Reference(flat(RED), FakeFaces((STEERING,)).faces(flat(RED))[0].identities)

    likeness = maker.generate(*replace(WITH_RED, reference=by_one), ignore).ranked[0].likeness

    assert likeness and likeness.band == "same person" and likeness.circular


def test_unknown_words_are_reported_and_not_drawn_and_half_said_ones_are_drawn():
    generator = FakeGenerator()
    groups = {"outfit": {"spacesuit": ("space suit",)}, "background": {"outer space": ()}}
    pack = fake_pack(vocabulary=Vocabulary(groups, ("wearing", "a")))
    maker = VariantMaker(generator, FakeFaces(), pack)

    variants = maker.generate(
        *replace(WITH_RED, prompt="Mina, wearing a SPACE-suit, space", negative_prompt="blurry suit"), ignore
    )

    assert variants.request.left_out == (LeftOut("mina", "unknown word"),)
    assert variants.reading.half_said == {"space": ("outer space", "space suit")}
    assert generator.requests[0].prompt == "wearing a space suit, space"
    assert generator.requests[0].negative_prompt == "suit"


def test_a_pack_without_a_vocabulary_takes_the_prompt_as_it_is():
    generator = FakeGenerator()
    variants = VariantMaker(generator, FakeFaces(), fake_pack()).generate(*replace(WITH_RED, prompt="A (Cat)!"), ignore)

    assert generator.requests[0].prompt == "A (Cat)!"
    assert (variants.request.left_out, variants.reading.half_said) == ((), {})


def test_the_end_of_a_prompt_that_is_too_long_is_reported():
    """Of what is drawn: unknown words take up no room. The fake has room for forty words."""
    vocabulary = Vocabulary({"place": {"moon": ()}}, ("and",))
    maker = fake_maker(pack=fake_pack(vocabulary=vocabulary))

    for end, left_out in (("mina", LeftOut("mina", "unknown word")), ("and moon", LeftOut("and moon", "no room"))):
        variants = maker.generate(*replace(WITH_RED, prompt="moon " * 40 + end), ignore)
        assert variants.request.left_out == (left_out,)


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
        fake_maker().generate(*replace(WITH_RED, **wrong), ignore)
