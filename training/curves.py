"""The losses of a run's stages as a picture."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot

SMOOTHED = 5  # logged points a drawn one is the mean of
STAGES = (
    "encoder",
    "judge",
    "detector",
    "autoencoder",
    "words",
    "reader",
    "generator",
    "decoder",
    "attributes",
    "prompt-reader",
    "drawn-detector",
    "drawn-judge",
)


def draw_curves(folder: Path, output: Path) -> None:
    """One panel for each stage that `folder` (a run's) logged: everything its `<stage>.jsonl` holds, over the steps."""
    logs = [(stage, folder / f"{stage}.jsonl") for stage in STAGES if (folder / f"{stage}.jsonl").exists()]
    columns = min(4, len(logs))
    figure, axes = pyplot.subplots(
        -(-len(logs) // columns), columns, figsize=(4 * columns, 3 * -(-len(logs) // columns)), squeeze=False
    )
    for panel in axes.flat[len(logs) :]:
        panel.axis("off")
    for panel, (stage, log) in zip(axes.flat, logs, strict=False):
        rows = [json.loads(line) for line in log.read_text().splitlines()]
        for name in sorted(rows[-1].keys() - {"step"}):
            points = [(row["step"], row[name]) for row in rows if name in row]
            parts = np.array_split(np.array(points), max(1, len(points) // SMOOTHED))
            panel.plot(*np.array([part.mean(0) for part in parts]).T, label=name)
        panel.set_title(stage)
        panel.set_xlabel("step")
        panel.set_yscale("log")
        panel.grid(alpha=0.3)
        panel.legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(output, dpi=80)
    pyplot.close(figure)
