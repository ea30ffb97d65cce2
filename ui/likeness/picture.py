"""A calibration as a picture and a table: how alike strangers are, and pictures of one person, and what a card says.

It is HTML, made of figures and our own words alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

import numpy as np
import numpy.typing as npt

from pipeline.likeness import Calibration
from pipeline.values import Band
from ui.language import say
from verdicts import one_in

BINS = 34
WIDTH, HEIGHT = 600, 140  # of the drawing's own pixels; the page stretches them
TONES: dict[Band, str] = {"another person": "bad", "unsure": "unsure", "same person": "good"}

Shares = npt.NDArray[np.float64]


def draw_hills(calibration: Calibration) -> str:
    """A hill of strangers and one of pairs of one person, above the bands that a card's likeness may lie in.

    Nothing for a calibration that has kept no curve.
    """
    if not calibration.roc:
        return ""
    strangers = _hill(calibration, [point.false_accept_rate for point in calibration.roc])
    own = _hill(calibration, [point.true_accept_rate for point in calibration.roc])
    highest = max(strangers.max(), own.max())
    label = escape(say("How alike strangers are, and two pictures of one person"))
    return (
        f'<figure class="hills"><svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{label}">{_drawn(strangers / highest, "strangers")}{_drawn(own / highest, "own")}</svg>'
        f"{_bands(calibration)}"
        f'<figcaption><span class="strangers">{say("two strangers")}</span>'
        f'<span class="own">{say("two pictures of one person")}</span></figcaption></figure>'
    )


def tabulate(calibration: Calibration) -> str:
    """A row for each threshold: the likeness, how many strangers reach it, and what a card says from there on."""
    head = say("From this likeness on"), say("so many strangers would pass"), say("the card says")
    rows = [
        (
            _with_range(_figure(threshold), calibration.threshold_intervals, rate, _figure),
            _with_range(one_stranger_in(rate), calibration.rate_intervals, rate, one_stranger_in),
            f'<span class="tone-{TONES[calibration.band(threshold)]}">{_said(calibration.band(threshold))}</span>',
        )
        for rate, threshold in sorted(calibration.thresholds.items(), reverse=True)
    ]
    return table(head, rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are HTML. The first of each row is its heading."""
    heads = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    lines = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>'
        for first, *others in rows
    )
    return f'<table class="figures"><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>'


def one_stranger_in(rate: float) -> str:
    return say("1 in {number}", number=one_in(rate))


def _hill(calibration: Calibration, reaching: Sequence[float]) -> Shares:
    """(BINS,) the share of pairs in each step of likeness, from the shares that reach the curve's thresholds."""
    thresholds = [point.threshold for point in calibration.roc or ()]
    lowest, highest = _extent(calibration)
    edges = np.linspace(lowest, highest, BINS + 1)
    reached = np.interp(edges, thresholds[::-1], list(reaching)[::-1], left=1.0, right=0.0)
    return -np.diff(reached)


def _drawn(heights: Shares, name: str) -> str:
    """`heights`: 0 to 1."""
    middles = (np.arange(BINS) + 0.5) * WIDTH / BINS
    points = " ".join(f"{x:.1f},{HEIGHT - y:.1f}" for x, y in zip(middles, heights * (HEIGHT - 4), strict=True))
    return f'<polygon class="{name}" points="0,{HEIGHT} {points} {WIDTH},{HEIGHT}"/>'


def _bands(calibration: Calibration) -> str:
    """As wide as they are, each from the likeness at which it begins."""
    lowest, highest = _extent(calibration)
    unsure = calibration.thresholds[calibration.loosest_rate]
    same = calibration.thresholds[calibration.same_person_rate]
    bands = _band("another person", lowest, unsure), _band("unsure", unsure, same), _band("same person", same, highest)
    return f'<div class="bands">{"".join(bands)}</div>'


def _band(band: Band, start: float, end: float) -> str:
    """Nothing where it has no width."""
    if start >= end:
        return ""
    width = f'style="flex-grow: {end - start:.3f}"'
    return f'<div class="tone-{TONES[band]}" {width}><b>{_said(band)}</b><i>{_figure(start)}</i></div>'


def _extent(calibration: Calibration) -> tuple[float, float]:
    """The likeness at both ends of the drawing."""
    thresholds = [point.threshold for point in calibration.roc or ()]
    return min(thresholds), 1.0 if calibration.score == "cosine" else max(thresholds)


def _with_range(
    value: str, intervals: Mapping[float, tuple[float, float]] | None, rate: float, put: Callable[[float], str]
) -> str:
    if not intervals or rate not in intervals:
        return value
    ends = sorted(intervals[rate])
    return f"{value}<small>{say('{lowest} to {highest}', lowest=put(ends[0]), highest=put(ends[1]))}</small>"


def _figure(similarity: float) -> str:
    return f"{similarity:.2f}"


def _said(band: Band) -> str:
    return say(band[0].upper() + band[1:])
