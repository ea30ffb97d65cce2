"""Noses, mouths and cheeks as hands other than the drawn world's own put them down."""

from __future__ import annotations

from collections.abc import Callable

from drawn_world.head import Head, Point
from drawn_world.pen import INK, Pen, Rgb, ellipse, ink, mix, shade, smooth

WHITE: Rgb = (255, 253, 250)
_DARK: Rgb = (104, 30, 44)
_TONGUE: Rgb = (232, 116, 120)


# --- noses --------------------------------------------------------------------------------------------------------------


def _nose_line(head: Head) -> Rgb:
    return mix(ink(head.person.skin), head.person.skin, 0.1)


def _draw_cartoon_nose(pen: Pen, head: Head) -> None:
    """Large and simple, each person's own: a ball, a wide bow, a beak, a wedge, a snub."""
    p, (x, y), w = head.person, head.nose, max(4.5, head.person.nose_width * 1.15)
    side, width = (head.far if head.turned > 0.3 else 1), 2.2 * max(0.7, pen.nib.width)
    if p.nose == "dot":
        pen.shape(ellipse(x, y - 3, w * 0.8, w * 0.66), mix(p.skin, (226, 96, 84), 0.25), 2.2)
    elif p.nose == "line":
        pen.line(smooth([(x - w * 1.1, y - 3), (x - w * 0.5, y + 2), (x + w * 0.5, y + 2), (x + w * 1.1, y - 3)], closed=False), _nose_line(head), width)
    elif p.nose == "hook":
        beak = smooth([(x - side * 1, y - 17), (x + side * w * 1.1, y - 6), (x + side * w * 1.2, y + 1), (x - side * w * 0.3, y + 2)], closed=False)
        pen.line(beak, _nose_line(head), width)
    elif p.nose == "wedge":
        pen.fill(smooth([(x, y - 14), (x + side * w * 1.2, y), (x + side * w * 0.2, y + 2.5), (x - side * 3, y + 1)]), shade(p.skin, 0.42))
    else:
        pen.line(smooth([(x - w * 0.9, y), (x - w * 0.7, y - 6), (x, y - 8), (x + w * 0.7, y - 6), (x + w * 0.9, y)], closed=False), _nose_line(head), width * 0.8)
        for s in (-1, 1):
            pen.fill(ellipse(x + s * w * 0.4, y - 1, 1.7, 1.4), pen.nib.line(_nose_line(head)))


def _draw_tick(pen: Pen, head: Head) -> None:
    (x, y), side = head.nose, head.far if head.turned > 0.3 else 1
    pen.stroke([(x + side * 2, y - 7), (x + side * 4.5, y - 1), (x - side, y + 1)], 2.4, _nose_line(head))


def _draw_nostrils(pen: Pen, head: Head) -> None:
    (x, y), w = head.nose, head.person.nose_width
    for side in (-1, 1):
        pen.fill(ellipse(x + side * w * 0.5, y, 1.9, 1.5), pen.nib.line(_nose_line(head)))


def _draw_shade(pen: Pen, head: Head) -> None:
    """The shadow under it alone."""
    (x, y), w = head.nose, head.person.nose_width
    pen.fill(smooth([(x - w * 0.8, y - 1), (x, y - 3), (x + w * 0.8, y - 1), (x, y + 3)]), shade(head.person.skin, 0.32))


def _draw_none(pen: Pen, head: Head) -> None:
    """No nose."""


# --- mouths -------------------------------------------------------------------------------------------------------------

_BENDS = {"smiling": 6.0, "winking": 6.5, "laughing": 7.0, "sad": -5.5, "crying": -6.0, "angry": -4.5, "shy": 2.0, "sleepy": 0.6}


def _bow(head: Head, bend: float, wide: float = 1) -> list[Point]:
    w = head.person.mouth_width * wide
    return [head.mouth(x * w, dy * bend) for x, dy in ((-1, -0.75), (-0.5, 0.35), (0, 0.6), (0.5, 0.35), (1, -0.75))]


def _gape(head: Head, deep: float, wide: float = 1) -> list[Point]:
    """An open mouth, flat above."""
    w = head.person.mouth_width * wide
    return [head.mouth(x * w, dy) for x, dy in ((-1, -3), (0, -2), (1, -3), (0.7, deep * 0.7), (0, deep), (-0.7, deep * 0.7))]


def _draw_line_mouth(pen: Pen, head: Head, width: float = 2.6) -> None:
    """A line; a plain dark hole when it is open."""
    mood = head.look.expression
    if mood == "laughing":
        pen.fill(smooth(_gape(head, 11)), pen.nib.line(_DARK))
    elif mood == "surprised":
        pen.fill(ellipse(*head.mouth(0, 2), head.person.mouth_width * 0.36, 6), pen.nib.line(_DARK))
    else:
        pen.line(smooth(_bow(head, _BENDS.get(mood, 1.2)), closed=False), INK, width * max(0.7, pen.nib.width**0.6))


def _draw_bold(pen: Pen, head: Head) -> None:
    _draw_line_mouth(pen, head, 4.6)


def _draw_grin(pen: Pen, head: Head) -> None:
    """Teeth in every mood but the sad ones."""
    mood = head.look.expression
    if mood in ("sad", "crying", "shy", "sleepy"):
        _draw_line_mouth(pen, head, 3)
        return
    if mood == "surprised":
        path = smooth([head.mouth(x * head.person.mouth_width, dy) for x, dy in ((0, -5), (0.55, 2), (0, 11), (-0.55, 2))])
    else:
        path = smooth(_gape(head, {"laughing": 14.0, "smiling": 9.0, "winking": 9.0}.get(mood, 5.0), 1.04))
    pen.shape(path, _DARK, 2.2)
    with pen.inside(path):
        w = head.person.mouth_width + 6
        if mood == "laughing":
            pen.fill(smooth([head.mouth(x, dy) for x, dy in ((-w * 0.6, 12), (0, 6), (w * 0.6, 12), (0, 20))]), _TONGUE)
        low = 20.0 if mood == "angry" else 3.2
        pen.fill(smooth([head.mouth(x, dy) for x, dy in ((-w, -9), (w, -9), (w, low * 0.6), (0, low), (-w, low * 0.6))]), WHITE)
        if mood == "angry":
            pen.line(smooth([head.mouth(x, 1.4) for x in (-w, 0, w)], closed=False), INK, 1.3)


def _draw_lips(pen: Pen, head: Head) -> None:
    """Painted, fuller or thinner as the person's are."""
    p, mood = head.person, head.look.expression
    lip, w, full = mix(p.skin, (196, 48, 66), 0.7), p.mouth_width, 3.0 + 4.0 * p.lips
    bend = _BENDS.get(mood, 0.8) * 0.8
    if mood in ("laughing", "surprised"):
        deep, wide = (12.0, 1.0) if mood == "laughing" else (10.0, 0.6)
        outer = smooth(_gape(head, deep + full * 0.4, wide))
        pen.shape(outer, lip, 1.6)
        pen.fill(smooth([head.mouth(x * w * wide * 0.76, dy) for x, dy in ((-1, 0), (0, 0.6), (1, 0), (0.6, deep * 0.6), (0, deep * 0.8), (-0.6, deep * 0.6))]), _DARK)
        return
    upper = [(-1, -bend * 0.75), (-0.3, -full * 0.62 + bend * 0.3), (0, -full * 0.42 + bend * 0.4), (0.3, -full * 0.62 + bend * 0.3), (1, -bend * 0.75)]
    lower = [(0.5, full * 0.75 + bend * 0.35), (0, full + bend * 0.5), (-0.5, full * 0.75 + bend * 0.35)]
    pen.fill(smooth([head.mouth(x * w, dy) for x, dy in [*upper, *lower]]), lip)
    pen.stroke(_bow(head, bend), 2.2, mix(_DARK, INK, 0.5))


# --- cheeks -------------------------------------------------------------------------------------------------------------


def _no_cheek(pen: Pen, red: Rgb, shy: bool) -> None:
    if shy:
        pen.soft(0, 0, 15, red, 0.6, 0.6)


def _round_cheek(pen: Pen, red: Rgb, shy: bool) -> None:
    pen.fill(ellipse(0, 0, 9.0 if shy else 7.0, 6.0 if shy else 4.6), red, 0.85)


def _stroked_cheek(pen: Pen, red: Rgb, shy: bool) -> None:
    for i in range(-2 if shy else -1, 3 if shy else 2):
        pen.stroke([(i * 4.5 + 2, -3.5), (i * 4.5, 0), (i * 4.5 - 2, 3.5)], 1.9, red)


NOSES: dict[str, Callable[[Pen, Head], None]] = {
    "cartoon": _draw_cartoon_nose,
    "tick": _draw_tick,
    "nostrils": _draw_nostrils,
    "shade": _draw_shade,
    "none": _draw_none,
}
MOUTHS: dict[str, Callable[[Pen, Head], None]] = {
    "line": _draw_line_mouth,
    "bold": _draw_bold,
    "grin": _draw_grin,
    "lips": _draw_lips,
}
CHEEKS: dict[str, Callable[[Pen, Rgb, bool], None]] = {
    "none": _no_cheek,
    "rounds": _round_cheek,
    "strokes": _stroked_cheek,
}
