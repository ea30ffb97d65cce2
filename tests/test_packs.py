"""What a pack's files say, and what is said when they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import CALIBRATION, JUDGE

from errors import PackUnavailable
from pipeline.packs import ClassifierAdherence, ClipAdherence, Vocabulary, load_pack
from settings import BUILT_IN_PACKS

TOML = """
name = "mine"
title = "Mine"
draws = "Cats."
[licence]
name = "MIT"
commercial_use = true
note = "No safety checker."
[base]
model = "."
[adapter]
model = "someone/adapter"
weights = "faceid.bin"
[faces]
model = "faces"
encoder = "steering"
[judge]
model = "judge"
encoder = "fake-judge"
[scheduler]
class = "DDIMScheduler"
clip_sample = false
[defaults]
steps = 4
guidance_scale = 5
identity_scale = 0.7
count = 2
width = 64
height = 64
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    (folder / "faces").mkdir(parents=True)
    (folder / "pack.toml").write_text(TOML)
    return folder


def test_a_pack_is_what_its_file_says(mine: Path):
    pack = load_pack("mine", [mine.parent])

    assert (pack.title, pack.licence.commercial_use, pack.defaults.steps) == ("Mine", True, 4)
    assert (pack.scheduler.class_name, pack.scheduler.config) == ("DDIMScheduler", {"clip_sample": False})
    assert (pack.faces.encoder, pack.judge_encoder) == ("steering", JUDGE)
    assert (pack.calibration, pack.vocabulary, pack.adherence) == (None, None, None)


def test_a_model_is_a_folder_of_the_pack_or_a_name_for_the_hub(mine: Path):
    pack = load_pack("mine", [mine.parent])

    assert pack.locate(pack.base.model) == str(mine.resolve())
    assert pack.locate(pack.faces.model) == str((mine / "faces").resolve())
    assert pack.locate(pack.adapter.model) == "someone/adapter"


def test_calibration_and_vocabulary_are_read_where_there_are_any(mine: Path):
    (mine / "calibration.json").write_text(CALIBRATION.to_json())
    (mine / "vocabulary.json").write_text('{"groups": {"hair": {"bob": ["short hair"]}}, "filler": ["a"]}')

    pack = load_pack("mine", [mine.parent])

    assert pack.calibration == CALIBRATION
    assert pack.vocabulary and pack.vocabulary.known == {"bob", "short", "hair", "a"}


@pytest.mark.parametrize(
    ("table", "adherence"),
    [
        ('model = "adherence"', ClassifierAdherence("adherence")),
        ('clip = "openai/clip"', ClipAdherence("openai/clip")),
        ('clip = "openai/clip"\nrevision = "refs/pr/1"', ClipAdherence("openai/clip", "refs/pr/1")),
    ],
)
def test_adherence_is_read_by_a_classifier_of_the_pack_or_by_clip(
    mine: Path, table: str, adherence: ClassifierAdherence | ClipAdherence
):
    (mine / "pack.toml").write_text(f"{TOML}[adherence]\n{table}\n")

    assert load_pack("mine", [mine.parent]).adherence == adherence


@pytest.mark.parametrize("table", ["", 'model = "adherence"\nclip = "openai/clip"', 'modle = "adherence"'])
def test_adherence_by_neither_or_by_both_is_refused(mine: Path, table: str):
    (mine / "pack.toml").write_text(f"{TOML}[adherence]\n{table}\n")

    with pytest.raises(PackUnavailable, match="adherence"):
        load_pack("mine", [mine.parent])


def test_the_operators_folder_is_looked_in_first(mine: Path, tmp_path: Path):
    other = tmp_path / "built in" / "mine"
    other.mkdir(parents=True)
    (other / "pack.toml").write_text(TOML.replace("Mine", "Built in"))

    assert load_pack("mine", [mine.parent, other.parent]).title == "Mine"
    assert load_pack("mine", [other.parent, mine.parent]).title == "Built in"


def test_a_pack_without_a_judge_is_judged_by_its_steering_encoder(mine: Path):
    (mine / "pack.toml").write_text(TOML.replace('[judge]\nmodel = "judge"\nencoder = "fake-judge"\n', ""))

    assert load_pack("mine", [mine.parent]).judge_encoder == "steering"


def test_a_missing_pack_names_those_there_are(mine: Path):
    with pytest.raises(PackUnavailable, match="'yours'.*Choose one of: mine"):
        load_pack("yours", [mine.parent, mine / "nowhere"])


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        ('title = "Mine"\n', "", "title"),
        ("steps = 4", 'steps = "four"', "defaults.steps"),
        ("width = 64", "width = 65", "defaults.width"),
        ('class = "DDIMScheduler"\n', "", "class_name"),
        ("[base]", "[base]\nmodle = 1", "modle"),
        ("[base]", "[base", "cannot be read"),
        ('name = "mine"', 'name = "yours"', "calls itself 'yours'"),
        ("fake-judge", "steering", "is the encoder that steers"),
    ],
)
def test_a_wrong_pack_file_says_what_is_wrong(mine: Path, before: str, after: str, cause: str):
    (mine / "pack.toml").write_text(TOML.replace(before, after))

    with pytest.raises(PackUnavailable, match=cause):
        load_pack("mine", [mine.parent])


@pytest.mark.parametrize("file", ["calibration.json", "vocabulary.json"])
def test_a_damaged_file_beside_it_is_not_passed_over(mine: Path, file: str):
    (mine / file).write_text("{")

    with pytest.raises(PackUnavailable, match="'mine' cannot be read"):
        load_pack("mine", [mine.parent])


def test_a_word_is_known_in_any_phrase_synonym_or_filler():
    vocabulary = Vocabulary({"outfit": {"spacesuit": ("space suit", "astronaut's suit")}}, ("a", "wearing"))

    assert vocabulary.unknown_words("A red space-suit, red; wearing ASTRONAUT'S") == ("red",)
    assert vocabulary.known_part("A red space-suit, red; wearing ASTRONAUT'S") == "a space suit, wearing astronaut's"


def test_the_full_size_pack_says_its_licence_and_is_judged_by_another_network():
    pack = load_pack("sd15-faceid", [BUILT_IN_PACKS])

    assert pack.licence.commercial_use is False
    assert "non-commercial" in pack.licence.note and "safety checker" in pack.licence.note
    assert pack.judge and (pack.faces.model, pack.judge.model) == ("buffalo_l", "antelopev2")
    assert pack.locate(pack.base.model) == "stable-diffusion-v1-5/stable-diffusion-v1-5"


def test_a_compound_is_one_word_where_it_is_known_as_one():
    vocabulary = Vocabulary({"outfit": {"t-shirt": (), "dress": ()}}, ("blue",))

    assert vocabulary.known_part("blue T-shirt") == "blue t-shirt"
    assert vocabulary.known_part("sky-blue dress") == "blue dress"
    assert vocabulary.unknown_words("sky-blue dress") == ("sky",)


def test_the_phrases_of_a_prompt_are_found_by_their_first_names_though_adjectives_stand_between():
    vocabulary = Vocabulary(
        {
            "hair": {"long straight hair": ("long hair",)},
            "hair colour": {"black hair": (), "brown hair": (), "dark brown hair": (), "green hair": ()},
            "eyes": {"green eyes": ()},
            "marks": {"a scar": ()},
            "outfit": {"school uniform": ()},
            "background": {"classroom": ("school",)},
        },
        ("a", "and", "hair", "eyes"),
    )

    assert vocabulary.phrases_in("a girl: long shiny black hair, scar; School Uniform") == {
        "hair": ("long straight hair",),
        "hair colour": ("black hair",),
        "marks": ("a scar",),
        "outfit": ("school uniform",),
    }
    assert vocabulary.phrases_in("green eyes black hair") == {"hair colour": ("black hair",), "eyes": ("green eyes",)}
    assert vocabulary.phrases_in("dark brown hair") == {"hair colour": ("dark brown hair",)}
    assert vocabulary.phrases_in("long, hair") == {}


SPACE = Vocabulary(
    {
        "hair": {"space buns hair": ("two buns",), "curly hair": ("curls",), "ponytail hair": ("ponytail",)},
        "hair colour": {"brown hair": (), "dark brown hair": ()},
        "eyes": {"brown eyes": ()},
        "skin": {"brown skin": (), "dark skin": ()},
        "body": {"slim build": ()},
        "outfit": {"spacesuit": ("space suit", "astronaut suit"), "wooden space boots": ()},
        "background": {"outer space": ("stars",), "coffee shop": (), "city at night": ()},
        "light": {"night light": ("by night",)},
    },
    ("a", "girl", "in", "at", "by", "hair", "eyes", "skin", "build"),
)


def test_a_word_that_is_only_part_of_phrases_is_half_said_and_has_phrases_offered_the_easiest_first():
    """Of few words of weight and first names before others, one of each meaning, three at most."""
    assert SPACE.half_said("a girl in space") == {"space": ("outer space", "space buns hair", "space suit")}
    assert SPACE.half_said("night: Coffee") == {"night": ("by night", "city at night"), "coffee": ("coffee shop",)}
    assert SPACE.half_said("brown dress") == {"brown": ("brown hair", "brown eyes", "brown skin")}


@pytest.mark.parametrize(
    "said",
    [
        "a girl in a space-suit, outer space, stars",
        "dark brown curly hair, by night",
        "city at night",
        "a juggling girl in the moonlight",  # these are unknown, and told as such
        "a slim girl, curly",  # what is missing has no weight
    ],
)
def test_what_a_phrase_takes_or_means_by_itself_is_not_half_said(said: str):
    assert SPACE.half_said(said) == {}


def test_a_word_in_a_phrase_is_half_said_where_it_stands_outside_of_it_once_more():
    assert SPACE.half_said("brown hair, brown suit") == {
        "brown": ("brown hair", "brown eyes", "brown skin"),
        "suit": ("space suit",),
    }


def test_a_colour_belongs_to_hair_whatever_the_hair_is_called():
    """A ponytail is ponytail hair, with the word or without."""
    for said in (
        "dark brown ponytail hair",
        "dark brown ponytail",
        "ponytail, dark brown curls",
        "dark brown two buns",
    ):
        assert SPACE.phrases_in(said)["hair colour"] == ("dark brown hair",), said
        assert SPACE.half_said(said) == {}, said


def test_a_combination_that_training_left_out_is_unseen_in_whatever_words():
    groups = {"outfit": {"hanbok": ("korean dress",), "suit": ()}, "expression": {"smiling": ("happy",), "sad": ()}}
    vocabulary = Vocabulary(groups, ("wearing", "a"), (("hanbok", "smiling"),))

    assert vocabulary.is_unseen("happy, wearing a Korean dress")
    assert vocabulary.is_unseen("sad, wearing a Korean dress") is False
    assert vocabulary.is_unseen("smiling") is False
    assert Vocabulary(groups).is_unseen("happy, wearing a Korean dress") is None
