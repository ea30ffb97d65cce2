"""The report of a run: complete, honest about what it doesn't know, in one file that asks for nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from evaluation_rows import CALIBRATION, PLAN, UNDETECTED, row, run
from markdown_it import MarkdownIt

from evaluation.findings import reservations, summary
from evaluation.report import ReportFiles, contact_sheet, write_report
from evaluation.rows import Row
from evaluation.statistics import Sample
from evaluation.tables import all_tables, as_markdown, main_table

BASELINES = ("no adapter", "reference pasted", "true pair", "strangers")


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return run(6)


@pytest.fixture(scope="module")
def report(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    folder = tmp_path_factory.mktemp("run")
    (folder / "command.txt").write_text("python -m evaluation retention --pack paperdoll")
    return write_report(folder, rows, PLAN, CALIBRATION)


def reported(folder: Path, rows: Sequence[Row]) -> str:
    return write_report(folder, rows, PLAN, CALIBRATION).html.read_text("utf-8")


class Links(HTMLParser):
    """Whatever a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]


def test_the_page_asks_for_nothing(report: ReportFiles):
    page = report.html.read_text("utf-8")
    links = Links()
    links.feed(page)

    assert links.found and all(link.startswith("data:") for link in links.found)
    assert "script" not in links.tags and "url(" not in page and "@import" not in page


def test_the_page_says_how_it_was_made(report: ReportFiles):
    page = report.html.read_text("utf-8")

    assert "python -m evaluation retention --pack paperdoll" in page
    assert f"numpy {PLAN['versions']['numpy']}" in page  # pyright: ignore[reportIndexIssue]
    assert "1 in 1,000 strangers" in page


def test_a_prompt_cannot_write_the_page(tmp_path: Path):
    wicked = [replace(r, prompt="<script>alert(1)</script>", identity=f"<b>{r.identity}") for r in run(2)]
    page = reported(tmp_path, wicked)

    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page and "<b>person" not in page


def test_every_table_shows_the_baselines(rows: list[Row]):
    tables = all_tables(Sample(tuple(rows), CALIBRATION))

    assert [table.name for table in tables] == [
        *("main", "face_height", "view", "unseen", "references", "depth", "identity_scale")
    ]
    for table in tables:
        labels = [row.label.replace("identity_scale 0", "no adapter") for row in table.rows if row.is_baseline]
        assert sorted(labels) == sorted(BASELINES)


def test_a_baseline_that_a_run_lacks_is_missed_aloud(rows: list[Row]):
    sample = Sample(tuple(r for r in rows if r.arm != "pasted"), CALIBRATION)

    assert "| reference pasted | 0 (0) | – |" in as_markdown(main_table(sample))
    assert "Baselines that this run lacks: pasted." in reservations(sample)


def test_strata_hold_every_variant_once(rows: list[Row]):
    height = next(t for t in all_tables(Sample(tuple(rows), CALIBRATION)) if t.name == "face_height")

    assert sum(row.pictures for row in height.rows if not row.is_baseline) == sum(r.arm == "variant" for r in rows)


@pytest.mark.parametrize(
    ("height", "stratum"),
    [(0.099, "less than 10 %"), (0.1, "10 to 20 %"), (0.2, "10 to 20 %"), (0.21, "more than 20 %")],
)
def test_a_face_belongs_to_one_stratum(height: float, stratum: str):
    table = all_tables(Sample((row(face_height=height),), CALIBRATION))[1]

    assert [row.label for row in table.rows if not row.is_baseline] == [stratum]


def test_other_scales_are_compared_on_what_they_drew_alone():
    """Person 1 was drawn at the usual scale only, and would be no fair comparison."""
    sample = Sample((row(0), row(1), row(0, arm="scale", identity_scale=0.4)), CALIBRATION)
    table = next(t for t in all_tables(sample) if t.name == "identity_scale")

    assert [(row.label, row.people) for row in table.rows[:2]] == [("identity_scale 0.4", 1), ("identity_scale 0.8", 1)]


def test_the_markdown_is_tables_that_parse(report: ReportFiles):
    parsed = MarkdownIt("commonmark").enable("table").parse(report.markdown.read_text("utf-8"))
    kinds = [token.type for token in parsed]

    assert kinds.count("table_open") == 7 + 4  # tables and differences from baselines
    headings = kinds.count("th_open")
    assert headings and not any("|" in token.content for token in parsed if token.type == "inline")


def test_the_json_is_figures_only(report: ReportFiles):
    record = json.loads(report.json.read_text("utf-8"))
    variants = record["tables"]["main"][0]

    assert variants["label"] == "variants" and 0 < variants["judge_retention"]["value"] < 1
    assert variants["judge_similarity"]["low"] < variants["judge_similarity"]["value"]
    assert record["noise_floor"]["judge_similarity"] > 0
    assert record["plan"]["pack"] == "paperdoll" and "cases" not in record["plan"]
    assert report.json.stat().st_size < 100_000


def test_the_same_rows_give_the_same_report(rows: list[Row], report: ReportFiles, tmp_path: Path):
    (tmp_path / "command.txt").write_text("python -m evaluation retention --pack paperdoll")

    assert reported(tmp_path, rows) == report.html.read_text("utf-8")


def test_the_summary_is_two_sentences_that_count_pictures():
    kept = [row(n, judge_similarity=0.9 if n < 34 else 0.1) for n in range(100)]
    sentences = summary(Sample((*kept, row(arm="true pair"), row(arm="stranger", judge_similarity=0.0)), CALIBRATION))

    assert sentences.startswith(
        "Of 100 new pictures of a character, 34 are taken for the same person by an independent"
    )
    assert "(95 % interval: 25 to 44)" in sentences
    assert len(re.findall(r"\.(?: |$)", sentences)) == 2


def test_the_sheet_goes_from_best_to_worst_each_beside_its_reference(rows: list[Row]):
    groups = dict(contact_sheet(rows))
    best, worst = groups["Best"], groups["Worst"]

    assert best[0].similarity == max(r.judge_similarity or 0 for r in rows if r.arm == "variant")
    assert (worst[0].similarity or 0) < (groups["About the median"][0].similarity or 0) < (best[0].similarity or 0)
    assert all(shown.reference for shown in best) and len({shown.identity for shown in best}) == len(best)
    assert all(shown.similarity is None for shown in groups["No face found"])


def test_a_run_in_which_no_face_was_found_is_reported_all_the_same(tmp_path: Path):
    page = reported(tmp_path, [replace(r, **UNDETECTED) for r in run(3)])

    assert "In 100% of the variants no face was found" in page
    assert "<h3>No face found</h3>" in page and "<h3>Best</h3>" not in page


def test_a_run_that_has_only_begun_is_reported_all_the_same(tmp_path: Path):
    assert "one seed" in reported(tmp_path, [row(0)])


def test_a_pack_without_calibration_shows_bare_cosines(tmp_path: Path):
    page = write_report(tmp_path, run(3), PLAN, None).html.read_text("utf-8")

    assert "not calibrated" in page and "nobody knows how much a similarity says" in page


def test_a_sound_run_has_no_reservations():
    assert reservations(Sample(tuple(run(20)), CALIBRATION)) == ()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"steering_similarity": 0.55, "judge_similarity": 0.55}, "Circular"),
        ({"judge_similarity": 0.99}, "copying rather than likeness"),
        ({"composition": 0.99}, "nearly the reference itself"),
        (UNDETECTED, "no face was found"),
    ],
)
def test_a_planted_fault_is_said_aloud(fault: dict[str, object], said: str):
    wrong = [replace(r, **fault) if r.arm == "variant" else r for r in run(20)]  # pyright: ignore[reportArgumentType]

    assert any(said in sentence for sentence in reservations(Sample(tuple(wrong), CALIBRATION)))
