"""Figures -> tables: a row an arm or a stratum, a column a measure, and the baselines in every one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluation.rows import Arm, Row
from evaluation.statistics import (
    ADHERENCE,
    COPIED,
    COPY_GEO,
    DETECTION,
    FACE_HEIGHT,
    GAP,
    NEAREST,
    RETENTION,
    SAME_PERSON,
    SIMILARITY,
    STEERING,
    TRUTH,
    Difference,
    Figure,
    Measure,
    Sample,
    difference_of,
    figure_of,
    noise_floor,
)

NOT_MEASURED = "–"
BASELINES: tuple[Arm, ...] = ("no adapter", "pasted", "true pair", "stranger")
LABELS: dict[Arm, str] = {
    "variant": "variants",
    "no adapter": "no adapter",
    "pasted": "reference pasted",
    "true pair": "true pair",
    "stranger": "strangers",
}
MAIN = (
    *(DETECTION, RETENTION, SAME_PERSON, SIMILARITY, TRUTH, STEERING, GAP, NEAREST),
    *(COPIED, COPY_GEO, ADHERENCE, FACE_HEIGHT),
)
SHORT = (DETECTION, RETENTION, SIMILARITY, TRUTH, COPIED, ADHERENCE)


@dataclass(frozen=True)
class TableRow:
    label: str
    pictures: int
    people: int
    figures: tuple[Figure, ...]  # one for each of the table's measures
    is_baseline: bool = False


@dataclass(frozen=True)
class Table:
    name: str  # for machines
    title: str
    note: str
    measures: tuple[Measure, ...]
    rows: tuple[TableRow, ...]
    floor: tuple[float | None, ...] = ()  # seed-to-seed noise of each measure; empty where the table doesn't show it


@dataclass(frozen=True)
class DifferenceTable:
    title: str
    note: str
    differences: tuple[Difference, ...]


def all_tables(sample: Sample) -> tuple[Table, ...]:
    """The main one first; of the others those of which the run knows something."""
    strata = (height_table, view_table, unseen_table, references_table, depth_table, scale_table)
    return (main_table(sample), *(table for make in strata if (table := make(sample))))


def main_table(sample: Sample) -> Table:
    variants = sample.of("variant")
    return Table(
        "main",
        "What was kept, what was copied, what was obeyed",
        "Similarities are cosines. Intervals are 95 % over people. A figure that not every picture of its row gave "
        "says how many did.",
        MAIN,
        (table_row(LABELS["variant"], variants, MAIN), *_baselines(sample, MAIN)),
        tuple(noise_floor(variants, measure) for measure in MAIN),
    )


def height_table(sample: Sample) -> Table | None:
    return _strata(
        sample,
        ("face_height", "By face height", "Small faces keep less: compare like with like."),
        (_height, ("less than 10 %", "10 to 20 %", "more than 20 %", "no face found")),
    )


def view_table(sample: Sample) -> Table | None:
    views = sorted({row.view for row in sample.of("variant").rows if row.view})
    heading = ("view", "By the reference's view", "From where the reference shows its person.")
    return _strata(sample, heading, (lambda row: row.view, views))


def unseen_table(sample: Sample) -> Table | None:
    heading = ("unseen", "By novelty of the prompt", "A combination that training never saw cannot be remembered.")
    return _strata(sample, heading, (_combination, ("seen in training", "never seen in training")))


def references_table(sample: Sample) -> Table | None:
    """Variants by one reference beside those by several, of the same people and prompts."""
    heading = ("references", "By the number of references", "Steered by the mean identity of so many pictures.")
    return _by_number(sample, "references", (lambda row: row.references, "references"), heading)


def depth_table(sample: Sample) -> Table | None:
    heading = (
        "depth",
        "By the depth of the chain",
        "Depth 2 is a variant of a variant; all are judged against the first reference.",
    )
    return _by_number(sample, "chain", (lambda row: row.depth, "depth"), heading)


def scale_table(sample: Sample) -> Table | None:
    rows = tuple(
        table_row(f"identity_scale {scale:g}", part, SHORT, scale == 0) for scale, part in by_identity_scale(sample)
    )
    if len(rows) < 2:
        return None
    note = "The stronger the identity, the less is left of the prompt. 0 is the baseline without an adapter."
    others = _baselines(sample, SHORT, ("pasted", "true pair", "stranger"))
    return Table("identity_scale", "By identity_scale", note, SHORT, (*rows, *others))


def by_identity_scale(sample: Sample) -> list[tuple[float, Sample]]:
    """Samples of the same people and prompts by identity_scale."""
    drawn = _alike(sample.of("scale", "variant", "no adapter"), "scale")
    scales = sorted({_scale(row) for row in drawn.rows})
    return [(scale, drawn.where(lambda row, wanted=scale: _scale(row) == wanted)) for scale in scales]


def against_baselines(sample: Sample) -> tuple[DifferenceTable, ...]:
    """What variants are above each baseline, person by person."""
    return tuple(_against(sample, arm) for arm in BASELINES if sample.of(arm).rows)


def table_row(label: str, sample: Sample, measures: Sequence[Measure], is_baseline: bool = False) -> TableRow:
    people = len({row.identity for row in sample.rows})
    figures = tuple(figure_of(sample, measure) for measure in measures)
    return TableRow(label, len(sample.rows), people, figures, is_baseline)


def as_markdown(table: Table) -> str:
    """For papers."""
    head = ("", "n (people)", *(measure.label for measure in table.measures))
    lines = [_line(head), _line(("---", *("---:" for _ in head[1:])))]
    for row in table.rows:
        size = f"{row.pictures} ({row.people})"
        cells = (cell(figure, measure, row) for figure, measure in zip(row.figures, table.measures, strict=True))
        lines.append(_line((row.label, size, *cells)))
    if any(floor is not None for floor in table.floor):
        floors = (noise(floor, measure) for floor, measure in zip(table.floor, table.measures, strict=True))
        lines.append(_line(("seed-to-seed noise floor", "", *floors)))
    return f"### {table.title}\n\n{table.note}\n\n" + "\n".join(lines) + "\n"


def differences_as_markdown(table: DifferenceTable) -> str:
    head = ("", "difference", "95 %", "people", "noise floor", "")
    lines = [_line(head), _line(("---", "---:", "---:", "---:", "---:", "---"))]
    for difference in table.differences:
        measure = difference.measure
        shown = (signed(difference.value, measure), span(difference))
        floor = noise(difference.floor, measure)
        lines.append(_line((measure.label, *shown, str(difference.people), floor, verdict(difference))))
    return f"### {table.title}\n\n" + (f"{table.note}\n\n" if table.note else "") + "\n".join(lines) + "\n"


def cell(figure: Figure, measure: Measure, row: TableRow) -> str:
    """As `61 % [55, 66]`, and of how many pictures where that is fewer than the row's."""
    if figure.value is None:
        return NOT_MEASURED
    return " ".join(filter(None, (number(figure.value, measure), interval(figure, measure), remark(figure, row))))


def interval(figure: Figure, measure: Measure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f"[{number(figure.low, measure).removesuffix(' %')}, {number(figure.high, measure).removesuffix(' %')}]"


def remark(figure: Figure, row: TableRow) -> str:
    return "" if figure.pictures in (0, row.pictures) else f"(n = {figure.pictures})"


def number(value: float | None, measure: Measure) -> str:
    if value is None:
        return NOT_MEASURED
    if measure.is_share:
        return f"{100 * value:.0f} %" if value in (0, 1) else f"{100 * value:.1f} %"
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "\u2212")  # + 0.0: no -0.00


def noise(floor: float | None, measure: Measure) -> str:
    """With a digit more than the figures that it is the noise of."""
    return NOT_MEASURED if floor is None else f"{100 * floor:.1f} pp" if measure.is_share else f"{floor:.3f}"


def signed(value: float | None, measure: Measure) -> str:
    if value is None:
        return NOT_MEASURED
    rounded = round(100 * value, 1) if measure.is_share else round(value, 3)
    rounded += 0.0  # no -0.0
    shown = f"{rounded:+.1f} pp" if measure.is_share else f"{rounded:+.3f}"
    return shown.replace("-", "\u2212")


def span(difference: Difference) -> str:
    """Its interval."""
    if difference.low is None or difference.high is None:
        return NOT_MEASURED
    low, high = (signed(bound, difference.measure).removesuffix(" pp") for bound in (difference.low, difference.high))
    return f"{low} to {high}"


def verdict(difference: Difference) -> str:
    return ": ".join(filter(None, (difference.verdict, difference.reservation)))


def _against(sample: Sample, arm: Arm) -> DifferenceTable:
    drawn = _alike(sample.of("variant", arm), arm) if arm == "no adapter" else sample  # the others have no prompt
    pairs = [(drawn.of("variant"), drawn.of(arm), measure) for measure in MAIN]
    return DifferenceTable(f"Variants minus {LABELS[arm]}", "", tuple(difference_of(*pair) for pair in pairs))


def _strata(
    sample: Sample,
    heading: tuple[str, str, str],
    parts: tuple[Callable[[Row], str | None], Sequence[str]],
) -> Table | None:
    """None where nobody knows the stratum of any variant. Baselines are shown whole."""
    stratum, order = parts
    variants = sample.of("variant")
    known = {stratum(row) for row in variants.rows}
    rows = tuple(
        table_row(name, variants.where(lambda row, wanted=name: stratum(row) == wanted), SHORT)
        for name in order
        if name in known
    )
    return Table(*heading, SHORT, (*rows, *_baselines(sample, SHORT))) if rows else None


def _by_number(
    sample: Sample, arm: Arm, number: tuple[Callable[[Row], int], str], heading: tuple[str, str, str]
) -> Table | None:
    if not sample.of(arm).rows:
        return None
    number_of, name = number
    drawn = _alike(sample.of("variant", arm), arm)
    rows = tuple(
        table_row(f"{name}: {count}", drawn.where(lambda row, wanted=count: number_of(row) == wanted), SHORT)
        for count in sorted({number_of(row) for row in drawn.rows})
    )
    return Table(*heading, SHORT, (*rows, *_baselines(sample, SHORT)))


def _alike(sample: Sample, arm: Arm) -> Sample:
    """Without the rows of people, prompts and seeds that `arm` hasn't drawn, so that like is compared with like."""
    drawn = {_case(row) for row in sample.of(arm).rows}
    return sample.where(lambda row: _case(row) in drawn) if drawn else sample


def _case(row: Row) -> tuple[str, int, int]:
    return row.identity, row.prompt_number, row.seed


def _baselines(sample: Sample, measures: Sequence[Measure], arms: Sequence[Arm] = BASELINES) -> tuple[TableRow, ...]:
    """A row for each, also where a run has none of its pictures: that is to be seen."""
    return tuple(table_row(LABELS[arm], sample.of(arm), measures, is_baseline=True) for arm in arms)


def _height(row: Row) -> str | None:
    if row.face_height is None:
        return "no face found"
    if row.face_height < 0.1:
        return "less than 10 %"
    return "10 to 20 %" if row.face_height <= 0.2 else "more than 20 %"


def _combination(row: Row) -> str | None:
    if row.unseen is None:
        return None
    return "never seen in training" if row.unseen else "seen in training"


def _scale(row: Row) -> float:
    return round(row.identity_scale or 0.0, 4)  # kept as float32


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
