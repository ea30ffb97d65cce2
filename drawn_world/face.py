"""The face: skin, ears, eyes, brows, nose, mouth, and what marks it. Every point is set on the head in space (head.py)."""

from __future__ import annotations

from drawn_world.eyes import WHITE, draw_eye
from drawn_world.features import CHEEKS, MOUTHS, NOSES
from drawn_world.head import Head, Point
from drawn_world.pen import INK, Pen, Rgb, ellipse, ink, mix, shade, smooth, tint

MOUTH_DARK: Rgb = (112, 32, 46)
TONGUE: Rgb = (232, 116, 120)
RED: Rgb = (226, 72, 84)


def draw_ears(pen: Pen, head: Head) -> None:
    """Both in the front view; of a turned head the near one, seen wider."""
    p = head.person
    for side in (-1, 1):
        if side == head.far and head.turned > 0.45:
            continue
        s, wide = p.ear_size, 1 + 0.35 * head.turned
        tip = (
            [(11.0, -12.0), (12.5, 2.0), (5.0, 19.0)]
            if not p.pointed_ears
            else [(13.0, -17.0), (27.0, -30.0), (14.0, 0.0), (4.0, 18.0)]
        )
        with pen.moved(*head.ear(side), 0, side * s * wide, s):
            pen.cel(
                smooth([(-5, -9), *tip, (-4, 14)]),
                p.skin,
                smooth([(1, -12), (8, -4), (4, 8), (0, 22), (-8, 20), (-8, -12)]),
            )
            pen.stroke([(8, -9), (5, -3), (6, 4), (3, 9)], 1.7, shade(p.skin, 0.5))


def draw_face(pen: Pen, head: Head) -> None:
    p, outline = head.person, head.outline()
    pen.shape(outline, p.skin, 2.4)
    with pen.inside(outline):
        edge = head.side(1)
        inner = [(x - 9 - 5 * (head.far == -1) * head.turned, y) for x, y in edge[1:]]
        if not pen.nib.flat:
            pen.fill(smooth([*edge[:1], *inner, (edge[-1][0] + 4, p.chin + 10), (90, 80), (90, -70)]), shade(p.skin, 0.17))
        _draw_cheeks(pen, head)
        _draw_beard(pen, head)
        if p.age == "elder":
            _draw_wrinkles(pen, head)
        _draw_marks(pen, head)
    _draw_nose(pen, head)
    _draw_mouth(pen, head)
    for side in (-1, 1):
        draw_eye(pen, head, side)


def _draw_cheeks(pen: Pen, head: Head) -> None:
    p, mood, cheeks = head.person, head.look.expression, CHEEKS.get(head.hand.cheeks)
    shy = mood in ("shy", "crying")
    strength = max(0.1 + p.blush * 0.4, 0.8 if shy else 0.3 if mood == "laughing" else 0.0)
    for side in (-1, 1):
        x, y = head.front(side * (p.eye_spacing + 5), 20)
        wide = head.squeeze(side * (p.eye_spacing + 5), 20)
        with pen.moved(x, y, 0, wide, 1):
            if cheeks is not None:
                cheeks(pen, mix(p.skin, RED, 0.45), shy)
                continue
            pen.soft(0, 0, 17, mix(p.skin, RED, 0.6), strength, 0.6)
            if mood == "shy":
                for i in (-1, 0, 1):
                    pen.stroke(
                        [(i * 5.5 + 2, -4), (i * 5.5, 0), (i * 5.5 - 2, 4)], 2.2, mix(p.skin, (180, 30, 44), 0.75)
                    )
    if p.freckles:
        for x, y in (
            (-34, 17),
            (-27, 21),
            (-21, 16),
            (-15, 21),
            (15, 20),
            (21, 16),
            (28, 21),
            (34, 17),
            (-5, 12),
            (5, 13),
        ):
            pen.fill(
                ellipse(*head.front(x, y), 1.6 * head.squeeze(x, y), 1.5), mix(shade(p.skin, 0.45), (150, 70, 40), 0.4)
            )


def _draw_wrinkles(pen: Pen, head: Head) -> None:
    p, line = head.person, shade(head.person.skin, 0.42)
    for side in (-1, 1):
        s = p.eye_spacing
        lines = (
            [(9, p.nose_length - 1), (15, p.nose_length + 8), (p.mouth_width + 6, p.mouth_height + 3)],
            [(s - 9, 13), (s, 16), (s + 9, 13)],
            [(s + 17, -3), (s + 20, -6), (s + 23, -7)],
            [(s + 17, 3), (s + 20, 5), (s + 23, 5)],
        )
        for points in lines:
            pen.stroke([head.front(side * x, y) for x, y in points], 2.0, line)
    for y in (-37, -44):
        pen.stroke([head.front(x, y + abs(x) * 0.04) for x in (-20, -8, 8, 20)], 1.9, line)


def _draw_marks(pen: Pen, head: Head) -> None:
    p = head.person
    if p.mole is not None:
        pen.fill(ellipse(*head.front(*p.mole), 2.3 * head.squeeze(*p.mole), 2.3), mix(INK, p.skin, 0.1))
    colour = mix(p.skin, (172, 44, 58), 0.62)
    scars: dict[int, tuple[list[Point], ...]] = {
        1: ([(22, 10), (28, 21), (26, 34)], [(22, 16), (31, 15)], [(24, 23), (33, 22)], [(23, 30), (31, 30)]),
        2: ([(p.eye_spacing + 3, -36), (p.eye_spacing + 7, -20)], [(p.eye_spacing + 8, 13), (p.eye_spacing + 10, 25)]),
        3: ([(-15, 11), (0, 13), (15, 9)], [(-6, 8), (-5, 16)], [(6, 7), (7, 15)]),
    }
    for i, points in enumerate(scars.get(p.scar, ())):
        pen.line(
            smooth([head.front(x, y) for x, y in points], closed=False), colour, 2.8 if i == 0 or p.scar == 2 else 1.7
        )


def _draw_beard(pen: Pen, head: Head) -> None:
    p = head.person
    hair = mix(p.hair_colour, INK, 0.2) if p.hair_style != "bald" else mix(INK, p.skin, 0.15)
    half, corner = p.mouth_width + 6, p.nose_length + 6
    if p.beard in ("stubble", "full"):
        lip = [
            head.mouth(x, dy) for x, dy in ((-half, -3), (-half * 0.5, -8.5), (0, -7), (half * 0.5, -8.5), (half, -3))
        ]
        area = [
            head.rim(-1, 2, 8),
            head.front(-p.face_width * 0.74, 22),
            *lip,
            head.front(p.face_width * 0.74, 22),
            head.rim(1, 2, 8),
        ]
        around = smooth([*area, (90, 100), (-90, 100)])
        pen.fill(around, hair, 1 if p.beard == "full" else 0.26)
        if p.beard == "full":
            with pen.inside(around):
                pen.fill(
                    smooth(
                        [
                            head.front(6, p.chin - 8),
                            head.front(p.jaw_width * 0.7, 30),
                            head.rim(1, 4, 9),
                            (90, 100),
                            (0, 100),
                        ]
                    ),
                    shade(hair, 0.25),
                )
            pen.fill(smooth([head.mouth(x, dy) for x, dy in ((-half + 6, 1), (0, -4), (half - 6, 1), (0, 8))]), p.skin)
            for x in (-16, -6, 6, 16):
                pen.stroke(
                    [head.front(x, p.chin - 13), head.front(x * 0.95, p.chin - 7), head.front(x * 0.8, p.chin - 1)],
                    1.8,
                    shade(hair, 0.4),
                )
    if p.beard == "goatee":
        pen.fill(
            smooth(
                [
                    head.mouth(x, dy)
                    for x, dy in ((-9, 9), (0, 7), (9, 9), (8, 20), (0, p.chin - p.mouth_height + 4), (-8, 20))
                ]
            ),
            hair,
        )
    if p.beard in ("moustache", "goatee"):
        middle = (corner - p.mouth_height) * 0.5
        wing = [(0, middle - 2), (9, middle), (17, 1), (8, middle + 4), (0, middle + 3)]
        pen.fill(smooth([head.mouth(x, dy) for x, dy in [*wing, *[(-x, dy) for x, dy in reversed(wing[1:-1])]]]), hair)


def _draw_nose(pen: Pen, head: Head) -> None:
    """A few strokes in the front view; a turned one shows its ridge against the far cheek."""
    if head.hand.nose in NOSES:
        NOSES[head.hand.nose](pen, head)
        return
    p, (x, y), w = head.person, head.nose, head.person.nose_width
    line, dark = mix(ink(p.skin), p.skin, 0.15), shade(p.skin, 0.3)
    bridge, foot = head.at(0, 4, head.depth(4) + 1), head.at(0, y + 3, head.depth(y) + 2)
    if p.nose in ("wedge", "hook", "line") or head.turned > 0.5:  # the ridge's shadow, away from the light
        reach = max(w * (1.3 if p.nose == "wedge" else 0.8), 4) * (1 - 0.3 * head.turned)
        pen.fill(smooth([bridge, (x + 0.5, y - 4), (x + reach, y + 2), (foot[0] + 1, foot[1])]), dark, 0.75)
    if head.turned > 0.5:
        out = head.far * {"hook": 3.0, "button": -0.5, "dot": -1.0, "line": 1.0, "wedge": 2.0}[p.nose]
        ridge = (bridge[0] + (x - bridge[0]) * 0.5 + out, y * 0.55)
        pen.stroke([bridge, ridge, (x + out * 0.6, y - 3), (x + head.far, y), foot], 2.7, line)
    elif p.nose == "hook":
        pen.stroke([(x + w * 0.5, y - 15), (x + w * 0.9, y - 4), (x + w * 0.8, y + 1), (x - 2, y + 2.5)], 2.7, line)
    elif p.nose != "dot":
        pen.stroke([(x - w, y - 1 + (p.nose == "line")), (x, y + 2.6), (x + w, y - 1 + (p.nose == "line"))], 2.5, line)
    if p.nose == "dot":
        pen.fill(ellipse(x, y + 1, 2.4, 1.8), line)
    if p.nose in ("button", "wedge"):
        near = -head.far * head.turned * 3
        for side in (-1, 1):
            pen.fill(ellipse(x + near + side * w * 0.75 * (1 - 0.35 * head.turned), y + 1, 2.0, 1.4), line)
    if not pen.nib.flat:
        pen.fill(ellipse(x - 1, y - 4.5, 1.9, 2.4), tint(p.skin, 0.65))


def _draw_mouth(pen: Pen, head: Head) -> None:
    if head.hand.mouth in MOUTHS:
        MOUTHS[head.hand.mouth](pen, head)
        return
    p, mood, w = head.person, head.look.expression, head.person.mouth_width
    line, lip = mix(ink(p.skin), (90, 20, 34), 0.35), mix(p.skin, (206, 62, 78), 0.35 + 0.4 * p.lips)

    def on_face(points: list[Point]) -> list[Point]:
        return [head.mouth(x, dy) for x, dy in points]

    if mood == "laughing":
        opened = smooth(
            on_face(
                [
                    (-w - 2, -4),
                    (-w * 0.5, -2),
                    (0, -1.5),
                    (w * 0.5, -2),
                    (w + 2, -4),
                    (w * 0.72, 8),
                    (0, 14),
                    (-w * 0.72, 8),
                ]
            )
        )
        pen.shape(opened, MOUTH_DARK, 2.4)
        with pen.inside(opened):
            pen.fill(smooth(on_face([(-w * 0.7, 11), (0, 5.5), (w * 0.7, 11), (0, 20)])), TONGUE)
            pen.fill(smooth(on_face([(-w - 4, -8), (w + 4, -8), (w, 1), (0, 3.4), (-w, 1)])), WHITE)
    elif mood == "surprised":
        pen.shape(
            smooth(on_face([(0, -5), (w * 0.45, 2), (w * 0.36, 9), (0, 12), (-w * 0.36, 9), (-w * 0.45, 2)])),
            MOUTH_DARK,
            2.6,
        )
        pen.fill(smooth(on_face([(-w * 0.2, 8), (0, 6.5), (w * 0.2, 8), (0, 10.5)])), TONGUE)
    elif mood == "angry":
        opened = smooth(
            on_face([(-w, 5), (-w * 0.6, -2.5), (0, -3), (w * 0.6, -2.5), (w, 5), (w * 0.5, 7), (-w * 0.5, 7)])
        )
        pen.shape(opened, WHITE, 2.6)
        pen.line(smooth(on_face([(-w * 0.9, 2.2), (0, 1.8), (w * 0.9, 2.2)]), closed=False), line, 1.2)
    elif mood == "crying":
        opened = smooth(
            on_face(
                [
                    (-w + 1, 8),
                    (-w * 0.6, -1),
                    (-w * 0.2, -2),
                    (0, -0.5),
                    (w * 0.2, -2),
                    (w * 0.6, -1),
                    (w - 1, 8),
                    (0, 6),
                ]
            )
        )
        pen.shape(opened, MOUTH_DARK, 2.4)
    else:
        bend = {"smiling": 6.0, "winking": 6.5, "sad": -5.5, "shy": 2.5, "sleepy": 1.0}.get(mood, 0.6)
        wide = w + {"smiling": 2.5, "winking": 2.5, "shy": -3.0, "sleepy": -3.0}.get(mood, 0.0)
        if p.lips > 0.3:
            low = bend * 0.5 + 3 + 3.6 * p.lips
            pen.fill(
                smooth(
                    on_face(
                        [
                            (-wide * 0.7, 0),
                            (-3, -1.6 - 1.4 * p.lips),
                            (0, -0.8),
                            (3, -1.6 - 1.4 * p.lips),
                            (wide * 0.7, 0),
                            (0, low),
                        ]
                    )
                ),
                lip,
                0.9,
            )
            pen.fill(ellipse(*head.mouth(-1, low * 0.6), 2.2, 1.0), tint(lip, 0.6))
        else:
            pen.stroke(
                on_face([(-5, 6.5 + max(bend, 0) * 0.4), (0, 7.2 + max(bend, 0) * 0.4), (5, 6.5 + max(bend, 0) * 0.4)]),
                1.7,
                shade(p.skin, 0.42),
            )
        corners = [
            (-wide, -bend * 0.75),
            (-wide * 0.5, bend * 0.35),
            (0, bend * 0.6),
            (wide * 0.5, bend * 0.35),
            (wide, -bend * 0.75),
        ]
        pen.stroke(on_face(corners), 3.2, line)


def draw_brows(pen: Pen, head: Head) -> None:
    """They lie over the fringe, as webtoons draw them, so that a mood can always be read."""
    p, mood = head.person, head.look.expression
    slant = {"angry": 8.0, "sad": -6.5, "crying": -6.5, "shy": -3.5}.get(mood, 0.0)
    raised = {"surprised": 6.0, "laughing": 2.0, "angry": -4.5}.get(mood, 0.0)
    colour = mix(p.hair_colour, INK, 0.5) if p.hair_style != "bald" else mix(INK, p.skin, 0.2)
    for side in (-1, 1) if head.hand.brows else ():
        tilt, y = p.brow_tilt * 12, -p.brow_height - raised
        points = [
            (-12, 3 + slant + tilt),
            (-4, -p.brow_arch * 0.5 + slant * 0.4 + tilt * 0.4),
            (5, -p.brow_arch - slant * 0.2 - tilt * 0.3),
            (14, 2 - slant * 0.6 - tilt),
        ]
        placed = [head.front(side * (p.eye_spacing + x), y + dy) for x, dy in points]
        pen.stroke(placed, p.brow_thickness + 1.4, colour)
        if p.scar == 2 and side == 1:
            pen.line(
                smooth([head.front(p.eye_spacing + x, y + dy) for x, dy in ((5, -9), (7, 7))], closed=False),
                p.skin,
                3.4,
            )


def face_points(head: Head) -> tuple[list[Point], list[Point]]:
    """The five landmarks as insightface orders them, and points whose bounds are the face's box: brow to chin, edge to edge."""
    p = head.person
    landmarks = [head.eye(-1), head.eye(1), head.nose, head.mouth(-p.mouth_width), head.mouth(p.mouth_width)]
    edge = [point for side in (-1, 1) for point in head.side(side) if point[1] > -30]
    return landmarks, [*edge, (edge[0][0], -34.0)]
