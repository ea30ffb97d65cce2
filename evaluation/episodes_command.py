"""`python -m evaluation episodes`: whether the faces of composed episodes are put together as the people they show."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer
from PIL import Image
from tqdm import tqdm

from evaluation.pages import RESERVED, Layout, cast_of, compose
from evaluation.pages_command import SAME, SEED, overlaps
from evaluation.portraits import Portraits
from pipeline.faces import InsightFaces
from pipeline.grouping import grouped
from pipeline.likeness import identity_by
from pipeline.packs import Pack, load_pack
from settings import Settings

PAGE = Layout(1200, 1700, 2, 3)
PEOPLE = 8  # of an episode
PAGES = 12

Page = tuple[Image.Image, npt.NDArray[np.float32], Sequence[Hashable]]  # with boxes (n, 4) of faces, and whose each is


@dataclass(frozen=True)
class Pairs:
    """Of faces of one episode."""

    together: int  # put together
    right: int  # of these
    true: int  # of one person
    found: int  # faces
    faces: int


def episodes_of(
    pack: Annotated[str, typer.Option(help="Whose detector and judge look.")] = "paperdoll",
    packs: Annotated[Path | None, typer.Option(help="A folder of your own packs, looked in first.")] = None,
    detector: Annotated[str | None, typer.Option(help="Another face model in its place: judges/drawn.")] = None,
    count: Annotated[int, typer.Option(min=1, help="Episodes by the drawn world's own hand, and by others.")] = 5,
    portraits: Annotated[
        list[Path] | None,
        typer.Option(help="Instead: so many episodes of portraits by each hand of a folder; several."),
    ] = None,
) -> None:
    """Pages of held-out people, each episode by one hand: pairs put together that are right, true pairs together."""
    chosen = load_pack(pack, Settings(packs=packs).pack_folders)
    if detector:
        chosen = replace(chosen, faces=replace(chosen.faces, model=detector, encoder=detector))
    finder = InsightFaces.load_judging(chosen)
    if portraits:
        for name, pairs in _of_portraits([Portraits.load(folder) for folder in portraits], count, chosen, finder):
            typer.echo(f"{name}: {line_of(pairs)}")
        return
    drawn_by = {"the drawn world's own hand": [0] * count, "reserved hands": list(RESERVED[:count])}
    for who, hands in drawn_by.items():
        pairs = [pairs_of(number, hand, chosen, finder) for number, hand in enumerate(tqdm(hands, who, leave=False))]
        typer.echo(f"{who}: {line_of(pairs)}")


def _of_portraits(
    folders: Sequence[Portraits], count: int, pack: Pack, finder: InsightFaces
) -> Iterator[tuple[str, list[Pairs]]]:
    """By each hand; of the people of an episode every look is a page."""
    for shown in folders:
        for index, name in enumerate(shown.hands):
            people = np.random.default_rng(SEED).permutation(np.flatnonzero(shown.hand == index))
            casts = [people[i * PEOPLE : (i + 1) * PEOPLE] for i in range(count)]
            pages = [np.flatnonzero(np.isin(shown.person, cast)) for cast in casts if len(cast)]
            yield name, [_pairs_of_portraits(shown, rows, pack, finder) for rows in tqdm(pages, name, leave=False)]


def _pairs_of_portraits(shown: Portraits, rows: npt.NDArray[np.intp], pack: Pack, finder: InsightFaces) -> Pairs:
    pages = ((Image.fromarray(shown.pixels[i]), shown.boxes[i : i + 1], [int(shown.person[i])]) for i in rows)
    return _pairs(pages, pack, finder)


def pairs_of(number: int, hand: int, pack: Pack, finder: InsightFaces) -> Pairs:
    rng, cast = np.random.default_rng([SEED, hand, number]), cast_of(hand, PEOPLE, number)
    pages = (compose(PAGE, lambda: cast[int(rng.integers(len(cast)))], rng) for _ in range(PAGES))
    return _pairs(((page.picture, page.boxes, page.who) for page in pages), pack, finder)


def _pairs(pages: Iterable[Page], pack: Pack, finder: InsightFaces) -> Pairs:
    who, embeddings, faces = list[Hashable](), list[npt.NDArray[np.float32]](), 0
    for picture, boxes, shown in pages:
        faces += len(shown)
        for face in finder.seen_several_ways(picture, finder.faces(picture)):
            same = overlaps(np.array([face.box], np.float32), boxes)[0]
            identity = identity_by(pack.judge_encoder, face.identities)
            if identity and len(same) and same.max() > SAME:
                who.append(shown[int(same.argmax())])
                embeddings.append(identity.embedding)
    groups = grouped(np.array(embeddings, np.float32), pack.decider())
    return replace(counted(groups, who), faces=faces)


def counted(groups: Sequence[Sequence[int]], who: Sequence[Hashable]) -> Pairs:
    """`who`: whom each face shows."""
    group = {number: label for label, numbers in enumerate(groups) for number in numbers}
    pairs = [(i, j) for i in range(len(who)) for j in range(i)]
    together = [(i, j) for i, j in pairs if group[i] == group[j]]
    right = sum(who[i] == who[j] for i, j in together)
    return Pairs(len(together), right, sum(who[i] == who[j] for i, j in pairs), len(who), len(who))


def line_of(pairs: Sequence[Pairs]) -> str:
    together, right, true = (sum(getattr(each, name) for each in pairs) for name in ("together", "right", "true"))
    found, faces = sum(each.found for each in pairs), sum(each.faces for each in pairs)
    return (
        f"{len(pairs)} episodes, {found} of {faces} faces found; of {together} pairs put together "
        f"{100 * right / max(together, 1):.1f} % are right; of {true} true pairs {100 * right / max(true, 1):.1f} % "
        "are together"
    )
