"""What of a prompt a picture lacks, read by the real onnxruntime and the real CLIP on models that were made by hand."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fakes import BLUE, GREEN, RED, fake_pack, flat
from PIL import Image
from toy_packs import write_classifier, write_clip
from transformers import CLIPModel, CLIPProcessor

from errors import PackUnavailable
from pipeline.adherence import ClassifierReader, load_prompt_reader
from pipeline.clip_reader import ClipReader
from pipeline.packs import ClassifierAdherence, ClipAdherence, Pack
from pipeline.vocabulary import Vocabulary

WORDS = Vocabulary(
    {
        "outfit": {"raincoat": ("rain jacket",), "dress": (), "spacesuit": ("astronaut suit",), "hanbok": ()},
        "light": {"day": ("daylight",), "night": ("by night",)},
        "marks": {"a scar": ()},
    },
    ("a", "in", "by"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adherence")
    write_classifier(folder / "adherence")
    write_clip(folder / "clip")
    return folder


@pytest.fixture
def pack(folder: Path) -> Pack:
    return replace(fake_pack(vocabulary=WORDS), folder=folder, adherence=ClassifierAdherence("adherence"))


@pytest.fixture
def damaged(pack: Pack, tmp_path: Path) -> Pack:
    """An operator's own pack folder, to be damaged."""
    return replace(pack, folder=shutil.copytree(pack.folder, tmp_path / "pack"))


# -- the pack's own classifier -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "missing"),
    [
        ("a raincoat, day", ()),
        ("a spacesuit, day", ("spacesuit",)),
        ("dress by night", ("dress", "night")),
        ("spacesuit, raincoat, night", ("night",)),
        ("spacesuit, dress", ("dress", "spacesuit")),
        ("spacesuit, hanbok, zeppelin, a scar", ("spacesuit",)),
        ("rain jacket in daylight", ()),
        ("a astronaut suit", ("spacesuit",)),
    ],
)
def test_a_phrase_is_missing_where_the_picture_shows_another_of_its_group(
    pack: Pack, prompt: str, missing: tuple[str, ...]
):
    reader = load_prompt_reader(pack)

    assert reader and reader.missing(flat((255, 200, 200)), prompt) == missing


def test_another_picture_shows_something_else(pack: Pack):
    reader = load_prompt_reader(pack)

    assert reader and [reader.missing(flat(colour), "dress") for colour in (RED, GREEN, BLUE)] == [
        ("dress",),
        (),
        ("dress",),
    ]


@pytest.mark.parametrize("prompt", ["a scar", "a zeppelin", "", "a hanbok"])
def test_what_the_classifier_was_not_taught_is_not_measured(pack: Pack, prompt: str):
    """The vocabulary may say more than the classifier tells apart."""
    reader = load_prompt_reader(pack)

    assert reader and reader.missing(flat(RED), prompt) is None


def test_the_classifier_sees_red_green_blue_from_minus_one_to_one(folder: Path):
    seen: list[np.ndarray] = []

    class Output:
        def __init__(self, name: str, count: int) -> None:
            self.name, self.shape = name, [1, count]

    class Session:
        def get_inputs(self) -> list[Output]:
            return [Output("picture", 0)]

        def get_outputs(self) -> list[Output]:
            return [Output("light", 2)]

        def run(self, names: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
            seen.append(inputs["picture"])
            return [np.array([[0.0, 1.0]])]

    reader = ClassifierReader(Session(), {"light": ("day", "night")}, WORDS)

    assert reader.missing(Image.new("RGBA", (256, 200), (255, 0, 127, 255)), "day") == ("day",)
    assert (seen[0].shape, seen[0].dtype) == ((1, 3, 128, 128), np.float32)
    assert seen[0][0, :, 5, 9] == pytest.approx([1, -1, 0], abs=0.01)


def rewrite_labels(folder: Path, labels: dict[str, list[str]]) -> None:
    (folder / "adherence" / "labels.json").write_text(json.dumps(labels))


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "no folder": lambda folder: shutil.rmtree(folder / "adherence"),
    "no labels": lambda folder: (folder / "adherence" / "labels.json").unlink(),
    "broken labels": lambda folder: (folder / "adherence" / "labels.json").write_text("{"),
    "no model": lambda folder: (folder / "adherence" / "adherence.onnx").unlink(),
    "LFS pointer": lambda folder: (folder / "adherence" / "adherence.onnx").write_text("version https://git-lfs"),
    "other groups": lambda folder: rewrite_labels(
        folder, {"outfit": ["raincoat", "dress", "spacesuit"], "hair": ["bob"]}
    ),
    "other phrases": lambda folder: rewrite_labels(folder, {"outfit": ["raincoat"], "light": ["day", "night"]}),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_adherence_model_is_said_to_be_so(damaged: Pack, damage: Callable[[Path], Any]):
    damage(damaged.folder)

    with pytest.raises(PackUnavailable, match="adherence model 'adherence' of the pack 'fake'"):
        load_prompt_reader(damaged)


def test_a_classifier_without_a_vocabulary_is_refused(pack: Pack):
    with pytest.raises(PackUnavailable, match="no vocabulary"):
        load_prompt_reader(replace(pack, vocabulary=None))


# -- CLIP --------------------------------------------------------------------------------------------------------------


def a_clip_that_sees(folder: Path, picture: Image.Image, phrase: str, other: str) -> ClipReader:
    return ClipReader(a_model_that_sees(folder, picture, phrase, other), CLIPProcessor.from_pretrained(folder))


def a_model_that_sees(folder: Path, picture: Image.Image, phrase: str, other: str) -> CLIPModel:
    """`picture` is like the phrase, unlike the other one, and neither to no phrase."""
    model, processor = CLIPModel.from_pretrained(folder).eval(), CLIPProcessor.from_pretrained(folder)
    said = [f"a picture of {phrase}", "a picture", f"a picture of {other}"]
    texts, pixels = (
        processor(text=said, return_tensors="pt", padding=True),
        processor(images=picture, return_tensors="pt"),
    )
    with torch.no_grad():
        directions = model.text_projection(model.text_model(**texts).pooler_output)
        directions /= directions.norm(dim=1, keepdim=True)
        seen = model.vision_model(pixels.pixel_values).pooler_output[0]
        model.visual_projection.weight.copy_(torch.outer(directions.pinverse() @ torch.tensor([1.0, 0.0, -1.0]), seen))
    return model


def test_clip_misses_the_phrase_that_says_less_of_the_picture_than_no_phrase(folder: Path):
    reader = a_clip_that_sees(folder / "clip", flat(RED), "raincoat", "zeppelin")

    assert reader.missing(flat(RED), "raincoat, zeppelin") == ("zeppelin",)
    assert reader.missing(flat(RED), " Zeppelin ,\n, raincoat") == ("Zeppelin",)
    assert reader.missing(flat(RED), "raincoat") == ()


def test_a_phrase_is_judged_the_same_whatever_stands_beside_it(folder: Path):
    reader = a_clip_that_sees(folder / "clip", flat(BLUE), "raincoat", "zeppelin")

    beside = reader.missing(flat(BLUE), "zeppelin, a cat, raincoat, a dog that barks at the moon")
    alone = [
        reader.missing(flat(BLUE), phrase)
        for phrase in ("zeppelin", "a cat", "raincoat", "a dog that barks at the moon")
    ]

    assert beside == tuple(phrase for missing in alone if missing for phrase in missing)


def test_a_phrase_longer_than_clip_reads_is_read_from_its_beginning(folder: Path):
    reader = a_clip_that_sees(folder / "clip", flat(RED), "raincoat", "zeppelin")

    assert reader.missing(flat(RED), "a cat " * 100) is not None


def test_an_empty_prompt_asks_for_nothing_that_could_be_measured(folder: Path):
    reader = a_clip_that_sees(folder / "clip", flat(RED), "raincoat", "zeppelin")

    assert reader.missing(flat(RED), " , ") is None


def test_the_pack_names_its_clip(damaged: Pack):
    folder = damaged.folder / "clip"
    a_model_that_sees(folder, flat(RED), "raincoat", "zeppelin").save_pretrained(folder)

    reader = load_prompt_reader(replace(damaged, adherence=ClipAdherence("clip"), vocabulary=None))

    assert reader and reader.missing(flat(RED), "raincoat, zeppelin") == ("zeppelin",)


def test_a_clip_that_is_not_there_says_what_to_do(damaged: Pack, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (damaged.folder / "clip" / "model.safetensors").write_bytes(b"<html>")

    for clip in ("clip", "nobody/nothing"):
        with pytest.raises(
            PackUnavailable, match=rf"(?s)CLIP model '{clip}' of the pack 'fake' could .*Go online once"
        ):
            load_prompt_reader(replace(damaged, adherence=ClipAdherence(clip)))


# -- neither -----------------------------------------------------------------------------------------------------------


def test_a_pack_that_names_no_reader_has_none(pack: Pack):
    assert load_prompt_reader(replace(pack, adherence=None)) is None


def test_the_packs_own_classifier_brings_in_no_torch():
    program = "import sys, pipeline.adherence; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert "onnxruntime" in loaded
    assert not {"torch", "transformers", "insightface", "pipeline.clip_reader"} & set(loaded)
