"""Rows of made-up runs, with figures that can be worked out by eye, and a whole run of which the truth is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from evaluation.rows import Arm, Row
from pipeline.likeness import Calibration

GREY = Image.new("RGB", (32, 32), "grey")
CALIBRATION = Calibration(
    encoder="made-up/judge",
    thresholds={0.1: 0.2, 0.01: 0.35, 0.001: 0.5},
    genuine_quantiles={0.05: 0.6, 0.5: 0.8, 0.95: 0.9},
    genuine_pairs=100,
    impostor_pairs=10_000,
    data="made-up people",
    date="2026-11-25",
    copy_threshold=0.95,
)
PROMPTS = ("wearing a spacesuit, outer space", "smiling, cafe", "raincoat, rain", "hoodie, city street")
PLAN = {
    "command": "python -m evaluation retention --pack paperdoll --count 2",
    "pack": "paperdoll",
    "judge": "made-up/judge",
    "versions": {"castbook": "0.1.0", "numpy": np.__version__},
}

_PLAIN = Row(
    case="",
    arm="variant",
    identity="person 0",
    prompt=PROMPTS[0],
    prompt_number=0,
    seed=0,
    identity_scale=0.8,
    references=1,
    depth=1,
    detected=True,
    judge_similarity=0.6,
    steering_similarity=0.7,
    judge_truth=0.55,
    steering_truth=0.6,
    judge_stranger=0.05,
    composition=0.3,
    mirrored_composition=0.2,
    copy_geo=0.1,
    adherence=0.8,
    missing=(),
    face_height=0.3,
    view="front",
    unseen=False,
    seconds=1.0,
    picture=GREY,
    marks_kept=0.5,
)
_NOT_DRAWN = {"prompt": "", "seed": 0, "identity_scale": None, "depth": 0, "adherence": None, "seconds": None}
UNDETECTED: dict[str, Any] = {
    "detected": False,
    **dict.fromkeys(("judge_similarity", "steering_similarity", "judge_truth", "steering_truth", "judge_stranger")),
    **dict.fromkeys(("copy_geo", "face_height")),
}


def row(number: int = 0, **changes: Any) -> Row:
    """A variant of "person `number`" that is 0.6 like them."""
    made = replace(_PLAIN, **{"identity": f"person {number}", **changes})
    case = f"{made.arm}-{made.identity}-{made.prompt_number}-{made.seed}-{made.identity_scale}-{made.depth}"
    return replace(made, case=f"{case}-{made.references}")


def run(people: int = 10, prompts: int = 4, seeds: int = 2, *, strength: float = 0.0, luck: int = 1) -> list[Row]:
    """A whole run, all arms in it, drawn by a generator whose variants are about 0.55 + `strength` like the person."""
    rows: list[Row] = []
    for number in range(people):
        dice = np.random.default_rng([luck, number])
        person = dice.normal(0, 0.08)
        picture = Image.new("RGB", (32, 32), (40 + 12 * (number % 15), 90, 160))
        for arm, similarity in (("pasted", 1.0), ("true pair", 0.8 + person / 2), ("stranger", 0.05 + person)):
            rows.append(_not_drawn(number, arm, similarity, picture))  # pyright: ignore[reportArgumentType]
        for prompt in range(prompts):
            for seed in range(seeds):
                for scale in (0.0, 0.4, 0.8, 1.2):
                    rows.append(_drawn(number, prompt, seed, scale, person + strength, dice, picture))
            for depth in (2, 3, 4):
                drawn = _drawn(number, prompt, 0, 0.8, person + strength - 0.1 * (depth - 1), dice, picture)
                rows.append(row(**{**vars(drawn), "arm": "chain", "depth": depth}))
            for references in (2, 4):
                drawn = _drawn(number, prompt, 0, 0.8, person + strength + 0.02 * references, dice, picture)
                rows.append(row(**{**vars(drawn), "arm": "references", "references": references}))
    return rows


def _not_drawn(number: int, arm: Arm, similarity: float, picture: Image.Image) -> Row:
    return row(
        number,
        **_NOT_DRAWN,
        arm=arm,
        judge_similarity=similarity,
        steering_similarity=similarity,
        judge_truth=similarity if arm == "stranger" else 0.8,
        composition=1.0 if arm == "pasted" else 0.2,
        copy_geo=None if arm == "true pair" else float(arm == "pasted"),
        picture=picture,
    )


def _drawn(
    number: int, prompt: int, seed: int, scale: float, person: float, dice: np.random.Generator, picture: Image.Image
) -> Row:
    similarity = float(np.clip(0.05 + (0.6 * min(scale, 1.0) + person) * (scale > 0) + dice.normal(0, 0.05), -1, 1))
    found = {} if dice.random() > 0.04 else UNDETECTED
    measured = {
        "judge_similarity": similarity,
        "steering_similarity": min(1.0, similarity + 0.1 * (scale > 0)),
        "judge_truth": similarity - 0.05,
        "judge_stranger": float(dice.normal(0.05, 0.08)),
        "face_height": float(dice.uniform(0.06, 0.4)),
        "adherence": float(np.clip(0.95 - 0.25 * scale + dice.normal(0, 0.1), 0, 1)),
        "composition": float(dice.uniform(-0.2, 0.7)),
        "copy_geo": float(dice.normal(0.1, 0.05)),
        **found,
    }
    return row(
        number,
        arm="no adapter" if scale == 0 else "variant" if scale == 0.8 else "scale",
        prompt=PROMPTS[prompt % len(PROMPTS)],
        prompt_number=prompt,
        seed=seed,
        identity_scale=scale,
        view=("front", "left", "right")[number % 3],
        unseen=prompt % 4 == 0,
        seconds=float(dice.uniform(0.8, 1.2)),
        picture=picture,
        **measured,
    )
