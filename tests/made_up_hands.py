"""Hands made of numbers: each has a direction, as strong as its people are alike; people and looks add theirs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluation.hands import Hand

DIMENSIONS = 48


def made_up_hand(
    name: str, alike: float, rng: np.random.Generator, people: int = 40, looks: int = 3, unsteady: float = 0.08
) -> Hand:
    """`alike`: the cosine of two of its people. Hands have something in common too."""
    hand, persons = (
        unit(np.eye(DIMENSIONS)[0] + unit(rng.normal(size=DIMENSIONS))),
        unit(rng.normal(size=(people, DIMENSIONS))),
    )
    centres = np.sqrt(alike) * hand + np.sqrt(1 - alike) * persons
    faces = np.repeat(centres, looks, axis=0) + unsteady * np.sqrt(1 - alike) * rng.normal(
        size=(people * looks, DIMENSIONS)
    )
    twins = np.zeros((people, people), np.bool_)
    return Hand(name, unit(faces).astype(np.float32), np.repeat(np.arange(people), looks), people * looks, 0, twins)


def made_up_hands(alike: Sequence[float], seed: int = 0, people: int = 40) -> tuple[Hand, ...]:
    rng = np.random.default_rng(seed)
    return tuple(made_up_hand(f"hand {number}", each, rng, people) for number, each in enumerate(alike))


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
