"""What the operator chooses: a folder is that very folder, whatever is in its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up import generated

from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
from settings import Settings

NAMES = ["a?b", "a#b", "a%20b", "a::b", "한글 폴더", "a&b=c", "[a]*", "s3:", "file", 'it\'s "a"', "a\\b", "~a", "$HOME"]


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's home and the folder where Castbook is started."""
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "me"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files_in(folder: Path) -> set[str]:
    return {path.suffix for path in folder.rglob("*") if path.is_file()}


def keep_a_picture(settings: Settings) -> str:
    """The local file of a picture that was kept, read again after a restart."""
    store = LibraryStore.open(settings.resolved_database_url, settings.resolved_pictures)
    library = store.seen_by(LOCAL_OWNER)
    member = library.create_character(library.ensure_a_story().id, "Mina", [generated(1)], "generated")
    store.close()
    store = LibraryStore.open(settings.resolved_database_url, settings.resolved_pictures)
    library = store.seen_by(LOCAL_OWNER)
    path = library.get_picture_path(str(library.get_cast_member(member.id).active_image_id))
    store.close()
    return path


@pytest.mark.parametrize("name", [*NAMES, "a/b", "./a"])
@pytest.mark.parametrize("is_relative", [True, False])
def test_the_home_is_that_folder_and_no_other(
    at_home: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_relative: bool
):
    monkeypatch.setenv("CASTBOOK_HOME", name if is_relative else str(at_home / name))
    assert Path(keep_a_picture(Settings())).is_relative_to(at_home / name / "pictures")
    assert files_in(at_home) == files_in(at_home / name) == {".db", ".png", ".reserve", ".txt"}


@pytest.mark.parametrize("name", NAMES)
def test_the_pictures_are_in_that_folder_and_no_other(at_home: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv("CASTBOOK_HOME", "home")
    monkeypatch.setenv("CASTBOOK_PICTURES", name)
    assert Path(keep_a_picture(Settings())).is_relative_to(at_home / name)
    assert (files_in(at_home / "home"), files_in(at_home / name)) == ({".db", ".reserve"}, {".png", ".txt"})


def test_the_persons_own_folder_is_meant_by_a_tilde(at_home: Path, monkeypatch: pytest.MonkeyPatch):
    for setting in ("HOME", "PICTURES", "PACKS"):
        monkeypatch.setenv(f"CASTBOOK_{setting}", "~/castbook")
    settings = Settings()
    assert settings.home == settings.packs == settings.resolved_pictures == at_home / "me" / "castbook"


@pytest.mark.parametrize("url", ["s3://bucket/a?b", "hf://datasets/me/mine", "memory://a", "filecache::s3://bucket"])
def test_a_url_stays_one(url: str):
    assert Settings(pictures=url).resolved_pictures == url


def test_a_folder_stays_the_same_wherever_the_process_goes(at_home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CASTBOOK_HOME", "relative")
    settings = Settings()
    (at_home / "elsewhere").mkdir()
    monkeypatch.chdir(at_home / "elsewhere")
    assert Path(keep_a_picture(settings)).is_relative_to(at_home / "relative")


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch):
    for name in ("HOME", "PICTURES", "DATABASE_URL", "PACK", "PACKS"):
        monkeypatch.delenv(f"CASTBOOK_{name}", raising=False)
    unset = Settings()
    for name in ("HOME", "PICTURES", "DATABASE_URL", "PACK", "PACKS"):
        monkeypatch.setenv(f"CASTBOOK_{name}", "")
    assert Settings() == unset
