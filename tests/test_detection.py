"""Small faces in large pictures, by a detector that is a plain function: a red square is a face, what it sees of it.

It sees 64 pixels a side at once and squares of 6 to 48 of them, as real ones are blind to the small and the huge.
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.detection import Detector, Sighting, distinct

SIDE = 64


def red_squares(bgr: np.ndarray, least: float) -> list[Sighting]:
    height, width = bgr.shape[:2]
    scale = SIDE / max(height, width)
    seen = cv2.resize(bgr, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    red = ((seen[..., 2] > 150) & (seen[..., 1] < 100)).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(red)
    boxes = [(x, y, x + w, y + h) for x, y, w, h, _ in stats[1:] if min(w, h) >= 6 and max(w, h) <= 48]
    return [_sighting(np.array(box, np.float32) / scale, 0.9) for box in boxes]


def _sighting(box: np.ndarray, score: float) -> Sighting:
    return Sighting(box, np.full((5, 2), (box[:2] + box[2:]) / 2, np.float32), score)


def page(size: tuple[int, int], *faces: tuple[int, int, int]) -> Image.Image:
    picture = Image.new("RGB", size, "white")
    for left, top, side in faces:
        picture.paste((220, 20, 20), (left, top, left + side, top + side))
    return picture


@pytest.fixture
def detector() -> Detector:
    return Detector(red_squares, SIDE)


@pytest.mark.parametrize(
    "face", [(0, 0, 20), (133, 2_961, 21), (180, 1_500, 20), (10, 700, 90), (0, 2_000, 200), (179, 2_979, 21)]
)
def test_a_face_is_found_once_wherever_it_is_in_a_strip_and_however_large(
    detector: Detector, face: tuple[int, int, int]
) -> None:
    left, top, side = face

    [found] = detector.sightings(page((200, 3_000), face))

    assert found.box == pytest.approx((left, top, left + side, top + side), abs=0.15 * side)
    assert found.landmarks.mean(0) == pytest.approx((left + side / 2, top + side / 2), abs=0.15 * side)


def test_all_faces_of_a_page_are_found_each_once(detector: Detector) -> None:
    faces = [(30 + 130 * column, 40 + 170 * row, 24 + 8 * column) for row in range(3) for column in range(4)]

    found = detector.sightings(page((600, 560), *faces))

    assert sorted((round(seen.box[0], -1), round(seen.box[1], -1)) for seen in found) == sorted(
        (left, top) for left, top, _ in faces
    )


def test_what_looks_like_a_face_from_afar_alone_is_none() -> None:
    """Blurred to a square: from near it is a cross."""

    def from_afar(bgr: np.ndarray, least: float) -> list[Sighting]:
        return red_squares(bgr, least) if least > 0.1 else []

    assert Detector(from_afar, SIDE).sightings(page((400, 400), (100, 100, 40))) == []


def test_an_eye_in_a_face_is_no_second_face() -> None:
    face, eye = _sighting(np.array((0, 0, 100, 100)), 0.7), _sighting(np.array((20, 20, 40, 40)), 0.6)
    beside = _sighting(np.array((110, 0, 200, 100)), 0.5)

    assert distinct([eye, beside, face]) == [face, beside]


@pytest.mark.parametrize("turn", [None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180])
def test_a_picture_is_turned_as_its_faces_are_liked_best(turn: Image.Transpose | None) -> None:
    """This detector likes them where green is above them."""

    def upright(bgr: np.ndarray, least: float) -> list[Sighting]:
        top, *_ = np.nonzero((bgr[..., 1] > 200) & (bgr[..., 2] < 100))
        score = 0.9 if len(top) and top.mean() < bgr.shape[0] / 3 else 0.6
        found = red_squares(bgr, 0.0)
        return [_sighting(seen.box, score) for seen in found if score >= least]

    picture = page((100, 100), (40, 40, 30))
    picture.paste((0, 255, 0), (30, 10, 80, 20))
    lying = picture if turn is None else picture.transpose(turn)

    turned, [_] = Detector(upright, SIDE).upright(lying)

    assert turned.tobytes() == picture.tobytes()


@pytest.mark.parametrize(("score", "is_turned"), [(0.7, False), (0.9, True)])
def test_a_large_page_is_turned_for_a_face_that_is_sure_alone(score: float, is_turned: bool) -> None:
    """This detector sees faces where the picture's upper edge is blue: scenery on its side is taken for one, too."""

    def lying(bgr: np.ndarray, least: float) -> list[Sighting]:
        is_upright = (bgr[:2, :, 0] > bgr[:2, :, 2]).mean() > 0.5
        return [_sighting(seen.box, score) for seen in red_squares(bgr, 0.0) if is_upright and score >= least]

    picture = page((300, 300), (120, 20, 24))
    picture.paste((0, 0, 255), (0, 0, 300, 12))
    _, found = Detector(lying, SIDE).upright(picture.transpose(Image.Transpose.ROTATE_90))
    assert bool(found) == is_turned


@pytest.mark.parametrize(("what", "most"), [("blank", 8), ("scribbled on", 1000)])
def test_a_large_page_without_a_face_is_given_up_soon(what: str, most: int) -> None:
    looks: list[int] = []

    def blind(bgr: np.ndarray, least: float) -> list[Sighting]:
        looks.append(1)
        return []

    picture = Image.new("RGB", (1920, 1920), (250, 246, 240))
    if what == "scribbled on":
        picture = Image.effect_noise(picture.size, 120).convert("RGB")
    turned, found = Detector(blind, SIDE).upright(picture)
    assert (turned.size, found) == (picture.size, [])
    assert 0 < len(looks) <= most
