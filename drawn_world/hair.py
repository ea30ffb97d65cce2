"""Hair: what hangs behind the head, and what lies on the forehead and beside the face.

Every style is a silhouette of pointed locks around the skull. Hairline and fringe are rows of points on the front of the head,
in fractions of the width of the face, from the left of the picture to the right; they are the person's own and never mirrored.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import skia

from drawn_world.head import Head, Point
from drawn_world.masses import draw_back_masses, draw_front_masses
from drawn_world.pen import Pen, Rgb, ellipse, ink, mix, shade, smooth, tint

_Curl = tuple[float, float, float]  # where it is, and its radius
Drawn = Callable[[Pen, Head], None]

_TIE: Rgb = (214, 74, 92)
_CAST: Rgb = (96, 30, 62)  # what hair casts on skin, let through
_SIDES = (-1, 1)

# Valley, tip, valley, tip, ..., valley: a lock hangs between two valleys and ends in a tip.
_FRINGES: dict[str, list[Point]] = {
    "straight": [(-0.92, -25), (-0.8, -10), (-0.62, -19), (-0.46, -12), (-0.3, -18), (-0.1, -12), (0.04, -18), (0.24, -12), (0.38, -18), (0.54, -11), (0.66, -19), (0.8, -10), (0.92, -25)],
    "swept left": [(-0.92, -22), (-0.9, 6), (-0.66, -14), (-0.6, -3), (-0.3, -21), (-0.26, -11), (0.1, -34), (0.1, -24), (0.5, -55), (0.92, -8), (0.93, -24)],
    "swept right": [(-0.93, -24), (-0.92, -8), (-0.5, -55), (-0.1, -24), (-0.1, -34), (0.26, -11), (0.3, -21), (0.6, -3), (0.66, -14), (0.9, 6), (0.92, -22)],
    "parted": [(-0.93, -22), (-0.88, -4), (-0.72, -22), (-0.62, -15), (0, -56), (0.62, -15), (0.72, -22), (0.88, -4), (0.93, -22)],
    "curtain": [(-0.95, -16), (-0.98, 20), (-0.78, -8), (-0.74, 4), (-0.5, -20), (-0.42, -15), (0.02, -50), (0.42, -15), (0.5, -20), (0.74, 4), (0.78, -8), (0.98, 20), (0.95, -16)],
    "choppy": [(-0.92, -22), (-0.86, -2), (-0.66, -30), (-0.42, -7), (-0.34, -32), (-0.06, -9), (0.04, -37), (0.2, -13), (0.34, -33), (0.54, -6), (0.64, -30), (0.84, -3), (0.92, -22)],
    "none": [(-0.92, -20), (-0.84, -34), (-0.7, -40), (-0.36, -49), (0, -50), (0.36, -49), (0.7, -40), (0.84, -34), (0.92, -20)],
}  # fmt: skip
_SHAVED = {"bald": 0.0, "buzz": 0.8, "mohawk": 0.16, "undercut": 0.8}  # how much of the hair's colour is on the skull
_TIGHT = ("ponytail", "twin tails", "braids", "bun", "space buns", "side braid", "slicked back", "mohawk")
_PARTINGS = {"swept left": 0.5, "swept right": -0.5, "choppy": 0.2}


@dataclass(frozen=True)
class _Tones:
    """The colours of one head of hair."""

    base: Rgb
    dark: Rgb
    deep: Rgb
    gloss: Rgb
    line: Rgb


def _tones(head: Head) -> _Tones:
    base = head.person.hair_colour
    dark = _dimmed(base)
    luminance = (0.3 * base[0] + 0.59 * base[1] + 0.11 * base[2]) / 255
    gloss = mix(base, (214, 212, 240) if luminance < 0.3 else (255, 252, 240), 0.34 + 0.3 * luminance)
    line = ink(base)
    return {
        "lit": _Tones(base, dark, _dimmed(dark), gloss, line),
        "mass": _Tones(base, base, base, base, line),
        "two tones": _Tones(base, dark, dark, base, line),
        "sheen": _Tones(base, base, dark, gloss, line),
        "strands": _Tones(base, base, mix(base, line, 0.75), base, line),
    }[head.hand.hair]


def _dimmed(colour: Rgb) -> Rgb:
    """In shadow: darker, the green first, so that light hair turns lilac and no hue is lost."""
    return round(colour[0] * 0.76), round(colour[1] * 0.71), round(colour[2] * 0.81)


def draw_back_hair(pen: Pen, head: Head) -> None:
    """Everything behind the neck and shoulders."""
    if head.hand.masses:
        draw_back_masses(pen, head)
        return
    if head.person.hair_style in _SHAVED:
        stubble = _SHAVED[head.person.hair_style]
        pen.shape(_skull(head), mix(head.person.skin, head.person.hair_colour, stubble))
    _BACK.get(head.person.hair_style, _draw_nape)(pen, head)


def draw_front_hair(pen: Pen, head: Head) -> None:
    """The cap, its shine, the fringe and the locks beside the face."""
    if head.hand.masses:
        draw_front_masses(pen, head)
        return
    _FRONT.get(head.person.hair_style, _draw_cap)(pen, head)


# --- places ---------------------------------------------------------------------------------------------------------


def _out(head: Head) -> float:
    """How far the hair stands off the skull."""
    return (10 if head.person.hair_style in _FALLS else 7) + 40 * (head.person.hair_volume - 1)


def _top(head: Head) -> float:
    """Where the crown ends: lower under hair that is pulled tight."""
    return (-70 if head.person.hair_style in _TIGHT else -75) - 70 * (head.person.hair_volume - 1)


@lru_cache(maxsize=16)
def _temple(head: Head, side: int) -> float:
    """The edge of the skull at its widest."""
    return head.rim(side, -18)[0]


def _on(head: Head, x: float, y: float, lift: float = 5) -> Point:
    """On the front of the head, x in widths of the face; what lies round the far edge is seen at that edge."""
    px, _ = head.front(x * head.person.face_width, y, lift)
    if x * head.far <= 0:
        return px, y
    cos, sin = math.cos(head.look.yaw), abs(math.sin(head.look.yaw))
    half, deep = head.half_width(y), head.depth(y)
    a, b = (half * cos) ** 1.625, (deep * sin) ** 1.625
    edge = abs(head.rim(head.far, y, lift * 0.5)[0])
    if abs(x) * head.person.face_width >= half * (a / (a + b + 1e-9)) ** (1 / 2.6):
        px = head.far * edge
    return head.far * min(head.far * px, edge), y


def _edge(head: Head, side: int, y: float, out: float) -> Point:
    """The silhouette of hair that covers the skull and hangs on behind it; the back of the head bulges on the near side."""
    bulge = 0 if side == head.far else 9 * head.turned
    x = _temple(head, side) + side * (out + bulge)
    if y <= 20:
        return x, y
    cx, _ = head.at(0, y, -34)
    low = cx + side * math.hypot((head.person.face_width + out) * math.cos(head.look.yaw), 26 * math.sin(head.look.yaw))
    t = min(1.0, (y - 20) / 70)
    return x + (low - x) * t * t * (3 - 2 * t), y


def _beside(head: Head, side: int, y: float, z: float, out: float) -> Point:
    """Beside the face: `out` outside the temple, never before the far cheek."""
    x, _ = head.at(side * (head.person.face_width + out), y, z)
    if side == head.far:
        x = side * max(side * x, abs(_temple(head, side)) + out)
    return x, y


def _dome(head: Head, angle: float, out: float, top: float) -> Point:
    """The silhouette above the temples, by the angle from the right of the picture over the crown to the left."""
    peak, _ = head.at(0, 0, -12)
    cos, sin = math.cos(angle), math.sin(angle)
    x, _ = _edge(head, 1 if cos > 0 else -1, -18, out)
    return peak + (x - peak) * abs(cos) ** 0.92, -18 + (top + 18) * math.copysign(abs(sin) ** 0.96, sin)


def _over(head: Head, out: float, top: float, low: float) -> list[Point]:
    """The silhouette over the skull, from `low` on the right of the picture to `low` on the left."""
    left, right = ([_edge(head, side, y, out) for y in (low, (low - 20) / 2)] for side in _SIDES)
    return [*right, *(_dome(head, math.pi * i / 8, out, top) for i in range(9)), *reversed(left)]


def _skull(head: Head, out: float = 0) -> skia.Path:
    """The bare skull, with its back down to the nape."""
    near = -head.far
    back = [head.rim(near, y, out) for y in (-54.0, -42.0, -20.0, 0.0, 18.0)]
    front = [head.rim(head.far, y, out) for y in (8.0, -6.0, -18.0, -40.0, -54.0)]
    crown, _ = head.at(0, 0, -6)
    return smooth([(crown, -62 - out), *back, head.at(near * 20, 40, -34), head.at(0, 40, 0), *front])


# --- paths ----------------------------------------------------------------------------------------------------------


def _joined(*runs: Sequence[Point]) -> skia.Path:
    """A closed path of smooth runs of points that meet in corners."""
    path = smooth(runs[0], closed=False)
    for run in runs[1:]:
        path.addPath(smooth(run, closed=False), skia.Path.AddPathMode.kExtend_AddPathMode)
    path.close()
    return path


def _locks(path: skia.Path, points: Sequence[Point]) -> None:
    """Goes on from the first point over valleys and tips: both edges of a lock bend the way its tip points."""
    for i in range(1, len(points) - 1, 2):
        (lx, ly), (tx, ty), (rx, ry) = points[i - 1 : i + 2]
        lean = max(-1.0, min(1.0, (2 * tx - lx - rx) / (abs(rx - lx) + 1e-6)))
        for (vx, vy), end, inner in (((lx, ly), (tx, ty), 1), ((rx, ry), (rx, ry), -1)):
            bow = 0.17 * math.hypot(tx - vx, ty - vy)
            path.quadTo((tx + vx) / 2 - lean * bow + inner * (1 - abs(lean)) * -1.5, (ty + vy) / 2 + 0.35 * bow, *end)


def _ribbon(spine: Sequence[Point], width: float, root: float = 0.55) -> skia.Path:
    """A lock along a spine: fullest in its upper third, then tapering to its tip."""
    n = len(spine) - 1
    left: list[Point] = []
    right: list[Point] = []
    for i, (x, y) in enumerate(spine):
        (xa, ya), (xb, yb) = spine[max(i - 1, 0)], spine[min(i + 1, n)]
        length = max(math.hypot(xb - xa, yb - ya), 1e-6)
        t = i / n
        full = root + (1 - root) * min(1, t / 0.35) if t < 0.35 else 1 - ((t - 0.35) / 0.65) ** 1.7
        nx, ny = -(yb - ya) / length * width / 2 * full, (xb - xa) / length * width / 2 * full
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return _joined(left, right[::-1])


def _bend(points: Sequence[Point], n: int = 6) -> list[Point]:
    """`n` points along the smooth curve through a few."""
    last, found = len(points) - 1, []
    for i in range(n):
        k, t = divmod(i * last / (n - 1), 1)
        k = min(int(k), last)
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = (points[min(max(k + j, 0), last)] for j in (-1, 0, 1, 2))
        a, b, c, d = (
            -t * (1 - t) ** 2 / 2,
            (2 - 5 * t * t + 3 * t**3) / 2,
            (t + 4 * t * t - 3 * t**3) / 2,
            (t**3 - t * t) / 2,
        )
        found.append((a * ax + b * bx + c * cx + d * dx, a * ay + b * by + c * cy + d * dy))
    return found


def _strand(path: skia.Path, start: Point, middle: Point, end: Point, width: float) -> None:
    """Adds a thin strand, pointed at both ends and bent towards `middle`."""
    (ax, ay), (mx, my), (bx, by) = start, middle, end
    length = max(math.hypot(bx - ax, by - ay), 1e-6)
    nx, ny = -(by - ay) / length * width, (bx - ax) / length * width
    path.moveTo(ax, ay)
    path.quadTo(mx + nx, my + ny, bx, by)
    path.quadTo(mx - nx, my - ny, ax, ay)


# --- the parts of a hairdo ------------------------------------------------------------------------------------------


def _draw_lock(
    pen: Pen, tones: _Tones, spine: Sequence[Point], width: float, base: Rgb | None = None, root: float = 0.55
) -> None:
    """One lock with its right side in shadow and a strand of gloss."""
    points = _bend(spine, 5)
    path = _ribbon(points, width, root)
    pen.shape(path, tones.base if base is None else base, 1.9, tones.line)
    with pen.inside(path), pen.moved(width * 0.45, 3):
        pen.fill(path, tones.dark if base is None else tones.deep)
    lit = skia.Path()
    _strand(lit, *((x - width * 0.2, y) for x, y in points[1:4]), width=width * 0.17)
    pen.fill(lit, tones.gloss if base is None else tones.base)


def _draw_mass(
    pen: Pen,
    tones: _Tones,
    right: Sequence[Point],
    tips: Sequence[Point],
    left: Sequence[Point],
    flow: Point,
    base: Rgb | None = None,
    shadow: skia.Path | None = None,
) -> None:
    """Falling hair: down one edge, along valleys and tips at its end, up the other edge; strands run from `flow`."""
    path = smooth(right, closed=False)
    _locks(path, [right[-1], *tips, left[0]])
    path.addPath(smooth(left, closed=False), skia.Path.AddPathMode.kExtend_AddPathMode)
    path.close()
    colour, dark = (tones.base, tones.dark) if base is None else (base, tones.deep)
    pen.shape(path, colour, 2.2, tones.line)
    with pen.inside(path):
        if shadow is not None:
            pen.fill(shadow, dark)
        strands = skia.Path()
        for i, (x, y) in enumerate(tips[1::2]):
            fx, fy = flow
            _strand(
                strands,
                (fx + (x - fx) * 0.5, fy),
                (x, fy + (y - fy) * 0.45),
                (x, y),
                3.4 if i % 2 == 0 and shadow is None else 1.7,
            )
        pen.fill(strands, dark if shadow is None else tones.deep)


def _draw_cap(pen: Pen, head: Head, low: float = -12, tucked: Sequence[int] = ()) -> None:
    """One mass of hair over the skull, with the fringe of the person; on the `tucked` sides hair goes on from it beside the face."""
    over = _over(head, _out(head), _top(head), low)
    _draw_crown(
        pen,
        head,
        smooth(over, closed=False),
        over,
        _row(head, _FRINGES[head.person.fringe]),
        head.person.fringe == "none",
        tucked,
    )


def _row(head: Head, row: Sequence[Point]) -> list[Point]:
    """A row on the forehead between the ends before the ears."""
    left, right = (_on(head, s * 0.985, 9, 2) for s in _SIDES)
    return [left, *(_on(head, x, y) for x, y in row), right]


def _draw_crown(
    pen: Pen,
    head: Head,
    outline: skia.Path,
    over: Sequence[Point],
    points: Sequence[Point],
    combed: bool,
    tucked: Sequence[int] = (),
) -> None:
    """Fills between a silhouette (its path, and its points from right to left) and the row of valleys and tips below."""
    tones = _tones(head)
    row = skia.Path()
    ears = [(side * min(abs(head.ear(side)[0]) + 10, abs(x)), y) for side, (x, y) in ((-1, over[-1]), (1, over[0]))]
    if -1 in tucked:
        row.moveTo(*points[1])
    else:
        (ex, ey), (x, y) = ears[0], points[0]
        row.moveTo(ex, ey)
        row.quadTo(x + (ex - x) * 0.3, (ey + y) / 2 - 4, x, y)
        row.lineTo(*points[1])
    if combed:
        row.addPath(smooth(points[1:-1], closed=False), skia.Path.AddPathMode.kExtend_AddPathMode)
    else:
        _locks(row, points[1:-1])
    if 1 not in tucked:
        (ex, ey), (x, y) = ears[1], points[-1]
        row.lineTo(x, y)
        row.quadTo(x + (ex - x) * 0.3, (ey + y) / 2 - 4, ex, ey)
    cap = skia.Path(outline)
    cap.addPath(row, skia.Path.AddPathMode.kExtend_AddPathMode)
    cap.close()
    with pen.inside(head.outline()):
        pen.canvas.clipRect(
            skia.Rect.MakeLTRB(points[1][0] if -1 in tucked else -99, -99, points[-2][0] if 1 in tucked else 99, 99)
        )
        with pen.moved(2, 6):
            pen.fill(cap, _CAST, 0.27)
    pen.fill(cap, tones.base)
    with pen.inside(cap):
        _draw_flow(pen, head, over, points, combed)
    pen.outline(row, tones.line, 1.9)
    pen.outline(outline, tones.line, 2.4)


def _draw_flow(pen: Pen, head: Head, over: Sequence[Point], points: Sequence[Point], combed: bool) -> None:
    """What follows the hair from its parting: the shaded side of every lock, the gloss, strands."""
    tones, (rx, ry) = _tones(head), _root(head)

    def up(x: float, y: float, amount: float) -> Point:
        """From a point of the row towards the parting, over the curve of the skull."""
        return x + (rx - x) * amount**1.7, y + (ry - y) * amount

    shaded, strands = _far_from_light(head), skia.Path()
    inner = points[2:-2] if combed else points[3:-2:2]
    for i, (x, y) in enumerate(inner):
        _strand(strands, (x, y + 2), up(x, y, 0.4), up(x, y, 0.82), 1.7 if i % 2 == 0 else 1.1)
    if not combed:
        for (x, y), (vx, vy) in zip(points[2:-2:2], points[3:-1:2], strict=True):
            shaded.moveTo(x, y)
            shaded.quadTo(*up(x, y, 0.3), *up(vx, vy, 0.5))
            shaded.lineTo(vx, vy - 1)
            shaded.lineTo(vx, vy + 3)
    for (x, y), (ex, ey) in ((points[1], over[-1]), (points[-2], over[0])):
        for part in (0.3, 0.66):
            sx, sy = x + (ex - x) * part, y + (ey - y) * part + 6
            _strand(strands, (sx, sy), up(sx, sy - 8, 0.4), up(sx, sy, 0.8), 1.1)
    if head.hand.hair == "strands":
        for (ax, ay), (bx, by) in itertools.pairwise(points[1:-1]):
            for part in (0.25, 0.5, 0.75):
                x, y = ax + (bx - ax) * part, ay + (by - ay) * part - 1
                _strand(strands, (x, y), up(x, y, 0.4), up(x, y, 0.85), 0.8)
    pen.fill(shaded, tones.dark)
    pen.fill(_gloss(head, _top(head)), tones.gloss, 0.92)
    pen.fill(strands, tones.deep)


def _root(head: Head) -> Point:
    """Where the strands of the fringe come from: the parting."""
    parting = _PARTINGS.get(head.person.fringe, 0.0)
    return head.at(parting * head.person.face_width * 0.55, 0, 20)[0], _top(head) + 7


def _far_from_light(head: Head) -> skia.Path:
    """The side in shadow, its edge in locks: on the crown and on what falls beside the face."""
    r, top = _edge(head, 1, -18, 8)[0], _top(head)
    path = skia.Path()
    path.moveTo(r * 0.3, top - 40)
    _locks(
        path,
        [
            (r * 0.3, top - 4),
            (r * 0.5, -50),
            (r * 0.64, -60),
            (r * 0.6, -30),
            (r * 0.76, -40),
            (r * 0.76, -2),
            (r * 0.86, -18),
            (r * 0.8, 60),
            (r * 0.9, 40),
        ],
    )
    for point in ((r * 0.84, 130), (r + 60, 130), (r + 60, top - 40)):
        path.lineTo(*point)
    path.close()
    return path


def _gloss(head: Head, top: float) -> skia.Path:
    """A band around the skull, ragged along the hair."""
    wide = head.person.face_width + 6

    def at(u: float, dy: float) -> Point:
        y = top + 15 + 22 * u * u + dy
        s = min(1.0, max(0.0, (-14 - y) / (-14 - top)))
        return head.at(u * wide, y, 58 * math.sqrt(max(0.0, 1 - u * u - s * s)))

    teeth = [
        (-0.74, 1),
        (-0.66, 7),
        (-0.58, 4),
        (-0.46, 13),
        (-0.36, 5),
        (-0.24, 10),
        (-0.12, 4),
        (0.02, 13),
        (0.12, 4),
        (0.2, 8),
        (0.3, 3),
        (0.4, 9),
        (0.52, 0),
    ]
    band = smooth([at(0.52, 0), at(0.3, -4), at(0, -5), at(-0.36, -5), at(-0.74, 1)], closed=False)
    _locks(band, [at(u, dy) for u, dy in teeth])
    band.close()
    return band


def _draw_nape(pen: Pen, head: Head, low: float = 34, sink: float = 0) -> None:
    """The back of a head of short or tied hair, seen behind the ear and the neck."""
    tones, out, near = _tones(head), _out(head) - sink, -head.far
    over = _over(head, out, _top(head) + sink, -4)
    path = smooth(over, closed=False)
    ends = {side: head.at(side * 30, low, -42 if side == near else -30)[0] for side in _SIDES}
    (left, _), (right, _) = (_edge(head, side, 20, out - 6) for side in _SIDES)
    if head.person.hair_style in _TIGHT:
        nape = smooth([over[-1], (left, 16), (ends[-1], low), (ends[1], low), (right, 16), over[0]], closed=False)
        path.addPath(nape, skia.Path.AddPathMode.kExtend_AddPathMode)
    else:
        tips = [
            (left * 0.94, low - 2),
            (left * 0.8, low - 14),
            (ends[-1], low + 5),
            (0, low - 12),
            (ends[1], low + 5),
            (right * 0.8, low - 14),
            (right * 0.94, low - 2),
        ]
        _locks(path, [over[-1], *tips, over[0]])
    pen.shape(path, tones.base, 2.2, tones.line)
    with pen.inside(path):
        pen.vertical(path, -6, low, (tones.base, tones.dark, tones.deep))
        pen.fill(_far_from_light(head), tones.dark)
        strands, (x, _) = skia.Path(), _edge(head, near, 0, out)
        for part in (0.97, 0.8):
            _strand(strands, (x * part, -24), (x * part * 0.97, 8), (ends[near] * part, low - 4), 1.4)
        pen.fill(strands, tones.deep)


# --- styles ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fall:
    """Hair that hangs loose: how far, how wide, in waves or straight."""

    bottom: float
    spread: float
    front: float  # where the locks before the shoulders end
    wave: float = 0
    curl: float = 0  # how far the ends turn in
    blunt: bool = False


_FALLS = {
    "bob": _Fall(62, 15, 50, curl=14),
    "long straight": _Fall(158, 2, 112),
    "long wavy": _Fall(150, 12, 116, wave=9),
    "hime": _Fall(160, 0, 44, blunt=True),
}


def _draw_fall_back(pen: Pen, head: Head) -> None:
    fall, tones, out = _FALLS[head.person.hair_style], _tones(head), _out(head)

    def edge(side: int, y: float) -> Point:
        t = min(1.0, max(0.0, (y + 10) / 90))
        x, _ = _edge(head, side, y, out + fall.spread * t)
        turn_in = fall.curl * max(0.0, (y - fall.bottom * 0.5) / (fall.bottom * 0.5)) ** 2
        return x + side * (fall.wave * math.sin(y * 0.085 + 0.6) * t * 1.3 - turn_in), y

    heights = [-18 + (fall.bottom + 18) * i / 8 for i in range(9)]
    right, left = ([edge(side, y) for y in heights] for side in (1, -1))
    (lx, _), (rx, _) = left[-1], right[-1]
    n, deep = 5, 4 if fall.blunt else 14
    tips: list[Point] = []
    for i in range(n):
        tips += [
            (rx + (lx - rx) * (i + 0.5) / n, fall.bottom + 4 + (i % 2) * 3),
            (rx + (lx - rx) * (i + 1) / n, fall.bottom - deep),
        ]
    over = _over(head, out, _top(head) + 4, -18)[2:-2]
    _draw_mass(pen, tones, [*reversed(over), *right], tips[:-1], left[::-1], (head.at(0, 0, -30)[0], -20), tones.dark)


def _draw_fall_front(pen: Pen, head: Head) -> None:
    """Locks beside the face that cover the ears, then the cap."""
    for side in (head.far, -head.far):
        _draw_panel(pen, head, side, _FALLS[head.person.hair_style])
    _draw_cap(pen, head, -5, _SIDES)


def _draw_panel(pen: Pen, head: Head, side: int, fall: _Fall) -> None:
    """Hair that falls from the temple over the ear, on the side that is seen down from the back of the head."""
    tones, out = _tones(head), _out(head)
    near = head.turned * (side != head.far)

    def outer(y: float) -> Point:
        t = min(1.0, max(0.0, (y + 10) / 90))
        x, _ = _edge(head, side, min(y, 24), out + fall.spread * t)
        keep, _ = _beside(head, side, y, 16, out + 12 * near)
        k = min(1.0, max(0.0, (y - 16) / 84))
        wave = fall.wave * math.sin(y * 0.085 + 0.6) * t
        return x + (keep * 0.97 - x) * k * k + side * (wave - fall.curl * max(0.0, y / fall.front) ** 2), y

    def inner(y: float) -> Point:
        x, _ = _beside(head, side, y, 12, -6 if side != head.far else -6 + 5 * head.turned)
        wave = fall.wave * 0.8 * math.sin(y * 0.085 + 0.2) * min(1.0, max(0.0, y / 60))
        return x - side * (6 * max(0.0, (y - 20) / 90) + fall.curl * 0.8 * max(0.0, y / fall.front) ** 2 - wave), y

    ends = fall.front - 4, fall.front - (0 if fall.blunt else 14)
    right = [outer(-12 + (ends[0] + 12) * i / 5) for i in range(6)]
    left = [inner(ends[1] - (ends[1] + 34) * i / 6) for i in range(7)]
    (ox, oy), (ix, iy) = right[-1], left[0]
    if fall.blunt:
        tips = [(ox, oy + 5), (ox * 0.5 + ix * 0.5, oy + 2), (ix, iy + 2)]
    elif fall.curl:
        tips = [
            (ox * 0.8 + ix * 0.2 - side * 3, oy + 10),
            (ox * 0.5 + ix * 0.5, oy + 1),
            (ox * 0.25 + ix * 0.75 - side * 3, oy + 6),
        ]
    else:
        tips = [
            (ox * 0.6 + ix * 0.4 - side * 2, oy + 18),
            (ox * 0.42 + ix * 0.58, oy - 4),
            (ox * 0.25 + ix * 0.75 - side * 3, oy + 5),
        ]
    with pen.inside(head.outline()), pen.moved(3, 3):
        pen.fill(_joined(right, left), _CAST, 0.2)
    within = [
        (x + (ox - ix) * share, y) for (x, y), share in zip(left, (0.5, 0.4, 0.3, 0.24, 0.2, 0.16, 0), strict=True)
    ]
    shadow = _far_from_light(head) if side > 0 else _joined(left, within[::-1])
    _draw_mass(pen, tones, right, tips, left, ((ox + ix) / 2, -40), None, shadow)


def _draw_tail(pen: Pen, head: Head, spine: Sequence[Point], width: float, wisps: int = 2) -> None:
    """A gathered tail: a full lock, with thinner ones that part from it near its end."""
    tones, points = _tones(head), _bend(spine, 8)
    for i in range(wisps):
        k = -1 if i % 2 else 1
        wisp = [(x + k * width * 0.3 * (j / 7) ** 1.5, y - 10 * (j / 7)) for j, (x, y) in enumerate(points)]
        pen.shape(_ribbon(wisp, width * 0.8, 0.35), tones.dark, 2, tones.line)
    path = _ribbon(points, width, 0.35)
    pen.shape(path, tones.base, 2.1, tones.line)
    with pen.inside(path):
        with pen.moved(width * 0.42, 6):
            pen.fill(path, tones.dark)
        strands, lit = skia.Path(), skia.Path()
        for dx, i in ((0.12, 0), (-0.06, 3)):
            _strand(strands, *((x + width * dx, y) for x, y in (points[i], points[i + 2], points[i + 4])), width=1.7)
        _strand(lit, *((x - width * 0.24, y) for x, y in (points[1], points[3], points[5])), width=width * 0.13)
        pen.fill(strands, tones.deep)
        pen.fill(lit, tones.gloss)


def _draw_ponytail_back(pen: Pen, head: Head) -> None:
    """Bound high behind the crown; it swings to the side that is seen."""
    t, top = min(1.0, max(0.0, (head.turned - 0.35) / 0.3)), _top(head)
    t *= t * (3 - 2 * t)
    spine = [
        head.at(x * (1 - t), y, -z * t)
        for x, y, z in (
            (4, top + 8, 56),
            (26, top - 6, 78),
            (55, top + 14, 102),
            (67, -22, 112),
            (70, 30, 112),
            (64, 82, 102),
            (70, 124, 92),
        )
    ]
    _draw_tail(pen, head, spine, 46 * head.person.hair_volume)
    _draw_nape(pen, head)
    (x, y), (nx, ny) = spine[:2]
    pen.shape(ellipse(x * 0.6 + nx * 0.4, y * 0.6 + ny * 0.4, 9, 6), _TIE, 1.8)


def _twin_tail(head: Head, side: int) -> list[Point]:
    out = _out(head)
    return [
        head.at(side * (head.person.face_width + out + x), y, z)
        for x, y, z in ((-6, -44, -8), (16, -54, -8), (34, -22, -8), (36, 28, -8), (26, 74, -8), (34, 112, -8))
    ]


def _draw_twin_tails_back(pen: Pen, head: Head) -> None:
    for side in _SIDES if head.turned < 0.5 else (head.far,):
        _draw_tail(pen, head, _twin_tail(head, side), 34 * head.person.hair_volume)
    _draw_nape(pen, head)


def _draw_twin_tails(pen: Pen, head: Head) -> None:
    _draw_cap(pen, head)
    if head.turned >= 0.5:
        _draw_tail(pen, head, _twin_tail(head, -head.far), 34 * head.person.hair_volume)
    for side in _SIDES if head.turned < 0.5 else (-head.far,):
        (xa, ya), (xb, yb) = _twin_tail(head, side)[:2]
        pen.shape(ellipse(xa * 0.7 + xb * 0.3, ya * 0.7 + yb * 0.3, 6, 8.5), _TIE, 1.9)


def _draw_braid(pen: Pen, head: Head, spine: Sequence[Point], width: float, n: int) -> None:
    """Strands that cross to and fro, a tie, and the loose end."""
    tones, points = _tones(head), _bend(spine, n + 3)
    (xa, ya), (xb, yb), end = points[-3:]
    pen.shape(
        _ribbon(_bend([(xa, ya), (xb, yb), (end[0], end[1] + 6)], 5), width * 0.9, 0.4), tones.base, 2, tones.line
    )
    for i in range(n):
        (x, y), (nx, ny) = points[i], points[i + 1]
        angle = math.atan2(ny - y, nx - x)
        step = math.hypot(nx - x, ny - y)
        taper = 1 - 0.3 * (i / n) ** 2
        w = width / 2 * taper
        with pen.moved(x, y, math.degrees(angle) - 90):
            for s in _SIDES:
                lobe = skia.Path()
                lobe.moveTo(s * w * 0.2, -step * 0.5)
                lobe.cubicTo(s * w * 1.3, -step * 0.75, s * w * 1.25, step * 0.7, -s * w * 0.12, step * 1.3)
                lobe.cubicTo(-s * w * 0.3, step * 0.6, -s * w * 0.1, 0, s * w * 0.2, -step * 0.5)
                pen.outline(lobe, tones.line, 3)
                pen.fill(lobe, tones.base if s < 0 else mix(tones.base, tones.dark, 0.8))
            _strand(lit := skia.Path(), (-w * 0.72, -step * 0.3), (-w * 0.8, step * 0.2), (-w * 0.3, step * 0.7), 2.2)
            pen.fill(lit, tones.gloss)
    pen.shape(ellipse(xa, ya, width * 0.34, 4.6), _TIE, 1.8)


def _draw_braids(pen: Pen, head: Head) -> None:
    w = head.person.face_width
    for side in (head.far, -head.far):
        with pen.moved():
            if side == head.far and head.turned > 0.5:
                pen.canvas.clipPath(head.outline(), skia.ClipOp.kDifference, True)
            spine = [
                head.at(side * (w - 2), 22, -14),
                head.at(side * (w + 6), 55, 0),
                head.at(side * (w + 4), 91, 10),
                head.at(side * (w - 3), 128, 16),
            ]
            _draw_braid(pen, head, spine, 21, 7)
    _draw_cap(pen, head)


def _draw_side_braid(pen: Pen, head: Head) -> None:
    """All hair is swept to one side, into a thick braid before the shoulder; the other ear is free."""
    w = head.person.face_width
    _draw_panel(pen, head, -1, _Fall(60, 3, 46, curl=4))
    with pen.moved():
        if head.far == -1 and head.turned > 0.5:
            pen.canvas.clipPath(head.outline(), skia.ClipOp.kDifference, True)
        _draw_braid(
            pen,
            head,
            [head.at(-w + 2, 38, -6), head.at(-w - 4, 72, 10), head.at(-w + 4, 108, 20), head.at(-w + 14, 144, 26)],
            31,
            6,
        )
    _draw_cap(pen, head, -5, (-1,))


def _draw_knot(pen: Pen, head: Head, x: float, y: float, r: float) -> None:
    """A bun: a coil of hair, lit from the upper left."""
    tones = _tones(head)
    ball = smooth(
        [(x + r * math.cos(a) * 1.06, y + r * math.sin(a) * 0.94) for a in (i * math.pi / 4 for i in range(8))]
    )
    pen.cel(
        ball,
        tones.base,
        smooth(
            [
                (x + r * 0.5, y - r),
                (x + r * 0.35, y),
                (x - r * 0.3, y + r * 0.55),
                (x - r, y + r * 0.6),
                (x, y + r * 1.6),
                (x + r * 1.6, y),
            ]
        ),
        tones.dark,
    )
    pen.stroke(
        _bend(
            [
                (x - r * 0.7, y + r * 0.5),
                (x - r * 0.2, y - r * 0.3),
                (x + r * 0.5, y - r * 0.25),
                (x + r * 0.4, y + r * 0.35),
            ],
            6,
        ),
        2.4,
        tones.deep,
    )
    pen.stroke(_bend([(x - r * 0.95, y), (x - r * 0.3, y - r * 0.75), (x + r * 0.5, y - r * 0.8)], 5), 1.7, tones.deep)
    pen.stroke(_bend([(x - r * 0.66, y - r * 0.1), (x - r * 0.4, y - r * 0.5), (x, y - r * 0.62)], 5), 3.4, tones.gloss)


def _draw_bun_back(pen: Pen, head: Head) -> None:
    v = head.person.hair_volume
    x, _ = head.at(0, 0, -16)
    _draw_knot(pen, head, x, -103 + 23 * v, 24 * v)
    _draw_nape(pen, head)


def _draw_space_buns(pen: Pen, head: Head) -> None:
    v = head.person.hair_volume
    for side in (head.far, -head.far):
        x, _ = head.at(side * 43, 0, -8)
        _draw_knot(pen, head, x, -70 * v + 2, 20 * v)
    _draw_cap(pen, head)


def _draw_ragged(pen: Pen, head: Head, out: float, locks: Sequence[tuple[float, float]], row: Sequence[Point]) -> None:
    """A cap whose silhouette is made of locks that point away from the crown: where each begins, in degrees from the right, and how far it stands out."""
    top = _top(head) + 4
    points = [_edge(head, 1, -6, out)]
    for (start, far), (end, _) in itertools.pairwise([*locks, (186, 0)]):
        tip = start + (end - start) * (0.16 if start + end < 180 else 0.84)
        points += [_dome(head, math.radians(tip), out + far, top - far * 0.8), _dome(head, math.radians(end), out, top)]
    points[-1] = _edge(head, -1, -6, out)
    outline = skia.Path()
    outline.moveTo(*points[0])
    _locks(outline, points)
    _draw_crown(pen, head, outline, points, _row(head, row), False)


def _draw_spiky(pen: Pen, head: Head) -> None:
    _draw_ragged(
        pen,
        head,
        _out(head) - 1,
        ((-6, 17), (18, 22), (44, 20), (66, 27), (88, 25), (110, 20), (134, 23), (160, 17)),
        _spread(head.person.fringe),
    )


def _spread(fringe: str) -> Sequence[Point]:
    """A fringe in spikes: that of a bare forehead stands up from the hairline."""
    row = _FRINGES[fringe]
    return (
        row
        if fringe != "none"
        else [
            (-0.92, -22),
            (-0.8, -40),
            (-0.6, -37),
            (-0.52, -50),
            (-0.3, -43),
            (-0.16, -56),
            (0.06, -44),
            (0.22, -56),
            (0.4, -42),
            (0.6, -50),
            (0.7, -36),
            (0.82, -40),
            (0.92, -22),
        ]
    )


def _draw_pixie(pen: Pen, head: Head) -> None:
    """Short, close, with soft points: over the ears, at the crown, at the nape."""
    _draw_ragged(
        pen, head, _out(head), ((-6, 4), (34, 6), (62, 8), (84, 9), (104, 7), (140, 5)), _FRINGES[head.person.fringe]
    )
    tones = _tones(head)
    for side in (head.far, -head.far):
        x, _ = _beside(head, side, 0, -2, 0)
        for dx, top, low, wide in ((5, -40, 16, 12), (-2, -34, 25, 11)):
            dx *= 1 - 0.7 * head.turned * (side == head.far)
            _draw_lock(
                pen,
                tones,
                [(x + side * (dx - 4), top), (x + side * (dx + 3), -12), (x + side * (dx - 3), low)],
                wide,
                tones.dark if side > 0 else None,
                root=0.1,
            )


def _draw_slicked(pen: Pen, head: Head) -> None:
    """Combed back wet from the hairline: streaks of gloss run over the head; the fringe is a loose strand at most."""
    fringe, tones = head.person.fringe, _tones(head)
    peak = {"parted": -42, "curtain": -44, "straight": -52}.get(fringe, -47)
    row = [
        (-0.92, -20),
        (-0.86, -36),
        (-0.66, -47),
        (-0.3, -50),
        (0, peak),
        (0.3, -50),
        (0.66, -47),
        (0.86, -36),
        (0.92, -20),
    ]
    over = _over(head, _out(head) - 2, _top(head) - 4, -12)
    points = _row(head, row)
    _draw_crown(pen, head, smooth(over, closed=False), over, points, True)
    rx, ry = head.at(0, 0, -20)[0], _top(head)
    lit = skia.Path()
    for x, y in points[2:-3]:
        _strand(
            lit,
            (x * 0.98 + 4, y - 3),
            (x + (rx - x) * 0.03 + 4, y + (ry - y) * 0.5),
            (x + (rx - x) * 0.3 + 3, y + (ry - y) * 0.86),
            3,
        )
    pen.fill(lit, tones.gloss)
    strands = {"swept left": (-0.3,), "swept right": (0.3,), "choppy": (-0.12, 0.16), "curtain": (-0.62, 0.62)}
    for u in strands.get(fringe, ()):
        spine = [_on(head, u * 0.7, -56), _on(head, u * 1.05, -40, 9), _on(head, u * 1.3, -22), _on(head, u * 1.15, -3)]
        _draw_lock(pen, tones, spine, 6.5, root=0.1)


def _draw_slicked_back(pen: Pen, head: Head) -> None:
    _draw_nape(pen, head, 44, 3)


def _draw_short_back(pen: Pen, head: Head) -> None:
    _draw_nape(pen, head, 36, 6)


def _draw_shaved(pen: Pen, head: Head) -> None:
    """Stubble over the skull; a parting is shaved in, and other fringes differ by their hairline."""
    p = head.person
    corner, middle = {
        "straight": (-42, -44),
        "swept left": (-38, -47),
        "swept right": (-38, -47),
        "curtain": (-50, -41),
        "choppy": (-46, -42),
    }.get(p.fringe, (-44, -50))
    colour = mix(p.hair_colour, p.skin, 0.2)
    over = _over(head, 2, -66, -10)
    row = [
        _on(head, x, y, 2)
        for x, y in (
            (-1, 4),
            (-0.92, -18),
            (-0.78, corner + 6),
            (-0.5, corner),
            (0, middle),
            (0.5, corner),
            (0.78, corner + 6),
            (0.92, -18),
            (1, 4),
        )
    ]
    cap = _joined(over, [over[-1], row[0]], row, [row[-1], over[0]])
    pen.fill(cap, colour)
    with pen.inside(cap):
        pen.fill(_far_from_light(head), mix(_dimmed(p.hair_colour), p.skin, 0.12))
        pen.soft(-24, -56, 34, tint(colour, 0.55), 0.55, 0.6)
        pen.canvas.drawPoints(
            skia.Canvas.PointMode.kPoints_PointMode,
            _STUBBLE,
            skia.Paint(
                AntiAlias=True,
                Color=skia.Color(*_dimmed(p.hair_colour), 150),
                StrokeWidth=1.8,
                StrokeCap=skia.Paint.kRound_Cap,
            ),
        )
        if p.fringe in ("parted", "swept left", "swept right"):
            u = _PARTINGS.get(p.fringe, 0.34)
            pen.line(
                smooth([_on(head, u, -40), _on(head, u * 1.1, -54), (head.at(u * 44, 0, 0)[0], -70)], closed=False),
                p.skin,
                3,
            )
    pen.outline(smooth(row, closed=False), ink(colour), 1.5)
    pen.outline(smooth(over, closed=False), ink(colour), 2.3)


_STUBBLE = [skia.Point(float(x), float(y)) for x, y in np.random.default_rng(7).uniform((-70, -70), (70, 4), (170, 2))]


def _draw_undercut(pen: Pen, head: Head) -> None:
    """Shaved sides under a full top that is brushed up and over."""
    _draw_shaved(pen, head)
    p, tones, top = head.person, _tones(head), _top(head) - 9
    lean = -1 if p.fringe in ("swept left", "choppy", "none") else 1
    left, right = (_edge(head, side, -42, -3) for side in _SIDES)
    shift = head.at(0, 0, 12)[0]
    peaks = [
        (0.98, -60, 0),
        (0.8, top + 10, 4),
        (0.42, top, 0),
        (-0.05, top - 4, 4),
        (-0.5, top + 2, 0),
        (-0.86, top + 14, 4),
        (-0.99, -60, 0),
    ]
    over = [
        right,
        *((shift + (right[0] - left[0]) / 2 * x + lean * (dx + 4), y - lean * x * 6) for x, y, dx in peaks),
        left,
    ]
    row = [(x * 0.86, min(y, -26) - 6 + (y + 26) * 0.25 * (y > -26)) for x, y in _FRINGES[p.fringe][1:-1]]
    ends = [(-0.84, -43), (0.84, -43)]
    combed = p.fringe == "none"
    points = [
        left,
        _on(head, *ends[0]),
        *(_on(head, x, y, 8) for x, y in (row if combed else row[1:-1])),
        _on(head, *ends[1]),
        right,
    ]
    points = points if len(points) % 2 else [*points[:-2], *points[-1:]]
    _draw_crown(pen, head, smooth(over, closed=False), over, points, combed)
    strands = skia.Path()
    for x in (-0.55, -0.15, 0.3):
        cx = shift + (right[0] - left[0]) / 2 * x
        _strand(strands, (cx - lean * 10, -48), (cx - lean * 6, top + 16), (cx + lean * 16, top + 7), 1.7)
    pen.fill(strands, tones.deep)


def _draw_mohawk(pen: Pen, head: Head) -> None:
    """A crest from the forehead over the crown to the back of the head, a fan from the front; its first lock follows the fringe."""
    p, tones, far, t = head.person, _tones(head), head.far, head.turned
    _patch_skull(pen, head, mix(p.skin, p.hair_colour, 0.16))
    tall = 34 * min(p.hair_volume, 1.06)
    crest: list[Point] = []
    for i, (y, z, up, along, height) in enumerate(_CREST):
        x, _ = head.at(0, y, z + along * tall * height)
        fan, rise = _FAN[i]
        crest.append((far * fan * (1 - t) + x * t, rise * (1 - t) + (y - up * tall * height) * t))
    base = [head.at(-far * 10 * t, y, z) for y, z in ((-30, -54), (-48, -30), (-53, 2), (-48, 32), (-41, 46))]
    path = skia.Path()
    path.moveTo(*crest[0])
    _locks(path, crest)
    path.addPath(smooth(base, closed=False), skia.Path.AddPathMode.kExtend_AddPathMode)
    path.close()
    pen.shape(path, tones.base, 2.2, tones.line)
    shaded, strands, lit = _far_from_light(head), skia.Path(), skia.Path()
    for i in range(1, len(crest) - 1, 2):
        (lx, _), (x, y), (rx, _) = crest[i - 1 : i + 2]
        root = (x * 0.55 + (lx + rx) * 0.1, -52 + 14 * t * max(0.0, min(1.0, (-x * far - 22) / 16)))
        right, left = max(lx, rx), min(lx, rx)
        _strand(shaded, (x, y), ((x + right) / 2 + 1, (y + root[1]) / 2), (root[0] + 4, root[1]), 4)
        _strand(lit, (x - 1, y + 8), ((x + left) / 2 + 2, y + 20), (root[0] * 0.7 + left * 0.3, root[1] - 4), 1.8)
        _strand(strands, (right, -70), (right * 0.9 + root[0] * 0.1, -62), (root[0] + 3, root[1] + 4), 1.4)
    with pen.inside(path):
        pen.fill(shaded, tones.dark)
        pen.fill(lit, tones.gloss)
        pen.fill(strands, tones.deep)
    lean = {"swept left": -16, "swept right": 16, "parted": 0, "choppy": 7}.get(p.fringe, -5)
    low = {"none": -50, "parted": -42, "curtain": -20, "straight": -30}.get(p.fringe, -25)
    first = [
        head.at(0, -70, 30),
        head.at(lean * 0.1, -60, 56),
        head.at(lean * 0.6, (low - 60) / 2, 60),
        head.at(lean, low, 54),
    ]
    _draw_lock(pen, tones, first, 27, root=0.5)


# The crest in the middle plane of the head, base, tip, valley, tip, ..., base: where it stands (y, z), where to (up, along) and
# how far; and the same points as a fan, as the front view shows them.
_CREST = ((-42, 48, 0, 0, 0), (-46, 50, 0.75, 0.5, 1), (-56, 36, 0.9, 0.3, 0.55), (-60, 22, 0.98, 0.12, 1.05), (-62, 8, 1, 0, 0.6), (-62, -8, 0.98, -0.2, 1.05),
          (-60, -22, 0.9, -0.4, 0.6), (-55, -36, 0.75, -0.66, 1.05), (-46, -48, 0.6, -0.8, 0.55), (-34, -56, 0.3, -0.95, 1), (-26, -56, 0, 0, 0))  # fmt: skip
_FAN = (
    (14, -44),
    (32, -76),
    (18, -76),
    (20, -94),
    (8, -83),
    (0, -101),
    (-8, -83),
    (-20, -94),
    (-18, -76),
    (-32, -76),
    (-14, -44),
)


def _patch_skull(pen: Pen, head: Head, stubble: Rgb) -> None:
    """The skull above the ears, over the lines that end the face there."""
    skin = head.person.skin
    for side in _SIDES:
        edge = [head.rim(side, y) for y in (-57.0, -50.0, -40.0, -26.0, -12.0)]
        with pen.inside(smooth([*edge, *((x * 0.6, y) for x, y in reversed(edge))])):
            pen.fill(_skull(head), shade(skin, 0.17) if side > 0 else skin)
        pen.outline(smooth(edge, closed=False), ink(skin), 2.3)
    if stubble != skin:
        with pen.inside(
            _joined(
                [
                    _edge(head, 1, -10, 0),
                    *(head.rim(1, y) for y in (-20.0, -40.0, -56.0)),
                    (0, -62),
                    *(head.rim(-1, y) for y in (-56.0, -40.0, -20.0)),
                    _edge(head, -1, -10, 0),
                ],
                [
                    _on(head, x, y, 1)
                    for x, y in ((-0.9, -18), (-0.74, -38), (-0.4, -46), (0.4, -46), (0.74, -38), (0.9, -18))
                ],
            )
        ):
            pen.fill(_skull(head), stubble)


def _draw_bald(pen: Pen, head: Head) -> None:
    _patch_skull(pen, head, head.person.skin)
    with pen.inside(_skull(head)):
        pen.soft(head.at(-22, 0, 20)[0], -44, 22, (255, 252, 244), 0.75, 0.55)


def _draw_curls(
    pen: Pen, tones: _Tones, body: skia.Path | None, curls: Sequence[tuple[float, float, float]], base: Rgb, dark: Rgb
) -> None:
    """A cloud of round curls around a body of hair: one outline, and a coil in every curl."""
    balls, shaded, coils, lights = skia.Path(), skia.Path(), skia.Path(), skia.Path()
    for i, (x, y, r) in enumerate(curls):
        balls.addCircle(x, y, r)
        if x > 0:
            shaded.addCircle(x + r * 0.45, y + r * 0.45, r * 0.8)
        arc = skia.Rect.MakeLTRB(x - r * 0.62, y - r * 0.62, x + r * 0.62, y + r * 0.62)
        coils.addArc(arc, -30 + 47 * (i % 4), 210)
        if i % 2 == 0 and x < 20:
            lights.addArc(skia.Rect.MakeLTRB(x - r * 0.3, y - r * 0.4, x + r * 0.5, y + r * 0.4), 170, 110)
    parts = [balls] if body is None else [balls, body]
    for part in parts:
        pen.outline(part, tones.line, 4)
    for part in parts:
        pen.fill(part, base)
    with pen.inside(balls):
        pen.fill(shaded, dark)
    pen.line(coils, dark if base == tones.dark else tones.deep, 1.9)
    if base != tones.dark:
        pen.line(lights, tones.gloss, 2.4)


def _cloud(head: Head, out: float, top: float, r: float, n: int, start: float) -> list[tuple[float, float, float]]:
    """Curls along the silhouette, from `start` degrees below the right temple round to the left."""
    angles = [math.radians(-start + (180 + 2 * start) * i / (n - 1)) for i in range(n)]
    return [
        (*_dome(head, a, out - r * 0.5, top + r * 0.5), r * (1 + 0.16 * math.sin(i * 2.4)))
        for i, a in enumerate(angles)
    ]


def _fringe_curls(head: Head, r: float, reach: float) -> list[tuple[float, float, float]]:
    """Curls along the forehead, from the hairline towards the row of the fringe."""
    row = _FRINGES[head.person.fringe]
    xs, ys = [x for x, _ in row], [y for _, y in row]
    found = []
    for i in range(9):
        u = -0.88 + i * 0.22
        hairline = -46 + 22 * u * u
        low = hairline + (float(np.interp(u, xs, ys)) - hairline) * reach
        found.append((*_on(head, u, min(low - r * 0.9, -22), 7), r * (1 + 0.12 * math.sin(i * 2.1))))
    return found


def _temple_curls(head: Head, out: float, r: float) -> list[tuple[float, float, float]]:
    """Curls over the ears, where the crown ends."""
    found = []
    for side in _SIDES:
        (x, _), (ex, _) = _on(head, side * 0.98, -10), _edge(head, side, -10, out)
        found += [(x + (ex - x) * part, -12.0, r) for part in (0.12, 0.5, 0.86)]
    return found


def _draw_curly_back(pen: Pen, head: Head) -> None:
    tones, out, top = _tones(head), _out(head) + 9, _top(head) - 6
    curls = [
        (*_edge(head, side, y, out - 4 + 4 * math.sin(y)), 13 - y * 0.03)
        for side in _SIDES
        for y in (-12.0, 10.0, 31.0, 50.0)
    ]
    curls += [(*(_edge(head, side, 58, out - 22)), 12) for side in _SIDES]
    _draw_curls(pen, tones, smooth([*_over(head, out - 6, top + 8, 48)]), curls, tones.dark, tones.deep)


def _draw_curly(pen: Pen, head: Head) -> None:
    tones, out, top = _tones(head), _out(head) + 7, _top(head) - 6
    for side in (head.far, -head.far):
        locks = [
            (*_beside(head, side, y, 6, 2 + 3 * math.sin(y)), r)
            for y, r in ((-20, 12), (-4, 11), (13, 11), (29, 10), (43, 8))
        ]
        locks += [(x - head.far * 15 * head.turned, y - 5, r) for x, y, r in locks] if side != head.far else []
        _draw_curls(pen, tones, None, locks, tones.base, tones.dark)
    fringe = _fringe_curls(head, 8.5, 0.9)
    _draw_round(
        pen,
        head,
        [
            *_cloud(head, out, top, 13, 11, 6),
            *_cloud(head, out - 20, top + 19, 11, 7, -16),
            *fringe,
        ],
        fringe,
        out,
        top,
    )


def _draw_round(pen: Pen, head: Head, curls: Sequence[_Curl], fringe: Sequence[_Curl], out: float, top: float) -> None:
    """A crown of curls, with its shadow on the forehead."""
    tones = _tones(head)
    hairline = [
        _on(head, x, y)
        for x, y in ((-0.98, -8), (-0.86, -24), (-0.6, -40), (0, -46), (0.6, -40), (0.86, -24), (0.98, -8))
    ]
    if not head.hand.plain:  # down to the fringe, so that no forehead shows between its curls and those of the crown
        hairline = [hairline[0], *((x, y) for x, y, _ in fringe), hairline[-1]]
    body = _joined(_over(head, out - 8, top + 8, -14), hairline)
    with pen.inside(head.outline()), pen.moved(2, 6):
        cast = skia.Path(body)
        for x, y, r in curls:
            cast.addCircle(x, y, r, skia.PathDirection.kCCW)
        pen.fill(cast, _CAST, 0.27)
    _draw_curls(pen, tones, body, curls, tones.base, tones.dark)


def _draw_afro_back(pen: Pen, head: Head) -> None:
    tones = _tones(head)
    out, top = 24 * head.person.hair_volume, -95.0
    curls = _cloud(head, out, top, 10, 22, 38)
    _draw_curls(pen, tones, smooth([(x, y) for x, y, _ in curls]), curls, tones.dark, tones.deep)


def _draw_afro(pen: Pen, head: Head) -> None:
    out, top, fringe = 24 * head.person.hair_volume, -95.0, _fringe_curls(head, 7, 0.4)
    _draw_round(
        pen,
        head,
        [
            *_cloud(head, out, top, 10, 17, 8),
            *_cloud(head, out - 17, top + 16, 9, 10, -8),
            *_cloud(head, out - 32, top + 31, 9, 6, -20),
            *fringe,
            *_temple_curls(head, out, 8),
        ],
        fringe,
        out,
        top,
    )


def _draw_rope(pen: Pen, tones: _Tones, spine: Sequence[Point], width: float, base: Rgb) -> None:
    """A dreadlock: as thick at its round end, with rings."""
    points, path = _bend(spine, 7), smooth(spine, closed=False)
    pen.outline(path, tones.line, width + 3)
    pen.line(path, base, width)
    rings = skia.Path()
    for (x, y), (nx, ny) in itertools.pairwise(points[1:]):
        dx, dy = nx - x, ny - y
        length = max(math.hypot(dx, dy), 1e-6)
        ux, uy = -dy / length * width * 0.42, dx / length * width * 0.42
        rings.moveTo(x + ux, y + uy)
        rings.quadTo(x + dx * 0.45, y + dy * 0.45, x - ux, y - uy)
    pen.line(rings, tones.deep, 1.7)
    _strand(
        lit := skia.Path(), *((x - width * 0.2, y) for x, y in (points[0], points[2], points[4])), width=width * 0.17
    )
    pen.fill(lit, tones.gloss if base == tones.base else tones.base)


def _draw_dreadlocks_back(pen: Pen, head: Head) -> None:
    tones, out = _tones(head), _out(head) + 5
    _draw_nape(pen, head, 50)
    (lx, _), (rx, _) = (_edge(head, side, 0, out) for side in _SIDES)
    cx = head.at(0, 0, -34)[0]
    for i in range(6):
        t = i / 5
        x, end = lx + (rx - lx) * t, cx + (t - 0.5) * 128
        _draw_rope(
            pen, tones, [(x * 0.9, -20), (x, 14), (end, 62), (end + (t - 0.5) * 8, 96 + 10 * (i % 2))], 14, tones.dark
        )


def _draw_dreadlocks(pen: Pen, head: Head) -> None:
    p, tones = head.person, _tones(head)
    over = _over(head, _out(head) + 2, _top(head), -16)
    row = [(x, max(-60, y - 6)) for x, y in _FRINGES["none"]]
    _draw_crown(pen, head, smooth(over, closed=False), over, _row(head, row), True)
    rx, ry = _root(head)
    tips = (
        [(x, min(y, -20)) for x, y in _FRINGES[p.fringe][1:-1:2]] if p.fringe != "none" else [(-0.9, -30), (0.9, -30)]
    )
    for x, y in sorted(tips, key=lambda tip: -abs(tip[0])):
        ex, ey = _on(head, x, y, 7)
        _draw_rope(
            pen,
            tones,
            [
                (rx + (ex - rx) * 0.25, ry),
                (rx + (ex - rx) * 0.7, ry + (ey - ry) * 0.35),
                (rx + (ex - rx) * 0.98, ry + (ey - ry) * 0.8),
                (ex, ey),
            ],
            12,
            tones.base,
        )
    for side in (head.far, -head.far):
        seen = (
            ((9, -24, 84), (2, 4, 68))
            if head.turned < 0.5
            else ((4, 0, 66),)
            if side == head.far
            else ((14, -34, 88), (8, -14, 80), (2, 8, 68))
        )
        for dx, z, low in seen:
            _draw_rope(
                pen,
                tones,
                [
                    _beside(head, side, y, z, dx + o)
                    for y, o in ((-48, -12 - dx * 0.4), (-10, 1), (low * 0.5, 3), (low, 0))
                ],
                13,
                tones.base,
            )


# --- tables ---------------------------------------------------------------------------------------------------------


def _nothing(pen: Pen, head: Head) -> None:
    """Nothing there."""


_BACK: dict[str, Drawn] = {
    **dict.fromkeys(_FALLS, _draw_fall_back),
    **dict.fromkeys(_SHAVED, _nothing),
    "ponytail": _draw_ponytail_back,
    "twin tails": _draw_twin_tails_back,
    "bun": _draw_bun_back,
    "pixie": _draw_short_back,
    "spiky": _draw_short_back,
    "curly": _draw_curly_back,
    "afro": _draw_afro_back,
    "slicked back": _draw_slicked_back,
    "dreadlocks": _draw_dreadlocks_back,
}
_FRONT: dict[str, Drawn] = {
    **dict.fromkeys(_FALLS, _draw_fall_front),
    "twin tails": _draw_twin_tails,
    "braids": _draw_braids,
    "side braid": _draw_side_braid,
    "space buns": _draw_space_buns,
    "pixie": _draw_pixie,
    "spiky": _draw_spiky,
    "curly": _draw_curly,
    "afro": _draw_afro,
    "buzz": _draw_shaved,
    "undercut": _draw_undercut,
    "mohawk": _draw_mohawk,
    "slicked back": _draw_slicked,
    "dreadlocks": _draw_dreadlocks,
    "bald": _draw_bald,
}
