"""The people found on pages, as the creator sorts them."""

from __future__ import annotations

from ui.story.people_rows import Row, Rows

MINA, TWO, ALONE = Row((0, 3, 5), "id", "Mina"), Row((1, 2)), Row((4,))
ROWS = Rows("episode", (MINA, TWO, ALONE))


def test_two_rows_put_together_are_one_and_whom_it_is_taken_for_stays() -> None:
    assert ROWS.merged(0, 2).rows == (Row((0, 3, 5, 4), "id", "Mina"), TWO)
    assert ROWS.merged(1, 0).rows == (Row((1, 2, 0, 3, 5), "id", "Mina"), ALONE)


def test_faces_that_are_split_off_are_a_row_of_somebody_unknown() -> None:
    assert ROWS.split(0, [3]).rows == (Row((0, 5), "id", "Mina"), Row((3,)), TWO, ALONE)


def test_a_row_that_is_split_wholly_stays() -> None:
    assert ROWS.split(1, [1, 2]) == ROWS


def test_what_is_kept_leaves_its_row_and_the_last_face_takes_the_row_with_it() -> None:
    assert ROWS.without(0, [0, 5]).rows == (Row((3,), "id", "Mina"), TWO, ALONE)
    assert ROWS.without(2, [4]).rows == (MINA, TWO)
