"""The drawn world and the way from it to a pack. The pack that is in the tree has its own tests: test_paperdoll.py."""

import dataclasses
import itertools
import json
import time

import numpy as np
import onnxruntime
import pytest
import torch
from diffusers import AutoencoderKL
from PIL import Image
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizer

from drawn_world import world
from drawn_world.artist import SIZE, draw
from drawn_world.people import People
from drawn_world.world import look, person
from pipeline.adherence import load_prompt_reader
from pipeline.faces import InsightFaces
from pipeline.generator import DiffusersGenerator
from pipeline.marks import load_marks_reader
from pipeline.pack_files import write_files
from pipeline.packs import Marks, Prior, load_pack
from pipeline.prior import load_prior
from pipeline.values import Identity, Imagined
from settings import BUILT_IN_PACKS
from training import autoencoder, encoders, generator, loop, prior, words
from training.curves import draw_curves
from training.dataset import align, pictures
from training.decoder import train_decoder
from training.groupnorm import make_fast
from training.onnx_files import export, read_weights
from training.pack import ADAPTER_FILE, DETECTOR_FILE, JUDGE_FILE, STEERING_FILE, PartAlone, make_pack
from training.recipe import Recipe, Run

PAPERDOLL = BUILT_IN_PACKS / "paperdoll"
FIVE_PEOPLE = range(5)


def test_a_seed_draws_the_same_bytes_again():
    first, again = (draw(person(3), look(4)).pixels for _ in range(2))
    assert first.tobytes() == again.tobytes()


def test_the_world_is_as_large_as_it_says():
    assert len(world.HAIR_STYLES) >= 12
    assert len(world.OUTFITS) >= 12
    assert len(world.EXPRESSIONS) >= 8
    assert len([name for name in world.ACCESSORIES if name != "none"]) >= 6
    assert "none" in world.ACCESSORIES
    assert len(world.BACKGROUNDS) >= 10
    features = (world.HAIR_STYLES, world.HAIR_COLOURS, world.FRINGES, world.EYE_COLOURS, world.SKINS, world.EYE_SHAPES)
    assert np.prod([len(names) for names in (*features, world.NOSES)]) > 1_000_000


def test_every_word_of_a_look_changes_the_picture():
    plain = look(
        1, outfit="hoodie", expression="neutral", accessory="none", background="plain", view="front", light="day"
    )
    for field, names in (
        ("outfit", world.OUTFITS),
        ("expression", world.EXPRESSIONS),
        ("accessory", world.ACCESSORIES),
        ("background", world.BACKGROUNDS),
        ("light", world.LIGHTS),
    ):
        drawn = {draw(person(2), dataclasses.replace(plain, **{field: name})).pixels.tobytes() for name in names}
        assert len(drawn) == len(names), field


def test_the_face_and_its_landmarks_lie_where_the_truth_says():
    for seed in FIVE_PEOPLE:
        drawing = draw(person(seed), look(seed))
        left, top, right, bottom = drawing.box
        eye_left, eye_right, nose, mouth_left, mouth_right = drawing.landmarks
        assert 0 < left < right < SIZE
        assert 0 < top < bottom < SIZE
        assert left < eye_left[0] < eye_right[0] < right
        assert eye_left[0] < nose[0] < eye_right[0] or look(seed).view != "front"
        assert max(eye_left[1], eye_right[1]) < nose[1] < min(mouth_left[1], mouth_right[1]) < bottom


def test_the_face_of_one_person_varies_less_than_faces_of_several():
    """In the aligned crop that the encoders see, with the look held still but for the outfit and the background."""

    def crop(seed, outfit):
        drawing = draw(person(seed), dataclasses.replace(look(7), outfit=outfit, background="plain"))
        return align(drawing.pixels, drawing.landmarks).astype(np.float32)

    own = [np.abs(crop(seed, "hoodie") - crop(seed, "dress")).mean() for seed in FIVE_PEOPLE]
    others = [np.abs(crop(a, "hoodie") - crop(b, "hoodie")).mean() for a, b in itertools.combinations(FIVE_PEOPLE, 2)]
    assert max(own) < min(others)


def test_a_turned_head_is_no_shifted_copy_of_the_front():
    """The far eye is nearer to the nose than the near one, and the views are no mirrors: a scar stays on its side."""
    who = dataclasses.replace(person(5), scar=1)
    views = {view: draw(who, look(3, view=view, background="plain", light="day")) for view in world.VIEWS}
    for view, far, near in (("left", 0, 1), ("right", 1, 0)):
        eyes, nose = views[view].landmarks[:2, 0], views[view].landmarks[2, 0]
        assert abs(eyes[far] - nose) < 0.6 * abs(eyes[near] - nose)
    left, right = (views[view].pixels.astype(int) for view in ("left", "right"))
    assert np.abs(left - right[:, ::-1]).mean() > 1


def test_a_tenth_of_the_combinations_is_kept_from_training():
    combinations = itertools.product(world.OUTFITS, world.EXPRESSIONS, world.BACKGROUNDS)
    assert np.mean([world.unseen(*c) for c in combinations]) == pytest.approx(0.1, abs=0.02)
    drawn = [look(seed) for seed in range(500)]
    assert not any(world.unseen(shown.outfit, shown.expression, shown.background) for shown in drawn)


def test_captions_use_only_words_of_the_vocabulary():
    known = set(generator.vocabulary_words())
    rng = np.random.default_rng(0)
    for seed in range(200):
        said = world.caption(person(seed), look(seed), rng, describe_person=True)
        assert set(said.replace(",", " ").replace("-", " ").split()) <= known


def test_what_a_caption_says_is_a_label_and_what_it_leaves_out_is_none():
    who, shown = person(1), dataclasses.replace(look(1), outfit="hoodie", background="beach")

    labels = words.said("wearing a hooded sweatshirt, woods", who, shown)

    names = [(field, name) for field, names in words.PHRASES.items() for name in names]
    assert [name for name, label in zip(names, labels, strict=True) if label] == [("outfit", "hoodie")]


def test_several_marks_are_said_each_for_itself():
    who = dataclasses.replace(person(1), freckles=True, scar=1, beard="", mole=None, pointed_ears=True)

    labels = words.said("elf ears, a beard, freckles", who, look(1))

    names = [(field, name) for field, names in words.PHRASES.items() for name in names]
    assert [name for name, label in zip(names, labels, strict=True) if label] == [
        ("marks", "freckles"),
        ("marks", "pointed ears"),
    ]


def test_a_word_inside_another_is_not_said():
    who = dataclasses.replace(person(1), age="elder", kind="man", hair_word="black", eye_word="black")
    shown = dataclasses.replace(look(1), outfit="t-shirt", accessory="earrings")

    labels = words.said("gold earrings, teenager, woman, black eyes", who, shown)

    names = [(field, name) for field, names in words.PHRASES.items() for name in names]
    assert [name for name, label in zip(names, labels, strict=True) if label] == [
        ("accessory", "earrings"),
        ("eye_word", "black"),
    ]


def test_phrases_are_told_apart_and_said_equally_loud():
    codes = words.phrase_codes(192)
    torch.testing.assert_close(
        codes @ codes.T, torch.eye(len(codes)) * 192 / (len(words.PHRASES) - 1), rtol=0, atol=1e-4
    )


def test_each_known_word_is_one_token_and_the_longest_caption_fits(tmp_path):
    tokenizer = generator.write_tokenizer(tmp_path / "tokenizer")
    assert all(len(tokenizer.tokenize(word)) == 1 for word in generator.vocabulary_words())
    rng = np.random.default_rng(1)
    lengths = [len(tokenizer(world.caption(person(s), look(s), rng, True)).input_ids) for s in range(500)]
    assert max(lengths) <= generator.TOKENS


def test_no_group_of_people_meets_another():
    recipe = Recipe()
    groups = [recipe.encoder_people, recipe.judge_people, recipe.picture_people, recipe.held_out_people]
    for one, other in itertools.combinations(groups, 2):
        assert one.first + one.count <= other.first or other.first + other.count <= one.first


def test_the_fast_group_normalisation_is_the_stock_one():
    torch.manual_seed(0)
    norm = nn.GroupNorm(4, 16)
    nn.init.normal_(norm.weight)
    x = torch.randn(3, 16, 9, 7).to(memory_format=torch.channels_last)

    def run():
        norm.zero_grad()
        given = x.clone().requires_grad_()
        norm(given).sin().sum().backward()
        return norm(given).detach(), given.grad, norm.weight.grad, norm.bias.grad

    stock = run()
    make_fast(norm)
    for ours, theirs in zip(run(), stock, strict=True):
        torch.testing.assert_close(ours, theirs.detach(), rtol=1e-4, atol=1e-4)


def test_each_picture_is_blurred_by_its_own_deviation():
    dots = torch.zeros(2, 3, 31, 31)
    dots[..., 15, 15] = 100

    crisp, soft = encoders.blurred(dots, torch.tensor([0.0, 1.5]).view(2, 1, 1, 1))

    torch.testing.assert_close(crisp, dots[0])
    assert soft[0, 15, 15] < 10
    assert soft.sum() == pytest.approx(300, rel=1e-3)


def test_a_face_is_seen_as_a_detector_might_cut_it_and_each_time_otherwise():
    drawing = draw(person(3), look(3))
    crop = align(drawing.pixels, drawing.landmarks, 128)
    torch.manual_seed(0)

    seen = encoders.augmented(torch.from_numpy(np.stack([crop] * 16)))

    assert seen.shape == (16, 3, 112, 112) and seen.min() >= 0 and seen.max() <= 255
    plain = torch.from_numpy(crop[8:-8, 8:-8]).permute(2, 0, 1).float()
    off = (seen - plain).abs().mean((1, 2, 3))
    assert off.min() > 1 and off.max() < 40
    assert len(set(off.tolist())) == 16


def test_an_exported_model_computes_as_it_did_and_can_be_read_again(tmp_path):
    torch.manual_seed(0)
    model = encoders.steering_encoder().eval()
    file, faces = tmp_path / "rec.onnx", torch.rand(2, 3, 112, 112) * 2 - 1
    export(model, file)

    (found,) = onnxruntime.InferenceSession(file).run(None, {"input.1": faces.numpy()})
    again = read_weights(encoders.steering_encoder(), file).eval()

    with torch.no_grad():
        for other in (torch.from_numpy(found), again(faces)):
            assert torch.cosine_similarity(model(faces), other).min() > 0.9999
    assert file.stat().st_size < 2.2 * sum(p.numel() for p in model.parameters())


def test_the_head_weighs_three_times_what_surrounds_it():
    drawing = draw(person(1), look(1))
    weights = generator._weights(drawing.box)
    x, y = (int(middle) // generator.CELL for middle in drawing.landmarks.mean(0))
    assert weights[y, x] == pytest.approx(3 * weights[15, 0])
    assert weights.mean() == pytest.approx(1)


def test_the_generator_draws_on_from_noise_what_was_under_it(tmp_path):
    shown = pictures(tmp_path, People(1_000_000, 2, 2))
    vae = AutoencoderKL.from_pretrained(PAPERDOLL / "vae", dtype=torch.float32)
    latents = autoencoder.encode(vae, shown.pixels)
    encode = encoders.trained(read_weights(encoders.steering_encoder(), PAPERDOLL / STEERING_FILE))
    text = CLIPTextModel.from_pretrained(PAPERDOLL / "text_encoder", dtype=torch.float32)
    model = generator.build(text, PAPERDOLL, ADAPTER_FILE)
    tokenizer = CLIPTokenizer.from_pretrained(PAPERDOLL / "tokenizer")
    found = generator.redrawn(model, tokenizer, shown, latents, encoders.embed(encode, shown), 4)
    off = (found.float() - latents.float()).std((1, 2, 3))
    assert found.dtype == torch.float16
    assert (off < 0.7).all()  # of a deviation of 1


class Mirrored:
    """A prior of whose faces each is somebody's, in the opposite order."""

    def imagine(self, prompt, kept_out, seed):
        return Imagined((Identity("steering", np.eye(512, dtype=np.float32)[3 - seed]),))


def test_what_is_imagined_is_given_to_whom_it_looks_like(tmp_path):
    shown = pictures(tmp_path, People(5, 2, 2))
    identities = np.eye(512, dtype=np.float32)[:4]
    found = generator.imagined_by(Mirrored(), shown, identities)
    assert [set(faces.argmax(1)) for faces in np.split(found, 2)] == [{0, 1}, {2, 3}]


def test_the_first_pictures_of_a_group_are_of_whole_people(tmp_path):
    shown = pictures(tmp_path, People(5, 4, 3))
    some = shown.first(7)
    assert (len(some), some.people) == (6, People(5, 2, 3))
    assert np.array_equal(some.pixels, shown.pixels[:6]) and some.shown == shown.shown[:6]


def test_a_prior_finds_again_whom_it_was_taught(tmp_path):
    """Of two kinds of people, women all alike and men all alike, words say whose face it is."""
    group = People(40, 24, 2)
    women = np.array([person(seed).kind == "woman" for seed in range(40, 64)])
    faces = np.where(women[:, None], np.eye(512)[0], np.eye(512)[1]).astype(np.float32)
    faces += np.random.default_rng(0).normal(0, 0.002, faces.shape).astype(np.float32)
    recipe = dataclasses.replace(Recipe.small(), prior_steps=400)
    prior.export_prior(prior.train_prior(Run(tmp_path, recipe, tmp_path), group, faces), tmp_path / "prior")
    pack = dataclasses.replace(load_pack("paperdoll", (BUILT_IN_PACKS,)), folder=tmp_path, prior=Prior("prior"))
    for seed in range(4):
        for words_said, axis in (("woman", 0), ("man", 1)):
            (identity,) = load_prior(pack).imagine(words_said, "", seed).identities
            assert identity.embedding.argmax() == axis and np.isclose(np.linalg.norm(identity.embedding), 1)


def test_the_decoder_learns_and_leaves_the_encoder_as_it_is(tmp_path):
    shown, vae = pictures(tmp_path / "pictures", People(5, 2, 2)), autoencoder.build()
    before = {name: value.clone() for name, value in vae.state_dict().items()}
    latents = autoencoder.encode(vae, shown.pixels)
    run = Run(tmp_path, Recipe.small(), tmp_path / "pack")
    train_decoder(run, vae, shown, latents, latents[:3], encoders.steering_encoder())
    changed = {name.split(".")[0] for name, value in vae.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"decoder", "post_quant_conv"}


def toy_batch(rng, progress):
    return {"x": rng.normal(size=(8, 4)).astype(np.float32)}


def toy_losses(model, batch, progress):
    return {"loss": (model(batch["x"]) - batch["x"]).square().mean()}


def test_batches_drawn_by_other_processes_train_to_the_same_weights(tmp_path, monkeypatch):
    def train(folder, workers):
        monkeypatch.setattr(loop, "WORKERS", workers)
        run = Run(folder, Recipe.small(), folder / "pack")
        return loop.train(run, "toy", lambda: nn.Linear(4, 4), toy_batch, toy_losses, loop.Schedule(12, 1e-2))

    alone, helped = train(tmp_path / "alone", 0), train(tmp_path / "helped", 2)
    for ours, theirs in zip(alone.parameters(), helped.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_a_killed_training_goes_on_to_the_same_weights(tmp_path):
    def train(folder, stop_at=None):
        def interrupted(model, batch, progress):
            if stop_at is not None and progress >= stop_at:
                raise KeyboardInterrupt
            return toy_losses(model, batch, progress)

        run = Run(folder, Recipe.small(), folder / "pack")
        schedule = loop.Schedule(20, 1e-2, ema=0.9, warmup=2, checkpoint_seconds=0)
        return loop.train(run, "toy", lambda: nn.Linear(4, 4), toy_batch, interrupted, schedule)

    whole = train(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "killed", stop_at=0.5)
    resumed = train(tmp_path / "killed")
    for ours, theirs in zip(resumed.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_piece_of_a_run_ends_in_time_and_the_next_goes_on(tmp_path):
    def train(folder, ends):
        run = Run(folder, Recipe.small(), folder / "pack", ends)
        return loop.train(run, "toy", lambda: nn.Linear(4, 4), toy_batch, toy_losses, loop.Schedule(3, 1e-2))

    for _ in range(2):
        with pytest.raises(loop.TimeIsUp, match="of 3"):
            train(tmp_path / "pieces", time.monotonic() - 1)
    pieces, whole = train(tmp_path / "pieces", time.monotonic() - 1), train(tmp_path / "whole", None)
    for ours, theirs in zip(pieces.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_pictures_are_drawn_once_and_after_a_kill_only_what_is_missing(tmp_path):
    people = People(5, 20, 1)
    pictures(tmp_path, people)
    before = (tmp_path / "pixels.npy").stat().st_mtime_ns
    again = pictures(tmp_path, people)
    assert (tmp_path / "pixels.npy").stat().st_mtime_ns == before
    assert np.array_equal(again.pixels[4], draw(again.person(4), again.look(4)).pixels)

    kept = tmp_path / "drawn.json"
    state = json.loads(kept.read_text())
    state["parts"].remove(15)
    kept.write_text(json.dumps(state))
    broken = np.load(tmp_path / "pixels.npy", mmap_mode="r+")
    broken[:] = 0
    broken.flush()
    mended = pictures(tmp_path, people)
    assert not mended.pixels[4].any()
    assert np.array_equal(mended.pixels[12], draw(mended.person(12), mended.look(12)).pixels)


def test_the_whole_way_to_a_pack_that_the_app_loads(tmp_path):
    """Every stage with next to nothing: what comes out draws rubbish, but in files that the real pipeline takes.

    A machine that has the pack and no run folder trains it on.
    """
    pack_folder = tmp_path / "packs" / "paperdoll"
    run = make_pack(Run(tmp_path / "run", Recipe.small(), pack_folder))
    draw_curves(run.folder, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as curves:
        assert curves.width > 500
    files = (ADAPTER_FILE, STEERING_FILE, JUDGE_FILE, DETECTOR_FILE, "vae/diffusion_pytorch_model.safetensors")
    first = [(pack_folder / file).read_bytes() for file in files]
    make_pack(dataclasses.replace(run, folder=tmp_path / "another machine's run"), start=pack_folder)
    assert all((pack_folder / file).read_bytes() != before for file, before in zip(files, first, strict=True))
    before = {file: file.read_bytes() for file in pack_folder.rglob("*") if file.is_file()}
    PartAlone(Run(tmp_path / "run", Recipe.small(), pack_folder)).write_generator()
    changed = {file.relative_to(pack_folder).parts[0] for file, was in before.items() if file.read_bytes() != was}
    assert changed == {"unet", "text_encoder", ADAPTER_FILE}
    write_files(pack_folder)
    pack = load_pack("paperdoll", (tmp_path / "packs", BUILT_IN_PACKS))
    request = pack.request("a woman in a hoodie", 1, count=1, steps=2)
    (picture,) = DiffusersGenerator.load(pack).generate(request, None, lambda step: None)
    assert picture.size == (256, 256)
    InsightFaces.load(pack).faces(picture, own_hand=True)
    assert load_marks_reader(dataclasses.replace(pack, marks=Marks("marks")))
    assert set(load_prompt_reader(pack).missing(picture, "hoodie")) <= {"hoodie"}
    assert load_prior(dataclasses.replace(pack, prior=Prior("prior"))).imagine("a woman", "", 1)
