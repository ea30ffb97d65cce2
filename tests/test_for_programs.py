"""The script in `examples/`, which a program may begin from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeFaces, FakeGenerator, fake_pack
from listening import listening
from PIL import Image

from examples.remake_a_character import remake
from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
from pipeline.variants import VariantMaker
from studio import Castbook, Models, Studio
from ui import build_page, launch_options


@pytest.fixture
def castbook(store: LibraryStore) -> Castbook:
    pack = fake_pack()
    return Castbook(store, pack, Models(lambda: VariantMaker(FakeGenerator(), FakeFaces(), pack)))


@pytest.fixture
def studio(castbook: Castbook) -> Studio:
    return castbook.seen_by(LOCAL_OWNER)


@pytest.fixture
def url(castbook: Castbook) -> Iterator[str]:
    demo = build_page(castbook)
    _, url, _ = demo.launch(**listening(), prevent_thread_lock=True, **launch_options(castbook))
    yield url
    demo.close()


def test_the_example_leaves_a_character_in_two_stories_and_their_pictures(
    url: str, studio: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    remake(url, "Hana", "a girl", "on the moon", count=2, to=tmp_path / "remade")
    [project] = [each for each in studio.library.list_projects() if each.name == "Hana, remade"]
    [first], [second] = (studio.library.list_cast(story.id) for story in studio.library.list_stories(project.id))
    assert first.character == second.character and first.character.is_saved_to_library
    assert [option.how for option in second.options] == ["loaded", "variant", "variant"]

    printed = capsys.readouterr().out
    assert project.id in printed and all(option.image.id in printed for option in (*first.options, *second.options))
    pictures = sorted((tmp_path / "remade").iterdir())
    assert [file.name for file in pictures] == ["character-1.png", "character-2.png", "variant-1.png", "variant-2.png"]
    for file in pictures:
        with Image.open(file) as picture:
            assert picture.size == (64, 64)
