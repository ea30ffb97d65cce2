"""What is worn on the head: glasses, headphones, a flower, a beret, earrings. Drawn over the hair, in the head's own space."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import skia

from drawn_world.head import Head, Point
from drawn_world.pen import INK, Pen, Rgb, ellipse, ink, mix, shade, smooth, tint

GOLD: Rgb = (246, 200, 84)
_TURNS = [i * math.tau / 16 for i in range(16)]
_RIM = (-48.0, -36.0, -20.0, 0.0, 24.0, 40.0)


def draw_accessory(pen: Pen, head: Head) -> None:
    """The accessory of the look, if it is one for the head."""
    if head.look.accessory in _ACCESSORIES:
        _ACCESSORIES[head.look.accessory](pen, head)


@contextmanager
def _behind(pen: Pen, path: skia.Path) -> Iterator[None]:
    """What is drawn in this block is hidden where the path lies."""
    with pen.moved():
        pen.canvas.clipPath(path, skia.ClipOp.kDifference, True)
        yield


def _hides(head: Head, hair: float) -> skia.Path:
    """The far half of the head with `hair` on it, which hides what lies beyond; nothing in the front view."""
    out = hair - 26 * (1 - head.turned) ** 0.5
    edge = [head.rim(head.far, y, out) for y in _RIM]
    middle = head.at(0, 0, -6)[0]
    return smooth([(middle, -58), *edge, (middle, 44)])


# --- glasses ---------------------------------------------------------------------------------------------------------

_FRAMES: tuple[tuple[Rgb, float, float, float, float], ...] = (  # colour, roundness, half width and height, thickness
    ((52, 42, 56), 4.0, 19.0, 15.5, 3.6),
    ((206, 150, 58), 2.0, 18.5, 18.0, 3.2),
    ((190, 50, 66), 2.8, 19.5, 15.0, 3.8),
)


def _draw_glasses(pen: Pen, head: Head) -> None:
    colour, power, wide, high, width = _FRAMES[head.look.tint]
    dark = mix(colour, ink(colour), 0.75)
    outer: dict[int, Point] = {}
    inner: dict[int, Point] = {}
    lenses: dict[int, skia.Path] = {}
    for side in (head.far, -head.far):
        (x, _), squeeze = head.front(side * head.person.eye_spacing, 0, 3), head.squeeze(side * head.person.eye_spacing)
        half = wide * squeeze
        lenses[side] = smooth(
            [(x + half * _power(math.cos(a), power), 1.5 + high * _power(math.sin(a), power)) for a in _TURNS]
        )
        outer[side], inner[side] = (x + side * half, -4.0), (x - side * half, -3.0)
    for side in (-1, 1):
        x, y = outer[side]
        ear = head.ear(side)
        if (ear[0] - x) * side > 1:
            temple = smooth([(x, y), ((x + ear[0]) / 2, -6.5), (ear[0], -6.0)], closed=False)
            pen.line(temple, dark, width + 1.6)
            pen.line(temple, colour, width - 0.6)
    bridge = smooth([inner[-1], head.front(0, -7, 8), inner[1]], closed=False)
    for lens in lenses.values():
        pen.fill(lens, (226, 240, 255), 0.1)
        with pen.inside(lens):
            left = lens.getBounds().left()
            for start, broad in ((6.0, 7.0), (17.0, 3.0)):
                glare = [
                    (left + start + 10, -20),
                    (left + start + 10 + broad, -20),
                    (left + start - 8 + broad, 22),
                    (left + start - 8, 22),
                ]
                pen.fill(skia.Path.Polygon([skia.Point(*p) for p in glare], True), (255, 255, 255), 0.17)
    for path in (bridge, *lenses.values()):
        pen.line(path, dark, width + 1.2)
    for path in (bridge, *lenses.values()):
        pen.line(path, colour, width - 1)
    for side, lens in lenses.items():
        with pen.inside(_band(lens.getBounds().left() - 4, outer[side][0] * 0.5 + inner[side][0] * 0.5, -22, -2)):
            pen.line(lens, tint(colour, 0.45), (width - 1) * 0.5)


def _power(value: float, power: float) -> float:
    return math.copysign(abs(value) ** (2 / power), value)


def _band(left: float, right: float, top: float, bottom: float) -> skia.Path:
    return skia.Path.Rect(skia.Rect.MakeLTRB(left, top, right, bottom))


# --- headphones ------------------------------------------------------------------------------------------------------

_PHONES: tuple[tuple[Rgb, Rgb], ...] = (
    ((226, 70, 84), (252, 236, 226)),
    ((64, 124, 220), (236, 244, 255)),
    ((74, 70, 92), (250, 186, 72)),
)
_THICK = {"afro": 14, "curly": 9, "bald": -11, "buzz": -8}  # more or less hair under the band than usual


def _draw_headphones(pen: Pen, head: Head) -> None:
    colour, accent = _PHONES[head.look.tint]
    p = head.person
    wide, top = p.face_width + 9, 72 * p.hair_volume + 7 + _THICK.get(p.hair_style, 0)

    def arc(out: float) -> list[Point]:
        angles = [math.pi * i / 10 for i in range(11)]
        return [head.at(-math.cos(a) * (wide + out), -6 - math.sin(a) * (top - 6 + out), -6) for a in angles]

    with _behind(pen, head.outline()), _behind(pen, _hides(head, 20 * head.person.hair_volume)):
        band = smooth([*arc(5), *arc(-5)[::-1]])
        pen.shape(band, colour, 2.6)
        with pen.inside(band):
            pen.fill(smooth([*arc(-1), *arc(-9)[::-1]]), shade(colour, 0.3))
            pen.stroke(arc(2.5)[2:6], 3, tint(colour, 0.6))
        _draw_cup(pen, head, head.far, colour, accent)
    _draw_cup(pen, head, -head.far, colour, accent)


def _draw_cup(pen: Pen, head: Head, side: int, colour: Rgb, accent: Rgb) -> None:
    """A round cup on the ear: a flat edge from the front, a disc when the head is turned away from it."""
    seen = abs(math.sin(head.look.yaw))
    near = side != head.far
    x, y = head.person.face_width, 4.0
    for out, radius, paint in ((3.0, 19.0, shade(INK, 0.1)), (9.0, 22.0, shade(colour, 0.22)), (15.0, 19.0, colour)):
        cx = head.at(side * (x + out), y, -6)[0]
        pen.shape(ellipse(cx, y, 5 + radius * 0.86 * seen, radius), paint, 2.4)
    cx = head.at(side * (x + 16), y, -6)[0]
    disc = ellipse(cx, y, 2.6 + (10 * seen if near else 0), 11)
    pen.shape(disc, accent, 1.8)
    if near:
        with pen.inside(disc):
            pen.fill(ellipse(cx + 4 * seen, y + 5, 3 + 10 * seen, 11), shade(accent, 0.16))
    pen.stroke(
        [(cx - 2 - 12 * seen, y - 6), (cx - 1 - 9 * seen, y - 12), (cx - 3 * seen, y - 15.5)], 2.6, tint(colour, 0.7)
    )


# --- flower ----------------------------------------------------------------------------------------------------------

_PETALS: tuple[tuple[Rgb, Rgb], ...] = (
    ((252, 134, 164), (252, 214, 92)),
    ((250, 248, 244), (246, 178, 60)),
    ((150, 134, 236), (252, 226, 120)),
)


def _draw_flower(pen: Pen, head: Head) -> None:
    petal, heart = _PETALS[head.look.tint]
    x, y = head.at(42, -42, 26)
    narrow = max(0.72, 1 - 0.4 * max(0.0, math.sin(head.look.yaw)))
    leaf: Rgb = (92, 160, 104)
    with pen.moved(x, y, 8, narrow * 1.08, 1.08):
        for angle in (40, 118, -96):
            with pen.moved(0, 0, angle):
                pen.shape(smooth([(8, -5), (19, -8), (29, 0), (19, 6), (8, 5)]), leaf, 2)
                pen.stroke([(11, 0), (18, -1), (26, 0)], 1.8, shade(leaf, 0.45))
        for i in range(5):
            with pen.moved(0, 0, 72 * i - 90):
                path = smooth([(1, -3), (8, -9.5), (17, -9), (20, -3), (18, 0), (20, 3), (17, 9), (8, 9.5), (1, 3)])
                pen.shape(path, petal, 2.2)
                pen.fill(smooth([(2, -2), (8, -5), (12, 0), (8, 5), (2, 2)]), shade(petal, 0.24))
        pen.shape(ellipse(0, 0, 5.6, 5.6), heart, 2)
        pen.fill(ellipse(-1.6, -1.8, 2, 1.8), tint(heart, 0.7))


# --- beret -----------------------------------------------------------------------------------------------------------

_BERETS: tuple[Rgb, ...] = ((206, 58, 66), (62, 92, 160), (120, 92, 74))


def _draw_beret(pen: Pen, head: Head) -> None:
    colour, hair = _BERETS[head.look.tint], 12 * head.person.hair_volume
    dark, line = shade(colour, 0.28), mix(colour, ink(colour), 0.7)
    lean, _ = head.at(13, 0, -16)
    (left, _), (right, _) = head.rim(-1, -40, hair), head.rim(1, -40, hair)
    middle, _ = head.front(0, -48, 10)
    rise = 10 * (head.person.hair_volume - 1)
    low, high = -44.0, -36.0  # the band sits higher on the left
    back = [(left - 2, low + 2), (left - 9, low - 16), (left * 0.62 + lean * 0.2, -84 - rise), (lean * 0.8, -94 - rise)]
    slump = [
        (right * 0.66 + lean * 0.5, -86 - rise),
        (right + 11 + lean * 0.3, -62),
        (right + 11, high - 10),
        (right + 3, high + 3),
    ]
    crown = smooth([*back, *slump, (middle + 8, -51), (middle - 20, -54)])
    pen.shape(crown, colour, 2.6)
    with pen.inside(crown):
        pen.fill(
            smooth(
                [
                    (left - 16, low + 12),
                    (left + 6, -58),
                    (middle - 10, -67),
                    (middle + 26, -64),
                    (right - 4, -64),
                    (right + 6, -84),
                    (right + 30, -80),
                    (right + 30, high + 16),
                ]
            ),
            dark,
        )
        pen.stroke([(left + 2, -68), (left * 0.6, -80), (lean * 0.4 - 8, -87)], 5, tint(colour, 0.34))
        pen.stroke([(right + 6, -58), (right - 12, -68), (middle + 18, -70)], 2.4, line)
        pen.stroke([(left + 4, -58), (left + 20, -66), (middle - 14, -68)], 2.2, line)
    band = [
        (left - 1, low + 5),
        (left * 0.5 + middle * 0.5, -52),
        (middle, -54),
        (right * 0.5 + middle * 0.5, -48),
        (right + 1, high + 6),
    ]
    pen.line(smooth(band, closed=False), ink(colour), 9.4)
    pen.line(smooth(band, closed=False), shade(colour, 0.42), 6)
    pen.shape(
        smooth(
            [
                (lean * 0.8 - 2, -92 - rise),
                (lean * 0.8 - 1, -99 - rise),
                (lean * 0.8 + 4, -101 - rise),
                (lean * 0.8 + 4, -92 - rise),
            ]
        ),
        colour,
        2.2,
    )


# --- earrings --------------------------------------------------------------------------------------------------------

_GEMS: tuple[Rgb, ...] = ((232, 64, 88), (70, 150, 230), (88, 196, 150))


def _draw_earrings(pen: Pen, head: Head) -> None:
    with _behind(pen, head.outline()):
        _draw_earring(pen, head, head.far)
    _draw_earring(pen, head, -head.far)


def _draw_earring(pen: Pen, head: Head, side: int) -> None:
    """A gold hoop on the lobe with a drop hanging in it."""
    gem, size = _GEMS[head.look.tint], head.person.ear_size
    behind = 9 * head.turned**2 if side == head.far else 0.0
    x, y = head.at(side * (head.person.face_width + 3 - behind), 0, -4)[0], 17 * size
    hoop = ellipse(x, y + 10, 6.2, 8)
    pen.line(hoop, ink(GOLD), 5.4)
    pen.line(hoop, GOLD, 3)
    pen.stroke([(x - 6, y + 11), (x - 5, y + 5.5), (x - 1, y + 2.2)], 2, tint(GOLD, 0.8))
    pen.shape(ellipse(x, y + 1, 3.4, 3.2), GOLD, 1.8)
    drop = smooth([(x, y + 14), (x + 4.6, y + 22), (x, y + 28), (x - 4.6, y + 22)])
    pen.shape(drop, gem, 2)
    pen.fill(ellipse(x - 1.5, y + 20.5, 1.6, 2.4), tint(gem, 0.85))


Draw = Callable[[Pen, Head], None]
_ACCESSORIES: dict[str, Draw] = {
    "glasses": _draw_glasses,
    "headphones": _draw_headphones,
    "flower": _draw_flower,
    "beret": _draw_beret,
    "earrings": _draw_earrings,
}
