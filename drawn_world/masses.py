"""Hair as a few plain masses: what hands draw that do not draw locks (hair.py). Every style and fringe can still be told."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from drawn_world.head import Head, Point
from drawn_world.pen import Pen, Rgb, ellipse, mix, polygon, shade, smooth

_SIDES = (-1, 1)
_LOOSE = {"bob": (14.0, 56.0), "long straight": (11.0, 150.0), "long wavy": (19.0, 140.0), "hime": (9.0, 152.0)}  # out, low
_SHAVED = ("bald", "buzz", "mohawk", "undercut")
_BUSHY = {"curly": (15.0, 12.0, 46.0), "afro": (27.0, 11.0, 22.0)}  # out, radius of a curl, low
# The lower edge on the forehead, from the left of the picture to the right, x in widths of the face.
_FRINGES: dict[str, list[Point]] = {
    "straight": [(-0.97, -6), (-0.6, -17), (0, -19), (0.6, -17), (0.97, -6)],
    "swept left": [(-0.97, 2), (-0.7, -8), (-0.1, -26), (0.5, -40), (0.97, -14)],
    "swept right": [(-0.97, -14), (-0.5, -40), (0.1, -26), (0.7, -8), (0.97, 2)],
    "parted": [(-0.97, -4), (-0.75, -18), (-0.3, -36), (0, -53), (0.3, -36), (0.75, -18), (0.97, -4)],
    "curtain": [(-1.0, 22), (-0.86, -4), (-0.4, -28), (0, -48), (0.4, -28), (0.86, -4), (1.0, 22)],
    "choppy": [(-0.97, -6), (-0.72, -26), (-0.56, -9), (-0.3, -30), (-0.1, -10), (0.14, -30), (0.36, -9), (0.62, -28), (0.97, -6)],
    "none": [(-0.97, -12), (-0.8, -34), (-0.4, -47), (0, -50), (0.4, -47), (0.8, -34), (0.97, -12)],
}  # fmt: skip


def draw_back_masses(pen: Pen, head: Head) -> None:
    """What hangs behind the neck."""
    p, style, behind = head.person, head.person.hair_style, _behind(pen, head)
    tall = p.hair_volume
    if style in _LOOSE:
        out, low = _LOOSE[style]
        wave = 7.0 if style == "long wavy" else 0.0
        sides = {s: [_side(head, s, y, out + wave * math.sin(y * 0.09)) for y in range(-20, round(low) + 1, 12)] for s in _SIDES}
        pen.shape(smooth([*sides[1][::-1], *_dome(head, out, _top(head)), *sides[-1]]), behind)
    elif style in _BUSHY:
        out, radius, low = _BUSHY[style]
        _draw_curls(pen, head, behind, out, radius, low)
    elif style == "ponytail":
        x, y = head.at(8, _top(head) + 12, -52)
        turn = -head.far * head.turned or 1.0
        tail = [(x, y), (x + turn * 34, y - 6), (x + turn * 56, y + 46), (x + turn * 44, y + 132), (x + turn * 30, y + 60)]
        pen.shape(smooth(tail), behind)
    elif style == "twin tails":
        for side in _SIDES:
            x, _ = head.rim(side, -30, 6)
            pen.shape(smooth([(x, -42), (x + side * 26, -50), (x + side * 38, 10), (x + side * 22, 92), (x + side * 10, 20)]), behind)
    elif style == "bun":
        pen.shape(ellipse(*head.at(0, -94 + 14 * (tall - 1), -14), 22 * tall, 20 * tall), behind)
    elif style == "dreadlocks":
        for i in range(7):
            x = -54 + 18 * i
            pen.shape(smooth(_bar(head.at(x * 0.9, -10, -20), (head.at(x * 1.15, 0, -20)[0], 78 + 12 * (i % 2)), 6.5)), behind)
    if style not in _SHAVED and style not in _BUSHY and style not in _LOOSE:
        nape = [_side(head, s, y, 3) for s, ys in ((1, (24, 4, -18)), (-1, (-18, 4, 24))) for y in ys]
        pen.shape(smooth([*nape[:3], *_dome(head, 4, _top(head) + 4), *nape[3:], head.at(0, 36, -30)]), behind)


def draw_front_masses(pen: Pen, head: Head) -> None:
    """The cap with its fringe, and what lies before the shoulders."""
    p, style = head.person, head.person.hair_style
    if style == "bald":
        return
    if style == "mohawk":
        crest = [(0.0, -46.0), (0.34, -60.0), (0.22, -104.0), (-0.2, -108.0), (-0.36, -60.0)]
        pen.shape(smooth([head.at(x * p.face_width, y, 18) for x, y in crest]), p.hair_colour)
        return
    for side in (head.far, -head.far):
        _draw_beside(pen, head, side)
    if style in _BUSHY:
        out, radius, _ = _BUSHY[style]
        _draw_curls(pen, head, p.hair_colour, out, radius, -14, fringe=True)
        return
    out, top = {"buzz": (2.0, -64.0), "undercut": (2.0, _top(head) - 14), "pixie": (5.0, _top(head)), "slicked back": (3.0, _top(head) + 4)}.get(style, (7.0, _top(head)))
    over = _dome(head, out, top) if style != "spiky" else _spikes(head, out, top)
    fringe = "none" if style in ("slicked back", "buzz") else p.fringe
    row = [head.front(x * p.face_width, min(y, -26) if style == "undercut" else y, 4) for x, y in _FRINGES[fringe]]
    colour = mix(p.skin, p.hair_colour, 0.7) if style == "buzz" else p.hair_colour
    angular = style == "spiky" or fringe in ("choppy", "straight")
    cap = polygon([*over, *row]) if style == "spiky" else smooth([again for point in (*over[1:-1], *row) for again in ([point, point] if angular and point in row else [point])])
    pen.shape(cap, colour)
    if head.hand.hair != "mass":
        _draw_shine(pen, head, top)
    if style == "slicked back":
        for x in (-0.5, -0.15, 0.2, 0.55):
            pen.stroke([head.front(x * p.face_width, -47, 4), head.at(x * 40, -58, 40), head.at(x * 30, top + 6, 20)], 2.0, shade(colour, 0.5))
    if style == "space buns":
        for side in _SIDES:
            pen.shape(ellipse(*head.at(side * 42, -72 * p.hair_volume, -8), 19 * p.hair_volume, 18 * p.hair_volume), colour)


def _behind(pen: Pen, head: Head) -> Rgb:
    """Its colour in the shadow of the head."""
    return head.person.hair_colour if pen.nib.flat and pen.nib.outlined else shade(head.person.hair_colour, 0.2)


def _top(head: Head) -> float:
    return -73 - 70 * (head.person.hair_volume - 1)


def _side(head: Head, side: int, y: float, out: float) -> Point:
    """Beside the head, straight down from the temple."""
    bulge = 0 if side == head.far else 10 * head.turned
    return head.rim(side, -18, out + bulge)[0], y


def _dome(head: Head, out: float, top: float) -> list[Point]:
    """Over the skull, from the right of the picture to the left."""
    peak = head.at(0, 0, -12)[0]
    edge = {side: _side(head, side, 0, out)[0] for side in _SIDES}
    points = []
    for i in range(9):
        cos, sin = math.cos(math.pi * i / 8), math.sin(math.pi * i / 8)
        points.append((peak + (edge[1 if cos > 0 else -1] - peak) * abs(cos), -14 + (top + 14) * sin))
    return points


def _spikes(head: Head, out: float, top: float) -> list[Point]:
    """As the dome, in teeth."""
    inner, outer = _dome(head, out - 2, top + 6), _dome(head, out + 20, top - 24)
    points = [inner[0]]
    for i in range(8):
        points += [((outer[i][0] + outer[i + 1][0]) / 2, (outer[i][1] + outer[i + 1][1]) / 2), inner[i + 1]]
    return points


def _bar(start: Point, end: Point, half: float) -> list[Point]:
    (ax, ay), (bx, by) = start, end
    return [(ax - half, ay), (ax + half, ay), ((ax + bx) / 2 + half, (ay + by) / 2), (bx + half, by), (bx - half, by), ((ax + bx) / 2 - half, (ay + by) / 2)]


def _draw_beside(pen: Pen, head: Head, side: int) -> None:
    """Falling sides, braids and locks over the ear."""
    p, style = head.person, head.person.hair_style
    if style in _LOOSE:
        out, low = _LOOSE[style]
        low = {"bob": 46.0, "hime": 42.0}.get(style, low * 0.66)
        wave = 6.0 if style == "long wavy" else 0.0
        heights = range(-30, round(low) + 1, 12)
        outer = [_side(head, side, y, out + wave * math.sin(y * 0.09)) for y in heights]
        inner = [(head.at(side * (p.face_width - 4), y, 14)[0] if side != head.far else head.rim(side, -18, -3)[0], y) for y in heights]
        pen.shape(smooth([*outer, *((x, y) for x, y in inner[::-1])]), p.hair_colour)
    elif style == "braids" or (style == "side braid" and side == -1):
        for i in range(6):
            x, y = head.at(side * (p.face_width + 3), 30 + 17 * i, -6)
            r = (15 if style == "side braid" else 10.5) * (1 - 0.05 * i)
            pen.shape(ellipse(x, y, r, 10), p.hair_colour)
    elif style == "dreadlocks":
        for dx in (0, 13):
            x, _ = _side(head, side, 0, dx - 6)
            pen.shape(smooth(_bar((x * 0.9, -44), (x, 66 - dx), 6.5)), p.hair_colour)
    elif style == "pixie":
        x, _ = _side(head, side, 0, 2)
        pen.shape(smooth([(x, -40), (x + side * 2, -4), (x - side * 5, 22), (x - side * 9, -4)]), p.hair_colour)


def _draw_curls(pen: Pen, head: Head, colour: Rgb, out: float, radius: float, low: float, fringe: bool = False) -> None:
    """A cloud: one mass with a scalloped edge."""
    p, top = head.person, _top(head) - (0 if out < 20 else 16)
    beside = {side: [_side(head, side, y, out - 4) for y in range(round(low), -20, -16)] for side in _SIDES}
    ring = [*beside[1], *_dome(head, out - 4, top), *beside[-1][::-1]]
    row = [head.front(x * p.face_width, min(y, -16) - 4, 4) for x, y in _FRINGES[p.fringe]] if fringe else []
    body, scallops = smooth([*ring, *row]), [*_even(ring, radius * 1.5), *(_even(row, radius * 1.3) if row else [])]
    for x, y in scallops:
        pen.outline(ellipse(x, y, radius, radius), pen.nib.line(shade(colour, 0.75)), 4)
    pen.fill(body, colour)
    for x, y in scallops:
        pen.fill(ellipse(x, y, radius, radius), colour)


def _even(points: Sequence[Point], step: float) -> list[Point]:
    """Points along the line, a step apart."""
    found, left = [points[0]], step
    for (ax, ay), (bx, by) in itertools.pairwise(points):
        length = math.hypot(bx - ax, by - ay)
        while length >= left > 0:
            t = left / length
            found.append((ax + (bx - ax) * t, ay + (by - ay) * t))
            left += step
        left -= length
    return found


def _draw_shine(pen: Pen, head: Head, top: float) -> None:
    """One light, on the left of the crown."""
    points = [head.at(x, y, 36) for x, y in ((-38, -34), (-32, (top - 34) / 2 - 4), (-14, top + 14))]
    pen.stroke(points, 6.5, mix(head.person.hair_colour, (255, 252, 244), 0.4))
