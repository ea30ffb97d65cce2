"""Eyes, as different hands construct them. Every construction keeps what tells people's eyes apart: their shape and size.

An eye is drawn in a frame of its own, where the outer corner lies at +x on both sides.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from drawn_world.hand import COLOURLESS
from drawn_world.head import Head
from drawn_world.pen import INK, Pen, Rgb, ellipse, ink, mix, shade, smooth, tint

WHITE: Rgb = (255, 253, 250)

_EYES = {  # half width, upper lid, lower lid, lift of the outer corner
    "round": (14.2, 15.4, 11.0, 0.5),
    "almond": (16.0, 12.6, 8.2, 1.5),
    "upturned": (16.0, 12.6, 8.2, 5.5),
    "drooping": (15.5, 13.0, 9.2, -4.5),
    "narrow": (16.5, 9.0, 6.0, 2.5),
    "wide": (16.0, 16.8, 12.0, 1.0),
}
_OPENING = {"surprised": 1.22, "sad": 0.8, "angry": 0.82, "shy": 0.88, "smiling": 0.92, "crying": 0.85}


def draw_eye(pen: Pen, head: Head, side: int) -> None:
    """In a frame of its own, where the outer corner lies at +x on both sides."""
    p, mood = head.person, head.look.expression
    half, up, low, lift = (v * p.eye_size for v in _EYES[p.eye_shape])
    up *= _OPENING.get(mood, 1.0)
    with pen.moved(*head.eye(side), math.degrees(-p.eye_tilt) * side, side * head.squeeze(side * p.eye_spacing), 1):
        if mood in ("laughing", "sleepy") or (mood == "winking" and side == 1):
            bow = 5.5 if mood == "sleepy" else -7.0
            if not head.hand.plain:  # closed it is no wider than open, and never meets the other
                half = min(half * (0.66 if head.hand.eyes in COLOURLESS else 0.95), p.eye_spacing * 0.76)
            pen.stroke(
                [
                    (-half, 3 - bow * 0.4),
                    (-half * 0.5, 3 + bow * 0.6),
                    (0, 3 + bow),
                    (half * 0.5, 3 + bow * 0.6),
                    (half + 1, 3 - lift * 0.4 - bow * 0.4),
                ],
                4.6,
            )
            if p.lashes > 0.4:
                for i in (0, 1):
                    pen.stroke(
                        [
                            (half - 2 - i * 5, 3 + bow * (0.2 + 0.3 * i)),
                            (half + 1.5 - i * 4, 3 + bow * 0.5 + 1),
                            (half + 4 - i * 3, 5 + bow * 0.9),
                        ],
                        2.2,
                    )
        else:
            _CONSTRUCTIONS[head.hand.eyes](pen, _Eye(head, side, half, up, low, lift))
        if mood == "crying":
            tear = smooth(
                [
                    (-3, low - 1),
                    (4, low - 1),
                    (5, low + 12),
                    (4, low + 24),
                    (-1, low + 28),
                    (-6, low + 24),
                    (-5, low + 12),
                ]
            )
            pen.shape(tear, (158, 214, 250), 1.6, (86, 148, 214))
            pen.stroke([(-1, low + 4), (-1.5, low + 13), (-1, low + 21)], 2.6, (236, 248, 255))


@dataclass(frozen=True)
class _Eye:
    """An open eye: half its width, the heights of its lids, and how far its outer corner is lifted."""

    head: Head
    side: int
    half: float
    up: float
    low: float
    lift: float

    @property
    def gaze(self) -> float:
        return self.side * self.head.look.yaw * 4 - 0.4

    @property
    def startled(self) -> float:
        return 0.72 if self.head.look.expression == "surprised" else 1.0


def _draw_webtoon(pen: Pen, eye: _Eye) -> None:
    head, side, half, up, low, lift = eye.head, eye.side, eye.half, eye.up, eye.low, eye.lift
    p, mood = head.person, head.look.expression
    white = smooth(
        [
            (-half, 2),
            (-half * 0.5, -up * 0.84),
            (half * 0.2, -up),
            (half * 0.82, -up * 0.56 - lift * 0.6),
            (half, -lift),
            (half * 0.5, low * 0.88),
            (-half * 0.3, low),
        ]
    )
    pen.fill(white, WHITE)
    with pen.inside(white):
        small = 0.72 if mood == "surprised" else 1.0
        x, y, r = side * head.look.yaw * 4 - 0.4, -0.8, min(half * 0.72, 11.4) * small
        tall, deep = r * 1.2, mix(p.eye_colour, (20, 12, 30), 0.72)
        pen.fill(ellipse(x, y, r, tall), deep)
        pen.vertical(
            ellipse(x, y + 0.3, r * 0.86, tall * 0.88),
            y - tall,
            y + tall,
            (mix(p.eye_colour, deep, 0.75), p.eye_colour, tint(p.eye_colour, 0.5)),
        )
        pen.fill(ellipse(x, y, r * 0.42, tall * 0.44), mix(deep, (12, 8, 20), 0.6))
        pen.fill(ellipse(x, y + tall * 0.56, r * 0.5, tall * 0.2), tint(p.eye_colour, 0.7), 0.8)
        pen.fill(
            smooth(
                [
                    (-half - 2, 0),
                    (-half * 0.5, -up * 0.5),
                    (half * 0.2, -up * 0.6),
                    (half + 2, -lift - 1),
                    (half, -up - 9),
                    (-half, -up - 9),
                ]
            ),
            (70, 60, 110),
            0.3,
        )
        pen.fill(ellipse(x - side * r * 0.36, y - tall * 0.42, r * 0.34, tall * 0.28), (255, 255, 255))
        pen.fill(ellipse(x + side * r * 0.4, y + tall * 0.4, r * 0.18, tall * 0.15), (255, 255, 255))
    lid = [
        (-half - 1, 2.5),
        (-half * 0.5, -up * 0.86),
        (half * 0.2, -up - 0.8),
        (half * 0.8, -up * 0.62 - lift * 0.6),
        (half + 2.5, -lift - 0.5),
    ]
    pen.stroke(lid, 4.2 + 2.4 * p.lashes)
    if p.lashes > 0.4:
        pen.stroke(
            [
                (half - 3, -lift - up * 0.3),
                (half + 2.5, -lift - 3),
                (half + 5 + 3 * p.lashes, -lift - 7 - 2 * p.lashes),
            ],
            3.4,
        )
    pen.stroke(
        [(half * 0.85, low * 0.45), (half * 0.3, low + 0.3), (-half * 0.4, low + 0.6)], 1.8, mix(INK, p.skin, 0.3)
    )
    pen.stroke(
        [(-half * 0.7, -up - 3.4), (half * 0.1, -up - 5.4), (half * 0.9, -up * 0.72 - lift * 0.6 - 4)],
        1.7,
        shade(p.skin, 0.5),
    )
    if mood in ("sad", "crying"):
        pen.fill(smooth([(-half * 0.5, low), (0, low + 2.5), (half * 0.6, low - 0.5), (0, low - 2.5)]), (190, 226, 250))


def _draw_dot(pen: Pen, eye: _Eye) -> None:
    """A spot of ink; the shape is in its proportion and in a tick of the lash."""
    r = eye.half * 0.28 * eye.startled
    tall = r * max(0.6, min(1.9, (eye.up + eye.low) / eye.half * 0.72))
    pen.fill(ellipse(eye.gaze * 0.5, 0, r, tall), pen.nib.line(INK))
    _draw_tick(pen, eye, r, tall)


def _draw_oval(pen: Pen, eye: _Eye) -> None:
    """Tall and black, with one light in it."""
    r = eye.half * 0.36
    tall = r * max(0.9, min(2.2, (eye.up + eye.low) / eye.half * 1.02))
    pen.fill(ellipse(eye.gaze * 0.5, 0, r, tall), pen.nib.line(INK))
    pen.fill(ellipse(eye.gaze * 0.5 - eye.side * r * 0.3, -tall * 0.42, r * 0.36, tall * 0.24), WHITE)
    _draw_tick(pen, eye, r, tall)


def _draw_tick(pen: Pen, eye: _Eye, r: float, tall: float) -> None:
    """What a corner that is lifted or hangs, and long lashes, become beside a mere spot."""
    if abs(eye.lift) > 3:
        pen.stroke([(r * 0.5, -tall * 0.8 - 1), (r * 1.5, -eye.lift * 0.7 - 2), (r * 2.1, -eye.lift * 1.3 - 2)], 2.8)
    elif eye.lift > 2 or eye.head.person.lashes > 0.6:
        pen.stroke([(-r * 1.1, -tall * 0.9), (0, -tall * 1.3 - 1), (r * 1.5, -tall * 0.8)], 2.2)


def _draw_bead(pen: Pen, eye: _Eye) -> None:
    """A white ball with a pupil, as in cartoons."""
    rx, ry = eye.half * 0.82, (eye.up + eye.low) * 0.56
    ball = ellipse(0, -1, rx, ry)
    pen.line(ball, ink(eye.head.person.skin), 2.2 * max(0.8, pen.nib.width))
    pen.fill(ball, WHITE)
    r = min(rx, ry) * 0.46 * eye.startled
    pen.fill(ellipse(eye.gaze * 1.6 - 1, 0, r, r), pen.nib.line(INK))
    pen.fill(ellipse(eye.gaze * 1.6 - 1 - eye.side * r * 0.3, -r * 0.4, r * 0.3, r * 0.3), WHITE)
    _draw_tick(pen, eye, rx * 0.7, ry)


def _draw_hollow(pen: Pen, eye: _Eye) -> None:
    """A ring with a dot in it."""
    rx, ry = eye.half * 0.66, (eye.up + eye.low) * 0.44
    pen.line(ellipse(0, 0, rx, ry), INK, 1.9 * max(0.8, pen.nib.width))
    pen.fill(ellipse(eye.gaze, 0.6, 2.7 * eye.startled, 3.0 * eye.startled), pen.nib.line(INK))
    _draw_tick(pen, eye, rx * 0.7, ry)


def _draw_lid(pen: Pen, eye: _Eye) -> None:
    """A lid, and a pupil that hangs from it."""
    half, up, lift = eye.half * 0.8, eye.up * 0.45, eye.lift
    pen.stroke([(-half, 1), (-half * 0.4, -up), (half * 0.4, -up - lift * 0.3), (half, -lift)], 3.6)
    r = eye.half * 0.27 * eye.startled
    pen.fill(ellipse(eye.gaze, r - up * 0.6, r, r * max(0.8, eye.up / eye.half * 1.4)), pen.nib.line(INK))
    if eye.low > 8:
        pen.stroke([(-half * 0.4, eye.low * 0.8), (0, eye.low), (half * 0.5, eye.low * 0.75)], 1.7)


def _draw_arc(pen: Pen, eye: _Eye) -> None:
    """Always smiling: a bow, and no ball at all."""
    half, bow = eye.half * 0.72, eye.up * 0.62
    pen.stroke([(-half, 3), (-half * 0.5, 3 - bow * 0.8), (half * 0.2, 3 - bow), (half, 2 - eye.lift)], 4.2)
    if eye.head.person.lashes > 0.5:
        pen.stroke([(half * 0.7, -eye.lift * 0.5), (half * 1.1, -2 - eye.lift), (half * 1.4, -4 - eye.lift)], 2.4)


def _draw_doll(pen: Pen, eye: _Eye) -> None:
    """A button of the eye's colour, without white."""
    p, r = eye.head.person, eye.half * 0.56
    tall = r * max(0.75, min(1.5, (eye.up + eye.low) / eye.half * 0.74))
    x = eye.gaze * 0.5
    pen.fill(ellipse(x, 0, r, tall), pen.nib.line(mix(INK, p.eye_colour, 0.15)))
    pen.fill(ellipse(x, 0.4, r * 0.8, tall * 0.82), p.eye_colour)
    pen.fill(ellipse(x, 0, r * 0.42, tall * 0.45), pen.nib.line(INK))
    pen.fill(ellipse(x - eye.side * r * 0.3, -tall * 0.38, r * 0.24, r * 0.24), WHITE)
    _draw_tick(pen, eye, r, tall)


def _draw_manga(pen: Pen, eye: _Eye, lights: int = 2) -> None:
    """Tall, under a heavy lid; an iris that darkens upwards, open at the sides."""
    p, half, up, low, lift = eye.head.person, eye.half * 0.86, eye.up * 1.22, eye.low * 1.2, eye.lift
    ball = smooth([(-half, 1), (-half * 0.5, -up * 0.85), (half * 0.3, -up), (half, -lift - 2), (half * 0.6, low), (-half * 0.5, low)])
    pen.fill(ball, WHITE)
    r, tall, x = half * 0.68 * eye.startled, up * 0.94 * eye.startled, eye.gaze
    deep = mix(p.eye_colour, (20, 10, 34), 0.66)
    with pen.inside(ball):
        pen.fill(ellipse(x, 0, r, tall), deep)
        pen.vertical(ellipse(x, 1, r * 0.9, tall * 0.93), -tall * 0.8, tall * 0.9, (deep, p.eye_colour, tint(p.eye_colour, 0.55)))
        pen.fill(ellipse(x, 0.5, r * 0.4, tall * 0.42), mix(deep, (10, 6, 16), 0.7))
    pen.fill(ellipse(x - r * 0.34, -tall * 0.44, r * 0.36, tall * 0.27), (255, 255, 255))
    if lights > 1:
        pen.fill(ellipse(x + r * 0.36, tall * 0.4, r * 0.2, tall * 0.15), (255, 255, 255))
    pen.stroke([(-half - 1, 1), (-half * 0.5, -up * 0.88), (half * 0.3, -up - 1), (half * 0.9, -up * 0.5 - lift * 0.5), (half + 4, -lift - 2)], 5 + 2 * p.lashes)
    pen.stroke([(-half * 0.3, low + 0.6), (half * 0.2, low + 1), (half * 0.7, low - 0.4)], 1.9)


def _draw_shoujo(pen: Pen, eye: _Eye) -> None:
    """As manga, with more lights and single lashes."""
    _draw_manga(pen, eye)
    half, up, low, r = eye.half * 0.86, eye.up * 1.22, eye.low * 1.2, eye.half * 0.58
    pen.fill(ellipse(eye.gaze + r * 0.1, up * 0.55, r * 0.5, up * 0.16), tint(eye.head.person.eye_colour, 0.75), 0.9)
    pen.fill(ellipse(eye.gaze + r * 0.5, -up * 0.3, r * 0.16, r * 0.16), (255, 255, 255))
    for i in range(3):
        x = half * (0.35 + 0.3 * i)
        y = -up * (0.98 - 0.28 * i) - eye.lift * 0.3 * i
        pen.stroke([(x, y + 1), (x + 2.5, y - 3), (x + 5 + i, y - 6 + i)], 2.4)
    pen.stroke([(half * 0.5, low), (half * 0.7, low + 3), (half * 0.8, low + 5)], 1.6)


def _draw_narrow(pen: Pen, eye: _Eye) -> None:
    """A slit: cool, grown-up eyes with a small iris cut by both lids."""
    p, half, up, low, lift = eye.head.person, eye.half, eye.up * 0.56, eye.low * 0.56, eye.lift + 1
    ball = smooth([(-half, 2.5), (-half * 0.4, -up * 0.8), (half * 0.4, -up - lift * 0.3), (half, -lift - 1), (half * 0.3, low), (-half * 0.5, low)])
    pen.fill(ball, WHITE)
    r = min(half * 0.44, 7.5) * eye.startled
    with pen.inside(ball):
        pen.fill(ellipse(eye.gaze, -1, r, r * 1.1), mix(p.eye_colour, (20, 12, 30), 0.6))
        pen.fill(ellipse(eye.gaze, 0, r * 0.78, r * 0.86), p.eye_colour)
        pen.fill(ellipse(eye.gaze, -1, r * 0.36, r * 0.4), pen.nib.line(INK))
    pen.fill(ellipse(eye.gaze - r * 0.3, -r * 0.4, 1.4, 1.4), (255, 255, 255))
    pen.stroke([(-half - 1, 3), (-half * 0.4, -up * 0.85), (half * 0.4, -up - 0.6 - lift * 0.3), (half + 3, -lift - 2)], 4.0 + 1.6 * p.lashes)
    pen.stroke([(-half * 0.2, low + 1), (half * 0.4, low + 0.6), (half * 0.9, 0)], 1.5)


def _draw_real(pen: Pen, eye: _Eye) -> None:
    """Small, with two lids, a fold above and a shaded white."""
    p, half, up, low, lift = eye.head.person, eye.half, eye.up * 0.66, eye.low * 0.62, eye.lift * 0.8
    ball = smooth([(-half, 2.5), (-half * 0.5, -up * 0.75), (half * 0.15, -up), (half * 0.75, -up * 0.5 - lift * 0.5), (half, -lift), (half * 0.4, low * 0.9), (-half * 0.3, low)])
    pen.fill(ball, (244, 240, 236))
    r = min(half * 0.5, up * 1.02) * eye.startled
    with pen.inside(ball):
        pen.fill(ellipse(eye.gaze, -0.8, r, r), mix(p.eye_colour, (20, 14, 20), 0.5))
        pen.fill(ellipse(eye.gaze, -0.4, r * 0.82, r * 0.82), p.eye_colour)
        pen.fill(ellipse(eye.gaze, -0.8, r * 0.42, r * 0.42), (14, 10, 14))
        pen.fill(smooth([(-half - 2, 0), (0, -up * 0.55), (half + 2, -lift), (half, -up - 6), (-half, -up - 6)]), (70, 50, 60), 0.3)
    pen.fill(ellipse(eye.gaze - r * 0.32, -r * 0.5, r * 0.22, r * 0.22), (255, 255, 255))
    pen.stroke([(-half - 1, 3), (-half * 0.5, -up * 0.8), (half * 0.15, -up - 0.5), (half * 0.75, -up * 0.55 - lift * 0.5), (half + 1.5, -lift)], 2.6 + 2 * p.lashes)
    pen.stroke([(half * 0.95, 0.5 - lift * 0.5), (half * 0.4, low), (-half * 0.4, low + 0.6)], 1.4, shade(p.skin, 0.55))
    pen.stroke([(-half * 0.8, -up - 1), (half * 0.1, -up - 4), (half, -up * 0.7 - lift * 0.5 - 2)], 1.6, shade(p.skin, 0.5))


_CONSTRUCTIONS: dict[str, Callable[[Pen, _Eye], None]] = {
    "webtoon": _draw_webtoon,
    "dot": _draw_dot,
    "oval": _draw_oval,
    "bead": _draw_bead,
    "hollow": _draw_hollow,
    "lid": _draw_lid,
    "arc": _draw_arc,
    "doll": _draw_doll,
    "manga": _draw_manga,
    "shoujo": _draw_shoujo,
    "narrow": _draw_narrow,
    "real": _draw_real,
}
