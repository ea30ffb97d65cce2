"""What the page knows of the evaluation: the newest report that `python -m evaluation report` wrote, read as it is."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from evaluation_rows import CALIBRATION, PLAN, run

from evaluation.report import ReportFiles, write_report
from studio.trust import latest_report


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    """By the real command's own function, which takes seconds."""
    folder = tmp_path_factory.mktemp("runs") / "retention"
    folder.mkdir()
    return write_report(folder, run(3), PLAN, CALIBRATION)


def test_what_the_evaluation_writes_is_what_the_page_reads(written: ReportFiles, tmp_path: Path):
    report = latest_report((tmp_path / "nowhere", written.html.parent.parent))

    assert report is not None
    assert report.page == written.html
    assert report.title == "Identity retention of paperdoll"
    assert report.rows[0].label == "variants"
    assert report.rows[0].pictures > 0 and report.rows[0].judge_retention.value is not None


def test_the_newest_whole_report_counts(written: ReportFiles, tmp_path: Path):
    for age, name in ((100, "newest"), (200, "older"), (300, "oldest")):
        folder = shutil.copytree(written.html.parent, tmp_path / name)
        record = json.loads(written.json.read_text("utf-8")) | {"title": f"Identity retention of {name}"}
        (folder / "report.json").write_text(json.dumps(record), "utf-8")
        os.utime(folder / "report.html", (10_000 - age, 10_000 - age))
    (tmp_path / "newest" / "report.json").write_text('{"format"')  # is being written

    report = latest_report([tmp_path])

    assert report is not None and report.title == "Identity retention of older"


def test_without_a_run_there_is_no_report(tmp_path: Path):
    assert latest_report([tmp_path]) is None
