"""Portraits by our own artist's many hands: every hand draws people of its own, in several looks each."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from filelock import FileLock
from tqdm import tqdm

from drawn_world.artist import draw
from drawn_world.hand import hand, visible_features
from drawn_world.people import look_seed
from drawn_world.world import look, person
from evaluation.portraits import Portraits
from training.dataset import make_room

_FIRST = 2_000_000  # the seeds of people whom hands draw lie beyond those of the drawn world's own
_SEEDS = 1000  # of each hand
_SHOWN = ("pixels", "boxes", "landmarks")


@dataclass(frozen=True)
class _Group:
    """These hands' people."""

    hands: tuple[int, ...]
    people: int
    looks: int

    @property
    def pictures(self) -> int:
        """Of one hand."""
        return self.people * self.looks


@cache
def cast(hand_seed: int, count: int) -> tuple[int, ...]:
    """The seeds of the people whom the hand draws: nobody is drawn by two hands, and no two of them are twins.

    Twins differ in fewer than two of the features that the hand shows; of two the later one is left out.
    """
    artist, first = hand(hand_seed), _FIRST + hand_seed * _SEEDS
    chosen: list[int] = []
    shown = np.empty((0, len(visible_features(person(first), artist))), np.int64)
    for seed in range(first, first + _SEEDS):
        features = np.array(visible_features(person(seed), artist))
        if ((shown != features).sum(1) >= 2).all():
            chosen, shown = [*chosen, seed], np.vstack([shown, features])
        if len(chosen) == count:
            return tuple(chosen)
    raise ValueError(f"{artist.name} can draw {len(chosen)} people who differ, not {count}.")


def draw_hands(folder: Path, hands: Sequence[int], people: int, looks: int, processes: int = 1) -> Portraits:
    """Pictures of `people` people by each of the hands (drawn_world/hand.py has the seeds that are reserved), `looks` of each.

    What of exactly this group lies in the folder already is not drawn again. Raises ValueError where a hand cannot
    draw as many people who differ.
    """
    group = _Group(tuple(hands), people, looks)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "drawing.lock"):
        _draw_missing(folder, group, processes)
    return Portraits.load(folder)


def _draw_missing(folder: Path, group: _Group, processes: int) -> None:
    kept, wanted = folder / "drawn.json", asdict(group)
    if not kept.exists() or json.loads(kept.read_text())["group"] != json.loads(json.dumps(wanted)):
        make_room(folder, len(group.hands) * group.pictures)
        kept.write_text(json.dumps({"group": wanted, "drawn": []}))
    drawn = [place for place in json.loads(kept.read_text())["drawn"] if _is_drawn_so(folder, group, place)]
    jobs = [(folder, group, place) for place in range(len(group.hands)) if place not in drawn]
    if jobs:
        (folder / "portraits.json").unlink(missing_ok=True)
        _write_people(folder, group)
    for place in tqdm(_by(processes, jobs), total=len(jobs), desc=f"drawing {group.pictures} pictures by each hand"):
        drawn.append(place)
        kept.write_text(json.dumps({"group": wanted, "drawn": drawn}))
    (folder / "portraits.json").write_text(json.dumps({"hands": [hand(seed).name for seed in group.hands]}))


def _is_drawn_so(folder: Path, group: _Group, place: int) -> bool:
    """Whether the first pictures of the hand's first and last person are what it would draw today."""
    artist, pixels = hand(group.hands[place]), np.load(folder / "pixels.npy", mmap_mode="r")
    people = cast(artist.seed, group.people)
    return all(
        np.array_equal(
            pixels[place * group.pictures + index * group.looks],
            draw(person(people[index]), look(look_seed(people[index], 0)), artist).pixels,
        )
        for index in (0, -1 % group.people)
    )


def _by(processes: int, jobs: list[tuple[Path, _Group, int]]) -> Iterator[int]:
    """Draws the jobs, by other processes where more than one is wanted; yields the places that are done."""
    if processes < 2 or len(jobs) < 2:
        yield from map(_draw_hand, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(_draw_hand, jobs)


def _write_people(folder: Path, group: _Group) -> None:
    """Who is who, and what of them each hand shows."""
    people = len(group.hands) * group.people
    features = [visible_features(person(of), hand(seed)) for seed in group.hands for of in cast(seed, group.people)]
    np.save(folder / "features.npy", np.array(features, np.int64))
    np.save(folder / "person.npy", np.repeat(np.arange(people), group.looks))
    np.save(folder / "hand.npy", np.repeat(np.arange(len(group.hands)), group.people))


def _draw_hand(job: tuple[Path, _Group, int]) -> int:
    """Draws all of one hand; returns its place among the hands."""
    folder, group, place = job
    pixels, boxes, landmarks = (np.load(folder / f"{name}.npy", mmap_mode="r+") for name in _SHOWN)
    artist, i = hand(group.hands[place]), place * group.pictures
    for seed in cast(artist.seed, group.people):
        for number in range(group.looks):
            drawing = draw(person(seed), look(look_seed(seed, number)), artist)
            pixels[i], boxes[i], landmarks[i] = drawing.pixels, drawing.box, drawing.landmarks
            i += 1
    return place
