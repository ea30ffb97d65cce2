"""`python -m evaluation hands`: whether the likeness keeps its promise for hands that nothing was learnt on.

Each judge is shown in the ways that it may decide: by the bare cosine and by scores among strangers, both with lines
learnt on the other hands; and as its pack ships it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from evaluation.baseline import NAME, colours_and_hash
from evaluation.calibration import RATES
from evaluation.hands import Hand, Hands, Sources, Watcher, look, watcher_of
from evaluation.hands_report import HandRow, as_markdown, as_record, draw, row_of
from evaluation.lines import (
    Curves,
    Families,
    HandPairs,
    OwnCurves,
    cohort_of,
    measured,
    paired,
    pairs_of_hand,
    scored,
    without,
)
from pipeline.cohort import Cohort
from pipeline.likeness import Calibration, Decider, as_without_own
from pipeline.packs import load_pack
from settings import Settings

MOST_NAMED = 20  # hands in a table on the screen; hands.md names all
OWN = 30  # people by the same hand in a project, of a creator who has worked with it for a while


def hands_of(
    pack: Annotated[
        list[str] | None, typer.Option(help="Whose judge is measured (paperdoll); several: beside each other.")
    ] = None,
    packs: Annotated[Path | None, typer.Option(help="A folder of your own packs, looked in first.")] = None,
    portraits: Annotated[
        list[Path] | None, typer.Option(help="A folder of portraits by hands that lines are learnt on; several.")
    ] = None,
    strangers: Annotated[
        list[Path] | None,
        typer.Option(help="Portraits of the strangers. Without: those of --portraits, by the other hands."),
    ] = None,
    held_out: Annotated[
        list[Path] | None, typer.Option(help="Portraits by hands that nothing is learnt on; several.")
    ] = None,
    references: Annotated[
        list[str] | None, typer.Option(help="Your own characters, an imagefolder: a hand too, held out; several.")
    ] = None,
    together: Annotated[
        list[str] | None,
        typer.Option(help="Hands that count as one: adventurer,lorelei or 'hand *'; several."),
    ] = None,
    people: Annotated[int | None, typer.Option(min=2, help="So many people a hand at most. Without: all.")] = None,
    looks: Annotated[int | None, typer.Option(min=1, help="So many pictures a person at most. Without: all.")] = None,
    baseline: Annotated[bool, typer.Option(help="Beside them what colours and a perceptual hash tell.")] = True,
    output: Annotated[Path, typer.Option(help="A folder for hands.md, hands.json and hands.png.")] = Path(
        "evaluation-runs/hands"
    ),
) -> None:
    """One row a hand: faces found, and how many strangers and people themselves pass a judge's lines."""
    folders = (Settings(packs=packs) if packs else Settings()).pack_folders
    sources = Sources(portraits or (), strangers or (), held_out or (), references or (), people, looks)
    named = [part.split(",") for part in together or ()]
    rows = list[HandRow]()
    for number, name in enumerate(pack or ["paperdoll"]):
        meant = load_pack(name, folders)
        watcher = watcher_of(meant)
        rows += rows_of(meant.name, look(sources, watcher), named, meant.calibration, meant.cohort)
        if baseline and number == 0:
            blind = Watcher(watcher.encoder, watcher.finder, watcher.version, colours_and_hash)
            rows += rows_of(NAME, look(sources, blind), named, None, None)
    write(rows, output)
    typer.echo(f"{as_markdown(rows, MOST_NAMED)}\nWritten: {output}")


def write(rows: Sequence[HandRow], output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    (output / "hands.md").write_text(as_markdown(rows), "utf-8")
    (output / "hands.json").write_text(as_record(rows), "utf-8")
    draw(rows, output / "hands.png")


def rows_of(
    judge: str,
    hands: Hands,
    together: Sequence[Sequence[str]] = (),
    calibration: Calibration | None = None,
    cohort: Cohort | None = None,
) -> Iterator[HandRow]:
    """In every way that it may decide. `calibration` and `cohort` are what ships with it: measured on held-out hands
    alone, for nobody here knows what its lines were learnt on."""
    if hands.learnt:
        families = Families([hand.name for hand in (*hands.learnt, *hands.strangers)], together)
        cohort_here = cohort_of(hands.in_cohort, judge)
        yield from _among_strangers(judge, hands, cohort_here, families)
        yield from _learnt(
            f"{judge}, bare cosine", hands, [pairs_of_hand(hand, None) for hand in hands.learnt], families
        )
    if calibration:
        for hand in hands.held_out:
            if len(hand.people):
                pairs = as_shipped(hand, Decider(calibration, cohort))
                yield row_of(f"{judge}, as it ships", pairs, calibration.thresholds, held_out=True)


def as_shipped(hand: Hand, decider: Decider) -> HandPairs:
    """Scored by what decides in the app."""
    blocks = [scores for _, scores in decider.score_all(hand.embeddings, [None] * len(hand.people))]
    return paired(hand, np.concatenate(blocks).astype(np.float64))


def _among_strangers(judge: str, hands: Hands, cohort: Cohort, families: Families) -> Iterator[HandRow]:
    """Without any by the same hand, and with OWN of them."""
    title = f"{judge}, among strangers"
    learnt = measured(hands.learnt, cohort, families)
    yield from _learnt(title, hands, learnt, families, cohort)
    curves, own = Curves(learnt, families), OwnCurves(hands.learnt, cohort, families)
    rates = [rate for rate in RATES if rate not in curves.left_out()]
    for hand in (*hands.learnt, *hands.held_out):
        is_learnt = hand in hands.learnt
        if len(np.unique(hand.people)) < 2 * OWN:
            continue
        elsewhere = hand.name if is_learnt else None
        lines = {rate: curves.line(rate, elsewhere) for rate in rates}
        scores, nearest = scored(hand, without(cohort, families.of(hand.name)) if is_learnt else cohort, OWN)
        moved = as_without_own(scores, nearest, lines, own.lines(rates, elsewhere))
        yield row_of(f"{title} and {OWN} of its own", paired(hand, moved), lines, not is_learnt)


def _learnt(
    title: str, hands: Hands, learnt: Sequence[HandPairs], families: Families, cohort: Cohort | None = None
) -> Iterator[HandRow]:
    curves = Curves(learnt, families)
    rates = [rate for rate in RATES if rate not in curves.left_out()]
    for pairs in learnt:
        yield row_of(title, pairs, {rate: curves.line(rate, pairs.name) for rate in rates}, held_out=False)
    for hand in hands.held_out:
        yield row_of(title, pairs_of_hand(hand, cohort), {rate: curves.line(rate) for rate in rates}, held_out=True)
