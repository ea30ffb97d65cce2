"""Whom words describe before there is a picture of them: the real onnxruntime on a model that was made by hand."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import GREEN, RED, STEERING, FakeFaces, FakeGenerator, fake_pack, flat, reference_of, studio_of
from toy_packs import write_prior

from errors import PackUnavailable
from library_store.records import Story
from library_store.store import LibraryStore
from pipeline.likeness import identity_by
from pipeline.packs import Pack, Prior
from pipeline.prior import IdentityPrior, load_prior
from pipeline.variants import VariantMaker
from pipeline.vocabulary import Vocabulary

WORDS = Vocabulary(
    {"marks": {"a scar": ("scar",)}, "hair colour": {"red hair": (), "green hair": ()}, "outfit": {"hoodie": ()}}
)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("prior")
    write_prior(folder / "prior")
    return replace(fake_pack(vocabulary=WORDS), folder=folder, prior=Prior("prior"))


@pytest.fixture(scope="module")
def prior(pack: Pack) -> IdentityPrior:
    prior = load_prior(pack)
    assert prior
    return prior


def imagined(prior: IdentityPrior, prompt: str, kept_out: str = "", seed: int = 1) -> np.ndarray:
    (identity,) = prior.imagine(prompt, kept_out, seed).identities
    assert identity.encoder == STEERING and np.isclose(np.linalg.norm(identity.embedding), 1)
    return identity.embedding


def drawn(
    maker: VariantMaker, generator: FakeGenerator, prompt: str, seed: int = 5, count: int = 1
) -> list[np.ndarray]:
    """Whom each batch of a run was asked to show."""
    before = len(generator.requests)
    maker.generate(maker.pack.request(prompt, seed, count=count), None, lambda _: None)
    people = [asked.reference for asked in generator.requests[before:]]
    return [identity_by(STEERING, somebody.identities).embedding for somebody in people]


@pytest.mark.parametrize(
    ("prompt", "kept_out", "signs"),
    [
        ("red hair, a scar", "", (1, 0, 1)),
        ("scar, hoodie", "red hair", (-1, 0, 1)),
        ("hoodie", "", (0, 0, 0)),
    ],
)
def test_somebody_has_what_words_ask_for_and_not_what_they_keep_out(
    prior: IdentityPrior, prompt, kept_out, signs
) -> None:
    assert tuple(np.sign(imagined(prior, prompt, kept_out)[:3])) == signs


def test_one_seed_gives_one_person_and_another_seed_another(prior: IdentityPrior) -> None:
    one, again, other = (imagined(prior, "red hair", seed=seed) for seed in (7, 7, 8))
    assert np.array_equal(one, again) and not np.allclose(one, other)


def test_a_run_draws_one_new_person_in_all_pictures(pack: Pack, prior: IdentityPrior) -> None:
    generator = FakeGenerator(batch=2)
    maker = VariantMaker(generator, FakeFaces(), pack, prior=prior)
    first, second = drawn(maker, generator, "red hair, no scar", count=3)
    (others,) = drawn(maker, generator, "red hair, no scar", seed=6)
    assert np.array_equal(first, second) and not np.allclose(first, others)
    assert np.array_equal(first, imagined(prior, "red hair", "a scar", seed=5))


def test_a_picture_drawn_again_shows_the_same_new_person(pack: Pack, prior: IdentityPrior) -> None:
    generator = FakeGenerator(batch=2)
    maker = VariantMaker(generator, FakeFaces(), pack, prior=prior)
    made = maker.generate(pack.request("red hair, no scar, hoodie", 5, count=3), None, lambda _: None)
    for place in range(3):
        maker.draw_again(replace(made.request, place=place), None, lambda _: None)
    people = [asked.reference.identities[0].embedding for asked in generator.requests]
    assert len(people) == 5 and all(np.array_equal(people[0], each) for each in people)


def test_nobody_is_imagined_where_a_reference_says_who_it_is(pack: Pack, prior: IdentityPrior) -> None:
    generator, reference = FakeGenerator(), reference_of(flat(RED))
    VariantMaker(generator, FakeFaces(), pack, prior=prior).generate(
        pack.request("green hair", 5), reference, lambda _: None
    )
    assert [asked.reference for asked in generator.requests] == [reference]


def test_without_a_prior_words_alone_are_drawn(pack: Pack) -> None:
    generator = FakeGenerator()
    VariantMaker(generator, FakeFaces(), pack).generate(pack.request("green hair", 5), None, lambda _: None)
    assert [asked.reference for asked in generator.requests] == [None]


def test_the_first_variant_is_steered_by_whom_the_words_described_and_what_the_picture_made_of_them(
    store: LibraryStore, story: Story, pack: Pack, prior: IdentityPrior
) -> None:
    """And judged by what the picture shows."""
    generator = FakeGenerator(lambda asked, seed: flat(GREEN))
    studio = studio_of(store, pack, lambda: VariantMaker(generator, FakeFaces(), pack, prior=prior))
    *_, made = studio.drawing.generate_character(story.id, "Hana", "red hair", seed=3, count=1)
    *_, variants = studio.drawing.generate_character_variant(story.id, made.image_ids[0], "hoodie", count=1)
    person = imagined(prior, "red hair", seed=3)
    both = person + identity_by(STEERING, reference_of(flat(GREEN)).identities).embedding
    first, second = (identity_by(STEERING, asked.reference.identities).embedding for asked in generator.requests)
    assert np.array_equal(first, person)
    assert np.allclose(second, both / np.linalg.norm(both), atol=1e-6)
    assert variants.ranked[0].likeness.similarity == pytest.approx(1)


def test_a_pack_says_how_strongly_an_imagined_identity_steers(
    store: LibraryStore, story: Story, pack: Pack, prior: IdentityPrior
) -> None:
    generator, pack = FakeGenerator(lambda asked, seed: flat(GREEN)), replace(pack, prior=Prior("prior", 0.8))
    studio = studio_of(store, pack, lambda: VariantMaker(generator, FakeFaces(), pack, prior=prior))
    *_, made = studio.drawing.generate_character(story.id, "Hana", "red hair", seed=3, count=1)
    list(studio.drawing.generate_character_variant(story.id, made.image_ids[0], "hoodie", count=1))
    assert [asked.identity_scale for asked in generator.requests] == [0.8, pack.defaults.identity_scale]


def test_a_broken_prior_is_named(pack: Pack, tmp_path: Path) -> None:
    damaged = replace(pack, folder=shutil.copytree(pack.folder, tmp_path / "pack"))
    (damaged.folder / "prior" / "labels.json").write_text('{"hair colour": ["red hair"]}')
    with pytest.raises(PackUnavailable, match="identity prior 'prior' of the pack 'fake' could not be loaded"):
        load_prior(damaged)
    assert load_prior(replace(pack, prior=None)) is None
