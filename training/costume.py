"""What surrounds the head: the body in its outfit, and the place behind it.

The body is drawn in the head's scale with the origin between the eyes: neck from y 50, shoulders near 100, canvas end near 165.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from training.pen import INK, Pen, Rgb, ellipse, polygon, rounded, shade, smooth, tint
from training.world import Look, Person

CLOTHS: dict[str, tuple[Rgb, Rgb, Rgb]] = {
    "spacesuit": ((232, 236, 242), (214, 222, 236), (242, 234, 222)),
    "school uniform": ((44, 58, 104), (92, 40, 56), (58, 62, 70)),
    "hoodie": ((226, 120, 74), (104, 150, 122), (122, 114, 168)),
    "suit": ((56, 58, 70), (38, 48, 78), (96, 92, 90)),
    "hanbok": ((246, 190, 204), (170, 214, 196), (250, 226, 160)),
    "armour": ((160, 170, 186), (196, 172, 116), (118, 124, 144)),
    "raincoat": ((248, 206, 58), (250, 216, 84), (242, 194, 44)),
    "t-shirt": ((246, 246, 244), (104, 176, 220), (236, 112, 112)),
    "dress": ((238, 130, 148), (122, 168, 224), (180, 142, 206)),
    "leather jacket": ((48, 42, 46), (96, 56, 40), (40, 40, 54)),
    "lab coat": ((248, 250, 252), (244, 248, 250), (250, 250, 246)),
    "sweater": ((156, 66, 62), (74, 116, 92), (222, 196, 150)),
    "tracksuit": ((52, 104, 190), (200, 54, 60), (48, 140, 96)),
    "wizard robe": ((84, 58, 140), (40, 62, 120), (110, 44, 88)),
}
WHITE: Rgb = (250, 249, 247)


def draw_body(pen: Pen, person: Person, look: Look) -> None:
    """Neck, shoulders and outfit."""
    broad = 1.0 if person.kind == "man" else 0.88
    neck = 20 if person.kind == "man" else 15
    _draw_neck(pen, person, neck)
    wide = {"spacesuit": 1.12, "armour": 1.14, "suit": 1.03, "raincoat": 1.06, "wizard robe": 1.08, "hoodie": 1.05}.get(look.outfit, 1.0)
    half = 84 * broad * wide
    torso = smooth([(-neck - 3, 82), (-half * 0.62, 94), (-half * 0.94, 112), (-half * 1.08, 150), (-half * 1.12, 210), (half * 1.12, 210), (half * 1.08, 150), (half * 0.94, 112), (half * 0.62, 94), (neck + 3, 82), (0, 92)])
    cloth = CLOTHS[look.outfit][look.tint]
    if look.outfit in ("dress",):
        pen.shape(torso, person.skin)
    else:
        pen.fill(torso, cloth)
    with pen.inside(torso):
        if look.outfit != "dress":
            pen.fill(smooth([(half * 0.5, 80), (half * 0.62, 130), (half * 0.5, 220), (half * 1.6, 220), (half * 1.6, 80)]), shade(cloth, 0.16))
            for side in (-1, 1):
                pen.stroke([(side * half * 0.74, 128), (side * half * 0.7, 146), (side * half * 0.76, 172)], 2.6, shade(cloth, 0.45))
                pen.stroke([(side * half * 0.6, 100), (side * half * 0.66, 108), (side * half * 0.62, 120)], 2.0, shade(cloth, 0.4))
        _OUTFITS[look.outfit](pen, person, look, cloth, half)
    pen.line(torso, width=2.5)
    _OVER.get(look.outfit, _nothing)(pen, person, look, cloth, half)
    if look.accessory == "scarf":
        _draw_scarf(pen, look)
    elif look.accessory == "choker":
        pen.line(smooth([(-neck, 72), (0, 79), (neck, 72)], closed=False), (34, 28, 38), 6)
        pen.shape(ellipse(0, 81, 4.5, 5), (236, 78, 96), 1.6)


def _draw_neck(pen: Pen, person: Person, neck: float) -> None:
    column = smooth([(-neck, 40), (-neck, 70), (-neck - 10, 92), (0, 108), (neck + 10, 92), (neck, 70), (neck, 40)])
    pen.shape(column, person.skin)
    with pen.inside(column):
        pen.fill(smooth([(-40, 40), (-neck - 4, 66), (0, person.chin + 15), (neck + 4, 66), (40, 40)]), shade(person.skin, 0.28))


Part = Callable[[Pen, Person, Look, Rgb, float], None]


def _nothing(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    """Nothing lies over the outline of this outfit."""


def _v_neck(pen: Pen, colour: Rgb, depth: float, width: float = 26, top: float = 74) -> None:
    pen.shape(polygon([(-width, top), (0, depth), (width, top)]), colour, 2.2)


def _shirt_and_tie(pen: Pen, tie: Rgb) -> None:
    pen.shape(polygon([(-24, 76), (0, 150), (24, 76)]), WHITE, 2)
    pen.shape(polygon([(-6, 96), (6, 96), (9, 152), (0, 166), (-9, 152)]), tie, 2)
    pen.shape(polygon([(-7, 88), (7, 88), (5, 98), (-5, 98)]), tie, 1.8)
    for side in (-1, 1):
        pen.shape(polygon([(side * 24, 72), (side * 3, 90), (side * 15, 104)]), WHITE, 2)


def _spacesuit(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    pen.shape(rounded(-32, 122, 32, 158, 7), (90, 104, 128))
    for i, light in enumerate(((236, 84, 76), (250, 206, 84), (96, 206, 150))):
        pen.shape(ellipse(-19 + 19 * i, 133, 5.5, 5.5), light, 1.8)
    pen.fill(rounded(-24, 144, 24, 150, 2), (188, 222, 244))
    for side in (-1, 1):
        pen.shape(rounded(side * half * 0.8 - 11, 116, side * half * 0.8 + 11, 128, 5), (236, 122, 62), 2)


def _space_collar(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    pen.shape(smooth([(-44, 82), (-30, 74), (-24, 84), (0, 92), (24, 84), (30, 74), (44, 82), (36, 102), (0, 113), (-36, 102)]), (176, 186, 204), 2.4)
    pen.line(smooth([(-38, 92), (0, 103), (38, 92)], closed=False), (110, 120, 146), 2.2)


def _uniform(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    _shirt_and_tie(pen, ((196, 52, 62), (40, 60, 110), (196, 52, 62))[look.tint])
    for side in (-1, 1):
        pen.shape(polygon([(side * 22, 76), (side * 40, 92), (side * 34, 128), (0, 172), (side * 2, 158), (side * 24, 112)]), tint(cloth, 0.12), 2.1)
    pen.shape(polygon([(40, 126), (58, 126), (56, 142), (49, 148), (42, 142)]), (240, 200, 84), 1.8)


def _hoodie(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    pen.shape(ellipse(0, 78, 25, 14), shade(cloth, 0.5), 2)
    for side in (-1, 1):
        pen.line(smooth([(side * 13, 100), (side * 16, 122), (side * 13, 142)], closed=False), INK, 5)
        pen.line(smooth([(side * 13, 100), (side * 16, 122), (side * 13, 142)], closed=False), WHITE, 2.6)


def _hood(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    for side in (-1, 1):
        fold = [(side * 24, 62), (side * 50, 66), (side * 56, 88), (side * 30, 108), (side * 4, 104), (side * 22, 90)]
        pen.shape(smooth(fold), tint(cloth, 0.1), 2.3)
        pen.stroke([(side * 32, 74), (side * 40, 84), (side * 30, 98)], 2.2, shade(cloth, 0.4))


def _suit(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    _shirt_and_tie(pen, ((150, 40, 52), (60, 60, 72), (52, 96, 160))[look.tint])
    for side in (-1, 1):
        pen.shape(polygon([(side * 22, 74), (side * 48, 94), (side * 38, 112), (side * 46, 118), (0, 178), (side * 22, 118)]), shade(cloth, 0.25), 2.1)
    pen.shape(polygon([(38, 132), (58, 130), (56, 136), (40, 138)]), WHITE, 1.6)


def _hanbok(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    pen.shape(rounded(-90, 146, 90, 220, 4), ((196, 52, 84), (72, 84, 160), (200, 84, 60))[look.tint], 2.2)
    pen.shape(polygon([(-34, 72), (-22, 70), (8, 122), (34, 66), (24, 62), (2, 100)]), WHITE, 2)
    pen.shape(polygon([(-36, 78), (-26, 74), (6, 128), (-4, 136)]), tint(cloth, 0.35), 2)
    ribbon = ((196, 52, 84), (72, 84, 160), (200, 84, 60))[look.tint]
    pen.shape(smooth([(4, 122), (26, 114), (34, 124), (14, 130)]), ribbon, 2)
    pen.shape(polygon([(2, 124), (12, 126), (20, 176), (8, 178)]), ribbon, 2)


def _armour(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    pen.shape(smooth([(-40, 100), (0, 108), (40, 100), (44, 150), (0, 178), (-44, 150)]), tint(cloth, 0.22), 2.3)
    pen.line(smooth([(0, 108), (1, 140), (0, 178)], closed=False), INK, 2.2)
    pen.stroke([(-30, 112), (-34, 130), (-30, 150)], 4.5, tint(cloth, 0.75))
    pen.shape(ellipse(0, 122, 8, 8), (206, 58, 66), 2)


def _pauldrons(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    pen.shape(smooth([(-30, 84), (-26, 70), (0, 84), (26, 70), (30, 84), (0, 102)]), shade(cloth, 0.12), 2.3)
    for side in (-1, 1):
        plate = smooth([(side * 40, 92), (side * 66, 84), (side * half * 1.08, 102), (side * half * 1.14, 136), (side * 62, 126)])
        pen.shape(plate, tint(cloth, 0.12), 2.5)
        pen.stroke([(side * 54, 96), (side * 72, 96), (side * half, 112)], 4, tint(cloth, 0.75))
        pen.stroke([(side * 60, 116), (side * 78, 118), (side * half * 1.08, 126)], 2.4, shade(cloth, 0.5))


def _raincoat(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    pen.line(smooth([(0, 90), (1, 140), (0, 220)], closed=False), INK, 2.2)
    for y in (112, 138, 164):
        pen.shape(ellipse(8, y, 4.5, 4.5), (72, 82, 110), 1.8)
    pen.stroke([(-46, 104), (-52, 126), (-48, 152)], 5, tint(cloth, 0.75))


def _rain_collar(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    for side in (-1, 1):
        pen.shape(smooth([(side * 3, 92), (side * 22, 66), (side * 42, 70), (side * 48, 92), (side * 24, 110)]), tint(cloth, 0.25), 2.4)


def _tshirt(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    pen.shape(ellipse(0, 76, 27, 17), person.skin, 2)
    pen.line(ellipse(0, 77, 31, 20), shade(cloth, 0.35), 1.8)
    motif = ((236, 92, 92), (250, 248, 240), (252, 222, 110))[look.tint]
    star = [(0 + (17 if i % 2 == 0 else 7.5) * math.sin(i * math.pi / 5), 136 - (17 if i % 2 == 0 else 7.5) * math.cos(i * math.pi / 5)) for i in range(10)]
    pen.shape(polygon(star), motif, 2)


def _dress(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    bodice = smooth([(-half * 0.66, 118), (-30, 124), (0, 136), (30, 124), (half * 0.66, 118), (half * 0.8, 230), (-half * 0.8, 230)])
    pen.shape(bodice, cloth, 2.3)
    for side in (-1, 1):
        pen.shape(polygon([(side * 40, 86), (side * 50, 88), (side * 46, 128), (side * 35, 130)]), cloth, 2)
        pen.stroke([(side * 22, 140), (side * 26, 156), (side * 22, 176)], 2.4, shade(cloth, 0.4))
    for i in range(9):
        x = -44 + i * 11
        pen.fill(ellipse(x, 146 + 9 * (i % 3), 2.6, 2.6), tint(cloth, 0.8))
    pen.stroke([(-24, 96), (-10, 101), (-4, 102)], 2, shade(person.skin, 0.4))
    pen.stroke([(24, 96), (10, 101), (4, 102)], 2, shade(person.skin, 0.4))


def _leather(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    pen.shape(polygon([(-26, 74), (-14, 200), (30, 200), (26, 74)]), (226, 226, 230), 2)
    pen.shape(ellipse(0, 76, 22, 12), person.skin, 2)
    for side in (-1, 1):
        pen.shape(polygon([(side * 20, 74), (side * 46, 82), (side * 56, 104), (side * 40, 110), (side * 44, 122), (side * 16, 142), (side * 22, 104)]), tint(cloth, 0.16), 2.2)
        pen.fill(ellipse(side * 43, 96, 2.6, 2.6), (216, 216, 224))
    pen.line(smooth([(26, 126), (30, 160), (26, 210)], closed=False), (206, 208, 216), 3)
    pen.stroke([(-58, 112), (-62, 130), (-58, 150)], 4, tint(cloth, 0.5))


def _lab_coat(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    under = ((96, 150, 196), (122, 176, 140), (170, 130, 180))[look.tint]
    pen.shape(polygon([(-26, 74), (0, 168), (26, 74)]), under, 2)
    pen.shape(polygon([(-15, 74), (0, 100), (15, 74)]), person.skin, 2)
    for side in (-1, 1):
        pen.shape(polygon([(side * 20, 72), (side * 44, 88), (side * 36, 106), (side * 44, 112), (0, 170), (side * 18, 112)]), cloth, 2.1)
    pen.shape(rounded(34, 130, 58, 158, 3), cloth, 1.9)
    pen.shape(rounded(40, 122, 44, 138, 2), (206, 62, 66), 1.4)
    pen.shape(rounded(48, 124, 52, 138, 2), (62, 102, 190), 1.4)


def _sweater(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    for row, y in enumerate((118, 136)):
        points = [(-100 + i * 12.5, y + (6 if i % 2 else -6)) for i in range(17)]
        pen.line(smooth(points, closed=False), tint(cloth, 0.72) if row == 0 else shade(cloth, 0.4), 4)


def _turtleneck(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    pen.shape(smooth([(-24, 66), (0, 73), (24, 66), (30, 88), (0, 98), (-30, 88)]), tint(cloth, 0.1), 2.3)
    for x in range(-20, 21, 8):
        pen.line(smooth([(x, 72 - abs(x) * 0.1), (x * 1.15, 90 - abs(x) * 0.1)], closed=False), shade(cloth, 0.4), 1.6)


def _tracksuit(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    pen.line(smooth([(0, 84), (0, 220)], closed=False), INK, 2.4)
    for side in (-1, 1):
        for offset in (0, 9):
            pen.line(smooth([(side * (34 + offset), 86), (side * (half * 0.86 + offset), 118), (side * (half * 0.9 + offset), 200)], closed=False), WHITE, 3.6)
    pen.fill(rounded(-5, 128, 5, 136, 2), (230, 230, 236))


def _track_collar(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    for side in (-1, 1):
        pen.shape(polygon([(0, 96), (side * 22, 64), (side * 32, 72), (side * 28, 96), (side * 6, 108)]), tint(cloth, 0.2), 2.3)


def _robe(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    pen.shape(polygon([(-18, 80), (0, 130), (18, 80)]), shade(cloth, 0.55), 2)
    for x, y, r in ((-54, 122, 6), (-36, 156, 4.5), (48, 118, 4.5), (60, 150, 6), (22, 160, 4)):
        star = [(x + (r if i % 2 == 0 else r * 0.42) * math.sin(i * math.pi / 5), y - (r if i % 2 == 0 else r * 0.42) * math.cos(i * math.pi / 5)) for i in range(10)]
        pen.fill(polygon(star), (252, 220, 110))
    pen.line(smooth([(0, 130), (0, 220)], closed=False), (252, 220, 110), 3.4)


def _cloak_collar(pen: Pen, person: Person, look: Look, cloth: Rgb, half: float) -> None:
    for side in (-1, 1):
        pen.shape(polygon([(side * 14, 88), (side * 30, 54), (side * 58, 62), (side * 62, 92), (side * 26, 108)]), tint(cloth, 0.1), 2.4)
        pen.line(smooth([(side * 34, 60), (side * 54, 66), (side * 57, 88)], closed=False), (252, 220, 110), 2.4)
    pen.shape(ellipse(0, 104, 8, 8), (96, 206, 190), 2)


_OUTFITS: dict[str, Part] = {
    "spacesuit": _spacesuit, "school uniform": _uniform, "hoodie": _hoodie, "suit": _suit, "hanbok": _hanbok,
    "armour": _armour, "raincoat": _raincoat, "t-shirt": _tshirt, "dress": _dress, "leather jacket": _leather,
    "lab coat": _lab_coat, "sweater": _sweater, "tracksuit": _tracksuit, "wizard robe": _robe,
}  # fmt: skip
_OVER: dict[str, Part] = {
    "spacesuit": _space_collar, "hoodie": _hood, "armour": _pauldrons, "raincoat": _rain_collar,
    "sweater": _turtleneck, "tracksuit": _track_collar, "wizard robe": _cloak_collar,
}  # fmt: skip


def _draw_scarf(pen: Pen, look: Look) -> None:
    colour: Rgb = ((204, 52, 56), (214, 60, 48), (188, 40, 66))[look.tint]
    pen.shape(polygon([(14, 88), (34, 86), (40, 148), (16, 150)]), shade(colour, 0.15), 2.3)
    wrap = smooth([(-36, 62), (0, 78), (36, 62), (44, 80), (34, 96), (0, 106), (-34, 96), (-44, 80)])
    pen.shape(wrap, colour, 2.4)
    for x in (-22, -4, 16):
        pen.stroke([(x - 5, 78), (x + 2, 88), (x + 4, 98)], 2.4, shade(colour, 0.45))
    for y in (126, 136):
        pen.line(smooth([(17, y), (38, y - 1)], closed=False), WHITE, 3)


# --- the place -------------------------------------------------------------------------------------------------------

_ALL = rounded(-1, -1, 257, 257, 0)


def draw_background(pen: Pen, look: Look) -> None:
    """Fills the whole canvas."""
    _BACKGROUNDS[look.background](pen, look.tint)


def _plain(pen: Pen, tint_index: int) -> None:
    colour: Rgb = ((236, 226, 240), (220, 234, 242), (246, 236, 218))[tint_index]
    pen.vertical(_ALL, 0, 256, (tint(colour, 0.4), shade(colour, 0.06)))


def _classroom(pen: Pen, tint_index: int) -> None:
    pen.fill(_ALL, (240, 230, 208))
    pen.shape(rounded(22, 24, 234, 130, 3), (66, 112, 92), 5)
    for y, x0, x1 in ((48, 40, 86), (64, 40, 72), (54, 176, 218)):
        pen.line(smooth([(x0, y), (x1, y)], closed=False), (216, 232, 220), 2.4)
    pen.fill(rounded(0, 176, 256, 256, 0), (206, 170, 124))


def _city(pen: Pen, tint_index: int) -> None:
    pen.vertical(_ALL, 0, 200, ((140, 202, 240), (222, 240, 250)))
    for x, top, width in ((-6, 84, 46), (42, 48, 40), (84, 104, 44), (130, 66, 38), (170, 92, 44), (216, 40, 46)):
        pen.shape(rounded(x, top, x + width, 260, 1), (168, 180, 204) if x % 4 else (190, 196, 214), 1.8)
        for wx in range(x + 7, x + width - 8, 12):
            for wy in range(top + 10, 240, 18):
                pen.fill(rounded(wx, wy, wx + 6, wy + 9, 1), (228, 240, 250))


def _night_city(pen: Pen, tint_index: int) -> None:
    pen.vertical(_ALL, 0, 230, ((24, 24, 58), (92, 48, 120)))
    lights = np.random.default_rng(7)
    for x, top, width in ((-6, 70, 46), (42, 100, 40), (84, 52, 44), (130, 90, 38), (170, 60, 44), (216, 96, 46)):
        pen.fill(rounded(x, top, x + width, 260, 1), (38, 34, 74))
        for wx in range(x + 7, x + width - 8, 12):
            for wy in range(top + 10, 240, 18):
                if lights.random() < 0.55:
                    pen.fill(rounded(wx, wy, wx + 6, wy + 9, 1), (252, 214, 110) if lights.random() < 0.7 else (240, 104, 190))
    pen.fill(ellipse(206, 34, 15, 15), (250, 240, 204))


def _forest(pen: Pen, tint_index: int) -> None:
    pen.vertical(_ALL, 0, 256, ((198, 230, 186), (92, 158, 96)))
    for x, width in ((16, 18), (62, 13), (196, 15), (240, 20)):
        pen.shape(rounded(x - width / 2, 40, x + width / 2, 260, 2), (112, 78, 54), 2)
    for x, y, r in ((6, 30, 44), (60, 18, 40), (120, 8, 40), (190, 20, 44), (250, 32, 46)):
        pen.shape(ellipse(x, y, r, r * 0.74), (64, 134, 78) if x % 4 else (84, 154, 86), 2)
    pen.fill(rounded(0, 214, 256, 256, 0), (74, 132, 72))


def _beach(pen: Pen, tint_index: int) -> None:
    pen.vertical(_ALL, 0, 120, ((96, 190, 240), (206, 238, 250)))
    pen.fill(rounded(0, 118, 256, 196, 0), (44, 142, 196))
    for y, shift in ((132, 0), (152, 14), (172, 4)):
        pen.line(smooth([(x + shift, y + (3 if (x // 16) % 2 else -2)) for x in range(-20, 270, 16)], closed=False), (190, 232, 244), 2.2)
    pen.fill(smooth([(-20, 198), (80, 188), (180, 196), (276, 186), (276, 270), (-20, 270)]), (244, 222, 168))
    pen.fill(ellipse(42, 40, 20, 20), (255, 244, 190))


def _space(pen: Pen, tint_index: int) -> None:
    pen.vertical(_ALL, 0, 256, ((14, 14, 40), (44, 26, 82)))
    stars = np.random.default_rng(3)
    for _ in range(60):
        x, y, r = stars.uniform(0, 256), stars.uniform(0, 256), stars.uniform(0.7, 2)
        pen.fill(ellipse(x, y, r, r), (250, 246, 255))
    pen.shape(ellipse(36, 58, 27, 27), (226, 138, 96), 2)
    pen.line(smooth([(-4, 68), (36, 66), (74, 46)], closed=False), (246, 206, 150), 4)
    pen.fill(ellipse(220, 96, 13, 13), (140, 190, 226))


def _cafe(pen: Pen, tint_index: int) -> None:
    pen.fill(_ALL, (206, 166, 124))
    for y in (56, 104):
        pen.shape(rounded(-4, y, 92, y + 7, 1), (120, 78, 50), 1.8)
        for x in (10, 34, 60):
            pen.shape(rounded(x, y - 18, x + 14, y, 3), ((236, 240, 236), (222, 92, 76), (250, 214, 132))[x % 3], 1.7)
    pen.shape(rounded(170, 26, 262, 150, 4), (200, 228, 240), 5)
    pen.line(smooth([(214, 26), (214, 150)], closed=False), (112, 74, 48), 4)
    for x in (112, 150):
        pen.line(smooth([(x, 0), (x, 26)], closed=False), INK, 1.8)
        pen.shape(polygon([(x - 14, 42), (x + 14, 42), (x + 6, 24), (x - 6, 24)]), (252, 222, 140), 2)
    pen.fill(rounded(0, 190, 256, 256, 0), (146, 98, 64))


def _bedroom(pen: Pen, tint_index: int) -> None:
    pen.fill(_ALL, (214, 204, 236))
    for x in range(8, 256, 32):
        pen.fill(rounded(x, 0, x + 10, 190, 0), (206, 194, 230))
    pen.shape(rounded(18, 26, 96, 118, 4), (178, 220, 246), 5)
    pen.line(smooth([(57, 26), (57, 118)], closed=False), WHITE, 4)
    pen.shape(rounded(176, 38, 236, 92, 2), (250, 244, 226), 3)
    pen.fill(ellipse(206, 66, 15, 13), (240, 140, 150))
    pen.shape(rounded(-4, 186, 260, 270, 16), (240, 166, 178), 2.4)


def _rain(pen: Pen, tint_index: int) -> None:
    pen.vertical(_ALL, 0, 256, ((96, 112, 136), (146, 160, 178)))
    drops = np.random.default_rng(5)
    for _ in range(70):
        x, y = drops.uniform(-10, 266), drops.uniform(-10, 266)
        pen.line(smooth([(x, y), (x - 5, y + 17)], closed=False), (206, 220, 236), 1.7)
    for x, y in ((30, 226), (214, 236), (120, 246)):
        pen.line(ellipse(x, y, 22, 6), (206, 220, 236), 1.6)


def _snow(pen: Pen, tint_index: int) -> None:
    pen.vertical(_ALL, 0, 220, ((160, 190, 220), (232, 240, 248)))
    for x, h in ((24, 90), (66, 64), (198, 72), (238, 100)):
        pen.shape(polygon([(x - 30, 214), (x, 214 - h * 1.3), (x + 30, 214)]), (112, 148, 150), 2)
        pen.fill(polygon([(x - 12, 214 - h * 0.8), (x, 214 - h * 1.28), (x + 12, 214 - h * 0.8)]), WHITE)
    pen.fill(smooth([(-20, 208), (90, 198), (180, 210), (276, 200), (276, 270), (-20, 270)]), (246, 249, 252))
    flakes = np.random.default_rng(9)
    for _ in range(55):
        r = flakes.uniform(1.6, 3.6)
        pen.fill(ellipse(flakes.uniform(0, 256), flakes.uniform(0, 256), r, r), (255, 255, 255))


def _sunset(pen: Pen, tint_index: int) -> None:
    pen.vertical(_ALL, 0, 256, ((122, 78, 150), (240, 120, 110), (254, 206, 120)))
    pen.fill(ellipse(70, 150, 36, 36), (255, 236, 160))
    for x, y, w in ((190, 60, 50), (60, 40, 40), (226, 110, 40)):
        pen.fill(rounded(x - w, y, x + w, y + 9, 5), (252, 170, 140), 0.8)
    pen.fill(smooth([(-20, 216), (50, 186), (120, 206), (200, 180), (276, 208), (276, 270), (-20, 270)]), (84, 48, 92))


_BACKGROUNDS: dict[str, Callable[[Pen, int], None]] = {
    "plain": _plain, "classroom": _classroom, "city": _city, "night city": _night_city, "forest": _forest, "beach": _beach,
    "space": _space, "cafe": _cafe, "bedroom": _bedroom, "rain": _rain, "snow": _snow, "sunset": _sunset,
}  # fmt: skip
