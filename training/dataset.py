"""Pictures of the drawn world on disk: drawn once by all cores, then read as memory-mapped arrays."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from filelock import FileLock
from tqdm import tqdm

from drawn_world.artist import SIZE, draw, style
from drawn_world.people import People, look_seed
from drawn_world.world import Look, Person, look, person

CROP = 128  # aligned face crops keep a margin around insightface's 112, so that training can shift and turn them
# ArcFace's landmarks in its crop of 112 x 112: `arcface_dst` of insightface/utils/face_align.py.
_TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)


@dataclass(frozen=True, eq=False)
class Pictures:
    """Drawn pictures, person by person: picture i shows `person(i)` in `look(i)`."""

    people: People
    pixels: npt.NDArray[np.uint8]  # (n, 256, 256, 3) RGB, or (n, 128, 128, 3) aligned faces
    boxes: npt.NDArray[np.float32]  # (n, 4)
    landmarks: npt.NDArray[np.float32]  # (n, 5, 2)

    def __len__(self) -> int:
        return len(self.pixels)

    def first(self, count: int) -> Pictures:
        """So many of them, with all looks of each person."""
        group = People(self.people.first, count // self.people.looks, self.people.looks)
        rows = slice(group.count * group.looks)
        return Pictures(group, self.pixels[rows], self.boxes[rows], self.landmarks[rows])

    def person(self, i: int) -> Person:
        return person(self.people.first + i // self.people.looks)

    def look(self, i: int) -> Look:
        return look(look_seed(self.people.first + i // self.people.looks, i % self.people.looks))

    @cached_property
    def shown(self) -> list[tuple[Person, Look]]:
        """Who each picture shows, in which look: a millisecond each, so they are kept for whoever asks again and again."""
        looks = self.people.looks
        people = {first: self.person(first) for first in range(0, len(self), looks)}
        return [(people[i - i % looks], self.look(i)) for i in range(len(self))]


def pictures(folder: Path, people: People, faces_only: bool = False) -> Pictures:
    """The group's pictures. What of exactly this group and style lies in the folder already is not drawn again."""
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "drawing.lock"):  # another process may draw them just now
        _draw(folder, people, faces_only)
    return Pictures(
        people, *(np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("pixels", "boxes", "landmarks"))
    )


def _draw(folder: Path, people: People, faces_only: bool) -> None:
    wanted = {"people": people.name, "faces_only": faces_only, "style": style(people.first)}
    kept = folder / "drawn.json"
    if not kept.exists() or json.loads(kept.read_text())["group"] != wanted:
        make_room(folder, people.count * people.looks, CROP if faces_only else SIZE)
        kept.write_text(json.dumps({"group": wanted, "parts": []}))
    _draw_missing(folder, people, faces_only, kept)


def align(pixels: npt.NDArray[np.uint8], landmarks: npt.NDArray[np.float32], size: int = 112) -> npt.NDArray[np.uint8]:
    """insightface's aligned crop; `size` 128 shows a margin of 8 pixels of the same scale around the 112 crop."""
    margin = (size - 112) / 2
    return cv2.warpAffine(pixels, _similarity(landmarks, _TEMPLATE + margin), (size, size), flags=cv2.INTER_LINEAR)


def _similarity(source: npt.NDArray[Any], target: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The least-squares similarity transform (Umeyama 1991, https://doi.org/10.1109/34.88573), 2 x 3, written with complex
    numbers."""
    a, b = source @ (1, 1j), target @ (1, 1j)
    factor = np.vdot(a - a.mean(), b - b.mean()) / np.vdot(a - a.mean(), a - a.mean())
    shift = b.mean() - factor * a.mean()
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def make_room(folder: Path, n: int, size: int = SIZE) -> None:
    """Empty arrays for so many pictures of that side, and where the faces in them are."""
    shapes = {
        "pixels": ((n, size, size, 3), np.uint8),
        "boxes": ((n, 4), np.float32),
        "landmarks": ((n, 5, 2), np.float32),
    }
    for name, (shape, kind) in shapes.items():
        np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=kind, shape=shape).flush()


def _draw_missing(folder: Path, people: People, faces_only: bool, kept: Path) -> None:
    """`kept` remembers which parts of the group are drawn, for whoever goes on after a kill."""
    state = json.loads(kept.read_text())
    parts = [part for part in people.split(max(1, min(people.count // 10, 200))) if part.first not in state["parts"]]
    if not parts:
        return
    drawn = _draw_parts([(folder, people, part, faces_only) for part in parts])
    for first in tqdm(drawn, total=len(parts), desc=f"drawing {people.count} people, {people.looks} looks each"):
        state["parts"].append(first)
        kept.write_text(json.dumps(state))


def _draw_parts(jobs: list[tuple[Path, People, People, bool]]) -> Iterator[int]:
    """By all cores; a single one here, which takes less time than to start a process."""
    if len(jobs) == 1:
        yield _draw_part(jobs[0])
        return
    with multiprocessing.get_context("spawn").Pool(min(len(jobs), os.cpu_count() or 1)) as pool:
        yield from pool.imap_unordered(_draw_part, jobs)


def _draw_part(job: tuple[Path, People, People, bool]) -> int:
    """Draws a part of the group; returns its first seed."""
    folder, people, part, faces_only = job
    pixels, boxes, landmarks = (
        np.load(folder / f"{name}.npy", mmap_mode="r+") for name in ("pixels", "boxes", "landmarks")
    )
    for seed in range(part.first, part.first + part.count):
        for index in range(people.looks):
            drawing = draw(person(seed), look(look_seed(seed, index)))
            i = (seed - people.first) * people.looks + index
            pixels[i] = align(drawing.pixels, drawing.landmarks, CROP) if faces_only else drawing.pixels
            boxes[i], landmarks[i] = drawing.box, drawing.landmarks
    return part.first
