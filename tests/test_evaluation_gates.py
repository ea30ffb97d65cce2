"""Bounds for CI: met or not, named in the refusal, and unknown ones answered with all that there are."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from evaluation_rows import CALIBRATION, PROMPTS, UNDETECTED, row
from evaluation_rows import run as rows_of_a_run
from typer.testing import CliRunner

from errors import InvalidRequest
from evaluation.gates import GATES, read_gates, unmet
from evaluation.plan import Case
from evaluation.reporting_commands import compare_runs, report
from evaluation.run import begin, keep, shard
from evaluation.statistics import Sample

HALF = Sample((row(0, judge_similarity=0.9), row(1, judge_similarity=0.1)), CALIBRATION)


def refusals(*wanted: str, sample: Sample = HALF) -> tuple[str, ...]:
    return unmet(read_gates(wanted), sample)


def test_a_gate_is_met_at_its_bound():
    assert refusals("judge_retention=0.5", "detection=1", "redrawn=1") == ()


def test_a_refusal_names_figure_and_bound():
    (refusal,) = refusals("judge_retention=0.8", "judge_similarity=0.5")

    assert refusal.startswith("judge_retention is 0.500 (95 % interval ")
    assert refusal.endswith("n = 2), below the bound of 0.8.")


def test_every_gate_that_is_not_met_is_named():
    assert [said.split()[0] for said in refusals("judge_retention=0.8", "adherence=0.9", "detection=0.9")] == [
        "judge_retention",
        "adherence",
    ]


def test_what_was_not_measured_passes_no_gate():
    (refusal,) = refusals("judge_similarity=0", sample=Sample((row(**UNDETECTED),), CALIBRATION))

    assert refusal == "judge_similarity was not measured, so nobody knows whether it reaches 0."


def test_a_copy_does_not_pass_the_gate_on_redrawing():
    (refusal,) = refusals("judge_retention=1", "redrawn=0.9", sample=Sample((row(composition=1.0),), CALIBRATION))

    assert refusal.startswith("redrawn is 0.000")


def test_an_unknown_gate_is_answered_with_all_that_there_are():
    with pytest.raises(InvalidRequest) as caught:
        read_gates(["retention=0.8"])

    assert all(name in caught.value.remedy for name in GATES)


@pytest.mark.parametrize("text", ["judge_retention", "judge_retention=", "judge_retention=much", "judge_retention=nan"])
def test_a_gate_without_a_bound_is_refused(text: str):
    with pytest.raises(InvalidRequest, match="has no bound"):
        read_gates([text])


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder, as `retention` leaves it."""
    folder = tmp_path_factory.mktemp("runs") / "finished"
    encoders = {"steering": "paperdoll-2/steering", "judge": "paperdoll-2/own-hand"}
    begin(folder, {"pack": "paperdoll", "encoders": encoders}, [(Case("variant", "person 0", PROMPTS[0], 0, 0),)])
    keep(folder, 0, shard(rows_of_a_run(3, 2)))
    return folder


@pytest.fixture
def command() -> typer.Typer:
    app = typer.Typer()
    app.command("report")(report)
    app.command("compare")(compare_runs)
    return app


def test_the_command_exits_with_1_where_a_gate_is_not_met(command: typer.Typer, finished_run: Path):
    refused = CliRunner().invoke(command, ["report", str(finished_run), "--fail-under", "judge_retention=0.99"])
    met = CliRunner().invoke(
        command, ["report", str(finished_run), "--fail-under", "judge_retention=0.1", "--fail-under", "detection=0.5"]
    )

    assert refused.exit_code == 1 and "below the bound of 0.99" in refused.stderr
    assert met.exit_code == 0 and (finished_run / "report.html").is_file()


def test_the_command_compares_two_folders(command: typer.Typer, finished_run: Path):
    compared = CliRunner().invoke(command, ["compare", str(finished_run), str(finished_run)])

    assert compared.exit_code == 0 and "no result" in compared.stdout
    assert (finished_run / "compare.html").is_file()
