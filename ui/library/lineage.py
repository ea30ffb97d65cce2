"""Which of a character's pictures was made from which, as a picture one can click.

It is HTML, so it is made of ids, figures, thumbnail addresses and our own words only: nothing that people typed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from library_store.records import CharacterReferenceImage
from pipeline.values import Band
from ui.language import say
from ui.words import ORIGIN, short_likeness, tone

COLUMN, ROW, PICTURE, HEAD = 136, 72, 60, 26  # pixels; as in page.css
SIGNS: dict[Band, str] = {"same person": "✓", "another person": "✗"}  # of a likeness read against strangers
CLICKED = """
element.addEventListener('click', (event) => {
  const node = event.target.closest('[data-image]');
  if (!node) return;
  element.querySelector('[aria-pressed=true]')?.setAttribute('aria-pressed', 'false');
  node.setAttribute('aria-pressed', 'true');
  trigger('click', { image: node.dataset.image });
});
"""


@dataclass(frozen=True)
class Node:
    image: CharacterReferenceImage
    depth: int  # how many variants lie between it and the picture that all began with, itself counted
    row: int


def lay_out(images: Sequence[CharacterReferenceImage]) -> list[Node]:
    """Each picture a step to the right of the one it was made from, beginning in the row of its first variant."""
    known = {image.id for image in images}
    made_from: defaultdict[str | None, list[CharacterReferenceImage]] = defaultdict(list)
    for image in images:
        made_from[image.parent_id if image.parent_id in known else None].append(image)
    nodes: list[Node] = []
    row = 0
    waiting = [(image, 0) for image in reversed(made_from[None])]
    while waiting:
        image, depth = waiting.pop()
        nodes.append(Node(image, depth, row))
        variants = made_from[image.id]
        waiting += [(variant, depth + 1) for variant in reversed(variants)]
        if not variants:
            row += 1
    return nodes


def draw_lineage(images: Sequence[CharacterReferenceImage], thumbnails: Mapping[str, str], viewed: str) -> str:
    """HTML: a button a picture, and a line to each from the one it was made from. `thumbnails`: paths by image id."""
    if not images:
        return ""
    nodes = lay_out(images)
    places = {node.image.id: node for node in nodes}
    deepest = max(node.depth for node in nodes)
    width, height = (deepest + 1) * COLUMN, HEAD + (max(node.row for node in nodes) + 1) * ROW
    lines = "".join(_line(places[node.image.parent_id], node) for node in nodes if node.image.parent_id in places)
    heads = "".join(
        f'<span class="lineage-head" style="left:{depth * COLUMN}px">{escape(_head(depth))}</span>'
        for depth in range(deepest + 1)
    )
    buttons = "".join(_button(node, thumbnails.get(node.image.id), node.image.id == viewed) for node in nodes)
    return (
        f'<div class="lineage"><div style="width:{width}px;height:{height}px">'
        f'<svg width="{width}" height="{height}" aria-hidden="true">{lines}</svg>{heads}{buttons}</div></div>'
    )


def _head(depth: int) -> str:
    return say("Made first") if depth == 0 else say("Variants") if depth == 1 else say("Depth {depth}", depth=depth)


def _line(parent: Node, child: Node) -> str:
    x, y = parent.depth * COLUMN + PICTURE, HEAD + parent.row * ROW + PICTURE // 2
    to_x, to_y = child.depth * COLUMN, HEAD + child.row * ROW + PICTURE // 2
    # Along the parent's row first, past the figure beside it; then down to the child.
    bend = to_x - 20
    return f'<path d="M{x} {y} H{bend} C{to_x - 8} {y} {bend} {to_y} {to_x} {to_y}"/>'


def _button(node: Node, thumbnail: str | None, viewed: bool) -> str:
    likeness = node.image.likeness
    if likeness is None:
        figure, heard = "", ""
    elif likeness.similarity is None:
        figure, heard = "–", say("likeness not measured")
    elif likeness.against:
        figure, heard = SIGNS.get(likeness.band, "?"), short_likeness(likeness)
    else:
        figure, heard = f"{likeness.similarity:.2f}", say("similarity {figure}", figure=f"{likeness.similarity:.2f}")
    named = ", ".join(
        part for part in (say(ORIGIN[node.image.source]), say("depth {depth}", depth=node.depth), heard) if part
    )
    picture = f'<img src="gradio_api/file={quote(thumbnail)}" alt="" loading="lazy">' if thumbnail else ""
    return (
        f'<button type="button" data-image="{escape(node.image.id)}" aria-pressed="{str(viewed).lower()}" '
        f'aria-label="{escape(named)}" class="{tone(likeness)}" '
        f'style="left:{node.depth * COLUMN}px;top:{HEAD + node.row * ROW}px">{picture}<b>{figure}</b></button>'
    )
