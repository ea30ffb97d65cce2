"""A calibration as a figure: where genuine and impostor pairs lie, and the ROC and DET curves of telling them apart."""

# scikit-learn's displays and matplotlib are half typed.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.stats import norm
from sklearn.metrics import DetCurveDisplay, RocCurveDisplay

from evaluation.calibration import Pairs, labelled
from pipeline.likeness import Calibration, Score
from verdicts import measured_on

GENUINE, IMPOSTORS = "#2a7f62", "#c8401f"
SCORES: dict[Score, str] = {"cosine": "Similarity", "normalised": "How far it stands out among strangers"}


def draw_calibration(pairs: Pairs, calibration: Calibration, file: Path) -> None:
    """Writes a PNG; its folder is made."""
    figure = Figure(figsize=(15, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    hills, roc, det = figure.subplots(1, 3)
    _draw_hills(hills, pairs, calibration)
    truth, similarities = labelled(pairs)
    RocCurveDisplay.from_predictions(truth, similarities, ax=roc, name=calibration.encoder)
    DetCurveDisplay.from_predictions(truth, similarities, ax=det, name=calibration.encoder)
    roc.set(xscale="log", xlim=(1 / len(pairs.impostors), 1), aspect="auto", title="ROC")
    roc.set(xlabel="False-accept rate", ylabel="True-accept rate")
    _scale_by_normal_deviates(det)
    figure.suptitle(f"{calibration.encoder}: {measured_on(calibration)}, {calibration.date}")
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)


def _draw_hills(axes: Axes, pairs: Pairs, calibration: Calibration) -> None:
    lowest = min(pairs.impostors.min(), pairs.genuine.min())
    highest = 1.0 if calibration.score == "cosine" else max(pairs.impostors.max(), pairs.genuine.max())
    bins = np.linspace(lowest, highest, 80)
    for similarities, colour, name in (
        (pairs.impostors, IMPOSTORS, "two people"),
        (pairs.genuine, GENUINE, "one person"),
    ):
        label = f"{name} ({len(similarities):,} pairs)"
        axes.hist(similarities, bins, density=True, color=colour, alpha=0.55, label=label)
    for rate, threshold in calibration.thresholds.items():
        axes.axvline(threshold, color="grey", linewidth=0.8)
        axes.annotate(
            f"{rate:g}", (threshold, 1), xycoords=("data", "axes fraction"), rotation=90, va="top", ha="right"
        )
    axes.set(title="Pairs, and thresholds by false-accept rate", xlabel=SCORES[calibration.score], ylabel="Density")
    axes.legend(loc="center left", frameon=False)


def _scale_by_normal_deviates(det: Axes) -> None:
    """As DET curves are drawn, and as far as thresholds are calibrated; scikit-learn ends at 1 %."""
    rates = (1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.5)
    ticks, labels = norm.ppf(rates), [f"{rate:g}" for rate in rates]
    det.set(title="DET", xlabel="False-accept rate", ylabel="False-reject rate", aspect="auto")
    det.set(xticks=ticks, xticklabels=labels, xlim=(ticks[0], ticks[-1]))
    det.set(yticks=ticks, yticklabels=labels, ylim=(ticks[0], ticks[-1]))
