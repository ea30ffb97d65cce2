"""Bounds that a run has to reach, for CI: `--fail-under judge_retention=0.8`. All are figures of the variants."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from errors import InvalidRequest
from evaluation.statistics import MEASURES, REDRAWN, Figure, Measure, Sample, figure_of

# Only where more is better. Beside a gate on likeness belongs one on `redrawn` and one on `adherence`: a copy of the
# reference is as like it as can be.
GATES: dict[str, Measure] = {measure.name: measure for measure in (*MEASURES, REDRAWN) if measure.better == "higher"}


@dataclass(frozen=True)
class Gate:
    measure: Measure
    bound: float


def read_gates(wanted: Sequence[str]) -> tuple[Gate, ...]:
    """From `name=bound`, each. Raises InvalidRequest."""
    return tuple(_read_gate(text) for text in wanted)


def unmet(gates: Sequence[Gate], sample: Sample) -> tuple[str, ...]:
    """A sentence for each gate that the run's variants don't pass. What was not measured passes none."""
    variants = sample.of("variant")
    figures = [(gate, figure_of(variants, gate.measure)) for gate in gates]
    return tuple(
        _refusal(gate, figure) for gate, figure in figures if figure.value is None or figure.value < gate.bound
    )


def _read_gate(text: str) -> Gate:
    name, equals, bound = (part.strip() for part in text.partition("="))
    names = ", ".join(GATES)
    if name not in GATES:
        raise InvalidRequest(
            "There is no gate {name}.", "Choose among {names}, as in judge_retention=0.8.", name=repr(name), names=names
        )
    try:
        number = float(bound)
    except ValueError:
        number = math.nan
    if not equals or not math.isfinite(number):
        raise InvalidRequest(
            "{text} has no bound.", "Write a number after the name, as in {name}=0.8.", text=repr(text), name=name
        )
    return Gate(GATES[name], number)


def _refusal(gate: Gate, figure: Figure) -> str:
    name = gate.measure.name
    if figure.value is None:
        return f"{name} was not measured, so nobody knows whether it reaches {gate.bound:g}."
    interval = (
        "" if figure.low is None or figure.high is None else f"95 % interval {figure.low:.3f} to {figure.high:.3f}, "
    )
    return f"{name} is {figure.value:.3f} ({interval}n = {figure.pictures}), below the bound of {gate.bound:g}."
