"""`python -m evaluation report` and `compare`: they read, call and print; what is said is decided elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaluation.compare import Run, as_markdown, compare, write_comparison
from evaluation.gates import read_gates, unmet
from evaluation.report import write_report
from evaluation.run import read_plan, read_rows
from evaluation.statistics import Sample
from pipeline.likeness import Calibration
from pipeline.packs import load_pack
from settings import BUILT_IN_PACKS

PackFolder = Annotated[Path | None, typer.Option("--packs", help="A folder of your own packs, looked in first.")]
FailUnder = Annotated[
    list[str] | None,
    typer.Option(help="A bound, as judge_retention=0.8; several may be given. Exits 1 where one is not reached."),
]


def report(
    folder: Annotated[Path, typer.Argument(help="The --output folder of a retention run.")],
    fail_under: FailUnder = None,
    packs: PackFolder = None,
) -> None:
    """Writes report.html, report.md and report.json into a run's folder."""
    gates = read_gates(fail_under or ())
    rows, plan = read_rows(folder), read_plan(folder)
    calibration = calibration_of(plan["pack"], plan["encoders"]["judge"], packs)
    files = write_report(folder, rows, plan, calibration)
    typer.echo(files.markdown.read_text("utf-8"))
    typer.echo(f"The whole report: {files.html}")
    refusals = unmet(gates, Sample(tuple(rows), calibration))
    for refusal in refusals:
        typer.echo(refusal, err=True)
    if refusals:
        raise typer.Exit(1)


def compare_runs(
    before: Annotated[Path, typer.Argument(help="The folder of a run.")],
    after: Annotated[Path, typer.Argument(help="The folder of another.")],
    output: Annotated[Path | None, typer.Option(help="Where the HTML goes. Default: compare.html in AFTER.")] = None,
    packs: PackFolder = None,
) -> None:
    """Says how far each figure moved from one run to another, and whether that says anything."""
    comparison = compare(read_run(before, packs), read_run(after, packs))
    file = output or after / "compare.html"
    write_comparison(comparison, file)
    typer.echo(as_markdown(comparison))
    typer.echo(f"As a page: {file}")


def read_run(folder: Path, packs: Path | None = None) -> Run:
    """Raises InvalidRequest, PackUnavailable."""
    plan = read_plan(folder)
    calibration = calibration_of(plan["pack"], plan["encoders"]["judge"], packs)
    return Run(str(folder), Sample(tuple(read_rows(folder)), calibration))


def calibration_of(pack: str, judge: str, packs: Path | None = None) -> Calibration | None:
    """The pack's that is of the judge that measured the run; None where there is none. Raises PackUnavailable."""
    meant = load_pack(pack, (packs, BUILT_IN_PACKS) if packs else (BUILT_IN_PACKS,))
    known = (meant.calibration, meant.own_calibration)
    return next((calibration for calibration in known if calibration and calibration.encoder == judge), None)
