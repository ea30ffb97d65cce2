"""A run's report: one HTML file that needs nothing else, a Markdown table for papers, JSON for machines."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image, ImageOps

from evaluation import tables
from evaluation.figures import Drawn, all_figures
from evaluation.findings import reservations, summary
from evaluation.rows import Arm, Row
from evaluation.run import read_command
from evaluation.statistics import MEASURES, Figure, Measure, Sample, separability
from evaluation.tables import DifferenceTable, Table
from pipeline.labels import DRAWN, xmp_of
from pipeline.likeness import Calibration
from verdicts import measured_on, one_in

FORMAT = 1  # of report.json
SHOWN = 6  # pictures of each kind on the sheet
SIDE = 176  # pixels of a picture on the sheet, twice what the page shows
LONG = 12  # things of a list that are named one by one
UNSAID = ("cases", "arms")  # of a plan: as long as the run, and the same in all
FORMATS = (*(tables.number, tables.interval, tables.remark, tables.signed, tables.span, tables.noise, tables.verdict),)
RANKED: tuple[Arm, ...] = ("variant", "true pair")


@dataclass(frozen=True)
class ReportFiles:
    html: Path
    markdown: Path
    json: Path


@dataclass(frozen=True)
class Shown:
    """A picture on the sheet, as data addresses, with its reference where the run has it."""

    picture: str
    reference: str | None
    similarity: float | None
    prompt: str
    identity: str
    seed: int


@dataclass(frozen=True)
class Report:
    """All that the page says."""

    title: str
    summary: str
    reservations: tuple[str, ...]
    command: str
    facts: tuple[tuple[str, str], ...]  # versions, data, settings
    judge: str
    tables: tuple[Table, ...]
    differences: tuple[DifferenceTable, ...]
    separability: tuple[tuple[str, Figure], ...]  # by arm
    figures: tuple[Drawn, ...]
    sheet: tuple[tuple[str, tuple[Shown, ...]], ...]  # best, median, worst ...
    measures: tuple[Measure, ...] = MEASURES


def write_report(
    folder: Path, rows: Sequence[Row], plan: Mapping[str, Any], calibration: Calibration | None
) -> ReportFiles:
    """Writes report.html, report.md and report.json into the run's folder. Overwrites those of an earlier time."""
    report = make_report(rows, plan, calibration, read_command(folder))
    files = ReportFiles(*(folder / f"report.{ending}" for ending in ("html", "md", "json")))
    files.html.write_text(render("report.html", report=report), "utf-8")
    files.markdown.write_text(as_markdown(report), "utf-8")
    files.json.write_text(json.dumps(as_record(report, plan), indent=1, ensure_ascii=False), "utf-8")
    return files


def make_report(
    rows: Sequence[Row], plan: Mapping[str, Any], calibration: Calibration | None, command: str = ""
) -> Report:
    sample = Sample(tuple(rows), calibration)
    made = tables.all_tables(sample)
    return Report(
        title=f"Identity retention of {plan.get('pack', 'a pack')}",
        summary=summary(sample),
        reservations=reservations(sample),
        command=command,
        facts=facts(plan),
        judge=_judge(calibration),
        tables=made,
        differences=tables.against_baselines(sample),
        separability=tuple((tables.LABELS[arm], separability(sample.of(arm))) for arm in RANKED),
        figures=all_figures(sample, made),
        sheet=contact_sheet(rows),
    )


def as_markdown(report: Report) -> str:
    parts = [f"# {report.title}", report.summary, *(f"- {said}" for said in report.reservations), report.judge]
    parts += [tables.as_markdown(table) for table in report.tables]
    parts += [tables.differences_as_markdown(table) for table in report.differences]
    if report.command:
        parts.append(f"Made by `{report.command}`")
    return "\n\n".join(part.strip() for part in parts) + "\n"


def as_record(report: Report, plan: Mapping[str, Any]) -> dict[str, Any]:
    """Figures only, by the names that gates have."""
    main = report.tables[0]
    return {
        "format": FORMAT,
        "title": report.title,
        "summary": report.summary,
        "reservations": list(report.reservations),
        "command": report.command,
        "plan": {name: value for name, value in plan.items() if name not in UNSAID},
        "noise_floor": {measure.name: floor for measure, floor in zip(main.measures, main.floor, strict=True)},
        "separability": {arm: asdict(figure) for arm, figure in report.separability},
        "tables": {table.name: _table_record(table) for table in report.tables},
        "differences": {table.title: _difference_records(table) for table in report.differences},
    }


def facts(plan: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What determined the run, in words."""
    return tuple((name.replace("_", " "), _in_words(value)) for name, value in plan.items() if name not in UNSAID)


def contact_sheet(rows: Sequence[Row]) -> tuple[tuple[str, tuple[Shown, ...]], ...]:
    """Of the variants the best, those about the median, the worst, and some without a face."""
    references = {row.identity: row.picture for row in rows if row.arm == "pasted"}
    variants = [row for row in rows if row.arm == "variant"]
    ranked = sorted((row for row in variants if row.judge_similarity is not None), key=_similarity, reverse=True)
    half = max(0, len(ranked) // 2 - SHOWN // 2)
    groups = {
        "Best": ranked,
        "About the median": ranked[half:],
        "Worst": ranked[::-1],
        "No face found": [row for row in variants if not row.detected],
    }
    return tuple(
        (name, tuple(_shown(row, references.get(row.identity)) for row in _one_a_person(group)))
        for name, group in groups.items()
        if group
    )


def render(template: str, **values: object) -> str:
    """One of the templates beside this file; everything from outside is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = environment.filters
    for format in FORMATS:
        filters[format.__name__] = format
    return environment.get_template(template).render(**values)


def _judge(calibration: Calibration | None) -> str:
    if calibration is None:
        return "The judge is not calibrated for this pack: similarities are bare cosines."
    rate, threshold = calibration.same_person_rate, calibration.thresholds[calibration.same_person_rate]
    what = "a similarity" if calibration.score == "cosine" else "a score among strangers"
    return (
        f"Judge: {calibration.encoder}. Same person: {what} of {threshold:.2f} or more, which 1 in "
        f"{one_in(rate)} strangers reaches (calibrated on {calibration.genuine_pairs:,} genuine and "
        f"{calibration.impostor_pairs:,} impostor pairs of {measured_on(calibration)}, {calibration.date})."
    )


def _table_record(table: Table) -> list[dict[str, Any]]:
    return [
        {
            "label": row.label,
            "pictures": row.pictures,
            "people": row.people,
            "is_baseline": row.is_baseline,
            **{measure.name: asdict(figure) for measure, figure in zip(table.measures, row.figures, strict=True)},
        }
        for row in table.rows
    ]


def _difference_records(table: DifferenceTable) -> dict[str, Any]:
    return {
        difference.measure.name: {
            "value": difference.value,
            "low": difference.low,
            "high": difference.high,
            "people": difference.people,
            "noise_floor": difference.floor,
            "verdict": tables.verdict(difference),
        }
        for difference in table.differences
    }


def _in_words(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Any]", value).items()
        return ", ".join(f"{name} {_in_words(part)}" for name, part in pairs)
    if isinstance(value, list):
        parts = [_in_words(part) for part in cast("list[Any]", value)]
        rest = f" and {len(parts) - LONG} more" if len(parts) > LONG else ""
        return "; ".join(parts[:LONG]) + rest
    return "none" if value in (None, "") else str(value)


def _similarity(row: Row) -> float:
    assert row.judge_similarity is not None
    return row.judge_similarity


def _one_a_person(rows: Sequence[Row]) -> list[Row]:
    """The first of each, for a row of one person's pictures says little."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row.identity, row)
    return list(first.values())[:SHOWN]


def _shown(row: Row, reference: Image.Image | None) -> Shown:
    beside = None if reference is None else _address(reference)
    picture = _address(row.picture, "" if row.identity_scale is None else xmp_of(DRAWN))
    return Shown(picture, beside, row.judge_similarity, row.prompt, row.identity, row.seed)


def _address(picture: Image.Image, label: str = "") -> str:
    buffer = io.BytesIO()
    ImageOps.contain(picture.convert("RGB"), (SIDE, SIDE)).save(buffer, "JPEG", quality=85, xmp=label.encode())
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
