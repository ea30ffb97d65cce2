"""`python -m benchmarks locks`: how long each writing verb keeps other writers waiting in a large library: its longest
transaction, from its beginning until it is on the disk; and how much of that was computing, which a busy machine
changes little."""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, event

from benchmarks.kills import new_picture, one_picture_each
from benchmarks.make_library import fill_project
from library_store.library import CharacterLibrary
from library_store.pictures import Pictures
from library_store.records import LOCAL_OWNER, CharacterText, NewPicture, Visitor
from library_store.store import LibraryStore

BAR = 200  # milliseconds
REPEATS = 5


def main(characters: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        store = _opened(home / "one")
        library = store.seen_by(LOCAL_OWNER)
        project = fill_project(library, _url(home / "one"), characters)
        load = os.getloadavg()[0] / (os.cpu_count() or 1)
        print(f"{characters} characters, load {load:.1f} a core; the longest transaction of each verb (bar: {BAR} ms)")
        for verb, ask in verbs(library, project).items():
            _say(verb, lambda ask=ask: [ask() for _ in range(REPEATS)])
        library.export_zip(home / "whole.zip", project, embeddings=True)
        other = _opened(home / "other")
        theirs = other.seen_by(Visitor("somebody"))
        _say("import_zip, where nothing is", lambda: theirs.import_zip(home / "whole.zip"))
        _say("import_zip, where all is", lambda: theirs.import_zip(home / "whole.zip"))
        _say("delete_everything", theirs.delete_everything)
        target = theirs.create_project("Target").id
        _say("import_zip, into a project", lambda: theirs.import_zip(home / "whole.zip", target))
        other.close()
        third = _opened(home / "third")
        ours = third.seen_by(Visitor("somebody"))
        one_picture_each(home / "whole.zip", home / "thin.zip", Pictures.open(home / "one" / "pictures"))
        ours.import_zip(home / "thin.zip")
        _say("import_zip, where all are with less", lambda: ours.import_zip(home / "whole.zip"))
        third.close()
        store.close()


def verbs(library: CharacterLibrary, project: str) -> dict[str, Callable[[], object]]:
    """By name what can be asked for again and again."""
    chance = random.Random(0)
    story = library.list_stories(project)[0].id
    spare = iter(library.list_library(project, limit=50))
    people = library.list_library(project, limit=60)[50:]
    one, member = people[0], library.list_cast(story)[0]
    images = [image.id for image in library.list_images(one.id)]
    elsewhere = library.create_project("Elsewhere").id

    def four() -> list[NewPicture]:
        return [new_picture(chance) for _ in range(4)]

    def merge_and_undo() -> None:
        other = next(spare).id
        library.merge_characters(one.id, other)
        library.undo_merge(other)

    def purge() -> None:
        gone = next(spare).id
        library.trash_character(gone)
        library.purge_character(gone)

    return {
        "create_story": lambda: library.create_story(project, "Chapter"),
        "create_character": lambda: library.create_character(story, "Mina", four(), "generated"),
        "edit_character": lambda: library.edit_character(one.id, CharacterText(description=str(chance.random()))),
        "set_tags": lambda: library.set_tags(one.id, [str(chance.randrange(20)) for _ in range(3)]),
        "set_favourite": lambda: library.set_favourite(one.id, True),
        "set_canonical": lambda: library.set_canonical(one.id, chance.choice(images)),
        "set_steering": lambda: library.set_steering(one.id, images[:2]),
        "add_pictures": lambda: library.add_pictures(one.id, [new_picture(chance)]),
        "keep_variants": lambda: library.keep_variants(story, one.id, four()),
        "link_image": lambda: library.link_image(story, chance.choice(images)),
        "select_image": lambda: library.select_image(member.id, member.options[0].image.id),
        "save_character": lambda: library.save_character(member.id, member.options[0].image.id),
        "merge_characters, undo_merge": merge_and_undo,
        "copy_character": lambda: library.copy_character(next(spare).id, elsewhere),
        "purge_character": purge,
    }


def _say(verb: str, ask: Callable[[], Any]) -> None:
    began = time.perf_counter()
    with held() as times:
        ask()
    took, computed = max(times, default=Held(0, 0))
    print(
        f"{verb}: {took * 1000:.0f} ms ({computed * 1000:.0f} ms of computing), {len(times)} transactions, "
        f"{time.perf_counter() - began:.1f} s in all"
    )


class Held(NamedTuple):
    seconds: float
    computed: float  # of these, by the thread that held


@contextmanager
def held() -> Iterator[list[Held]]:
    """Each transaction that kept other writers from theirs, until the block ends."""
    began, times = dict[int, Held](), list[Held]()

    def begun(connection: Connection) -> None:
        if connection.get_execution_options().get("sqlite_begin"):
            began[id(connection.connection.dbapi_connection)] = Held(time.perf_counter(), time.thread_time())

    def returned(connection: object, _: object) -> None:
        if start := began.pop(id(connection), None):
            times.append(Held(time.perf_counter() - start.seconds, time.thread_time() - start.computed))

    event.listen(Engine, "begin", begun)
    event.listen(Engine, "checkin", returned)
    try:
        yield times
    finally:
        event.remove(Engine, "begin", begun)
        event.remove(Engine, "checkin", returned)


def _opened(home: Path) -> LibraryStore:
    return LibraryStore.open(_url(home), home / "pictures")


def _url(home: Path) -> str:
    return f"sqlite:///{home / 'castbook.db'}"
