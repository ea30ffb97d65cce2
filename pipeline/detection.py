"""Where the faces of a picture are, however small against it, by a detector that sees a square of a fixed size at once.

A picture that is more than twice as large as that square is looked at in overlapping tiles of it, at half its size, a
quarter and so on until it fits. What is seen there is looked at again from four distances, which a real face bears
and scenery seldom does. Knows no library: a detector is a plain function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.values import Box

BgrPicture = npt.NDArray[np.uint8]  # (height, width, 3): insightface reads as OpenCV does

CERTAIN = 0.5  # insightface's own threshold
# Chosen on other pages than `python -m evaluation pages` reports on: of 251 faces the drawn judge's detector kept 98 %,
# and no false one on 35 pages without people; by insightface's threshold alone 22 of the 35 had one.
GLIMPSED, CONFIRMED = 0.3, 0.56
DISTANCES = (0.16, 0.2, 0.25, 0.32)  # the face's share of what is seen, as in the scenes that detectors learn from
STEP = 5 / 8  # of a tile to the next: faces up to 3/8 lie whole in one of them, larger ones are seen at the next size
OVERLAP = 0.4  # of two boxes of one face: insightface's own
WITHIN = 0.7  # of a box that lies in another's: an eye in a face
FLAT = 24  # levels of 255 from a tile's darkest to its lightest: paper, not the lines of a face
TURNED_SIDE = 8  # squares a side: what nothing was seen in is looked at turned, no larger than such a square
# Scenery on its side looks like faces more often. Turned, none of 24 pages without people had a surer one than 0.75;
# upright, each of 17 with people (no strips) had one of 0.76: others than `python -m evaluation pages` reports on.
SURE = 0.76
SAMPLE = 6  # faces that say which way is up

BORDER = 0.4  # of the longer side, all around, when no face is found: too large a face escapes the detector
GREY = 127  # close to what the detector's own normalisation makes 0

TURNS = (None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)


@dataclass(frozen=True, eq=False)
class Sighting:
    """A face as a detector sees it, in pixels of the picture."""

    box: npt.NDArray[np.float32]  # (4,) left, top, right, bottom
    landmarks: npt.NDArray[np.float32]  # (5, 2)
    score: float

    def placed(self, scale: float, left: float, top: float) -> Sighting:
        """The same where what was looked at is a part of the picture, made smaller by `scale`."""
        offset = np.array((left, top), np.float32)
        return Sighting(self.box * scale + np.tile(offset, 2), self.landmarks * scale + offset, self.score)

    def mirrored(self, width: int) -> Sighting:
        """In the mirror image of a picture of that width, where the left eye is the right one."""
        left, top, right, bottom = self.box
        landmarks = (self.landmarks * (-1, 1) + (width - 1, 0))[[1, 0, 2, 4, 3]]
        box = np.array((width - right, top, width - left, bottom), np.float32)
        return Sighting(box, landmarks.astype(np.float32), self.score)

    @property
    def side(self) -> float:
        return float(max(self.box[2:] - self.box[:2]))

    @property
    def centre(self) -> npt.NDArray[np.float32]:
        return np.asarray((self.box[:2] + self.box[2:]) / 2, np.float32)


Detect = Callable[[BgrPicture, float], Sequence[Sighting]]  # those above a score, in a picture of any size


class Detector:
    """`side` is that of the square which `detect` makes of all that it is shown."""

    def __init__(self, detect: Detect, side: int) -> None:
        self._detect = detect
        self._side = side

    def sightings(self, picture: Image.Image) -> list[Sighting]:
        """Where none is found they are looked for within a border, continuing the picture, then grey."""
        found = self._in_all(picture) if self._is_large(picture) else self._whole(picture)
        return found or self._within_a_border(picture)

    def upright(self, picture: Image.Image) -> tuple[Image.Image, list[Sighting]]:
        """The picture turned as the detector likes its faces best, and these."""
        found = self.sightings(picture)
        if found:
            return self._turned_by(picture, found)
        small = picture.reduce(math.ceil(math.sqrt(picture.width * picture.height) / (TURNED_SIDE * self._side)))
        least = SURE if self._is_large(small) else CERTAIN
        for turn in TURNS[1:]:
            if not any(seen.score >= least for seen in self.sightings(_turned(small, turn))):
                continue
            turned = _turned(picture, turn)
            if found := self.sightings(turned):
                return self._turned_by(turned, found)
        return picture, []

    def close_up(self, picture: Image.Image, box: Box, margin: float) -> list[Sighting]:
        """What is seen in and around a box, `margin` of its longer side on each side."""
        room = margin * max(box[2] - box[0], box[3] - box[1])
        left, top, right, bottom = box
        return self._within(picture, (left - room, top - room, right + room, bottom + room), CERTAIN)

    def _is_large(self, picture: Image.Image) -> bool:
        return max(picture.size) > 2 * self._side

    def _whole(self, picture: Image.Image) -> list[Sighting]:
        return list(self._detect(bgr_of(picture), CERTAIN))

    def _in_all(self, picture: Image.Image) -> list[Sighting]:
        glimpsed, scale = list[Sighting](), 1
        while max(picture.size) > self._side * scale:
            scale *= 2
            glimpsed += self._in_tiles(picture.reduce(scale), scale)
        looked = (self._confirmed(picture, seen) for seen in distinct(glimpsed))
        return distinct([seen for seen in looked if seen])

    def _in_tiles(self, reduced: Image.Image, scale: int) -> Iterator[Sighting]:
        for top in _places(reduced.height, self._side):
            for left in _places(reduced.width, self._side):
                right, bottom = min(left + self._side, reduced.width), min(top + self._side, reduced.height)
                part = reduced.crop((left, top, right, bottom))
                if _is_flat(part):
                    continue
                tile = np.zeros((self._side, self._side, 3), np.uint8)
                tile[: bottom - top, : right - left] = bgr_of(part)
                for seen in self._detect(tile, GLIMPSED):
                    yield seen.placed(scale, left * scale, top * scale)

    def _confirmed(self, picture: Image.Image, glimpsed: Sighting) -> Sighting | None:
        """As it is seen from near, with the mean of all its scores; None where that is too low."""
        views = [self._from(picture, glimpsed, share) for share in DISTANCES]
        nearest = max((view for view in views if view), key=lambda view: view.score, default=None)
        score = sum(view.score for view in (glimpsed, *views) if view) / (1 + len(views))
        if nearest is None or score < CONFIRMED:
            return None
        best = views[-1] or nearest
        return Sighting(best.box, best.landmarks, score)

    def _from(self, picture: Image.Image, glimpsed: Sighting, share: float) -> Sighting | None:
        """The same face where it takes that share of what is seen, or as much as the picture lets it."""
        views = self._within(picture, _around(glimpsed, picture, share), 0.02)
        same = [view for view in views if _overlap(view.box, glimpsed.box)[0] > OVERLAP - 0.1]
        return max(same, key=lambda view: view.score, default=None)

    def _within(self, picture: Image.Image, area: Box, least: float) -> list[Sighting]:
        left, top = (max(0, round(edge)) for edge in area[:2])
        right, bottom = (
            min(most, max(round(edge), low + 1))
            for edge, most, low in zip(area[2:], picture.size, (left, top), strict=True)
        )
        scale = max(1, max(right - left, bottom - top) // self._side)
        seen = picture.crop((left, top, right, bottom)).reduce(scale)
        return [each.placed(scale, left, top) for each in self._detect(bgr_of(seen), least)]

    def _within_a_border(self, picture: Image.Image) -> list[Sighting]:
        """Not a mirrored border: it would show faces of its own."""
        whole, scale = (0.0, 0.0, float(picture.width), float(picture.height)), max(1, max(picture.size) // self._side)
        bgr = bgr_of(picture.reduce(scale) if scale > 1 else picture)
        border = round(max(bgr.shape[:2]) * BORDER)
        margins = ((border, border), (border, border), (0, 0))
        for canvas in (np.pad(bgr, margins, mode="edge"), np.pad(bgr, margins, constant_values=GREY)):
            seen = [each.placed(scale, -border * scale, -border * scale) for each in self._detect(canvas, CERTAIN)]
            found = [each for each in seen if is_in(whole, each)]
            if found:
                return found
        return []

    def _turned_by(self, picture: Image.Image, found: list[Sighting]) -> tuple[Image.Image, list[Sighting]]:
        """By the faces that it is surest of: each is looked at in all four turns."""
        surest = sorted(found, key=lambda seen: seen.score, reverse=True)[:SAMPLE]
        liked = {turn: sum(self._liked(picture, seen, turn) for seen in surest) for turn in TURNS}
        best = max(TURNS, key=lambda turn: liked[turn])  # of equals the first: as it is
        if best is None:
            return picture, found
        turned = _turned(picture, best)
        return turned, self.sightings(turned)

    def _liked(self, picture: Image.Image, seen: Sighting, turn: Image.Transpose | None) -> float:
        """The best score in the face's surroundings, turned."""
        left, top, right, bottom = _around(seen, picture, DISTANCES[-1])
        surroundings = _turned(picture.crop((round(left), round(top), round(right), round(bottom))), turn)
        return max((view.score for view in self._detect(bgr_of(surroundings), 0.02)), default=0.0)


def distinct(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Of those that lie on or in one another the one with the highest score; the surest first."""
    kept: list[Sighting] = []
    for seen in sorted(sightings, key=lambda seen: seen.score, reverse=True):
        shares = (_overlap(seen.box, other.box) for other in kept)
        if not any(overlap > OVERLAP or within > WITHIN for overlap, within in shares):
            kept.append(seen)
    return kept


def is_in(box: Box, seen: Sighting) -> bool:
    """Whether the middle of the face lies in the box."""
    x, y = seen.centre
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])


def bgr_of(picture: Image.Image) -> BgrPicture:
    """Of an RGB picture."""
    return np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])


def _is_flat(part: Image.Image) -> bool:
    return all(high - low < FLAT for low, high in cast("tuple[tuple[int, int], ...]", part.getextrema()))


def _places(length: int, side: int) -> list[int]:
    """Where tiles begin, the last one at the picture's end."""
    last = max(0, length - side)
    return sorted({*range(0, last, round(side * STEP)), last})


def _around(seen: Sighting, picture: Image.Image, share: float) -> Box:
    """The square in which the face takes that share of the side, moved into the picture and cut where it is larger."""
    side = seen.side / share
    edges = [
        (max(0.0, start := min(float(middle) - side / 2, whole - side)), min(float(whole), max(0.0, start) + side))
        for middle, whole in zip(seen.centre, picture.size, strict=True)
    ]
    (left, right), (top, bottom) = edges
    return left, top, right, bottom


def _overlap(box: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Their intersection as a share of their union, and of the smaller one."""
    sides = np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])
    both = float(np.prod(np.maximum(sides, 0)))
    one, two = (float(np.prod(np.maximum(each[2:] - each[:2], 1e-6))) for each in (box, other))
    return both / (one + two - both), both / min(one, two)


def _turned(picture: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    return picture if turn is None else picture.transpose(turn)
