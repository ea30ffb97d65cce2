"""Two runs compared: what moved is named, what noise could do is not called a result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from evaluation_rows import CALIBRATION, run

from evaluation.compare import Comparison, Run, as_markdown, compare, write_comparison
from evaluation.rows import Row
from evaluation.statistics import Sample
from pipeline.likeness import Calibration


def compared(before: list[Row], after: list[Row], calibration: Calibration | None = CALIBRATION) -> Comparison:
    return compare(Run("old", Sample(tuple(before), CALIBRATION)), Run("new", Sample(tuple(after), calibration)))


def verdicts(comparison: Comparison) -> dict[str, str]:
    return {difference.measure.name: difference.verdict for difference in comparison.tables[0].differences}


def test_a_run_does_not_differ_from_itself():
    comparison = compared(run(6), run(6))

    assert set(verdicts(comparison).values()) == {"no result"}
    assert "no result." in as_markdown(comparison) and comparison.reservations == ()


def test_drawing_again_with_other_luck_is_no_result():
    """The same people and strength; only the dice fell anew within each picture."""
    dice = [0.01, -0.01]
    after = [
        replace(r, judge_similarity=r.judge_similarity and r.judge_similarity + dice[(i // 3) % 2])
        for i, r in enumerate(run(10))
    ]

    assert verdicts(compared(run(10), after))["judge_similarity"] == "no result"


def test_a_stronger_generator_is_a_result_that_is_named():
    comparison = compared(run(10), run(10, strength=0.2))

    assert verdicts(comparison)["judge_similarity"] == "result"
    assert "similarity to reference rose (better)" in comparison.results
    assert "adherence" not in " ".join(comparison.results)


def test_slower_is_worse():
    after = [replace(r, seconds=None if r.seconds is None else 2 * r.seconds) for r in run(8)]

    assert compared(run(8), after).results == ("seconds rose (worse)",)


def test_baselines_are_compared_as_well_for_they_should_not_move():
    comparison = compared(run(6), run(6, strength=0.2))

    assert [table.title for table in comparison.tables] == ["Variants", "True pair", "Strangers", "No adapter"]
    assert all(difference.verdict != "result" for table in comparison.tables[1:] for difference in table.differences)


def test_two_judges_are_not_comparable_and_the_page_says_so():
    comparison = compared(run(4), run(4), replace(CALIBRATION, encoder="another/judge"))

    assert "Two judges, made-up/judge and another/judge" in comparison.reservations[0]


def test_other_people_and_prompts_are_said_aloud():
    others = [replace(r, prompt="something else", identity=f"new {r.identity}") for r in run(4)]
    said = " ".join(compared(run(4), others).reservations)

    assert "no people in common" in said and "other prompts" in said


def test_the_page_is_one_file_and_escapes_names(tmp_path: Path):
    write_comparison(replace(compared(run(4), run(4)), title="<script>"), tmp_path / "compare.html")
    page = (tmp_path / "compare.html").read_text("utf-8")

    assert "&lt;script&gt;" in page and "<script" not in page and "http" not in page
