"""The body under the head: neck, shoulders, and what is worn there.

Every garment is cut for one mannequin: x from the breastbone (neck 19 wide, shoulders 84, half each), y down from the line of
the eyes (shoulder seams near 80, pit of the neck at 92). `Body` fits it to a person's build and age and turns it in space by
about half of the head's turn, so collars, closures and folds follow without being drawn twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import skia

from drawn_world.head import Head, Point
from drawn_world.pen import Pen, Points, Rgb, ellipse, ink, mix, polygon, shade, smooth, tint

Colours = tuple[Rgb, Rgb, Rgb]  # of the cloth, of what is under it or joined to it, of the accents
WHITE: Rgb = (250, 249, 247)
GOLD: Rgb = (240, 196, 84)
STEEL: Rgb = (206, 212, 224)
NECK, SHOULDER = 19.0, 84.0

CLOTHS: dict[str, tuple[Colours, Colours, Colours]] = {
    "spacesuit": (((238, 241, 247), (150, 166, 196), (240, 122, 52)), ((228, 235, 247), (124, 148, 196), (54, 116, 214)), ((246, 240, 232), (176, 168, 176), (212, 60, 68))),
    "school uniform": (((54, 70, 128), WHITE, (206, 54, 66)), ((132, 48, 68), WHITE, (50, 70, 128)), ((78, 98, 98), WHITE, (224, 168, 62))),
    "hoodie": (((234, 126, 78), (196, 92, 60), WHITE), ((112, 164, 134), (78, 126, 104), WHITE), ((140, 130, 194), (104, 92, 158), WHITE)),
    "suit": (((70, 70, 86), WHITE, (168, 44, 58)), ((46, 54, 88), (222, 232, 246), (212, 170, 84)), ((158, 138, 116), WHITE, (52, 84, 140))),
    "hanbok": (((250, 200, 212), (204, 56, 92), (204, 56, 92)), ((176, 222, 204), (76, 90, 172), (76, 90, 172)), ((252, 230, 164), (214, 92, 62), (168, 62, 118))),
    "armour": (((172, 184, 204), (96, 106, 130), (214, 58, 70)), ((222, 186, 108), (140, 98, 58), (66, 126, 206)), ((112, 118, 146), (62, 62, 86), (122, 208, 190))),
    "raincoat": (((252, 208, 56), (222, 166, 34), (70, 84, 120)), ((255, 220, 92), (228, 178, 52), (86, 68, 60)), ((246, 194, 40), (208, 148, 26), WHITE)),
    "t-shirt": (((248, 247, 244), (226, 92, 92), (232, 84, 88)), ((112, 184, 228), (66, 134, 192), (252, 250, 242)), ((240, 118, 114), (198, 76, 84), (254, 224, 112))),
    "dress": (((242, 132, 152), (254, 238, 236), (254, 246, 240)), ((122, 172, 230), (248, 250, 254), (250, 250, 246)), ((188, 148, 216), (252, 240, 252), (255, 248, 226))),
    "leather jacket": (((62, 56, 66), (232, 232, 236), (214, 216, 226)), ((124, 72, 50), (240, 234, 222), (236, 200, 112)), ((52, 54, 84), (214, 70, 76), (214, 216, 226))),
    "lab coat": (((250, 251, 253), (104, 164, 212), (220, 70, 74)), ((246, 250, 251), (112, 186, 160), (58, 104, 200)), ((252, 250, 247), (182, 144, 200), (236, 150, 58))),
    "sweater": (((178, 70, 68), (250, 240, 226), (96, 40, 56)), ((82, 132, 106), (250, 244, 228), (226, 152, 70)), ((230, 206, 164), (140, 84, 62), (196, 84, 66))),
    "tracksuit": (((58, 114, 206), (36, 74, 150), WHITE), ((212, 60, 68), (150, 36, 56), WHITE), ((54, 154, 108), (32, 104, 82), WHITE)),
    "wizard robe": (((98, 70, 164), (58, 40, 104), (250, 208, 96)), ((50, 78, 150), (30, 44, 94), (250, 214, 116)), ((136, 54, 108), (78, 28, 70), (248, 204, 100))),
}  # fmt: skip
# Half the neck and half the shoulders of an adult; then what builds and ages make of them.
_KINDS = {"woman": (16.5, 75.0), "man": (21.0, 91.0)}
_BUILDS: dict[
    str, tuple[float, float, float, float, float]
] = {  # neck, shoulders, rise at mid shoulder and at its end, flare of the arms
    "slim": (0.88, 0.92, 3.0, -1.0, -4.0),
    "average": (1.0, 1.0, 0.0, 0.0, 0.0),
    "muscular": (1.26, 1.13, -8.0, -3.0, 4.0),
    "plump": (1.2, 1.06, -4.0, 3.0, 11.0),
}
_AGES: dict[str, tuple[float, float, float]] = {  # neck, shoulders, fall of their ends
    "child": (0.76, 0.72, 3.0),
    "teenager": (0.9, 0.9, 0.0),
    "adult": (1.0, 1.0, 0.0),
    "elder": (0.94, 0.94, 6.0),
}
_EDGE: Points = (
    (19, 60),
    (20, 72),
    (25, 82),
    (40, 90),
    (60, 96),
    (75, 103),
    (84, 115),
    (88, 134),
    (90, 160),
    (93, 230),
)
# Half the width and the depth of the mannequin's section, at every half unit of y.
_HEIGHTS = [i / 2 for i in range(340)]
_SECTIONS: list[tuple[float, float]] = list(
    zip(
        np.interp(_HEIGHTS, (72, 84, 95, 108), (19.5, 34, 74, 95)).tolist(),
        np.interp(_HEIGHTS, (72, 84, 96, 120, 150), (18, 20, 26, 42, 49)).tolist(),
        strict=True,
    )
)


@dataclass(frozen=True)
class Body:
    """The mannequin fitted to a person and turned in space."""

    head: Head

    @cached_property
    def _fit(self) -> tuple[float, float, float, float, float, float]:
        """Half the neck, half the shoulders, their rise in the middle and at the ends, flare, and how low all of it lies."""
        p = self.head.person
        (neck, half), build, age = _KINDS[p.kind], _BUILDS[p.build], _AGES[p.age]
        return (
            neck * build[0] * age[0],
            half * build[1] * age[1],
            build[2],
            build[3] + age[2],
            build[4],
            0.8 * (p.chin - 66) - 6,
        )

    @cached_property
    def _cos_sin(self) -> tuple[float, float]:
        angle = 0.6 * self.head.look.yaw
        return math.cos(angle), math.sin(angle)

    @property
    def sides(self) -> tuple[int, int]:
        """The far side, then the near one: the order to draw pairs in."""
        return self.head.far, -self.head.far

    @property
    def neck(self) -> float:
        return self._fit[0]

    def at(self, x: float, y: float, z: float) -> Point:
        """A point of the mannequin, z forward from the axis of the neck, seen."""
        neck, half, middle, end, flare, drop = self._fit
        cos, sin = self._cos_sin
        out = abs(x)
        if out <= NECK:
            wide, rise = out * neck / NECK, 0.0
        else:
            along = (out - NECK) / (SHOULDER - NECK)
            wide = neck + along * (half - neck)
            rise = middle * along / 0.4 if along < 0.4 else middle + (end - middle) * min(1.0, (along - 0.4) / 0.6)
            if y > 96:
                wide += flare * min(1.0, (y - 96) / 60) * along
                rise *= max(0.0, min(1.0, (170 - y) / 60))
        return math.copysign(wide, x) * cos + (z - 8) * sin * (0.4 + half / 140), y + drop + rise

    def on(self, x: float, y: float, lift: float = 0) -> Point:
        """A point on the front of the mannequin, `lift` above it."""
        wide, deep = _SECTIONS[max(0, min(len(_SECTIONS) - 1, round(2 * y)))]
        return self.at(x, y, deep * (1 - min(1.0, abs(x) / wide) ** 2.4) ** (1 / 2.4) + lift)

    def run(self, points: Points, side: int = 1, lift: float = 0) -> list[Point]:
        """Points of a cut, mirrored to the left for side -1."""
        return [self.on(side * x, y, lift) for x, y in points]

    def patch(self, points: Points, side: int = 1, lift: float = 0) -> skia.Path:
        """A piece with straight edges."""
        return polygon(self.run(points, side, lift))

    def curve(self, points: Points, side: int = 1, lift: float = 0) -> skia.Path:
        """A piece with round edges."""
        return smooth(self.run(points, side, lift))

    def seam(self, points: Points, side: int = 1, lift: float = 0) -> skia.Path:
        """An open line over the cloth."""
        return smooth(self.run(points, side, lift), closed=False)

    def across(self, points: Points, lift: float = 0) -> list[Point]:
        """From the left to the right: the right half of a symmetrical line, given from its end to the middle."""
        return [*self.run(points, -1, lift), *self.run(points[-2::-1], 1, lift)]

    def edge(self, side: int, start: float, bulk: float = 0) -> list[Point]:
        """The outline of neck, shoulder and arm from x = `start` outwards, `bulk` outside the skin."""
        grown = [(x + bulk * _clamp((x - 19) / 50), y - bulk * 0.55 * _clamp((130 - y) / 30)) for x, y in _EDGE]
        return [self.at(side * x, y, 4 - 14 * _clamp((x - 19) / 40)) for x, y in grown if x > start]

    @cached_property
    def bust(self) -> skia.Path:
        """The skin: neck, shoulders and arms."""
        return smooth([*self.edge(-1, 0)[::-1], self.at(-NECK, 30, 5), self.at(NECK, 30, 5), *self.edge(1, 0)])

    def torso(self, neckline: Points, bulk: float = 0) -> skia.Path:
        """A garment over both shoulders; the neckline is given from its right end to the middle."""
        start = neckline[0][0] + 3
        left, right = self.edge(-1, start, bulk), self.edge(1, start, bulk)
        return _cornered(left[::-1], self.across(neckline), right)


def _clamp(value: float) -> float:
    return max(0.0, min(1.0, value))


def _cornered(*curves: Sequence[Point]) -> skia.Path:
    """Smooth curves joined into one piece with a corner at every joint."""
    return smooth([point for curve in curves for point in (curve[0], *curve, curve[-1])])


def draw_body(pen: Pen, head: Head) -> None:
    """Neck, shoulders, outfit, and what is worn on the neck."""
    body, look = Body(head), head.look
    colours = CLOTHS[look.outfit][look.tint]
    if look.outfit in _BEHIND and head.hand.dress == "own":
        _BEHIND[look.outfit](pen, body, colours)
    _draw_skin(pen, body)
    if head.hand.dress == "plain":
        _draw_plain(pen, body, colours)
        return
    _OUTFITS[look.outfit](pen, body, colours)
    if look.accessory == "scarf":
        _draw_scarf(pen, body)
    elif look.accessory == "choker":
        _draw_choker(pen, body)


def _draw_skin(pen: Pen, body: Body) -> None:
    """Neck and bare shoulders, with the shadow that the chin throws."""
    skin, p = body.head.person.skin, body.head.person
    dark, line = shade(skin, 0.27), mix(skin, ink(skin), 0.55)
    pen.shape(body.bust, skin)
    if pen.nib.flat:
        return
    with pen.inside(body.bust):
        pen.fill(body.curve([(64, 92), (66, 112), (58, 132), (56, 230), (120, 230), (110, 96)]), dark)
        pen.fill(body.curve([(-62, 126), (-57, 150), (-58, 230), (-68, 230), (-66, 150)]), dark)
        x, chin, neck = body.head.at(0, p.chin, 24)[0], p.chin, body.neck
        left, right = body.at(-NECK, 70, 0)[0], body.at(NECK, 70, 0)[0]
        cast = [
            (left - 20, chin - 26),
            (left + 2, chin - 10),
            (x * 0.5 - neck * 0.3, chin + 9),
            (x * 0.5 + neck * 0.45, chin + 17),
            (right + 8, chin + 22),
        ]
        pen.fill(smooth([*cast, (right + 30, chin + 16), (right + 30, 10), (left - 20, 10)]), dark)
        for side in body.sides:
            pen.stroke(body.run([(17, 70), (12, 82), (5, 91)], side), 2.0, line)
            pen.stroke(body.run([(9, 95), (26, 93), (44, 95), (54, 92)], side), 2.4, line)


def _draw_plain(pen: Pen, body: Body, colours: Colours) -> None:
    """What a hand draws that cares for faces alone: a shirt of one colour, cut or striped as the outfit happens to be."""
    kind = len(body.head.look.outfit) % 4
    neckline = ((27, 82), (18, 97), (8, 112), (0, 122)) if kind == 1 else ((24, 80), (19, 85), (10, 88), (0, 89)) if kind == 2 else _CREW
    shirt = body.torso(neckline)
    pen.shape(shirt, colours[0], 2.4)
    if kind == 3:
        with pen.inside(shirt):
            for y in range(112, 230, 24):
                pen.fill(body.curve([(-100, y), (0, y + 6), (100, y), (100, y + 10), (0, y + 16), (-100, y + 10)]), colours[1])
    if not pen.nib.flat:
        with pen.inside(shirt):
            pen.fill(body.curve(_ARM), shade(colours[0], 0.2))


# --- what several garments share -------------------------------------------------------------------------------------

_CREW: Points = ((27, 82), (21, 91), (10, 97), (0, 99))
_ARM: Points = ((64, 94), (69, 114), (61, 134), (59, 160), (60, 230), (130, 230), (120, 90))
_CAST: Points = ((4, 92), (24, 74), (44, 84), (60, 96), (50, 107), (34, 103), (16, 112))
_CHEST: Points = ((24, 104), (36, 118), (30, 138), (24, 170), (26, 230), (62, 230), (58, 140), (50, 116))


def _cloth(
    pen: Pen,
    body: Body,
    colour: Rgb,
    neckline: Points = _CREW,
    bulk: float = 0,
    depth: float = 0.2,
    gloss: float = 0.16,
) -> skia.Path:
    """A garment in two tones: lit on the left shoulder, in shade on the right, folded at the armpits."""
    path, dark, line = body.torso(neckline, bulk), shade(colour, depth), mix(colour, ink(colour), 0.72)
    pen.shape(path, colour, 2.4)
    with pen.inside(path):
        pen.fill(
            body.curve([(-30, 78), (-56, 90), (-78, 100), (-92, 122), (-84, 124), (-72, 108), (-52, 98)]),
            tint(colour, gloss),
        )
        pen.fill(body.curve(_ARM), dark)
        pen.fill(body.curve(_CAST), dark)
        pen.fill(body.curve(_CHEST), shade(colour, depth * 0.55))
        pen.fill(body.curve([(-63, 112), (-52, 130), (-44, 142), (-55, 142), (-55, 230), (-68, 230), (-66, 150)]), dark)
        pen.fill(body.curve([(63, 116), (50, 126), (36, 131), (52, 133), (60, 136)]), dark)
        for side in (-1, 1):
            pen.stroke(body.run([(64, 110), (61, 126), (62, 146), (60, 172), (62, 220)], side), 2.6, line)
        pen.stroke(body.run([(-84, 124), (-76, 132), (-66, 135)]), 2.0, line)
        pen.stroke(body.run([(86, 128), (78, 138), (68, 141)]), 2.0, line)
    return path


def _shirt(pen: Pen, body: Body, colour: Rgb, shadow: Rgb | None = None) -> None:
    """A shirt's front, without its collar."""
    dark = shade(colour, 0.24) if shadow is None else shadow
    front = body.patch([(-27, 80), (-14, 90), (0, 102), (14, 90), (27, 80), (30, 230), (-30, 230)])
    pen.cel(front, colour, body.patch([(12, 80), (4, 104), (8, 230), (40, 230), (40, 80)]), dark)


def _shirt_collar(pen: Pen, body: Body, colour: Rgb) -> None:
    """Two turned-down points under the chin."""
    for side in body.sides:
        wing = body.patch([(20.5, 71), (25, 84), (15, 107), (1.5, 92)], side, 2)
        pen.shape(wing, colour if side < 0 else shade(colour, 0.12), 2.2)


def _tie(pen: Pen, body: Body, colour: Rgb) -> None:
    blade = body.patch([(-5, 101), (5, 101), (9.5, 150), (0, 164), (-9.5, 150)], lift=2)
    pen.cel(blade, colour, body.patch([(1, 101), (7, 101), (12, 164), (0, 164), (3, 130)], lift=2), width=2.0)
    pen.shape(body.patch([(-7.5, 92), (7.5, 92), (5, 103), (-5, 103)], lift=3), tint(colour, 0.14), 2.0)


def _arc(body: Body, radius: float, y: float, dip: float, front: int = 1) -> list[Point]:
    """Half a ring about the neck from left to right, `radius` outside it, in front (1) or behind (-1)."""
    turns = [math.pi * i / 8 for i in range(9)]
    wide = NECK + radius
    return [body.at(-math.cos(a) * wide, y + front * dip * math.sin(a), front * 26 * math.sin(a)) for a in turns]


def _opening(pen: Pen, body: Body, radius: float, top: float, colour: Rgb, dip: float) -> None:
    """What is seen inside a stiff collar; drawn before the neck."""
    pen.shape(smooth([*_arc(body, radius, top, dip), *_arc(body, radius, top, dip * 0.8, -1)[-2:0:-1]]), colour, 2.4)


def _ring(pen: Pen, body: Body, radius: float, top: float, bottom: float, colour: Rgb, dip: float) -> None:
    """The front of a stiff collar, `dip` lower in the middle than at the sides."""
    path = _cornered(_arc(body, radius, top, dip), _arc(body, radius + 3, bottom, dip)[::-1])
    pen.shape(path, colour, 2.4)
    with pen.inside(path):
        pen.fill(
            _cornered(_arc(body, radius + 3, bottom - 5, dip), _arc(body, radius + 3, bottom + 4, dip)[::-1]),
            shade(colour, 0.3),
        )
        pen.fill(
            _cornered(_arc(body, radius + 3, top - 4, dip)[5:], _arc(body, radius + 5, bottom + 4, dip)[:4:-1]),
            shade(colour, 0.2),
        )
        pen.stroke(_arc(body, radius, top + 4, dip)[1:5], 3, tint(colour, 0.8))


def _button(pen: Pen, body: Body, x: float, y: float, radius: float, colour: Rgb, lift: float = 1) -> None:
    pen.shape(ellipse(*body.on(x, y, lift), radius * 0.94, radius), colour, 1.8)
    bx, by = body.on(x, y, lift)
    pen.fill(ellipse(bx - radius * 0.3, by - radius * 0.35, radius * 0.35, radius * 0.3), tint(colour, 0.75))


def _together(paths: Iterable[skia.Path]) -> skia.Path:
    """Many small pieces as one, drawn at once."""
    whole = skia.Path()
    for path in paths:
        whole.addPath(path)
    return whole


def _star(x: float, y: float, radius: float, inner: float = 0.45) -> skia.Path:
    spokes = [(radius if i % 2 == 0 else radius * inner, i * math.pi / 5) for i in range(10)]
    return polygon([(x + r * math.sin(a), y - r * math.cos(a)) for r, a in spokes])


# --- the outfits -----------------------------------------------------------------------------------------------------


def _spacesuit_back(pen: Pen, body: Body, colours: Colours) -> None:
    _opening(pen, body, 21, 82, shade(colours[1], 0.35), 9)


def _spacesuit(pen: Pen, body: Body, colours: Colours) -> None:
    cloth, metal, accent = colours
    path = _cloth(pen, body, cloth, ((34, 84), (20, 94), (0, 99)), 11, 0.26)
    with pen.inside(path):
        for side in body.sides:
            band = body.curve([(66, 92), (69, 110), (67, 124), (80, 128), (82, 110), (78, 92)], side)
            pen.shape(band, accent if side < 0 else shade(accent, 0.2), 2.0)
            pen.line(body.seam([(40, 84), (46, 110), (44, 150), (46, 220)], side), shade(cloth, 0.5), 2.0)
    pen.shape(body.patch([(-31, 109), (31, 109), (34, 151), (-34, 151)], lift=5), metal, 2.4)
    pen.fill(body.patch([(-28, 112), (28, 112), (28.5, 117), (-28.5, 117)], lift=5), tint(metal, 0.5))
    for x, light in ((-18, (238, 84, 78)), (0, (252, 210, 86)), (18, (104, 214, 156))):
        _button(pen, body, x, 124.5, 5.8, light, 6)
    pen.fill(body.patch([(-24, 136), (24, 136), (24, 145), (-24, 145)], lift=6), shade(metal, 0.6))
    _ring(pen, body, 21, 82, 96, tint(metal, 0.25), 9)


def _uniform(pen: Pen, body: Body, colours: Colours) -> None:
    cloth, white, accent = colours
    _shirt(pen, body, white)
    if body.head.person.kind == "man":
        _tie(pen, body, accent)
        for y in (112, 125, 138):
            pen.line(body.seam([(-6, y + 4), (6, y - 3)], lift=2), WHITE, 2.6)
    path = _cloth(pen, body, cloth, ((26, 81), (24, 100), (14, 126), (0, 150)), 2)
    for side in body.sides:
        lapel = [(22, 77), (39, 90), (35, 101), (41, 106), (24, 128), (2, 152), (14, 124), (21, 100)]
        pen.shape(body.patch(lapel, side, 2), tint(cloth, 0.1) if side < 0 else shade(cloth, 0.12), 2.2)
        pen.line(_polyline(body.run([(38, 91), (34.5, 101), (39, 106), (23, 127), (2, 150)], side, 2)), WHITE, 2.4)
    with pen.inside(path):
        pen.shape(body.patch([(45, 116), (62, 116), (61, 130), (53.5, 138), (46, 130)]), GOLD, 2.0)
        pen.fill(_star(*body.on(53.5, 124.5), 5), accent)
        pen.line(body.seam([(0, 150), (1, 230)]), ink(cloth), 2.2)
    _shirt_collar(pen, body, white)
    if body.head.person.kind == "woman":
        for side in body.sides:
            pen.shape(
                body.patch([(2, 104), (6, 104), (15, 130), (8, 132), (5, 136)], side, 3), shade(accent, 0.18), 2.0
            )
            loop = body.curve([(0, 102), (12, 94), (21, 95), (22, 106), (18, 112), (8, 108)], side, 3)
            pen.cel(loop, accent, body.curve([(2, 106), (14, 106), (22, 104), (22, 116), (6, 112)], side, 3), width=2.0)
        pen.shape(ellipse(*body.on(0, 103, 4), 4.5, 5), tint(accent, 0.2), 2.0)


def _polyline(points: Sequence[Point]) -> skia.Path:
    """An open line with straight parts."""
    return skia.Path.Polygon([skia.Point(*p) for p in points], False)


def _hood_back(pen: Pen, body: Body, colours: Colours) -> None:
    """A hood that hangs behind the neck."""
    cloth = colours[0]
    hood = [
        body.at(x, y, -14)
        for x, y in ((-40, 92), (-42, 74), (-30, 60), (0, 56), (30, 60), (42, 74), (40, 92), (0, 100))
    ]
    pen.shape(smooth(hood), shade(cloth, 0.36), 2.4)


def _hood_rolls(pen: Pen, body: Body, cloth: Rgb) -> None:
    """The hood's edges, lying on the shoulders and meeting under the chin."""
    for side in body.sides:
        colour = tint(cloth, 0.1) if side < 0 else shade(cloth, 0.1)
        roll = [(21, 66), (34, 67), (46, 78), (46, 93), (32, 108), (12, 117), (1, 116), (6, 104), (17, 93), (21, 80)]
        path = body.curve(roll, side, 3)
        pen.cel(
            path,
            colour,
            body.curve([(22, 64), (28, 78), (24, 94), (10, 108), (0, 120), (-2, 100), (18, 84)], side, 3),
            shade(cloth, 0.34),
            2.4,
        )
        pen.stroke(body.run([(41, 80), (36, 94), (22, 106)], side, 3), 2.4, mix(cloth, ink(cloth), 0.7))


def _hoodie(pen: Pen, body: Body, colours: Colours) -> None:
    cloth, trim, cord = colours
    path = _cloth(pen, body, cloth, ((28, 82), (15, 98), (0, 108)), 5)
    with pen.inside(path):
        pen.shape(
            body.curve([(-40, 152), (-30, 146), (30, 146), (40, 152), (52, 230), (-52, 230)]), tint(trim, 0.12), 2.2
        )
    _hood_rolls(pen, body, cloth)
    for side in body.sides:
        string = body.seam([(9, 108), (14, 122), (12, 138)], side, 5)
        pen.line(string, ink(cloth), 6)
        pen.line(string, cord, 3.4)
        x, y = body.on(side * 12, 140, 5)
        pen.shape(ellipse(x, y, 3, 5), STEEL, 1.8)


def _suit(pen: Pen, body: Body, colours: Colours) -> None:
    cloth, white, accent = colours
    _shirt(pen, body, white)
    _tie(pen, body, accent)
    pen.line(body.seam([(-7, 126), (7, 125)], lift=3), GOLD, 3)
    path = _cloth(pen, body, cloth, ((26, 81), (22, 104), (11, 136), (0, 168)), 4, 0.26)
    with pen.inside(path):
        pen.shape(body.patch([(44, 118), (48, 109), (53, 115), (58, 108), (63, 117), (62, 124), (45, 125)]), white, 2.0)
        pen.line(body.seam([(43, 125), (64, 123)]), ink(cloth), 2.6)
    for side in body.sides:
        lower = body.patch([(23, 103), (31, 99), (52, 97), (44, 118), (28, 142), (1, 172), (12, 136)], side, 2)
        pen.cel(
            lower,
            tint(cloth, 0.08) if side < 0 else shade(cloth, 0.12),
            body.patch([(20, 100), (31, 99), (20, 130), (0, 172)], side, 2),
            shade(cloth, 0.42),
            2.2,
        )
        pen.shape(
            body.patch([(22, 76), (40, 87), (44, 96), (31, 101), (23, 105)], side, 2),
            tint(cloth, 0.14) if side < 0 else shade(cloth, 0.05),
            2.2,
        )
        pen.stroke(body.run([(48, 99), (41, 117), (26, 140)], side, 2), 1.8, tint(cloth, 0.4))
    _shirt_collar(pen, body, white)


def _hanbok(pen: Pen, body: Body, colours: Colours) -> None:
    cloth, skirt, ribbon = colours
    path = _cloth(pen, body, cloth, ((26, 80), (13, 94), (0, 104)), 5, 0.17)
    with pen.inside(path):
        pen.shape(body.curve([(-66, 146), (0, 141), (66, 146), (80, 230), (-80, 230)]), skirt, 2.4)
        for x in (-34, -12, 12, 34):
            pen.stroke(body.run([(x, 146), (x * 1.1, 170), (x * 1.2, 220)]), 2.4, shade(skirt, 0.45))
        for side in (-1, 1):
            pen.shape(
                body.curve([(58, 88), (64, 106), (66, 128), (77, 128), (77, 104), (70, 90)], side),
                tint(skirt, 0.1) if side < 0 else shade(skirt, 0.2),
                2.0,
            )
            pen.fill(_together(_star(*body.on(side * x, y), 5, 0.6) for x, y in ((68, 100), (71, 117))), GOLD)
    under = [(19, 70), (28, 75), (20, 96), (-8, 128), (-14, 118), (8, 94)]
    over = [(-19, 70), (-28, 75), (-25, 92), (2, 124), (22, 141), (26, 130), (8, 110), (-12, 90)]
    pen.shape(body.curve(under, lift=1), skirt, 2.2)
    pen.line(body.seam([(18, 71), (10, 90), (-6, 110)], lift=2), WHITE, 5)
    pen.shape(body.curve(over, lift=2), skirt, 2.2)
    pen.line(body.seam([(-18.5, 70), (-14, 86), (2, 105), (14, 116)], lift=3), ink(cloth), 7.4)
    pen.line(body.seam([(-18.5, 70), (-14, 86), (2, 105), (14, 116)], lift=3), WHITE, 5)
    for points in ([(20, 128), (28, 126), (31, 178), (18, 182)], [(14, 130), (21, 130), (14, 166), (2, 164)]):
        pen.cel(
            body.curve(points, lift=4),
            ribbon,
            body.patch([(22, 120), (40, 120), (40, 190), (23, 190)], lift=4),
            width=2.2,
        )
    pen.shape(
        body.curve([(16, 128), (2, 116), (-14, 116), (-20, 124), (-10, 132), (4, 133)], lift=4), tint(ribbon, 0.14), 2.2
    )
    pen.fill(body.curve([(8, 126), (-8, 120), (-15, 123), (-8, 127)], lift=4), shade(ribbon, 0.3))
    pen.shape(body.curve([(13, 123), (22, 122), (24, 134), (14, 135)], lift=5), ribbon, 2.2)


def _armour_back(pen: Pen, body: Body, colours: Colours) -> None:
    _opening(pen, body, 7, 70, shade(colours[1], 0.3), 10)


def _armour(pen: Pen, body: Body, colours: Colours) -> None:
    metal, dark, gem = colours
    _cloth(pen, body, dark, _CREW, 2, 0.3)
    plate = body.curve(
        [(0, 98), (-28, 94), (-52, 104), (-56, 130), (-48, 170), (0, 180), (48, 170), (56, 130), (52, 104), (28, 94)],
        lift=5,
    )
    pen.shape(plate, metal, 2.6)
    with pen.inside(plate):
        pen.fill(body.curve([(0, 90), (3, 130), (0, 200), (80, 200), (80, 90), (40, 90)], lift=5), shade(metal, 0.26))
        pen.fill(
            body.curve([(-44, 102), (-36, 100), (-40, 126), (-36, 156), (-44, 150), (-49, 126)], lift=5),
            tint(metal, 0.75),
        )
        pen.fill(body.curve([(7, 110), (20, 104), (34, 106), (22, 116), (12, 140)], lift=5), tint(metal, 0.25))
        pen.stroke(body.run([(0, 96), (3, 124), (2, 150), (0, 190)], lift=7), 2.8, ink(metal))
        pen.stroke(body.run([(-54, 142), (-30, 156), (0, 160), (30, 156), (54, 142)], lift=6), 2.8, ink(metal))
    for side in body.sides:
        base = metal if side < 0 else shade(metal, 0.14)
        for grow, top in ((1.0, 26.0), (0.5, 12.0), (0.0, 0.0)):
            rim = [
                (38, 94),
                (52, 78),
                (72, 80),
                (90, 94),
                (98 + 3 * grow, 118),
                (96 + 4 * grow, 122 + top),
                (80, 114 + top),
                (60, 108 + top),
                (46, 108 + top * 0.5),
            ]
            lame = smooth([body.at(side * x, y, 12) for x, y in rim])
            pen.line(lame, ink(metal), 3.4)
            pen.fill(lame, shade(base, 0.24 * grow))
        with pen.inside(lame):
            pen.fill(
                smooth(
                    [
                        body.at(side * x, y, 12)
                        for x, y in ((44, 108), (64, 108), (84, 112), (110, 130), (70, 140), (40, 120))
                    ]
                ),
                shade(base, 0.3),
            )
        pen.stroke(
            [body.at(side * x, y, 12) for x, y in ((50, 92), (64, 86), (80, 92), (90, 106))],
            5.5 if side < 0 else 4,
            tint(metal, 0.85),
        )
        rivets = [body.at(side * x, y, 12) for x, y in ((52, 103), (87, 115))]
        pen.shape(_together(ellipse(x, y, 3, 3) for x, y in rivets), GOLD, 1.6)
    _ring(pen, body, 7, 70, 94, metal, 11)
    _button(pen, body, 0, 112, 8, gem, 9)


def _raincoat(pen: Pen, body: Body, colours: Colours) -> None:
    cloth, dark, accent = colours
    path = _cloth(pen, body, cloth, ((28, 82), (15, 98), (0, 106)), 7, 0.14, 0.55)
    line = mix(cloth, ink(cloth), 0.75)
    with pen.inside(path):
        yoke = body.seam([(-112, 128), (-60, 122), (-30, 124), (0, 122), (30, 124), (60, 122), (112, 128)])
        pen.line(yoke, dark, 6)
        pen.line(yoke, line, 2)
        flap = body.patch([(-9, 104), (10, 104), (12, 230), (-10, 230)], lift=2)
        pen.shape(flap, tint(cloth, 0.16), 2.2)
        glints = (
            [(-76, 112), (-69, 107), (-72, 122)],
            [(-44, 108), (-37, 104), (-40, 117)],
            [(44, 107), (38, 104), (40, 118)],
        )
        pen.fill(_together(body.curve(points) for points in glints), (255, 252, 236))
        pen.stroke(body.run([(-50, 132), (-54, 142), (-52, 160)]), 5, (255, 250, 226))
        drops = [body.on(x, y) for x, y in ((-30, 134), (34, 133), (58, 112), (-62, 136))]
        pen.fill(
            _together(smooth([(x, y - 6), (x + 3.5, y + 1), (x, y + 5), (x - 3.5, y + 1)]) for x, y in drops),
            (206, 236, 255),
        )
    for y in (118, 136, 158):
        _button(pen, body, 1, y, 4.8, accent, 3)
    for side in body.sides:
        flap = body.patch([(20.5, 66), (30, 68), (46, 82), (53, 101), (34, 115), (1, 107), (13, 96), (20, 82)], side, 3)
        shadow = body.patch([(20, 66), (26, 84), (20, 98), (4, 112), (-2, 100)], side, 3)
        pen.cel(flap, tint(cloth, 0.22) if side < 0 else shade(cloth, 0.06), shadow, shade(cloth, 0.3), 2.4)
        pen.stroke(body.run([(44, 86), (48, 99), (34, 109)], side, 3), 2.6, (255, 250, 226) if side < 0 else dark)


def _tshirt(pen: Pen, body: Body, colours: Colours) -> None:
    cloth, trim, motif = colours
    skin = body.head.person.skin
    path = _cloth(pen, body, cloth, ((30, 83), (25, 94), (12, 102), (0, 104)), 2, 0.18)
    with pen.inside(path):
        for side in body.sides:
            hem = body.run([(59, 138), (74, 143), (98, 140)], side)
            pen.fill(_cornered(hem, body.run([(110, 230), (60, 230)], side)), skin if side < 0 else shade(skin, 0.27))
            pen.line(smooth(hem, closed=False), ink(cloth), 7)
            pen.line(smooth(hem, closed=False), trim, 4)
            pen.stroke(body.run([(59, 132), (60, 150), (58, 200)], side), 3, ink(skin))
    with pen.inside(body.bust):
        collar = body.across(((34, 80), (25, 93), (12, 101), (0, 103)))
        pen.line(smooth(collar, closed=False), ink(trim), 9)
        pen.line(smooth(collar, closed=False), trim, 5.6)
    x, y = body.on(0, 123, 2)
    with pen.moved(x, y, 0, 0.94, 1):
        pen.shape(_star(0, 2, 20), motif, 2.4)
        pen.fill(polygon([(0, -18), (4.4, -4), (18, -4), (8, 5), (12, 18), (0, 10)]), shade(motif, 0.16))


def _dress(pen: Pen, body: Body, colours: Colours) -> None:
    cloth, frill, dots = colours
    line = body.across(((60, 123), (47, 110), (30, 104), (14, 106), (0, 114)), 3)
    bodice = _cornered(line, body.run([(57, 146), (62, 230), (-62, 230), (-57, 146)], lift=2))
    with pen.inside(body.bust):
        for side in body.sides:
            strap = body.patch([(30, 80), (43, 82), (47, 100), (43, 114), (31, 112), (35, 98)], side, 1)
            pen.shape(strap, cloth if side < 0 else shade(cloth, 0.14), 2.2)
    shadow = body.curve([(16, 103), (32, 119), (24, 143), (26, 230), (80, 230), (80, 93)], lift=2)
    pen.cel(bodice, cloth, shadow, width=2.4)
    with pen.inside(bodice):
        places = [
            (-46, 125),
            (-23, 124),
            (0, 133),
            (24, 125),
            (47, 127),
            (-35, 138),
            (-12, 145),
            (13, 146),
            (36, 140),
            (-46, 153),
            (0, 160),
            (46, 155),
        ]
        pen.fill(_together(ellipse(*body.on(x, y, 2), 3.6, 3.8) for x, y in places), dots)
    waves = [(57, 121), (48, 113), (38, 109), (27, 107), (16, 109), (6, 115)]
    for side in body.sides:
        lace = _together(ellipse(*body.on(side * x, y, 3), 6.4, 6.2) for x, y in waves)
        pen.shape(lace, frill if side < 0 else shade(frill, 0.12), 2.0)
    pen.line(smooth(line, closed=False), frill, 6.4)
    for side in body.sides:
        loop = body.patch([(0, 114), (13, 107), (13, 124)], side, 6)
        pen.shape(loop, tint(cloth, 0.1) if side < 0 else shade(cloth, 0.24), 2.0)
    pen.shape(ellipse(*body.on(0, 115, 7), 3.6, 4), shade(cloth, 0.2), 1.8)


def _leather(pen: Pen, body: Body, colours: Colours) -> None:
    cloth, under, metal = colours
    pen.cel(
        body.torso(((27, 82), (20, 93), (0, 100))),
        under,
        body.patch([(8, 80), (2, 110), (10, 230), (60, 230), (60, 80)]),
    )
    path = _cloth(pen, body, cloth, ((28, 82), (22, 104), (18, 134), (14, 170), (6, 228)), 6, 0.36)
    with pen.inside(path):
        glints = (
            [(-70, 100), (-56, 96), (-62, 108), (-72, 112)],
            [(-84, 124), (-78, 116), (-76, 132), (-82, 146)],
            [(-50, 128), (-42, 134), (-48, 160), (-52, 150)],
            [(72, 104), (80, 112), (79, 126)],
        )
        pen.fill(_together(body.curve(points) for points in glints), tint(cloth, 0.5))
        pen.line(body.seam([(-70, 226), (-44, 150), (-36, 140)]), metal, 2.6)
    for side in body.sides:
        base = tint(cloth, 0.13) if side < 0 else tint(cloth, 0.03)
        lapel = body.patch([(24, 98), (36, 98), (60, 104), (56, 124), (38, 140), (17, 156), (22, 126)], side, 2)
        pen.cel(lapel, base, body.patch([(20, 96), (34, 100), (28, 126), (16, 160)], side, 2), shade(cloth, 0.4), 2.4)
        pen.stroke(body.run([(40, 102), (54, 107), (52, 121), (38, 135)], side, 2), 3, tint(cloth, 0.55))
        collar = body.patch([(21, 70), (30, 72), (52, 84), (54, 97), (36, 100), (23, 104)], side, 2)
        pen.shape(collar, tint(cloth, 0.2) if side < 0 else tint(cloth, 0.07), 2.4)
        studs = [body.on(side * x, y, 3) for x, y in ((48, 92), (54, 110))]
        pen.shape(_together(ellipse(x, y, 3.2, 3.2) for x, y in studs), metal, 1.4)
    teeth = body.seam([(17, 152), (16, 170), (10, 226)], lift=2)
    pen.line(teeth, ink(cloth), 6)
    pen.line(teeth, metal, 3.4)


def _lab_coat(pen: Pen, body: Body, colours: Colours) -> None:
    cloth, under, accent = colours
    dark = mix(cloth, (150, 168, 206), 0.55)
    pen.cel(
        body.torso(((26, 80), (14, 98), (0, 118))),
        under,
        body.patch([(10, 80), (6, 110), (12, 230), (60, 230), (60, 80)]),
    )
    path = _cloth(pen, body, cloth, ((28, 82), (25, 104), (16, 136), (8, 228)), 5, 0.22)
    with pen.inside(path):
        pocket = body.patch([(37, 126), (62, 125), (61, 158), (38, 160)])
        for x, pen_colour in ((43, accent), (50, (60, 74, 120)), (56, GOLD)):
            pen.shape(body.patch([(x - 2.2, 114), (x + 2.2, 114), (x + 2.2, 130), (x - 2.2, 130)]), pen_colour, 1.6)
        pen.shape(pocket, mix(cloth, dark, 0.35), 2.2)
        pen.line(body.seam([(37, 131), (62, 130)]), dark, 2.2)
    for side in body.sides:
        lapel = body.patch(
            [(22, 76), (38, 87), (46, 97), (38, 103), (46, 110), (32, 136), (13, 160), (20, 128), (24, 102)], side, 2
        )
        pen.cel(lapel, cloth, body.patch([(22, 90), (30, 106), (27, 130), (12, 162)], side, 2), dark, 2.3)
        pen.line(_polyline(body.run([(23, 101), (37, 103)], side, 2)), ink(dark), 1.8)
        pen.line(body.seam([(21, 78), (16, 98), (4, 118)], side, 3), shade(accent, 0.5), 5.6)
        pen.line(body.seam([(21, 78), (16, 98), (4, 118)], side, 3), accent, 3.4)
    pen.shape(body.patch([(-11.5, 116), (11.5, 116), (11.5, 147), (-11.5, 147)], lift=4), WHITE, 2.2)
    pen.fill(body.patch([(-8, 120), (8, 120), (8, 132), (-8, 132)], lift=4), tint(under, 0.3))
    pen.fill(body.patch([(-7, 137), (7, 137), (7, 141), (-7, 141)], lift=4), accent)


def _sweater_back(pen: Pen, body: Body, colours: Colours) -> None:
    _opening(pen, body, 6, 69, shade(colours[0], 0.45), 10)


def _sweater(pen: Pen, body: Body, colours: Colours) -> None:
    cloth, pattern, accent = colours
    path = _cloth(pen, body, cloth, _CREW, 4)
    with pen.inside(path):
        xs = range(-110, 111, 11)
        for points, colour, width in (
            ([(x, _yoke(x, 30)) for x in range(-110, 111, 22)], pattern, 3.4),
            ([(x, _yoke(x, 18) + (5.5 if i % 2 else -5.5)) for i, x in enumerate(xs)], pattern, 4.4),
            ([(x, _yoke(x, 6)) for x in range(-110, 111, 22)], accent, 4.4),
            ([(x, 150 + (5 if i % 2 else -5)) for i, x in enumerate(xs)], accent, 4),
        ):
            line = smooth(body.run(points), closed=False)
            pen.line(line, colour, width)
        pen.fill(body.curve(_ARM), shade(cloth, 0.8), 0.18)
    _ring(pen, body, 6, 69, 93, tint(cloth, 0.08), 10)
    ribs = zip(_arc(body, 6, 72, 10), _arc(body, 8, 90, 10), strict=True)
    pen.line(_together(_polyline(rib) for rib in list(ribs)[1:-1]), shade(cloth, 0.42), 2)


def _yoke(x: float, up: float) -> float:
    """The height of a knitted round on the shoulders; `up` moves it towards the neck."""
    return 134 - up - 0.0016 * x * x


def _tracksuit_back(pen: Pen, body: Body, colours: Colours) -> None:
    _opening(pen, body, 4, 70, shade(colours[1], 0.3), 10)


def _tracksuit(pen: Pen, body: Body, colours: Colours) -> None:
    cloth, dark, stripe = colours
    path = _cloth(pen, body, cloth, ((27, 82), (15, 98), (0, 106)), 4)
    with pen.inside(path):
        for side in (-1, 1):
            pen.fill(
                body.curve(
                    [(24, 76), (44, 96), (58, 120), (60, 150), (58, 230), (120, 230), (120, 90), (60, 76)], side
                ),
                dark if side < 0 else shade(dark, 0.25),
            )
            pen.line(body.seam([(25, 80), (45, 97), (58, 122), (60, 150), (58, 228)], side), stripe, 4)
            for offset in (0, 9):
                pen.line(
                    body.seam(
                        [
                            (38 + offset, 82),
                            (62 + offset, 97),
                            (72 + offset, 118),
                            (75 + offset, 150),
                            (77 + offset, 228),
                        ],
                        side,
                    ),
                    stripe,
                    4.2,
                )
        for side in (-1, 1):
            pen.stroke(body.run([(66, 118), (62, 132), (63, 150), (61, 220)], side), 2.4, ink(dark))
        pen.line(body.seam([(0, 100), (1, 150), (0, 229)], lift=2), ink(cloth), 6)
        pen.line(body.seam([(0, 100), (1, 150), (0, 229)], lift=2), STEEL, 3)
        pen.fill(body.patch([(24, 122), (44, 116), (44, 120), (24, 126)]), stripe)
        pen.fill(body.patch([(24, 129), (44, 123), (44, 127), (24, 133)]), stripe)
    for side in body.sides:
        wing = [(20, 66), (29, 70), (31, 86), (19, 103), (3, 112), (0, 108), (8, 95), (18, 82)]
        pen.cel(
            body.curve(wing, side, 3),
            dark if side < 0 else shade(dark, 0.16),
            body.curve([(20, 64), (18, 86), (0, 108), (-4, 92)], side, 3),
            shade(dark, 0.5),
            2.4,
        )
        pen.line(body.seam([(27, 72), (28, 86), (17, 100), (4, 109)], side, 3), stripe, 2.6)
    pen.shape(body.patch([(-4, 111), (4, 111), (5, 124), (-5, 124)], lift=4), STEEL, 1.8)


def _robe_back(pen: Pen, body: Body, colours: Colours) -> None:
    """The inside of a high collar."""
    tall = [body.at(x, y, -8) for x, y in ((-34, 96), (-50, 56), (-34, 60), (0, 68), (34, 60), (50, 56), (34, 96))]
    pen.shape(polygon(tall), shade(colours[1], 0.1), 2.6)


def _robe(pen: Pen, body: Body, colours: Colours) -> None:
    cloth, dark, gold = colours
    pen.shape(body.torso(((27, 82), (14, 96), (0, 112))), dark, 2.2)
    path = _cloth(pen, body, cloth, ((30, 82), (22, 100), (26, 140), (34, 229)), 9, 0.28)
    hem: Points = ((30, 83), (23, 101), (26, 140), (34, 229))
    with pen.inside(path):
        for side in body.sides:
            pen.line(body.seam(hem, side), ink(cloth), 15)
            pen.line(body.seam(hem, side), gold if side < 0 else shade(gold, 0.2), 11)
            runes = [body.on(side * (x - 1.5), y) for x, y in ((30, 122), (32, 136), (34, 152))]
            pen.fill(_together(ellipse(x, y, 2.6, 3.4) for x, y in runes), dark)
        stars = ((-60, 112, 8.5), (-46, 136, 6), (58, 110, 7), (52, 138, 8.5), (-80, 138, 6))
        pen.fill(_together(_star(*body.on(x, y), r) for x, y, r in stars), gold)
    for side in body.sides:
        inner, outer = [(13, 109), (25, 92), (36, 72), (56, 48)], [(61, 66), (63, 84), (56, 99), (34, 108)]
        wing = _cornered([body.at(side * x, y, 8) for x, y in inner], [body.at(side * x, y, 8) for x, y in outer])
        shadow = smooth(
            [body.at(side * x, y, 8) for x, y in ((13, 109), (36, 72), (56, 48), (46, 78), (40, 100), (28, 112))]
        )
        pen.cel(wing, tint(cloth, 0.12) if side < 0 else shade(cloth, 0.06), shadow, shade(cloth, 0.4), 2.6)
        with pen.inside(wing):
            pen.line(smooth([body.at(side * x, y, 8) for x, y in [inner[-1], *outer]], closed=False), gold, 7)
    chain = body.run([(-28, 98), (-14, 108), (0, 111), (14, 108), (28, 98)], lift=4)
    pen.line(smooth(chain, closed=False), ink(gold), 6)
    pen.line(smooth(chain, closed=False), gold, 3.6)
    _button(pen, body, 0, 112, 8.5, (96, 214, 200), 6)


Part = Callable[[Pen, Body, Colours], None]
_OUTFITS: dict[str, Part] = {
    "spacesuit": _spacesuit, "school uniform": _uniform, "hoodie": _hoodie, "suit": _suit, "hanbok": _hanbok,
    "armour": _armour, "raincoat": _raincoat, "t-shirt": _tshirt, "dress": _dress, "leather jacket": _leather,
    "lab coat": _lab_coat, "sweater": _sweater, "tracksuit": _tracksuit, "wizard robe": _robe,
}  # fmt: skip
_BEHIND: dict[str, Part] = {  # drawn before the neck
    "spacesuit": _spacesuit_back, "hoodie": _hood_back, "armour": _armour_back, "raincoat": _hood_back,
    "sweater": _sweater_back, "tracksuit": _tracksuit_back, "wizard robe": _robe_back,
}  # fmt: skip


# --- worn on the neck ------------------------------------------------------------------------------------------------


def _draw_scarf(pen: Pen, body: Body) -> None:
    colour: Rgb = ((212, 54, 60), (226, 76, 52), (190, 40, 76))[body.head.look.tint]
    dark = shade(colour, 0.28)
    tail = [(10, 98), (32, 94), (38, 120), (36, 152), (16, 154), (16, 122)]
    pen.cel(body.curve(tail, lift=6), colour, body.patch([(26, 90), (50, 90), (50, 160), (28, 160)], lift=6), dark, 2.4)
    for y in (126, 136):
        pen.line(body.seam([(17, y), (37, y - 1)], lift=6), WHITE, 3.6)
    for x in (19, 26, 33):
        pen.line(body.seam([(x, 154), (x, 162)], lift=6), colour, 4)
    lower = [
        body.at(x, y, z)
        for x, y, z in (
            (-42, 86, 0),
            (-34, 76, 8),
            (0, 84, 28),
            (34, 76, 8),
            (42, 86, 0),
            (34, 102, 14),
            (0, 114, 34),
            (-34, 104, 14),
        )
    ]
    upper = [
        body.at(x, y, z)
        for x, y, z in (
            (-37, 70, 0),
            (-28, 62, 4),
            (0, 74, 26),
            (28, 62, 4),
            (37, 70, 0),
            (33, 86, 10),
            (4, 98, 32),
            (-30, 88, 10),
        )
    ]
    pen.cel(
        smooth(lower),
        shade(colour, 0.1),
        smooth(
            [body.at(x, y, 20) for x, y in ((-44, 84), (0, 100), (12, 104), (24, 120), (60, 110), (60, 70), (-44, 70))]
        ),
        dark,
        2.6,
    )
    pen.cel(
        smooth(upper),
        colour,
        smooth([body.at(x, y, 20) for x, y in ((-24, 62), (-8, 80), (16, 84), (18, 104), (60, 100), (60, 56))]),
        dark,
        2.6,
    )
    line = mix(colour, ink(colour), 0.7)
    for points in (
        [(-30, 74), (-20, 82), (-6, 88)],
        [(-14, 86), (2, 91), (18, 86)],
        [(14, 82), (24, 76), (30, 72)],
        [(-24, 98), (-8, 105), (6, 106)],
    ):
        pen.stroke([body.at(x, y, 22) for x, y in points], 2.4, line)
    pen.stroke([body.at(x, y, 20) for x, y in ((-33, 70), (-26, 80), (-14, 88))], 3.2, tint(colour, 0.4))


def _draw_choker(pen: Pen, body: Body) -> None:
    gem: Rgb = ((238, 76, 96), (72, 150, 236), (110, 210, 160))[body.head.look.tint]
    turns = [math.pi * i / 8 for i in range(9)]
    band = [body.at(-math.cos(a) * (NECK + 0.5), 74 + 9 * math.sin(a), 20 * math.sin(a)) for a in turns]
    pen.line(smooth(band, closed=False), (40, 32, 44), 7)
    pen.stroke(band[1:4], 2.2, (126, 112, 136))
    x, y = body.at(0, 90, 22)
    pen.shape(smooth([(x, y - 7.5), (x + 6, y), (x, y + 9), (x - 6, y)]), gem, 2.2)
    pen.fill(ellipse(x - 1.8, y - 2, 1.8, 2.6), tint(gem, 0.85))
    pen.shape(ellipse(x, y - 7.5, 3, 2.6), GOLD, 1.6)
