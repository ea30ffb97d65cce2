"""Hair: what hangs behind the head, and what lies on the forehead and beside the face."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from training.pen import INK, Pen, Points, Rgb, ellipse, mix, shade, smooth, tint

if TYPE_CHECKING:
    from training.artist import Head

_BALD = ("bald",)
_SHORT = ("pixie", "spiky", "buzz", "undercut", "mohawk")
_TIED = ("ponytail", "twin tails", "braids", "bun", "space buns")


def draw_back_hair(pen: Pen, head: Head) -> None:
    """Everything behind the neck and shoulders."""
    p, t, v = head.person, -head.turn * 0.5, head.person.hair_volume
    style, w = p.hair_style, (head.person.face_width + 9) * head.person.hair_volume
    dark = shade(p.hair_colour, 0.32)
    if style in ("long straight", "hime"):
        pen.shape(smooth([(t, -76 * v), (w + t, -48), (w + 4 + t, 20), (w + 7 + t, 96), (w * 0.7 + t, 130), (-w * 0.7 + t, 130), (-w - 7 + t, 96), (-w - 4 + t, 20), (-w + t, -48)]), dark)
    elif style == "long wavy":
        right = [(w + t, -46), (w + 9 + t, -10), (w + 3 + t, 22), (w + 17 + t, 52), (w + 7 + t, 82), (w + 14 + t, 112), (w * 0.6 + t, 130)]
        pen.shape(smooth([(t, -76 * v), *right, *[(2 * t - x, y) for x, y in reversed(right)]]), dark)
    elif style == "bob":
        pen.shape(smooth([(t, -78 * v), (w + t, -50), (w + 9 + t, 0), (w + 7 + t, 44), (w * 0.62 + t, 66), (-w * 0.62 + t, 66), (-w - 7 + t, 44), (-w - 9 + t, 0), (-w + t, -50)]), dark)
    elif style == "ponytail":
        side = 1 if head.look.yaw <= 0 else -1
        tail = [(side * 30, -66), (side * 70, -62), (side * 88, -20), (side * 84, 40), (side * 66, 92), (side * 60, 40), (side * 58, 0), (side * 44, -30)]
        _shaded(pen, tail, p.hair_colour)
    elif style == "twin tails":
        for side in (-1, 1):
            _shaded(pen, [(side * 46, -42), (side * 78, -48), (side * 98, -6), (side * 94, 60), (side * 80, 104), (side * 74, 50), (side * 66, 4)], p.hair_colour)
            pen.shape(ellipse(side * 57, -40, 7, 9), (214, 74, 92), 2)
    elif style == "bun":
        _shaded(pen, _circle(0, -84, 29 * v, 24 * v), p.hair_colour)
        pen.line(smooth([(-16, -92), (0, -82), (18, -90)], closed=False), shade(p.hair_colour, 0.5), 1.8)
    elif style == "space buns":
        for side in (-1, 1):
            _shaded(pen, _circle(side * 50, -62, 22 * v, 21 * v), p.hair_colour)
            pen.line(smooth([(side * 38, -62), (side * 50, -56), (side * 60, -66)], closed=False), shade(p.hair_colour, 0.5), 1.8)
    elif style in ("curly", "afro"):
        radius, bump = (w + 14, 17) if style == "afro" else (w + 5, 13)
        low = 0.62 if style == "afro" else 1.05
        for i in range(22):
            a = math.pi / 2 + (i + 0.5) / 22 * 2 * math.pi
            y = -16 + radius * 1.02 * math.sin(a)
            if y < 52 * low:
                pen.shape(ellipse(t + radius * math.cos(a), y, bump, bump), dark if y > 0 else p.hair_colour, 2)
        pen.fill(ellipse(t, -14, radius, radius), dark)


def draw_front_hair(pen: Pen, head: Head) -> None:
    """The cap, its shine, the fringe and the locks beside the face."""
    p = head.person
    if p.hair_style in _BALD:
        pen.fill(ellipse(-14 + head.turn * 0.2, -46, 13, 5), tint(p.skin, 0.55), 0.7)
        return
    if p.hair_style == "buzz":
        _draw_buzz(pen, head)
        return
    if p.hair_style in ("long straight", "long wavy", "hime", "bob"):
        _draw_side_locks(pen, head)
    if p.hair_style == "braids":
        _draw_braids(pen, head)
    if p.hair_style == "undercut":
        for side in (-1, 1):
            area = [(side * p.face_width * 0.84, -46), (side * (p.face_width + 1), -18), (side * (p.face_width - 1), 3), (side * (p.face_width - 8), -14)]
            pen.fill(smooth([(x + head.turn * 0.3, y) for x, y in area]), mix(p.hair_colour, p.skin, 0.35))
    _draw_cap(pen, head)


def _draw_cap(pen: Pen, head: Head) -> None:
    """One mass of hair over the skull: outer silhouette one way, hairline with the fringe back."""
    p, t = head.person, head.turn
    silhouette, fringe = _silhouette(head), _fringe(head)
    cap = smooth([*silhouette, *fringe])
    shadow = smooth([(x + 1.5, y + 5.5) for x, y in [*silhouette, *fringe]])
    with pen.inside(head.outline()):
        pen.fill(shadow, shade(p.skin, 0.3))
    pen.fill(cap, p.hair_colour)
    with pen.inside(cap):
        away = -1 if head.look.yaw >= 0 else 1
        pen.fill(smooth([(away * 90, -100), (away * p.face_width * 0.66, -62), (away * p.face_width * 0.74, -30), (away * 50, 20), (away * 90, 40)]), shade(p.hair_colour, 0.26))
        if p.hair_style in ("curly", "afro"):
            for i in range(9):
                x, y = -40 + i * 10 + t * 0.3, -52 + 9 * math.cos(i * 2.1)
                pen.line(smooth([(x - 5, y), (x, y - 5), (x + 5, y), (x, y + 4)], closed=False), shade(p.hair_colour, 0.45), 1.9)
        else:
            gloss = [(-34 + t * 0.2, -50), (-12 + t * 0.2, -58), (14 + t * 0.2, -58), (32 + t * 0.2, -51), (28 + t * 0.2, -45), (12 + t * 0.2, -51), (0 + t * 0.2, -46), (-10 + t * 0.2, -51), (-24 + t * 0.2, -44)]
            pen.fill(smooth(gloss), tint(p.hair_colour, 0.55), 0.8)
            for x, y in fringe[2:-2:2]:
                pen.stroke([(x * 0.55 + t * 0.2, -64), (x * 0.85 + t * 0.1, -44), (x, y - 8)], 1.7, shade(p.hair_colour, 0.45))
    pen.line(cap, width=2.4)


def _silhouette(head: Head) -> Points:
    """From beside the right temple over the crown to the left temple."""
    p, v, t = head.person, head.person.hair_volume, head.turn * 0.15
    w, style = (p.face_width + 4) * v, head.person.hair_style
    low = -8 if style in _SHORT or style in _TIED else 4
    if style == "spiky":
        tips = [(w + 6, -22), (w + 14, -46), (w - 6, -50), (w - 2, -78), (w - 24, -70), (12, -98), (2, -76), (-18, -96), (-w + 22, -72), (-w + 0, -82), (-w + 5, -54), (-w - 14, -48), (-w - 6, -22)]
        return [(w, low), *tips, (-w, low)]
    if style == "mohawk":
        return [(18 + t, -50), (24 + t, -74), (14 + t, -100 * v), (-2 + t, -106 * v), (-16 + t, -98 * v), (-24 + t, -72), (-18 + t, -50)]
    if style == "undercut":
        return [(w - 4, -36), (w + 2, -58), (30, -86 * v), (-6, -90 * v), (-36, -80 * v), (-w - 1, -56), (-w + 4, -36)]
    if style == "pixie":
        return [(w, 6), (w + 3, -30), (w - 8, -60), (26, -78 * v), (0, -82 * v), (-26, -78 * v), (-w + 8, -60), (-w - 3, -30), (-w, 6)]
    return [(w, low), (w + 3, -30), (w - 8, -60), (26 + t, -76 * v), (t, -80 * v), (-26 + t, -76 * v), (-w + 8, -60), (-w - 3, -30), (-w, low)]


def _fringe(head: Head) -> Points:
    """The hairline from the left temple back to the right one, with whatever hangs on the forehead."""
    p, t = head.person, head.turn * 0.7
    if p.hair_style == "mohawk":
        return [(-10 + head.turn * 0.3, -40), (head.turn * 0.4, -34), (10 + head.turn * 0.3, -40)]
    w = p.face_width - 4
    ends = 0.86
    shapes: dict[str, list[tuple[float, float]]] = {
        "straight": [(-w, -14), (-30, -17), (-20, -16), (-8, -18), (4, -16), (16, -18), (28, -16), (w, -14)],
        "swept left": [(-w, -6), (-36, -14), (-22, -20), (-6, -26), (10, -34), (24, -42), (34, -40), (w, -20)],
        "swept right": [(-w, -20), (-34, -40), (-24, -42), (-10, -34), (6, -26), (22, -20), (36, -14), (w, -6)],
        "parted": [(-w, -10), (-34, -24), (-20, -38), (-3, -54), (3, -54), (20, -38), (34, -24), (w, -10)],
        "curtain": [(-w, 2), (-38, -10), (-26, -26), (-8, -46), (8, -46), (26, -26), (38, -10), (w, 2)],
        "choppy": [(-w, -8), (-32, -26), (-24, -9), (-12, -28), (0, -8), (10, -28), (22, -11), (32, -27), (w, -8)],
        "none": [(-w, -20), (-34, -42), (-18, -50), (0, -53), (18, -50), (34, -42), (w, -20)],
    }
    line = shapes[p.fringe]
    if p.hair_style == "undercut":
        line = [(x * ends * 0.9, min(y, -18) - 6) for x, y in line]
    return [(x + t * (1 - abs(x) / 90), y) for x, y in line]


def _draw_side_locks(pen: Pen, head: Head) -> None:
    p, v = head.person, head.person.hair_volume
    for side in (-1, 1):
        x = side * (p.face_width - 1) * v + head.turn * 0.2
        bottom = {"hime": 46, "bob": 52, "long straight": 92, "long wavy": 84}[p.hair_style]
        wave = 6 * side if p.hair_style == "long wavy" else 0
        tip = -6 * side if p.hair_style == "bob" else 0
        flat = p.hair_style == "hime"
        lock = [(x - side * 6, -40), (x + side * 8, -40), (x + side * 11 + wave, bottom * 0.45), (x + side * 9 - wave, bottom * 0.8), (x + side * (7 if flat else 2) + tip, bottom)]
        lock += [(x - side * (7 if flat else 1) + tip, bottom), (x - side * 6 - wave * 0.5, bottom * 0.7), (x - side * 3 + wave * 0.5, bottom * 0.35), (x - side * 7, -10)]
        _shaded(pen, lock, p.hair_colour)


def _draw_braids(pen: Pen, head: Head) -> None:
    p = head.person
    for side in (-1, 1):
        x = side * (p.face_width + 6)
        for i in range(6):
            pen.shape(ellipse(x + side * (i * 1.2) + (3 if i % 2 else -3), 18 + i * 15, 11 - i * 0.5, 10), p.hair_colour if i % 2 else shade(p.hair_colour, 0.18), 2.1)
        pen.shape(ellipse(x + side * 7, 104, 6, 5), (222, 82, 96), 1.8)


def _draw_buzz(pen: Pen, head: Head) -> None:
    p, t = head.person, head.turn
    w = p.face_width - 1
    cap = smooth([(w + t * 0.3, -16), (w - 2 + t * 0.3, -40), (30 + t * 0.2, -61), (t * 0.2, -66), (-30 + t * 0.2, -61), (-w + 2 + t * 0.3, -40), (-w + t * 0.3, -16), (-w + 9 + t * 0.4, -32), (-24 + t * 0.6, -44), (t * 0.7, -46), (24 + t * 0.6, -44), (w - 9 + t * 0.4, -32)])
    pen.fill(cap, mix(p.hair_colour, p.skin, 0.22))
    pen.line(cap, mix(INK, p.hair_colour, 0.3), 1.9)


def _shaded(pen: Pen, points: Points, colour: Rgb) -> None:
    """A lock: filled, its lower side in shadow, inked."""
    path = smooth(points)
    pen.fill(path, colour)
    with pen.inside(path):
        pen.fill(smooth([(x * 1.0 + 7, y + 9) for x, y in points]), shade(colour, 0.26))
    pen.line(path, width=2.3)


def _circle(x: float, y: float, rx: float, ry: float) -> Points:
    return [(x + rx * math.cos(i * math.pi / 4), y + ry * math.sin(i * math.pi / 4)) for i in range(8)]
