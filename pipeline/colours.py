"""Pictures in their own colours -> sRGB, by littlecms; what they say of their colours is a stranger's and may be wrong.

A profile says it best, then a PNG's cICP, sRGB, and gAMA with cHRM (PNG specification, 4.3), then EXIF's "R03", by
which cameras mean Adobe RGB. Who says nothing, or what cannot be, means sRGB.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from pipeline.png_chunks import MAX_BESIDE, SIGNATURE, chunks

Point = tuple[float, float]  # x and y of CIE 1931

D65: Point = (0.3127, 0.3290)
_INTEROPERABILITY_IFD = 0xA005  # of EXIF
_SRGB = (D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_P3 = (D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
_BT2020 = (D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
_ADOBE_RGB = (D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
_CICP = {1: _SRGB, 9: _BT2020, 12: _P3}  # ITU-T H.273, table 2; with the transfer functions below
_CICP_SRGB, _CICP_GAMMA = 13, {1: 2.4, 4: 2.2, 6: 2.4, 8: 1.0, 14: 2.4, 15: 2.4}  # BT.709's is shown as 2.4
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)  # g, a, b, c, d of ICC's parametric curve 3
_GAMMAS = (0.2, 5.0)  # of a screen; beyond, a file's word for it is a mistake
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_D50 = np.array([0.96422, 1.0, 0.82491])  # in which profiles are written

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Colours:
    """What a file says of its colours: an ICC profile, as it is or made of what else says the same."""

    profile: bytes


def colours_of(opened: Image.Image, file: bytes) -> Colours | None:
    """Of a picture that is opened, not decoded; None: they are sRGB already."""
    said = opened.info.get("icc_profile")
    if isinstance(said, bytes) and 0 < len(said) <= MAX_BESIDE:
        return Colours(said)
    if file.startswith(SIGNATURE):
        return _of_png(opened, file)
    return Colours(matrix_profile(_ADOBE_RGB, 563 / 256)) if _is_adobe_rgb(opened) else None


def in_srgb(picture: Image.Image, colours: Colours | None) -> Image.Image:
    """An RGB, L or CMYK picture as RGB, a large one in its own place. By what colours nobody can make it, it stays as
    it is."""
    if colours is not None:
        try:
            return _converted(picture, colours)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):  # a broken profile, or one for other pictures
            pass
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _converted(picture: Image.Image, colours: Colours) -> Image.Image:
    profile: Any = ImageCms.ImageCmsProfile(io.BytesIO(colours.profile))
    space = str(profile.profile.xcolor_space).strip()
    if space == "RGB" and picture.mode == "L":
        picture = picture.convert("RGB")
    mode = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}.get(space)
    if mode == "L" and picture.mode == "RGB":
        red, green, blue = picture.split()
        if red.tobytes() != green.tobytes() or red.tobytes() != blue.tobytes():
            raise ValueError("a profile for grey, and a picture that is not")
        picture = red
    if picture.mode != mode:
        raise ValueError(f"a profile for {space}, and a picture that is {picture.mode}")
    srgb = cast("Any", ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType]
    if mode == "RGB":
        ImageCms.profileToProfile(picture, profile, srgb, inPlace=True)
        return picture
    made = ImageCms.profileToProfile(picture, profile, srgb, outputMode="RGB")
    if made is None:
        raise ValueError("nothing was made")
    return made


def matrix_profile(primaries: Sequence[Point], gamma: float | None) -> bytes:
    """An ICC profile, version 4, of white point and primaries. gamma: of the screen; None: sRGB's own curve."""
    columns = _to_d50(primaries)
    curve = (
        b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + b"".join(map(_fixed, _SRGB_CURVE))
        if gamma is None
        else b"para\0\0\0\0" + struct.pack(">HH", 0, 0) + _fixed(gamma)
    )
    text = _text("made by Castbook of what the picture says of its colours")
    tags = {b"desc": text, b"cprt": text, b"wtpt": _xyz(_D50)}
    tags |= {name: _xyz(columns[:, at]) for at, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    table, data, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">II", start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    body = struct.pack(">I", len(tags)) + table + data
    header = struct.pack(
        ">I4sI4s4s4s6H4s28s", 128 + len(body), bytes(4), 0x04300000, b"mntr", b"RGB ", b"XYZ ", 2026, 1, 1, 0, 0, 0,
        b"acsp", bytes(28),
    )  # fmt: skip
    return header + b"".join(map(_fixed, _D50)) + bytes(48) + body


def _of_png(opened: Image.Image, file: bytes) -> Colours | None:
    cicp = next((file[chunk.start : chunk.end] for chunk in chunks(file) if chunk.kind == b"cICP"), b"")
    if len(cicp) == 4 and (primaries := _CICP.get(cicp[0])) and cicp[2:] == b"\0\1":  # full range, as a PNG must have
        if cicp[1] == _CICP_SRGB:
            return None if primaries is _SRGB else Colours(matrix_profile(primaries, None))
        if gamma := _CICP_GAMMA.get(cicp[1]):
            return Colours(matrix_profile(primaries, gamma))
    if "srgb" in opened.info:
        return None
    return _of_gamma(opened.info.get("gamma"), opened.info.get("chromaticity"))


def _of_gamma(gamma: object, chromaticity: object) -> Colours | None:
    """As Pillow gives them: the exponent of the file, and x and y of white, red, green and blue.

    0.45455 is what programs write that mean sRGB, whose own curve it nearly is.
    """
    screen = 1 / gamma if isinstance(gamma, float) and gamma > 0 else 2.2
    screen = screen if _GAMMAS[0] <= screen <= _GAMMAS[1] else 2.2
    is_usual = abs(screen - 2.2) < 0.01
    primaries = _points(chromaticity) or _SRGB
    if is_usual and np.allclose(primaries, _SRGB, atol=0.005):
        return None
    try:
        return Colours(matrix_profile(primaries, None if is_usual else screen))
    except (np.linalg.LinAlgError, ZeroDivisionError, struct.error, OverflowError):
        return None


def _points(chromaticity: Any) -> tuple[Point, ...] | None:
    if not isinstance(chromaticity, tuple):
        return None
    numbers = [float(number) for number in cast("tuple[float, ...]", chromaticity)]
    if len(numbers) != 8:
        return None
    points = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    return points if all(0 < x < 1 and 0 < y < 1 for x, y in points) else None


def _is_adobe_rgb(opened: Image.Image) -> bool:
    """DCF 2.0: cameras write it instead of a profile."""
    try:
        return opened.getexif().get_ifd(_INTEROPERABILITY_IFD).get(1) == "R03"
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        LookupError,
        TypeError,
        AttributeError,
        struct.error,
        UserWarning,
    ):
        return False


def _to_d50(primaries: Sequence[Point]) -> Matrix:
    """XYZ of red, green and blue, one a column, as seen in D50. Raises LinAlgError where they span nothing."""
    white, *colours = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in primaries)
    unscaled = np.stack(colours, axis=1)
    scaled = unscaled * np.linalg.solve(unscaled, white)
    seen: Matrix = (_BRADFORD @ _D50) / (_BRADFORD @ white)
    return np.linalg.inv(_BRADFORD) @ (seen[:, None] * (_BRADFORD @ scaled))


def _fixed(number: float) -> bytes:
    return struct.pack(">i", round(float(number) * 65536))


def _xyz(values: Sequence[float] | Matrix) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_fixed, values))


def _text(words: str) -> bytes:
    """multiLocalizedUnicodeType."""
    encoded = words.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded
