"""Faces found by the real insightface with toy models: a magenta square is a face, what is around it who it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from insightface.utils.face_align import estimate_norm
from PIL import Image
from toy_packs import MAGENTA, picture_of

from pipeline.faces import InsightFaces, JudgeModel
from pipeline.likeness import similarity_of
from pipeline.packs import load_pack

AMBER, MOSS = (255, 200, 0), (0, 80, 0)
ONES = np.ones(512, np.float32)


@pytest.fixture(scope="module")
def encoder(toy_packs: Path) -> InsightFaces:
    return InsightFaces.load(load_pack("lora", [toy_packs]))


def face_at(left: float, top: float, right: float, bottom: float) -> SimpleNamespace:
    """As insightface finds it; all landmarks in its middle."""
    points = np.full((5, 2), ((left + right) / 2, (top + bottom) / 2), np.float32)
    box = np.array([left, top, right, bottom], np.float32)
    return SimpleNamespace(bbox=box, kps=points, det_score=0.9)


def analysis_that_finds(get: Callable[[np.ndarray], list[SimpleNamespace]], embedding: np.ndarray = ONES) -> Any:
    """With a detector that is a plain function, and one encoder to which everyone is alike."""

    def detect(picture: np.ndarray, det_thresh: float) -> tuple[np.ndarray, np.ndarray]:
        found = [face for face in get(picture) if face.det_score >= det_thresh]
        boxes = np.array([(*face.bbox, face.det_score) for face in found], np.float32).reshape(-1, 5)
        return boxes, np.array([face.kps for face in found], np.float32).reshape(-1, 5, 2)

    recognition = SimpleNamespace(get=lambda picture, face: embedding)
    return SimpleNamespace(models={"detection": SimpleNamespace(detect=detect), "recognition": recognition})


def encoder_that_finds(get: Callable[[np.ndarray], list[SimpleNamespace]], side: int = 640) -> InsightFaces:
    return InsightFaces(analysis_that_finds(get), "toy", detection_size=side)


def test_a_face_has_its_place_and_an_identity_by_each_encoder(encoder: InsightFaces):
    (face,) = encoder.faces(picture_of(AMBER))

    left, top, right, bottom = face.box
    assert (left < 64 < right, top < 96 < bottom) == (True, True)
    assert face.landmarks.shape == (5, 2)
    assert 0.5 < face.detection_score <= 1
    assert [identity.encoder for identity in face.identities] == ["toy-steering", "toy-judge"]
    for identity in face.identities:
        assert (identity.embedding.shape, identity.embedding.dtype) == ((512,), np.float32)
        assert np.linalg.norm(identity.embedding) == pytest.approx(1.0, abs=1e-5)


def test_two_encoders_see_one_face_each_in_its_own_way(encoder: InsightFaces):
    steering, judge = encoder.faces(picture_of(AMBER))[0].identities

    assert abs(float(steering.embedding @ judge.embedding)) < 0.5


def test_a_person_is_alike_to_herself_and_less_to_another(encoder: InsightFaces):
    amber, moss = (encoder.faces(picture_of(colour))[0].identities[1] for colour in (AMBER, MOSS))
    again = encoder.faces(picture_of(AMBER))[0].identities[1]

    assert similarity_of(amber, again) == pytest.approx(1.0, abs=1e-5)
    assert similarity_of(amber, moss) < 0.9


@pytest.mark.filterwarnings("ignore:`estimate` is deprecated:FutureWarning")  # asked for past our door
def test_red_and_blue_are_told_apart_as_insightface_wants_them(encoder: InsightFaces):
    """The embedding is what insightface makes of the picture as OpenCV would read it: blue first."""
    picture = picture_of((255, 120, 0))
    analysis: Any = encoder._analysis  # pyright: ignore[reportPrivateUsage]
    (theirs,) = analysis.get(np.asarray(picture)[:, :, ::-1].copy())

    assert np.allclose(encoder.faces(picture)[0].identities[0].embedding, theirs.normed_embedding, atol=1e-6)


def test_the_judge_is_the_judges_own_model(encoder: InsightFaces, toy_packs: Path, tmp_path: Path):
    """Steered by the judge's file, the very same face gets the judge's embedding."""
    swapped = tmp_path / "lora"
    shutil.copytree(toy_packs / "lora" / "faces", swapped / "faces")
    shutil.copytree(toy_packs / "lora" / "judge", swapped / "judge")
    shutil.copy(toy_packs / "lora" / "pack.toml", swapped)
    shutil.copy(swapped / "judge" / "glintr100.onnx", swapped / "faces" / "w600k_r50.onnx")

    judge = encoder.faces(picture_of(AMBER))[0].identities[1]
    as_steering = InsightFaces.load(load_pack("lora", [tmp_path])).faces(picture_of(AMBER))[0].identities[0]

    assert np.allclose(judge.embedding, as_steering.embedding, atol=1e-6)


def test_a_judge_sees_as_much_of_the_head_as_its_pack_says():
    """The encoder that steers still sees the face alone."""
    seen: dict[str, np.ndarray] = {}

    def recognition(name: str) -> Any:
        return SimpleNamespace(get=lambda picture, face: seen.setdefault(name, face.kps) * 0 + np.ones((5, 2)))

    analysis = analysis_that_finds(lambda picture: [])
    analysis.models["recognition"] = recognition("steering")
    faces = InsightFaces(analysis, "toy", JudgeModel("toy-judge", recognition("judge"), 1.5))

    found = faces.face_in_box(Image.new("RGB", (64, 64)), (8, 4, 32, 36))

    assert found is not None
    steering, judge = seen["steering"], seen["judge"]
    assert np.allclose(steering, found.landmarks)
    assert np.allclose(judge.mean(0), steering.mean(0), atol=1e-4)
    assert np.allclose(judge - judge.mean(0), 1.5 * (steering - steering.mean(0)), atol=1e-4)


def test_every_face_is_given_largest_first():
    faces = encoder_that_finds(lambda picture: [face_at(0, 0, size, size) for size in (10, 30, 20)]).faces(
        Image.new("RGB", (64, 64))
    )

    assert [face.area for face in faces] == [900, 400, 100]
    assert [identity.encoder for identity in faces[0].identities] == ["toy"]


@pytest.mark.parametrize("worthless", [np.zeros(512, np.float32), np.full(512, np.nan, np.float32)])
def test_a_face_of_which_an_encoder_makes_nothing_is_no_face(worthless: np.ndarray):
    analysis = analysis_that_finds(lambda picture: [face_at(10, 10, 50, 50)], worthless)

    assert InsightFaces(analysis, "toy").faces(Image.new("RGB", (64, 64))) == ()


def test_a_picture_without_a_face_has_none(encoder: InsightFaces):
    assert encoder.faces(Image.new("RGB", (256, 256), (90, 110, 100))) == ()


def test_a_face_that_shows_only_within_a_border_is_found_and_its_place_mapped_back():
    """Fills its picture, as a detector misses it; the border makes it smaller."""
    asked: list[tuple[int, ...]] = []

    def get(picture: np.ndarray) -> list[SimpleNamespace]:
        asked.append(picture.shape)
        return [] if picture.shape[0] == 100 else [face_at(40, 40, 140, 140)]

    (face,) = encoder_that_finds(get).faces(Image.new("RGB", (100, 100)))

    assert asked == [(100, 100, 3), (180, 180, 3)]
    assert face.box == (0, 0, 100, 100)
    assert face.landmarks.tolist() == [[50, 50]] * 5


def test_the_border_continues_the_picture_and_if_that_does_not_help_it_is_grey():
    corners: list[list[int]] = []

    def get(picture: np.ndarray) -> list[SimpleNamespace]:
        corners.append(picture[0, 0].tolist())
        return []

    assert encoder_that_finds(get).faces(Image.new("RGB", (100, 50), (30, 20, 10))) == ()
    assert corners == [[10, 20, 30], [10, 20, 30], [127, 127, 127]]


def test_a_face_that_a_detector_sees_in_the_border_itself_is_none():
    found = encoder_that_finds(lambda picture: [] if picture.shape[0] == 100 else [face_at(0, 0, 60, 60)])

    assert found.faces(Image.new("RGB", (100, 100))) == ()


def test_the_border_finds_a_face_that_the_real_detector_misses(encoder: InsightFaces):
    """The square meets four of the detector's cells where they touch and fills none; within the border it fills one."""
    picture = Image.new("RGB", (256, 256), (90, 110, 100))
    picture.paste(MAGENTA, (70, 70, 121, 121))
    analysis: Any = encoder._analysis  # pyright: ignore[reportPrivateUsage]
    assert analysis.get(np.asarray(picture)[:, :, ::-1].copy()) == []

    (face,) = encoder.faces(picture)

    left, top, right, bottom = face.box
    assert left < 70 and top < 70 and right > 121 and bottom > 121
    assert np.all((face.landmarks > 40) & (face.landmarks < 160))


def test_grey_and_transparent_pictures_are_looked_at_too(encoder: InsightFaces):
    assert encoder.faces(Image.new("L", (64, 64))) == ()
    assert len(encoder.faces(picture_of(AMBER).convert("RGBA"))) == 1


BOX = (40.0, 60.0, 100.0, 140.0)


def test_a_face_boxed_by_hand_has_every_identity_though_no_detector_vouches_for_it(encoder: InsightFaces):
    nobody = Image.new("RGB", (256, 256), (90, 110, 100))
    assert encoder.faces(nobody) == ()

    face = encoder.face_in_box(nobody, BOX)

    assert face is not None
    assert (face.box, face.detection_score, face.boxed_by_hand) == (BOX, 0.0, True)
    assert [identity.encoder for identity in face.identities] == ["toy-steering", "toy-judge"]
    assert all(np.linalg.norm(i.embedding) == pytest.approx(1.0, abs=1e-5) for i in face.identities)


def test_what_is_in_the_box_is_what_the_encoders_see_of_it(encoder: InsightFaces):
    picture = Image.new("RGB", (256, 256), (90, 110, 100))
    picture.paste(AMBER, (0, 0, 256, 128))
    upper, lower, again = ((box, encoder.face_in_box(picture, box)) for box in (
        (20.0, 20.0, 100.0, 110.0), (20.0, 140.0, 100.0, 230.0), (140.0, 20.0, 220.0, 110.0)
    ))  # fmt: skip

    assert upper[1] and lower[1] and again[1]
    assert similarity_of(upper[1].identities[1], again[1].identities[1]) == pytest.approx(1.0, abs=1e-4)
    assert similarity_of(upper[1].identities[1], lower[1].identities[1]) < 0.99


@pytest.mark.filterwarnings("ignore:`estimate` is deprecated:FutureWarning")  # asked for past our door
def test_the_box_lies_in_arcfaces_crop_as_a_face_does():
    """Cheek to cheek and forehead to chin: nearly all of the crop's 112 pixels, with the same room on both sides."""
    face = encoder_that_finds(lambda picture: []).face_in_box(Image.new("RGB", (200, 200)), (50, 40, 132, 147))
    assert face is not None

    to_crop = estimate_norm(face.landmarks)
    corners = to_crop @ np.array([[50, 132], [40, 147], [1, 1]])

    assert np.allclose(corners, [[15, 97], [10, 117]], atol=0.1)


def test_a_small_face_that_escapes_in_a_large_picture_is_found_within_the_box():
    """By its own landmarks, not by such as would fit a box that was drawn roughly."""
    found = encoder_that_finds(lambda picture: [face_at(20, 20, 60, 60)] if picture.shape[0] < 200 else [])
    assert found.faces(Image.new("RGB", (1000, 800))) == ()

    face = found.face_in_box(Image.new("RGB", (1000, 800)), (500, 300, 540, 360))  # the closer look: from 464, 264

    assert face is not None
    assert face.box == (484, 284, 524, 324)
    assert face.landmarks.tolist() == [[504, 304]] * 5
    assert not face.boxed_by_hand


def test_a_neighbour_of_the_box_is_not_who_is_meant():
    found = encoder_that_finds(lambda picture: [face_at(0, 0, 20, 20)])

    face = found.face_in_box(Image.new("RGB", (1000, 800)), (500, 300, 540, 360))

    assert face is not None
    assert face.boxed_by_hand


def test_a_box_of_which_an_encoder_makes_nothing_holds_no_face():
    analysis = analysis_that_finds(lambda picture: [], np.zeros(512))

    assert InsightFaces(analysis, "toy").face_in_box(Image.new("RGB", (200, 200)), BOX) is None
