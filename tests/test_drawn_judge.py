"""The detector and the judge that learn from many hands. The weights in the tree are tested by test_paperdoll.py."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from insightface.app import FaceAnalysis
from insightface.app.common import Face
from PIL import Image

from drawn_world.artist import draw
from drawn_world.people import People
from drawn_world.world import look, person
from evaluation.portraits import Portraits
from pipeline.faces import InsightFaces, JudgeModel
from pipeline.packs import FaceModels, Judge, load_pack
from settings import BUILT_IN_PACKS
from training import detector, drawn_judge, encoders, left_out
from training.dataset import align, pictures
from training.drawn_judge import LANDMARK_SCALE, build_drawn_judge, make_drawn_judge, whole_head
from training.left_out import without_each_designer
from training.onnx_files import export, read_weights
from training.pack import JUDGE_FILE
from training.recipe import Recipe, Run

PAPERDOLL, DRAWN = BUILT_IN_PACKS / "paperdoll", BUILT_IN_PACKS / "judges" / "drawn"


def portraits(hands, people_of_each, looks, features=None):
    """Plain pictures: the red of each says whom it shows, the green which look; the face is a magenta box."""
    people = hands * people_of_each
    pixels = np.zeros((people * looks, 256, 256, 3), np.uint8)
    for i, picture in enumerate(pixels):
        picture[:] = (5 * (i // looks), i % looks, 0)
        picture[80:160, 80:160] = (255, 0, 255)
    return Portraits(
        pixels,
        np.tile(np.array([80, 80, 160, 160], np.float32), (len(pixels), 1)),
        np.tile(
            np.array([[100, 110], [140, 110], [120, 125], [105, 145], [135, 145]], np.float32), (len(pixels), 1, 1)
        ),
        np.repeat(np.arange(people), looks),
        np.repeat(np.arange(hands), people_of_each),
        np.full((people, 1), -1) if features is None else np.array(features),
        tuple(f"hand {i}" for i in range(hands)),
    )


def test_the_judge_sees_the_whole_head():
    shown = portraits(1, 1, 1)
    face = align(shown.pixels[0], shown.landmarks[0])
    head = whole_head(shown.pixels[0], shown.landmarks[0], 112)

    def magenta(crop):
        return float((crop == (255, 0, 255)).all(-1).mean())

    assert magenta(head) == pytest.approx(magenta(face) / LANDMARK_SCALE**2, rel=0.1)


def test_what_training_cuts_is_what_the_app_shows_the_judge(tmp_path):
    """Through insightface, by landmarks that the pack's `landmark_scale` spreads."""
    export(build_drawn_judge(), tmp_path / "rec.onnx")
    pixels, landmarks = (
        np.random.default_rng(0).integers(0, 255, (256, 256, 3), np.uint8),
        portraits(1, 1, 1).landmarks[0],
    )
    seen = []

    class Recognition:
        def get(self, picture, face):
            seen.append(face.kps)
            return np.ones(512, np.float32)

    JudgeModel("judge", Recognition(), LANDMARK_SCALE).embed(pixels[:, :, ::-1], landmarks)

    assert np.array_equal(align(pixels, seen[0]), whole_head(pixels, landmarks, 112))


def test_people_who_differ_in_less_than_two_features_are_twins():
    shown = portraits(1, 4, 1, [[1, 1, 1], [1, 1, 2], [1, 2, 2], [-1, 2, 2]])

    twins = shown.twins(np.arange(4))

    assert twins.tolist() == [
        [True, True, False, False],
        [True, True, True, True],
        [False, True, True, True],
        [False, True, True, True],
    ]


def test_a_hand_that_notes_no_features_has_no_twins():
    assert np.array_equal(portraits(1, 3, 1).twins(np.arange(3)), np.eye(3, dtype=bool))


def test_a_batch_holds_a_few_hands_with_several_people_each_and_several_pictures_of_everyone():
    shown = portraits(3, 12, 5)
    source = drawn_judge.Source(shown, shown.pixels[:, 64:192, 64:192])

    crops, who, *_ = drawn_judge._Drawer(source, 1).part(np.random.default_rng(0), 1)

    assert (len(set(who)), len(crops)) == (drawn_judge.PEOPLE, drawn_judge.PEOPLE * drawn_judge.PICTURES)
    assert [crop[0, 0, 0] // 5 for crop in crops] == [12 + number for number in who]
    assert len({crop[0, 0].tobytes() for crop in crops}) == len(crops)


@pytest.mark.parametrize("people", [4, drawn_judge.MANY + 1])
def test_a_twin_is_no_rival(people):
    """Two people whom the encoder takes for one: that costs a lot, unless their hand drew them alike."""
    twins = np.eye(people, dtype=bool)
    embedding = torch.eye(people, 512)[[0, 0, 0, 0, 2, 2]]
    who = torch.tensor([0, 0, 1, 1, 2, 2])

    def cost(twins):
        hand = drawn_judge._Hand(twins, np.eye(people, 512, dtype=np.float32)[[0, 0, *range(2, people)]])
        return [loss.item() for loss in hand.losses(embedding, who, 0.0) if loss is not None]

    strangers = cost(twins)
    twins[:2, :2] = True

    assert all(loss > 0.4 for loss in strangers)
    assert all(loss < 0.01 for loss in cost(twins))
    assert len(strangers) == (2 if people > drawn_judge.MANY else 1)


def test_all_people_of_a_hand_are_seen_in_the_same_other_colours():
    torch.manual_seed(0)
    grey = torch.full((12, 128, 128, 3), 100, dtype=torch.uint8)
    red = grey.clone()
    red[..., 0] = 200
    parts = [slice(first, first + 12) for first in range(0, 240, 12)]

    seen = drawn_judge.seen(torch.cat([grey, red] * 10), parts)

    colours = seen.mean((2, 3)).view(10, 2, 12, 3)
    assert colours[:, 0].std(-1).max() < 20
    between = colours[:, 1].mean(1).std(0).mean()
    within = colours[:, 1].std(1).mean()
    assert between > 2 * within


def test_the_drawn_judge_begins_as_the_plain_one(tmp_path):
    plain = read_weights(encoders.Judge(), _plain(tmp_path)).eval()
    faces = torch.rand(2, 3, 112, 112) * 2 - 1

    with torch.no_grad():
        assert torch.allclose(build_drawn_judge(tmp_path / "plain.onnx").eval()(faces), plain(faces), atol=1e-5)


def _plain(folder):
    torch.manual_seed(0)
    export(encoders.Judge(), folder / "plain.onnx")
    return folder / "plain.onnx"


def test_a_mirrored_scene_has_its_truth_mirrored():
    shown = portraits(1, 1, 1)
    pixels, boxes, landmarks = detector._mirrored(shown.pixels[0], shown.boxes - (40, 0, 40, 0), shown.landmarks)

    assert boxes.tolist() == [[136, 80, 216, 160]]
    assert landmarks[0, 0].tolist() == [116, 110]
    assert (landmarks[0, 0] < landmarks[0, 1]).any() and landmarks[0, 3, 0] < landmarks[0, 4, 0]
    for ours, theirs in zip(
        detector._mirrored(pixels, boxes, landmarks),
        (shown.pixels[0], shown.boxes - (40, 0, 40, 0), shown.landmarks),
        strict=True,
    ):
        assert np.array_equal(ours, theirs)


def test_a_scene_without_people_shows_no_face():
    shown, rng = portraits(1, 2, 2), np.random.default_rng(0)
    for _ in range(20):
        canvas = np.zeros((256, 256, 3), np.uint8)
        detector._faceless(canvas, shown, int(rng.integers(4)), rng)
        assert not (canvas[..., 2] > 0).any()


def test_a_stricter_detector_finds_the_same_faces_and_is_less_sure():
    torch.manual_seed(0)
    model, pixels = detector.Detector().eval(), torch.rand(1, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        before = model(pixels)
        after = detector.made_stricter(model, 0.7)(pixels)

    for ours, theirs in zip(after[:3], before[:3], strict=True):
        assert torch.allclose(ours / (1 - ours) * 7 / 3, theirs / (1 - theirs), rtol=1e-4)
    for ours, theirs in zip(after[3:], before[3:], strict=True):
        assert torch.equal(ours, theirs)


def test_an_eye_of_a_large_face_is_no_small_face():
    box, points = np.array([[60, 60, 200, 200]], np.float32), np.full((1, 5, 2), 130, np.float32)

    small, large = (detector._targets(box, points, stride)[..., 0] for stride in (8, 32))

    assert not small.any()
    assert set(np.unique(large)) == {-1, 0, 1}


def test_scenes_show_people_by_every_hand():
    """Three in four show anybody; half of them come from the source that has a person twice as red."""
    one, other = portraits(1, 1, 1), portraits(1, 1, 1)
    other.pixels[:] = other.pixels // 2
    rng = np.random.default_rng(0)

    brightest = [
        int(pixels.max()) for pixels, boxes, _ in (detector.scene([one, other], rng) for _ in range(60)) if len(boxes)
    ]

    assert len(brightest) > 30
    assert min(brightest) < 200 < max(brightest)


def test_the_lines_of_the_model_card_judge_as_the_app_does(monkeypatch):
    monkeypatch.chdir(BUILT_IN_PACKS.parent)
    lines = re.search(r"```python\n(.*?)```", (DRAWN / "README.md").read_text("utf-8"), re.DOTALL)[1]
    drawing = draw(person(1_000_000), look(1))
    names = {"picture": drawing.pixels[:, :, ::-1].copy(), "FaceAnalysis": FaceAnalysis, "Face": Face, "np": np}

    exec(lines, names)

    pack = replace(
        load_pack("paperdoll", (BUILT_IN_PACKS,)),
        faces=FaceModels("judges/drawn", "steers", 256),
        judge=Judge("judges/drawn", "drawn-1", 1.6),
        calibration=None,
    )
    [face] = InsightFaces.load(pack).faces(Image.fromarray(drawing.pixels))
    [embedding] = names["embeddings"]
    assert np.allclose(embedding, face.identities[1].embedding, atol=1e-4)


def test_the_whole_way_to_a_judge_that_the_app_and_plain_insightface_load(tmp_path):
    """Every stage with next to nothing: what comes out judges badly, but in files that are taken."""
    world = pictures(tmp_path / "world", People(300_000, 12, 3))
    drawn = drawn_judge.as_portraits(world)
    folder = tmp_path / "packs" / "judges" / "drawn"

    make_drawn_judge(Run(tmp_path / "run", Recipe.small(), folder), [drawn], PAPERDOLL, PAPERDOLL / JUDGE_FILE)

    analysis = FaceAnalysis(str(folder))
    analysis.prepare(ctx_id=0, det_size=(256, 256))
    assert set(analysis.models) == {"detection", "recognition"}
    assert (folder / "rec_drawn.onnx").stat().st_size < 6_000_000
    pack = load_pack("paperdoll", (BUILT_IN_PACKS,))
    for face in InsightFaces.load(pack).faces(Image.fromarray(world.pixels[0])):
        assert [identity.encoder for identity in face.identities] == [pack.faces.encoder, pack.judge_encoder]


def test_a_judge_is_measured_on_a_designer_of_whom_it_saw_no_line(tmp_path, monkeypatch):
    features = np.random.default_rng(0).integers(0, 9, (36, 6))
    sets = replace(portraits(3, 12, 2, features), hands=("adventurer", "micah", "lorelei"))
    saw = {}

    def teach(run, name, build, sources, steps):
        saw[name] = {hand for source in sources for hand in source.portraits.hands}
        return build().eval()

    monkeypatch.setattr(left_out, "train_drawn_judge", teach)

    rows = list(without_each_designer(Run(tmp_path, Recipe.small(), tmp_path), sets, PAPERDOLL / JUDGE_FILE))

    assert saw["saw-all"] >= set(sets.hands)
    assert saw["without-Lisa Wischofsky"] & set(sets.hands) == {"micah"}  # adventurer and lorelei are both hers
    assert saw["without-Micah Lanier"] & set(sets.hands) == {"adventurer", "lorelei"}
    assert sorted(row.hand for row in rows) == sorted(2 * sets.hands)
    assert {row.people for row in rows} == {12}
