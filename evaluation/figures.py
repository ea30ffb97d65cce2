"""Figures of a run as SVG: each shows one thing, says it in its own labels, and reads in black and white as well."""

# matplotlib is half typed.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import PercentFormatter

from evaluation.rows import Arm
from evaluation.statistics import ADHERENCE, RETENTION, SIMILARITY, Figure, Measure, Sample, figure_of, match_rate
from evaluation.tables import LABELS, Table, by_identity_scale
from verdicts import one_in

# The arms that are drawn, in Okabe and Ito's palette, which the colour-blind tell apart.
COLOURS: dict[Arm, str] = {
    "true pair": "#008a64",  # darker than theirs, to be read as text
    "variant": "#0072b2",
    "no adapter": "#d55e00",
    "stranger": "#777777",
}
DASHES: dict[Arm, str] = {"variant": "-", "no adapter": "--", "true pair": "-.", "stranger": ":"}
INK, FAINT = "#222222", "#bbbbbb"
WIDTH = 5.8  # inches
LEAST = -0.3  # the lowest similarity that is drawn
STYLE = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#888888",
    "axes.labelcolor": INK,
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "svg.hashsalt": "castbook",  # the same rows give the same file
}


@dataclass(frozen=True)
class Drawn:
    """A figure, ready for a page."""

    name: str
    title: str
    caption: str
    alternative: str  # in words, for who doesn't see it
    svg: bytes

    @property
    def address(self) -> str:
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg).decode()


Points = list[tuple[float, Figure, Figure]]  # identity_scale, similarity, adherence
Bars = list[tuple[str, list[tuple[str, Figure]]]]  # a table's title, and its strata


def all_figures(sample: Sample, tables: Sequence[Table]) -> tuple[Drawn, ...]:
    """Those of which the run knows enough."""
    drawn = (draw_trade_off(sample), draw_match_rate(sample), draw_distributions(sample), draw_strata(tables))
    return tuple(figure for figure in drawn if figure)


def draw_trade_off(sample: Sample) -> Drawn | None:
    """Identity against adherence over identity_scale; None where fewer than two were measured."""
    scales = by_identity_scale(sample)
    points = [(scale, figure_of(part, SIMILARITY), figure_of(part, ADHERENCE)) for scale, part in scales]
    points = [point for point in points if point[1].value is not None and point[2].value is not None]
    if len(points) < 2:
        return None
    return Drawn(
        "trade-off",
        "Identity against the prompt",
        f"Each point is an identity_scale, drawn for the same {points[0][1].people} people; bars are 95 % intervals. "
        "Up and to the right is better.",
        "; ".join(f"identity_scale {s:g}: similarity {y.value:.2f}, adherence {x.value:.2f}" for s, y, x in points),
        _svg(lambda canvas: _paint_trade_off(canvas, points), 3.5),
    )


def draw_match_rate(sample: Sample) -> Drawn | None:
    """R(threshold); None where nothing was measured."""
    arms = _measured(sample)
    if not arms:
        return None
    kept = [(LABELS[arm], figure_of(sample.of(arm), RETENTION).value) for arm in arms]
    return Drawn(
        "match-rate",
        "Taken for the same person, wherever the line is drawn",
        "The share of pictures that are at least so alike. Dotted: the calibrated thresholds, and the share of "
        "strangers who would pass them.",
        "; ".join(f"{name}: {rate:.0%} at the calibrated threshold" for name, rate in kept if rate is not None)
        or "Nothing is calibrated.",
        _svg(lambda canvas: _paint_match_rate(canvas, sample, arms), 3.5),
    )


def draw_distributions(sample: Sample) -> Drawn | None:
    """A strip an arm, over one another, so that nothing hides behind something."""
    arms = _measured(sample)
    if not arms:
        return None
    return Drawn(
        "distributions",
        "How alike",
        "Pictures by their similarity to the reference, by the judge. Black: the median. Dotted: the calibrated "
        "thresholds.",
        "; ".join(f"{LABELS[arm]}: median {np.median(_similarities(sample, arm)):.2f}" for arm in arms),
        _svg(lambda canvas: _paint_distributions(canvas, sample, arms), 0.6 + 0.8 * len(arms)),
    )


def draw_strata(tables: Sequence[Table]) -> Drawn | None:
    """Retention in each stratum; similarity where nothing is calibrated; None where no table has strata."""
    strata = [table for table in tables if table.name not in ("main", "identity_scale")]
    bars, measure = _bars(strata, RETENTION), RETENTION
    if not bars:
        bars, measure = _bars(strata, SIMILARITY), SIMILARITY
    if not bars:
        return None
    return Drawn(
        "strata",
        "Where it holds and where it doesn't",
        f"{measure.meaning} Bars: 95 % intervals.",
        "; ".join(f"{title}: " + ", ".join(f"{name} {f.value:.2f}" for name, f in group) for title, group in bars),
        _svg(
            lambda canvas: _paint_strata(canvas, bars, measure), 0.7 + sum(0.4 + 0.26 * len(group) for _, group in bars)
        ),
    )


def _paint_trade_off(canvas: Canvas, points: Points) -> None:
    axes = canvas.subplots()
    axes.plot([_at(x) for *_, x in points], [_at(y) for _, y, _ in points], color=FAINT, linewidth=1, zorder=1)
    for scale, y, x in points:
        colour = COLOURS["variant" if scale else "no adapter"]
        axes.errorbar(_at(x), _at(y), xerr=_whiskers(x), yerr=_whiskers(y), fmt="o", color=colour, markersize=5)
        name = f"{scale:g}" if scale else "0 (no adapter)"
        axes.annotate(name, (_at(x), _at(y)), xytext=(6, 5), textcoords="offset points", color=colour)
    axes.set(xlabel="adherence to the prompt", ylabel="similarity to the reference, by the judge")
    axes.margins(0.12)
    axes.set_xlim(right=min(axes.get_xlim()[1], 1.01))  # no share is above 1


def _paint_match_rate(canvas: Canvas, sample: Sample, arms: Sequence[Arm]) -> None:
    axes = canvas.subplots()
    thresholds = np.linspace(LEAST, 1, 241)
    for arm in arms:
        rates = match_rate(sample.of(arm), thresholds)
        axes.plot(thresholds, rates, color=COLOURS[arm], linestyle=DASHES[arm], linewidth=1.8, label=LABELS[arm])
    _mark_thresholds(axes, sample, named=True)
    axes.set(xlabel="threshold: similarity to the reference, by the judge", ylabel="share of pictures")
    axes.set(xlim=(LEAST, 1), ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    canvas.legend(loc="outside upper left", ncols=len(arms), frameon=False, labelcolor="linecolor")


def _paint_distributions(canvas: Canvas, sample: Sample, arms: Sequence[Arm]) -> None:
    strips = np.atleast_1d(canvas.subplots(len(arms), 1, sharex=True))
    for axes, arm in zip(strips, arms, strict=True):
        _paint_strip(axes, _similarities(sample, arm), arm)
        _mark_thresholds(axes, sample, named=axes is strips[0])
    strips[-1].set(xlabel="similarity to the reference, by the judge")


def _paint_strip(axes: Axes, similarities: Sequence[float], arm: Arm) -> None:
    axes.hist(similarities, np.linspace(LEAST, 1, 61).tolist(), color=COLOURS[arm], alpha=0.8)
    middle = float(np.median(similarities))
    axes.axvline(middle, color=INK, linewidth=1.2)
    label = f"{LABELS[arm]}\nmedian {middle:.2f}\nn = {len(similarities)}"
    axes.annotate(label, (0, 0.95), xycoords="axes fraction", va="top", color=COLOURS[arm])
    axes.set(yticks=[], xlim=(LEAST, 1))
    axes.spines["left"].set_visible(False)


def _paint_strata(canvas: Canvas, bars: Bars, measure: Measure) -> None:
    axes = canvas.subplots()
    place = 0.0
    for title, group in bars:
        axes.annotate(title, (0, place), xytext=(-6, 0), textcoords="offset points", fontweight="bold", va="center")
        for name, figure in group:
            place += 1
            axes.barh(place, _at(figure), color=COLOURS["variant"], alpha=0.8, height=0.62)
            axes.errorbar(_at(figure), place, xerr=_whiskers(figure), color=INK, linewidth=1, capsize=2)
            label = f"{name} (n = {figure.pictures})"
            axes.annotate(label, (0, place), xytext=(-6, 0), textcoords="offset points", ha="right", va="center")
        place += 1.5
    axes.set(yticks=[], ylim=(place - 0.7, -0.7), xlim=(0, 1), xlabel=f"{measure.label}")
    axes.spines["left"].set_visible(False)
    if measure.is_share:
        axes.xaxis.set_major_formatter(PercentFormatter(1))


def _mark_thresholds(axes: Axes, sample: Sample, *, named: bool) -> None:
    """Where the axis is of what they are thresholds of."""
    calibration = sample.calibration
    thresholds = calibration.thresholds if calibration and calibration.score == "cosine" else {}
    for rate, threshold in sorted(thresholds.items(), reverse=True):
        axes.axvline(threshold, color="#888888", linewidth=0.9, linestyle=(0, (1, 2)))
        if named:
            axes.annotate(
                f"1 in {one_in(rate)}" if rate == max(thresholds) else one_in(rate),
                (threshold, 1),
                xycoords=("data", "axes fraction"),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color="#555555",
            )


def _measured(sample: Sample) -> list[Arm]:
    return [arm for arm in COLOURS if _similarities(sample, arm)]


def _similarities(sample: Sample, arm: Arm) -> list[float]:
    return [value for _, value in sample.of(arm).values(SIMILARITY)]


def _bars(tables: Sequence[Table], measure: Measure) -> Bars:
    groups = [(table.title, _measured_rows(table, table.measures.index(measure))) for table in tables]
    return [(title, rows) for title, rows in groups if rows]


def _measured_rows(table: Table, column: int) -> list[tuple[str, Figure]]:
    rows = [(row.label, row.figures[column]) for row in table.rows if not row.is_baseline]
    return [(label, figure) for label, figure in rows if figure.value is not None]


def _at(figure: Figure) -> float:
    assert figure.value is not None  # what isn't measured isn't drawn
    return figure.value


def _whiskers(figure: Figure) -> list[list[float]] | None:
    """As matplotlib wants them: lengths below and above, never negative."""
    if figure.value is None or figure.low is None or figure.high is None:
        return None
    return [[max(0.0, figure.value - figure.low)], [max(0.0, figure.high - figure.value)]]


def _svg(paint: Callable[[Canvas], None], height: float) -> bytes:
    with matplotlib.rc_context(STYLE):
        canvas = Canvas(figsize=(WIDTH, height), layout="constrained")
        FigureCanvasSVG(canvas)
        paint(canvas)
        buffer = io.BytesIO()
        canvas.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
