"""A stranger's file -> a clean picture in sRGB, or a sentence about why not. Everything that is uploaded passes here.

What a picture from outside may be is decided here alone, for exports and requests in pictures too. Also what has been
uploaded and looked at, and boxes that were drawn on it by hand.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from io import BytesIO
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops

from errors import InvalidRequest, UnreadablePicture
from pipeline.colours import Colours, colours_of, in_srgb
from pipeline.png_chunks import with_what_counts
from pipeline.values import Box, Face

# Three formats and no more: the rarer decoders of Pillow are where its holes have been (FlashPix among them).
FORMATS = ("JPEG", "PNG", "WEBP")  # by what is in a file, however its name ends
MAX_BYTES = 40 * 2**20
MAX_PIXELS = 50_000_000  # any camera's picture; decoded it takes 150 MB
KEPT_SIDE = 1024  # of what is kept of an upload: more than any pack draws, and few faces are larger
MIN_SIDE = 32  # below it neither a detector nor a person finds a face
MIN_BOX = 12  # the encoders see a face at 112 pixels a side: this is blown up to nine times its size

_TOO_LARGE = "Make it smaller, or cut it: {most} megapixels are the most."
_ORIENTATION = 0x0112
_TURNS = {  # EXIF's number: what sets the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, struct.error)  # what Pillow raises for broken files
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True, eq=False)
class Upload:
    """A picture of a creator's own, cleaned and upright, and the faces in it."""

    picture: Image.Image  # as large as the file
    faces: tuple[Face, ...]  # largest first; none: the creator draws a box


def read_picture(source: str | PathLike[str] | bytes) -> Image.Image:
    """Upright, sRGB, without metadata, transparency on white. Raises UnreadablePicture."""
    file = file_of(source)
    try:
        with Image.open(BytesIO(with_what_counts(file)), formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:  # from the header: nothing is decoded yet
                raise UnreadablePicture(
                    "The picture is too large: {width} x {height} pixels.",
                    _TOO_LARGE,
                    width=opened.width,
                    height=opened.height,
                    most=MAX_PIXELS // 10**6,
                )
            colours = colours_of(opened, file)
            picture = _upright(_plain(opened), opened)
    except _BOMB as error:
        raise UnreadablePicture("The picture has too many pixels.", _TOO_LARGE, most=MAX_PIXELS // 10**6) from error
    except Image.UnidentifiedImageError as error:
        raise UnreadablePicture(
            "This file is no JPEG, PNG or WebP picture.", "Save it as one of these and try again."
        ) from error
    except _DAMAGED as error:
        raise UnreadablePicture("The picture file is damaged or incomplete.", "Save or download it again.") from error
    picture = _on_white(picture, colours)
    if min(picture.size) < MIN_SIDE:
        raise UnreadablePicture(
            "The picture is only {width} x {height} pixels.",
            "Choose a larger or less narrow one.",
            width=picture.width,
            height=picture.height,
        )
    picture.info = {}
    return picture


def file_of(source: str | PathLike[str] | bytes) -> bytes:
    """What is in an uploaded file. Raises UnreadablePicture where that is too much."""
    size = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
    if size > MAX_BYTES:
        raise UnreadablePicture(
            "The file has {size} MB.",
            "Choose one of at most {most} MB.",
            size=f"{size / 2**20:.0f}",
            most=MAX_BYTES // 2**20,
        )
    return source if isinstance(source, bytes) else Path(source).read_bytes()


def kept_of(upload: Upload, face: Face) -> tuple[Image.Image, Face]:
    """What is kept of a picture for one face in it, and the face there: all of it, or where others are in it too or
    the face is small against it, its surroundings; at most KEPT_SIDE a side."""
    is_a_portrait = len(upload.faces) < 2 and 4 * _side(face) >= min(upload.picture.size)
    picture, there = (upload.picture, face) if is_a_portrait else alone(upload.picture, face)
    scale = min(1.0, KEPT_SIDE / max(picture.size))
    if scale == 1:
        return picture, there
    size = round(picture.width * scale), round(picture.height * scale)
    left, top, right, bottom = (edge * scale for edge in there.box)
    smaller = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return smaller, replace(there, box=(left, top, right, bottom), landmarks=there.landmarks * np.float32(scale))


def alone(picture: Image.Image, face: Face) -> tuple[Image.Image, Face]:
    """The square around one of several people, and their face in it: what stands for somebody shows nobody else first.

    Its side is four faces, or the picture's shorter one; what the encoders saw of the face stays.
    """
    left, top, right, bottom = face.box
    side = round(min(*picture.size, 4 * _side(face)))
    x, y = (
        round(min(max(0.0, (start + end - side) / 2), whole - side))
        for start, end, whole in ((left, right, picture.width), (top, bottom, picture.height))
    )
    within = (left - x, top - y, right - x, bottom - y)
    cropped = picture.crop((x, y, x + side, y + side))
    return cropped, replace(face, box=within, landmarks=face.landmarks - np.array((x, y), np.float32))


def clipped_box(box: Box, picture: Image.Image) -> Box:
    """The part of a hand-drawn box that lies in the picture. Raises InvalidRequest where it is too small for a face."""
    left, top, right, bottom = box
    width, height = picture.size
    within = (max(0.0, left), max(0.0, top), min(float(width), right), min(float(height), bottom))
    if min(within[2] - within[0], within[3] - within[1]) < MIN_BOX:
        raise InvalidRequest(
            "The box around the face is too small.",
            "Draw it from forehead to chin, at least {least} pixels a side.",
            least=MIN_BOX,
        )
    return within


def _side(face: Face) -> float:
    left, top, right, bottom = face.box
    return max(right - left, bottom - top)


def _plain(picture: Image.Image) -> Image.Image:
    """RGB, RGBA, L or CMYK, in its own colours."""
    if picture.mode.startswith("I"):  # 16 bits of grey, which convert("L") would clip to white
        return picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    picture.load()  # before it is known whether a colour is transparent, and which
    mode = "RGBA" if picture.has_transparency_data else picture.mode if picture.mode in ("L", "CMYK") else "RGB"
    return picture if picture.mode == mode else picture.convert(mode)  # a large one is not copied


def _upright(picture: Image.Image, opened: Image.Image) -> Image.Image:
    """As it was held; where EXIF is broken, as it lies."""
    try:
        orientation: int | None = opened.getexif().get(_ORIENTATION)
    except (*_DAMAGED, LookupError, TypeError, UserWarning):  # in a broken EXIF, and where warnings are errors
        return picture
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return picture if turn is None else picture.transpose(turn)


def _on_white(picture: Image.Image, colours: Colours | None) -> Image.Image:
    if picture.mode != "RGBA":
        return in_srgb(picture, colours)
    clear = ImageChops.invert(picture.getchannel("A"))
    opaque = in_srgb(picture.convert("RGB"), colours)
    opaque.paste("white", mask=clear)
    return opaque
