"""Which face of an uploaded picture is meant, and the picture as the creator sees it: faces boxed and numbered."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PIL import Image, ImageDraw, ImageFont

from pipeline.values import Box, Face
from ui.theme import CORAL, PAPER

SHOWN_SIDE = 768  # the longer side as shown, of small pictures too: numbers must be readable and taps exact
NUMBER_SIZE = 34
CHOSEN, OTHER, LIGHT = CORAL.c600, PAPER.c800, "#ffffff"


@dataclass(frozen=True)
class Marks:
    """The faces found in a picture and which one is meant, or the box that is drawn by hand in its pixels instead."""

    faces: tuple[Face, ...] = ()
    chosen: int | None = None  # number of the face meant, from 0; None: the one in the box drawn by hand
    drawn: Box | None = None
    corner: tuple[float, float] | None = None  # where the box begins; the opposite corner is awaited

    @staticmethod
    def on(faces: tuple[Face, ...]) -> Marks:
        """The largest face is meant until another is chosen; where there is none the box is to be drawn."""
        return Marks(faces, chosen=0 if faces else None)

    @property
    def box(self) -> Box | None:
        """Drawn by hand and meant."""
        return self.drawn if self.chosen is None else None

    def choose(self, face: int | None) -> Marks:
        return replace(self, chosen=face, corner=None)

    def tap(self, x: float, y: float) -> Marks:
        """Chooses the face at that place. By hand it says one corner of the box, and the opposite one the next time."""
        if self.chosen is not None:
            return replace(self, chosen=self._face_at(x, y, self.chosen))
        if self.corner is None:
            return replace(self, corner=(x, y), drawn=None)
        return self.draw((*self.corner, x, y))

    def draw(self, corners: Box) -> Marks:
        """A box by hand, between any two opposite corners."""
        (left, right), (top, bottom) = sorted(corners[0::2]), sorted(corners[1::2])
        return replace(self, chosen=None, drawn=(left, top, right, bottom), corner=None)

    def _face_at(self, x: float, y: float, otherwise: int) -> int:
        """The smallest one there: it would never be reached if a larger one that it overlaps came first."""
        there = [i for i, face in enumerate(self.faces) if _contains(face.box, x, y)]
        return there[-1] if there else otherwise


def shown_scale(picture: Image.Image) -> float:
    """Pixels as shown to a pixel of the picture."""
    return SHOWN_SIDE / max(picture.size)


def marked(picture: Image.Image, marks: Marks) -> Image.Image:
    """The picture as it is shown, with everything marked on it."""
    scale = shown_scale(picture)
    shown = picture.convert("RGB").resize((round(picture.width * scale), round(picture.height * scale)))
    pen = ImageDraw.Draw(shown)
    for number, face in enumerate(marks.faces):
        if number != marks.chosen:
            _draw_face(pen, _scaled(face.box, scale), number + 1, OTHER)
    if marks.chosen is not None:  # last: no other box covers it
        _draw_face(pen, _scaled(marks.faces[marks.chosen].box, scale), marks.chosen + 1, CHOSEN)
    if marks.box:
        _draw_box(pen, _scaled(marks.box, scale), CHOSEN)
    if marks.corner:
        _draw_corner(pen, marks.corner[0] * scale, marks.corner[1] * scale)
    return shown


def _contains(box: Box, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _scaled(box: Box, scale: float) -> Box:
    left, top, right, bottom = (edge * scale for edge in box)
    return left, top, right, bottom


def _draw_face(pen: ImageDraw.ImageDraw, box: Box, number: int, colour: str) -> None:
    _draw_box(pen, box, colour)
    font = ImageFont.load_default(NUMBER_SIZE)
    left, top = max(0.0, box[0]), max(0.0, box[1])
    width = pen.textlength(str(number), font) + 18
    pen.rectangle((left, top, left + width, top + NUMBER_SIZE + 8), fill=colour, outline=LIGHT)
    pen.text((left + 9, top + 1), str(number), LIGHT, font)


def _draw_box(pen: ImageDraw.ImageDraw, box: Box, colour: str) -> None:
    """Edged in white: it is seen on every picture."""
    pen.rectangle(box, outline=LIGHT, width=8)
    pen.rectangle((box[0] + 2, box[1] + 2, box[2] - 2, box[3] - 2), outline=colour, width=4)


def _draw_corner(pen: ImageDraw.ImageDraw, x: float, y: float) -> None:
    for colour, width, reach in ((LIGHT, 8, 20), (CHOSEN, 4, 18)):
        pen.line((x - reach, y, x + reach, y), colour, width)
        pen.line((x, y - reach, x, y + reach), colour, width)
