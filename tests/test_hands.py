"""The drawn world's hands: many artists, one truth, and the world's own way as it always was."""

from collections import Counter

import numpy as np

from drawn_world.artist import draw, style
from drawn_world.hand import PLAIN, RESERVED, TRAINED, hand, visible_features
from drawn_world.people import look_seed
from drawn_world.world import look, person
from training.hands import cast, draw_hands

# Drawn before there were hands: the packs were trained on exactly these.
_BEFORE = {0: "5e6e56ea7adb", 1: "64738d7ef1fc", 7: "ffa694e1f45f", 42: "a080877d7604", 1003: "4000578b7b71"}


def drawn(seed, hand_seed):
    return draw(person(seed), look(look_seed(seed, 0)), hand(hand_seed))


def test_without_a_hand_the_world_is_drawn_byte_for_byte_as_before():
    assert {seed: style(seed) for seed in _BEFORE} == _BEFORE
    assert hand(0) == PLAIN


def test_the_same_hand_draws_the_same_bytes_again():
    once, again = drawn(3, 12), drawn(3, 12)
    assert once.pixels.tobytes() == again.pixels.tobytes() and once.landmarks.tobytes() == again.landmarks.tobytes()


def test_two_hands_draw_one_person_differently():
    assert np.abs(drawn(3, 12).pixels.astype(int) - drawn(3, 13).pixels).mean() > 5


def test_the_truth_lies_in_the_face_and_the_face_in_the_picture_for_every_hand():
    for seed in range(1, 51):
        drawing = drawn(seed, seed)
        (left, top, right, bottom), (x, y) = drawing.box, drawing.landmarks.T
        assert left >= 0 and top >= 0 and right <= 256 and bottom <= 256
        assert (x > left).all() and (x < right).all() and (y > top).all() and (y < bottom).all()
        assert x[0] < x[1] and x[3] < x[4] and max(y[:2]) < y[2] < min(y[3:])


def test_the_plain_hand_shows_every_feature_and_a_colourless_one_no_eye_colour():
    assert -1 not in visible_features(person(2), PLAIN)
    grey = next(hand(seed) for seed in TRAINED if len(hand(seed).eye_colours) == 1)
    assert visible_features(person(0), grey)[5] == -1


def test_no_two_people_of_a_hand_differ_in_fewer_than_two_visible_features():
    for seed in range(1, 21):
        people = np.array([visible_features(person(of), hand(seed)) for of in cast(seed, 12)])
        differing = (people[:, None] != people[None]).sum(-1)
        assert (differing[~np.eye(12, dtype=bool)] >= 2).all()


def test_reserved_hands_are_others_than_those_that_are_trained_on():
    assert len(TRAINED) >= 500 and len(RESERVED) == 100 and not set(TRAINED) & set(RESERVED)


def test_hands_are_drawn_into_a_folder_once(tmp_path):
    portraits = draw_hands(tmp_path, [1, 2], people=2, looks=2)
    assert len(portraits) == 8 and portraits.hands == ("hand 1", "hand 2")
    assert portraits.person.tolist() == [0, 0, 1, 1, 2, 2, 3, 3] and portraits.hand.tolist() == [0, 0, 1, 1]
    assert Counter(portraits.of_hands({"hand 2"}).tolist()) == Counter(range(4, 8))
    assert portraits.features.shape == (4, len(visible_features(person(0), PLAIN)))
    before = (tmp_path / "pixels.npy").stat().st_mtime_ns
    again = draw_hands(tmp_path, [1, 2], people=2, looks=2)
    assert (tmp_path / "pixels.npy").stat().st_mtime_ns == before and (again.pixels == portraits.pixels).all()


def test_what_a_hand_would_draw_otherwise_today_is_drawn_again(tmp_path):
    draw_hands(tmp_path, [1, 2], people=1, looks=1)
    pixels = np.load(tmp_path / "pixels.npy", mmap_mode="r+")
    meant = pixels[1].copy()
    pixels[1] = 0
    pixels.flush()
    assert (draw_hands(tmp_path, [1, 2], people=1, looks=1).pixels[1] == meant).all()
    assert len(draw_hands(tmp_path, [1], people=1, looks=2)) == 2
