"""`python -m evaluation pages`: how many faces are found on whole pages, and how many that are none."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer
from tqdm import tqdm

from evaluation.pages import KINDS, Page, compose, somebody
from pipeline.faces import InsightFaces
from pipeline.packs import load_pack
from settings import Settings

SEED = 14  # other pages than those that the detector's lines were chosen on
SAME = 0.4  # of two boxes: the intersection's share of the union


@dataclass(frozen=True)
class Count:
    """What was found on a page."""

    kind: str
    faces: int
    found: int
    false: int
    seconds: float


def pages_of(
    pack: Annotated[str, typer.Option(help="Whose detector looks.")] = "paperdoll",
    packs: Annotated[Path | None, typer.Option(help="A folder of your own packs, looked in first.")] = None,
    detector: Annotated[str | None, typer.Option(help="Another face model in its place: judges/drawn.")] = None,
    count: Annotated[int, typer.Option(min=1, help="Pages of each kind with people, and as many without.")] = 10,
) -> None:
    """Strips, sheets and pages of held-out people by many hands: which faces are found, and what is taken for one."""
    chosen = load_pack(pack, Settings(packs=packs).pack_folders)
    if detector:
        chosen = replace(chosen, faces=replace(chosen.faces, model=detector, encoder=detector))
    finder = InsightFaces.load_judging(chosen)
    for kind in KINDS:
        counts = [counted(kind, page, finder) for page in tqdm(_pages(kind, count), kind, 2 * count, False)]
        typer.echo(line_of(kind, counts))


def counted(kind: str, page: Page, finder: InsightFaces) -> Count:
    began = time.perf_counter()
    picture, faces = finder.faces_upright(page.picture)
    seconds = time.perf_counter() - began
    boxes = np.empty((len(faces), 4), np.float32)
    boxes[:] = [face.box for face in faces] or boxes
    same = (
        overlaps(boxes, page.boxes) > SAME
        if picture.size == page.picture.size
        else np.zeros((len(faces), len(page.boxes)), bool)
    )
    return Count(kind, len(page.boxes), int(same.any(0).sum()), int((~same.any(1)).sum()), seconds)


def overlaps(boxes: npt.NDArray[np.float32], others: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Each one's intersection with each other as a share of their union."""
    sides = np.minimum(boxes[:, None, 2:], others[None, :, 2:]) - np.maximum(boxes[:, None, :2], others[None, :, :2])
    both = np.maximum(sides, 0).prod(-1)
    one, two = ((each[:, 2:] - each[:, :2]).prod(-1) for each in (boxes, others))
    return both / (one[:, None] + two[None] - both)


def line_of(kind: str, counts: list[Count]) -> str:
    layout, empty = KINDS[kind], [count for count in counts if not count.faces]
    faces, found = sum(count.faces for count in counts), sum(count.found for count in counts)
    beside = sum(count.false for count in counts if count.faces)
    return (
        f"{kind} ({layout.width} x {layout.height}): {found} of {faces} faces found ({100 * found / faces:.1f} %), "
        f"{beside} false ones beside them; {sum(count.false > 0 for count in empty)} of {len(empty)} pages without "
        f"people have one; {np.median([count.seconds for count in counts]):.1f} s a page"
    )


def _pages(kind: str, count: int) -> Iterator[Page]:
    for number in range(count):
        rng = np.random.default_rng([SEED, list(KINDS).index(kind), number])
        yield compose(KINDS[kind], lambda rng=rng: somebody(rng), rng)
        yield compose(KINDS[kind], None, rng)
