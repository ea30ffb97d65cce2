"""What the page knows of the evaluation: the newest report that `python -m evaluation report` wrote, read as it is."""

from __future__ import annotations

import os
from pathlib import Path

from evaluation_rows import CALIBRATION, PLAN, run

from evaluation.report import write_report
from studio.trust import latest_report


def test_what_the_evaluation_writes_is_what_the_page_reads(tmp_path: Path):
    folder = tmp_path / "runs" / "retention"
    folder.mkdir(parents=True)
    written = write_report(folder, run(3), PLAN, CALIBRATION)

    report = latest_report((tmp_path / "nowhere", tmp_path / "runs"))

    assert report is not None
    assert report.page == written.html
    assert report.title == "Identity retention of paperdoll"
    assert report.rows[0].label == "variants"
    assert report.rows[0].pictures > 0 and report.rows[0].judge_retention.value is not None


def test_the_newest_whole_report_counts(tmp_path: Path):
    for age, name in ((100, "newest"), (200, "older"), (300, "oldest")):
        (tmp_path / name).mkdir()
        files = write_report(tmp_path / name, run(3), PLAN | {"pack": name}, CALIBRATION)
        os.utime(files.html, (10_000 - age, 10_000 - age))
    (tmp_path / "newest" / "report.json").write_text('{"format"')  # is being written

    report = latest_report([tmp_path])

    assert report is not None and report.title == "Identity retention of older"


def test_without_a_run_there_is_no_report(tmp_path: Path):
    assert latest_report([tmp_path]) is None
