"""What a pack's files say, and what is said when they are wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import CALIBRATION, JUDGE

from errors import PackUnavailable
from pipeline.cohort import Cohort
from pipeline.pack_files import write_files
from pipeline.packs import ClassifierAdherence, ClipAdherence, load_pack
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


def test_packs_share_the_judges_that_lie_beside_them(tmp_path: Path, mine: Path):
    """The operator's folder of packs comes first; what is no judge is the pack's own."""
    built_in = tmp_path / "built-in"
    for folder in (built_in / "judges" / "drawn", built_in / "judges" / "other", built_in / "faces"):
        folder.mkdir(parents=True)
    (mine.parent / "judges" / "other").mkdir(parents=True)
    (mine / "faces").rmdir()
    pack = load_pack("mine", [mine.parent, built_in])

    assert pack.locate("judges/drawn") == str((built_in / "judges" / "drawn").resolve())
    assert pack.locate("judges/other") == str((mine.parent / "judges" / "other").resolve())
    assert pack.locate("faces") == "faces"
    (mine / "judges" / "other").mkdir(parents=True)
    assert pack.locate("judges/other") == str((mine / "judges" / "other").resolve())


def test_the_folder_of_shared_judges_is_no_pack(tmp_path: Path):
    (tmp_path / "judges" / "drawn").mkdir(parents=True)

    with pytest.raises(PackUnavailable, match="There is no model pack 'judges'. Choose one of: none is installed"):
        load_pack("judges", [tmp_path])


def test_the_full_size_pack_judges_by_the_judge_of_drawn_faces():
    pack = load_pack("sd15-faceid", [BUILT_IN_PACKS])
    assert pack.judge and (pack.judge.encoder, pack.judge.landmark_scale) == ("drawn-1", 1.6)
    assert pack.locate(pack.judge.model) == str((BUILT_IN_PACKS / "judges" / "drawn").resolve())


def test_a_judge_sees_the_face_unless_its_pack_says_how_much_more(mine: Path):
    pack = load_pack("mine", [mine.parent])
    assert pack.judge and pack.judge.landmark_scale == 1.0

    (mine / "pack.toml").write_text(TOML.replace("[scheduler]", "landmark_scale = 1.6\n[scheduler]"))
    pack = load_pack("mine", [mine.parent])
    assert pack.judge and pack.judge.landmark_scale == 1.6


@pytest.mark.parametrize("scale", ["0", "-1.6", "inf", "nan", '"wide"'])
def test_a_judge_cannot_see_by_landmarks_of_no_size(mine: Path, scale: str):
    (mine / "pack.toml").write_text(TOML.replace("[scheduler]", f"landmark_scale = {scale}\n[scheduler]"))

    with pytest.raises(PackUnavailable, match="judge.landmark_scale"):
        load_pack("mine", [mine.parent])


def test_calibration_and_vocabulary_are_read_where_there_are_any(mine: Path):
    (mine / "calibration.json").write_text(CALIBRATION.to_json())
    (mine / "vocabulary.json").write_text('{"groups": {"hair": {"bob": ["short hair"]}}, "filler": ["a"]}')

    pack = load_pack("mine", [mine.parent])

    assert pack.calibration == CALIBRATION
    assert pack.vocabulary and pack.vocabulary.known == {"bob", "short", "hair", "a"}


@pytest.mark.parametrize("judge", ['[judge]\nmodel = "judge"\nencoder = "fake-judge"\n', ""])
def test_a_calibration_of_another_encoder_is_left_out_and_the_log_says_how_to_get_one(
    mine: Path, judge: str, caplog: pytest.LogCaptureFixture
):
    """A judge is exchanged and its calibration.json stays behind; or the judge is taken out."""
    (mine / "pack.toml").write_text(TOML.replace('[judge]\nmodel = "judge"\nencoder = "fake-judge"\n', judge))
    (mine / "calibration.json").write_text(replace(CALIBRATION, encoder="former-judge").to_json())

    pack = load_pack("mine", [mine.parent])

    assert pack.calibration is None
    [said] = caplog.messages
    assert "'former-judge'" in said and repr(pack.judge_encoder) in said
    assert said.endswith("python -m evaluation calibrate --pack mine")


def test_the_calibration_of_its_judge_is_taken_without_a_word(mine: Path, caplog: pytest.LogCaptureFixture):
    (mine / "calibration.json").write_text(CALIBRATION.to_json())

    assert load_pack("mine", [mine.parent]).calibration == CALIBRATION
    assert caplog.messages == []


NORMALISED = replace(CALIBRATION, score="normalised")
STRANGERS = Cohort(JUDGE, np.eye(3, 512, dtype=np.float32), np.zeros(3, np.intp), ("a hand",))


def test_a_cohort_is_read_from_beside_the_calibration_and_changes_no_picture(mine: Path):
    before = load_pack("mine", [mine.parent])
    (mine / "calibration.json").write_text(NORMALISED.to_json())
    STRANGERS.save(mine / "cohort.safetensors")

    pack = load_pack("mine", [mine.parent])

    assert pack.calibration == NORMALISED
    assert (len(pack.cohort), pack.cohort.hands) == (3, ("a hand",))
    assert pack.content_hash == before.content_hash


def test_both_may_lie_with_the_judge_so_that_several_packs_find_them(mine: Path):
    (mine / "judge").mkdir(exist_ok=True)
    (mine / "judge" / "calibration.json").write_text(NORMALISED.to_json())
    STRANGERS.save(mine / "judge" / "cohort.safetensors")

    assert load_pack("mine", [mine.parent]).calibration == NORMALISED
    (mine / "calibration.json").write_text(CALIBRATION.to_json())
    own = load_pack("mine", [mine.parent])
    assert (own.calibration, own.cohort) == (CALIBRATION, None)


@pytest.mark.parametrize("encoder", [None, "another"])
def test_a_calibration_of_scores_among_strangers_is_left_out_without_a_cohort_by_its_encoder(
    mine: Path, encoder: str | None, caplog: pytest.LogCaptureFixture
):
    (mine / "calibration.json").write_text(NORMALISED.to_json())
    if encoder:
        replace(STRANGERS, encoder=encoder).save(mine / "cohort.safetensors")

    pack = load_pack("mine", [mine.parent])

    assert (pack.calibration, pack.decider()) == (None, None)
    assert "no cohort.safetensors by 'fake-judge' beside it" in caplog.text


def test_a_broken_cohort_makes_the_pack_unavailable(mine: Path):
    (mine / "calibration.json").write_text(NORMALISED.to_json())
    (mine / "cohort.safetensors").write_bytes(b"nonsense")

    with pytest.raises(PackUnavailable, match="holds no cohort"):
        load_pack("mine", [mine.parent])


def test_no_pack_is_made_with_the_calibration_of_another_encoder(mine: Path):
    pack = load_pack("mine", [mine.parent])

    with pytest.raises(ValueError, match="'fake-judge' judges, and the calibration is of 'former-judge'"):
        replace(pack, calibration=replace(CALIBRATION, encoder="former-judge"))


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


def test_the_full_size_pack_says_its_licence_and_is_judged_by_another_network():
    pack = load_pack("sd15-faceid", [BUILT_IN_PACKS])

    assert pack.licence.commercial_use is False
    assert "non-commercial" in pack.licence.note and "safety checker" in pack.licence.note
    assert pack.judge and (pack.faces.model, pack.judge.model) == ("buffalo_l", "judges/drawn")
    assert pack.locate(pack.base.model) == "stable-diffusion-v1-5/stable-diffusion-v1-5"


def test_a_damaged_file_is_named_before_anything_is_drawn_and_a_pack_that_names_none_is_taken_as_it_is(mine: Path):
    (mine / "unet.safetensors").write_bytes(b"weights")
    judge = mine.parent / "judges" / "any"
    judge.mkdir(parents=True)
    (judge / "rec.onnx").write_bytes(b"judge")
    load_pack("mine", [mine.parent])
    write_files(mine, judge)
    write_files(mine, judge)
    assert (mine / "pack.toml").read_text().count("[files]") == 1
    load_pack("mine", [mine.parent])

    for file, name in ((mine / "unet.safetensors", "unet.safetensors"), (judge / "rec.onnx", "judges/any/rec.onnx")):
        whole = file.read_bytes()
        file.write_bytes(whole[:-1] + b"!")
        with pytest.raises(PackUnavailable, match=f"{name}.*is missing or damaged"):
            load_pack("mine", [mine.parent])
        file.unlink()
        with pytest.raises(PackUnavailable, match=f"{name}.*is missing or damaged"):
            load_pack("mine", [mine.parent])
        file.write_bytes(whole)


def test_the_built_in_pack_is_as_it_was_made():
    """If not: `python -m training files`, where the change was meant."""
    pack = load_pack("paperdoll", [BUILT_IN_PACKS])
    assert "[files]" in (pack.folder / "pack.toml").read_text("utf-8")
