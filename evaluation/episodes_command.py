"""`python -m evaluation episodes`: whether the faces of composed episodes are put together as the people they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer
from tqdm import tqdm

from evaluation.pages import RESERVED, Layout, Somebody, cast_of, compose
from evaluation.pages_command import SAME, SEED, overlaps
from pipeline.faces import InsightFaces
from pipeline.grouping import grouped
from pipeline.likeness import identity_by
from pipeline.packs import Pack, load_pack
from settings import Settings

PAGE = Layout(1200, 1700, 2, 3)
PEOPLE = 8  # of an episode
PAGES = 12


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
) -> None:
    """Pages of held-out people, each episode by one hand: pairs put together that are right, true pairs together."""
    chosen = load_pack(pack, Settings(packs=packs).pack_folders)
    if detector:
        chosen = replace(chosen, faces=replace(chosen.faces, model=detector, encoder=detector))
    finder = InsightFaces.load_judging(chosen)
    drawn_by = {"the drawn world's own hand": [0] * count, "reserved hands": list(RESERVED[:count])}
    for who, hands in drawn_by.items():
        pairs = [pairs_of(number, hand, chosen, finder) for number, hand in enumerate(tqdm(hands, who, leave=False))]
        typer.echo(f"{who}: {line_of(pairs)}")


def pairs_of(number: int, hand: int, pack: Pack, finder: InsightFaces) -> Pairs:
    rng, cast = np.random.default_rng([SEED, hand, number]), cast_of(hand, PEOPLE, number)
    who, embeddings, faces = list[Somebody](), list[npt.NDArray[np.float32]](), 0
    for _ in range(PAGES):
        page = compose(PAGE, lambda: cast[int(rng.integers(len(cast)))], rng)
        faces += len(page.who)
        for face in finder.seen_several_ways(page.picture, finder.faces(page.picture)):
            same = overlaps(np.array([face.box], np.float32), page.boxes)[0]
            identity = identity_by(pack.judge_encoder, face.identities)
            if identity and len(same) and same.max() > SAME:
                who.append(page.who[int(same.argmax())])
                embeddings.append(identity.embedding)
    groups = grouped(np.array(embeddings, np.float32), pack.decider())
    return replace(counted(groups, who), faces=faces)


def counted(groups: Sequence[Sequence[int]], who: Sequence[Somebody]) -> Pairs:
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
