"""A stranger's file -> a clean picture in sRGB. Runs in a process of its own (`decoders.py`), for decoders have holes.

What a file is, its content says, however its name ends. What stands beside the pixels and is broken is left out.
"""

from __future__ import annotations

import sqlite3
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal, cast

from PIL import Image, ImageChops, ImageCms

from pipeline.artists_files import PSD, LayersAlone, merged_psd, picture_within
from pipeline.colours import Colours, colours_of, in_srgb
from pipeline.png_chunks import SIGNATURE, chunks, with_what_counts

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF", "BMP")
MAX_PIXELS = 50_000_000  # any camera's picture; decoded it takes 150 MB
BAND = 1_000_000  # pixels at a time

Note = Literal["first of several", "preview"]
Why = Literal["no picture", "damaged", "too large", "layers alone"]

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
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, LookupError, RuntimeError, struct.error)  # as Pillow says it
_TARGA = b"TRUEVISION-XFILE.\0"  # at its end; before its second version nothing says what it is
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


class Unfit(Exception):
    """Why a file becomes no picture, and its size where that is the reason."""

    def __init__(self, why: Why, size: tuple[int, int] = (0, 0)) -> None:
        super().__init__(why)
        self.why: Why = why
        self.size = size


@dataclass(frozen=True, eq=False)
class Decoded:
    picture: Image.Image  # RGB
    notes: tuple[Note, ...]


def decoded(file: bytes) -> Decoded:
    """Upright, sRGB, without metadata, transparency on white. Raises Unfit."""
    try:
        data, is_preview = picture_within(file)
        picture, colours, is_first = _psd(data) if data.startswith(PSD) else _opened(data)
        picture = _on_white(picture, colours)
    except Image.UnidentifiedImageError as error:
        raise Unfit("no picture") from error
    except LayersAlone as error:
        raise Unfit("layers alone") from error
    except MemoryError as error:
        raise Unfit("too large") from error
    except (*_DAMAGED, zipfile.BadZipFile, sqlite3.Error) as error:
        raise Unfit("damaged") from error
    picture.info = {}
    said: tuple[tuple[Note, bool], ...] = (("preview", is_preview), ("first of several", is_first))
    return Decoded(picture, tuple(note for note, holds in said if holds))


Opened = tuple[Image.Image, Colours | None, bool]  # in its own colours, what these are, whether others follow it


def bands(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    """Parts of a picture, from above, in which its pixels travel: all of them at once would be a second picture."""
    rows = max(1, BAND // width)
    for top in range(0, height, rows):
        yield 0, top, width, min(height, top + rows)


def _psd(file: bytes) -> Opened:
    height, width = struct.unpack_from(">II", file, 14)
    _check_size(width, height)
    picture = merged_psd(file)
    profile: object = picture.info.get("icc_profile")
    return _plain(picture), Colours(profile) if isinstance(profile, bytes) else None, False


def _opened(file: bytes) -> Opened:
    formats = FORMATS
    if file[4:8] == b"ftyp" and file[8:12] in _HEIF:
        import pi_heif  # pyright: ignore[reportMissingTypeStubs]

        pi_heif.register_heif_opener()  # pyright: ignore[reportUnknownMemberType]
        formats = ("HEIF",)
    elif file.endswith(_TARGA):
        formats = ("TGA",)
    with Image.open(BytesIO(with_what_counts(file)), formats=formats) as opened:
        _check_size(opened.width, opened.height)
        colours = colours_of(opened, file)
        is_first = getattr(opened, "n_frames", 1) > 1 or _is_animated_png(file)
        return _upright(_plain(opened), opened), colours, is_first


def _check_size(width: int, height: int) -> None:
    """From the header: nothing is decoded yet."""
    if width * height > MAX_PIXELS:
        raise Unfit("too large", (width, height))


def _is_animated_png(file: bytes) -> bool:
    return file.startswith(SIGNATURE) and any(chunk.kind == b"acTL" for chunk in chunks(file))


def _plain(picture: Image.Image) -> Image.Image:
    """RGB, RGBA, L or CMYK, in its own colours."""
    if picture.mode.startswith("I"):  # 16 bits of grey, which convert("L") would clip to white
        return picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if picture.mode == "F":  # grey from 0 to 1
        return picture.point(lambda value: value * 255 + 0.5).convert("L")
    if picture.mode == "LAB":
        made = cast("Any", ImageCms.createProfile)  # pyright: ignore[reportUnknownMemberType]
        lab, srgb = made("LAB"), made("sRGB")
        return cast("Image.Image", ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB"))
    picture.load()  # before it is known whether a colour is transparent, and which
    mode = "RGBA" if picture.has_transparency_data else picture.mode if picture.mode in ("L", "CMYK") else "RGB"
    return picture if picture.mode == mode else picture.convert(mode)  # a large one is not copied


def _upright(picture: Image.Image, opened: Image.Image) -> Image.Image:
    """As it was held; where EXIF is broken, as it lies."""
    try:
        orientation: int | None = opened.getexif().get(_ORIENTATION)
    except (*_DAMAGED, TypeError, UserWarning):  # in a broken EXIF, and where warnings are errors
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
