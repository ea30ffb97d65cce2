"""The chunks of a PNG, without decoding one: what stands beside the pixels can be read or left out, whatever it is.

Pillow refuses the whole picture for one text of 2 MB, a profile that cannot be unpacked or a wrong checksum in a chunk
that nobody needs.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_BESIDE = 2**22  # bytes of what stands beside the pixels, packed or not; a large profile has 2 MB

_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_COLOURS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1}  # bytes of each
_ORIENTED = (b"Raw profile type exif", b"XML:com.adobe.xmp")  # texts in which Pillow finds how a picture was held


@dataclass(frozen=True)
class Chunk:
    kind: bytes
    start: int  # of its data in the file
    end: int  # beyond the file where that was cut off


def chunks(file: bytes) -> Iterator[Chunk]:
    """Up to where the file ends or is damaged."""
    at = len(SIGNATURE)
    while at + 8 <= len(file):
        length, kind = struct.unpack_from(">I4s", file, at)
        yield Chunk(kind, at + 8, at + 8 + length)
        at += 12 + length


def with_what_counts(file: bytes) -> bytes:
    """The PNG with its pixels, what says their colours and which way is up; its first picture, where it has several."""
    if not file.startswith(SIGNATURE):
        return file
    view = memoryview(file)
    kept = (view[chunk.start - 8 : chunk.end + 4] for chunk in chunks(file) if _counts(file, chunk))
    return SIGNATURE + b"".join(kept)


def inflated(data: bytes, window_bits: int = zlib.MAX_WBITS) -> bytes | None:
    """None where it cannot be unpacked, or would be too long."""
    unpacker = zlib.decompressobj(window_bits)
    try:
        whole = unpacker.decompress(data, MAX_BESIDE)
    except zlib.error:
        return None
    return whole if unpacker.eof else None


def _counts(file: bytes, chunk: Chunk) -> bool:
    if chunk.kind in _PIXELS:
        return True
    data = file[chunk.start : min(chunk.end, chunk.start + MAX_BESIDE)]
    if chunk.end - chunk.start > len(data) or not _is_whole(file, chunk):
        return False
    keyword, _, rest = data.partition(b"\0")
    if chunk.kind == b"iCCP":
        return inflated(rest[1:]) is not None
    if chunk.kind in _COLOURS:
        return len(data) == _COLOURS[chunk.kind]
    is_oriented = chunk.kind in (b"tEXt", b"iTXt") and keyword in _ORIENTED and len(data) < 2**20
    return chunk.kind == b"eXIf" or is_oriented


def _is_whole(file: bytes, chunk: Chunk) -> bool:
    checksum = zlib.crc32(memoryview(file)[chunk.start - 4 : chunk.end])
    return file[chunk.end : chunk.end + 4] == struct.pack(">I", checksum)
