"""The head in space: where each part of a turned head lies in the picture.

The head's own space: x from the middle of the face towards the right of the picture, y down from the line of the eyes, z out
of the face from the axis the head turns about; one unit is one canvas pixel at scale 1. `at` turns such a point and drops its
depth. A section of the head at one height is half an ellipse to the front and half a one to the back, so the outline of a
turned head follows from the widths and depths below; nothing is a shifted copy of the front view.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import skia

from drawn_world.hand import PLAIN, Hand
from drawn_world.pen import smooth
from drawn_world.world import Look, Person

Point = tuple[float, float]
BACK = 54.0  # from the axis to the back of the skull


@dataclass(frozen=True)
class Head:
    """A person in a look, as a hand sees them."""

    person: Person
    look: Look
    hand: Hand = PLAIN

    @cached_property
    def _cos_sin(self) -> tuple[float, float]:
        return math.cos(self.look.yaw), math.sin(self.look.yaw)

    @property
    def far(self) -> int:
        """The side of the picture (-1 left, 1 right) that the face looks to: the half of the face there is foreshortened."""
        return 1 if self.look.yaw >= 0 else -1

    @property
    def turned(self) -> float:
        """0 in the front view to 1 in three-quarter view."""
        return min(1.0, abs(self.look.yaw) / 0.56)

    def at(self, x: float, y: float, z: float) -> Point:
        """A point in space, seen."""
        cos, sin = self._cos_sin
        return x * cos + z * sin, y

    def front(self, x: float, y: float, lift: float = 0) -> Point:
        """A point on the front of the head, `lift` above the skin."""
        half, deep = self.half_width(y), self.depth(y)
        inside = max(-1.0, min(1.0, x / max(half, 1e-6)))
        return self.at(x, y, deep * math.sqrt(1 - inside**2) + lift)

    def squeeze(self, x: float, y: float = 0) -> float:
        """How wide one unit of skin at (x, y) is seen: about 1 in the front view, less on the far half of a turned face."""
        return max(0.3, (self.front(x + 3, y)[0] - self.front(x - 3, y)[0]) / 6)

    def rim(self, side: int, y: float, out: float = 0) -> Point:
        """The outline of the whole head on a side (-1 left, 1 right of the picture), `out` outside it: where hair begins."""
        cos, sin = self._cos_sin
        half, deep = self.half_width(y), self.depth(y) if side == self.far else BACK * self._crown(y)
        return side * (math.hypot(half * cos, deep * sin) + out), y

    def eye(self, side: int) -> Point:
        return self.front(side * self.person.eye_spacing, 0)

    @property
    def nose(self) -> Point:
        return self.at(0, self.person.nose_length, self.depth(self.person.nose_length) + 9)

    def mouth(self, x: float = 0, dy: float = 0) -> Point:
        """A point of the mouth; its corners are at x = +-mouth_width, dy = 0."""
        return self.front(x, self.person.mouth_height + dy)

    def ear(self, side: int) -> Point:
        """Where the ear is set on."""
        return self.at(side * (self.person.face_width - 1), 0, -6)

    def half_width(self, y: float) -> float:
        p = self.person
        corner = 0.4 + 0.4 * p.jaw_square
        heights = (-62, -56, -40, -18, 4, 16, p.chin - 24, p.chin - 6, p.chin)
        widths = (0, 0.52, 0.86, 1.0, 1.0, 0.97, p.jaw_width / p.face_width, corner * p.jaw_width / p.face_width, 0)
        return p.face_width * float(np.interp(y, heights, widths))

    def depth(self, y: float) -> float:
        """From the axis to the skin in the middle of the face: the profile without the nose."""
        chin = self.person.chin
        return float(np.interp(y, (-62, -52, -18, -4, 14, chin - 22, chin), (20, 34, 41, 37, 39, 38, 32)))

    def _crown(self, y: float) -> float:
        return float(np.interp(y, (-62, -50, -20, 20, 50), (0.3, 0.8, 1.0, 0.95, 0.6)))

    def outline(self) -> skia.Path:
        """The skin of the head: over the skull, down the far cheek to the chin, up the near jaw to the ear and the skull's back."""
        return smooth([*self.side(self.far), *reversed(self.side(-self.far)[1:-1])])

    def side(self, side: int) -> list[Point]:
        """The edge of the head on a side, from its top to the chin."""
        p, far = self.person, side == self.far
        cos, sin = self._cos_sin
        points = [self.at(0, -61, -6 * self.turned)]
        for y in (-54.0, -42.0, -22.0, -5.0, 12.0, 22.0, p.chin - 22, p.chin - 7):
            if far or y < 0:  # the cheek that turns away, and the back of the skull
                points.append(self.rim(side, y))
            else:  # the jaw that is seen begins at the ear and runs forward to the chin
                z = float(np.interp(y, (10, p.chin - 24, p.chin), (-6, 12, 32)))
                points.append((side * (self.half_width(y) * cos - z * abs(sin)), y))
        return [*points, self.at(0, p.chin, 32)]
