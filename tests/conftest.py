"""What several test modules share."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_up import generated

from library_store.library import CharacterLibrary
from library_store.records import LOCAL_OWNER, CastMember, Story
from library_store.store import LibraryStore

os.environ["CASTBOOK_COMPILE"] = "0"  # it takes seconds: test_compiled.py and test_paperdoll.py do it once each


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LibraryStore]:
    """A real one in a temporary folder."""
    opened = LibraryStore.open(f"sqlite:///{tmp_path / 'castbook.db'}", str(tmp_path / "pictures"))
    yield opened
    opened.close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Castbook's home is the test's folder, for a command as well."""
    for name in ("DATABASE_URL", "PICTURES"):
        monkeypatch.delenv(f"CASTBOOK_{name}", raising=False)
    monkeypatch.setenv("CASTBOOK_HOME", str(tmp_path))
    return tmp_path  # where the `store` is


@pytest.fixture
def library(store: LibraryStore) -> CharacterLibrary:
    """All that is in the store, as its owner sees it."""
    return store.seen_by(LOCAL_OWNER)


@pytest.fixture
def story(library: CharacterLibrary) -> Story:
    return library.create_story(library.create_project("Moonlight").id, "Chapter 1", "rainy Seoul")


@pytest.fixture
def mina(library: CharacterLibrary, story: Story) -> CastMember:
    """A cast member with three pictures on offer, the first active."""
    return library.create_character(story.id, "Mina", [generated(shade) for shade in (1, 2, 3)], "generated")


@pytest.fixture(scope="session")
def toy_packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of untrained packs in the published layout: `lora` (a .bin with LoRA), `doll` (safetensors without)."""
    from toy_packs import write_toy_pack  # imports torch and diffusers

    folder = tmp_path_factory.mktemp("packs")
    write_toy_pack(folder / "lora")
    write_toy_pack(folder / "doll", weights="ip-adapter-faceid-portrait_toy.safetensors", kind="doll")
    return folder


def pytest_sessionfinish() -> None:
    """pytest collects five times over in the end: two minutes, over all that the tests have made."""
    gc.freeze()
