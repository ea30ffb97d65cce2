"""What is measured of judges, hand by hand: a row each, as a table, for machines, and as a picture."""

# scikit-learn and matplotlib come with partial types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from evaluation.lines import HandPairs
from verdicts import one_in

HOLDS_FOR = "mean"  # the row of all hands together


@dataclass(frozen=True)
class AtLine:
    """What passes the line of a rate."""

    rate: float  # that was promised
    strangers: float | None  # the share that passes; None: there are no such pairs
    accepted: float | None  # of the pairs of one person
    twins: float | None  # of the pairs of people who can hardly be told apart


@dataclass(frozen=True)
class HandRow:
    judge: str  # and how it decides
    hand: str
    held_out: bool  # nothing was learnt on it; of the others, each line was learnt without it
    people: int
    pictures: int
    found: float
    false_ones: int | None
    auc: float | None
    twins: float  # the share of all pairs of two people
    lines: tuple[AtLine, ...]


def row_of(judge: str, pairs: HandPairs, lines: Mapping[float, float], held_out: bool) -> HandRow:
    hand, strangers = pairs.hand, len(pairs.impostors) + len(pairs.twins)
    return HandRow(
        judge=judge,
        hand=pairs.name,
        held_out=held_out,
        people=len(np.unique(hand.people)),
        pictures=hand.looked_at,
        found=hand.found,
        false_ones=hand.false_ones,
        auc=_auc(pairs),
        twins=len(pairs.twins) / max(1, strangers),
        lines=tuple(
            AtLine(
                rate,
                pairs.passing(line) if len(pairs.impostors) else None,
                pairs.accepted(line) if len(pairs.genuine) else None,
                float((pairs.twins >= line).mean()) if len(pairs.twins) else None,
            )
            for rate, line in sorted(lines.items(), reverse=True)
        ),
    )


def as_markdown(rows: Sequence[HandRow], most: int | None = None) -> str:
    """A table a judge, with the mean and the worst of its hands; held-out ones apart. Of more than `most` hands these
    two rows alone."""
    parts = ["# Hands"]
    for judge in dict.fromkeys(row.judge for row in rows):
        parts.append(f"## {judge}")
        for held_out in (False, True):
            meant = [row for row in rows if row.judge == judge and row.held_out is held_out]
            if meant:
                told = "Held out: nothing was learnt on these." if held_out else "Each line was learnt on the others."
                parts.append(f"{told}\n\n{_table(meant, most)}")
    return "\n\n".join(parts) + "\n"


def as_record(rows: Sequence[HandRow]) -> str:
    return json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False)


def draw(rows: Sequence[HandRow], file: Path) -> None:
    """For each judge the share of strangers over the strictest line that all know, and the true accepts there."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    rate = _common_rate(rows)
    judges, hands = (list(dict.fromkeys(each)) for each in ([r.judge for r in rows], [r.hand for r in rows]))
    figure, axes = plt.subplots(1, 2, figsize=(11, 1.5 + 0.32 * len(hands)), sharey=True, layout="constrained")
    for number, judge in enumerate(judges):
        for axis, of in zip(axes, (_strangers, _accepted), strict=True):
            shown = [(hands.index(row.hand), value) for row in rows if row.judge == judge
                     if (value := of(row, rate)) is not None]  # fmt: skip
            heights = [place + (number - len(judges) / 2) * 0.12 for place, _ in shown]
            axis.plot([100 * value for _, value in shown], heights, "o", markersize=5, label=judge)
    axes[0].axvline(100 * rate, color="black", linestyle="dotted")
    axes[0].set(xscale="symlog", xlabel=f"% of strangers over the line of 1 in {one_in(rate)} (dotted: promised)")
    axes[0].set_xscale("symlog", linthresh=100 * rate)
    axes[1].set(xlabel="% of pairs of one person over it", xlim=(-2, 102))
    axes[0].set_yticks(range(len(hands)), hands)
    axes[1].legend(fontsize="small")
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)
    plt.close(figure)


def _table(rows: Sequence[HandRow], most: int | None) -> str:
    rates = [line.rate for line in rows[0].lines]
    head = ["hand", "people", "found", "false", "AUC", "twins"]
    head += [f"strangers at 1 in {one_in(rate)}" for rate in rates]
    head += [f"true accepts at 1 in {one_in(rate)}" for rate in rates]
    head += [f"twins at 1 in {one_in(rate)}" for rate in rates[-1:]]
    named = rows if most is None or len(rows) <= most else ()
    body = [[row.hand, str(row.people), *_cells(row, rates)] for row in named]
    if len(rows) > 1:
        body.append(["**mean**", "", *_summary(rows, rates, np.mean)])
        body.append(["**worst**", "", *_summary(rows, rates, None)])
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: HandRow, rates: Sequence[float]) -> list[str]:
    return [
        _percent(row.found),
        "–" if row.false_ones is None else _percent(row.false_ones / max(1, row.pictures)),
        _area(row.auc),
        _percent(row.twins),
        *(_percent(_strangers(row, rate)) for rate in rates),
        *(_percent(_accepted(row, rate)) for rate in rates),
        *(_percent(next(line.twins for line in row.lines if line.rate == rate)) for rate in rates[-1:]),
    ]


def _summary(rows: Sequence[HandRow], rates: Sequence[float], of: Callable[..., object] | None) -> list[str]:
    """The mean, or the worst where no function is given."""

    def put(values: Sequence[float | None], worst: Callable[[list[float]], float], form: Callable[..., str]) -> str:
        known = [value for value in values if value is not None and not math.isnan(value)]
        return form((float(np.mean(known)) if of else worst(known)) if known else None)

    false_ones = [None if row.false_ones is None else row.false_ones / max(1, row.pictures) for row in rows]
    return [
        put([row.found for row in rows], min, _percent),
        put(false_ones, max, _percent),
        put([row.auc for row in rows], min, _area),
        put([row.twins for row in rows], max, _percent),
        *(put([_strangers(row, rate) for row in rows], max, _percent) for rate in rates),
        *(put([_accepted(row, rate) for row in rows], min, _percent) for rate in rates),
        *("" for _ in rates[-1:]),
    ]


def _strangers(row: HandRow, rate: float) -> float | None:
    return next((line.strangers for line in row.lines if line.rate == rate), None)


def _accepted(row: HandRow, rate: float) -> float | None:
    return next((line.accepted for line in row.lines if line.rate == rate), None)


def _common_rate(rows: Sequence[HandRow]) -> float:
    """1 in 1,000 where every judge knows it, else the strictest that all know."""
    known = set.intersection(*({line.rate for line in row.lines} for row in rows))
    return 1e-3 if 1e-3 in known else min(known, default=0.1)


def _auc(pairs: HandPairs) -> float | None:
    if not len(pairs.genuine) or not len(pairs.impostors):
        return None
    truth = np.concatenate([np.ones(len(pairs.genuine)), np.zeros(len(pairs.impostors))])
    return float(roc_auc_score(truth, np.concatenate([pairs.genuine, pairs.impostors])))


def _area(auc: float | None) -> str:
    return "–" if auc is None else f"{auc:.3f}"


def _percent(share: float | None) -> str:
    if share is None or math.isnan(share):
        return "–"
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %" if share < 1 else "100 %"
