"""Export, wipe, import: the same library. And what is no export of ours changes nothing."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from fakes import BLUE, GREEN, RED, YELLOW, FakeFaces, fake_maker, fake_pack, flat, studio_of
from gradio.utils import is_static_file
from sqlalchemy import create_engine, text

from errors import InvalidRequest, NotFound, UnreadableExport
from library_store.export_zip import count_missing
from library_store.exported import ImportReport
from library_store.import_zip import read_zip
from library_store.kept_likeness import to_json
from library_store.library import CharacterLibrary
from library_store.records import (
    LOCAL_OWNER,
    CastMember,
    CharacterText,
    LibraryQuery,
    NewPicture,
    Story,
    Visitor,
    VisualProfile,
)
from library_store.store import LibraryStore
from pipeline.request import SteeringImage
from pipeline.values import AnotherFace, Copied, Likeness, Missing, NoFace
from studio import Castbook, Models, Studio
from ui import build_page

NO_ID, OTHER_ID = "01890000-0000-7000-8000-000000000000", "01890000-0000-7000-8000-000000000001"
TABLES = {  # what is compared of them: all but what the database is free to choose, and how to undo a merge
    "projects": "id, name, owner",
    "stories": "*",
    "characters": "id, project_id, name, description, visual_profile, prompt, search_text, "
    "canonical_image_id, is_saved_to_library, saved_at, is_favourite, trashed_at, merged_into_id, copied_from_id",
    "character_tags": "character_id, tag, folded",
    "character_reference_images": "*",
    "steering_images": "character_id, image_id",
    "face_identities": "image_id, encoder, embedding, box, landmarks, detection_score",
    "cast_members": "*",
    "cast_options": "*",
}


OLD_LIKENESS = {  # as it was exported before version 2
    "similarity": 0.93, "encoder": "fake-judge", "band": "same person", "false_accept_rate": 0.001, "copied": True,
    "reason": "Copied: this is nearly the reference picture itself. Same person: as alike as two pictures of one "
    "person usually are (1 in 1,000 strangers would pass). Try a lower identity strength.",
    "steering_similarity": 0.97,
    "rejection": "copied: same pose and outfit as the reference; “hat” is missing",
}  # fmt: skip


class Installation:
    """A Castbook of its own: a database, a folder of pictures, and what is in both."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.store = LibraryStore.open(f"sqlite:///{home / 'castbook.db'}", str(home / "pictures"))
        self.library = self.store.seen_by(LOCAL_OWNER)

    def rows(self) -> dict[str, set[tuple[Any, ...]]]:
        engine = create_engine(f"sqlite:///{self.home / 'castbook.db'}")
        with engine.connect() as connection:
            found = {name: connection.execute(text(f"SELECT {what} FROM {name}")) for name, what in TABLES.items()}
            rows = {name: {tuple(row) for row in result} for name, result in found.items()}
        engine.dispose()
        return rows

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.home / "pictures").rglob("*.png")}

    def everything(self) -> tuple[dict[str, set[tuple[Any, ...]]], dict[str, bytes]]:
        return self.rows(), self.files()


Install = Callable[[str], Installation]
Change = Callable[[dict[str, bytes]], None]


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    made: list[Installation] = []

    def make(name: str) -> Installation:
        (tmp_path / name).mkdir()
        made.append(Installation(tmp_path / name))
        return made[-1]

    yield make
    for installation in made:
        installation.store.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An export of everything."""
    installation = Installation(tmp_path_factory.mktemp("whole"))
    path = exported(installation, fill(installation.library).project_id, embeddings=True)
    installation.store.close()
    return path.read_bytes()


@pytest.fixture
def entries(whole: bytes) -> dict[str, bytes]:
    """The files in that export."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Where nothing ever comes in."""
    installation = Installation(tmp_path_factory.mktemp("empty"))
    yield installation
    installation.store.close()


@pytest.fixture
def old(install: Install) -> Installation:
    return install("old")


@pytest.fixture
def new(install: Install) -> Installation:
    return install("new")


def seen(colour: tuple[int, int, int], **fields: Any) -> NewPicture:
    picture = flat(colour)
    return NewPicture(picture, fields.pop("source", "uploaded"), FakeFaces().faces(picture)[0], **fields)


def requested(colour: tuple[int, int, int], parent_id: str | None, seed: int) -> NewPicture:
    objections = {8: (AnotherFace(0.71, 0.1), Missing(("hat", "coat"))), 9: (NoFace(),)}.get(seed, ())
    likeness = Likeness(0.71, "fake-judge", "same person", 0.01, False, usual=False, rejection=objections)
    steering = (SteeringImage(parent_id, "main"),) if parent_id else ()
    request = fake_pack().request("비 오는 서울", seed, count=1, steering=steering)
    return seen(
        colour,
        source="variant" if parent_id else "generated",
        parent_id=parent_id,
        request=request,
        likeness=likeness,
    )


@dataclasses.dataclass(frozen=True)
class Moonlight:
    story: Story
    mina: CastMember
    joon: CastMember
    merged_id: str

    @property
    def project_id(self) -> str:
        return self.story.project_id


def fill(library: CharacterLibrary) -> Moonlight:
    """A project with everything in it that a library can hold."""
    story = library.create_story(library.create_project("달빛 카페").id, "1화", "rainy Seoul")
    library.trash_story(library.create_story(story.project_id, "Given up").id)
    mina = library.create_character(
        story.id,
        "민아",
        [requested(RED, None, 7)],
        "generated",
        "a girl",
        VisualProfile(hair="red hair"),
        "A detective",
    )
    first = mina.options[0].image.id
    mina = library.add_options(mina.id, [requested(YELLOW, first, 8), requested(BLUE, first, 9)], "variant")
    second = mina.options[1].image.id
    mina = library.add_options(mina.id, [requested(GREEN, second, 10)], "variant")
    library.remove_option(mina.id, mina.options[2].image.id)
    library.save_character(mina.id, second)
    library.set_tags(mina.character.id, ["Lead", "탐정"])
    library.set_favourite(mina.character.id, True)
    library.set_steering(mina.character.id, [first])
    joon = library.create_character(story.id, "Joon", [seen(RED), seen(BLUE)], "generated")
    library.save_character(joon.id, joon.options[1].image.id)
    library.trash_character(joon.character.id)
    twin = library.create_character(story.id, "Mina's twin", [seen(GREEN)], "generated")
    library.merge_characters(mina.character.id, twin.character.id)
    other = library.create_story(story.project_id, "2화")
    library.link_image(other.id, second)
    return Moonlight(story, library.get_cast_member(mina.id), joon, twin.character.id)


def exported(installation: Installation, project_id: str, **choices: Any) -> Path:
    path = installation.home / "export.zip"
    installation.library.export_zip(path, project_id, **choices)
    return path


# The same library


def test_a_project_exported_and_imported_where_there_is_nothing_is_the_same(old: Installation, new: Installation):
    moonlight = fill(old.library)
    path = exported(old, moonlight.project_id, embeddings=True)
    report = new.library.import_zip(path)
    assert report == ImportReport(moonlight.project_id, added=2, skipped=0, pictures=7)
    assert new.rows() == old.rows()
    assert new.files() == old.files()


def test_what_was_imported_exports_as_the_same_again(old: Installation, new: Installation):
    first = exported(old, fill(old.library).project_id, embeddings=True)
    project_id = new.library.import_zip(first).project_id
    second = exported(new, project_id, embeddings=True)
    with zipfile.ZipFile(first) as before, zipfile.ZipFile(second) as after:
        assert {name: before.read(name) for name in before.namelist() if name != "embeddings.npz"} == {
            name: after.read(name) for name in after.namelist() if name != "embeddings.npz"
        }


def test_an_imported_library_works_on(old: Installation, new: Installation):
    moonlight = fill(old.library)
    library = new.library
    library.import_zip(exported(old, moonlight.project_id, embeddings=True))
    found = library.search_library(
        moonlight.project_id, LibraryQuery("민아 detective", tags=("lead",), favourites=True)
    )
    assert [character.id for character in found] == [moonlight.mina.character.id]
    assert library.get_character(moonlight.merged_id).id == moonlight.mina.character.id
    identity = FakeFaces().faces(flat(YELLOW))[0].identities[0]
    assert library.search_by_face(moonlight.project_id, identity, 1)[0].image_id == moonlight.mina.options[1].image.id
    library.restore_option(moonlight.mina.id, old_removed(old.library, moonlight))
    assert library.restore_character(moonlight.joon.character.id).is_saved_to_library


def old_removed(library: CharacterLibrary, moonlight: Moonlight) -> str:
    on_offer = {option.image.id for option in library.get_cast_member(moonlight.mina.id).options}
    (removed,) = {image.id for image in library.list_images(moonlight.mina.character.id)} - on_offer
    return removed


def test_importing_twice_adds_nothing(old: Installation, new: Installation):
    path = exported(old, fill(old.library).project_id, embeddings=True)
    first = new.library.import_zip(path)
    before = new.everything()
    assert new.library.import_zip(path) == dataclasses.replace(first, added=0, skipped=2, pictures=0)
    assert new.everything() == before


def test_importing_where_it_came_from_changes_nothing(old: Installation):
    moonlight = fill(old.library)
    path = exported(old, moonlight.project_id, embeddings=True)
    old.library.edit_character(moonlight.mina.character.id, CharacterText(name="Mina, renamed"))
    before = old.everything()
    assert old.library.import_zip(path).pictures == 0
    assert old.everything() == before


def test_a_later_export_brings_what_is_new_since(old: Installation, new: Installation):
    moonlight = fill(old.library)
    new.library.import_zip(exported(old, moonlight.project_id))
    old.library.add_options(moonlight.mina.id, [requested(RED, moonlight.mina.active_image_id, 11)], "variant")
    report = new.library.import_zip(exported(old, moonlight.project_id, embeddings=True))
    assert (report.added, report.skipped, report.pictures) == (0, 2, 1)
    assert new.rows() == old.rows()


def changed(path: Path, change: Change) -> Path:
    """An export with other entries, beside it."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    return zipped(path.with_name("changed.zip"), entries)


def zipped(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def test_whose_canonical_picture_is_somebody_elses_here_has_the_oldest_of_their_own(
    old: Installation, new: Installation
):
    moonlight = fill(old.library)
    path = exported(old, moonlight.project_id)
    first, *_ = old.library.list_images(moonlight.mina.character.id)

    def somebody_elses(entries: dict[str, bytes]) -> None:
        lines = map(json.loads, entries["metadata.jsonl"].splitlines())
        (line,) = (line for line in lines if line["is_canonical"] and line["name"] == "민아")
        entries["metadata.jsonl"] = json.dumps(line | {"character_id": NO_ID}).encode()
        changed_project(cast=[], merged=[])(entries)

    def the_other_way_round(entries: dict[str, bytes]) -> None:
        entries["metadata.jsonl"] = b"\n".join(reversed(entries["metadata.jsonl"].splitlines()))

    new.library.import_zip(changed(path, somebody_elses))
    assert new.library.import_zip(changed(path, the_other_way_round)).added == 2
    assert new.library.get_character(moonlight.mina.character.id).canonical_image_id == first.id


def test_who_would_have_no_picture_is_not_made(old: Installation, new: Installation):
    moonlight = fill(old.library)
    path = exported(old, moonlight.project_id, embeddings=True)
    new.library.import_zip(path)
    before = new.everything()

    def renumbered(entries: dict[str, bytes]) -> None:
        for name in ("metadata.jsonl", "castbook.json"):
            entries[name] = entries[name].replace(moonlight.mina.character.id.encode(), NO_ID.encode())
        changed_project(merged=[{"id": OTHER_ID, "name": "Twin", "merged_into_id": NO_ID}])(entries)

    report = new.library.import_zip(changed(path, renumbered))
    assert (report.added, report.skipped, report.pictures) == (0, 2, 0)
    assert new.everything() == before


def test_pictures_of_someone_merged_in_the_meantime_join_whom_they_were_merged_into(
    old: Installation, new: Installation
):
    moonlight = fill(old.library)
    new.library.import_zip(exported(old, moonlight.project_id))
    new.library.restore_character(moonlight.joon.character.id)
    new.library.merge_characters(moonlight.joon.character.id, moonlight.mina.character.id)
    old.library.add_options(moonlight.mina.id, [requested(RED, None, 11)], "variant")
    assert new.library.import_zip(exported(old, moonlight.project_id)).pictures == 1
    assert {image.seed for image in new.library.list_images(moonlight.joon.character.id)} >= {11}
    assert new.library.get_character(moonlight.mina.character.id).id == moonlight.joon.character.id


# What goes along


def test_face_identities_stay_at_home_unless_asked_for(old: Installation, new: Installation):
    project_id = fill(old.library).project_id
    path = exported(old, project_id)
    assert "embeddings.npz" not in zipfile.ZipFile(path).namelist()
    new.library.import_zip(path)
    assert new.rows()["face_identities"] == set()
    new.library.import_zip(exported(old, project_id, embeddings=True))
    assert new.rows()["face_identities"] == old.rows()["face_identities"] != set()


def test_some_characters_go_without_the_stories(old: Installation, new: Installation):
    moonlight = fill(old.library)
    path = exported(old, moonlight.project_id, character_ids=[moonlight.merged_id])
    target = new.library.create_project("Elsewhere")
    report = new.library.import_zip(path, target.id)
    assert report == ImportReport(target.id, added=1, skipped=0, pictures=5)
    assert new.library.list_stories(target.id) == []
    assert [character.id for character in new.library.list_library(target.id)] == [moonlight.mina.character.id]
    assert new.library.list_images(moonlight.mina.character.id) == old.library.list_images(moonlight.mina.character.id)


def test_tags_take_the_spelling_of_the_project_that_they_join(old: Installation, new: Installation):
    moonlight = fill(old.library)
    story = new.library.create_story(new.library.create_project("Elsewhere").id, "1")
    sora = new.library.create_character(story.id, "Sora", [seen(RED)], "generated").character
    new.library.set_tags(sora.id, ["LEAD"])
    new.library.import_zip(
        exported(old, moonlight.project_id, character_ids=[moonlight.mina.character.id]), story.project_id
    )
    assert new.library.get_character(moonlight.mina.character.id).tags == ("LEAD", "탐정")


def test_only_saved_characters_of_the_project_are_exported_by_themselves(old: Installation):
    moonlight = fill(old.library)
    unsaved = old.library.create_character(moonlight.story.id, "Passer-by", [seen(RED)], "generated").character.id
    elsewhere = old.library.create_project("Elsewhere").id
    for project_id, character_ids, why in [
        (moonlight.project_id, [], "no character"),
        (moonlight.project_id, [unsaved], "Passer-by is not in the library"),
        (elsewhere, [moonlight.mina.character.id], "different projects"),
    ]:
        with pytest.raises(InvalidRequest, match=why):
            exported(old, project_id, character_ids=character_ids)
    for project_id, character_ids in [(NO_ID, None), (moonlight.project_id, [NO_ID])]:
        with pytest.raises(NotFound):
            exported(old, project_id, character_ids=character_ids)
    assert not (old.home / "export.zip").exists()


def test_a_parent_that_stayed_behind_is_forgotten_and_one_that_is_there_already_is_not(
    old: Installation, new: Installation
):
    moonlight = fill(old.library)
    copy = seen(RED, parent_id=moonlight.mina.options[0].image.id)
    member = old.library.create_character(moonlight.story.id, "Daughter", [copy], "generated")
    old.library.save_character(member.id, member.options[0].image.id)
    daughter = exported(old, moonlight.project_id, character_ids=[member.character.id])
    new.library.import_zip(daughter)
    assert new.library.get_image(member.options[0].image.id).parent_id is None

    old.library.trash_character(member.character.id)
    old.library.purge_character(member.character.id)
    old.library.import_zip(daughter)
    assert old.library.get_image(member.options[0].image.id).parent_id == moonlight.mina.options[0].image.id


def test_the_metadata_says_what_is_known_of_each_picture(old: Installation):
    moonlight = fill(old.library)
    with zipfile.ZipFile(exported(old, moonlight.project_id)) as archive:
        lines = {line["image_id"]: line for line in map(json.loads, archive.read("metadata.jsonl").splitlines())}
        image = moonlight.mina.options[1].image
        line = lines[image.id]
        picture = archive.read(line["file_name"])
    assert hashlib.sha256(picture).hexdigest() == image.content_hash
    assert line["reference_file_name"] == lines[image.parent_id]["file_name"]
    assert (line["name"], line["tags"], line["is_canonical"], line["is_steering"]) == (
        "민아",
        ["Lead", "탐정"],
        True,
        False,
    )
    assert (line["prompt"], json.loads(line["request"]), line["seed"]) == ("비 오는 서울", image.request.to_json(), 8)
    assert line["similarity"] == json.loads(line["likeness"])["similarity"] == 0.71


def seen_by_datasets(path: Path, program: str) -> str:
    """What a program prints of `rows`: the export as `datasets` opens it, which stays apart from this process."""
    folder, cache = path.parent / "unzipped", path.parent / "cache"
    zipfile.ZipFile(path).extractall(folder)
    opening = f"""
import json
from datasets import load_dataset
rows = load_dataset("imagefolder", data_dir={str(folder)!r}, cache_dir={str(cache)!r})["train"]
"""
    environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(path.parent / "hf"), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-c", opening + program]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True)
    return finished.stdout.strip() or finished.stderr


def test_datasets_opens_it_as_an_imagefolder(old: Installation):
    path = exported(old, fill(old.library).project_id, embeddings=True)
    seen = seen_by_datasets(
        path,
        """
variant = next(row for row in rows if row["seed"] == 8)
print(len(rows), variant["name"], variant["image"].getpixel((0, 0)), variant["reference"].getpixel((0, 0)))
""",
    )
    assert seen == f"7 민아 {YELLOW} {RED}"


def test_datasets_opens_a_long_one_in_which_columns_are_filled_late(old: Installation):
    """It takes the columns' types from the first 10 MB."""
    library = old.library
    story = library.create_story(library.create_project("달빛 카페").id, "1화")
    long, look = "길다 " * 1300, VisualProfile(*["길다 " * 330] * 6)
    for number in range(40):
        library.create_character(story.id, f"{number}", [seen(BLUE) for _ in range(9)], "generated", long, look, long)
    mina = library.create_character(story.id, "민아", [requested(RED, None, 0)], "generated")
    first = mina.options[0].image.id
    mina = library.add_options(mina.id, [requested(YELLOW, first, 8)], "variant")
    library.save_character(mina.id, first)
    library.set_tags(mina.character.id, ["탐정"])
    library.trash_character(mina.character.id)
    path = exported(old, story.project_id)
    assert zipfile.ZipFile(path).getinfo("metadata.jsonl").file_size > 11 * 2**20

    seen_there = seen_by_datasets(
        path,
        """
first, variant = (next(row for row in rows if row["seed"] == seed) for seed in (0, 8))
kinds = {rows.features[name].dtype for name in ("saved_at", "trashed_at", "created_at", "parent_id", "prompt", "pack")}
print(len(rows), kinds, variant["tags"], variant["image"].getpixel((0, 0)), variant["reference"].getpixel((0, 0)))
print(first["reference"], json.loads(variant["request"])["prompt"], variant["similarity"], first["likeness"][:6])
""",
    )
    assert seen_there == f"362 {{'string'}} ['탐정'] {YELLOW} {RED}\nNone 비 오는 서울 0.71 {{\"vers"


def test_every_moment_is_written_alike(entries: dict[str, bytes], tmp_path: Path):
    """Without microseconds one would be of another type for `datasets`."""
    changed_line(created_at="2026-01-01T09:00:00+09:00")(entries)
    export = read_zip(zipped(tmp_path / "x.zip", entries))
    store = LibraryStore.open(f"sqlite:///{tmp_path / 'castbook.db'}", str(tmp_path / "pictures"))
    library = store.seen_by(LOCAL_OWNER)
    library.import_zip(tmp_path / "x.zip")
    library.export_zip(tmp_path / "again.zip", export.project.id)
    store.close()
    with zipfile.ZipFile(tmp_path / "again.zip") as archive:
        moments = re.findall(
            r'"\w+_at": ?"([^"]*)"', (archive.read("metadata.jsonl") + archive.read("castbook.json")).decode()
        )
    assert "2026-01-01T00:00:00.000000+00:00" in moments
    assert {len(moment) for moment in moments} == {32}


# However it was packed


def packed_by_a_mac(entries: dict[str, bytes], path: Path) -> None:
    """Finder's Compress: the folder itself, its own files beside every other, sizes behind the data."""
    with path.open("wb") as file, zipfile.ZipFile(Unseekable(file), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("달빛 카페/", b"")
        archive.writestr("달빛 카페/.DS_Store", b"Bud1")
        for name, data in entries.items():
            archive.writestr(f"달빛 카페/{name}", data)
            archive.writestr(
                f"__MACOSX/달빛 카페/{name.replace(PurePosixPath(name).name, '._' + PurePosixPath(name).name)}",
                b"Mac OS X",
            )


def packed_by_windows(entries: dict[str, bytes], path: Path) -> None:
    """An old .NET: backslashes; the folder's name as the system spells it, which is no UTF-8."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("FOLD\\images\\", b"")
        for name, data in sorted(entries.items()):
            archive.writestr(f"FOLD\\{name}".replace("/", "\\"), data)
    path.write_bytes(path.read_bytes().replace(b"FOLD", "달빛".encode("cp949")))


def packed_by_zip_r(entries: dict[str, bytes], path: Path) -> None:
    """With folders, in the order of the disk."""
    for name, data in entries.items():
        file = path.parent / "unpacked" / "a" / "b" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    shutil.make_archive(str(path.with_suffix("")), "zip", path.parent / "unpacked")


def edited(entries: dict[str, bytes], path: Path) -> None:
    """Notepad's line ends and mark; lines and keys in another order, an empty line."""
    lines = [json.dumps(dict(sorted(json.loads(line).items()))) for line in entries["metadata.jsonl"].splitlines()]
    text = "\r\n".join([lines[-1], "", *reversed(lines[:-1]), " "])
    project = json.dumps(json.loads(entries["castbook.json"]), indent=4).replace("\n", "\r\n")
    files = {"metadata.jsonl": text.encode("utf-8-sig"), "castbook.json": project.encode("utf-8-sig")}
    zipped(path, {**entries, **files})


def saved_as_utf_16(entries: dict[str, bytes], path: Path) -> None:
    texts = ("metadata.jsonl", "castbook.json")
    zipped(path, {**entries, **{name: entries[name].decode().encode("utf-16") for name in texts}})


def stored(entries: dict[str, bytes], path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(f"./{name}", data)


class Unseekable(io.RawIOBase):
    """A pipe: what is written cannot be corrected."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self.file.write(data)


@pytest.mark.parametrize("pack", [packed_by_a_mac, packed_by_windows, packed_by_zip_r, edited, saved_as_utf_16, stored])
def test_an_export_that_was_unpacked_and_packed_again_comes_in(
    whole: bytes,
    entries: dict[str, bytes],
    old: Installation,
    new: Installation,
    pack: Callable[[dict[str, bytes], Path], None],
):
    (old.home / "whole.zip").write_bytes(whole)
    old.library.import_zip(old.home / "whole.zip")
    pack(entries, new.home / "packed.zip")
    new.library.import_zip(new.home / "packed.zip")
    assert new.everything() == old.everything()


def test_an_export_of_version_1_comes_in(whole: bytes, entries: dict[str, bytes], old: Installation, new: Installation):
    """Its lines had the request and the likeness themselves, and moments as short as they could be."""
    (old.home / "whole.zip").write_bytes(whole)
    old.library.import_zip(old.home / "whole.zip")
    lines = [json.loads(line) for line in entries["metadata.jsonl"].splitlines()]
    for line in lines:
        del line["similarity"]
        line |= {name: line[name] and json.loads(line[name]) for name in ("request", "likeness")}
        line["created_at"] = line["created_at"].replace("+00:00", "Z")
    assert any(line["request"] and line["likeness"] for line in lines)
    entries["metadata.jsonl"] = "".join(json.dumps(line) + "\n" for line in lines).encode()
    changed_project(version=1)(entries)
    new.library.import_zip(zipped(new.home / "first.zip", entries))
    assert new.everything() == old.everything()


# What must not come in


def test_an_export_can_only_go_where_there_is_a_project(old: Installation):
    moonlight = fill(old.library)
    with pytest.raises(NotFound):
        old.library.import_zip(exported(old, moonlight.project_id), NO_ID)


def changed_line(**changes: Any) -> Change:
    """The first line of metadata.jsonl with other values."""

    def change(entries: dict[str, bytes]) -> None:
        first, *others = entries["metadata.jsonl"].splitlines()
        entries["metadata.jsonl"] = b"\n".join([json.dumps(json.loads(first) | changes).encode(), *others])

    return change


def changed_project(**changes: Any) -> Change:
    def change(entries: dict[str, bytes]) -> None:
        entries["castbook.json"] = json.dumps(json.loads(entries["castbook.json"]) | changes).encode()

    return change


def without(name: str) -> Change:
    return lambda entries: entries.__delitem__(name)


def replaced(name: str, data: bytes) -> Change:
    return lambda entries: entries.__setitem__(name, data)


def in_a_folder(folder: str, change: Change) -> Change:
    def change_and_move(entries: dict[str, bytes]) -> None:
        change(entries)
        moved = {f"{folder}/{name}": data for name, data in entries.items()}
        entries.clear()
        entries.update(moved)

    return change_and_move


def a_picture(data: Callable[[bytes], bytes], rename: bool) -> Change:
    """Other bytes for the last picture; renamed, they are what their name says."""

    def change(entries: dict[str, bytes]) -> None:
        name = next(name for name in reversed(entries) if name.endswith(".png"))
        damaged = data(entries[name])
        if rename:
            other = hashlib.sha256(damaged).hexdigest().encode()
            old_hash = name.removeprefix("images/").removesuffix(".png").encode()
            entries["metadata.jsonl"] = entries["metadata.jsonl"].replace(old_hash, other)
            del entries[name]
            name = f"images/{other.decode()}.png"
        entries[name] = damaged

    return change


def a_circle(entries: dict[str, bytes]) -> None:
    lines = [json.loads(line) for line in entries["metadata.jsonl"].splitlines()]
    child = next(line for line in lines if line["parent_id"])
    parent = next(line for line in lines if line["image_id"] == child["parent_id"])
    parent["parent_id"] = child["image_id"]
    entries["metadata.jsonl"] = b"\n".join(json.dumps(line).encode() for line in lines)


def other_embeddings(**changes: Any) -> Change:
    def change_arrays(entries: dict[str, bytes]) -> None:
        arrays, buffer = dict(np.load(io.BytesIO(entries["embeddings.npz"]))), io.BytesIO()
        np.savez(buffer, **{**arrays, **{name: change(arrays[name]) for name, change in changes.items()}})
        entries["embeddings.npz"] = buffer.getvalue()

    return change_arrays


def a_squeezed_npz(entries: dict[str, bytes]) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **dict(np.load(io.BytesIO(entries["embeddings.npz"]))))
    entries["embeddings.npz"] = buffer.getvalue()


def an_array(header: bytes) -> Change:
    """An embeddings.npz whose first array says this of itself."""
    data, buffer = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header, io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("image_id.npy", data)
    return replaced("embeddings.npz", buffer.getvalue())


def a_picture_of_two(entries: dict[str, bytes]) -> None:
    first = json.loads(entries["metadata.jsonl"].splitlines()[0])
    entries["metadata.jsonl"] += json.dumps(first | {"character_id": NO_ID, "name": "Thief"}).encode()


def a_stranger_in_the_cast(entries: dict[str, bytes]) -> None:
    project = json.loads(entries["castbook.json"])
    project["cast"][0]["options"][0]["image_id"] = project["cast"][1]["options"][0]["image_id"]
    entries["castbook.json"] = json.dumps(project).encode()


def two_entries_of_one_id(entries: dict[str, bytes]) -> None:
    project = json.loads(entries["castbook.json"])
    project["cast"][1]["id"] = project["cast"][0]["id"]
    entries["castbook.json"] = json.dumps(project).encode()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (without("metadata.jsonl"), "metadata.jsonl"),
        (without("castbook.json"), "castbook.json"),
        (replaced("castbook.json", b"[" * 100_000), "castbook.json"),
        (replaced("metadata.jsonl", b"{}"), "line 1"),
        (changed_project(version=3), "version 3.*Update Castbook"),
        (changed_project(version=0), "version 0.*Export it again"),
        (changed_project(format="other"), "castbook.json"),
        (changed_project(name="   "), "name"),
        (changed_project(stories=[]), "points outside"),
        (changed_project(merged=[{"id": NO_ID, "name": "x", "merged_into_id": NO_ID}]), "points outside"),
        (changed_line(name=""), "name"),
        (changed_line(name="a\0b"), "name"),
        (changed_line(image_id="1"), "image_id"),
        (changed_line(file_name="../../castbook.db"), "file_name"),
        (changed_line(file_name="/etc/passwd"), "file_name"),
        (changed_line(file_name=f"images/{'0' * 64}.png"), "images/000"),
        (changed_line(seed=2**70), "seed"),
        (changed_line(seed=-1), "seed"),
        (changed_line(source="stolen"), "source"),
        (changed_line(created_at="0001-01-01T00:00:00+14:00"), "created_at"),
        (changed_line(created_at="2026-01-01T00:00:00"), "created_at"),
        (changed_line(request={"prompt": "a girl", "more": float("nan")}), "request"),
        (changed_line(request={"prompt": "a girl", "more": ["a\0b"]}), "request.*zero"),
        (changed_line(request={"count": 4}), "request"),
        (changed_line(request={"prompt": 5}), "request"),
        (changed_line(request={"prompt": "a girl", "count": "4"}), "request"),
        (changed_line(request={"prompt": "a girl", "identity_scale": [1]}), "request"),
        (changed_line(request={"prompt": "a girl", "visual_profile": {"hair": 5}}), "request"),
        (changed_line(request='{"prompt": "a girl", "more": NaN}'), "request"),
        (changed_line(request='{"prompt": "a girl", "more": "a\\u0000b"}'), "request.*zero"),
        (changed_line(request='{"prompt": 5}'), "request"),
        (changed_line(request='{"prompt": "a girl"'), "request"),
        (changed_line(request="[" * 100_000), "request"),
        (changed_line(request='"a girl"'), "request"),
        (changed_line(request=""), "request"),
        (changed_line(likeness=to_json(Likeness(float("inf"), None, "unsure", None, None))), "likeness"),
        (
            changed_line(likeness=to_json(Likeness(0.5, None, "unsure", None, None, as_written="a\0b"))),
            "likeness.*zero",
        ),
        (changed_line(likeness={**OLD_LIKENESS, "version": 3}), "likeness.*version 3, and Castbook knows version 2"),
        (changed_line(likeness={**OLD_LIKENESS, "reason": 5}), "likeness.*a sentence"),
        (changed_line(likeness={**OLD_LIKENESS, "band": "sister"}), "likeness.band"),
        (changed_line(likeness='{"similarity": "much"}'), "likeness"),
        (changed_line(likeness="{}"), "likeness"),
        (a_picture(lambda png: png + b"more", rename=False), "not the one that was exported"),
        (a_picture(lambda png: png[: len(png) // 2], rename=True), "damaged"),
        (a_picture(lambda png: b"GIF89a" + png, rename=True), "damaged"),
        (a_circle, "contradicts itself"),
        (a_picture_of_two, "twice"),
        (a_stranger_in_the_cast, "points outside"),
        (two_entries_of_one_id, "contradicts itself"),
        (replaced("../../evil.png", b""), "out of its folder"),
        (replaced("/evil.png", b""), "out of its folder"),
        (replaced("C:\\evil.png", b""), "out of its folder"),
        (replaced("..\\evil.png", b""), "out of its folder"),
        (replaced("\\evil.png", b""), "out of its folder"),
        (replaced("__MACOSX/../../evil.png", b""), "out of its folder"),
        (replaced("images/../../evil/castbook.json", b""), "out of its folder"),
        (replaced("another/castbook.json", b"{}"), "more than one export.*one by one"),
        (in_a_folder("a", replaced("another/castbook.json", b"{}")), "more than one export"),
        (in_a_folder("a", without("metadata.jsonl")), "metadata.jsonl"),
        (in_a_folder("a/..", lambda entries: None), "out of its folder"),
        (replaced("metadata.jsonl", "민아".encode("cp949")), "metadata.jsonl"),
        (replaced("bomb.bin", bytes(2**24)), "far more than it holds"),
        (replaced("embeddings.npz", b"no npz"), "embeddings.npz"),
        (other_embeddings(embedding=lambda rows: rows * 2), "unit length"),
        (other_embeddings(embedding=lambda rows: rows[:1]), "embedding"),
        (other_embeddings(embedding=lambda rows: rows * np.nan), "embedding"),
        (other_embeddings(image_id=lambda ids: ids.astype(object)), "embeddings.npz"),
        (a_squeezed_npz, "unpacks to more"),
        (
            an_array(b"{'descr': '<U0', 'fortran_order': False, 'shape': (1000000,)}"),
            "image_id has more rows than bytes",
        ),
        (an_array(b"{'descr': '<U1', 'fortran_order': False, 'shape': (1000000, 0)}"), "image_id has more rows"),
        (an_array(b"{'descr': '<U1', 'fortran_order': False, 'shape': (1180591620717411303424,)}"), "embeddings.npz"),
        (an_array(b"{'descr': '<U1', 'shape': ("), "embeddings.npz"),
        (an_array(b"  1\n 2\n"), "embeddings.npz"),
    ],
)
def test_what_is_not_as_it_was_exported_adds_nothing(
    entries: dict[str, bytes], empty: Installation, tmp_path: Path, change: Change, why: str
):
    change(entries)
    (tmp_path / "folder").mkdir()
    path = zipped(tmp_path / "folder" / "changed.zip", entries)
    with pytest.raises(UnreadableExport, match=why):
        empty.library.import_zip(path)
    assert not any(empty.rows().values())
    assert empty.files() == {}
    assert list(tmp_path.rglob("*")) == [path.parent, path]


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_zip_is_explained(empty: Installation, tmp_path: Path, data: bytes):
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(UnreadableExport, match="Choose a zip that Castbook exported"):
        empty.library.import_zip(tmp_path / "x.zip")


def test_a_name_that_is_no_text_is_explained(empty: Installation, tmp_path: Path):
    data = zipped(tmp_path / "x.zip", {"ü": b""}).read_bytes()
    (tmp_path / "x.zip").write_bytes(data.replace("ü".encode(), b"\xff\xff"))
    with pytest.raises(UnreadableExport, match="Choose a zip that Castbook exported"):
        empty.library.import_zip(tmp_path / "x.zip")


def test_a_damaged_lzma_entry_is_explained(entries: dict[str, bytes], empty: Installation, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("castbook.json", entries["castbook.json"])
    data = bytearray((tmp_path / "x.zip").read_bytes())
    data[30 + len("castbook.json") + 4] = 0xFF  # behind the header: LZMA's own settings
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(UnreadableExport, match="castbook.json"):
        empty.library.import_zip(tmp_path / "x.zip")


def test_a_zip_that_was_cut_short_or_has_a_flipped_byte_adds_nothing(whole: bytes, empty: Installation, tmp_path: Path):
    middle = whole.index(b"IDAT") + 20
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    for damaged in (whole[:-100], whole[: len(whole) // 2], flipped):
        (tmp_path / "damaged.zip").write_bytes(damaged)
        with pytest.raises(UnreadableExport):
            empty.library.import_zip(tmp_path / "damaged.zip")
    assert not any(empty.rows().values())
    assert empty.files() == {}


def test_a_picture_too_large_is_refused(entries: dict[str, bytes], empty: Installation, tmp_path: Path):
    """More than we take and less than Pillow does, in a file of some bytes: nothing of it is decoded."""
    png = next(data for name, data in entries.items() if name.endswith(".png"))
    header = b"IHDR" + struct.pack(">II", 8000, 8000) + png[24:29]
    change = a_picture(lambda _: png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:], rename=True)
    change(entries)
    with pytest.raises(UnreadableExport, match="too many pixels"):
        empty.library.import_zip(zipped(tmp_path / "large.zip", entries))


# The studio's verbs


def studio_at(installation: Installation) -> Studio:
    pack = fake_pack()
    return studio_of(installation.store, pack, lambda: fake_maker(pack=pack))


def test_an_export_is_named_for_whom_it_holds(old: Installation):
    moonlight = fill(old.library)
    studio = studio_at(old)
    assert studio.exports.write(moonlight.project_id).name == "달빛 카페.zip"
    assert studio.exports.write(moonlight.project_id, [moonlight.mina.character.id]).name == "민아.zip"
    old.library.rename_project(moonlight.project_id, "../../: *")
    assert studio.exports.write(moonlight.project_id).name == "_ _.zip"


def test_every_export_is_a_file_of_its_own(old: Installation):
    project_id = fill(old.library).project_id
    studio = studio_at(old)
    first, second = (
        studio.exports.write(project_id, embeddings=True),
        studio.exports.write(project_id),
    )
    assert first != second
    assert "embeddings.npz" in zipfile.ZipFile(first).namelist()
    assert "embeddings.npz" not in zipfile.ZipFile(second).namelist()


def aged(path: Path, hours: float) -> Path:
    """An export as it is when so much time has passed."""
    then = time.time() - hours * 3600
    os.utime(path.parent, (then, then))
    return path


def test_an_export_is_there_for_an_hour_and_goes_though_nobody_exports_again(old: Installation):
    moonlight = fill(old.library)
    studio = studio_at(old)
    made = [studio.exports.write(moonlight.project_id, embeddings=embeddings) for embeddings in (False, True)]
    late, in_time = aged(made[0], 1.1), aged(made[1], 0.9)
    studio.exports.folder.remove_old()
    assert not late.parent.exists()
    assert in_time.exists()


def test_an_export_that_was_fetched_stays_for_minutes_and_a_deleted_visitors_not_at_all(old: Installation):
    castbook = Castbook(old.store, fake_pack(), Models(fake_maker), access="visitors")
    ann, ben = castbook.seen_by(Visitor("ann")), castbook.seen_by(Visitor("ben"))
    mine, theirs = (each.exports.write(each.library.ensure_a_story().project_id) for each in (ann, ben))
    castbook.exports.remove_old()
    castbook.exports.fetched(theirs)
    castbook.exports.remove_old()
    assert theirs.exists()
    assert time.time() - theirs.parent.stat().st_mtime == pytest.approx(55 * 60, abs=60)

    castbook.delete_everything(ann.visitor)
    assert not mine.parent.exists() and theirs.exists()


def test_an_export_is_written_though_its_temporary_folder_was_cleaned(old: Installation):
    project_id = fill(old.library).project_id
    studio = studio_at(old)
    shutil.rmtree(studio.exports.folder.path)
    assert studio.exports.write(project_id).exists()
    assert studio.exports.folder.path.stat().st_mode & 0o777 == 0o700


def test_the_page_serves_exports_as_they_lie(old: Installation):
    """Gradio would copy them to where a killed server leaves them."""
    project_id = fill(old.library).project_id
    castbook = Castbook(old.store, fake_pack(), Models(fake_maker))
    build_page(castbook)
    studio = castbook.seen_by(LOCAL_OWNER)
    assert is_static_file(str(studio.exports.write(project_id)))


AN_EXPORT = """
import sys, time
from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
from studio.exports import Exports, ExportsFolder
from studio.temporary import TemporaryFolder

library = LibraryStore.open(f"sqlite:///{sys.argv[1]}/castbook.db", f"{sys.argv[1]}/pictures").seen_by(LOCAL_OWNER)
exports = Exports(library, ExportsFolder(TemporaryFolder()))
print(exports.write(library.create_project("Moonlight").id, None, False), flush=True)
time.sleep(600)
"""
AS_APP_DOES = "from app import stop_when_told; stop_when_told()"


@dataclasses.dataclass(frozen=True)
class Running:
    process: subprocess.Popen[str]
    export: Path

    def end(self, with_signal: signal.Signals) -> None:
        self.process.send_signal(with_signal)
        self.process.wait(120)


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start()`: a process that has exported something. All share a temporary folder."""
    started: list[subprocess.Popen[str]] = []
    root, temporary = Path(__file__).parent.parent, tmp_path / "temporary"
    temporary.mkdir()

    def start_another(first: str = "") -> Running:
        home = tmp_path / f"home-{len(started)}"
        home.mkdir()
        command = [sys.executable, "-c", first + AN_EXPORT, str(home)]
        environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(root)}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout
        return Running(process, Path(process.stdout.readline().strip()))

    yield start_another
    for process in started:
        process.kill()
        process.communicate()


def test_a_server_that_is_told_to_stop_leaves_nothing_behind(start: Start, tmp_path: Path):
    running = start(AS_APP_DOES)
    assert running.export.name == "Moonlight.zip" and running.export.exists()
    running.end(signal.SIGTERM)
    assert list((tmp_path / "temporary").glob("castbook-*")) == []


def test_what_a_killed_server_left_goes_at_the_next_start_and_nothing_of_a_living_one(start: Start):
    killed, living = start(), start()
    killed.end(signal.SIGKILL)
    assert killed.export.exists()
    start()
    assert not killed.export.parent.parent.parent.exists()
    assert living.export.exists()


def test_a_missing_and_a_damaged_picture_are_left_out_and_all_else_is_brought_back(
    old: Installation, new: Installation
):
    moonlight = fill(old.library)
    images = old.library.list_images(moonlight.mina.character.id)
    lost = [images[0].id, images[-1].id]
    first, last = (Path(old.library.get_picture_path(image_id)) for image_id in lost)
    first.unlink()
    last.write_bytes(b"garbage")

    path = exported(old, moonlight.project_id, embeddings=True)

    said = zipfile.ZipFile(path).read("missing.txt").decode()
    assert all(image_id in said for image_id in lost) and count_missing(path) == len(said.splitlines()) >= 2
    new.library.import_zip(path)
    there = {image.id for image in new.library.list_images(moonlight.mina.character.id)}
    assert there == {image.id for image in images} - set(lost)
    assert new.library.list_images(moonlight.joon.character.id)
    assert count_missing(exported(new, moonlight.project_id)) == 0


def test_an_unknown_project_is_no_folder(old: Installation, tmp_path: Path):
    moonlight = fill(old.library)
    with pytest.raises(NotFound):
        studio_at(old).exports.write(str(tmp_path / "made"), [moonlight.mina.character.id])
    assert not (tmp_path / "made").exists()


def test_the_studio_exports_and_imports(old: Installation, new: Installation):
    project_id = fill(old.library).project_id
    studio = studio_at(old)  # whose exports last as long as it does
    path = studio.exports.write(project_id, embeddings=True)
    studio_at(new).library.import_zip(str(path))
    assert new.rows() == old.rows()


def test_the_request_in_a_picture_is_as_the_kept_ones(old: Installation, new: Installation, tmp_path: Path):
    studio = studio_at(old)
    story = studio.library.ensure_a_story()
    *_, made = studio.drawing.generate_character(story.id, "Hana", "a girl", VisualProfile(hair="red hair"), seed=1)
    *_, variants = studio.drawing.generate_character_variant(story.id, made.image_ids[0], "in the rain", seed=5)
    image_id = variants.image_ids[0]
    dropped = tmp_path / "downloaded.png"
    shutil.copyfile(old.library.get_picture_path(image_id), dropped)

    found, kept = studio.requests.in_file(dropped), studio.requests.of_image(image_id)
    assert found is not None and found.request == kept
    assert found.request.main_image_id == made.image_ids[0]
    elsewhere = studio_at(new).requests.in_file(dropped)
    assert elsewhere is not None and elsewhere.request == dataclasses.replace(found.request, steering=())


def test_a_request_that_came_along_is_whole_when_it_is_asked_for(old: Installation, new: Installation):
    moonlight = fill(old.library)
    looks = {"hair": "red hair", "wings": "two"}
    request = {"prompt": "a girl", "reference": OTHER_ID, "visual_profile": looks, "more": 1}
    new.library.import_zip(changed(exported(old, moonlight.project_id), changed_line(request=request, seed=3)))
    image_id = old.library.list_images(min(moonlight.mina.character.id, moonlight.joon.character.id))[0].id
    studio = studio_at(new)
    asked, usual = studio.requests.of_image(image_id), studio.pack.defaults
    assert asked is not None
    assert asked.steering == ()
    assert asked.look == VisualProfile(hair="red hair")
    assert (asked.prompt, asked.picture_seed) == ("a girl", 3)
    assert (asked.count, asked.identity_scale) == (usual.count, usual.identity_scale)


def test_what_was_exported_with_sentences_is_imported_as_values(old: Installation, new: Installation):
    moonlight = fill(old.library)
    new.library.import_zip(changed(exported(old, moonlight.project_id), changed_line(likeness=OLD_LIKENESS)))

    image_id = old.library.list_images(min(moonlight.mina.character.id, moonlight.joon.character.id))[0].id
    objections = Copied(), Missing(("hat",))
    assert new.library.get_image(image_id).likeness == Likeness(
        0.93, "fake-judge", "same person", 0.001, True, 0.97, usual=True, rejection=objections
    )


def test_a_picture_without_a_request_has_none(old: Installation, tmp_path: Path):
    flat(RED).save(tmp_path / "photo.png")
    assert studio_at(old).requests.in_file(tmp_path / "photo.png") is None
