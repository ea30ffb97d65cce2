"""Ink and colour on a skia canvas: smooth outlines, two-tone fills, tapered strokes. Knows no people.

Light comes from the upper left. Lines take a dark shade of what they surround, and are heavier on the side away from the light.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

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


class Pen:
    """Draws on one canvas. Colours are RGB, 0 to 255; widths are in canvas units."""

    def __init__(self, canvas: skia.Canvas) -> None:
        self.canvas = canvas

    def fill(self, path: skia.Path, colour: Rgb, alpha: float = 1) -> None:
        self.canvas.drawPath(path, skia.Paint(AntiAlias=True, Color=skia.Color(*colour, round(255 * alpha))))

    def line(self, path: skia.Path, colour: Rgb = INK, width: float = 2.2, alpha: float = 1) -> None:
        paint = skia.Paint(AntiAlias=True, Color=skia.Color(*colour, round(255 * alpha)), StrokeWidth=width)
        paint.setStyle(skia.Paint.kStroke_Style)
        paint.setStrokeCap(skia.Paint.kRound_Cap)
        paint.setStrokeJoin(skia.Paint.kRound_Join)
        self.canvas.drawPath(path, paint)

    def shape(self, path: skia.Path, colour: Rgb, width: float = 2.2, line: Rgb | None = None) -> None:
        """Filled, and inked outside: thin towards the light, up to `width` away from it."""
        line = ink(colour) if line is None else line
        with self.moved(width * 0.2, width * 0.28):
            self.line(path, line, width)
            self.fill(path, line)
        self.line(path, line, width * 0.8)
        self.fill(path, colour)

    def cel(self, path: skia.Path, colour: Rgb, shadow: skia.Path, dark: Rgb | None = None, width: float = 2.2) -> None:
        """A shape in two tones: what of `shadow` lies inside it is in shade."""
        self.shape(path, colour, width)
        with self.inside(path):
            self.fill(shadow, shade(colour) if dark is None else dark)

    def stroke(self, points: Points, width: float, colour: Rgb = INK) -> None:
        """A tapered ink stroke: thin at both ends, `width` in the middle."""
        n = len(points)
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
