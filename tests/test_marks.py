"""Which of a person's marks a picture shows, read by the real onnxruntime on a model that was made by hand."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import BLUE, GREEN, RED, FakeFaces, FakeGenerator, fake_pack, flat, reference_of, studio_of
from PIL import Image
from toy_packs import write_marks_reader

from errors import PackUnavailable
from library_store.records import NewPicture, Story, VisualProfile
from library_store.store import LibraryStore
from pipeline.marks import SIDE, MarksReader, head, load_marks_reader
from pipeline.packs import Marks, Pack
from pipeline.variants import VariantMaker
from pipeline.vocabulary import Vocabulary
from ui.story.run_area import verdict_on
from ui.words import long_likeness, marks_said

MARKS = Vocabulary(
    {
        "marks": {"a scar": ("scar",), "freckles": (), "a mole": ()},
        "hair colour": {"red hair": (), "green hair": ()},
        "accessories": {"glasses": (), "scarf": ()},
    },
    ("with",),
)
FACE = FakeFaces().faces(flat(RED))[0].landmarks


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("marks")
    write_marks_reader(folder / "marks")
    return replace(fake_pack(vocabulary=MARKS), folder=folder, marks=Marks("marks"))


@pytest.fixture(scope="module")
def reader(pack: Pack) -> MarksReader:
    reader = load_marks_reader(pack)
    assert reader
    return reader


@pytest.mark.parametrize(
    ("colour", "prompt", "lost"),
    [
        (RED, "red hair with a scar", ()),
        (GREEN, "red hair with a scar", ("a scar", "red hair")),
        (RED, "scar, freckles", ("freckles",)),
        (RED, "a mole", ()),  # nobody says so of what is not read reliably
        (GREEN, "red hair, green hair", ()),  # a character's own, and what the scene makes of it
        (BLUE, "red hair, green hair", ("red hair", "green hair")),
        (GREEN, "scarf", ()),
    ],
)
def test_a_mark_that_is_asked_for_and_not_shown_is_lost(reader: MarksReader, colour, prompt, lost) -> None:
    assert sorted(reader.missing(flat(colour), FACE, prompt)) == sorted(lost)


@pytest.mark.parametrize(
    ("colour", "kept_out", "shown"), [(RED, "a scar", ("a scar",)), (GREEN, "a scar", ()), (RED, "", ())]
)
def test_what_was_to_be_kept_out_and_is_shown_is_said(reader: MarksReader, colour, kept_out, shown) -> None:
    assert reader.showing(flat(colour), FACE, kept_out) == shown


def test_a_picture_that_shows_what_was_to_be_kept_out_says_so(pack: Pack, reader: MarksReader) -> None:
    maker = VariantMaker(FakeGenerator(), FakeFaces(), pack, None, reader)
    request = pack.request("no scar, red hair", 0, count=1)
    [variant] = maker.generate(request, reference_of(flat(RED)), lambda step: None).ranked
    assert variant.likeness.unwanted_marks == ("a scar",)
    assert "still shows “a scar”" in long_likeness(variant.likeness)


def test_what_the_reference_shows_of_the_person_is_kept_or_not(reader: MarksReader) -> None:
    red, green = reader.shown(flat(RED), FACE), reader.shown(flat(GREEN), FACE)
    assert (reader.kept(red, red), reader.kept(green, red)) == (1.0, 0.0)
    assert reader.kept(red, frozenset({"a mole", "glasses"})) is None


def test_a_head_is_cut_upright_and_whole() -> None:
    """A face turned by a quarter comes out as the same head."""
    drawn = np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8)
    picture = Image.fromarray(drawn).resize((256, 256), Image.Resampling.BICUBIC)
    landmarks = np.array([[100, 110], [156, 110], [128, 140], [108, 165], [148, 165]], np.float32)
    turned = np.stack([landmarks[:, 1], 256 - landmarks[:, 0]], 1).astype(np.float32)
    upright = head(picture, landmarks).astype(int)
    assert upright.shape == (SIDE, SIDE, 3)
    assert np.abs(upright - head(picture.transpose(Image.Transpose.ROTATE_90), turned))[20:-20, 20:-20].mean() < 3


def test_of_two_variants_the_one_that_kept_the_marks_is_better(pack: Pack, reader: MarksReader) -> None:
    nearly_red = (250, 60, 0)
    draw = FakeGenerator(lambda asked, seed: flat(nearly_red) if seed % 2 else _with_green_edges())
    maker = VariantMaker(draw, FakeFaces(), pack, None, reader)
    request = pack.request("red hair, a scar", 0, count=2)
    ranked = maker.generate(request, reference_of(flat(RED)), lambda step: None).ranked
    assert [variant.likeness.lost_marks for variant in ranked] == [(), ("a scar", "red hair")]
    assert [variant.seed for variant in ranked] == [1, 0] and not any(variant.rejection for variant in ranked)
    assert ranked[1].likeness.similarity > ranked[0].likeness.similarity
    assert "“a scar”, “red hair” are missing" in long_likeness(ranked[1].likeness)
    assert "missing" not in long_likeness(ranked[0].likeness)
    said = marks_said(ranked[1].likeness, ["a scar", "red hair"], ["a scar"])
    assert said == "✗ **Lost:** a scar\n\n✗ **Asked for, not drawn:** red hair"  # which was never theirs
    assert marks_said(ranked[0].likeness, [], ["a scar"]) == "✓ **Kept:** a scar\n\n✓ **Drawn as asked:** red hair"
    all_but_a_mark = replace(ranked[1], missing=())
    assert "shows all" not in verdict_on(all_but_a_mark)
    assert "shows all" in verdict_on(replace(ranked[0], missing=()))


def test_a_broken_reader_is_named(pack: Pack, tmp_path: Path) -> None:
    damaged = replace(pack, folder=shutil.copytree(pack.folder, tmp_path / "pack"))
    (damaged.folder / "marks" / "marks.onnx").write_bytes(b"no model")
    with pytest.raises(PackUnavailable, match="reader of marks 'marks' of the pack 'fake' could not be loaded"):
        load_marks_reader(damaged)
    assert load_marks_reader(replace(pack, marks=None)) is None


@pytest.mark.parametrize(
    ("scene", "drawn"),
    [
        ("in the rain", "in the rain, red hair, glasses, rainy Seoul"),
        ("in the rain, scarf", "in the rain, scarf, red hair, rainy Seoul"),
        ("without glasses", "without glasses, red hair, rainy Seoul"),
        ("with glasses", "with glasses, red hair, rainy Seoul"),
    ],
)
def test_whoever_wears_glasses_wears_them_unless_the_scene_says_otherwise(
    store: LibraryStore, story: Story, pack: Pack, scene: str, drawn: str
) -> None:
    studio = studio_of(store, pack, lambda: VariantMaker(FakeGenerator(), FakeFaces(), pack))
    looks = VisualProfile(hair="red hair", outfit="a coat", accessories="scarf, glasses")
    member = studio.library.create_character(
        story.id, "Hana", [NewPicture(flat(RED), "uploaded")], "generated", "", looks
    )
    assert studio.drawing.prompt_of_variant(story.id, member.options[0].image.id, scene) == drawn


def _with_green_edges() -> Image.Image:
    """The face is red as ever, the head around it is not."""
    picture = flat(GREEN)
    picture.paste(RED, (30, 30, 34, 34))
    return picture
