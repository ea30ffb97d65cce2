"""What drawing programs save: the one picture that their files hold of all layers together, or a preview of it.

Krita's and OpenRaster's are zips with `mergedimage.png`, Procreate's have a thumbnail; Clip Studio's hold a database
with a preview; a PSD ends in its merged picture, which is real where its program says so and it has some colours.
"""

from __future__ import annotations

import sqlite3
import struct
import tempfile
import zipfile
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image, ImageChops

PSD, CLIP, ZIP, SQLITE = b"8BPS", b"CSFCHUNK", b"PK\x03\x04", b"SQLite format 3\0"
MERGED, THUMBNAIL = "mergedimage.png", "QuickLook/Thumbnail.png"
MAX_WITHIN = 200 * 2**20  # bytes of a picture that is packed in a file
_VERSION_INFO = 1057  # of a PSD's resources: who wrote it, and whether its merged picture is real
_PROFILE = 1039


class LayersAlone(Exception):
    """The file holds layers, and no picture of all of them."""


def picture_within(file: bytes) -> tuple[bytes, bool]:
    """The picture's own file within an artist's file, and whether it is only a preview; any other file as it is.

    Raises LayersAlone, and what zipfile and sqlite3 raise for broken files.
    """
    if file.startswith(ZIP):
        return _in_zip(file)
    if file.startswith(CLIP):
        return _in_database(file), True
    return file, False


def merged_psd(file: bytes) -> Image.Image:
    """The merged picture of a PSD, or of a PSB, which may be larger, in its own colours, its profile in `info`.

    Raises LayersAlone, and as Pillow does. Photoshop mixes white into what is half transparent and keeps the
    transparency beside it; others write plain colours. What has white in it is nowhere darker than its share of white,
    and shows on white as it is.
    """
    head = _Head.of(file)
    picture = _by_planes(file) if head.is_large or head.depth > 8 else _opened(file)
    profile = head.resources.get(_PROFILE)
    if not head.is_merged or (head.layers and _is_one_colour(picture)):
        raise LayersAlone
    if picture.mode == "RGBA" and (head.layers > 0 or _has_white_in_it(picture)):
        picture = picture.convert("RGB")
    picture.info = {"icc_profile": profile} if profile else {}
    return picture


def is_of_layers(zipped: Path) -> bool:
    """Whether a zip is a drawing program's file, and not somebody's pages."""
    try:
        with zipfile.ZipFile(zipped) as files:
            return not {"mimetype", MERGED, THUMBNAIL}.isdisjoint(files.namelist())
    except zipfile.BadZipFile:
        return False


def _in_zip(file: bytes) -> tuple[bytes, bool]:
    with zipfile.ZipFile(BytesIO(file)) as files:
        names = files.namelist()
        if "mimetype" not in names and THUMBNAIL not in names and MERGED not in names:
            raise Image.UnidentifiedImageError
        name = next((name for name in (MERGED, THUMBNAIL) if name in names), None)
        if name is None:
            raise LayersAlone
        if files.getinfo(name).file_size > MAX_WITHIN:
            raise MemoryError
        with files.open(name) as packed:  # which reads no more than was said
            return packed.read(), name == THUMBNAIL


def _in_database(file: bytes) -> bytes:
    """Of a Clip Studio file: its largest preview."""
    start = file.find(SQLITE)
    if start < 0:
        raise LayersAlone
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.db"
        path.write_bytes(file[start:])
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            rows = database.execute("SELECT ImageData FROM CanvasPreview").fetchall()
    previews = [data for (data,) in rows if isinstance(data, bytes)]
    if not previews:
        raise LayersAlone
    return max(previews, key=len)


class _Head:
    """What a PSD says of its merged picture before it comes."""

    def __init__(self, is_large: bool, depth: int, resources: dict[int, bytes], layers: int) -> None:
        self.is_large = is_large  # a PSB, as programs save what is higher than 30,000 pixels: a strip
        self.depth = depth
        self.resources = resources
        self.layers = layers  # how many; below 0: the merged picture has their transparency

    @staticmethod
    def of(file: bytes) -> _Head:
        """Adobe Photoshop File Formats Specification, November 2019."""
        (version,), (depth,) = struct.unpack_from(">H", file, 4), struct.unpack_from(">H", file, 22)
        is_large = version == 2
        at = 26 + 4 + struct.unpack_from(">I", file, 26)[0]
        (length,) = struct.unpack_from(">I", file, at)
        resources, at, end = dict[int, bytes](), at + 4, at + 4 + length
        while at + 12 <= min(end, len(file)):
            number, name = struct.unpack_from(">HB", file, at + 4)
            at += 6 + (name + 2) // 2 * 2
            (size,) = struct.unpack_from(">I", file, at)
            resources[number] = file[at + 4 : at + 4 + size]
            at += 4 + (size + 1) // 2 * 2
        count, size = (">Q", 8) if is_large else (">I", 4)
        (length,) = struct.unpack_from(count, file, end)
        layers = struct.unpack_from(f"{count}h", file, end + size) if length >= size + 2 else (0, 0)
        return _Head(is_large, depth, resources, layers[1] if layers[0] else 0)

    @property
    def is_merged(self) -> bool:
        said = self.resources.get(_VERSION_INFO, b"")
        return len(said) < 5 or said[4] != 0


def _opened(file: bytes) -> Image.Image:
    picture = Image.open(BytesIO(file), formats=("PSD",))
    picture.load()
    return ImageChops.invert(picture.convert("L")) if picture.mode == "1" else picture  # Pillow takes its ink for paper


def _by_planes(file: bytes) -> Image.Image:
    """Of 16 or 32 bits a channel, or in a PSB: what Pillow does not read."""
    from psd_tools import psd as psd_files  # pyright: ignore[reportMissingTypeStubs]

    psd = cast("Any", psd_files).PSD.read(BytesIO(file))
    header = psd.header
    planes = [_eight_bits(plane, header.depth, header.width) for plane in psd.image_data.get_data(header)]
    match int(header.color_mode):
        case 1:
            return planes[0]
        case 3:
            return Image.merge("RGBA", planes[:4]) if len(planes) > 3 else Image.merge("RGB", planes)
        case 4:
            return ImageChops.invert(Image.merge("CMYK", planes[:4]))
        case _:
            raise Image.UnidentifiedImageError


def _eight_bits(plane: bytes, depth: int, width: int) -> Image.Image:
    if depth == 8:
        return Image.frombytes("L", (width, len(plane) // width), plane)
    whole = 65535 if depth == 16 else 1
    shares = np.frombuffer(plane, ">u2" if depth == 16 else ">f4").astype(np.float32) / whole
    values = np.asarray(np.rint(np.minimum(np.maximum(shares, 0), 1) * 255), np.uint8)
    return Image.frombytes("L", (width, len(values) // width), values.tobytes())


def _is_one_colour(picture: Image.Image) -> bool:
    return all(low == high for low, high in map(_range, picture.split()))


def _range(band: Image.Image) -> tuple[int, int]:
    return cast("tuple[int, int]", band.getextrema())


def _has_white_in_it(picture: Image.Image) -> bool:
    *colours, alpha = picture.split()
    whites = ImageChops.invert(alpha)
    darkest = (_range(ImageChops.subtract(whites, colour))[1] for colour in colours)
    return all(lacking <= 2 for lacking in darkest)  # of 255, for rounding
