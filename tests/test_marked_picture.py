"""Faces chosen and boxes drawn by taps, and what of it the creator sees."""

from __future__ import annotations

import numpy as np
from fakes import RED, FakeFaces
from PIL import Image

from pipeline.values import Face
from ui.story.marked_picture import SHOWN_SIDE, Marks, View, marked

CROWD = Image.new("RGB", (300, 100), RED)
FACES = FakeFaces().faces(CROWD)  # from 25 to 75, from 125 to 175 and from 225 to 275; all from 25 to 75 from above


def test_the_largest_face_is_meant_until_another_one_is_chosen() -> None:
    marks = Marks.on(FACES)
    assert marks.chosen == 0
    assert marks.choose(2).chosen == 2
    assert marks.box is None


def test_a_tap_chooses_the_face_there_and_beside_all_faces_nobody_else() -> None:
    marks = Marks.on(FACES).tap(250, 50)
    assert marks.chosen == 2
    assert marks.tap(5, 5).chosen == 2


def test_of_two_faces_that_overlap_a_tap_means_the_smaller() -> None:
    large = Face((0, 0, 200, 200), np.zeros((5, 2), np.float32), 0.9, ())
    small = Face((50, 50, 90, 90), np.zeros((5, 2), np.float32), 0.9, ())
    marks = Marks.on((large, small))
    assert marks.tap(60, 60).chosen == 1
    assert marks.choose(1).tap(150, 150).chosen == 0


def test_two_taps_on_opposite_corners_draw_a_box_whichever_they_are() -> None:
    begun = Marks.on(()).tap(90, 20)
    assert (begun.corner, begun.box) == ((90, 20), None)
    assert begun.tap(40, 70).box == (40, 20, 90, 70)
    assert begun.tap(40, 70).corner is None


def test_a_third_tap_begins_the_box_anew() -> None:
    marks = Marks.on(()).tap(90, 20).tap(40, 70).tap(10, 10)
    assert (marks.corner, marks.box) == ((10, 10), None)


def test_a_box_by_hand_replaces_the_faces_and_a_chosen_face_the_box() -> None:
    drawn = Marks.on(FACES).draw((80, 90, 20, 10))
    assert (drawn.chosen, drawn.box) == (None, (20, 10, 80, 90))
    assert drawn.choose(1).box is None
    assert drawn.choose(1).choose(None).box == (20, 10, 80, 90)  # the creator's work is not lost


def test_pictures_of_any_size_are_shown_equally_large() -> None:
    assert marked(CROWD, Marks()).size == (SHOWN_SIDE, SHOWN_SIDE // 3)
    assert marked(CROWD.resize((1000, 2000)), Marks()).size == (SHOWN_SIDE // 2, SHOWN_SIDE)


def test_every_face_is_marked_and_the_chosen_one_otherwise() -> None:
    plain, scale = np.asarray(marked(CROWD, Marks()), int), View().scale(CROWD)
    shown = np.asarray(marked(CROWD, Marks.on(FACES).choose(1)), int)

    def edge(number: int) -> list[int]:
        """Colour in the middle of the face's right edge, within its white rim."""
        _, top, right, bottom = (side * scale for side in FACES[number].box)
        return shown[round((top + bottom) / 2), round(right) - 4].tolist()

    assert edge(0) == edge(2) != edge(1)
    assert all(edge(number) != plain[0, 0].tolist() for number in range(3))


def test_a_box_by_hand_and_its_first_corner_are_seen() -> None:
    plain = np.asarray(marked(CROWD, Marks()), int)
    for marks, place in ((Marks().draw((100, 20, 200, 80)), (100, 50)), (Marks().tap(150, 50), (150, 50))):
        x, y = (round(part * View().scale(CROWD)) for part in place)
        changed = np.abs(np.asarray(marked(CROWD, marks), int) - plain).sum(axis=2) > 0
        assert changed[y, x + 3]
        assert not changed[5, 5]


STRIP = Image.new("RGB", (800, 12_000), RED)


def test_a_strip_is_shown_as_wide_as_can_be_read_and_other_pictures_whole() -> None:
    left, top, right, bottom = View.on(STRIP).window(STRIP)
    assert (left, top, right) == (0, 0, 800)
    assert bottom <= 2 * 800
    assert View.on(CROWD.resize((6000, 4000))) == View()


def test_what_is_tapped_from_near_is_that_place_in_the_picture() -> None:
    view = View(zoom=10, across=0.5, down=0.5)
    left, top, _, _ = view.window(STRIP)
    scale = view.scale(STRIP)
    assert view.place(STRIP, (300 - left) * scale, (6_100 - top) * scale) == (300, 6_100)


def test_from_near_the_view_ends_where_the_picture_does() -> None:
    assert View(zoom=15, across=1, down=1).window(STRIP) == (0, 11_200, 800, 12_000)
    assert View(zoom=15).around(STRIP, (0, 100, 50, 150)).window(STRIP) == (0, 0, 800, 800)


def test_from_near_a_face_is_marked_where_it_is_and_one_beside_the_view_is_not() -> None:
    shown = np.asarray(marked(CROWD, Marks.on(FACES[:1]), View(zoom=3, across=1)), int)
    assert (shown == shown[0, 0]).all()
    shown = np.asarray(marked(CROWD, Marks.on(FACES[:1]), View(zoom=3, across=0)), int)
    scale = SHOWN_SIDE / 100
    assert not (shown[round(50 * scale), round(75 * scale) - 4] == shown[0, 0]).all()
