"""Hands of real artists: what is noted of each, and the truth that comes with a drawing. Nothing here needs Node."""

import json
import re

import cv2
import numpy as np
import pytest

from evaluation.portraits import SIZE, Portraits
from training.artists import (
    HERE,
    FaceAt,
    draw_artists,
    feature_codes,
    hands_for,
    share_of_twins,
    styles,
    truth,
    twins,
    what_is_drawn,
)

FACE = FaceAt(((40, 40), (60, 40), (50, 50), (42, 60), (58, 60)), (30, 30, 70, 70))


@pytest.mark.parametrize("name", styles())
def test_every_hand_has_its_faces_noted(name):
    hand = styles()[name]
    assert "default" in hand.faces
    for face in hand.faces.values():
        (left, top, right, bottom), (left_eye, right_eye, nose, left_corner, right_corner) = face.box, face.landmarks
        assert 0 < left < left_eye[0] < right_eye[0] < right < hand.size
        assert 0 < top < max(left_eye[1], right_eye[1]) < nose[1] < bottom < hand.size
        assert max(left_corner[1], right_corner[1]) < bottom and left_corner[0] < right_corner[0]


def test_nobody_who_designed_a_held_out_hand_designed_one_that_is_trained_on():
    designers = {use: {styles()[name].designer for name in hands_for(use)} for use in ("training", "held out")}
    assert hands_for("held out") == ("toon-head", "personas", "notionists")
    assert not designers["training"] & designers["held out"]


def test_every_hand_is_pinned_and_credited_with_its_licence():
    packages = json.loads((HERE / "package.json").read_text())["dependencies"]
    assert {f"@dicebear/{name}" for name in styles()} == {
        name for name in packages if name.startswith("@dicebear/") and name != "@dicebear/core"
    }
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in packages.values())
    credits = (HERE / "README.md").read_text()
    for hand in styles().values():
        assert hand.licence in ("CC0 1.0", "CC BY 4.0")
        assert f"({hand.url}) | {hand.designer} | {hand.licence} | {hand.use} |" in credits


def test_the_landmarks_move_with_the_pixels():
    placed = [0.9, 0.2, -0.2, 0.9, 12.0, -3.0]
    size, dots = 128.0, np.zeros((SIZE, SIZE, 5), np.float32)
    face = FaceAt(tuple((x + 10, y + 10) for x, y in FACE.landmarks), FACE.box)
    for index, (x, y) in enumerate(face.landmarks):
        dots[int(y * 2), int(x * 2), index] = 1
    a, b, c, d, e, f = placed
    moved = cv2.warpAffine(dots, np.array([[a, c, e * 2], [b, d, f * 2]]), (SIZE, SIZE))
    seen = [np.unravel_index(moved[..., index].argmax(), (SIZE, SIZE))[::-1] for index in range(5)]
    _, landmarks = truth(face, placed, size)
    np.testing.assert_allclose(landmarks, np.array(seen), atol=1.5)


def test_in_a_mirrored_drawing_the_left_eye_is_the_one_on_the_left_of_the_picture():
    box, landmarks = truth(FACE, [-1, 0, 0, 1, 90, 0], SIZE)
    np.testing.assert_allclose(landmarks, [[30, 40], [50, 40], [40, 50], [32, 60], [48, 60]])
    np.testing.assert_allclose(box, [20, 30, 60, 70])


def test_a_turned_head_keeps_the_size_of_its_box():
    turned = [0.0, 1.0, -1.0, 0.0, 100.0, 0.0]
    np.testing.assert_allclose(truth(FACE, turned, SIZE)[0], [30, 30, 70, 70], atol=1e-4)


def test_twins_differ_in_fewer_than_two_visible_features():
    hair_and_nose_and_beard = np.array([[0, 0, -1], [0, 1, -1], [1, 1, -1], [2, 2, 0], [2, 2, -1]])
    assert twins(hair_and_nose_and_beard).tolist() == [[0, 1], [1, 2], [3, 4]]


def test_what_a_drawing_does_not_show_is_no_feature():
    codes = feature_codes(
        [{"hair": "bun", "colour": "red"}, {"hair": "hat", "colour": None}, {"hair": "bun", "colour": "blue"}]
    )
    assert codes.tolist() == [[1, 0], [-1, 1], [0, 0]]


def test_portraits_come_back_from_disk_as_they_were(tmp_path):
    portraits = portraits_of(2, 3)
    portraits.save(tmp_path)
    kept = Portraits.load(tmp_path)
    for name in ("pixels", "boxes", "landmarks", "person", "hand", "features"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(portraits, name))
    assert kept.hands == portraits.hands
    assert kept.of_hands({"second"}).tolist() == [3, 4, 5]


def test_the_share_of_twins_is_counted_within_a_hand():
    assert share_of_twins(portraits_of(4, 1)) == {"first": 1.0, "second": 0.0}


def test_what_is_drawn_already_is_not_drawn_again(tmp_path):
    """Without Node, drawing would fail."""
    hands = hands_for("held out")
    order = what_is_drawn(1, 2, "held out")
    (tmp_path / "drawn.json").write_text(json.dumps({"order": order, "hands": hands}))
    np.save(tmp_path / "pixels.npy", np.zeros((len(hands) * 2, SIZE, SIZE, 3), np.uint8))
    for name in hands:
        note = {"person": 0, "person_options": {}, "features": {"hair": "bun"}, "placed": [1, 0, 0, 1, 0, 0]}
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(note | {"look": look}) + "\n" for look in (0, 1)))
    drawn = draw_artists(tmp_path, 1, 2, "held out")
    assert drawn.hands == hands and drawn.person.tolist() == [0, 0, 1, 1, 2, 2] and drawn.hand.tolist() == [0, 1, 2]
    personas = styles()["personas"]
    scaled = np.array(personas.faces["default"].landmarks) * SIZE / personas.size
    np.testing.assert_allclose(drawn.landmarks[2], scaled, rtol=1e-5)


def portraits_of(people, looks):
    """Of two hands; the first one's people are all alike, the second one's all unlike."""
    n = people * looks
    hand = np.arange(people) // (people // 2)
    features = np.where(hand[:, None] == 0, 0, np.arange(people)[:, None]).repeat(2, 1)
    random = np.random.default_rng(0)
    return Portraits(
        random.integers(0, 255, (n, SIZE, SIZE, 3)).astype(np.uint8), random.random((n, 4)).astype(np.float32),
        random.random((n, 5, 2)).astype(np.float32), np.arange(n) // looks, hand, features, ("first", "second"),
    )  # fmt: skip
