"""Draws a person in a look as a webtoon bust, 256 x 256, with the truth of where the face is.

The parts are drawn back to front in `draw`; each lives in a module of its own and knows the head in space (head.py).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import skia

from drawn_world.accessories import draw_accessory
from drawn_world.body import draw_body
from drawn_world.face import draw_brows, draw_ears, draw_face, face_points
from drawn_world.hair import draw_back_hair, draw_front_hair
from drawn_world.head import Head
from drawn_world.pen import Pen
from drawn_world.people import look_seed
from drawn_world.places import draw_light, draw_place
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


def draw(person: Person, look: Look) -> Drawing:
    """Draws the picture; the same arguments give the same bytes."""
    surface = skia.Surface(SIZE, SIZE)
    pen, head = Pen(surface.getCanvas()), Head(person, look)
    x, y = MIDDLE[0] + look.dx, MIDDLE[1] + look.dy
    tilted = (x, y, math.degrees(look.roll), look.scale, look.scale)
    draw_place(pen, look)
    with pen.moved(*tilted):
        draw_back_hair(pen, head)
    with pen.moved(x, y, 0, look.scale, look.scale):
        draw_body(pen, head)
    with pen.moved(*tilted):
        draw_ears(pen, head)
        draw_face(pen, head)
        draw_front_hair(pen, head)
        draw_brows(pen, head)
        draw_accessory(pen, head)
    draw_light(pen, look)
    rgba = surface.toarray(colorType=skia.kRGBA_8888_ColorType)
    return Drawing(np.ascontiguousarray(rgba[:, :, :3]), *_truth(head, x, y))


def style(seed: int) -> str:
    """Twelve digits of what is drawn of that person: others when the artist draws otherwise."""
    drawing = draw(person_of(seed), look_of(look_seed(seed, 0)))
    return hashlib.sha256(drawing.pixels.tobytes()).hexdigest()[:12]


def _truth(head: Head, x: float, y: float) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The face's box and the five landmarks, in pixels of the picture."""
    landmarks, edge = face_points(head)
    cos, sin = (f(head.look.roll) * head.look.scale for f in (math.cos, math.sin))
    placed = np.array([*landmarks, *edge]) @ np.array([[cos, sin], [-sin, cos]]) + (x, y)
    box = np.concatenate([placed[5:].min(0), placed[5:].max(0)])
    return box.astype(np.float32), placed[:5].astype(np.float32)
