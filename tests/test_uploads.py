"""What strangers upload: everything becomes a clean RGB picture or a sentence, and so do boxes drawn on it."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import RED, FakeFaces, flat
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from errors import InvalidRequest, UnreadablePicture
from pipeline.decoders import Decoders, Ended
from pipeline.decoding import FORMATS
from pipeline.picture_texts import PictureTexts
from pipeline.uploads import MAX_UPLOAD, MIN_BOX, Upload, alone, clipped_box, kept_of, read_picture, texts_of
from pipeline.values import Box, Face


def file_of(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG of some 60 bytes that claims a size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


HALVES = Image.new("RGB", (80, 40), "red")
HALVES.paste("blue", (40, 0, 80, 40))  # red on the left, blue on the right


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", ["hana.dat", "hana.png", "hana.jpg", "hana.jfif", "hana.jpe", "hana.gif", "hana"])
def test_pictures_of_any_format_are_read_whatever_their_names_end_in(kind: str, name: str, tmp_path: Path):
    path = tmp_path / name  # says nothing
    path.write_bytes(file_of(HALVES, kind))

    assert read_picture(path).size == read_picture(str(path)).size == read_picture(path.read_bytes()).size == (80, 40)
    assert read_picture(path).mode == "RGB"


def test_a_large_picture_is_read_as_large_as_it_is():
    assert read_picture(file_of(Image.new("RGB", (3000, 1500)))).size == (3000, 1500)


def test_a_sideways_photograph_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # held to the right: what was left is now above
    picture = read_picture(file_of(HALVES, "JPEG", exif=exif))

    assert picture.size == (40, 80)
    top, bottom = picture.getpixel((20, 10)), picture.getpixel((20, 70))
    assert isinstance(top, tuple) and isinstance(bottom, tuple)
    assert top[0] > 200 and bottom[2] > 200


def test_transparency_is_laid_on_white_whatever_colour_hides_in_it():
    hidden = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    palette = Image.new("P", (40, 40), 0)

    assert read_picture(file_of(hidden)).getpixel((0, 0)) == (255, 255, 255)
    assert read_picture(file_of(palette, transparency=0)).getpixel((0, 0)) == (255, 255, 255)


def test_sixteen_bits_of_grey_become_eight_without_clipping():
    ramp = np.linspace(0, 65535, 64, dtype=np.uint16)[None].repeat(64, 0)
    picture = np.asarray(read_picture(file_of(Image.fromarray(ramp))))[0, :, 0]

    assert (picture.min(), picture.max()) == (0, 255)
    assert abs(int(picture[32]) - 130) <= 1


def test_floating_points_of_grey_become_eight_bits():
    file = BytesIO()
    Image.fromarray(np.linspace(-0.1, 1.2, 64, dtype=np.float32)[None].repeat(64, 0)).save(file, "TIFF")
    values = np.asarray(read_picture(file.getvalue()))[0, :, 0]
    assert (values[0], values[-1]) == (0, 255)
    assert len(set(values.tolist())) > 40


def test_cmyk_and_grey_become_rgb():
    assert read_picture(file_of(HALVES.convert("CMYK"), "JPEG")).mode == "RGB"
    assert read_picture(file_of(HALVES.convert("L"))).mode == "RGB"


def test_metadata_stays_behind():
    assert read_picture(file_of(HALVES, "JPEG", comment=b"where I live", dpi=(72, 72))).info == {}


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"I am a text file that is called picture.png", "no picture that Castbook can read"),
        (b"", "no picture that Castbook can read"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "no picture that Castbook can read"),
        (file_of(HALVES, "PPM"), "no picture that Castbook can read"),
        (file_of(Image.effect_noise((200, 200), 50), "JPEG")[:2000], "damaged"),
        (png_header(100, 100), "damaged"),
        (png_header(8000, 8000), "too large"),
        (png_header(10_000, 10_000), "10000 x 10000"),
        (png_header(20_000, 20_000), "too large: 20000 x 20000"),
        (file_of(Image.new("RGB", (3000, 20))), "only 3000 x 20 pixels"),
        (bytes(MAX_UPLOAD + 1), "MB"),
    ],
    ids=["text", "empty", "svg", "ppm", "cut JPEG", "empty PNG", "64 MP", "100 MP", "400 MP", "a thread", "heavy"],
)
def test_what_is_no_fit_picture_is_refused_with_a_sentence(content: bytes, cause: str, tmp_path: Path):
    path = tmp_path / "picture.png"
    path.write_bytes(content)

    with pytest.raises(UnreadablePicture, match=cause):
        read_picture(path)


def test_of_a_box_that_reaches_out_of_the_picture_what_lies_in_it_counts():
    assert clipped_box((-10, -20, 50, 1000), HALVES) == (0, 0, 50, 40)
    assert clipped_box((10, 5, 30, 25), HALVES) == (10, 5, 30, 25)


def test_one_of_several_is_kept_with_what_is_around_them():
    [face] = FakeFaces().faces(flat(RED))
    there = replace(face, box=(150.0, 20.0, 170.0, 40.0), landmarks=np.full((5, 2), (160, 30), np.float32))

    picture, moved = alone(Image.new("RGB", (200, 100)), there)

    assert picture.size == (80, 80)  # four faces
    assert moved.box == (30, 20, 50, 40)  # from 120, 0 on: the square stays in the picture
    assert (moved.landmarks == (40, 30)).all()
    assert moved.identities == there.identities


def face_at(*box: float) -> Face:
    [face] = FakeFaces().faces(flat(RED))
    return replace(face, box=box, landmarks=np.full((5, 2), ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), np.float32))


def test_of_a_portrait_everything_is_kept_though_no_larger_than_anybody_draws():
    picture, there = kept_of(Upload(Image.new("RGB", (4096, 2048)), ()), face_at(1000, 400, 2000, 1400))

    assert picture.size == (1024, 512)
    assert there.box == (250, 100, 500, 350)
    assert (there.landmarks == (375, 225)).all()


def test_of_a_strip_the_surroundings_of_the_face_are_kept_in_the_strips_own_pixels():
    strip = Image.new("RGB", (800, 12_000))
    strip.paste("red", (100, 9_000, 164, 9_064))

    picture, there = kept_of(Upload(strip, ()), face_at(100, 9_000, 164, 9_064))

    assert picture.size == (256, 256)
    assert picture.crop(tuple(int(edge) for edge in there.box)).getcolors() == [(64 * 64, (255, 0, 0))]


@pytest.mark.parametrize(
    "box",
    [
        (10, 10, 10 + MIN_BOX - 1, 40),
        (10, 10, 60, 10 + MIN_BOX - 1),
        (60, 10, 20, 40),
        (100, 0, 200, 40),
    ],
    ids=["narrow", "flat", "inside out", "outside"],
)
def test_a_box_too_small_for_a_face_is_refused(box: Box):
    with pytest.raises(InvalidRequest, match="too small"):
        clipped_box(box, HALVES)


def test_what_stands_in_a_file_and_hidden_in_its_pixels_is_read_by_the_process_that_can_be_killed(
    monkeypatch: pytest.MonkeyPatch,
):
    """In this one no picture is opened."""
    chunks = PngInfo()
    chunks.add_itxt("parameters", "a girl, 한글")
    said = file_of(HALVES, pnginfo=chunks)
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("opened here"))
    assert texts_of(said).chunks == {"parameters": "a girl, 한글"}
    assert texts_of(said, hidden=True) == texts_of(b"no picture") == PictureTexts()


def test_a_process_that_is_ended_over_a_files_texts_is_said_and_another_reads_the_next(tmp_path: Path):
    (tmp_path / "dies.py").write_text("import sys\nsys.stdin.buffer.readline()\n")
    with pytest.raises(Ended):
        Decoders((str(tmp_path / "dies.py"),)).texts(b"anything")
    (tmp_path / "lies.py").write_text("print('{\"bytes\": 99999999999}', flush=True)\ninput()\n")
    with pytest.raises(Ended):
        Decoders((str(tmp_path / "lies.py"),)).texts(b"anything", hidden=True)
