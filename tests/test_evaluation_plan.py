"""What is planned before anything is drawn."""

from collections import Counter

import pytest

from errors import InvalidRequest
from evaluation.plan import make_jobs, read_prompts
from evaluation.retention import PROMPTS
from pipeline.packs import load_pack
from settings import BUILT_IN_PACKS

PROMPT_TEXTS = tuple(f"prompt {number}" for number in range(8))
BASELINES = ("no adapter", "scale", "references", "chain")


def people_of(count, pictures=4):
    return {f"person {number}": pictures for number in range(count)}


def cases_of(people=None, prompts=PROMPT_TEXTS, count=2, identity_scale=0.8):
    return [case for job in make_jobs(people or people_of(50), prompts, count, identity_scale) for case in job]


def arm_of(cases, arm):
    return [case for case in cases if case.arm == arm]


def test_variants_are_every_person_prompt_and_seed():
    variants = arm_of(cases_of(people_of(3), count=5), "variant")
    assert len({(case.identity, case.prompt_number, case.seed) for case in variants}) == 3 * 8 * 5


def test_all_baselines_together_draw_a_quarter_of_the_variants_at_most():
    drawn = Counter(case.arm for case in cases_of())
    assert drawn["variant"] == 800
    assert all(drawn[arm] >= 20 for arm in BASELINES)
    assert sum(drawn[arm] for arm in BASELINES) <= 800 / 4


def test_every_case_has_an_id_of_its_own_that_does_not_change():
    ids = [case.id for case in cases_of()]
    assert len(set(ids)) == len(ids)
    assert ids == [case.id for case in cases_of()]
    assert "variant: person 0, prompt 1, seed 1001, scale 0.8, depth 1" in ids


def test_more_people_and_seeds_change_none_of_the_variants_that_were_there():
    few, many = (set(arm_of(cases_of(people_of(size), count=size), "variant")) for size in (3, 6))
    assert few < many


def test_a_baseline_differs_from_a_variant_in_one_thing():
    cases = cases_of()
    variants = {(case.identity, case.prompt_number, case.seed) for case in arm_of(cases, "variant")}
    for arm in BASELINES:
        assert {(case.identity, case.prompt_number, case.seed) for case in arm_of(cases, arm)} <= variants
    assert {case.identity_scale for case in arm_of(cases, "no adapter")} == {0}
    assert {case.identity_scale for case in arm_of(cases, "scale")} == {0.2, 0.4, 0.6, 1.0}
    assert {case.references for case in arm_of(cases, "references")} == {3}


def test_a_scale_that_no_request_may_ask_for_is_left_out():
    assert max(case.identity_scale for case in arm_of(cases_of(identity_scale=1.4), "scale")) < 1.5


def test_a_subset_takes_every_person_before_one_comes_twice():
    without = arm_of(cases_of(), "no adapter")
    assert Counter(case.identity for case in without) == {f"person {number}": 2 for number in range(25)}
    assert len({case.prompt for case in without}) == 8


def test_a_chain_is_done_together_with_the_variant_that_it_starts_from():
    chains = [job for job in make_jobs(people_of(4), PROMPT_TEXTS, 2, 0.8) if job[-1].arm == "chain"]
    assert len(chains) == 2
    assert [(case.arm, case.depth) for case in chains[0]] == [
        ("variant", 1), ("variant", 1), ("chain", 2), ("chain", 3), ("chain", 4),
    ]  # fmt: skip


def test_a_request_draws_consecutive_seeds_four_at_most():
    jobs = make_jobs(people_of(1), PROMPT_TEXTS[:1], 6, 0.8)
    assert [[case.seed for case in job if case.depth == 1] for job in jobs[:2]] == [[0, 1, 2, 3], [4, 5]]


def test_true_pictures_are_one_a_person_and_nobody_draws_them():
    cases = cases_of(people_of(3))
    for arm in ("pasted", "true pair", "stranger"):
        assert [(case.identity, case.depth) for case in arm_of(cases, arm)] == [(f"person {i}", 0) for i in range(3)]


def test_what_the_data_cannot_give_is_not_planned():
    assert {case.arm for case in cases_of({"mina": 1})} == {"variant", "no adapter", "scale", "chain", "pasted"}


def test_two_references_steer_where_no_third_is_known():
    assert {case.references for case in arm_of(cases_of(people_of(3, pictures=3)), "references")} == {2}


def test_nobody_no_prompt_and_no_seed_are_refused():
    for people, prompts, count in (({}, PROMPT_TEXTS, 1), (people_of(1), (), 1), (people_of(1), PROMPT_TEXTS, 0)):
        with pytest.raises(InvalidRequest):
            make_jobs(people, prompts, count, 0.8)


def test_prompts_are_the_lines_of_a_file(tmp_path):
    (tmp_path / "prompts.txt").write_text("in a hanbok\n\n in rain \n")
    assert read_prompts(tmp_path / "prompts.txt") == ("in a hanbok", "in rain")


def test_a_prompts_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InvalidRequest, match=r"nowhere\.txt cannot be read"):
        read_prompts(tmp_path / "nowhere.txt")


def test_the_embedded_packs_prompts_ask_for_what_it_knows():
    vocabulary = load_pack("paperdoll", (BUILT_IN_PACKS,)).vocabulary
    prompts = read_prompts(PROMPTS / "paperdoll.txt")
    assert len(prompts) == 8
    for prompt in prompts:
        assert vocabulary.unknown_words(prompt) == ()
        assert {"outfit", "expression", "accessories", "background"} <= set(vocabulary.phrases_in(prompt))
    assert len(read_prompts(PROMPTS / "general.txt")) == 8
