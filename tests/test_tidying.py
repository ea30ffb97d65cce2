"""What was purged goes from the disk, after a crash and on a full disk too; so do files that no row ever named."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from fakes import RED
from made_up import generated, image_ids, portrait, saved
from PIL import Image
from sqlalchemy import select

from errors import InvalidRequest, LibraryUnavailable, NotFound
from library_store.database import Sessions, open_database
from library_store.import_plan import plan_import
from library_store.import_zip import keep_pictures, read_zip
from library_store.imports import bring_in
from library_store.library import CharacterLibrary
from library_store.pictures import Pictures
from library_store.records import LOCAL_OWNER, CastMember, LibraryQuery, Story
from library_store.schema import CharacterRow, ProjectRow, StoryRow
from library_store.store import LibraryStore

ROOT = Path(__file__).parent.parent
NAME = "Zyxwvutsrqponm"


def pngs(home: Path) -> set[str]:
    return {path.stem for path in (home / "pictures").rglob("*.png")}


def test_a_purged_name_and_face_are_in_no_file_any_more(library: CharacterLibrary, story: Story, home: Path):
    new = portrait(RED)
    embedding = new.face.identities[0].embedding.astype("<f4").tobytes()
    zyx = saved(library, story.id, NAME, new)
    library.get_thumbnail_path(str(zyx.canonical_image_id))
    before = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert NAME.encode() in before and embedding in before

    library.trash_character(zyx.id)
    library.purge_character(zyx.id)

    after = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert NAME.encode() not in after and embedding not in after
    assert pngs(home) == set()


class StubbornPictures(Pictures):
    """One of its files cannot be removed."""

    stuck = ""

    def remove(self, content_hash: str) -> None:
        if content_hash == self.stuck:
            raise LibraryUnavailable("The picture cannot be removed.", "Try again.")
        super().remove(content_hash)


def test_what_a_purge_could_not_remove_goes_when_the_program_starts_next(home: Path):
    url = f"sqlite:///{home / 'castbook.db'}"
    pictures = StubbornPictures.open(home / "pictures")
    store = LibraryStore(open_database(url), pictures)
    library = store.seen_by(LOCAL_OWNER)
    story = library.ensure_a_story()
    mina = saved(library, story.id, "Mina", generated(1), generated(2), generated(3))
    pictures.stuck = sorted(pngs(home))[0]
    kept = saved(library, story.id, "Kept", generated(9))
    library.trash_character(mina.id)
    with pytest.raises(LibraryUnavailable):
        library.purge_character(mina.id)
    [image] = library.list_images(kept.id)
    assert pngs(home) == {pictures.stuck, image.content_hash}
    store.close()

    again = LibraryStore.open(url, home / "pictures")
    again.tidy()
    again.close()
    assert pngs(home) == {image.content_hash}


def test_files_that_a_crash_left_are_swept_and_what_is_named_or_being_written_stays(
    store: LibraryStore, library: CharacterLibrary, mina: CastMember, home: Path
):
    named, folder = pngs(home), store.pictures_folder
    thumbnail = Path(library.get_thumbnail_path(image_ids(mina)[0]))
    orphan = Pictures.open(home / "pictures").put(generated(99).picture)
    left = [folder / orphan[:2] / f"{orphan}.webp", folder / "ab" / f"{'ab' * 32}.webp", folder / "ab" / ".x.png.0.tmp"]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"left")

    store.tidy()

    assert pngs(home) == named
    assert thumbnail.exists()
    assert [path for path in left if path.exists()] == []
    assert store.pictures_folder.joinpath("castbook-pictures.txt").exists()


class Killed(BaseException):
    pass


def killed(_: object) -> None:
    raise Killed


def test_a_killed_import_is_seen_by_nobody_and_gone_when_the_program_starts_next(
    library: CharacterLibrary, mina: CastMember, tmp_path: Path
):
    project_id, zipped, home = mina.character.project_id, tmp_path / "mina.zip", tmp_path / "other"
    library.export_zip(zipped, project_id)
    url = f"sqlite:///{home / 'castbook.db'}"
    other = LibraryStore.open(url, home / "pictures")
    theirs, sessions, export = other.seen_by(LOCAL_OWNER), Sessions(open_database(url)), read_zip(zipped)
    with sessions.reading(LOCAL_OWNER) as session:
        plan = plan_import(session, export, None)
    sizes = keep_pictures(zipped, export.pictures, Pictures.open(home / "pictures"))
    with pytest.raises(Killed):  # when it keeps pictures, and so after it has kept people
        bring_in(lambda: sessions.writing(LOCAL_OWNER), plan, sizes, killed)

    assert theirs.list_projects() == []
    for ask in (lambda: theirs.get_project(project_id), lambda: theirs.get_character(mina.character.id)):
        with pytest.raises(NotFound):
            ask()
    with pytest.raises(InvalidRequest, match="under way"):
        theirs.import_zip(zipped)

    other.tidy()
    assert pngs(home) == set()
    with sessions.reading(LOCAL_OWNER) as session:
        assert [session.scalars(select(table)).all() for table in (ProjectRow, StoryRow, CharacterRow)] == [[], [], []]
    assert theirs.import_zip(zipped).added == 1
    other.close()


def test_what_was_changed_while_an_import_would_join_it_is_left_as_it_is(
    library: CharacterLibrary, story: Story, mina: CastMember, tmp_path: Path
):
    zipped = tmp_path / "more.zip"
    library.export_zip(zipped, story.project_id)
    copy = LibraryStore.open(f"sqlite:///{tmp_path / 'copy.db'}", tmp_path / "copy")
    theirs, sessions = copy.seen_by(LOCAL_OWNER), Sessions(open_database(f"sqlite:///{tmp_path / 'copy.db'}"))
    theirs.import_zip(zipped)
    library.add_pictures(mina.character.id, [generated(51)])
    library.export_zip(zipped, story.project_id)
    export = read_zip(zipped)
    with sessions.reading(LOCAL_OWNER) as session:
        plan = plan_import(session, export, None)
    sizes = keep_pictures(zipped, plan.new_pictures.values(), Pictures.open(tmp_path / "copy"))
    theirs.trash_character(mina.character.id)
    theirs.purge_character(mina.character.id)
    with pytest.raises(InvalidRequest, match="Import it once more"):
        bring_in(lambda: sessions.writing(LOCAL_OWNER), plan, sizes, lambda _: None)
    assert theirs.list_library(story.project_id) == []
    copy.close()


def test_what_joins_people_is_all_there_or_not_at_all_wherever_it_is_killed(
    library: CharacterLibrary, story: Story, mina: CastMember, tmp_path: Path
):
    first, later, who = tmp_path / "first.zip", tmp_path / "later.zip", mina.character.id
    library.save_character(mina.id, image_ids(mina)[0])
    library.export_zip(first, story.project_id)
    other = saved(library, story.id, "Other", generated(50))
    library.merge_characters(who, other.id)
    library.add_pictures(who, [generated(51)])
    library.keep_variants(story.id, who, [generated(52)])
    second = library.create_story(story.project_id, "Second").id
    library.keep_variants(second, who, [generated(53)])
    library.link_image(second, image_ids(mina)[0])
    saved(library, story.id, "New", generated(54))
    library.export_zip(later, story.project_id)

    def shown(seen: CharacterLibrary) -> object:
        people, stories = seen.list_library(story.project_id), seen.list_stories(story.project_id)
        casts = [[(member.id, member.options) for member in seen.list_cast(each.id)] for each in stories]
        return casts, [(each.id, seen.list_images(each.id), seen.list_uses(each.id)) for each in people]

    class Copy:
        def __init__(self, name: str) -> None:
            url, pictures = f"sqlite:///{tmp_path / name / 'castbook.db'}", tmp_path / name / "pictures"
            self.store, self.sessions = LibraryStore.open(url, pictures), Sessions(open_database(url))
            self.pictures = Pictures.open(pictures)
            self.library = self.store.seen_by(LOCAL_OWNER)
            self.library.import_zip(first)

        def bring_in_until(self, kill_at: int) -> None:
            export, transactions = read_zip(later), iter(range(1, 1000))

            def writing():
                if next(transactions) == kill_at:
                    raise Killed
                return self.sessions.writing(LOCAL_OWNER)

            with self.sessions.reading(LOCAL_OWNER) as session:
                plan = plan_import(session, export, None)
            bring_in(writing, plan, keep_pictures(later, export.pictures, self.pictures), lambda _: None)

    copy, kill_at = Copy("one"), 0
    before = shown(copy.library)
    while shown(copy.library) == before:
        copy.store.tidy()
        kill_at += 1
        with pytest.raises(Killed):
            copy.bring_in_until(kill_at)
    assert shown(copy.library) == shown(library)
    assert copy.library.get_character(other.id).id == who

    purged = Copy("two")
    with pytest.raises(Killed):
        purged.bring_in_until(kill_at - 1)  # all of it waits
    purged.library.trash_character(who)
    purged.library.purge_character(who)
    purged.store.tidy()
    assert pngs(tmp_path / "two") == set()
    for each in (copy, purged):
        each.store.close()


def test_what_has_been_in_the_trash_for_too_long_is_deleted_for_good(
    store: LibraryStore, library: CharacterLibrary, story: Story, home: Path
):
    late, early, kept = (
        saved(library, story.id, name, generated(i)) for i, name in enumerate(("Late", "Early", "Kept"))
    )
    library.trash_character(late.id)
    library.trash_character(early.id)
    other = library.ensure_a_story(library.create_project("Old").id)
    saved(library, other.id, "Theirs", generated(9))
    library.trash_project(other.project_id)
    library.trash_story(library.create_story(story.project_id, "Old").id)
    with sqlite3.connect(home / "castbook.db") as database:
        then = (datetime.now(timezone.utc) - timedelta(days=31)).strftime("%Y-%m-%d %H:%M:%S.%f")
        for table in ("characters", "projects", "stories"):
            others = f"trashed_at IS NOT NULL AND id != '{early.id}'"
            database.execute(f"UPDATE {table} SET trashed_at = ? WHERE {others}", [then])
    database.close()

    store.purge_trash(days=30)

    assert [each.name for each in library.list_library(story.project_id)] == ["Kept"]
    assert [each.name for each in library.search_library(story.project_id, LibraryQuery(trashed=True))] == ["Early"]
    assert library.list_projects(trashed=True) == library.list_stories(story.project_id, trashed=True) == []
    assert pngs(home) == {library.list_images(each.id)[0].content_hash for each in (early, kept)}


class SweptPictures(Pictures):
    """Once a file is kept, and before its row is, all that no row names is swept."""

    sweep: Callable[[], None] | None = None

    def put(self, picture: Image.Image, texts: Mapping[str, str] | None = None) -> str:
        content_hash = super().put(picture, texts)
        sweep, self.sweep = self.sweep, None
        if sweep:
            sweep()
            assert not self.has(content_hash)
        return content_hash


def test_a_picture_that_is_kept_while_all_else_is_swept_has_its_file(home: Path):
    pictures = SweptPictures.open(home / "pictures")
    store = LibraryStore(open_database(f"sqlite:///{home / 'castbook.db'}"), pictures)
    library = store.seen_by(LOCAL_OWNER)
    story, pictures.sweep = library.ensure_a_story(), store.tidy
    member = library.create_character(story.id, "Mina", [generated(1)], "generated")
    assert Path(library.get_picture_path(image_ids(member)[0])).exists()
    store.close()


FULL = """
import sys
from pathlib import Path
sys.path[:0] = [{tests!r}, {root!r}]
from made_up import generated, image_ids
from errors import LibraryUnavailable
from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
home = Path({home!r})
store = LibraryStore.open(f"sqlite:///{{home / 'castbook.db'}}", home / "pictures")
library = store.seen_by(LOCAL_OWNER)
story = library.ensure_a_story()
member = library.create_character(story.id, "Mina", [generated(i) for i in range(200)], "generated")
try:
    (home / "filler").write_bytes(bytes(2**30))
except OSError:
    pass
try:
    while True:
        library.update_story(story.id, context="x" * 3900 + str(id(object())))
        library.create_story(story.project_id, "x" * 100, "y" * 3900)
except LibraryUnavailable as error:
    assert "full" in str(error), error
library.trash_character(member.character.id)
library.purge_character(member.character.id)
assert not list((home / "pictures").rglob("*.png"))
(home / "filler").unlink()
library.create_story(story.project_id, "There is room again")
store.close()
print("purged")
"""


def test_a_full_disk_can_still_be_purged(tmp_path: Path):
    """A real one, of 24 MB, in a namespace of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    (tmp_path / "full.py").write_text(FULL.format(tests=str(ROOT / "tests"), root=str(ROOT), home=str(disk)))
    mounted = f"mount -t tmpfs -o size=24m none {disk}"
    if subprocess.run(["unshare", "-rm", "sh", "-c", mounted], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a disk of their own")
    command = f"{mounted} && exec {sys.executable} {tmp_path / 'full.py'}"
    done = subprocess.run(["unshare", "-rm", "sh", "-c", command], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.strip() == "purged", done.stderr
