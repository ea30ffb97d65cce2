"""From a case to its row, with figures that can be worked out by eye: red and yellow are 45 degrees apart."""

from dataclasses import replace

import numpy as np
import pytest
from fakes import BLACK, BLUE, GREEN, RED, YELLOW, FakeFaces, FakeGenerator, fake_pack, flat
from PIL import Image, ImageOps
from toy_packs import write_classifier, write_clip

from evaluation.clip_score import ClipScorer
from evaluation.measuring import MeasuredModels, Measurer
from evaluation.people import Example, Person, known_people
from evaluation.plan import Case, make_jobs
from pipeline.packs import ClassifierAdherence, ClipAdherence
from pipeline.variants import VariantMaker
from pipeline.vocabulary import Vocabulary

HALF = np.sqrt(0.5)  # the cosine of 45 degrees
PROMPT = "in a raincoat, smiling, rain, scarf"


class Reader:
    """Sees everything but rain."""

    def missing(self, picture, prompt):
        return tuple(phrase.strip() for phrase in prompt.split(",") if phrase.strip() == "rain")


class Scorer:
    def score(self, picture, prompt):
        return 0.31


def people(mina=(RED, GREEN, YELLOW), jun=(GREEN, BLUE)):
    told = [Person("mina", tuple(Example(flat(c), view="left") for c in mina))]
    told.append(Person("jun", tuple(Example(flat(c)) for c in jun)))
    return known_people(told, FakeFaces().faces)


def measurer_of(draw=lambda request, seed: flat(RED), known=None, reader=None, scorer=None, pack=None):
    generator = FakeGenerator(draw)
    maker = VariantMaker(generator, FakeFaces(), pack or fake_pack(), reader)
    return Measurer(MeasuredModels(maker, reader, scorer), known or people()), generator


def measured(arm, **options):
    measurer, _ = measurer_of(**options)
    depth, scale = (0, None) if arm in ("pasted", "true pair", "stranger") else (1, 0.7)
    (row,) = measurer.measure((Case(arm, "mina", PROMPT, 0, 5, scale, depth=depth),))
    return row


def middle(picture):
    return picture.getpixel((picture.width // 2, picture.height // 2))


def close(value):
    return pytest.approx(value, abs=1e-4)


def test_a_variant_is_compared_with_the_reference_the_truth_and_a_stranger():
    row = measured("variant", draw=lambda request, seed: flat(YELLOW))
    assert (row.judge_similarity, row.steering_similarity) == (close(HALF), close(HALF))
    assert (row.judge_truth, row.steering_truth) == (close(1), close(1))
    assert row.judge_stranger == close(HALF)  # jun is green
    assert (row.detected, row.face_height, row.view) == (True, close(0.5), "left")
    assert row.seconds is not None and row.seconds > 0


def test_it_is_drawn_by_the_request_of_the_button():
    measurer, generator = measurer_of()
    measurer.measure(tuple(Case("variant", "mina", PROMPT, 0, seed, 0.7, depth=1) for seed in (5, 6)))
    (request,) = generator.requests
    assert (request.prompt, request.seed, request.count, request.identity_scale) == (PROMPT, 5, 2, 0.7)
    assert (request.steps, request.guidance_scale) == (4, 5.0)
    assert middle(request.reference.picture) == RED


def test_rows_keep_the_order_of_their_cases_however_they_rank():
    measurer, _ = measurer_of(lambda request, seed: flat({5: BLACK, 6: GREEN, 7: RED}[seed]))
    rows = measurer.measure(tuple(Case("variant", "mina", PROMPT, 0, seed, 0.7, depth=1) for seed in (5, 6, 7)))
    assert [row.seed for row in rows] == [5, 6, 7]
    assert [row.judge_similarity for row in rows] == [None, close(0), close(1)]


def test_a_picture_without_a_face_is_not_measured():
    row = measured("variant", draw=lambda request, seed: flat(BLACK))
    assert row.detected is False
    measures = (row.judge_similarity, row.steering_similarity, row.judge_truth, row.judge_stranger)
    assert (*measures, row.copy_geo, row.face_height) == (None,) * 6


def test_no_truth_is_none():
    row = measured("variant", known=people(mina=(RED,)))
    assert (row.judge_truth, row.steering_truth, row.copy_geo) == (None, None, None)


def test_the_pasted_reference_scores_as_a_copy_does():
    row = measured("pasted")
    assert (row.judge_similarity, row.judge_truth, row.copy_geo) == (close(1), close(HALF), close(1))
    assert (row.seconds, row.identity_scale, row.depth) == (None, None, 0)


def test_copy_geo_is_minus_one_for_the_truth_itself():
    assert measured("variant", draw=lambda request, seed: flat(YELLOW)).copy_geo == pytest.approx(-1, abs=1e-2)


def test_a_true_pair_is_the_reference_and_the_held_out_picture():
    row = measured("true pair")
    assert (middle(row.picture), row.judge_similarity) == (YELLOW, close(HALF))
    assert (row.judge_truth, row.copy_geo) == (None, None)


def test_a_stranger_is_a_true_picture_of_the_next_person():
    row = measured("stranger")
    assert (middle(row.picture), row.judge_similarity, row.judge_stranger) == (BLUE, close(0), None)


def test_several_references_steer_by_their_mean():
    measurer, generator = measurer_of()
    measurer.measure((Case("references", "mina", PROMPT, 0, 5, 0.7, references=3, depth=1),))
    assert generator.requests[0].reference.identities[0].embedding[:3] == close([HALF, HALF, 0])  # not the truth


def test_a_mirrored_reference_is_seen_as_one():
    half = Image.new("RGB", (64, 64), RED)
    half.paste((90, 0, 0), (0, 0, 20, 64))
    known = known_people([Person("mina", (Example(half),))], FakeFaces().faces)
    row = measured("variant", draw=lambda request, seed: ImageOps.mirror(half), known=known)
    assert row.mirrored_composition == close(1) and row.composition < 0


def test_adherence_is_the_share_of_what_was_asked_for_that_is_shown():
    row = measured("variant", reader=Reader())
    assert (row.adherence, row.missing) == (close(0.75), ("rain",))
    assert measured("pasted", reader=Reader()).adherence == close(0.75)


def test_adherence_without_a_reader_is_not_measured():
    row = measured("variant")
    assert (row.adherence, row.missing) == (None, None)


def test_a_score_of_the_whole_prompt_goes_before_the_share():
    assert measured("variant", reader=Reader(), scorer=Scorer()).adherence == 0.31


def test_phrases_that_the_classifier_never_learnt_are_not_counted(tmp_path):
    write_classifier(tmp_path / "adherence")
    vocabulary = Vocabulary({"outfit": {"raincoat": ()}, "light": {"day": ()}, "weather": {"rain": (), "snow": ()}})
    pack = replace(fake_pack(vocabulary=vocabulary), folder=tmp_path, adherence=ClassifierAdherence("adherence"))
    measurer, _ = measurer_of(pack=pack)
    assert measurer._asked("a raincoat, rain, day") == 2


def test_clip_scores_a_picture_from_0_to_1(tmp_path):
    write_clip(tmp_path / "clip")
    scorer = ClipScorer.load(replace(fake_pack(), folder=tmp_path), ClipAdherence("clip"))
    assert 0 <= scorer.score(flat(RED), "a raincoat, rain") <= 1
    assert scorer.missing(flat(RED), "a raincoat, rain") is not None


def chain_rows(draw):
    measurer, generator = measurer_of(draw)
    (job,) = [job for job in make_jobs({"mina": 3}, (PROMPT,), 1, 0.7) if job[-1].arm == "chain"]
    return measurer.measure(job), generator


def test_a_chain_goes_on_from_its_own_pictures_and_is_judged_by_its_beginning():
    after = {RED: YELLOW, YELLOW: GREEN, GREEN: BLUE, BLUE: RED}
    rows, generator = chain_rows(lambda request, seed: flat(after[middle(request.reference.picture)]))
    assert [row.depth for row in rows] == [1, 2, 3, 4]
    assert [middle(row.picture) for row in rows] == [YELLOW, GREEN, BLUE, RED]
    assert [row.judge_similarity for row in rows] == [close(HALF), close(0), close(0), close(1)]
    assert generator.requests[1].reference.identities[0].embedding[:2] == close([HALF, HALF])


def test_a_chain_goes_on_from_the_last_picture_with_a_face():
    after = {RED: GREEN, GREEN: BLACK}
    rows, generator = chain_rows(lambda request, seed: flat(after[middle(request.reference.picture)]))
    assert [row.detected for row in rows] == [True, False, False, False]
    assert [middle(request.reference.picture) for request in generator.requests] == [RED, GREEN, GREEN, GREEN]
