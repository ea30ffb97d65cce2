"""The embedded pack that is in the tree: small, in the published formats, and good enough to be trusted with a face.

The full figures come from `python -m training measure`; here a few people show that nothing is broken.
"""

from dataclasses import replace

import numpy as np
import pytest
from diffusers import StableDiffusionPipeline
from fakes import studio_of
from insightface.app import FaceAnalysis
from PIL import Image

from app import load_maker
from drawn_world.artist import draw
from drawn_world.people import HELD_OUT
from drawn_world.world import BACKGROUNDS, OUTFITS, caption, look, person, profile
from library_store.records import LOCAL_OWNER
from pipeline.adherence import load_prompt_reader
from pipeline.likeness import identity_by, similarity_of
from pipeline.packs import load_pack
from pipeline.request import VisualProfile
from pipeline.values import Reference
from settings import BUILT_IN_PACKS
from training import measure

PACK = BUILT_IN_PACKS / "paperdoll"
STRANGERS = range(HELD_OUT.first, HELD_OUT.first + 6)


@pytest.fixture(scope="module")
def maker(tmp_path_factory):
    """As the app has it: compiled where it can be."""
    return load_maker(load_pack("paperdoll", (BUILT_IN_PACKS,)), tmp_path_factory.mktemp("compiled"))


def drawing(seed, look_seed):
    return Image.fromarray(draw(person(seed), look(look_seed)).pixels)


def reference_of(maker, picture):
    return Reference(picture, maker.find_face(picture).identities)


def asked(maker, prompt, reference, **changed):
    """What `generate` takes beside `on_step`."""
    return maker.pack.request(prompt, 5, **{"count": 1, "steps": 8, **changed}), reference


def picture_of(maker, request):
    return maker.generate(*request, lambda step: None).ranked[0].picture


def test_every_file_is_under_10_mb_and_the_pack_under_60():
    sizes = [file.stat().st_size for file in PACK.rglob("*") if file.is_file()]
    assert max(sizes) < 10_000_000
    assert sum(sizes) <= 60_000_000


def test_stock_diffusers_and_insightface_load_it_without_our_code():
    pipeline = StableDiffusionPipeline.from_pretrained(PACK, safety_checker=None, requires_safety_checker=False)
    weights = "ip-adapter-faceid-paperdoll.safetensors"
    pipeline.load_ip_adapter(str(PACK), subfolder="", weight_name=weights, image_encoder_folder=None)
    analysis = FaceAnalysis(name=str(PACK / "faces"))
    assert set(analysis.models) == {"detection", "recognition"}


def test_it_reads_what_a_drawing_shows_and_what_it_lacks():
    reader = load_prompt_reader(load_pack("paperdoll", (BUILT_IN_PACKS,)))
    shown = [look(seed) for seed in range(12)]
    pictures = [
        Image.fromarray(draw(person(seed), each).pixels) for seed, each in zip(range(40, 52), shown, strict=True)
    ]

    own, other = (
        [
            reader.missing(picture, f"{OUTFITS[each.outfit][0]}, {BACKGROUNDS[each.background][0]}")
            for picture, each in zip(pictures, looks, strict=True)
        ]
        for looks in (shown, shown[1:] + shown[:1])
    )

    assert own.count(()) >= 11
    assert sum(bool(missing) for missing in other) >= 11


def test_faces_are_found_and_are_most_like_themselves(maker):
    seen = [[maker.find_face(drawing(seed, 10 * i + j)) for j in range(2)] for i, seed in enumerate(STRANGERS)]
    for encoder in (maker.pack.faces.encoder, maker.pack.judge_encoder):
        first, second = ([identity_by(encoder, faces[j].identities) for faces in seen] for j in range(2))
        alike = np.array([[similarity_of(a, b) for b in second] for a in first])
        assert (alike.argmax(axis=1) == np.arange(len(seen))).all(), encoder


def test_the_largest_face_of_two_is_the_one_meant(maker):
    small, large = drawing(STRANGERS[0], 1), drawing(STRANGERS[1], 2)
    both = Image.new("RGB", (512, 256), "white")
    both.paste(small.resize((150, 150)), (20, 60))
    both.paste(large, (256, 0))
    judge = maker.pack.judge_encoder
    found = identity_by(judge, maker.find_face(both).identities)
    meant, other = (identity_by(judge, maker.find_face(picture).identities) for picture in (large, small))
    assert similarity_of(found, meant) > similarity_of(found, other)


def test_a_landscape_has_no_face(maker):
    gradient = np.linspace(40, 220, 256 * 256 * 3).reshape(256, 256, 3).astype(np.uint8)
    assert maker._face_encoder.faces(Image.fromarray(gradient)) == ()


def test_the_same_request_twice_gives_the_same_bytes(maker):
    reference = reference_of(maker, drawing(STRANGERS[0], 1))
    request = asked(maker, "wearing a spacesuit, smiling, outer space", reference)
    assert picture_of(maker, request).tobytes() == picture_of(maker, request).tobytes()


def test_a_preview_is_a_rough_picture_of_what_comes(maker):
    request, _ = asked(maker, "woman, long red hair, cafe", None, count=2)
    steps = []
    ranked = maker.generate(request, None, steps.append).ranked
    finished = [np.asarray(variant.picture, float) for variant in sorted(ranked, key=lambda variant: variant.seed)]
    *_, last = (step.previews for step in steps if step.previews)
    off = np.array([[np.abs(np.asarray(preview, float) - picture).mean() for picture in finished] for preview in last])
    assert (off.argmin(axis=1) == [0, 1]).all()
    assert off.diagonal().max() < 30  # of 255


def test_words_give_a_new_person_a_face_that_all_their_pictures_show(maker):
    """And others by another seed, who are asked for in the same words."""
    judge = maker.pack.own_hand.encoder
    first, other = (
        maker.generate(maker.pack.request("woman, short red hair, cafe", seed, count=2), None, lambda step: None).ranked
        for seed in (5, 6000)
    )
    seen = [[identity_by(judge, variant.face.identities) for variant in ranked] for ranked in (first, other)]
    assert similarity_of(*seen[0]) > similarity_of(seen[0][0], seen[1][0])


def test_identity_scale_reaches_the_model(maker):
    reference = reference_of(maker, drawing(STRANGERS[0], 1))
    request = asked(maker, "wearing a spacesuit, smiling, outer space", reference)
    strong = maker.generate(*request, lambda step: None).ranked[0]
    request, _ = asked(maker, "wearing a spacesuit, smiling, outer space", reference, identity_scale=0.0)
    without = maker.generate(request, reference, lambda step: None).ranked[0]
    assert strong.picture.tobytes() != without.picture.tobytes()


def test_variants_are_more_like_their_own_reference_than_like_others(maker):
    references = [reference_of(maker, drawing(seed, 1)) for seed in STRANGERS]
    judge = maker.pack.judge_encoder
    own, others = [], []
    for i, reference in enumerate(references):
        for variant in maker.generate(*asked(maker, "wearing a hoodie, cafe", reference), lambda step: None).ranked:
            if variant.face is None:
                continue
            seen = identity_by(judge, variant.face.identities)
            for j, other in enumerate(references):
                (own if i == j else others).append(similarity_of(seen, identity_by(judge, other.identities)))
    assert len(own) >= len(references) - 1
    assert np.mean(own) > np.mean(others) + 0.1


def test_words_outside_the_vocabulary_are_named_and_words_inside_are_not(maker):
    assert maker.pack.vocabulary.unknown_words("a woman in a spacesuit juggling, in outer space") == ("juggling",)


def test_a_word_that_could_mean_two_things_is_named_with_phrases_that_mean_one(maker):
    assert maker.pack.vocabulary.half_said("a slim blonde woman in a red dress, smiling, in space") == {
        "red": ("red hair", "red eyes", "red scarf"),
        "space": ("outer space", "space buns hair", "space suit"),
    }


def test_nothing_that_the_pack_was_trained_on_is_called_half_said(maker):
    rng = np.random.default_rng(0)
    for seed in range(300):
        said = caption(person(seed), look(seed), rng, describe_person=seed % 2 == 0)
        assert maker.pack.vocabulary.half_said(said) == {}, said
        assert maker.pack.vocabulary.half_said(", ".join(profile(person(seed)).values())) == {}


def test_a_drawing_comes_through_the_vae_as_the_same_person():
    maker = load_maker(load_pack("paperdoll", (BUILT_IN_PACKS,)))  # what is compiled has no encoder
    case = measure._case(maker, STRANGERS[0], look(1))
    (through,) = measure._through_vae(maker, [case])
    off = np.abs(np.asarray(through.picture, float) - np.asarray(case.truth.picture, float)).mean()
    assert 0 < off < 12  # of 255
    assert through.face.identities[1].embedding @ case.truth.face.identities[1].embedding > 0.8


def test_a_picture_drawn_again_from_its_own_png_has_the_same_pixels(maker, store):
    """A variant too; the batch it was in is drawn again, whatever is drawn at once here and now."""
    studio = studio_of(store, maker.pack, lambda: maker)
    story = studio.library.create_story(studio.library.create_project("Moonlight").id, "One", "by night")
    *_, hana = studio.drawing.generate_character(story.id, "Hana", "woman, bob hair, hoodie", count=1, seed=5)
    look = VisualProfile(outfit="spacesuit")
    *_, made = studio.drawing.generate_character_variant(story.id, hana.image_ids[0], "cafe", 3, seed=7, look=look)

    for option in made.options:
        file = store.seen_by(LOCAL_OWNER).get_picture_path(option.image.id)
        request = studio.requests.in_file(file).request
        again = studio.drawing.draw_again(request)
        with Image.open(file) as kept:
            assert again.tobytes() == kept.convert("RGB").tobytes()
        assert (request.written, request.look, request.context) == ("cafe", look, "by night")
        assert studio.drawing.changed_since(request) == ()
        assert studio.drawing.changed_since(replace(request, pack_hash="another")) == ("pack_hash",)
