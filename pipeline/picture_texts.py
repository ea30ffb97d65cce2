"""What a picture's file says in words, wherever it says it: text chunks of a PNG, EXIF, XMP, the lowest bits of pixels.

It comes from strangers, and is read in the process in which their pictures are decoded (`decoders.py`). A PNG's chunks
are walked here and not by Pillow, which refuses a whole picture for one chunk of 2 MB, and sees what stands behind the
pixels only after decoding them. Whose words they are: `library_store/foreign_requests/`.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from PIL import Image

from pipeline.decoding import MAX_PIXELS
from pipeline.png_chunks import MAX_BESIDE, SIGNATURE, chunks, inflated

MAX_TEXT = MAX_BESIDE  # bytes of one text: a large ComfyUI graph has some hundred thousand
MAX_TEXTS = 2**24  # bytes of all together

_NAMED = (b"tEXt", b"zTXt", b"iTXt", b"comf", b"eXIf")
_XMP = "XML:com.adobe.xmp"
_EXIF_IFD = 0x8769
_EXIF_TAGS = {
    0x010E: "ImageDescription", 0x010F: "Make", 0x0110: "Model", 0x0131: "Software",
    0x927C: "MakerNote", 0x9286: "UserComment",
}  # fmt: skip
_STEALTH = {  # signature: (channels, compressed)
    b"stealth_pngcomp": ("A", True), b"stealth_pnginfo": ("A", False),
    b"stealth_rgbcomp": ("RGB", True), b"stealth_rgbinfo": ("RGB", False),
}  # fmt: skip
_SIGNATURE = len(b"stealth_pngcomp")
# What Pillow raises for files that are no picture, broken or too large; where warnings are errors, its warnings too.
_UNREADABLE = (
    OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, NotImplementedError, struct.error, zlib.error,
    Image.DecompressionBombError, Image.DecompressionBombWarning, UserWarning,
)  # fmt: skip


@dataclass(frozen=True)
class PictureTexts:
    """Each text by its name. What is too long or damaged is left out, the others stay."""

    chunks: Mapping[str, str] = field(default_factory=dict[str, str])  # of a PNG, by keyword
    exif: Mapping[str, str] = field(default_factory=dict[str, str])  # by the tag's name
    xmp: str = ""


def read_texts(data: bytes) -> PictureTexts:
    """Of a PNG, JPEG, WebP or AVIF; no pixel is decoded. Empty for every other file."""
    if data.startswith(SIGNATURE):
        return _of_png(data)
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "WEBP", "AVIF")) as opened:
            xmp: Any = opened.info.get("xmp", b"")
            return PictureTexts(exif=_exif_texts(opened.getexif()), xmp=_decoded(xmp) if len(xmp) <= MAX_TEXT else "")
    except _UNREADABLE:
        return PictureTexts()


def read_hidden_texts(data: bytes) -> PictureTexts:
    """What stands in the lowest bits of the pixels, column by column, behind a signature and the length in bits.

    In alpha NovelAI's form (github.com/NovelAI/novelai-image-metadata, nai_meta_writer.py, inject_data); in alpha or
    RGB SwarmUI's (src/Utils/MetadataHelper.cs, EmbedAlpha and EmbedRgb) and the extension sd_webui_stealth_pnginfo's.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "WEBP")) as opened:
            if opened.width * opened.height > MAX_PIXELS or opened.mode not in ("RGB", "RGBA"):
                return PictureTexts()
            opened.load()
            for channels in ("A", "RGB") if opened.mode == "RGBA" else ("RGB",):
                if text := _stealth_text(opened, channels):
                    return _as_texts(text)
    except _UNREADABLE:
        pass
    return PictureTexts()


def _of_png(data: bytes) -> PictureTexts:
    texts, exif, left = dict[str, str](), dict[str, str](), MAX_TEXTS
    for chunk in chunks(data):  # before and behind the pixels
        if chunk.kind not in _NAMED or chunk.end - chunk.start > MAX_TEXT:
            continue
        said = data[chunk.start : chunk.end]
        if chunk.kind == b"eXIf":
            exif = _exif_of(said)
        elif (named := _named_text(chunk.kind, said)) and len(named[1]) <= left:
            texts[named[0]] = named[1]
            left -= len(named[1])
    return PictureTexts(texts, exif, texts.pop(_XMP, ""))


def _named_text(kind: bytes, chunk: bytes) -> tuple[str, str] | None:
    """`comf` is ComfyUI's own chunk in animated PNGs, written as tEXt is (comfy_api/latest/_ui.py)."""
    keyword, separator, rest = chunk.partition(b"\0")
    if not separator:
        return None
    if kind == b"zTXt":
        rest = inflated(rest[1:])
    elif kind == b"iTXt":
        compressed, parts = rest[:1] == b"\1", rest[2:].split(b"\0", 2)
        if len(parts) < 3:
            return None
        rest = inflated(parts[2]) if compressed else parts[2]
    return None if rest is None else (_decoded(keyword), _decoded(rest))


def _decoded(text: bytes | str) -> str:
    """A tEXt chunk is Latin-1; not a few programs write UTF-8 all the same, which Latin-1 hardly ever is by chance."""
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _exif_of(chunk: bytes) -> dict[str, str]:
    exif = Image.Exif()
    try:
        exif.load(chunk)
        return _exif_texts(exif)
    except _UNREADABLE:
        return {}


def _exif_texts(exif: Image.Exif) -> dict[str, str]:
    """Of the first directory, where Fooocus has all of its own and ComfyUI its graph, and of the Exif directory."""
    found: dict[str, str] = {}
    for directory in (cast("Mapping[int, object]", exif), cast("Mapping[int, object]", exif.get_ifd(_EXIF_IFD))):
        for tag, name in _EXIF_TAGS.items():
            value = directory.get(tag)
            if isinstance(value, str | bytes) and len(value) <= MAX_TEXT:
                found[name] = _user_comment(value) if isinstance(value, bytes) else value.strip("\0")
    return found


def _user_comment(value: bytes) -> str:
    """Eight bytes that name the encoding, then the text. `UNICODE` leaves open in which order its bytes are, and some
    write UTF-8 behind it, which has no zeros: UTF-16 has one with each blank, line and letter of Latin."""
    code, text = value[:8], value[8:]
    if code == b"UNICODE\0":
        if b"\0" not in text.strip(b"\0") and not text.startswith((b"\xff\xfe", b"\xfe\xff")):
            return _decoded(text).strip("\0\ufeff")
        return text.decode(_byte_order(text), "replace").strip("\0\ufeff")
    if code == b"JIS\0\0\0\0\0":
        return text.decode("iso2022_jp", "replace").strip("\0")
    return _decoded(text if code in (b"ASCII\0\0\0", bytes(8)) else value).strip("\0")


def _byte_order(text: bytes) -> str:
    """A1111 writes big-endian whatever the file has (piexif.helper.UserComment.dump), SwarmUI little-endian. In all of
    them blanks, digits and punctuation are many: the zeros are their higher bytes."""
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return "utf-16-le" if text[1::2].count(0) > text[::2].count(0) else "utf-16-be"


def _stealth_text(picture: Image.Image, channels: str) -> str | None:
    found = _STEALTH.get(_low_bits(picture, channels, 0, _SIGNATURE))
    if not found or found[0] != channels:
        return None
    length = int.from_bytes(_low_bits(picture, channels, _SIGNATURE, 4), "big") // 8
    payload: bytes | None = _low_bits(picture, channels, _SIGNATURE + 4, min(length, MAX_TEXT + 1))
    if not 0 < length <= MAX_TEXT or payload == b"":
        return None
    if found[1]:
        payload = inflated(payload or b"", zlib.MAX_WBITS | 16)  # gzip
    return payload.decode("utf-8", "replace") if payload else None


def _low_bits(picture: Image.Image, channels: str, start: int, count: int) -> bytes:
    """`count` bytes from the one at `start` on, a bit a value; none where the picture has not so many. Only the columns
    that are needed are copied."""
    columns = -(-(start + count) * 8 // (picture.height * len(channels)))
    if columns > picture.width:
        return b""
    values = np.asarray(picture.crop((0, 0, columns, picture.height)))
    values = values[:, :, 3:] if channels == "A" else values[:, :, :3]
    bits = np.ravel(np.swapaxes(values, 0, 1))[start * 8 : (start + count) * 8] & 1
    return np.packbits(bits).tobytes()


def _as_texts(text: str) -> PictureTexts:
    """NovelAI hides the texts of its PNG as one JSON object, the others the one text that stands in `parameters`."""
    try:
        said: Any = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, dict) and isinstance(cast("dict[str, Any]", said).get("Comment"), str):
        texts = cast("dict[str, Any]", said)
        return PictureTexts({name: value for name, value in texts.items() if isinstance(value, str)})
    return PictureTexts({"parameters": text})
