"""What a kept PNG says of its request, and what is read out of strangers' files."""

from __future__ import annotations

import dataclasses
import io
import json
import struct
import time
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from fakes import RED, flat
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from library_store.library import CharacterLibrary
from library_store.pictures import Pictures
from library_store.png_request import MAX_TEXT, read_request, request_texts
from library_store.records import NewPicture, VisualProfile
from pipeline.request import Engine, LeftOut, PictureRequest, SteeringImage
from pipeline.values import Likeness, Missing

REQUEST = {
    "prompt": "비 오는 서울의 민아, red hair",
    "negative_prompt": "blurry, hat",
    "seed": 41,
    "count": 4,
    "steps": 20,
    "guidance_scale": 6.5,
    "identity_scale": 0.7,
    "reference": "01890000-0000-7000-8000-000000000000",
    "scheduler": "DPMSolverMultistepScheduler",
    "written": "비 오는 서울의 민아",
    "visual_profile": asdict(VisualProfile(hair="red hair")),
}
LIKENESS = Likeness(0.9, "judge", "same person", 0.001, False, usual=True, rejection=(Missing(("hat",)),))


WRITTEN = PictureRequest(
    written="비 오는 서울의 민아",
    prompt="비 오는 서울의 민아, red hair",
    negative_prompt="blurry, hat",
    seed=41,
    place=1,
    count=4,
    steps=20,
    guidance_scale=6.5,
    identity_scale=0.7,
    scheduler="DPMSolverMultistepScheduler",
    scheduler_settings={"use_karras_sigmas": True},
    width=256,
    height=256,
    pack="paperdoll",
    pack_hash="c0ffee",
    steering=(SteeringImage("01890000-0000-7000-8000-000000000000", "main"),),
    look=VisualProfile(hair="red hair"),
    context="rainy night",
    left_out=(LeftOut("zeppelin", "unknown word"),),
    engine=Engine("diffusers", "0.42.1", "2.13.0", "cpu", threads=2, batch=2),
)


def drawn(**changes: Any) -> NewPicture:
    return NewPicture(flat(RED), "variant", request=dataclasses.replace(WRITTEN, **changes), likeness=LIKENESS)


def kept(new: NewPicture, folder: Path) -> Path:
    pictures = Pictures.open(str(folder))
    return Path(pictures.path(pictures.put(new.picture, request_texts(new))))


def png(**texts: str) -> bytes:
    chunks, buffer = PngInfo(), io.BytesIO()
    for keyword, text in texts.items():
        chunks.add_itxt(keyword, text)
    flat(RED).save(buffer, "PNG", pnginfo=chunks)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(kind: bytes, data: bytes) -> bytes:
    """A picture with a chunk that Pillow would not write; it stands right behind the header."""
    whole = png()
    return whole[:33] + chunk(kind, data) + whole[33:]


def test_a_kept_picture_gives_its_whole_request_back(tmp_path: Path) -> None:
    found = read_request(kept(drawn(), tmp_path))
    assert found == WRITTEN
    assert found is not None and found.picture_seed == 42


def test_a_picture_that_an_older_castbook_wrote_gives_its_request_too() -> None:
    older = {"request": REQUEST, "pack": "paperdoll", "seed": 42, "source": "variant", "likeness": None}
    found = read_request(png(castbook=json.dumps(older)))
    assert found is not None
    assert (found.written, found.look.hair, found.seed, found.place) == ("비 오는 서울의 민아", "red hair", 41, 1)
    assert (found.pack, found.main_image_id) == ("paperdoll", "01890000-0000-7000-8000-000000000000")
    assert found.assumed == ("width", "height")


def test_the_bytes_are_read_as_the_file_is(tmp_path: Path) -> None:
    path = kept(drawn(), tmp_path)
    assert read_request(path.read_bytes()) == read_request(path)


def test_other_programs_find_the_request_as_automatic1111_writes_it(tmp_path: Path) -> None:
    with Image.open(kept(drawn(), tmp_path)) as opened:
        assert opened.info["parameters"] == (
            "비 오는 서울의 민아, red hair\n"
            "Negative prompt: blurry, hat\n"
            "Steps: 20, Sampler: DPM++ 2M, CFG scale: 6.5, Seed: 42, Size: 64x64, Model: paperdoll"
        )


def test_our_chunk_holds_request_source_and_likeness(tmp_path: Path) -> None:
    with Image.open(kept(drawn(), tmp_path)) as opened:
        ours = json.loads(opened.info["castbook"])
    assert ours == {
        "request": WRITTEN.to_json(),
        "source": "variant",
        "likeness": {
            "version": 2,
            "similarity": 0.9,
            "encoder": "judge",
            "band": "same person",
            "false_accept_rate": 0.001,
            "copied": False,
            "steering_similarity": None,
            "not_measured": None,
            "circular": False,
            "usual": True,
            "loosest_rate": None,
            "rejection": [{"kind": "missing", "phrases": ["hat"]}],
            "as_written": None,
            "score": None,
            "against": None,
            "lost_marks": None,
            "kept_marks": None,
            "unwanted_marks": None,
        },
    }
    assert ours["request"]["version"] == 2


def test_the_same_picture_of_the_same_request_is_one_file_and_of_another_request_another(tmp_path: Path) -> None:
    assert kept(drawn(), tmp_path) == kept(drawn(), tmp_path) != kept(drawn(seed=43), tmp_path)


def test_an_upload_carries_nothing(tmp_path: Path) -> None:
    path = kept(NewPicture(flat(RED), "uploaded"), tmp_path)
    with Image.open(path) as opened:
        assert opened.info == {"srgb": 0}  # which says what its numbers mean
    assert read_request(path) is None


def test_the_library_keeps_pictures_with_their_request(library: CharacterLibrary) -> None:
    story = library.create_story(library.create_project("Moonlight").id, "Chapter 1")
    member = library.create_character(story.id, "Mina", [drawn()], "generated")
    found = read_request(library.get_picture_path(member.options[0].image.id))
    assert found is not None and found.picture_seed == 42


def test_a_picture_whose_likeness_was_kept_in_sentences_says_its_request_all_the_same() -> None:
    likeness = {
        "similarity": None, "encoder": None, "band": "not measured", "false_accept_rate": None, "copied": None,
        "reason": "No face was found in this picture, so likeness could not be measured.",
        "steering_similarity": None, "rejection": "no face was found",
    }  # fmt: skip
    ours = {"request": REQUEST, "pack": "paperdoll", "seed": 42, "source": "variant", "likeness": likeness}

    found = read_request(png(castbook=json.dumps(ours)))

    assert found is not None and (found.prompt, found.picture_seed) == (REQUEST["prompt"], 42)


def test_a_picture_of_automatic1111_is_read_too() -> None:
    parameters = (
        "a girl in the rain,\n(umbrella:1.2)\nNegative prompt: blurry,\nhat\n"
        'Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 965400086, Size: 512x512, Model: "x, y", Version: v1.6.0'
    )
    found = read_request(png(parameters=parameters))
    assert found is not None
    assert (found.prompt, found.negative_prompt) == ("a girl in the rain,\n(umbrella:1.2)", "blurry,\nhat")
    assert (found.seed, found.picture_seed, found.steps, found.guidance_scale) == (965400086, 965400086, 20, 7)
    assert {"identity_scale", "scheduler", "pack"} <= set(found.assumed)


def test_parameters_without_settings_are_a_prompt() -> None:
    found = read_request(png(parameters="a girl: tall, pale"))
    assert found is not None and found.prompt == found.written == "a girl: tall, pale"


def test_what_we_wrote_is_read_by_its_parameters_where_our_chunk_was_lost(tmp_path: Path) -> None:
    with Image.open(kept(drawn(), tmp_path)) as opened:
        found = read_request(png(parameters=opened.info["parameters"]))
    assert found is not None
    assert (found.prompt, found.negative_prompt, found.seed, found.steps) == (
        REQUEST["prompt"],
        "blurry, hat",
        42,
        20,
    )


@pytest.mark.parametrize(
    "ours",
    [
        "",
        "no JSON",
        "[]",
        '{"request": 5}',
        '{"request": {}}',
        '{"request": {"prompt": "a", "seed": -1}}',
        '{"request": {"prompt": "a", "seed": 1e400}}',
        '{"request": {"prompt": "a", "guidance_scale": NaN}}',
        '{"request": {"prompt": "a", "visual_profile": {"hair": 5}}}',
        '{"request": {"prompt": "a"}, "seed": 99999999999999999999999999}',
        '{"request": ' * 5000,
        "[" * 60_000,
        json.dumps({"request": {"prompt": "a" * MAX_TEXT}}),
    ],
)
def test_a_damaged_or_hostile_chunk_of_ours_is_no_request(ours: str) -> None:
    assert read_request(png(castbook=ours)) is None
    found = read_request(png(castbook=ours, parameters="a girl"))
    assert found is not None and found.prompt == "a girl"


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"no picture",
        png(castbook="x")[:60],
        with_chunk(b"iTXt", b"parameters"),
        with_chunk(b"iTXt", b"parameters\0\1\0\0\0" + b"no zlib"),
        with_chunk(b"iTXt", b"parameters\0\1\0\0\0" + zlib.compress(b"a" * 2**26)),
        with_chunk(b"zTXt", b"castbook\0\0" + zlib.compress(b"a" * 2**26)),
        with_chunk(b"tEXt", b"parameters\0" + b"a" * (MAX_TEXT + 1)),
        with_chunk(b"IHDR", struct.pack(">IIBBBBB", 2**30, 2**30, 8, 2, 0, 0, 0)),
    ],
)
def test_a_damaged_or_hostile_file_has_no_request(file: bytes) -> None:
    assert read_request(file) is None


@pytest.mark.parametrize("line", ["a" * MAX_TEXT, " " * MAX_TEXT, 'a:"' * (MAX_TEXT // 3), "ab: " * (MAX_TEXT // 4)])
def test_no_line_of_settings_takes_long(line: str) -> None:
    started = time.perf_counter()
    read_request(png(parameters=f"x\n{line}"[:MAX_TEXT]))
    assert time.perf_counter() - started < 2
