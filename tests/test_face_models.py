"""Face model folders as people come to have them: whole ones are loaded, and of others it is said what really helps."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from toy_packs import picture_of, write_detector, write_recogniser

from errors import PackUnavailable
from pipeline.faces import InsightFaces
from pipeline.packs import load_pack

DETECTOR, STEERING = "det_10g.onnx", "w600k_r50.onnx"


@pytest.fixture
def pack(toy_packs: Path, tmp_path: Path) -> Path:
    """A pack whose face models can be damaged."""
    folder = tmp_path / "packs" / "lora"
    folder.mkdir(parents=True)
    shutil.copy(toy_packs / "lora" / "pack.toml", folder)
    for models in ("faces", "judge"):
        shutil.copytree(toy_packs / "lora" / models, folder / models)
    return folder


@pytest.fixture
def store(pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where insightface keeps its downloads, with both models of the pack, and no network."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    store = tmp_path / ".insightface" / "models"
    store.mkdir(parents=True)
    for models in ("faces", "judge"):
        (pack / models).rename(store / models)
    return store


def load(pack: Path) -> InsightFaces:
    return InsightFaces.load(load_pack("lora", [pack.parent]))


def refusal(pack: Path) -> PackUnavailable:
    with pytest.raises(PackUnavailable) as refused:
        load(pack)
    assert refused.value.cause.startswith("The face model ")
    return refused.value


def encoders(pack: Path) -> list[str]:
    (face,) = load(pack).faces(picture_of((255, 200, 0)))
    return [identity.encoder for identity in face.identities]


BOTH = ["toy-steering", "toy-judge"]


# Whole, though not as insightface itself expects it


def test_a_name_is_looked_for_where_insightface_keeps_its_models(store: Path, pack: Path):
    assert encoders(pack) == BOTH


@pytest.mark.parametrize("inner", ["judge", "antelopev2", "models/antelopev2"])
def test_an_archive_that_holds_a_folder_of_its_own_is_entered(pack: Path, inner: str):
    """As antelopev2.zip does."""
    (pack / "judge" / inner).mkdir(parents=True)
    (pack / "judge" / "glintr100.onnx").rename(pack / "judge" / inner / "glintr100.onnx")

    assert encoders(pack) == BOTH


def test_what_macos_adds_to_an_archive_is_passed_over(pack: Path):
    for file in ("._glintr100.onnx", "__MACOSX/._glintr100.onnx"):
        (pack / "judge" / file).parent.mkdir(exist_ok=True)
        (pack / "judge" / file).write_bytes(b"Mac OS X")

    assert encoders(pack) == BOTH


def test_of_a_judges_whole_model_folder_only_the_recogniser_is_taken(pack: Path):
    shutil.copy(pack / "faces" / DETECTOR, pack / "judge" / DETECTOR)

    assert encoders(pack) == BOTH


# Not whole: what is wrong, and that the remedy is one


def remove(*files: str) -> Callable[[Path], object]:
    return lambda folder: [(folder / file).unlink() for file in files]


@pytest.mark.parametrize(
    ("damage", "missing"),
    [
        (remove(DETECTOR), "detector"),
        (remove(STEERING), "recognition model"),
        (remove(DETECTOR, STEERING), "detector and no recognition model"),
    ],
)
def test_a_missing_model_is_said_to_be_missing(pack: Path, damage: Callable[[Path], object], missing: str):
    whole = shutil.copytree(pack / "faces", pack.parent / "whole")
    damage(pack / "faces")

    said = refusal(pack)

    assert said.cause.endswith(f"is incomplete: {pack / 'faces'} has no {missing}.")
    assert said.remedy.startswith(f"Copy the .onnx files of this model to {pack / 'faces'} once more")
    shutil.copytree(whole, pack / "faces", dirs_exist_ok=True)
    assert encoders(pack) == BOTH


@pytest.mark.parametrize(
    "file", [f"faces/{DETECTOR}", f"faces/{STEERING}", "judge/glintr100.onnx", "faces/2d106det.onnx"]
)
@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: whole[: len(whole) // 2],
        lambda whole: bytes(len(whole)),
        lambda whole: b"<html>not found</html>",
        lambda whole: b"version https://git-lfs.github.com/spec/v1",
    ],
    ids=["empty", "cut off", "zeros", "HTML", "LFS pointer"],
)
def test_a_damaged_file_is_named_even_if_it_is_not_needed(pack: Path, file: str, damage: Callable[[bytes], bytes]):
    """insightface opens every file of a folder, and keeps the models that are asked for."""
    shutil.copy(pack / "faces" / STEERING, pack / "faces" / "2d106det.onnx")
    whole = (pack / file).read_bytes()
    (pack / file).write_bytes(damage(whole))

    said = refusal(pack)

    folder, name = (pack / file).parent, Path(file).name
    assert said.cause.endswith(f"is damaged: {name} in {folder} cannot be read.")
    assert said.remedy.startswith(f"Copy the .onnx files of this model to {folder} once more")
    (pack / file).write_bytes(whole)
    assert encoders(pack) == BOTH


def test_models_half_of_which_lie_in_a_folder_of_their_own_are_to_be_moved(pack: Path):
    inner = pack / "faces" / "faces"
    inner.mkdir()
    (pack / "faces" / STEERING).rename(inner / STEERING)

    said = refusal(pack)

    assert "has no recognition model" in said.cause
    assert said.remedy.startswith(f"Move the .onnx files from {inner} to {pack / 'faces'}")
    (inner / STEERING).rename(pack / "faces" / STEERING)
    assert encoders(pack) == BOTH


def test_an_archive_that_was_never_unpacked_is_to_be_unpacked(pack: Path):
    archive = pack / "judge" / "antelopev2.zip"
    with ZipFile(archive, "w") as file:
        file.write(pack / "judge" / "glintr100.onnx", "antelopev2/glintr100.onnx")
    (pack / "judge" / "glintr100.onnx").unlink()

    assert refusal(pack).remedy.startswith(f"Unpack {archive} into its folder")
    ZipFile(archive).extractall(archive.parent)
    assert encoders(pack) == BOTH


@pytest.mark.parametrize(
    ("write", "cause"),
    [
        (lambda faces: write_detector(faces / DETECTOR, landmarks=False), "its detector finds no landmarks"),
        (
            lambda faces: write_recogniser(faces / STEERING, 0, size=7),
            "its recognition model gives 7 numbers for a face",
        ),
    ],
)
def test_models_of_another_kind_are_noticed_before_a_picture_is(
    pack: Path, write: Callable[[Path], object], cause: str
):
    write(pack / "faces")

    assert cause in refusal(pack).cause


# Downloads of insightface's that broke off: it never looks again at a folder that is there


def nested(folder: Path) -> Path:
    """antelopev2.zip, unpacked."""
    inner = folder / folder.name / "glintr100.onnx"
    inner.parent.mkdir(exist_ok=True)
    return inner if inner.exists() else (folder / "glintr100.onnx").rename(inner)


@pytest.mark.parametrize(
    ("model", "damage"),
    [
        ("faces", remove(DETECTOR)),
        ("faces", remove(STEERING)),
        ("faces", lambda folder: (folder / STEERING).write_bytes((folder / STEERING).read_bytes()[:1000])),
        ("judge", lambda folder: (folder / "glintr100.onnx").rename(folder / "1k3d68.onnx").write_bytes(b"PK")),
        ("judge", lambda folder: nested(folder).write_bytes(nested(folder).read_bytes()[:1000])),
    ],
)
def test_a_half_unpacked_download_is_to_be_deleted_and_is_then_downloaded_anew(
    pack: Path, store: Path, model: str, damage: Callable[[Path], object]
):
    damage(store / model)

    assert refusal(pack).remedy.startswith(f"Delete the folder {store / model} and start Castbook again, online")
    shutil.rmtree(store / model)
    again = refusal(pack)
    assert again.cause.startswith(f"The face model {model!r} of the pack 'lora' could not be downloaded (ProxyError")
    assert again.remedy.endswith(f"or put its .onnx files into {pack / model} yourself.")


def test_what_cannot_be_downloaded_may_be_put_into_the_pack(pack: Path, store: Path):
    elsewhere = shutil.copytree(store / "judge", pack.parent / "copy")
    shutil.rmtree(store / "judge")
    assert refusal(pack).remedy.endswith(f"or put its .onnx files into {pack / 'judge'} yourself.")

    shutil.copytree(elsewhere, pack / "judge")

    assert encoders(pack) == BOTH


def test_an_empty_folder_is_a_download_that_broke_off_and_is_begun_again(pack: Path, store: Path):
    (store / "judge" / "glintr100.onnx").unlink()

    assert "could not be downloaded (ProxyError" in refusal(pack).cause
