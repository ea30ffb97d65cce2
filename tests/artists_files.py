"""Small files as drawing programs write them, built byte by byte as their formats say."""

from __future__ import annotations

import base64
import sqlite3
import struct
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image


def png(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def zipped(**files: bytes) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def kra(picture: Image.Image) -> bytes:
    small = picture.resize((32, 32))
    return zipped(**{"mimetype": b"application/x-krita", "preview.png": png(small), "mergedimage.png": png(picture)})


def ora(picture: Image.Image) -> bytes:
    return zipped(**{"mimetype": b"image/openraster", "stack.xml": b"<image/>", "mergedimage.png": png(picture)})


def procreate(picture: Image.Image) -> bytes:
    return zipped(**{"Document.archive": b"bplist00", "QuickLook/Thumbnail.png": png(picture)})


def clip(picture: Image.Image, folder: Path) -> bytes:
    """Clip Studio Paint: chunks, the last but one a database with the canvas's preview."""
    path = folder / "canvas.db"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE CanvasPreview (_PW_ID INTEGER, ImageData BLOB)")
    database.execute("INSERT INTO CanvasPreview VALUES (1, ?)", (png(picture),))
    database.commit()
    database.close()
    data = path.read_bytes()
    path.unlink()
    head = b"CSFCHUNK" + struct.pack(">QQ", 48 + len(data), 24) + b"CHNKHead" + struct.pack(">Q", 0)
    return head + b"CHNKSQLi" + struct.pack(">Q", len(data)) + data + b"CHNKFoot" + struct.pack(">Q", 0)


def psd(
    planes: Sequence[np.ndarray],
    mode: int = 3,
    depth: int = 8,
    layers: int = -1,
    merged: bool | None = None,
    is_large: bool = False,
) -> bytes:
    """Of planes in 0 to 1; `layers` below 0 say that the fourth is transparency; merged: as version info says it; large
    ones (PSB) count in 64 bits."""
    height, width = planes[0].shape
    header = b"8BPS" + struct.pack(">H6xHIIHH", 1 + is_large, len(planes), height, width, depth, mode)
    version = struct.pack(">I?", 1, bool(merged)) + struct.pack(">I", 0) * 2 + struct.pack(">I", 1)
    resources = b"" if merged is None else b"8BIM" + struct.pack(">HHI", 1057, 0, len(version)) + version + b"\0"
    record = struct.pack(">4IH", 0, 0, 0, 0, 0) + b"8BIMnorm" + struct.pack(">4BI", 255, 0, 0, 0, 12) + bytes(12)
    info = struct.pack(">h", layers) + record * abs(layers)
    info += bytes(len(info) % 2)
    size = ">Q" if is_large else ">I"
    beside = struct.pack(size, len(info)) + info + struct.pack(">I", 0) if layers else b""
    kind, whole = {8: (">u1", 255), 16: (">u2", 65535), 32: (">f4", 1)}[depth]
    values = (plane if depth == 32 else np.rint(plane * whole) for plane in planes)
    pixels = b"".join(value.astype(kind).tobytes() for value in values)
    parts = ((">I", b""), (">I", resources), (size, beside))
    return header + b"".join(struct.pack(count, len(part)) + part for count, part in parts) + bytes(2) + pixels


# 64 x 64, red on the left and blue on the right, by libheif 1.20 with x265.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAA"
    "AAAERAAAEAAQAAAAABegABAAAAAAAAACkAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA1mlwcnAA"
    "AAC3aXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkA"
    "AAAwAAAwAeoCCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAA"
    "QAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAADFtZGF0AAAAJSgBr1j5DpJf//Od3/+VHpD7EWYn/8/iYv6idp/4v/"
    "RHEv/v4Rg="
)
