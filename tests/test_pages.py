"""Whole pages with small faces, by the embedded pack's own detector."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from drawn_world.artist import draw
from drawn_world.people import look_seed
from drawn_world.world import look, person
from evaluation.episodes_command import counted as counted_pairs
from evaluation.pages import KINDS, Layout, Somebody, cast_of, compose, somebody
from evaluation.pages_command import counted, line_of, overlaps
from pipeline.detection import TURNS
from pipeline.faces import InsightFaces
from pipeline.packs import load_pack
from settings import BUILT_IN_PACKS


@pytest.fixture(scope="module")
def finder() -> InsightFaces:
    return InsightFaces.load_judging(load_pack("paperdoll", (BUILT_IN_PACKS,)))


def drawn(seed: int) -> tuple[Image.Image, np.ndarray]:
    drawing = draw(person(seed), look(look_seed(seed, 0)))
    return Image.fromarray(drawing.pixels), drawing.box


def test_every_face_of_a_strip_is_found_in_its_own_pixels(finder: InsightFaces) -> None:
    """Eleven of 64 to 220 pixels in a strip of 800 x 12,000: shown whole, the detector would see them 1 to 5 wide."""
    strip, truth = Image.new("RGB", (800, 12_000), "white"), []
    for number, top in enumerate(range(200, 11_000, 1_000)):
        picture, box = drawn(1_000_003 + number)
        side = round((64 + 16 * number) / max(box[2:] - box[:2]) * 256)
        strip.paste(picture.resize((side, side)), (80, top))
        truth.append(box * (side / 256) + (80, top, 80, top))

    faces = finder.faces(strip)

    alike = overlaps(np.array([face.box for face in faces], np.float32), np.array(truth, np.float32)) > 0.4
    assert len(faces) == 11
    assert alike.any(0).sum() >= 10


@pytest.mark.parametrize("turn", list(TURNS[1:]))
def test_a_drawing_on_its_side_or_upside_down_is_turned(finder: InsightFaces, turn: Image.Transpose) -> None:
    for seed in range(1_000_000, 1_000_004):
        picture, _ = drawn(seed)
        [upright] = finder.faces(picture)

        turned, [face, *_] = finder.faces_upright(picture.transpose(turn))

        assert turned.tobytes() == picture.tobytes(), seed
        assert float(face.identities[1].embedding @ upright.identities[1].embedding) > 0.99


def test_seen_several_ways_a_face_and_its_mirror_image_are_one(finder: InsightFaces) -> None:
    picture, _ = drawn(1_000_001)
    mirror = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    plain = [finder.faces(each)[0] for each in (picture, mirror)]
    several = [finder.seen_several_ways(each, [face])[0] for each, face in zip((picture, mirror), plain, strict=True)]

    alike, plainly = (
        float(one.identities[1].embedding @ other.identities[1].embedding) for one, other in (several, plain)
    )
    assert alike > max(plainly, 0.97)


def test_the_truth_of_a_composed_page_lies_in_its_panels_and_is_as_large_as_was_asked_for() -> None:
    rng = np.random.default_rng(0)
    page = compose(Layout(900, 900, 3, 3), lambda: somebody(rng), rng, sizes=(64, 90))

    sides = (page.boxes[:, 2:] - page.boxes[:, :2]).max(1)
    assert len(page.who) == len(page.boxes) >= 5
    assert ((page.boxes >= 0) & (page.boxes <= 900)).all()
    assert set(np.round(sides / 2).astype(int)) <= {32, 45}


def test_a_page_without_people_counts_what_is_taken_for_them(finder: InsightFaces) -> None:
    rng = np.random.default_rng(1)
    counts = [
        counted("page", compose(KINDS["page"], (lambda: somebody(rng)) if people else None, rng), finder)
        for people in (True, False)
    ]

    assert counts[0].found <= counts[0].faces
    assert counts[1].faces == counts[1].found == counts[1].false == 0
    assert line_of("page", counts).startswith(f"page (1200 x 1700): {counts[0].found} of {counts[0].faces} faces")


def test_pairs_are_counted_by_whom_they_show() -> None:
    mina, jun = Somebody(0, 1), Somebody(0, 2)

    pairs = counted_pairs([[0, 1, 2], [3], [4]], [mina, mina, jun, mina, jun])

    assert (pairs.together, pairs.right, pairs.true) == (3, 1, 4)


def test_an_episodes_cast_has_no_twins_and_is_another_each_time() -> None:
    first, second = cast_of(0, 4, 0), cast_of(0, 4, 1)
    assert len({*first, *second}) == 8
    assert {somebody.hand for somebody in cast_of(100_001, 4)} == {100_001}
