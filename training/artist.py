"""Draws a person in a look as a webtoon bust, 256 x 256, with the truth of where the face is.

The head is drawn in its own space: the origin lies between the eyes, y points down, and one unit is one canvas pixel at
scale 1. `Head` holds what every part of the head needs. Parts are drawn back to front in `draw`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import skia

from training.costume import draw_background, draw_body
from training.hair import draw_back_hair, draw_front_hair
from training.pen import INK, Pen, Rgb, ellipse, mix, rounded, shade, smooth, tint
from training.world import Look, Person

SIZE = 256
WHITE: Rgb = (255, 253, 250)


@dataclass(frozen=True, eq=False)
class Drawing:
    """A picture and its truth."""

    pixels: npt.NDArray[np.uint8]  # (256, 256, 3) RGB
    box: npt.NDArray[np.float32]  # (4,) left, top, right, bottom of the face
    landmarks: npt.NDArray[np.float32]  # (5, 2) as insightface: left eye in the picture, right eye, nose, mouth corners


@dataclass(frozen=True)
class Head:
    """A person in a look, with the shifts that turning the head causes."""

    person: Person
    look: Look

    @property
    def turn(self) -> float:
        """How far the middle of the face moves sideways."""
        return self.look.yaw * 11

    def squeeze(self, side: int) -> float:
        """Foreshortening of the half of the face on `side` (-1 left in the picture, 1 right)."""
        return 1 - 0.2 * max(0.0, self.look.yaw * side)

    def eye(self, side: int) -> tuple[float, float]:
        return self.turn + side * self.person.eye_spacing * self.squeeze(side), 0.0

    @property
    def nose(self) -> tuple[float, float]:
        return self.turn * 1.45, self.person.nose_length

    def mouth(self, side: int) -> tuple[float, float]:
        width = self.person.mouth_width * self.squeeze(side)
        return self.turn * 1.05 + side * width, self.person.mouth_height

    def outline(self) -> skia.Path:
        """The face from the temples down to the chin and over the skull."""
        p, t = self.person, self.turn
        left, right = self.squeeze(-1) ** 0.4, self.squeeze(1) ** 0.4
        jaw_y, corner = p.chin - 24, 0.36 + 0.4 * p.jaw_square
        points = [(t * 0.2, -60.0), (p.face_width * 0.74 * right + t * 0.2, -49.0), (p.face_width * right + t * 0.3, -18.0)]
        points += [(p.face_width * 0.97 * right + t * 0.4, 14.0), (p.jaw_width * right + t * 0.6, jaw_y)]
        points += [(p.jaw_width * corner * right + t * 0.8, p.chin - 6), (t * 0.95, p.chin)]
        points += [(-p.jaw_width * corner * left + t * 0.8, p.chin - 6), (-p.jaw_width * left + t * 0.6, jaw_y)]
        points += [(-p.face_width * 0.97 * left + t * 0.4, 14.0), (-p.face_width * left + t * 0.3, -18.0)]
        points += [(-p.face_width * 0.74 * left + t * 0.2, -49.0)]
        return smooth(points)


def draw(person: Person, look: Look) -> Drawing:
    """Draws the picture; the same arguments give the same bytes."""
    surface = skia.Surface(SIZE, SIZE)
    pen, head = Pen(surface.getCanvas()), Head(person, look)
    placed = _placement(look)
    draw_background(pen, look)
    with pen.moved(*placed):
        draw_back_hair(pen, head)
    with pen.moved(placed[0] * 0.6 + 51.2, placed[1], 0, look.scale, look.scale):
        draw_body(pen, person, look)
    with pen.moved(*placed):
        _draw_ears(pen, head)
        _draw_face(pen, head)
        draw_front_hair(pen, head)
        for side in (-1, 1):
            _draw_brow(pen, head, side)
        _draw_accessory(pen, head)
    rgba = surface.toarray(colorType=skia.kRGBA_8888_ColorType)
    return Drawing(np.ascontiguousarray(rgba[:, :, :3]), *_truth(head))


def _placement(look: Look) -> tuple[float, float, float, float, float]:
    return 128 + look.dx, 112 + look.dy, math.degrees(look.roll), look.scale, look.scale


def _truth(head: Head) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The face box (brow to chin, cheek to cheek) and the five landmarks, in pixels of the picture."""
    p = head.person
    landmarks = [head.eye(-1), head.eye(1), head.nose, head.mouth(-1), head.mouth(1)]
    edge = [(-p.face_width, -34), (p.face_width, -34), (-p.face_width, p.chin), (p.face_width, p.chin)]
    dx, dy, degrees, scale, _ = _placement(head.look)
    cos, sin = math.cos(math.radians(degrees)) * scale, math.sin(math.radians(degrees)) * scale
    turned = np.array([*landmarks, *edge]) @ np.array([[cos, sin], [-sin, cos]]) + (dx, dy)
    box = np.concatenate([turned[5:].min(0), turned[5:].max(0)])
    return box.astype(np.float32), turned[:5].astype(np.float32)


def _draw_ears(pen: Pen, head: Head) -> None:
    p = head.person
    for side in (-1, 1):
        hidden = head.look.yaw * side
        if hidden > 0.55:
            continue
        x, s = side * (p.face_width - 1) + head.turn * 0.3, p.ear_size
        outer = [(x - side * 3, -6.0), (x + side * 8 * s, -12 * s), (x + side * 11 * s, 2.0), (x + side * 4, 19 * s)]
        if p.pointed_ears:
            outer = [(x - side * 3, -8.0), (x + side * 14 * s, -19 * s), (x + side * 23 * s, -27 * s), (x + side * 13 * s, 2.0)]
            outer += [(x + side * 3, 18 * s)]
        pen.shape(smooth(outer), p.skin)
        pen.line(smooth([(x + side * 2, 10.0), (x + side * 6 * s, 0.0), (x + side * 5 * s, -6.0)], closed=False), shade(p.skin, 0.4), 1.6)


def _draw_face(pen: Pen, head: Head) -> None:
    p, t = head.person, head.turn
    outline = head.outline()
    pen.fill(outline, p.skin)
    with pen.inside(outline):
        dark = shade(p.skin, 0.2)
        away = -1 if head.look.yaw >= 0 else 1
        cheek = [(away * 70, -70.0), (away * (p.face_width * 0.86) + t * 0.3, -30.0), (away * (p.face_width * 0.8) + t * 0.3, 12.0)]
        pen.fill(smooth([*cheek, (away * p.jaw_width * 0.66 + t * 0.8, p.chin - 12), (t * 0.9, p.chin + 2), (away * 70, 70.0)]), dark)
        _draw_blush(pen, head)
        if p.freckles:
            for side in (-1, 1):
                for i, (fx, fy) in enumerate(((-7, 17), (-1, 20), (5, 17), (1, 14), (9, 21), (-4, 23))):
                    ex, _ = head.eye(side)
                    pen.fill(ellipse(ex + side * 3 + fx, fy, 1.5 + 0.2 * (i % 2), 1.5), shade(p.skin, 0.5))
        _draw_beard(pen, head)
    pen.line(outline, width=2.4)
    _draw_nose(pen, head)
    _draw_mouth(pen, head)
    for side in (-1, 1):
        _draw_eye(pen, head, side)
    _draw_marks(pen, head)


def _draw_blush(pen: Pen, head: Head) -> None:
    p = head.person
    strength = max(p.blush * 0.4, 0.85 if head.look.expression == "shy" else 0)
    if strength < 0.08:
        return
    for side in (-1, 1):
        x, _ = head.eye(side)
        pen.fill(ellipse(x + side * 6, 23, 11 * head.squeeze(side), 6.5), mix(p.skin, (235, 70, 80), 0.5), strength * 0.8)
        if head.look.expression == "shy":
            for i in (-1, 0, 1):
                stroke = [(x + side * 6 + i * 5 + 2, 20.0), (x + side * 6 + i * 5 - 2, 26.0)]
                pen.line(smooth(stroke, closed=False), mix(p.skin, (190, 40, 50), 0.7), 1.5)


def _draw_nose(pen: Pen, head: Head) -> None:
    p, (x, y), w = head.person, head.nose, head.person.nose_width
    dark, ink = shade(p.skin, 0.34), mix(INK, p.skin, 0.15)
    away = -1 if head.look.yaw >= 0 else 1
    if p.nose == "dot":
        pen.fill(ellipse(x, y, 2.1, 1.7), ink)
    elif p.nose == "line":
        pen.stroke([(x - w, y), (x, y + 2.4), (x + w, y)], 2.6, ink)
    elif p.nose == "hook":
        pen.stroke([(x - away * w * 0.4, y - 15), (x - away * w * 1.1, y - 3), (x - away * w, y + 1), (x + away * 2, y + 2)], 2.6, ink)
    elif p.nose == "wedge":
        pen.fill(smooth([(x, y - 11), (x + away * w * 1.5, y + 1), (x - away * 2, y + 2)]), dark)
        pen.stroke([(x - w * 0.7, y + 1.5), (x, y + 3.2), (x + w * 0.7, y + 1.5)], 2.2, ink)
    else:
        pen.line(smooth([(x - w, y - 2), (x - w * 0.8, y + 2), (x, y + 3.4), (x + w * 0.8, y + 2), (x + w, y - 2)], closed=False), ink, 1.9)
        pen.fill(ellipse(x - 1, y - 3, 1.8, 1.4), tint(p.skin, 0.7))


def _draw_mouth(pen: Pen, head: Head) -> None:
    p, mood = head.person, head.look.expression
    (lx, y), (rx, _) = head.mouth(-1), head.mouth(1)
    x, half = (lx + rx) / 2, (rx - lx) / 2
    lip = mix(p.skin, (196, 60, 72), 0.3 + 0.4 * p.lips)
    if mood == "laughing":
        opened = smooth([(lx - 2, y - 3), (x, y - 1), (rx + 2, y - 3), (x + half * 0.6, y + 10), (x, y + 13), (x - half * 0.6, y + 10)])
        pen.fill(opened, (122, 34, 48))
        with pen.inside(opened):
            pen.fill(ellipse(x, y + 13, half * 0.7, 6), (226, 106, 112))
            pen.fill(rounded(lx - 2, y - 6, rx + 2, y + 2.5, 2), WHITE)
        pen.line(opened, width=2.2)
    elif mood == "surprised":
        pen.shape(ellipse(x, y + 3, half * 0.42, 6.5), (122, 34, 48), 2.2)
    elif mood == "angry":
        teeth = smooth([(lx, y + 4), (x, y - 1), (rx, y + 4), (x + half * 0.5, y + 6.5), (x - half * 0.5, y + 6.5)])
        pen.shape(teeth, WHITE, 2.2)
    elif mood == "crying":
        pen.shape(smooth([(lx + 2, y + 6), (x, y - 1), (rx - 2, y + 6), (x, y + 8)]), (122, 34, 48), 2.1)
    else:
        bend = {"smiling": 5.0, "winking": 5.5, "sad": -4.5, "shy": 2.0, "sleepy": 0.5}.get(mood, 0.8)
        if p.lips > 0.35:
            pen.fill(smooth([(lx + 3, y), (x, y - 2.4), (rx - 3, y), (x, y + bend * 0.6 + 2.5 + 3.2 * p.lips)]), lip, 0.85)
        pen.stroke([(lx, y - bend * 0.6), (x - half * 0.5, y + bend * 0.35), (x, y + bend * 0.6), (x + half * 0.5, y + bend * 0.35), (rx, y - bend * 0.6)], 2.9)
        if abs(bend) < 2 and p.lips <= 0.35:
            pen.stroke([(x - 4, y + 6), (x + 4, y + 6)], 1.6, shade(p.skin, 0.45))


_EYES = {  # half width, upper lid, lower lid, outer corner lift
    "round": (13.5, 14.0, 11.0, 0.0),
    "almond": (15.5, 11.0, 7.5, 1.0),
    "upturned": (15.5, 11.0, 7.5, 5.0),
    "drooping": (15.0, 11.5, 8.5, -4.0),
    "narrow": (16.0, 7.4, 5.4, 2.0),
    "wide": (15.5, 15.5, 11.5, 0.5),
}


def _draw_eye(pen: Pen, head: Head, side: int) -> None:
    p, mood = head.person, head.look.expression
    half, up, low, lift = (v * p.eye_size for v in _EYES[p.eye_shape])
    opening = {"surprised": 1.2, "sad": 0.85, "angry": 0.85, "shy": 0.9, "smiling": 0.95}.get(mood, 1.0)
    up, half = up * opening, half * head.squeeze(side)
    x, _ = head.eye(side)
    with pen.moved(x, 0, math.degrees(-p.eye_tilt) * side, side, 1):  # the outer corner is now at +x on both sides
        closed = mood in ("laughing", "sleepy") or (mood == "winking" and side == 1)
        if closed:
            bow = -6.0 if mood != "sleepy" else 5.0
            pen.stroke([(-half, 2.0 - bow * 0.3), (-half * 0.5, 2 + bow * 0.6), (0, 2 + bow), (half * 0.5, 2 + bow * 0.6), (half + 1, 2 - lift * 0.4 - bow * 0.3)], 4.2)
            if p.lashes > 0.4:
                pen.stroke([(half - 2, 1.0), (half + 2, 1 - bow * 0.1), (half + 5, -1.0 + bow * 0.4)], 2.4)
        else:
            _draw_open_eye(pen, head, side, half, up, low, lift)
        if mood == "crying":
            tear = [(-2.0, low - 1), (3.0, low + 8), (2.5, low + 24), (-3.0, low + 26), (-5.0, low + 10)]
            pen.fill(smooth(tear), (150, 208, 245), 0.9)
            pen.line(smooth(tear), (80, 140, 205), 1.3)


def _draw_open_eye(pen: Pen, head: Head, side: int, half: float, up: float, low: float, lift: float) -> None:
    p = head.person
    white = smooth([(-half, 1.5), (-half * 0.45, -up * 0.86), (half * 0.25, -up), (half * 0.85, -up * 0.5 - lift * 0.6), (half, -lift), (half * 0.45, low * 0.9), (-half * 0.35, low)])
    pen.fill(white, WHITE)
    with pen.inside(white):
        pen.fill(ellipse(0, -up - 1, half * 1.2, up * 0.62), (205, 205, 222))
        ix, iy, r = head.look.yaw * side * 2.2, -0.8, min(half * 0.66, 10.6)
        ry = r * 1.12
        pen.fill(ellipse(ix, iy, r, ry), mix(p.eye_colour, INK, 0.62))
        pen.fill(ellipse(ix, iy + 0.4, r * 0.84, ry * 0.84), p.eye_colour)
        pen.fill(ellipse(ix, iy + ry * 0.45, r * 0.6, ry * 0.42), tint(p.eye_colour, 0.45))
        pen.fill(ellipse(ix, iy, r * 0.42, ry * 0.45), mix(p.eye_colour, (18, 12, 24), 0.85))
        pen.fill(ellipse(ix - side * r * 0.34, iy - ry * 0.42, r * 0.32, ry * 0.3), (255, 255, 255))
        pen.fill(ellipse(ix + side * r * 0.36, iy + ry * 0.42, r * 0.17, ry * 0.16), (255, 255, 255))
    lid = [(-half - 0.5, 1.0), (-half * 0.5, -up * 0.86), (half * 0.2, -up - 0.6), (half * 0.8, -up * 0.56 - lift * 0.6), (half + 2, -lift - 0.5)]
    pen.stroke(lid, 4.0 + 2.2 * p.lashes)
    if p.lashes > 0.4:
        pen.stroke([(half - 1, -lift - 2), (half + 3, -lift - 4), (half + 5 + 2 * p.lashes, -lift - 7)], 2.8)
    pen.stroke([(half * 0.75, low * 0.55), (half * 0.2, low + 0.4), (-half * 0.4, low + 0.6)], 1.7, mix(INK, p.skin, 0.25))
    pen.stroke([(-half * 0.7, -up - 3.2), (half * 0.1, -up - 5), (half * 0.85, -up * 0.7 - lift * 0.6 - 3.5)], 1.5, shade(p.skin, 0.5))


def _draw_brow(pen: Pen, head: Head, side: int) -> None:
    p, mood = head.person, head.look.expression
    x, _ = head.eye(side)
    slant = {"angry": 6.5, "sad": -5.5, "crying": -5.5, "shy": -2.5}.get(mood, 0.0)
    raised = {"surprised": 5.0, "laughing": 2.0, "angry": -3.5}.get(mood, 0.0)
    colour = mix(p.hair_colour, INK, 0.45) if p.hair_style != "bald" else mix(INK, p.skin, 0.2)
    with pen.moved(x, -p.brow_height - raised, math.degrees(-p.brow_tilt) * side * 0.8, side, 1):
        arch, k = p.brow_arch, head.squeeze(side)
        pen.stroke([(-11 * k, 3 + slant), (-4 * k, -arch * 0.5 + slant * 0.4), (5 * k, -arch - slant * 0.2), (14 * k, 2 - slant * 0.6)], p.brow_thickness + 1.2, colour)
        if p.scar == 2 and side == 1:
            pen.line(smooth([(6.0, -9.0), (9.0, 8.0)], closed=False), p.skin, 3.2)


def _draw_marks(pen: Pen, head: Head) -> None:
    p, t = head.person, head.turn
    if p.mole is not None:
        pen.fill(ellipse(p.mole[0] + t, p.mole[1], 2.2, 2.2), mix(INK, p.skin, 0.1))
    colour = mix(p.skin, (178, 48, 62), 0.55)
    if p.scar == 1:
        pen.line(smooth([(20 + t, 8.0), (26 + t, 20.0), (24 + t, 34.0)], closed=False), colour, 2.8)
        for y in (14.0, 21.0, 28.0):
            pen.line(smooth([(20 + t, y), (29 + t, y - 1)], closed=False), colour, 1.6)
    elif p.scar == 3:
        pen.line(smooth([(-14 + t, 9.0), (t * 1.3, 12.0), (15 + t, 8.0)], closed=False), colour, 2.8)
    elif p.scar == 2:
        x, _ = head.eye(1)
        pen.line(smooth([(x + 8, 10.0), (x + 10, 24.0)], closed=False), colour, 2.6)


def _draw_beard(pen: Pen, head: Head) -> None:
    p, y, t = head.person, head.nose[1], head.turn
    if not p.beard:
        return
    hair = mix(p.hair_colour, INK, 0.25) if p.hair_style != "bald" else mix(INK, p.skin, 0.15)
    mouth_x, my = t * 1.05, p.mouth_height
    if p.beard == "stubble":
        area = [(-60.0, 22.0), (mouth_x - 20, my - 8), (mouth_x, my - 10), (mouth_x + 20, my - 8), (60.0, 22.0), (60.0, 90.0), (-60.0, 90.0)]
        pen.fill(smooth(area), hair, 0.24)
    if p.beard == "full":
        area = [(-64.0, 0.0), (-p.jaw_width + t * 0.6 + 6, 22.0), (mouth_x - 17, my - 9), (mouth_x, my - 7), (mouth_x + 17, my - 9)]
        area += [(p.jaw_width + t * 0.6 - 6, 22.0), (64.0, 0.0), (64.0, 95.0), (-64.0, 95.0)]
        pen.fill(smooth(area), hair)
        pen.fill(ellipse(mouth_x, my + 1.5, p.mouth_width * 0.95, 5.5), p.skin)
    if p.beard == "goatee":
        pen.fill(smooth([(mouth_x - 10, my + 9), (mouth_x, my + 7), (mouth_x + 10, my + 9), (mouth_x + 7, p.chin + 3), (mouth_x - 7, p.chin + 3)]), hair)
    if p.beard in ("moustache", "goatee"):
        top = (y + my) / 2
        pen.fill(smooth([(mouth_x, top - 1), (mouth_x + 10, top + 2), (mouth_x + 16, top + 7), (mouth_x + 7, top + 6), (mouth_x, top + 4.5), (mouth_x - 7, top + 6), (mouth_x - 16, top + 7), (mouth_x - 10, top + 2)]), hair)


_TINTS: tuple[Rgb, ...] = ((196, 50, 58), (52, 92, 168), (236, 176, 62))


def _draw_accessory(pen: Pen, head: Head) -> None:
    look, p, t = head.look, head.person, head.turn
    colour = _TINTS[look.tint]
    if look.accessory == "glasses":
        for side in (-1, 1):
            x, _ = head.eye(side)
            frame = rounded(x - 19 * head.squeeze(side), -15, x + 19 * head.squeeze(side), 17, 11 if look.tint else 6)
            pen.fill(frame, (225, 240, 255), 0.22)
            pen.line(frame, mix(colour, INK, 0.8), 2.8)
            edge = side * (p.face_width - 1) + t * 0.3
            pen.line(smooth([(x + side * 19 * head.squeeze(side), -4.0), (edge, -6.0)], closed=False), mix(colour, INK, 0.8), 2.4)
        inner = [head.eye(s)[0] - s * 19 * head.squeeze(s) for s in (-1, 1)]
        pen.line(smooth([(inner[0], -3.0), (sum(inner) / 2, -6.0), (inner[1], -3.0)], closed=False), mix(colour, INK, 0.8), 2.6)
    elif look.accessory == "headphones":
        band = smooth([(-p.face_width - 10, 0.0), (-p.face_width - 6, -44.0), (0.0, -82.0), (p.face_width + 6, -44.0), (p.face_width + 10, 0.0)], closed=False)
        pen.line(band, INK, 9)
        pen.line(band, colour, 5)
        for side in (-1, 1):
            x = side * (p.face_width + 8)
            pen.shape(rounded(x - 9, -16, x + 9, 20, 8), colour)
            pen.fill(rounded(x - 4, -11, x + 3, 13, 4), tint(colour, 0.35))
    elif look.accessory == "flower":
        x, y = 38.0 + t * 0.4, -44.0
        for i in range(5):
            a = i * 2 * math.pi / 5 - 0.3
            pen.shape(ellipse(x + 9 * math.cos(a), y + 9 * math.sin(a), 7.5, 7.5), mix(colour, (255, 190, 210), 0.45), 1.8)
        pen.shape(ellipse(x, y, 5.5, 5.5), (250, 214, 92), 1.6)
    elif look.accessory == "beret":
        cap = smooth([(-p.face_width - 6, -40.0), (-58.0, -66.0), (-14.0, -90.0), (46.0, -84.0), (p.face_width + 12, -56.0), (p.face_width + 2, -40.0), (0.0, -52.0)])
        pen.fill(cap, colour)
        with pen.inside(cap):
            pen.fill(smooth([(-80.0, -30.0), (-40.0, -58.0), (10.0, -62.0), (80.0, -44.0), (80.0, -20.0), (-80.0, -20.0)]), shade(colour, 0.3))
        pen.line(cap, width=2.4)
        pen.line(smooth([(4.0, -88.0), (6.0, -97.0)], closed=False), INK, 3.4)
    elif look.accessory == "earrings":
        for side in (-1, 1):
            if look.yaw * side < 0.55:
                x = side * (p.face_width + 4) + t * 0.3
                pen.shape(ellipse(x, 28, 5.5, 8), (244, 200, 76), 1.8)
                pen.fill(ellipse(x - 1.5, 25, 1.8, 2.6), (255, 246, 214))
