"""Which face of an uploaded picture is meant, and the picture as the creator sees it: faces boxed and numbered."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PIL import Image, ImageDraw, ImageFont

from pipeline.values import Box, Face
from ui.theme import CORAL, PAPER

SHOWN_SIDE = 768  # the longer side as shown, of small pictures too: numbers must be readable and taps exact
LEAST_SHOWN = 192  # pixels of the picture, a side, when one is as near as can be
UNREADABLE = 3  # times as long as it is wide: from there on a whole strip is too narrow to be read
NUMBER_SIZE = 34
CHOSEN, OTHER, LIGHT = CORAL.c600, PAPER.c800, "#ffffff"


@dataclass(frozen=True)
class View:
    """Which part of a picture is shown: `zoom` times as near as all of it, around a place in shares of its size."""

    zoom: float = 1.0
    across: float = 0.5
    down: float = 0.5

    @staticmethod
    def on(picture: Image.Image) -> View:
        """All of it, or the beginning of a strip."""
        ratio = max(picture.size) / min(picture.size)
        return View(ratio / 2, 0.0, 0.0) if ratio > UNREADABLE else View()

    @staticmethod
    def nearest(picture: Image.Image) -> float:
        """The zoom's end, to a tenth."""
        return max(1.0, round(max(picture.size) / LEAST_SHOWN, 1))

    def window(self, picture: Image.Image) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of what is shown, in pixels of the picture."""
        reach = max(picture.size) / self.zoom
        sides = [max(1, min(side, round(reach))) for side in picture.size]
        places = zip((self.across, self.down), picture.size, sides, strict=True)
        left, top = (round(min(max(0.0, share * whole - side / 2), whole - side)) for share, whole, side in places)
        return left, top, left + sides[0], top + sides[1]

    def scale(self, picture: Image.Image) -> float:
        """Pixels as shown to a pixel of the picture."""
        left, top, right, bottom = self.window(picture)
        return SHOWN_SIDE / max(right - left, bottom - top)

    def place(self, picture: Image.Image, x: float, y: float) -> tuple[float, float]:
        """Where in the picture a place lies that was tapped in what is shown."""
        left, top, _, _ = self.window(picture)
        scale = self.scale(picture)
        return left + x / scale, top + y / scale

    def around(self, picture: Image.Image, box: Box) -> View:
        """As near, with that box in the middle."""
        left, top, right, bottom = box
        return replace(self, across=(left + right) / 2 / picture.width, down=(top + bottom) / 2 / picture.height)


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


def marked(picture: Image.Image, marks: Marks, view: View | None = None) -> Image.Image:
    """The picture as it is shown, or a part of it, with everything marked on it."""
    view = view or View()
    window, scale = view.window(picture), view.scale(picture)
    left, top, right, bottom = window
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    shown = picture.resize(size, Image.Resampling.BICUBIC, window, reducing_gap=3.0).convert("RGB")
    pen = ImageDraw.Draw(shown)
    for number, face in enumerate(marks.faces):
        if number != marks.chosen:
            _draw_face(pen, _shown(face.box, window, scale), number + 1, OTHER)
    if marks.chosen is not None:  # last: no other box covers it
        _draw_face(pen, _shown(marks.faces[marks.chosen].box, window, scale), marks.chosen + 1, CHOSEN)
    if marks.box:
        _draw_box(pen, _shown(marks.box, window, scale), CHOSEN)
    if marks.corner:
        x, y, _, _ = _shown((*marks.corner, *marks.corner), window, scale)
        _draw_corner(pen, x, y)
    return shown


def _contains(box: Box, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _shown(box: Box, window: tuple[int, int, int, int], scale: float) -> Box:
    left, top, _, _ = window
    return (box[0] - left) * scale, (box[1] - top) * scale, (box[2] - left) * scale, (box[3] - top) * scale


def _draw_face(pen: ImageDraw.ImageDraw, box: Box, number: int, colour: str) -> None:
    if box[2] < 0 or box[3] < 0 or box[0] > pen.im.size[0] or box[1] > pen.im.size[1]:
        return  # its number would be drawn at the edge
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
