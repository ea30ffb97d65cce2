"""Whether a judge of drawn faces knows people by a designer of whom it never saw a line: a short training without each
designer in turn, measured on their sets, beside one that saw them all.

Everyone begins as the plain judge and learns for as long, so that what differs is the designer. The lines are those of the
shipped judge's kind: of scores among strangers by the other sets, learnt on hands of which nothing is trained.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from torch import nn

from drawn_world.hand import RESERVED, TRAINED
from evaluation.hands import Hand, twins
from evaluation.hands_report import HandRow, row_of
from evaluation.lines import Curves, Families, cohort_of, pairs_of_hand
from evaluation.portraits import Portraits
from training.artists import styles
from training.drawn_judge import Source, build_drawn_judge, train_drawn_judge, whole_heads
from training.encoders import trained
from training.hands import draw_hands
from training.recipe import Run

RATES = (0.01, 0.001)
OWN, LEARNT_ON = (10, 3), (20, 2)  # people by each of our own artist's hands, and pictures of each
LOOKED_AT = 64  # heads at once


def without_each_designer(run: Run, sets: Portraits, plain: Path) -> Iterator[HandRow]:
    """Of each of the `sets` (training/artists.py) a row by a judge that saw all of them, and one by a judge that never saw
    its designer.

    `plain` is the ONNX file of the judge that they begin as. Heads are cut by their true landmarks, so no detector has a say.
    Killed, it goes on. Raises TimeIsUp as `train` does.
    """
    recipe = run.recipe
    drawn = _source(draw_hands(run.folder / "own", TRAINED[: recipe.left_out_hands], *OWN))
    reserved = draw_hands(run.folder / "reserved", RESERVED[: recipe.left_out_lines], *LEARNT_ON)

    def judge(name: str, shown: Portraits) -> nn.Module:
        sources = [drawn, _source(shown)]
        return train_drawn_judge(run, name, lambda: build_drawn_judge(plain), sources, recipe.left_out_steps)

    knowing = judge("saw-all", sets)
    for designer in dict.fromkeys(styles()[name].designer for name in sets.hands):
        theirs = tuple(name for name in sets.hands if styles()[name].designer == designer)
        others = sets.by(tuple(name for name in sets.hands if name not in theirs))
        innocent = judge(f"without-{designer}", others)
        for title, encoder in (("saw it", knowing), ("never saw its designer", innocent)):
            yield from _rows(title, encoder, sets.by(theirs), others, reserved)


def _rows(
    title: str, judge: nn.Module, measured: Portraits, strangers: Portraits, learnt_on: Portraits
) -> Iterator[HandRow]:
    cohort = cohort_of(_seen(judge, strangers), title)
    curves = Curves([pairs_of_hand(hand, cohort) for hand in _seen(judge, learnt_on)], Families(learnt_on.hands))
    lines = {rate: curves.line(rate) for rate in RATES}
    for hand in _seen(judge, measured):
        yield row_of(title, pairs_of_hand(hand, cohort), lines, held_out=True)


def _source(shown: Portraits) -> Source:
    return Source(shown, whole_heads(shown))


def _seen(judge: nn.Module, shown: Portraits) -> list[Hand]:
    encode, heads = trained(judge), whole_heads(shown)[:, 8:-8, 8:-8]
    embeddings = np.concatenate([encode(heads[i : i + LOOKED_AT]) for i in range(0, len(heads), LOOKED_AT)])
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    hands: list[Hand] = []
    for number, name in enumerate(shown.hands):
        rows, people = shown.of_hands({name}), np.flatnonzero(shown.hand == number)
        whose = (shown.person[rows] - people[0]).astype(np.intp)
        hands.append(Hand(name, embeddings[rows], whose, len(rows), None, twins(shown.features[people])))
    return hands
