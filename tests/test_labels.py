"""What leaves says what it is: read back by our own reader, and by exiftool where that is installed."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import RED, fake_maker, fake_pack, flat, studio_of
from made_up import generated, image_ids, portrait
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from evaluation.report import _address
from library_store.library import CharacterLibrary
from library_store.pictures import Pictures
from library_store.png_request import find_request, read_source_type
from library_store.records import CastMember, NewPicture, Story
from library_store.store import LibraryStore
from pipeline.labels import DRAWN, MIXED, source_type_in, xmp_of

DRAWN_TERM = f"http://cv.iptc.org/newscodes/digitalsourcetype/{DRAWN}"


@pytest.fixture
def member(library: CharacterLibrary, story: Story) -> CastMember:
    """An upload, a variant of it, a variant of that, and one from words alone."""
    member = library.create_character(story.id, "Hana", [NewPicture(flat(RED), "uploaded")], "generated")
    [upload] = image_ids(member)
    first = replace(portrait((9, 200, 9)), source="variant", parent_id=upload, is_mixed=True)
    member = library.add_options(member.id, [first], "variant")
    second = replace(portrait((9, 9, 200)), source="variant", parent_id=image_ids(member)[1])
    last = replace(generated(7), request=fake_pack().request("a girl", seed=0))
    return library.add_options(member.id, [second, last], "variant")


def paths(library: CharacterLibrary, member: CastMember) -> list[str]:
    return [library.get_picture_path(id) for id in image_ids(member)]


def test_pictures_say_who_made_them_and_uploads_say_nothing(library: CharacterLibrary, member: CastMember):
    said = [read_source_type(path) for path in paths(library, member)]
    assert said == [None, MIXED, DRAWN, DRAWN]
    thumbnails = [read_source_type(library.get_thumbnail_path(id)) for id in image_ids(member)]
    assert thumbnails == said


def test_a_variant_that_an_upload_steered_is_mixed(library: CharacterLibrary, store: LibraryStore, story: Story):
    studio = studio_of(store, fake_pack(), fake_maker)
    member = library.create_character(story.id, "Hana", [NewPicture(flat(RED), "uploaded")], "generated")
    for reference, said in ((0, MIXED), (1, DRAWN)):
        *_, made = studio.drawing.generate_character_variant(story.id, image_ids(member)[reference], "a hat", count=1)
        member = made.member
        assert read_source_type(paths(library, member)[-1]) == said


def test_the_label_stands_beside_the_request_and_the_colour_space(library: CharacterLibrary, member: CastMember):
    path = paths(library, member)[-1]
    found = find_request(path)
    assert found and found.request.prompt == "a girl"
    with Image.open(path) as opened:
        assert opened.info["srgb"] == 0


def test_an_export_says_it_of_each_picture(library: CharacterLibrary, member: CastMember, tmp_path: Path):
    library.export_zip(tmp_path / "all.zip", member.character.project_id)
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        for line in map(json.loads, archive.read("metadata.jsonl").splitlines()):
            assert read_source_type(archive.read(line["file_name"])) == line["digital_source_type"]


def test_what_was_kept_before_there_were_labels_leaves_with_one(tmp_path: Path):
    pictures = Pictures.open(str(tmp_path / "pictures"))
    content_hash = pictures.put(flat(RED), {"parameters": "a girl", "castbook": "{}"})
    kept = pictures.read(content_hash)
    path = pictures.path(content_hash)
    assert read_source_type(path) == DRAWN
    assert pictures.path(content_hash) == path
    assert pictures.read(content_hash) == kept
    with Image.open(path) as opened:
        assert opened.info["parameters"] == "a girl"
        assert opened.getpixel((3, 3)) == RED
    pictures.remove(content_hash)
    assert not Path(path).exists()


def test_an_upload_that_said_it_is_kept_without(library: CharacterLibrary, story: Story, tmp_path: Path):
    chunks = PngInfo()
    chunks.add_itxt("XML:com.adobe.xmp", xmp_of(DRAWN))
    flat(RED).save(tmp_path / "theirs.png", pnginfo=chunks)
    with Image.open(tmp_path / "theirs.png") as theirs:
        member = library.create_character(story.id, "Hana", [NewPicture(theirs, "uploaded")], "generated")
    assert read_source_type(paths(library, member)[0]) is None


@pytest.mark.parametrize(
    ("xmp", "said"),
    [
        (xmp_of(MIXED), MIXED),
        (f"<a:DigitalSourceType> {DRAWN_TERM}</a:DigitalSourceType>", DRAWN),
        (f"<a Iptc4xmpExt:DigitalSourceType = '{DRAWN_TERM}'/>", DRAWN),
        ("<a>DigitalSourceType</a>", None),
        ("", None),
    ],
)
def test_a_label_is_read_however_it_is_written(xmp: str, said: str | None):
    assert source_type_in(xmp) == said


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed: libimage-exiftool-perl")
def test_exiftool_reads_the_labels(library: CharacterLibrary, member: CastMember, tmp_path: Path):
    report = tmp_path / "report.jpg"
    report.write_bytes(base64.b64decode(_address(flat(RED), xmp_of(DRAWN)).partition(",")[2]))
    files = [*paths(library, member), library.get_thumbnail_path(image_ids(member)[-1]), str(report)]
    command = ["exiftool", "-j", "-n", "-XMP-iptcExt:DigitalSourceType", "-PNG:SRGBRendering", *files]
    found = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    terms = [each.get("DigitalSourceType", "").rpartition("/")[2] for each in found]
    assert terms == ["", MIXED, DRAWN, DRAWN, DRAWN, DRAWN]
    assert [each.get("SRGBRendering") for each in found[:4]] == [0, 0, 0, 0]
