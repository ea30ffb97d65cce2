"""Pictures in wide, printed, linear or 16-bit colours become sRGB, and what is wrong beside the pixels is left out."""

from __future__ import annotations

import io
import struct
import time
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from foreign_pictures import chunk
from PIL import Image, ImageCms

from pipeline.colours import matrix_profile
from pipeline.uploads import read_picture

Colour = tuple[int, int, int]

D65 = (0.3127, 0.3290)
SRGB = (D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
P3 = (D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_RGB = (D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
COLOURS: list[Colour] = [(244, 200, 170), (255, 90, 160), (40, 180, 90), (10, 10, 12), (255, 255, 255), (128, 128, 128)]


def to_xyz(primaries: Sequence[tuple[float, float]]) -> np.ndarray:
    white, *rest = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in primaries)
    matrix = np.stack(rest, 1)
    return matrix * np.linalg.solve(matrix, white)


def by_hand(colour: Colour, primaries: Sequence[tuple[float, float]], gamma: float | None) -> Colour:
    """In sRGB, by the definition alone; all of these are seen in D65. gamma None: sRGB's own curve."""
    values = np.array(colour) / 255
    srgb = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    linear = np.linalg.inv(to_xyz(SRGB)) @ to_xyz(primaries) @ (srgb if gamma is None else values**gamma)
    clipped = np.clip(linear, 0, 1)
    encoded = np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)
    red, green, blue = (round(value) for value in encoded * 255)
    return red, green, blue


def saved(colour: Any, kind: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    buffer = io.BytesIO()
    lossless = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True, "exact": True}}.get(kind, {})
    Image.new(mode, (48, 40), colour).save(buffer, kind, **lossless, **options)
    return buffer.getvalue()


def with_chunks(file: bytes, *chunks: bytes) -> bytes:
    return file[:33] + b"".join(chunks) + file[33:]


def gama(gamma: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(gamma * 100_000)))


def chrm(primaries: Sequence[tuple[float, float]]) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for point in primaries for value in point)))


def cicp(primaries: int, transfer: int) -> bytes:
    return chunk(b"cICP", bytes([primaries, transfer, 0, 1]))


def kept(file: bytes) -> Colour:
    pixel = read_picture(file).getpixel((9, 9))
    assert isinstance(pixel, tuple) and len(pixel) == 3
    return int(pixel[0]), int(pixel[1]), int(pixel[2])


def off(one: Colour, other: Colour) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize(
    ("primaries", "gamma"), [(P3, None), (P3, 2.2), (ADOBE_RGB, 563 / 256), (SRGB, 1.8), (SRGB, 1.0)]
)
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_a_profile_is_followed(
    colour: Colour, primaries: Sequence[tuple[float, float]], gamma: float | None, kind: str
) -> None:
    profile = matrix_profile(primaries, gamma)
    assert off(kept(saved(colour, kind, icc_profile=profile)), by_hand(colour, primaries, gamma)) <= 4


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize(
    ("chunks", "primaries", "gamma"),
    [
        ([chrm(P3), gama(1 / 2.2)], P3, None),
        ([chrm(P3)], P3, None),
        ([gama(1 / 1.8)], SRGB, 1.8),
        ([gama(1.0)], SRGB, 1.0),
        ([gama(1 / 2.2)], SRGB, None),
        ([chrm(SRGB), gama(0.45455)], SRGB, None),
        ([cicp(12, 13)], P3, None),
        ([cicp(12, 13), chrm(SRGB), gama(1.0)], P3, None),  # says it better
        ([cicp(1, 13), gama(1.0)], SRGB, None),
        ([chunk(b"sRGB", b"\0"), chrm(P3), gama(1.0)], SRGB, None),
        # what cannot be
        ([gama(0)], SRGB, None),
        ([gama(900)], SRGB, None),
        ([chrm([(0, 0)] * 4)], SRGB, None),
        ([chrm([(0.3, 0.3)] * 4)], SRGB, None),
        ([chunk(b"cHRM", b"short")], SRGB, None),
        ([chunk(b"gAMA", b"")], SRGB, None),
        ([cicp(99, 13)], SRGB, None),
    ],
)
def test_so_is_what_else_a_png_says_of_its_colours(
    colour: Colour, chunks: list[bytes], primaries: Sequence[tuple[float, float]], gamma: float | None
) -> None:
    assert off(kept(with_chunks(saved(colour), *chunks)), by_hand(colour, primaries, gamma)) <= 3


def test_a_cameras_adobe_rgb_is_followed() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 65535
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    colour = (40, 180, 90)
    assert off(kept(saved(colour, "JPEG", exif=exif)), by_hand(colour, ADOBE_RGB, 563 / 256)) <= 4


def test_transparency_is_laid_on_white_after_the_colours_were_made() -> None:
    profile = matrix_profile(P3, None)
    half = kept(saved((40, 180, 90, 128), mode="RGBA", icc_profile=profile))
    whole = by_hand((40, 180, 90), P3, None)
    assert off(half, tuple(round(value * 128 / 255 + 127) for value in whole)) <= 2  # pyright: ignore[reportArgumentType]
    assert kept(saved((40, 180, 90, 0), mode="RGBA", icc_profile=profile)) == (255, 255, 255)


def test_a_palette_and_a_grey_picture_follow_a_profile_too() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (48, 40), (40, 180, 90)).quantize(4).save(buffer, "PNG", icc_profile=matrix_profile(P3, None))
    assert off(kept(buffer.getvalue()), by_hand((40, 180, 90), P3, None)) <= 3
    assert kept(saved(128, mode="L", icc_profile=matrix_profile(SRGB, 1.8))) == by_hand((128,) * 3, SRGB, 1.8)


def grey_profile(gamma: float) -> bytes:
    """The profile above, of one channel: its colours become one curve."""
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    table = struct.pack(">I4sII4sII", 2, b"wtpt", 156, 20, b"kTRC", 176, 14)
    body = table + white + curve
    header = struct.pack(">I4sI4s4s4s6H4s28s", 128 + len(body), bytes(4), 0x02400000, b"mntr", b"GRAY", b"XYZ ",
                         2026, 1, 1, 0, 0, 0, b"acsp", bytes(28))  # fmt: skip
    return header + struct.pack(">3i", 63190, 65536, 54061) + bytes(48) + body


@pytest.mark.parametrize("mode", ["L", "LA", "I;16", "RGB"])
def test_a_profile_for_grey_is_followed_by_what_is_grey(mode: str) -> None:
    values = {"L": 128, "LA": (128, 255), "I;16": 128 * 257, "RGB": (128, 128, 128)}
    file = saved(values[mode], mode=mode, icc_profile=grey_profile(1.0))
    assert off(kept(file), by_hand((128,) * 3, SRGB, 1.0)) <= 2


def test_sixteen_bits_a_channel_follow_their_profile() -> None:
    """Written by hand: Pillow reads them, and writes none."""
    colour, rows = (40, 180, 90), b""
    for _ in range(40):
        rows += b"\0" + struct.pack(">3H", *(value * 257 for value in colour)) * 48
    header = struct.pack(">IIBBBBB", 48, 40, 16, 2, 0, 0, 0)
    profile = b"p\0\0" + zlib.compress(matrix_profile(P3, None))
    file = b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(kind, data)
        for kind, data in [(b"IHDR", header), (b"iCCP", profile), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    )
    assert off(kept(file), by_hand(colour, P3, None)) <= 2


def test_a_profile_of_srgb_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for colour in COLOURS:
        assert off(kept(saved(colour, icc_profile=profile)), colour) <= 1


@pytest.mark.parametrize(
    "profile",
    [b"", b"no profile", matrix_profile(P3, None)[:200], b"x" * 2**23, bytes(128), grey_profile(1.0),
     matrix_profile(P3, None).replace(b"RGB XYZ ", b"CMYKLab ")],
    ids=["empty", "words", "cut", "huge", "zeros", "for grey", "for print"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_broken_profile_or_one_for_other_pictures_is_left_out(profile: bytes, kind: str) -> None:
    assert off(kept(saved((40, 180, 90), kind, icc_profile=profile)), (40, 180, 90)) <= 3


CYAN = (55.0, -37.0, -50.0)  # Lab in D50, of ink on paper


def print_profile() -> bytes:
    """A table of two steps an ink: paper is white, cyan alone as above, all else black."""
    inks = [(95.0, 0.0, 0.0), *[(0.0, 0.0, 0.0)] * 15]  # the last of C, M, Y, K changes fastest
    inks[8] = CYAN
    table = bytes(round(value) for light, a, b in inks for value in (light * 2.55, a + 128, b + 128))
    identity = struct.pack(">9i", *(65536 if at % 4 == 0 else 0 for at in range(9)))
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + bytes(range(256)) * 4 + table + bytes(range(256)) * 3
    body = struct.pack(">I4sII", 1, b"A2B0", 144, len(lut)) + lut + bytes(-len(lut) % 4)
    header = struct.pack(">I4sI4s4s4s6H4s28s", 128 + len(body), bytes(4), 0x02400000, b"prtr", b"CMYK", b"Lab ",
                         2026, 1, 1, 0, 0, 0, b"acsp", bytes(28))  # fmt: skip
    return header + struct.pack(">3i", 63190, 65536, 54061) + bytes(48) + body


def test_a_printed_picture_follows_its_profile() -> None:
    """By the definition of Lab that cyan is (0, 151, 218), its red below zero; without the profile (0, 255, 255)."""
    profile = print_profile()
    assert off(kept(saved((255, 0, 0, 0), "JPEG", "CMYK", icc_profile=profile)), (0, 151, 218)) <= 6
    assert off(kept(saved((0, 0, 0, 255), "JPEG", "CMYK", icc_profile=profile)), (0, 0, 0)) <= 3


def test_a_printed_picture_without_a_profile_is_read_as_before() -> None:
    assert kept(saved((0, 255, 255, 0), "JPEG", "CMYK")) == pytest.approx((255, 0, 0), abs=3)


PLAIN = saved((40, 180, 90))


@pytest.mark.parametrize(
    "file",
    [
        with_chunks(PLAIN, chunk(b"tEXt", b"Comment\0" + b"x" * 2**21)),
        with_chunks(PLAIN, *[chunk(b"tEXt", b"%d\0" % number + b"x" * 2**16) for number in range(80)]),
        with_chunks(PLAIN, chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 2**26))),
        with_chunks(PLAIN, chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(b"x" * 2**21))),
        with_chunks(PLAIN, chunk(b"iTXt", b"broken")),
        with_chunks(PLAIN, chunk(b"tEXt", b"Comment\0words")[:-4] + b"\0\0\0\0"),
        with_chunks(PLAIN, chunk(b"iCCP", b"P3\0\0" + b"not packed")),
        with_chunks(PLAIN, chunk(b"iCCP", b"P3\0\0" + zlib.compress(bytes(2**26)))),
        with_chunks(PLAIN, chunk(b"iCCP", b"no end")),
        with_chunks(PLAIN, chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff")),
        with_chunks(PLAIN, chunk(b"eXIf", b"rubbish")),
        with_chunks(PLAIN, chunk(b"pHYs", b"")),
        with_chunks(PLAIN, chunk(b"acTL", b"")),
        with_chunks(PLAIN, chunk(b"zzZz", bytes(100))),
        PLAIN + b"rubbish behind it",
    ],
)
def test_what_is_wrong_beside_the_pixels_of_a_png_costs_no_pixel(file: bytes) -> None:
    assert kept(file) == (40, 180, 90)


@pytest.mark.parametrize(
    "segment",
    [b"\xff\xe1\x00\x10Exif\0\0MM\0*\xff\xff\xff\xff", b"\xff\xe1\x00\x0eExif\0\0broken",
     b"\xff\xe2\x00\x12ICC_PROFILE\0\x02\x05ab",
     b"\xff\xed\x00\x14Photoshop 3.0\0brok", b"\xff\xe2\x00\x0cMPF\0MM\0*\0\0"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_nor_of_a_jpeg(segment: bytes) -> None:
    plain = saved((40, 180, 90), "JPEG")
    assert off(kept(plain[:2] + segment + plain[2:]), (40, 180, 90)) <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_turned_upright_as_its_viewer_does(orientation: int, kind: str) -> None:
    """Four colours in its corners, laid as the orientation says they were held."""
    held = Image.new("RGB", (64, 48), "white")
    held.paste("red", (0, 0, 32, 24))
    laid = {1: held, 2: held.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 3: held.rotate(180),
            4: held.transpose(Image.Transpose.FLIP_TOP_BOTTOM), 5: held.transpose(Image.Transpose.TRANSPOSE),
            6: held.rotate(90, expand=True), 7: held.transpose(Image.Transpose.TRANSVERSE),
            8: held.rotate(-90, expand=True)}[orientation]  # fmt: skip
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    laid.save(buffer, kind, exif=exif)
    picture = read_picture(buffer.getvalue())
    assert picture.size == (64, 48)
    assert off(picture.getpixel((8, 8)), (255, 0, 0)) < 40  # pyright: ignore[reportArgumentType]
    assert off(picture.getpixel((56, 40)), (255, 255, 255)) < 40  # pyright: ignore[reportArgumentType]


def test_a_large_picture_in_wide_colours_takes_about_as_long_as_in_srgb() -> None:
    def took(**options: Any) -> float:
        buffer = io.BytesIO()
        Image.effect_noise((3000, 2000), 80).convert("RGB").save(buffer, "JPEG", **options)
        started = time.perf_counter()
        read_picture(buffer.getvalue())
        return time.perf_counter() - started

    took()
    assert took(icc_profile=matrix_profile(P3, None)) < 2 * took() + 0.5
