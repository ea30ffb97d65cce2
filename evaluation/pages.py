"""Pages as creators bring them, composed of drawn people on whom nothing was trained, with the truth of every face.

Strips, character sheets and pages of panels; beside the people they have scenery, speech balloons and gutters, and
some have these alone. With drawn.py the only file of the evaluation that imports `drawn_world`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from drawn_world.hand import PLAIN, RESERVED
from drawn_world.people import HELD_OUT, look_seed

SMALLEST = 64  # pixels of a face's longer side from which on it has to be found
LARGEST = 420
_PEOPLE_OF_HANDS = 2_000_000  # as training draws them: nobody is drawn by two hands
_SEEDS_OF_A_HAND = 1000
_GUTTER = 24

Kind = str  # one of KINDS


@dataclass(frozen=True)
class Somebody:
    """A drawn person: whose hand draws them (0: the drawn world's own), and their seed."""

    hand: int
    seed: int


@dataclass(frozen=True, eq=False)
class Page:
    """A composed page and its truth."""

    picture: Image.Image
    boxes: npt.NDArray[np.float32]  # (n, 4) left, top, right, bottom of each face
    who: tuple[Somebody, ...]  # whom each shows


@dataclass(frozen=True)
class Layout:
    """The size of a page, and how many panels lie beside each other and below."""

    width: int
    height: int
    across: int
    down: int

    def panels(self) -> Iterator[tuple[int, int, int, int]]:
        """Left, top, width and height of each."""
        width, height = self.width // self.across, self.height // self.down
        for row in range(self.down):
            for column in range(self.across):
                yield (
                    column * width + _GUTTER // 2,
                    row * height + _GUTTER // 2,
                    width - _GUTTER,
                    height - _GUTTER,
                )


KINDS: dict[Kind, Layout] = {
    "strip": Layout(800, 12_000, 1, 12),
    "long strip": Layout(800, 40_000, 1, 40),
    "sheet": Layout(6000, 4000, 4, 3),
    "50 megapixels": Layout(8600, 5800, 6, 4),
    "page": Layout(1200, 1700, 2, 3),
    "scan": Layout(2480, 3508, 2, 4),
}


def somebody(rng: np.random.Generator) -> Somebody:
    """One of the held-out people: three in four by a reserved hand, the others by the drawn world's own."""
    if rng.random() < 0.25:
        return Somebody(0, HELD_OUT.first + int(rng.integers(HELD_OUT.count)))
    hand = int(rng.integers(RESERVED.start, RESERVED.stop))
    return Somebody(hand, _PEOPLE_OF_HANDS + hand * _SEEDS_OF_A_HAND + int(rng.integers(12)))


def cast_of(hand: int, count: int, number: int = 0) -> tuple[Somebody, ...]:
    """People by one hand of whom no two are twins: each differs from each in two visible features at least. Another
    `number`: other people, for the drawn world's own hand."""
    from drawn_world.hand import hand as hand_of
    from drawn_world.hand import visible_features
    from drawn_world.world import person

    artist = hand_of(hand) if hand else PLAIN
    first = _PEOPLE_OF_HANDS + hand * _SEEDS_OF_A_HAND if hand else HELD_OUT.first + 5 * count * number
    chosen = list[tuple[Somebody, tuple[int, ...]]]()
    for seed in range(first, first + _SEEDS_OF_A_HAND):
        features = visible_features(person(seed), artist)
        if all(sum(a != b for a, b in zip(features, other, strict=True)) > 1 for _, other in chosen):
            chosen.append((Somebody(hand, seed), features))
        if len(chosen) == count:
            break
    return tuple(somebody for somebody, _ in chosen)


def compose(
    layout: Layout, cast: Callable[[], Somebody] | None, rng: np.random.Generator, sizes: Sequence[int] = ()
) -> Page:
    """A page with one of the `cast` in most panels; None: scenery alone. Faces are as large as the panels allow, or of
    `sizes`, in turn."""
    picture = Image.new("RGB", (layout.width, layout.height), "white")
    boxes, who = list[npt.NDArray[np.float32]](), list[Somebody]()
    for number, (left, top, width, height) in enumerate(layout.panels()):
        picture.paste(_scenery(rng).resize((width, height)), (left, top))
        if cast and rng.random() < 0.85:
            size = sizes[number % len(sizes)] if sizes else None
            box, shown = _set_in(picture, (left, top, width, height), cast(), rng, size)
            boxes.append(box)
            who.append(shown)
        _balloon(picture, (left, top, width, height), rng)
    return Page(picture, np.reshape(boxes, (-1, 4)).astype(np.float32), tuple(who))


def _set_in(
    picture: Image.Image,
    panel: tuple[int, int, int, int],
    shown: Somebody,
    rng: np.random.Generator,
    size: int | None,
) -> tuple[npt.NDArray[np.float32], Somebody]:
    """Draws somebody into the lower part of a panel."""
    from drawn_world.artist import draw
    from drawn_world.hand import hand
    from drawn_world.world import look, person

    seen = look(look_seed(shown.seed, int(rng.integers(90))))
    drawing = draw(person(shown.seed), seen, hand(shown.hand) if shown.hand else PLAIN)
    left, top, width, height = panel
    face = float(max(drawing.box[2:] - drawing.box[:2]))
    most = min(width, height) / 256  # of the bust's scale, so that it fits
    smallest, largest = SMALLEST / face, min(most, LARGEST / face)
    by_lot = math.exp(rng.uniform(math.log(smallest), math.log(max(smallest, largest))))
    scale = min(most, size / face if size else by_lot)
    side = round(256 * scale)
    x, y = left + int(rng.integers(width - side + 1)), top + height - side
    bust = Image.fromarray(drawing.pixels)
    picture.paste(bust.resize((side, side), Image.Resampling.LANCZOS), (x, y))
    return drawing.box * (side / 256) + np.array([x, y, x, y], np.float32), shown


def _scenery(rng: np.random.Generator) -> Image.Image:
    from drawn_world.artist import draw_scenery
    from drawn_world.hand import hand
    from drawn_world.world import look

    by = PLAIN if rng.random() < 0.5 else hand(int(rng.integers(RESERVED.start, RESERVED.stop)))
    return Image.fromarray(draw_scenery(look(int(rng.integers(10**6))), by))


def _balloon(picture: Image.Image, panel: tuple[int, int, int, int], rng: np.random.Generator) -> None:
    """What is said, in the upper part of the panel."""
    left, top, width, height = panel
    pen, letters = ImageDraw.Draw(picture), max(14, min(width, height) // 22)
    words = [
        str(rng.choice(("Wait!", "Really?", "It is me.", "After school", "ha ha", "...", "Go!"))) for _ in range(3)
    ]
    x, y = left + int(rng.integers(max(1, width - 9 * letters))), top + letters // 2
    pen.ellipse((x, y, x + 8 * letters, y + 5 * letters), fill="white", outline="black", width=max(2, letters // 9))
    font = ImageFont.load_default(letters)
    pen.multiline_text((x + 2 * letters, y + letters), "\n".join(words), "black", font, align="center")
