"""Two runs compared: how far each figure of the variants moved, and whether that says anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.report import render
from evaluation.rows import Arm
from evaluation.statistics import ADHERENCE, DETECTION, MEASURES, SIMILARITY, Measure, Sample, difference_of
from evaluation.tables import LABELS, DifferenceTable, TableRow, differences_as_markdown, table_row
from pipeline.likeness import Calibration

# What two runs of the same data and judge have in common, whatever was changed between them.
ANCHORS: tuple[Arm, ...] = ("true pair", "stranger", "no adapter")
ANCHORED = (DETECTION, SIMILARITY, ADHERENCE)


@dataclass(frozen=True, eq=False)
class Run:
    """A run to be compared, by the name that people know it by."""

    name: str
    sample: Sample


@dataclass(frozen=True)
class Comparison:
    title: str
    before: str
    after: str
    reservations: tuple[str, ...]  # why the two may not be comparable
    rows: tuple[TableRow, TableRow]
    tables: tuple[DifferenceTable, ...]  # variants first, then the baselines, which should not move
    measures: tuple[Measure, ...] = MEASURES

    @property
    def results(self) -> tuple[str, ...]:
        """What moved, in words."""
        return tuple(
            f"{difference.measure.label} {_direction(difference.measure, difference.value or 0.0)}"
            for difference in self.tables[0].differences
            if difference.verdict == "result"
        )


def compare(before: Run, after: Run) -> Comparison:
    """`after` minus `before`, person by person where they share people."""
    variants = (before.sample.of("variant"), after.sample.of("variant"))
    return Comparison(
        title=f"{after.name} against {before.name}",
        before=before.name,
        after=after.name,
        reservations=_reservations(before.sample, after.sample),
        rows=(table_row(before.name, variants[0], MEASURES), table_row(after.name, variants[1], MEASURES)),
        tables=(_differences(before, after, "variant", MEASURES), *_anchors(before, after)),
    )


def as_markdown(comparison: Comparison) -> str:
    parts = [f"# {comparison.title}", _sentence(comparison), *(f"- {said}" for said in comparison.reservations)]
    parts += [differences_as_markdown(table) for table in comparison.tables]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def write_comparison(comparison: Comparison, file: Path) -> None:
    """One HTML file that needs nothing else."""
    file.write_text(render("compare.html", comparison=comparison, sentence=_sentence(comparison)), "utf-8")


def _sentence(comparison: Comparison) -> str:
    if not comparison.results:
        return "Nothing moved by more than twice the seed-to-seed noise floor: no result."
    return f"What moved by more than twice the seed-to-seed noise floor: {'; '.join(comparison.results)}."


def _direction(measure: Measure, value: float) -> str:
    moved = "rose" if value > 0 else "fell"
    if measure.better == "neither":
        return moved
    return f"{moved} ({'better' if (value > 0) == (measure.better == 'higher') else 'worse'})"


def _anchors(before: Run, after: Run) -> tuple[DifferenceTable, ...]:
    drawn: list[Arm] = [arm for arm in ANCHORS if before.sample.of(arm).rows and after.sample.of(arm).rows]
    return tuple(_differences(before, after, arm, ANCHORED) for arm in drawn)


def _differences(before: Run, after: Run, arm: Arm, measures: Sequence[Measure]) -> DifferenceTable:
    return DifferenceTable(
        LABELS[arm].capitalize(),
        "",
        tuple(difference_of(after.sample.of(arm), before.sample.of(arm), measure) for measure in measures),
    )


def _reservations(before: Sample, after: Sample) -> tuple[str, ...]:
    checks = (
        _other_judge(before.calibration, after.calibration),
        _other_people(before, after),
        _other_prompts(before, after),
    )
    return tuple(said for said in checks if said)


def _other_judge(before: Calibration | None, after: Calibration | None) -> str:
    names = [calibration.encoder if calibration else "nobody" for calibration in (before, after)]
    if before == after:
        return ""
    if names[0] != names[1]:
        return f"Two judges, {names[0]} and {names[1]}: their similarities and shares cannot be compared."
    return "The judge was calibrated anew between the two: shares are by two thresholds."


def _other_people(before: Sample, after: Sample) -> str:
    ours, theirs = ({row.identity for row in sample.of("variant").rows} for sample in (before, after))
    if ours == theirs:
        return ""
    shared = len(ours & theirs)
    if not shared:
        return "The two have no people in common: they are compared as two groups, which sees less."
    return f"Only the {shared} people whom both have are compared, of {len(ours)} and {len(theirs)}."


def _other_prompts(before: Sample, after: Sample) -> str:
    ours, theirs = ({row.prompt for row in sample.of("variant").rows} for sample in (before, after))
    return "" if ours == theirs else "The two were drawn with other prompts: that may be the whole difference."
