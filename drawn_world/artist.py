"""Draws a person in a look as a webtoon bust, 256 x 256, with the truth of where the face is.

The parts are drawn back to front in `draw`; each lives in a module of its own and knows the head in space (head.py).
"""

from __future__ import annotations

import hashlib
import math
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import skia

from drawn_world.accessories import draw_accessory
from drawn_world.body import draw_body
from drawn_world.face import draw_brows, draw_ears, draw_face, face_points
from drawn_world.finish import Warp, finished
from drawn_world.hair import draw_back_hair, draw_front_hair
from drawn_world.hand import PLAIN, Hand, posed, seen
from drawn_world.head import Head
from drawn_world.pen import Pen
from drawn_world.people import look_seed
from drawn_world.places import draw_ground, draw_light, draw_place
from drawn_world.world import Look, Person
from drawn_world.world import look as look_of
from drawn_world.world import person as person_of

SIZE = 256
MIDDLE = (128.0, 118.0)  # where the point between the eyes stands, give or take the look's dx and dy


@dataclass(frozen=True, eq=False)
class Drawing:
    """A picture and its truth."""

    pixels: npt.NDArray[np.uint8]  # (256, 256, 3) RGB
    box: npt.NDArray[np.float32]  # (4,) left, top, right, bottom of the face
    landmarks: npt.NDArray[np.float32]  # (5, 2) as insightface: left eye in the picture, right eye, nose, mouth corners


def draw(person: Person, look: Look, hand: Hand = PLAIN) -> Drawing:
    """Draws the picture; the same arguments give the same bytes."""
    look = posed(look, hand)
    head = Head(seen(person, hand), look, hand)
    if not hand.plain:
        return _draw_by(head)
    surface = skia.Surface(SIZE, SIZE)
    at = _Placement(MIDDLE[0] + look.dx, MIDDLE[1] + look.dy, look.scale, look.scale, look.scale)
    _draw_picture(Pen(surface.getCanvas()), head, at)
    return Drawing(_pixels(surface), *_truth(head, at))


def draw_scenery(look: Look, hand: Hand = PLAIN) -> npt.NDArray[np.uint8]:
    """The look's place without anybody in it, (256, 256, 3) RGB."""
    surface = skia.Surface(SIZE, SIZE)
    pen = Pen(surface.getCanvas())
    if hand.place == "scene":
        draw_place(pen, look)
        draw_light(pen, look)
    else:
        draw_ground(pen, hand, look)
    return finished(_pixels(surface), hand.finish, hand.seed)


@dataclass(frozen=True)
class _Placement:
    """Where the point between the eyes lies, the size of the head across and down, and that of the body."""

    x: float
    y: float
    across: float
    down: float
    body: float


def _draw_picture(pen: Pen, head: Head, at: _Placement) -> None:
    look, tilted = head.look, (at.x, at.y, math.degrees(head.look.roll), at.across, at.down)
    scene, beyond = head.hand.place == "scene", 0.0 if head.hand.plain else _BEYOND
    all_of_it = (-beyond, -beyond, 0, 1 + 2 * beyond / SIZE, 1 + 2 * beyond / SIZE)
    if scene:
        with pen.moved(*all_of_it):
            draw_place(pen, look)
    else:
        draw_ground(pen, head.hand, look)
    with pen.moved(*tilted):
        draw_back_hair(pen, head)
    if head.hand.bust:
        with pen.moved(at.x, at.y + head.person.chin * (at.down - at.body), 0, at.body, at.body):
            draw_body(pen, head)
    with pen.moved(*tilted):
        draw_ears(pen, head)
        draw_face(pen, head)
        draw_front_hair(pen, head)
        draw_brows(pen, head)
        draw_accessory(pen, head)
    if scene:
        with pen.moved(*all_of_it):
            draw_light(pen, look)


_LARGER = 1.5  # other hands' pictures are drawn larger and made smaller as they are bent
_BEYOND = 18.0  # and on beyond the edges by as much, for what is bent into the picture
_SMALLEST = 0.64  # times the drawn world's own size
_MARGIN = 6.0  # of the face's box within the picture


def _draw_by(head: Head) -> Drawing:
    """By a hand other than the drawn world's."""
    hand, at = head.hand, _placed(head)
    warp = _warp(head, at)
    surface = skia.Surface(*[round((SIZE + 2 * _BEYOND) * _LARGER)] * 2)
    surface.getCanvas().scale(_LARGER, _LARGER)
    surface.getCanvas().translate(_BEYOND, _BEYOND)
    _draw_picture(Pen(surface.getCanvas(), hand.nib), head, at)
    pixels = finished(warp.bend(_pixels(surface), _LARGER, _BEYOND), hand.finish, warp.seed)
    return Drawing(pixels, *_truth(head, at, warp))


def _placed(head: Head) -> _Placement:
    """The head's place in the hand's picture: the face lies whole within it, and the bust reaches its foot."""
    look, build = head.look, head.hand.build
    size = max(_SMALLEST, look.scale * head.hand.zoom)
    root = math.sqrt(build.stretch)
    grown = 1 + 0.22 * max(0.0, build.youth)
    across, down, body = size * grown / root, size * grown * root, size * build.body
    x, y = MIDDLE[0] + look.dx, MIDDLE[1] + look.dy - head.hand.lift
    if head.hand.bust:
        y = max(y, 250 - 205 * body - head.person.chin * (down - body))
    at = _Placement(x, y, across, down, body)
    box, _ = _truth(head, at, _warp(head, at))
    room = SIZE - 2 * _MARGIN
    fit = min(1.0, room / max(box[2] - box[0], box[3] - box[1], 1))
    if fit < 1:
        at = _Placement(x, y, across * fit, down * fit, body * fit)
        box, _ = _truth(head, at, _warp(head, at))
    dx, dy = (max(_MARGIN - box[i], 0) - max(box[i + 2] - SIZE + _MARGIN, 0) for i in (0, 1))
    return _Placement(at.x + float(dx), at.y + float(dy), at.across, at.down, at.body)


def _warp(head: Head, at: _Placement) -> Warp:
    look, hand = head.look, head.hand
    seed = zlib.crc32(repr((hand.seed, look)).encode())
    return Warp(hand.build, hand.finish.wobble, (at.x, at.y), (at.across, at.down), look.roll, SIZE, seed)


def _pixels(surface: skia.Surface) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray(surface.toarray(colorType=skia.kRGBA_8888_ColorType)[:, :, :3])


def style(seed: int) -> str:
    """Twelve digits of what is drawn of that person: others when the artist draws otherwise."""
    drawing = draw(person_of(seed), look_of(look_seed(seed, 0)))
    return hashlib.sha256(drawing.pixels.tobytes()).hexdigest()[:12]


def _truth(
    head: Head, at: _Placement, warp: Warp | None = None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The face's box and the five landmarks, in pixels of the picture."""
    landmarks, edge = face_points(head)
    cos, sin = math.cos(head.look.roll), math.sin(head.look.roll)
    turned = np.array([[cos * at.across, sin * at.across], [-sin * at.down, cos * at.down]])
    placed = np.array([*landmarks, *edge]) @ turned + (at.x, at.y)
    if warp is not None:
        placed = warp.placed(placed)
    box = np.concatenate([placed[5:].min(0), placed[5:].max(0)])
    return box.astype(np.float32), placed[:5].astype(np.float32)
