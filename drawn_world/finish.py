"""What hand and paper make of the drawn pixels: the shape of heads, the wobble of the line, colour, print and medium.

Landmarks go the same way as the pixels (`Warp.placed`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from drawn_world.hand import Build, Finish

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
_LINE = np.linspace(-400, 400, 1601)  # heights in units of the head, from the line of the eyes down


@dataclass(frozen=True, eq=False)
class Warp:
    """Bends the picture around a head: foreheads and cheeks as the hand builds them, and its unsteady line."""

    build: Build
    wobble: float
    middle: tuple[float, float]  # between the eyes, in pixels of the picture
    scale: tuple[float, float]  # pixels a unit of the head, across and down
    roll: float
    size: int
    seed: int

    @cached_property
    def _tables(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Where each height goes, and how wide the head is there."""
        grown = np.interp(_LINE, (-130, -90, -20, 4), (1, self.build.forehead, self.build.forehead, 1))
        heights = np.cumsum(grown) * 0.5
        heights -= np.interp(0, _LINE, heights)
        crown, middle, chin = self.build.cheeks
        widths = np.interp(heights, (-130, -60, -5, 50, 110), (1, crown, middle, chin, 1))
        return heights, np.convolve(np.pad(widths, 20, mode="edge"), np.ones(41) / 41, "valid")

    @cached_property
    def _strays(self) -> npt.NDArray[Any] | None:
        """How far each pixel strays, (size, size, 2)."""
        if not self.wobble:
            return None
        rng, n = np.random.default_rng(self.seed), self.size
        strays = sum(
            cv2.resize(rng.normal(0, 1, (cells, cells, 2)).astype(np.float32), (n, n), interpolation=cv2.INTER_CUBIC)
            * share
            for cells, share in ((7, 0.7), (18, 0.6))
        )
        return np.asarray(strays * self.wobble, np.float32)

    def placed(self, points: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Where points of the drawing (n, 2) lie in the bent picture."""
        heights, widths = self._tables
        x, y = self._to_head(points[:, 0], points[:, 1])
        bent = np.interp(y, _LINE, heights)
        moved = np.stack(self._from_head(x * np.interp(bent, heights, widths), bent), axis=1)
        if self._strays is None:
            return moved
        column, row = np.clip(np.round(moved), 0, self.size - 1).astype(int).T
        return moved - self._strays[row, column]

    def bend(self, pixels: Pixels, larger: float, beyond: float) -> Pixels:
        """The bent picture, `size` pixels a side, of one that is drawn `larger`, and `beyond` its edges all around."""
        heights, widths = self._tables
        grid = np.indices((self.size, self.size), np.float32)[::-1] + 0.5
        if self._strays is not None:
            grid = grid + self._strays.transpose(2, 0, 1)
        x, y = self._to_head(grid[0], grid[1])
        x, y = x / np.interp(y, heights, widths), np.interp(y, heights, _LINE)
        source = [np.asarray((v + beyond) * larger - 0.5, np.float32) for v in self._from_head(x, y)]
        return cv2.remap(pixels, source[0], source[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[return-value]

    def _to_head(self, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        x, y, cos, sin = x - self.middle[0], y - self.middle[1], np.cos(self.roll), np.sin(self.roll)
        return (x * cos + y * sin) / self.scale[0], (y * cos - x * sin) / self.scale[1]

    def _from_head(self, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        x, y, cos, sin = x * self.scale[0], y * self.scale[1], np.cos(self.roll), np.sin(self.roll)
        return x * cos - y * sin + self.middle[0], x * sin + y * cos + self.middle[1]


def finished(pixels: Pixels, finish: Finish, seed: int) -> Pixels:
    """The picture in the hand's colours, printed or painted as it does; `seed` is of the paper under this one picture."""
    rng = np.random.default_rng([seed, 3])
    image = _coloured(pixels.astype(np.float32), finish)
    if finish.print:
        image = _printed(image, finish)
    image = _MEDIA.get(finish.medium, _as_it_is)(image, finish, rng)
    if finish.levels:
        image = np.round(image / 255 * (finish.levels - 1)) * (255 / (finish.levels - 1))
    if finish.ramp:
        image = _through(image, np.array(finish.ramp, np.float32))
    image = image * (np.array(finish.paper, np.float32) / 255)
    if finish.grain:
        image = image + rng.normal(0, finish.grain, image.shape[:2]).astype(np.float32)[..., None]
    return np.clip(image, 0, 255).astype(np.uint8)


def _grey(image: Floats) -> Floats:
    return image @ np.array([0.3, 0.59, 0.11], np.float32)


def _coloured(image: Floats, finish: Finish) -> Floats:
    """Hue is turned in the plane across grey (a rotation of RGB about its diagonal), so that lightness stays."""
    if finish.hue or finish.saturation != 1:
        angle = finish.hue * 2 * np.pi
        cos, sin = np.cos(angle), np.sin(angle)
        ones = np.ones((3, 3)) / 3
        cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
        turn = finish.saturation * (cos * (np.eye(3) - ones) + sin * cross)
        grey = _grey(image)[..., None]
        image = grey + (image - grey) @ turn.T.astype(np.float32)
    if finish.contrast != 1:
        middle = 128 if finish.contrast > 1 else 215  # paler colours fade towards the paper
        image = middle + (image - middle) * finish.contrast
    return np.clip(image, 0, 255).astype(np.float32)


def _through(image: Floats, ramp: Floats) -> Floats:
    grey, places = _grey(image), np.linspace(0, 255, len(ramp))
    return np.stack([np.interp(grey, places, ramp[:, c]) for c in range(3)], axis=-1).astype(np.float32)


def _screen(shape: tuple[int, ...], kind: str, cell: float, angle: float) -> Floats:
    """The threshold of each pixel, 0 to 1."""
    y, x = np.indices(shape[:2], np.float32) * np.float32(2 * np.pi / cell)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    if kind == "dots":
        return np.asarray(0.5 + 0.25 * (np.cos(u) + np.cos(v)), np.float32)
    if kind == "lines":
        return np.asarray(0.5 + 0.5 * np.cos(u), np.float32)
    return np.asarray(np.minimum(0.5 + 0.5 * np.cos(u), 0.5 + 0.5 * np.cos(v)), np.float32)


def _printed(image: Floats, finish: Finish) -> Floats:
    """Greys as dots or hatching between solid black and white; colours as a comic's, ink by ink."""
    if finish.saturation == 0:
        grey = np.clip((_grey(image) / 255 - 0.22) / 0.62, 0, 1)
        tone = np.clip((grey - _screen(grey.shape, finish.print, finish.cell, finish.angle)) * 4 + 0.5, 0, 1)
        solid = np.where(grey < 0.04, 0, np.where(grey > 0.94, 1, tone))
        return np.repeat(np.asarray(solid * 255, np.float32)[..., None], 3, axis=2)
    screens = [_screen(image.shape, finish.print, finish.cell, finish.angle + turn) for turn in (0.26, 1.31, 0)]
    dots = np.clip((image / 255 - np.stack(screens, axis=-1)) * 3 + 0.5, 0, 1) * 255
    return np.asarray(image + (dots - image) * (0.2 + 0.3 * finish.strength), np.float32)


def _cloud(rng: np.random.Generator, shape: tuple[int, ...], *cells: int) -> Floats:
    """Noise in patches, about -1 to 1."""
    high, wide = shape[:2]
    clouds = [
        cv2.resize(rng.normal(0, 0.5, (n, n)).astype(np.float32), (wide, high), interpolation=cv2.INTER_CUBIC)
        for n in cells
    ]
    return np.asarray(sum(clouds), np.float32)


def _as_it_is(image: Floats, finish: Finish, rng: np.random.Generator) -> Floats:
    return image


def _soft(image: Floats, finish: Finish, rng: np.random.Generator) -> Floats:
    """Airbrush: a glow over all of it."""
    glow = cv2.GaussianBlur(image, (0, 0), 5 + 4 * finish.strength)
    screened = 255 - (255 - image) * (255 - glow) / 255
    lit = image + (screened - image) * (0.25 + 0.3 * finish.strength)
    return np.asarray(255 * (np.clip(lit, 0, 255) / 255) ** 1.35, np.float32)


def _water(image: Floats, finish: Finish, rng: np.random.Generator) -> Floats:
    """Colours run together inside their edges and dry unevenly on rough paper."""
    small = image.astype(np.uint8)
    for _ in range(2):
        small = cv2.bilateralFilter(small, 7, 40, 5)  # type: ignore[assignment]
    washed = small.astype(np.float32)
    patches = _cloud(rng, image.shape, 8, 20, 60) * (12 + 22 * finish.strength)
    wet = 1 - _grey(washed) / 300  # dark washes are mottled more
    rim = np.abs(washed - cv2.GaussianBlur(washed, (0, 0), 3)).max(axis=2) * 0.35
    paper = rng.normal(0, 3 + 4 * finish.strength, image.shape[:2]).astype(np.float32)
    return np.asarray(washed + (255 - washed) * 0.1 + (patches * wet - rim + paper)[..., None], np.float32)


def _pencil(image: Floats, finish: Finish, rng: np.random.Generator) -> Floats:
    """Strokes of graphite or coloured pencil: lines, and tones through the tooth of the paper."""
    grey = _grey(image)
    blurred = cv2.GaussianBlur(255 - grey, (0, 0), 3)
    lines = np.clip(grey * 255 / np.maximum(255 - blurred, 1), 0, 255)
    y, x = np.indices(grey.shape, np.float32)
    bent = _cloud(rng, image.shape, 10) * 2
    strokes = (
        np.sin((x * np.cos(finish.angle) + y * np.sin(finish.angle)) * 2.1 + bent) * 0.5
        + _cloud(rng, image.shape, 128) * 0.8
    )
    tooth = np.clip(0.62 + 0.3 * strokes, 0.15, 1)[..., None] * (0.5 + 0.5 * finish.strength)
    toned = 255 - (255 - image) * tooth
    return np.asarray(toned * (0.35 + 0.65 * lines[..., None] / 255), np.float32)


def _pixelled(image: Floats, finish: Finish, rng: np.random.Generator) -> Floats:
    """A sprite of 64 to 100 pixels."""
    n = round(100 - 36 * finish.strength)
    small = cv2.resize(image, (n, n), interpolation=cv2.INTER_AREA)
    small = np.round(small / 17) * 17
    return np.asarray(cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_NEAREST), np.float32)


_MEDIA = {"soft": _soft, "water": _water, "pencil": _pencil, "pixels": _pixelled}
