"""Files as artists have them: every program's picture is read by its content, in the colours that it shows."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from artists_files import HEIC, clip, kra, ora, png, procreate, psd, zipped
from PIL import Image
from psd_tools import PSDImage

from errors import UnreadablePicture
from pipeline.artists_files import MAX_WITHIN
from pipeline.uploads import read_picture, read_upload

HALVES = Image.new("RGB", (80, 40), "red")
HALVES.paste("blue", (40, 0, 80, 40))


def colours(file: bytes) -> tuple[object, object]:
    picture = read_picture(file)
    return picture.getpixel((10, 20)), picture.getpixel((70, 20))


def saved(kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    HALVES.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("write", [kra, ora])
def test_the_merged_picture_of_a_layered_file_is_read(write) -> None:
    read = read_upload(write(HALVES))
    assert (read.picture.size, read.notes) == ((80, 40), ())
    assert colours(write(HALVES)) == ((255, 0, 0), (0, 0, 255))


def test_a_preview_is_said_to_be_one(tmp_path: Path) -> None:
    for file in (clip(HALVES, tmp_path), procreate(HALVES)):
        assert read_upload(file).notes == ("preview",)
        assert colours(file) == ((255, 0, 0), (0, 0, 255))


@pytest.mark.parametrize("kind", ["TIFF", "AVIF", "BMP", "GIF", "TGA"])
def test_other_formats_are_read(kind: str) -> None:
    left, right = colours(saved(kind, **({"quality": 100} if kind == "AVIF" else {})))
    assert np.abs(np.subtract(left, (255, 0, 0))).max() < 12  # type: ignore[arg-type]
    assert np.abs(np.subtract(right, (0, 0, 255))).max() < 12  # type: ignore[arg-type]


def test_a_photograph_of_a_telephone_is_read() -> None:
    picture = read_picture(HEIC)
    assert picture.size == (64, 64)
    assert np.abs(np.subtract(picture.getpixel((10, 30)), (255, 0, 0))).max() < 12
    assert np.abs(np.subtract(picture.getpixel((54, 30)), (0, 0, 255))).max() < 12


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_of_several_pictures_the_first_is_taken_and_said_to_be_it(kind: str) -> None:
    read = read_upload(saved(kind, save_all=True, append_images=[Image.new("RGB", (80, 40), "lime")]))
    assert read.notes == ("first of several",)
    assert read.picture.getpixel((10, 20))[0] > 200
    assert read_upload(saved(kind)).notes == ()


def soft(colour: tuple[float, float, float], alpha: float, white_mixed_in: bool) -> list[np.ndarray]:
    """A PSD's planes: the colour fades in from left to right, up to `alpha`."""
    fade = np.tile(np.linspace(0, alpha, 64), (64, 1))
    planes = [np.full((64, 64), part) for part in colour]
    return [plane * fade + (1 - fade) if white_mixed_in else plane for plane in planes] + [fade]


@pytest.mark.parametrize("white_mixed_in", [True, False], ids=["Photoshop", "Krita"])
@pytest.mark.parametrize("is_large", [False, True], ids=["PSD", "PSB"])
@pytest.mark.parametrize("depth", [8, 16])
def test_soft_edges_of_a_psd_lie_on_white_once_whichever_program_wrote_it(
    white_mixed_in: bool, depth: int, is_large: bool
) -> None:
    picture = read_picture(psd(soft((0.1, 0.2, 0.9), 0.5, white_mixed_in), depth=depth, is_large=is_large))
    assert np.abs(np.subtract(picture.getpixel((63, 10)), (140, 153, 242))).max() <= 2
    assert picture.getpixel((0, 10)) == (255, 255, 255)


def test_psd_tools_own_file_is_read_as_it_was_written() -> None:
    picture = Image.new("RGBA", (64, 64), (30, 80, 220, 128))
    buffer = BytesIO()
    PSDImage.frompil(picture).save(buffer)
    assert np.abs(np.subtract(read_picture(buffer.getvalue()).getpixel((5, 5)), (142, 167, 237))).max() <= 2


def test_a_saved_selection_is_no_transparency() -> None:
    ramp, nothing = np.tile(np.linspace(0, 1, 64), (64, 1)), np.zeros((64, 64))
    assert read_picture(psd([ramp, nothing, nothing, nothing], layers=2)).getpixel((63, 5)) == (255, 0, 0)


def test_a_bitmap_documents_ink_is_black() -> None:
    """A set bit is ink (psd-tools, pil_io._create_image), eight of them a byte."""
    ink = np.zeros((64, 8), np.uint8)
    ink[:, :4] = 255
    header = b"8BPS" + struct.pack(">H6xHIIHH", 1, 1, 64, 64, 1, 0)
    picture = read_picture(header + bytes(12) + struct.pack(">H", 0) + ink.tobytes())
    assert [picture.getpixel((x, 9)) for x in (5, 60)] == [(0, 0, 0), (255, 255, 255)]


@pytest.mark.parametrize("is_large", [False, True], ids=["PSD", "PSB"])
@pytest.mark.parametrize(("depth", "mode"), [(16, 1), (32, 3), (16, 4), (8, 1), (8, 4)])
def test_deep_grey_and_cmyk_documents_are_read(depth: int, mode: int, is_large: bool) -> None:
    shares = {1: [0.5], 3: [1.0, 0.5, 0.0], 4: [0.0, 0.5, 1.0, 1.0]}[mode]  # of CMYK: what is left of the paper's white
    said = {1: (128, 128, 128), 3: (255, 128, 0), 4: (0, 128, 255)}[mode]
    picture = read_picture(psd([np.full((64, 64), share) for share in shares], mode, depth, 0, is_large=is_large))
    assert np.abs(np.subtract(picture.getpixel((5, 5)), said)).max() <= 2


@pytest.mark.parametrize("merged", [False, True, None])
def test_layers_without_a_picture_of_all_of_them_are_told_so(merged: bool | None) -> None:
    """What says so, and what says otherwise and shows one colour."""
    with pytest.raises(UnreadablePicture, match="Maximise compatibility"):
        read_picture(psd([np.ones((64, 64))] * 3, layers=2, merged=merged))
    if not merged:
        with pytest.raises(UnreadablePicture, match="Maximise compatibility"):
            read_picture(zipped(mimetype=b"application/x-krita"))


def test_a_bomb_in_a_layered_file_is_no_picture() -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mergedimage.png", bytes(MAX_WITHIN + 1), compresslevel=1)
    with pytest.raises(UnreadablePicture, match="too much memory"):
        read_picture(buffer.getvalue())


@pytest.mark.parametrize("cut", [30, 60, 200])
def test_a_layered_file_that_breaks_off_is_damaged(cut: int, tmp_path: Path) -> None:
    for file in (kra(HALVES), psd([np.ones((64, 64))] * 3), clip(HALVES, tmp_path)):
        with pytest.raises(UnreadablePicture):
            read_picture(file[:cut])


def test_a_zip_of_something_else_is_no_picture() -> None:
    with pytest.raises(UnreadablePicture, match="no picture"):
        read_picture(zipped(**{"word/document.xml": b"<w/>", "page.png": png(HALVES)}))
