"""A run in sentences: what a creator wants to know, and what a researcher would object."""

from __future__ import annotations

from evaluation.statistics import (
    COPIED,
    DETECTION,
    GAP,
    RETENTION,
    SIMILARITY,
    Figure,
    Sample,
    difference_of,
    figure_of,
    noise_floor,
)

FEW_PEOPLE = 20  # below which the intervals are too narrow (statistics.figure_of)
OFTEN = 0.05  # so many copies, or missing faces, are worth a word
CIRCULAR = 1e-6  # encoders that agree so closely on every picture are one


def summary(sample: Sample) -> str:
    """Two sentences for a creator."""
    variants, pairs, blind = (sample.of(arm) for arm in ("variant", "true pair", "no adapter"))
    if not variants.rows:
        return "This run has drawn no new pictures yet. There is nothing to say."
    if sample.calibration is None:
        return (
            f"New pictures are {_plain(variants)} like their character, by an independent judge that nobody has "
            f"calibrated. Two true pictures of one person: {_plain(pairs)}; pictures drawn without a reference: "
            f"{_plain(blind)}."
        )
    kept = figure_of(variants, RETENTION)
    return (
        f"Of 100 new pictures of a character, {_of_hundred(kept)} are taken for the same person by an independent "
        f"judge{_between(kept)}{_faceless(variants)}. Of 100 true pictures it would be "
        f"{_of_hundred(figure_of(pairs, RETENTION))}, of 100 drawn without a reference "
        f"{_of_hundred(figure_of(blind, RETENTION))}, of 100 of strangers "
        f"{_of_hundred(figure_of(sample.of('stranger'), RETENTION))}."
    )


def reservations(sample: Sample) -> tuple[str, ...]:
    """What the figures of this run don't show, or show too kindly."""
    checks = (_uncalibrated, _circular, _too_alike, _copies, _missed_faces, _few_people, _one_seed, _no_baseline)
    return tuple(said for check in checks if (said := check(sample)))


def _uncalibrated(sample: Sample) -> str:
    return "" if sample.calibration else "Nothing is calibrated: nobody knows how much a similarity says."


def _circular(sample: Sample) -> str:
    gaps = [abs(gap) for _, gap in sample.of("variant").values(GAP)]
    if not gaps or max(gaps) > CIRCULAR:
        return ""
    return "Circular: the judge is the encoder that steered, so that it finds what it put in. Choose another judge."


def _too_alike(sample: Sample) -> str:
    variants, pairs = sample.of("variant"), sample.of("true pair")
    above = difference_of(variants, pairs, SIMILARITY)
    if above.value is None or above.value <= 0 or above.verdict != "result":
        return ""
    return (
        f"Variants are more like the reference ({_plain(variants)}) than another true picture of the person is "
        f"({_plain(pairs)}): that is copying rather than likeness."
    )


def _copies(sample: Sample) -> str:
    share = figure_of(sample.of("variant"), COPIED).value
    if share is None or share < OFTEN:
        return ""
    return f"{share:.0%} of the variants are nearly the reference itself: their similarity says nothing about drawing."


def _missed_faces(sample: Sample) -> str:
    share = figure_of(sample.of("variant"), DETECTION).value
    if share is None or share > 1 - OFTEN:
        return ""
    return f"In {1 - share:.0%} of the variants no face was found: similarities are those of the others."


def _few_people(sample: Sample) -> str:
    people = len({row.identity for row in sample.of("variant").rows})
    if people >= FEW_PEOPLE:
        return ""
    return f"{people} people are few: with fewer than {FEW_PEOPLE} the intervals are too narrow."


def _one_seed(sample: Sample) -> str:
    if noise_floor(sample.of("variant"), DETECTION) is not None:
        return ""
    return "Everything was drawn with one seed: the noise floor is unknown, and no difference is called a result."


def _no_baseline(sample: Sample) -> str:
    missing = [arm for arm in ("no adapter", "pasted", "true pair", "stranger") if not sample.of(arm).rows]
    return f"Baselines that this run lacks: {', '.join(missing)}." if missing else ""


def _of_hundred(figure: Figure) -> str:
    return "an unknown number" if figure.value is None else f"{100 * figure.value:.0f}"


def _faceless(sample: Sample) -> str:
    missed = round(100 * (1 - (figure_of(sample, DETECTION).value or 0.0)))
    return f", and in {missed} no face was found" if missed else ""


def _between(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f" (95 % interval: {100 * figure.low:.0f} to {100 * figure.high:.0f})"


def _plain(sample: Sample) -> str:
    value = figure_of(sample, SIMILARITY).value
    return "not measured" if value is None else f"{value:.2f}"
