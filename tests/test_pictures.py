from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from errors import LibraryUnavailable
from library_store.pictures import MARKER, Pictures, is_damaged


def noise(seed: int, width: int = 40, height: int = 30, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


@pytest.fixture(params=["folder", "memory"])
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Pictures:
    return Pictures.open(str(tmp_path / "pictures") if request.param == "folder" else f"memory://{tmp_path}")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_a_picture_comes_back_pixel_by_pixel(pictures: Pictures, mode: str):
    picture = noise(1, mode=mode)
    kept = pictures.get(pictures.put(picture))
    assert kept.mode == mode
    assert kept.tobytes() == picture.tobytes()


def test_a_mode_that_png_cannot_hold_becomes_rgb(pictures: Pictures):
    assert pictures.get(pictures.put(noise(1, mode="CMYK"))).mode == "RGB"


def test_the_name_is_the_sha_256_of_the_file(pictures: Pictures):
    content_hash = pictures.put(noise(1))
    assert hashlib.sha256(Path(pictures.path(content_hash)).read_bytes()).hexdigest() == content_hash


def test_the_same_picture_is_one_file_and_another_is_another(pictures: Pictures):
    assert pictures.put(noise(1)) == pictures.put(noise(1)) != pictures.put(noise(2))


def test_nothing_but_the_pixels_is_kept(pictures: Pictures, tmp_path: Path):
    info = PngInfo()
    info.add_text("Location", "37.5665 N")
    noise(1).save(tmp_path / "photo.png", pnginfo=info, dpi=(72, 72))
    assert pictures.put(Image.open(tmp_path / "photo.png")) == pictures.put(noise(1))


def test_a_thumbnail_is_a_small_webp_of_the_same_shape_and_made_once(pictures: Pictures):
    content_hash = pictures.put(noise(1, width=600, height=300))
    path = Path(pictures.thumbnail_path(content_hash))
    with Image.open(path) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("WEBP", (256, 128))
    made_at = path.stat().st_mtime_ns
    assert pictures.thumbnail_path(content_hash) == str(path)
    assert path.stat().st_mtime_ns == made_at


def test_what_is_served_lies_in_the_served_folder(pictures: Pictures):
    content_hash = pictures.put(noise(1))
    for path in (pictures.path(content_hash), pictures.thumbnail_path(content_hash)):
        assert pictures.served_folder in Path(path).parents


def test_a_damaged_file_is_refused_rather_than_shown(tmp_path: Path):
    pictures = Pictures.open(str(tmp_path))
    content_hash = pictures.put(noise(1))
    Path(pictures.path(content_hash)).write_bytes(b"")
    with pytest.raises(LibraryUnavailable, match=r"damaged.*backup"):
        pictures.get(content_hash)
    with pytest.raises(LibraryUnavailable, match="damaged"):
        pictures.thumbnail_path(content_hash)


def test_what_is_served_is_checked_against_the_hash_that_it_is_named_by(pictures: Pictures):
    content_hash = pictures.put(noise(3))
    path, thumbnail = Path(pictures.path(content_hash)), Path(pictures.thumbnail_path(content_hash))
    assert (is_damaged(path), is_damaged(thumbnail)) == (False, False)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert is_damaged(path)


def test_putting_a_picture_again_heals_its_damaged_file(tmp_path: Path):
    pictures = Pictures.open(str(tmp_path))
    Path(pictures.path(pictures.put(noise(1)))).write_bytes(b"")
    assert pictures.get(pictures.put(noise(1))).tobytes() == noise(1).tobytes()


def test_a_missing_file_is_named(pictures: Pictures):
    with pytest.raises(LibraryUnavailable, match=r"0000.*missing"):
        pictures.path("0" * 64)


def test_no_temporary_file_is_left_behind(tmp_path: Path):
    pictures = Pictures.open(str(tmp_path))
    pictures.thumbnail_path(pictures.put(noise(1)))
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".txt", ".png", ".webp"}


def test_a_folder_without_the_marker_is_refused_where_it_cannot_be_new(tmp_path: Path):
    with pytest.raises(LibraryUnavailable, match="not mounted"):
        Pictures.open(str(tmp_path), may_be_new=False)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_goes_away_later_takes_no_new_pictures(pictures: Pictures, tmp_path: Path):
    content_hash = pictures.put(noise(1))
    unmounted = Pictures.open(str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere" / MARKER).unlink()
    with pytest.raises(LibraryUnavailable, match="not mounted"):
        unmounted.put(noise(2))
    with pytest.raises(LibraryUnavailable, match="not mounted"):
        unmounted.get(content_hash)


@pytest.mark.parametrize("url", ["nowhere://bucket", "/dev/null/pictures"])
def test_a_place_that_cannot_be_reached_is_explained(url: str):
    with pytest.raises(LibraryUnavailable, match="CASTBOOK_PICTURES"):
        Pictures.open(url)
