"""The place behind a person and the light over both.

A place depends on background, light and tint alone, so it is painted once and kept. Places are paler and softer than people,
and what tells them apart lies left, right and above, for the person stands in front.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np
import skia

from drawn_world.hand import Hand
from drawn_world.pen import Pen, Points, Rgb, ellipse, mix, polygon, rounded, smooth
from drawn_world.world import Look

_SIZE = 256
_ALL = rounded(-1, -1, 257, 257, 0)
_WHITE: Rgb = (255, 252, 246)
_LAMP: Rgb = (255, 206, 124)
_MOON: Rgb = (250, 244, 216)
_T = TypeVar("_T")


def draw_place(pen: Pen, look: Look) -> None:
    """Fills the whole canvas."""
    pen.canvas.drawImage(_painted(look.background, look.light, look.tint)[0], 0, 0)


def draw_ground(pen: Pen, hand: Hand, look: Look) -> None:
    """What hands that paint no places set a person before: their colours, chosen by the look."""
    one, other = (hand.paints[(look.tint + i) % len(hand.paints)] for i in range(2))
    if one == other:
        other = mix(one, (120, 116, 122), 0.22)
    pen.canvas.clear(skia.Color(*one))
    if hand.place == "gradient":
        pen.vertical(_ALL, 0, _SIZE, (one, other))
    elif hand.place == "disc":
        pen.fill(ellipse(128, 128, 112, 112), other)
    elif hand.place == "stripes":
        for i in range(-8, 12):
            pen.fill(polygon([(i * 26, 0), (i * 26 + 13, 0), (i * 26 + 113, 256), (i * 26 + 100, 256)]), other)
    elif hand.place == "burst":
        for i in range(12):
            a, b = i * math.tau / 12, (i + 0.5) * math.tau / 12
            pen.fill(polygon([(128, 128), (128 + 260 * math.cos(a), 128 + 260 * math.sin(a)), (128 + 260 * math.cos(b), 128 + 260 * math.sin(b))]), other)


def draw_light(pen: Pen, look: Look) -> None:
    """Lays the light of the scene over the finished picture: a wash over all, a hue from either side, and what shines."""
    light = _LIGHTS[look.background][look.light]
    pen.canvas.drawColor(skia.Color(*light.wash), skia.BlendMode.kMultiply)
    ends = [skia.Point(0, 0), skia.Point(_SIZE, 0)]
    hues = [
        skia.Color(*light.left, 150),
        skia.Color(*light.left, 0),
        skia.Color(*light.right, 0),
        skia.Color(*light.right, 150),
    ]
    sides = skia.GradientShader.MakeLinear(ends, hues, [0, 0.46, 0.54, 1])
    pen.canvas.drawPaint(skia.Paint(Shader=sides, Dither=True, BlendMode=skia.BlendMode.kSoftLight))
    shine = _painted(look.background, look.light, look.tint)[1]
    pen.canvas.drawImage(shine, 0, 0, skia.SamplingOptions(), skia.Paint(BlendMode=skia.BlendMode.kScreen))


@cache
def _painted(background: str, light: str, tint: int) -> tuple[skia.Image, skia.Image]:
    """The place, and what shines in it also over a person: lamps, moon and the glow from either side."""
    place, shine = skia.Surface(_SIZE, _SIZE), skia.Surface(_SIZE, _SIZE)
    stage = Stage(Pen(place.getCanvas()), Pen(shine.getCanvas()), tint, light == "night")
    for x, colour in ((-30, _LIGHTS[background][light].left), (286, _LIGHTS[background][light].right)):
        _radiate(stage.before, x, 120, 118, colour, _LIGHTS[background][light].glow)
    _PLACES[background](stage)
    return place.makeImageSnapshot(), shine.makeImageSnapshot()


@dataclass(frozen=True)
class Stage:
    """Where a place is painted, behind and before the person: in which of the three colourings, and whether it is night."""

    pen: Pen
    before: Pen
    tone: int
    night: bool

    def pick(self, *options: _T) -> _T:
        return options[self.tone]

    def at(self, day: _T, night: _T) -> _T:
        return night if self.night else day

    def dye(self, colour: Rgb, amount: float = 1) -> Rgb:
        """The colour of a thing as it is at this hour: at night dark and blue."""
        dark: Rgb = (round(colour[0] * 0.4), round(colour[1] * 0.45), round(colour[2] * 0.68))
        return mix(colour, dark, amount) if self.night else colour

    def sky(self, day: Sequence[Rgb], night: Sequence[Rgb], bottom: float = 256) -> None:
        self.pen.vertical(_ALL, 0, bottom, self.at(day, night))

    def fill(self, path: skia.Path, colour: Rgb, alpha: float = 1) -> None:
        """Filled with the colour as it is at this hour."""
        self.pen.fill(path, self.dye(colour), alpha)

    def bar(self, left: float, top: float, right: float, bottom: float, colour: Rgb, radius: float = 1) -> None:
        self.fill(rounded(left, top, right, bottom, radius), colour)

    def glow(self, x: float, y: float, radius: float, colour: Rgb, alpha: float = 0.6) -> None:
        _radiate(self.pen, x, y, radius, colour, alpha)

    def lamp(self, x: float, y: float, radius: float, colour: Rgb = _LAMP) -> None:
        """Light around a lamp, which by night dazzles a little over what stands before it."""
        self.glow(x, y, radius * self.at(0.7, 1), colour, self.at(0.35, 0.8))
        if self.night:
            _radiate(self.before, x, y, radius * 0.6, colour, 0.45)

    @contextmanager
    def blurred(self, sigma: float) -> Iterator[None]:
        """What is painted in this block is out of focus."""
        self.pen.canvas.saveLayer(None, skia.Paint(ImageFilter=skia.ImageFilters.Blur(sigma, sigma)))
        yield
        self.pen.canvas.restore()

    def stars(self, count: int, bottom: float, size: float = 1.3) -> None:
        rng = np.random.default_rng(11 + self.tone)
        for x, y, r, a in rng.uniform((0, 0, 0.6, 0.45), (256, bottom, size, 1), (count, 4)):
            self.pen.fill(ellipse(x, y, r, r), _WHITE, a)

    def moon(self, x: float, y: float, radius: float) -> None:
        self.glow(x, y, radius * 3.4, (190, 200, 255), 0.5)
        _radiate(self.before, x, y, radius * 2.4, (220, 222, 255), 0.6)
        self.pen.fill(ellipse(x, y, radius, radius), _MOON)
        self.pen.fill(ellipse(x + radius * 0.3, y + radius * 0.1, radius * 0.24, radius * 0.24), (222, 214, 196))
        self.pen.fill(ellipse(x - radius * 0.3, y - radius * 0.25, radius * 0.16, radius * 0.16), (222, 214, 196))

    def cloud(self, x: float, y: float, width: float, colour: Rgb, alpha: float = 1) -> None:
        """A heap of puffs on a flat base, its left middle at (x, y)."""
        puffs = skia.Path()
        for at, rise, size in ((0.14, 0.07, 0.13), (0.36, 0.16, 0.2), (0.62, 0.12, 0.18), (0.85, 0.06, 0.13)):
            puffs.addPath(ellipse(x + at * width, y - rise * width, size * width, size * width))
        with self.pen.inside(rounded(x - width, y - width, x + 2 * width, y + width * 0.06, 0)):
            self.pen.vertical(
                puffs, y - width * 0.35, y + width * 0.1, (colour, mix(colour, (170, 190, 226), 0.45 * alpha))
            )

    def haze(self, colour: Rgb, alpha: float = 0.35) -> None:
        """A pale light around the middle, before which the head stands out."""
        self.pen.soft(128, 118, 128, colour, alpha)

    def window(self, left: float, top: float, right: float, bottom: float, frame: Rgb = (250, 246, 238)) -> None:
        """A window on the sky, with a cross bar."""
        self.bar(left - 4, top - 4, right + 4, bottom + 4, frame, 2)
        pane = rounded(left, top, right, bottom, 1)
        with self.pen.inside(pane):
            self.pen.vertical(
                pane, top, bottom, self.at(((146, 204, 242), (226, 244, 250)), ((26, 34, 86), (76, 84, 150)))
            )
            if self.night:
                self.moon(left + (right - left) * 0.74, top + 30, 10)
                for x, y in ((0.2, 0.62), (0.36, 0.12), (0.8, 0.7), (0.3, 0.9)):
                    self.pen.fill(ellipse(left + (right - left) * x, top + (bottom - top) * y, 1.3, 1.3), _WHITE, 0.9)
            else:
                self.cloud(left + 6, top + (bottom - top) * 0.44, (right - left) * 0.8, _WHITE)
        self.bar((left + right) / 2 - 1.6, top, (left + right) / 2 + 1.6, bottom, frame, 0)
        self.bar(left, top + (bottom - top) * 0.52, right, top + (bottom - top) * 0.52 + 3, frame, 0)


Painter = Callable[[Stage], None]


def _radiate(pen: Pen, x: float, y: float, radius: float, colour: Rgb, alpha: float) -> None:
    """A round glow that fades out and lightens what is below it."""
    colours = [skia.Color(*colour, round(255 * alpha)), skia.Color(*colour, round(90 * alpha)), skia.Color(*colour, 0)]
    shader = skia.GradientShader.MakeRadial(skia.Point(x, y), radius, colours)
    pen.canvas.drawCircle(x, y, radius, skia.Paint(AntiAlias=True, Shader=shader, BlendMode=skia.BlendMode.kScreen))


def _hill(points: Points) -> skia.Path:
    """Ground below a curve that runs from left to right."""
    (left, first), (right, last) = points[0], points[-1]
    return smooth([(left - 20, 300), (left - 20, first), *points, (right + 20, last), (right + 20, 300)])


# --- indoors ---------------------------------------------------------------------------------------------------------


def _plain(stage: Stage) -> None:
    day = stage.pick((226, 212, 234), (204, 224, 238), (242, 224, 204))
    night = stage.pick((84, 72, 122), (62, 84, 128), (104, 82, 100))
    colour = stage.at(day, night)
    stage.pen.vertical(_ALL, 0, 256, (mix(colour, _WHITE, 0.12), colour, mix(colour, (60, 50, 110), 0.16)))
    stage.haze(mix(colour, _WHITE, 0.7), stage.at(0.8, 0.45))


def _classroom(stage: Stage) -> None:
    pen, wood = stage.pen, stage.pick((204, 166, 120), (190, 152, 116), (214, 180, 134))
    pen.vertical(_ALL, 0, 190, (stage.dye((246, 238, 218), 0.8), stage.dye((232, 218, 190), 0.8)))
    stage.bar(-2, 172, 258, 258, mix(wood, _WHITE, 0.25), 0)
    stage.bar(-2, 170, 258, 175, wood, 0)
    stage.bar(82, 30, 264, 146, wood, 2)
    board = rounded(87, 35, 264, 138, 1)
    pen.vertical(board, 35, 138, (stage.dye((92, 134, 112), 0.7), stage.dye((74, 112, 98), 0.7)))
    with pen.inside(board):
        pen.fill(polygon([(170, 138), (214, 35), (240, 35), (196, 138)]), _WHITE, 0.07)
    for y, left, right in (
        (52, 188, 244),
        (66, 196, 232),
        (92, 200, 250),
        (106, 200, 238),
        (120, 206, 246),
        (50, 96, 130),
    ):
        pen.line(
            smooth([(left, y), ((left + right) / 2, y - 2), (right, y)], closed=False),
            stage.dye((236, 244, 236), 0.5),
            2.6,
            0.85,
        )
    for x, chalk in ((216, (252, 250, 240)), (230, (250, 190, 190)), (242, (250, 226, 150))):
        stage.bar(x, 138, x + 9, 141, chalk)
    stage.fill(ellipse(229, 15, 13, 13), (110, 92, 88))
    stage.fill(ellipse(229, 15, 10.5, 10.5), (255, 252, 246))
    for x, y in ((229, 8), (234, 18)):
        pen.line(polygon([(229, 15), (x, y)]), (80, 66, 76), 1.6)
    stage.window(-16, 18, 50, 146)
    if not stage.night:
        pen.fill(polygon([(52, 24), (52, 140), (190, 260), (250, 260)]), _WHITE, 0.22)
    stage.fill(
        smooth([(44, 4), (66, 2), (64, 80), (72, 150), (52, 154), (54, 80)]),
        stage.pick((238, 226, 190), (206, 222, 232), (242, 214, 200)),
    )
    stage.bar(-4, 2, 76, 7, wood, 2)
    for left, right in ((-20, 46), (206, 280)):
        stage.fill(polygon([(left + 8, 190), (right - 8, 190), (right, 202), (left, 202)]), mix(wood, _WHITE, 0.35))
        stage.bar(left, 201, right, 209, wood)
        stage.bar(
            right - 8 if left < 0 else left + 4, 209, right - 4 if left < 0 else left + 8, 260, (120, 124, 136), 0
        )
    if stage.night:
        pen.fill(rounded(96, 1, 168, 8, 3), (244, 250, 236))
        stage.glow(132, 4, 140, (206, 226, 206), 0.5)
        stage.lamp(132, 4, 62, (206, 222, 206))


def _cafe(stage: Stage) -> None:
    pen = stage.pen
    wall, wood = stage.pick((226, 190, 150), (208, 182, 156), (216, 174, 140)), (132, 90, 62)
    pen.vertical(_ALL, 0, 256, (stage.dye(wall, 0.55), stage.dye(mix(wall, wood, 0.35), 0.55)))
    for row in range(5):
        for column in range(8):
            x = column * 40 - 26 + 20 * (row % 2)
            pen.fill(
                rounded(x, 8 + row * 34, x + 36, 38 + row * 34, 2),
                stage.dye(mix(wall, (186, 120, 84), 0.28), 0.55),
                0.3,
            )
    _cafe_window(stage)
    pen.fill(rounded(196, 66, 250, 140, 3), stage.dye((116, 78, 54), 0.6))
    pen.fill(rounded(200, 70, 246, 136, 2), stage.dye((66, 68, 66), 0.6))
    pen.fill(smooth([(210, 86), (232, 86), (229, 103), (213, 103)]), (244, 236, 220))
    pen.line(ellipse(234, 93, 4.5, 4.5), (244, 236, 220), 2.4)
    for x in (216, 225):
        pen.line(smooth([(x, 82), (x + 2, 79), (x - 1, 75)], closed=False), (244, 236, 220), 1.6, 0.9)
    for y, right in ((112, 238), (120, 230), (128, 236)):
        pen.line(
            polygon([(207, y), (right, y)]), stage.pick((240, 196, 150), (170, 210, 180), (240, 214, 150)), 2.4, 0.9
        )
    stage.bar(184, 172, 262, 179, wood)
    for x, cup in ((190, (244, 240, 230)), (211, (206, 108, 84)), (232, (238, 206, 140))):
        pen.line(ellipse(x + 16, 163, 4, 4), stage.dye(cup, 0.5), 2.4)
        pen.fill(rounded(x, 155, x + 15, 172, 4), stage.dye(cup, 0.5))
    stage.bar(-4, 196, 262, 206, mix(wood, _WHITE, 0.22))
    stage.bar(-4, 206, 262, 262, wood)
    for x, drop in ((28, 24), (78, 8), (226, 26), (178, 10)):
        _pendant(stage, x, drop)


def _cafe_window(stage: Stage) -> None:
    """The street, out of focus."""
    pen, pane = stage.pen, rounded(-8, 34, 58, 168, 1)
    stage.bar(-14, 28, 64, 174, (112, 76, 54), 2)
    with pen.inside(pane):
        pen.vertical(pane, 34, 168, stage.at(((206, 232, 240), (248, 244, 222)), ((34, 36, 84), (86, 66, 112))))
        with stage.blurred(2.2):
            for x, y, r in ((6, 150, 24), (38, 156, 20), (56, 144, 18)):
                stage.fill(ellipse(x, y, r, r), (142, 184, 134))
        if stage.night:
            for x, y, r, colour in (
                (10, 92, 8, _LAMP),
                (34, 112, 10, (255, 150, 120)),
                (46, 84, 6, (150, 200, 255)),
                (20, 130, 7, _LAMP),
                (50, 136, 8, _LAMP),
            ):
                pen.fill(ellipse(x, y, r, r), colour, 0.75)
    stage.bar(26, 34, 30, 168, (112, 76, 54), 0)
    stage.bar(-8, 80, 58, 84, (112, 76, 54), 0)


def _pendant(stage: Stage, x: float, drop: float) -> None:
    """A lamp that hangs from the ceiling."""
    pen, shade = stage.pen, stage.pick((74, 92, 88), (190, 108, 78), (88, 78, 96))
    pen.line(polygon([(x, -4), (x, drop)]), (84, 62, 56), 1.6)
    pen.fill(ellipse(x, drop + 17, 6, 6), (255, 240, 196))
    pen.fill(smooth([(x - 4, drop), (x + 4, drop), (x + 17, drop + 17), (x, drop + 18), (x - 17, drop + 17)]), shade)
    stage.lamp(x, drop + 20, 62)


def _bedroom(stage: Stage) -> None:
    pen = stage.pen
    wall = stage.pick((226, 214, 238), (246, 222, 218), (212, 228, 234))
    cover = stage.pick((238, 174, 190), (170, 190, 226), (244, 206, 150))
    pen.vertical(_ALL, 0, 256, (stage.dye(wall, 0.8), stage.dye(mix(wall, (190, 160, 190), 0.3), 0.8)))
    stage.window(198, 40, 262, 138)
    curtain = mix(cover, _WHITE, 0.35)
    stage.fill(smooth([(176, 24), (206, 24), (204, 70), (188, 112), (196, 166), (172, 166), (176, 100)]), curtain)
    for x in (182, 192):
        pen.line(
            smooth([(x + 4, 28), (x + 3, 76), (x - 5, 112), (x - 4, 164)], closed=False),
            stage.dye(mix(curtain, cover, 0.8)),
            1.5,
        )
    stage.bar(168, 20, 262, 25, (196, 160, 128), 2)
    stage.bar(-4, 84, 54, 90, (206, 172, 140))
    for x, height, colour in ((4, 26, (148, 176, 206)), (13, 31, (226, 150, 140)), (22, 24, (238, 206, 140))):
        stage.bar(x, 84 - height, x + 8, 84, colour)
    stage.bar(36, 70, 50, 84, (236, 226, 214), 3)
    for dx, dy in ((-8, -8), (0, -13), (8, -8)):
        stage.fill(ellipse(43 + dx, 68 + dy, 5.5, 8), (130, 178, 136))
    _bed(stage, cover)
    bulbs = [(x, 10 + 10 * math.sin((x + 12) / 280 * math.pi * 3) ** 2) for x in range(-8, 270, 22)]
    pen.line(smooth(bulbs, closed=False), stage.dye((150, 130, 140)), 1.3)
    for x, y in bulbs:
        pen.fill(ellipse(x, y + 3, 3.2, 3.8), (255, 232, 170))
        stage.lamp(x, y + 3, 14)


def _bed(stage: Stage, cover: Rgb) -> None:
    """Headboard and pillows behind the shoulders, a lamp beside them."""
    pen = stage.pen
    stage.bar(42, 132, 216, 270, (214, 182, 152), 22)
    stage.bar(52, 143, 206, 270, (228, 200, 172), 15)
    for x, sign in ((72, 1), (186, -1)):
        with pen.moved(x, 188, 8 * sign):
            pen.fill(rounded(-34, -26, 34, 34, 17), stage.dye((230, 220, 232), 0.7))
            pen.fill(rounded(-34, -27, 34, 29, 17), stage.dye((252, 248, 248), 0.6))
    stage.fill(_hill([(-10, 224), (60, 214), (196, 214), (266, 224)]), cover)
    stage.bar(-4, 186, 36, 262, (196, 160, 128), 3)
    pen.line(polygon([(16, 186), (16, 158)]), stage.dye((150, 120, 104)), 3.4)
    pen.fill(polygon([(4, 134), (28, 134), (36, 162), (-4, 162)]), stage.at((252, 236, 204), (255, 224, 150)))
    if stage.night:
        stage.lamp(16, 150, 96)


# --- outdoors --------------------------------------------------------------------------------------------------------


def _along(x: float, height: float) -> tuple[float, float]:
    """A point on the houses left and right of a street, which meet at (128, 150)."""
    return x, 150 + height * abs(x - 128) / 128


def _front(start: float, end: float, top: float, bottom: float) -> skia.Path:
    """A quadrangle on the houses of a street, in perspective."""
    return polygon([_along(start, top), _along(end, top), _along(end, bottom), _along(start, bottom)])


def _city(stage: Stage) -> None:
    pen = stage.pen
    stage.sky(((120, 186, 234), (196, 226, 244), (240, 244, 240)), ((20, 30, 78), (52, 70, 134), (130, 128, 168)), 210)
    if stage.night:
        stage.stars(26, 90)
        stage.moon(stage.pick(80, 178, 84), 22, 11)
    else:
        for x, y, width in ((60, 40, 60), (140, 26, 70), (104, 74, 50)):
            stage.cloud(x + stage.pick(0, -14, 12), y, width, _WHITE)
    with stage.blurred(1.2):
        for x, top, width in (
            (54, 92, 24),
            (76, 70, 26),
            (104, 104, 24),
            (126, 84, 20),
            (146, 106, 20),
            (164, 78, 22),
            (184, 96, 24),
        ):
            stage.bar(x, top, x + width, 240, (178, 198, 220))
    houses = stage.pick(
        ((222, 190, 166), (186, 200, 214), (206, 176, 170), (232, 216, 186)),
        ((206, 196, 204), (226, 204, 172), (180, 198, 206), (222, 182, 164)),
        ((190, 206, 200), (228, 190, 170), (226, 212, 190), (184, 190, 214)),
    )
    spans = (
        (-2, 34, -150, houses[0]),
        (34, 62, -188, houses[1]),
        (258, 218, -176, houses[2]),
        (218, 190, -140, houses[3]),
    )
    for start, end, top, wall in spans:
        _house(stage, start, end, top, wall)
    stage.fill(polygon([(128, 150), _along(-40, 62), (-40, 300), (300, 300), _along(300, 62)]), (196, 196, 204))
    stage.fill(polygon([(128, 150), _along(-2, 96), (-2, 300), (258, 300), _along(258, 96)]), (150, 154, 168))
    for x, sign in ((60, -1), (198, 1)):
        pen.line(
            smooth([(x, 214), (x, 96), (x + sign * 4, 86), (x + sign * 12, 84)], closed=False),
            stage.dye((92, 98, 116)),
            2.6,
        )
        pen.fill(ellipse(x + sign * 14, 87, 6, 4), stage.at((244, 244, 236), (255, 236, 180)))
        if stage.night:
            stage.lamp(x + sign * 14, 90, 54)
    stage.haze(stage.at(_WHITE, (130, 130, 180)), 0.3)


def _house(stage: Stage, start: float, end: float, top: float, wall: Rgb) -> None:
    """A house in a street, with a shop under an awning."""
    pen, rng = stage.pen, np.random.default_rng(round(start) + 400)
    left = start < 128
    side = mix(wall, (92, 100, 150), 0.0 if left else 0.16)
    stage.fill(_front(start, end, top, 64), side)
    stage.fill(_front(start, end, top, top + 8), mix(side, (90, 80, 110), 0.3))
    width = end - start
    for row in range(int((-46 - top) // 34)):
        for a, b in ((0.14, 0.42), (0.58, 0.86)):
            lit = stage.night and rng.random() < 0.65
            pane = _front(start + a * width, start + b * width, top + 18 + row * 34, top + 40 + row * 34)
            pen.fill(pane, (255, 216, 136) if lit else stage.dye((222, 238, 248) if row % 2 else (204, 226, 240)))
    shop = _front(start + 0.1 * width, start + 0.9 * width, -24, 48)
    pen.fill(shop, stage.at((116, 134, 150), (255, 220, 150)))
    awning = (
        stage.pick((216, 96, 92), (84, 150, 136), (226, 156, 84))
        if left == (abs(width) > 32)
        else stage.pick((92, 146, 176), (214, 112, 96), (110, 150, 110))
    )
    for stripe in range(6):
        a, b = start + stripe / 6 * width, start + (stripe + 1) / 6 * width
        stage.fill(_front(a, b, -38, -8), awning if stripe % 2 == 0 else (246, 240, 230))
    if stage.night:
        stage.glow(start + width / 2, 162, 36, _LAMP, 0.5)


def _night_city(stage: Stage) -> None:
    pen, rng = stage.pen, np.random.default_rng(7)
    stage.sky(((70, 50, 142), (138, 66, 166), (244, 122, 172)), ((28, 26, 78), (66, 42, 118), (142, 62, 136)), 214)
    stage.stars(stage.at(16, 36), 80)
    if stage.night:
        stage.moon(stage.pick(78, 180, 76), 20, 10)
    far = stage.at((96, 56, 146), (46, 34, 92))
    for x, top, width in (
        (44, 76, 22),
        (64, 52, 20),
        (86, 88, 26),
        (112, 66, 18),
        (134, 92, 22),
        (158, 58, 20),
        (180, 80, 26),
    ):
        pen.fill(rounded(x, top, x + width, 260, 0), far)
        for y in range(top + 8, 220, 11):
            for wx in (x + 4, x + 10):
                if rng.random() < 0.5:
                    pen.fill(rounded(wx, y, wx + 3, y + 5, 0), (255, 206, 150), 0.75)
    near = stage.at((36, 26, 74), (18, 16, 46))
    for left, top, right in ((-4, 22, 30), (26, 62, 54), (226, 14, 260), (200, 72, 230)):
        pen.vertical(rounded(left, top, right, 260, 0), top, 260, (near, mix(near, (150, 60, 150), 0.12)))
        for y in range(top + 8, 230, 15):
            for wx in range(left + 5, right - 6, 9):
                if rng.random() < 0.36:
                    pen.fill(
                        rounded(wx, y, wx + 4, y + 7, 0),
                        (255, 214, 140) if rng.random() < 0.7 else (130, 210, 255),
                        0.85,
                    )
    pink, cyan, gold = (255, 92, 178), (84, 226, 255), (255, 206, 96)
    neon = stage.pick((pink, cyan, gold), (cyan, pink, (130, 255, 190)), (gold, pink, cyan))
    _sign(stage, 8, 46, 28, 132, neon[0])
    _sign(stage, 228, 60, 250, 150, neon[1])
    _sign(stage, 28, 150, 60, 172, neon[2])
    _sign(stage, 198, 166, 232, 188, neon[0])
    stage.glow(128, 214, 130, (255, 110, 190), stage.at(0.5, 0.25))


_LETTERS: tuple[Points, ...] = (
    [(-4, -4), (4, -4), (3, 1), (-3, 5)],
    [(0, -5), (4, -1), (0, 4), (-4, -1), (0, -5)],
    [(-4, -4), (-4, 4), (4, 4)],
    [(-4, -3), (4, -3), (0, -3), (0, 5)],
)


def _sign(stage: Stage, left: float, top: float, right: float, bottom: float, colour: Rgb) -> None:
    """A neon sign: a glowing frame around marks that could be letters."""
    pen, upright = stage.pen, bottom - top > right - left
    stage.glow(
        (left + right) / 2, (top + bottom) / 2, max(right - left, bottom - top) * 0.8, colour, stage.at(0.75, 0.55)
    )
    pen.fill(rounded(left, top, right, bottom, 4), mix(colour, (30, 16, 60), 0.72))
    pen.line(rounded(left, top, right, bottom, 4), mix(colour, _WHITE, 0.25), 2.4)
    length, bright = (bottom - top if upright else right - left) - 8, mix(colour, _WHITE, 0.55)
    count = max(2, round(length / 18))
    for i in range(count):
        along = 4 + (i + 0.5) / count * length
        with pen.moved(*((left + right) / 2, top + along) if upright else (left + along, (top + bottom) / 2)):
            pen.line(smooth(_LETTERS[(i + round(left)) % 4], closed=False), bright, 2)


def _forest(stage: Stage) -> None:
    pen = stage.pen
    light = stage.pick((226, 242, 196), (240, 240, 190), (208, 238, 212))
    stage.sky((light, (176, 214, 160), (128, 180, 130)), ((96, 140, 170), (58, 108, 134), (26, 62, 78)))
    with stage.blurred(1.6):
        for x, width in ((40, 8), (66, 7), (92, 9), (116, 6), (146, 8), (168, 7), (192, 9), (214, 7)):
            stage.bar(x, -4, x + width, 230, (150, 186, 140), 0)
    if stage.night:
        stage.moon(stage.pick(39, 214, 39), 78, 9)
    for dx in (0, 44, 92):
        pen.fill(
            polygon([(54 + dx, -4), (74 + dx, -4), (20 + dx, 260), (-22 + dx, 260)]),
            stage.at((255, 252, 214), (160, 200, 240)),
            stage.at(0.3, 0.12),
        )
    bark = stage.pick((132, 98, 72), (122, 92, 82), (116, 100, 76))
    for x, width in ((58, 11), (196, 12)):
        stage.fill(
            smooth(
                [
                    (x - width / 2, -10),
                    (x + width / 2, -10),
                    (x + width * 0.45, 120),
                    (x + width, 250),
                    (x - width, 250),
                    (x - width * 0.45, 120),
                ]
            ),
            mix(bark, (150, 180, 140), 0.35),
        )
    for x, width in ((16, 26), (240, 30)):
        trunk = smooth(
            [
                (x - width / 2, -10),
                (x + width / 2, -10),
                (x + width * 0.42, 120),
                (x + width * 0.9, 256),
                (x - width * 0.9, 256),
                (x - width * 0.44, 120),
            ]
        )
        stage.fill(trunk, bark)
        with pen.inside(trunk):
            stage.fill(
                smooth(
                    [
                        (x + width * 0.12, -10),
                        (x + width * 0.2, 110),
                        (x + width * 0.1, 256),
                        (x + 80, 256),
                        (x + 80, -10),
                    ]
                ),
                mix(bark, (60, 40, 80), 0.28),
            )
            pen.line(
                smooth([(x - width * 0.18, 40), (x - width * 0.22, 110), (x - width * 0.16, 170)], closed=False),
                stage.dye(mix(bark, (60, 40, 60), 0.3)),
                1.5,
            )
    leaf = stage.pick((104, 162, 92), (136, 164, 84), (88, 154, 112))
    _leaves(stage, 3, 9, 1.3, mix(leaf, (40, 70, 90), 0.34))
    _leaves(stage, 4, -2, 1.05, leaf)
    _leaves(stage, 5, -16, 0.9, mix(leaf, (236, 240, 150), 0.3))
    for x in (-4, 14, 32, 50, 200, 220, 240, 258):
        _fern(stage, x, 232, mix(leaf, (40, 90, 80), 0.25))
    if stage.night:
        for x, y in ((44, 96), (26, 150), (66, 128), (212, 108), (188, 152), (232, 172), (52, 182), (206, 66)):
            stage.lamp(x, y, 14, (214, 255, 130))
            pen.fill(ellipse(x, y, 2.1, 2.1), (244, 255, 190))
    stage.haze(stage.at(light, (70, 110, 130)), 0.4)


def _leaves(stage: Stage, seed: int, y: float, size: float, colour: Rgb) -> None:
    """Foliage that hangs in from above in tufts, deeper at the sides."""
    crown = rounded(-20, -60, 276, y, 0)
    for i, (shift, drop, wide) in enumerate(np.random.default_rng(seed).uniform((-7, -10, 13), (7, 12, 22), (15, 3))):
        x = i * 19 - 5 + shift
        low = y + drop + 46 * (abs(x - 128) / 128) ** 2
        for dx, dy in ((-0.6, -0.5), (0.1, 0.0), (0.75, -0.45)):
            crown.addPath(ellipse(x + dx * wide * size, low + dy * wide, wide * size * 0.62, wide * size * 0.55))
        crown.addPath(rounded(x - wide * 0.6, -60, x + wide * 0.6, low, 0))
    stage.fill(crown, colour)


def _fern(stage: Stage, x: float, y: float, colour: Rgb) -> None:
    for lean in (-16, -7, 4, 14):
        stage.fill(
            smooth(
                [
                    (x - 3, y + 30),
                    (x + lean * 0.6 - 3, y - 4),
                    (x + lean * 1.5, y - 26 + abs(lean)),
                    (x + lean * 0.7 + 4, y),
                    (x + 5, y + 30),
                ]
            ),
            colour,
        )


def _beach(stage: Stage) -> None:
    pen = stage.pen
    stage.sky(((92, 184, 236), (168, 222, 244), (232, 246, 244)), ((30, 44, 112), (62, 92, 166), (150, 156, 206)), 124)
    if stage.night:
        stage.stars(40, 110)
        stage.moon(40, 40, 17)
    else:
        stage.glow(36, 34, 90, (255, 244, 196), 0.9)
        pen.fill(ellipse(36, 34, 17, 17), (255, 250, 222))
        for x, y, width in ((-16, 108, 66), (60, 72, 50), (150, 96, 70)):
            stage.cloud(x + stage.pick(0, 10, -8), y, width, _WHITE)
    sea = rounded(-4, 120, 260, 210, 0)
    teal = stage.pick((70, 176, 200), (78, 160, 206), (86, 190, 190))
    pen.vertical(
        sea, 120, 204, (stage.dye(mix(teal, (30, 90, 170), 0.35)), stage.dye(teal), stage.dye(mix(teal, _WHITE, 0.55)))
    )
    for i, (y, left, right) in enumerate(
        ((132, 18, 50), (140, 196, 246), (150, -4, 34), (158, 206, 240), (168, 24, 66), (174, 184, 232))
    ):
        pen.fill(
            ellipse((left + right) / 2, y, (right - left) / 2, 1.3 + i * 0.15), stage.at(_WHITE, (170, 190, 236)), 0.65
        )
    if stage.night:
        for i, y in enumerate(range(124, 186, 8)):
            pen.fill(ellipse(40 + (5 if i % 2 else -3), y, 10 + i * 1.6, 1.8), _MOON, 0.75)
    else:
        pen.fill(polygon([(52, 116), (52, 88), (72, 116)]), _WHITE)
        pen.fill(
            polygon([(49, 116), (49, 94), (38, 116)]), stage.pick((240, 140, 120), (250, 200, 110), (120, 160, 220))
        )
        pen.fill(smooth([(34, 118), (74, 118), (66, 126), (42, 126)]), (140, 96, 80))
    stage.fill(_hill([(-10, 190), (60, 184), (150, 192), (266, 182)]), (252, 250, 244))
    pen.vertical(
        _hill([(-10, 196), (60, 190), (150, 198), (266, 187)]),
        186,
        256,
        (stage.dye((248, 230, 190), 0.7), stage.dye((234, 206, 160), 0.8)),
    )
    _palm(stage)
    stage.haze(stage.at(_WHITE, (120, 130, 190)), 0.25)


def _palm(stage: Stage) -> None:
    """A palm that leans in from the right."""
    trunk = smooth([(244, 218), (232, 150), (222, 84), (214, 52), (221, 50), (232, 84), (245, 150), (262, 218)])
    stage.fill(trunk, (176, 134, 98))
    with stage.pen.inside(trunk):
        for y in range(64, 216, 13):
            stage.pen.line(smooth([(200, y + 6), (270, y - 4)], closed=False), stage.dye((142, 102, 78)), 1.5)
    green = stage.pick((86, 158, 104), (110, 164, 90), (72, 150, 122))
    for degrees, length, dark in (
        (212, 70, 0.3),
        (-28, 60, 0.3),
        (176, 74, 0.0),
        (8, 62, 0.0),
        (142, 58, 0.12),
        (50, 54, 0.12),
        (258, 46, 0.2),
    ):
        with stage.pen.moved(217, 50, degrees):
            bend = -1 if 90 < degrees % 360 < 270 else 1
            tip = bend * length * 0.3
            stage.fill(
                smooth(
                    [
                        (0, -3),
                        (length * 0.35, -bend * 11),
                        (length * 0.75, tip * 0.1 - bend * 6),
                        (length, tip),
                        (length * 0.7, tip * 0.3 + bend * 5),
                        (length * 0.35, bend * 3),
                        (0, 3),
                    ]
                ),
                mix(green, (40, 70, 90), dark),
            )


def _space(stage: Stage) -> None:
    pen = stage.pen
    stage.sky(((34, 26, 86), (62, 38, 122), (40, 50, 130)), ((8, 8, 30), (22, 16, 56), (12, 18, 52)))
    clouds = stage.pick(
        ((220, 96, 190), (84, 170, 232)), ((96, 130, 240), (240, 120, 150)), ((80, 200, 190), (170, 110, 240))
    )
    strong = stage.at(0.75, 0.38)
    for x, y, r, i in ((30, 176, 92, 0), (80, 120, 80, 0), (216, 70, 88, 1), (250, 160, 70, 1), (160, 20, 70, 0)):
        stage.glow(x, y, r, clouds[i], strong)
    stage.stars(90, 256, 1.2)
    for x, y, r in ((74, 28, 6), (198, 24, 5), (58, 140, 5), (240, 176, 7), (188, 128, 4.5), (14, 206, 5)):
        stage.glow(x, y, r * 2.2, (210, 220, 255), 0.6)
        pen.fill(
            polygon(
                [
                    (
                        x + (r if i % 2 == 0 else r * 0.22) * math.sin(i * math.pi / 4),
                        y - (r if i % 2 == 0 else r * 0.22) * math.cos(i * math.pi / 4),
                    )
                    for i in range(8)
                ]
            ),
            _WHITE,
        )
    planet = stage.pick((240, 172, 124), (236, 150, 160), (236, 200, 130))
    _planet(stage, 34, 76, 29, planet)
    _planet(stage, 226, 116, 15, stage.pick((130, 196, 226), (160, 210, 180), (170, 150, 226)))
    ring = mix(planet, _WHITE, 0.5)
    with pen.moved(34, 76, -18):
        pen.line(skia.Path().addArc(skia.Rect.MakeLTRB(-48, -11, 48, 11), -22, 224), ring, 5)


def _planet(stage: Stage, x: float, y: float, radius: float, colour: Rgb) -> None:
    globe = ellipse(x, y, radius, radius)
    stage.glow(x, y, radius * 1.6, colour, 0.5)
    stage.pen.fill(globe, mix(colour, (40, 24, 90), stage.at(0.0, 0.18)))
    with stage.pen.inside(globe):
        for i, at in enumerate((-0.45, 0.1, 0.5)):
            band = smooth(
                [
                    (x - radius * 1.2, y + at * radius),
                    (x, y + (at + 0.16) * radius),
                    (x + radius * 1.2, y + at * radius),
                ],
                closed=False,
            )
            stage.pen.line(band, mix(colour, _WHITE if i % 2 else (150, 70, 110), 0.32), radius * 0.2)
        shadow = skia.Op(
            globe,
            ellipse(x - radius * 0.35, y - radius * 0.3, radius * 1.05, radius * 1.05),
            skia.PathOp.kDifference_PathOp,
        )
        stage.pen.fill(shadow, (50, 26, 96), 0.5)


def _rain(stage: Stage) -> None:
    pen, rng = stage.pen, np.random.default_rng(5)
    stage.sky(((118, 134, 158), (160, 174, 192), (188, 198, 208)), ((28, 34, 62), (58, 68, 104), (88, 96, 130)), 210)
    with stage.blurred(1.4):
        for x, top, width in (
            (-6, 76, 40),
            (32, 104, 28),
            (62, 88, 30),
            (98, 112, 60),
            (160, 92, 30),
            (190, 70, 34),
            (222, 98, 40),
        ):
            stage.bar(x, top, x + width, 260, (138, 152, 174))
            for wx, wy in ((x + 8, top + 16), (x + width - 15, top + 34)):
                pen.fill(rounded(wx, wy, wx + 7, wy + 11, 1), stage.at((176, 188, 204), (255, 214, 140)))
    stage.fill(_hill([(-10, 196), (128, 192), (266, 196)]), (120, 134, 156))
    for x, y, rx in ((24, 208, 26), (232, 214, 30), (226, 200, 12)):
        pen.fill(ellipse(x, y, rx, rx * 0.2), stage.at((196, 210, 224), (132, 146, 190)), 0.8)
    for x, y, width in ((-30, 22, 100), (50, 14, 110), (140, 18, 90), (196, 26, 100)):
        stage.cloud(x, y, width, stage.at((104, 116, 140), (44, 50, 80)), 0)
    _lamp_post(stage, 34)
    _umbrella(stage, 226, 148, stage.pick((214, 84, 84), (236, 190, 84), (84, 146, 196)))
    for x, y, length in rng.uniform((-6, -14, 12), (266, 236, 24), (64, 3)):
        pen.line(polygon([(x, y), (x - length * 0.28, y + length)]), (226, 236, 248), 1.5, stage.at(0.7, 0.5))
    stage.haze(stage.at((214, 222, 230), (110, 120, 160)), 0.35)
    for x, y in (
        (10, 40),
        (52, 20),
        (30, 120),
        (62, 190),
        (204, 30),
        (238, 84),
        (214, 150),
        (248, 200),
        (18, 220),
        (190, 222),
        (86, 232),
    ):
        stage.before.line(polygon([(x, y), (x - 7, y + 25)]), _WHITE, 1.8, 0.6)


def _lamp_post(stage: Stage, x: float) -> None:
    pen = stage.pen
    pen.line(polygon([(x, 212), (x, 96)]), stage.dye((72, 82, 104)), 3)
    pen.fill(polygon([(x - 6, 78), (x + 6, 78), (x + 4, 96), (x - 4, 96)]), (255, 236, 184))
    pen.fill(polygon([(x - 9, 78), (x + 9, 78), (x, 69)]), stage.dye((72, 82, 104)))
    stage.lamp(x, 88, 76)


def _umbrella(stage: Stage, x: float, y: float, colour: Rgb) -> None:
    """Somebody far off under an umbrella."""
    pen = stage.pen
    stage.fill(
        smooth([(x - 9, y + 22), (x, y + 12), (x + 9, y + 22), (x + 10, y + 60), (x - 10, y + 60)]), (84, 92, 116)
    )
    stage.fill(ellipse(x, y + 10, 6, 7), (84, 92, 116))
    canopy = smooth(
        [
            (x - 28, y + 6),
            (x - 20, y - 14),
            (x, y - 23),
            (x + 20, y - 14),
            (x + 28, y + 6),
            (x + 14, y + 3),
            (x, y + 6),
            (x - 14, y + 3),
        ]
    )
    pen.fill(canopy, stage.dye(colour, 0.25))
    with pen.inside(canopy):
        pen.fill(
            smooth([(x + 4, y - 30), (x + 12, y - 10), (x + 13, y + 8), (x + 40, y + 8), (x + 30, y - 20)]),
            stage.dye(mix(colour, (60, 40, 90), 0.3), 0.3),
        )


def _snow(stage: Stage) -> None:
    pen = stage.pen
    stage.sky(((158, 194, 226), (206, 224, 240), (238, 242, 246)), ((22, 34, 84), (56, 78, 140), (122, 140, 190)), 200)
    if stage.night:
        stage.stars(24, 80)
        stage.moon(stage.pick(188, 70, 190), 24, 12)
    stage.fill(
        polygon([(-10, 190), (26, 118), (58, 92), (96, 136), (140, 104), (196, 84), (240, 126), (270, 190)]),
        (192, 210, 230),
    )
    for x, y, w in ((58, 92, 14), (196, 84, 16)):
        stage.fill(
            polygon(
                [
                    (x, y),
                    (x + w, y + w * 0.9),
                    (x + w * 0.3, y + w * 0.75),
                    (x - w * 0.4, y + w),
                    (x - w * 0.9, y + w * 1.1),
                ]
            ),
            (250, 252, 255),
        )
    fir = stage.pick((98, 140, 142), (104, 136, 156), (92, 142, 126))
    for x, base, size in (
        (70, 190, 0.62),
        (184, 190, 0.66),
        (46, 200, 0.8),
        (206, 204, 0.86),
        (10, 216, 1.2),
        (246, 220, 1.28),
    ):
        _fir(stage, x, base, size, mix(fir, (206, 222, 236), 0.55 - size * 0.4))
    pen.vertical(
        _hill([(-10, 200), (70, 190), (170, 198), (266, 194)]),
        190,
        256,
        (stage.dye((250, 252, 255), 0.75), stage.dye((222, 232, 246), 0.75)),
    )
    for x, y, r in np.random.default_rng(9).uniform((0, 0, 1.2), (256, 200, 2.8), (44, 3)):
        pen.fill(ellipse(x, y, r, r), _WHITE, stage.at(0.95, 0.85))
    stage.haze(stage.at(_WHITE, (140, 156, 206)), 0.3)
    for x, y, r in (
        (18, 52, 4.5),
        (50, 96, 3.5),
        (34, 160, 5),
        (62, 214, 3.6),
        (14, 232, 4.5),
        (206, 34, 3.6),
        (240, 74, 5),
        (214, 128, 3.6),
        (236, 190, 4.6),
        (196, 228, 4),
    ):
        stage.before.soft(x, y, r * 1.5, _WHITE)
        stage.before.fill(ellipse(x, y, r * 0.8, r * 0.8), _WHITE, 0.9)


def _fir(stage: Stage, x: float, base: float, size: float, colour: Rgb) -> None:
    """Three tiers of boughs, each with snow on its left."""
    stage.bar(x - 4 * size, base - 14 * size, x + 4 * size, base + 2, (126, 104, 98), 0)
    for peak, half, foot in ((66, 34, 8), (96, 28, 46), (124, 20, 80)):
        with stage.pen.moved(x, base, 0, size, size):
            tier = smooth(
                [
                    (0, -peak - 12),
                    (half * 0.45, -foot - (peak - foot) * 0.4),
                    (half, -foot + 3),
                    (half * 0.4, -foot - 3),
                    (0, -foot),
                    (-half * 0.4, -foot - 3),
                    (-half, -foot + 3),
                    (-half * 0.45, -foot - (peak - foot) * 0.4),
                ]
            )
            stage.fill(tier, colour)
            with stage.pen.inside(tier):
                high = -peak + (peak - foot) * 0.4
                stage.fill(
                    smooth(
                        [
                            (-half * 1.3, -foot - 6),
                            (-half * 0.55, high + 8),
                            (-half * 0.3, high + 1),
                            (0, high + 6),
                            (half * 0.24, high - 3),
                            (half * 0.6, high),
                            (0, -peak - 30),
                            (-half * 1.3, -peak),
                        ]
                    ),
                    (248, 251, 255),
                )


def _sunset(stage: Stage) -> None:
    pen = stage.pen
    gold = stage.pick(
        ((124, 106, 178), (238, 142, 138), (255, 204, 128), (255, 232, 176)),
        ((150, 110, 168), (246, 138, 118), (255, 190, 112), (255, 226, 164)),
        ((104, 120, 190), (214, 150, 170), (255, 190, 150), (255, 226, 180)),
    )
    stage.sky(gold, ((26, 28, 80), (74, 54, 124), (168, 84, 132), (246, 148, 112)), 204)
    if stage.night:
        stage.stars(34, 96)
        pen.fill(skia.Op(ellipse(206, 36, 12, 12), ellipse(200, 33, 11, 11), skia.PathOp.kDifference_PathOp), _MOON)
    else:
        stage.glow(44, 148, 120, (255, 226, 150), 0.9)
        pen.fill(ellipse(44, 148, 28, 28), (255, 246, 206))
    band = stage.at((255, 196, 164), (150, 92, 150))
    for x, y, width in ((-10, 44, 92), (40, 74, 50), (170, 58, 96), (206, 104, 64), (-14, 112, 44)):
        pen.fill(
            smooth(
                [
                    (x, y),
                    (x + width * 0.3, y - 7),
                    (x + width * 0.7, y - 5),
                    (x + width, y + 1),
                    (x + width * 0.6, y + 5),
                    (x + width * 0.2, y + 4),
                ]
            ),
            band,
            0.75,
        )
        pen.fill(
            smooth(
                [
                    (x + width * 0.1, y + 3),
                    (x + width * 0.5, y + 1),
                    (x + width * 0.95, y + 2),
                    (x + width * 0.6, y + 6),
                ]
            ),
            stage.at((232, 122, 128), (226, 122, 128)),
            0.7,
        )
    far, near = stage.at((196, 108, 124), (92, 54, 112)), stage.at((112, 66, 108), (40, 30, 72))
    pen.fill(_hill([(-10, 176), (40, 168), (90, 186), (170, 174), (214, 158), (266, 172)]), far)
    pen.fill(_hill([(-10, 206), (40, 192), (100, 208), (180, 200), (226, 186), (266, 196)]), near)
    pen.line(polygon([(232, 230), (236, 84)]), near, 4)
    for y, half in ((94, 20), (108, 16)):
        pen.line(polygon([(236 - half, y + 1), (236 + half, y - 1)]), near, 3)
        for x in (236 - half, 236 + half):
            pen.line(smooth([(x, y), (x - 96, y + 24), (x - 250, y - 26)], closed=False), near, 1.2, 0.8)
    for x, y in ((70, 52), (84, 44), (62, 38)):
        pen.line(
            smooth([(x - 6, y - 3), (x - 2.5, y - 4), (x, y), (x + 2.5, y - 4), (x + 6, y - 3)], closed=False),
            near,
            1.6,
        )


_PLACES: dict[str, Painter] = {
    "plain": _plain, "classroom": _classroom, "city": _city, "night city": _night_city, "forest": _forest, "beach": _beach,
    "space": _space, "cafe": _cafe, "bedroom": _bedroom, "rain": _rain, "snow": _snow, "sunset": _sunset,
}  # fmt: skip


# --- the light -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Light:
    """What multiplies the whole picture, and what shines in from the left and the right."""

    wash: Rgb
    left: Rgb
    right: Rgb
    glow: float  # how strongly it shines, 0 to 1


_NIGHT: Rgb = (212, 205, 240)
_COOL: Rgb = (112, 130, 214)
_LIGHTS: dict[str, dict[str, Light]] = {
    "plain": {"day": Light((255, 253, 250), (255, 246, 230), (120, 120, 140), 0.06), "night": Light(_NIGHT, (130, 150, 236), (90, 84, 160), 0.3)},
    "classroom": {"day": Light((255, 252, 244), (255, 248, 222), (124, 120, 128), 0.2), "night": Light((214, 214, 236), (120, 140, 230), (130, 170, 150), 0.25)},
    "city": {"day": Light((255, 253, 248), (255, 246, 220), (124, 130, 150), 0.1), "night": Light(_NIGHT, (255, 196, 120), (90, 110, 200), 0.3)},
    "night city": {"day": Light((236, 226, 248), (255, 80, 170), (70, 200, 255), 0.42), "night": Light((210, 204, 240), (230, 60, 160), (60, 150, 240), 0.36)},
    "forest": {"day": Light((250, 252, 242), (255, 252, 200), (90, 140, 100), 0.14), "night": Light((204, 212, 234), (110, 170, 230), (80, 160, 130), 0.26)},
    "beach": {"day": Light((255, 253, 246), (255, 246, 206), (120, 190, 220), 0.18), "night": Light(_NIGHT, (170, 190, 255), (70, 100, 190), 0.3)},
    "space": {"day": Light((238, 232, 252), (240, 130, 220), (100, 190, 255), 0.34), "night": Light((210, 204, 242), (150, 90, 200), (70, 120, 220), 0.26)},
    "cafe": {"day": Light((255, 248, 236), (255, 240, 206), (190, 130, 90), 0.14), "night": Light((226, 210, 220), (255, 180, 90), (255, 150, 80), 0.3)},
    "bedroom": {"day": Light((255, 251, 248), (250, 232, 230), (255, 248, 236), 0.12), "night": Light((214, 206, 236), (255, 184, 100), _COOL, 0.4)},
    "rain": {"day": Light((228, 235, 246), (190, 204, 226), (100, 116, 146), 0.12), "night": Light((206, 206, 236), (255, 196, 120), _COOL, 0.28)},
    "snow": {"day": Light((242, 248, 255), (236, 246, 255), (190, 214, 246), 0.18), "night": Light((208, 208, 242), _COOL, (160, 190, 255), 0.3)},
    "sunset": {"day": Light((255, 240, 222), (255, 196, 110), (170, 100, 150), 0.32), "night": Light((214, 196, 230), (240, 110, 110), (90, 80, 190), 0.3)},
}  # fmt: skip
