"""Ink and colour on a skia canvas: smooth outlines, two-tone fills, tapered strokes. Knows no people.

Light comes from the upper left. Lines take a dark shade of what they surround, and are heavier on the side away from the light.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import skia

Rgb = tuple[int, int, int]
Points = Sequence[tuple[float, float]]
INK: Rgb = (47, 33, 48)


def mix(colour: Rgb, other: Rgb, amount: float) -> Rgb:
    """`colour` moved towards `other`; amount 0 to 1."""
    return tuple(round(a + (b - a) * amount) for a, b in zip(colour, other, strict=True))  # type: ignore[return-value]


def shade(colour: Rgb, amount: float = 0.22) -> Rgb:
    """The colour in shadow: darker and a little cooler."""
    return mix(colour, (58, 34, 82), amount)


def tint(colour: Rgb, amount: float = 0.3) -> Rgb:
    """The colour in light."""
    return mix(colour, (255, 250, 240), amount)


def ink(colour: Rgb) -> Rgb:
    """The line around an area of this colour: nearly black, warm or cool as the colour is."""
    return mix(shade(colour, 0.8), INK, 0.55)


def smooth(points: Points, closed: bool = True) -> skia.Path:
    """A Catmull-Rom curve through the points."""
    n = len(points)
    at = (lambda i: points[i % n]) if closed else (lambda i: points[min(max(i, 0), n - 1)])
    path = skia.Path()
    path.moveTo(*points[0])
    for i in range(n if closed else n - 1):
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = at(i - 1), at(i), at(i + 1), at(i + 2)
        path.cubicTo(x1 + (x2 - x0) / 6, y1 + (y2 - y0) / 6, x2 - (x3 - x1) / 6, y2 - (y3 - y1) / 6, x2, y2)
    if closed:
        path.close()
    return path


def polygon(points: Points) -> skia.Path:
    """Straight edges."""
    return skia.Path.Polygon([skia.Point(*p) for p in points], True)


def ellipse(x: float, y: float, rx: float, ry: float) -> skia.Path:
    return skia.Path.Oval(skia.Rect.MakeLTRB(x - rx, y - ry, x + rx, y + ry))


def rounded(left: float, top: float, right: float, bottom: float, radius: float) -> skia.Path:
    return skia.Path.RRect(skia.RRect.MakeRectXY(skia.Rect.MakeLTRB(left, top, right, bottom), radius, radius))


@dataclass(frozen=True)
class Nib:
    """How a hand puts lines on paper; as it is here, the drawn world's own."""

    width: float = 1  # times the width that is asked for
    outlined: bool = True  # areas have a line around them
    even: bool = False  # lines are as heavy towards the light as away from it
    colour: Rgb | None = None  # of all lines; none: a dark shade of what they surround
    flat: bool = False  # areas have one tone, without shadow
    facet: float = 0  # curves are made of straight pieces of this length; 0: of curves
    corner: float = 0  # the radius to which the pieces' corners are rounded
    shake: float = 0  # how far the pieces' ends stray
    sketchy: bool = False  # every line is drawn twice, beside itself

    def way(self) -> skia.PathEffect | None:
        """What becomes of a path; none: it stays as it is."""
        if not self.facet:
            return None
        pieces = skia.DiscretePathEffect.Make(self.facet, self.shake, 0)
        if not self.corner:
            return pieces
        return skia.PathEffect.MakeCompose(skia.CornerPathEffect.Make(self.corner), pieces)

    def line(self, colour: Rgb) -> Rgb:
        """The ink of a line that would have this colour: dark ones are drawn in the hand's own."""
        dark = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2] < 100
        return self.colour if self.colour is not None and dark else colour


OWN = Nib()
_LARGE = 26.0  # smaller shapes, such as an iris, keep their curves in every hand


class Pen:
    """Draws on one canvas. Colours are RGB, 0 to 255; widths are in canvas units."""

    def __init__(self, canvas: skia.Canvas, nib: Nib = OWN) -> None:
        self.canvas, self.nib = canvas, nib

    @cached_property
    def _way(self) -> skia.PathEffect | None:
        return self.nib.way()

    def _follow(self, paint: skia.Paint, path: skia.Path) -> skia.Paint:
        """The paint, for this path as the hand would draw it."""
        if self._way is not None:
            bounds = path.getBounds()
            if max(bounds.width(), bounds.height()) > _LARGE:
                paint.setPathEffect(self._way)
        return paint

    def fill(self, path: skia.Path, colour: Rgb, alpha: float = 1) -> None:
        paint = skia.Paint(AntiAlias=True, Color=skia.Color(*colour, round(255 * alpha)))
        self.canvas.drawPath(path, self._follow(paint, path))

    def line(self, path: skia.Path, colour: Rgb = INK, width: float = 2.2, alpha: float = 1) -> None:
        colour = self.nib.line(colour)
        paint = skia.Paint(AntiAlias=True, Color=skia.Color(*colour, round(255 * alpha)), StrokeWidth=width)
        paint.setStyle(skia.Paint.kStroke_Style)
        paint.setStrokeCap(skia.Paint.kRound_Cap)
        paint.setStrokeJoin(skia.Paint.kRound_Join)
        self.canvas.drawPath(path, self._follow(paint, path))
        if self.nib.sketchy and width < 5:
            paint.setPathEffect(skia.DiscretePathEffect.Make(9, 1.3, 7))
            paint.setStrokeWidth(width * 0.6)
            with self.moved(0.9, -0.7):
                self.canvas.drawPath(path, paint)

    def outline(self, path: skia.Path, colour: Rgb, width: float = 2.2) -> None:
        """The line around an area, where the hand draws one."""
        if self.nib.outlined:
            self.line(path, colour, width * self.nib.width)

    def shape(self, path: skia.Path, colour: Rgb, width: float = 2.2, line: Rgb | None = None) -> None:
        """Filled, and inked outside: thin towards the light, up to `width` away from it."""
        line = self.nib.line(ink(colour) if line is None else line)
        width *= self.nib.width
        if self.nib.outlined:
            if not self.nib.even:
                with self.moved(width * 0.2, width * 0.28):
                    self.line(path, line, width)
                    self.fill(path, line)
            self.line(path, line, width * (1.2 if self.nib.even else 0.8))
        self.fill(path, colour)

    def cel(self, path: skia.Path, colour: Rgb, shadow: skia.Path, dark: Rgb | None = None, width: float = 2.2) -> None:
        """A shape in two tones: what of `shadow` lies inside it is in shade."""
        self.shape(path, colour, width)
        if self.nib.flat:
            return
        with self.inside(path):
            self.fill(shadow, shade(colour) if dark is None else dark)

    def stroke(self, points: Points, width: float, colour: Rgb = INK) -> None:
        """A tapered ink stroke: thin at both ends, `width` in the middle."""
        n, colour = len(points), self.nib.line(colour)
        width *= self.nib.width**0.5
        upper, lower = [], []
        for i, (x, y) in enumerate(points):
            (xa, ya), (xb, yb) = points[max(i - 1, 0)], points[min(i + 1, n - 1)]
            length = max(((xb - xa) ** 2 + (yb - ya) ** 2) ** 0.5, 1e-6)
            half = width / 2 * (0.25 + 0.75 * (1 - abs(2 * i / (n - 1) - 1)))
            nx, ny = -(yb - ya) / length * half, (xb - xa) / length * half
            upper.append((x + nx, y + ny))
            lower.append((x - nx, y - ny))
        self.fill(smooth([*upper, *reversed(lower)]), colour)

    def soft(self, x: float, y: float, radius: float, colour: Rgb, alpha: float = 1, squash: float = 1) -> None:
        """A round patch that fades out towards its edge; `squash` is its height over its width."""
        with self.moved(x, y, 0, 1, squash):
            colours = [skia.Color(*colour, round(255 * alpha)), skia.Color(*colour, 0)]
            shader = skia.GradientShader.MakeRadial(skia.Point(0, 0), radius, colours)
            self.canvas.drawCircle(0, 0, radius, skia.Paint(AntiAlias=True, Shader=shader))

    def vertical(self, path: skia.Path, top: float, bottom: float, colours: Sequence[Rgb]) -> None:
        """Filled with a gradient from top to bottom."""
        ends = [skia.Point(0, top), skia.Point(0, bottom)]
        gradient = skia.GradientShader.MakeLinear(ends, [skia.Color(*c) for c in colours])
        self.canvas.drawPath(path, skia.Paint(AntiAlias=True, Shader=gradient))

    @contextmanager
    def inside(self, path: skia.Path) -> Iterator[None]:
        """What is drawn in this block stays inside the path."""
        if self._way is not None:
            drawn = skia.Path()
            self._follow(skia.Paint(), path).getFillPath(path, drawn)
            path = drawn
        with self.moved():
            self.canvas.clipPath(path, doAntiAlias=True)
            yield

    @contextmanager
    def moved(self, dx: float = 0, dy: float = 0, degrees: float = 0, sx: float = 1, sy: float = 1) -> Iterator[None]:
        self.canvas.save()
        self.canvas.translate(dx, dy)
        self.canvas.rotate(degrees)
        self.canvas.scale(sx, sy)
        try:
            yield
        finally:
            self.canvas.restore()
