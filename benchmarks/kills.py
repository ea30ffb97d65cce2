"""`python -m benchmarks kills`: a process that writes with every verb is killed at random instants, and what it had
acknowledged is looked for in the library that is opened next: nothing lost, nothing half, no file left over."""

from __future__ import annotations

import itertools
import multiprocessing
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from errors import NotFound
from library_store.checking import check
from library_store.database import open_for_reading
from library_store.export_zip import write_zip
from library_store.exported import Export
from library_store.import_zip import read_zip
from library_store.library import CharacterLibrary
from library_store.pictures import Pictures
from library_store.records import LOCAL_OWNER, CharacterText, LibraryQuery, NewPicture, Visitor
from library_store.store import LibraryStore
from pipeline.values import Face, Identity

MOST = 12  # verbs of a process, at most, until it is killed within the last
LAST = ("last",)  # is said before that
IMPORT = "import_zip"  # or everything of the guest is deleted
LASTING = {IMPORT: 0.6}  # seconds of a verb, about
IMPORTED = 12  # characters of each zip: in one with three pictures each, in the other with one
ZIPS = {"thin.zip": IMPORTED, "whole.zip": 3 * IMPORTED}  # and how many pictures are there after it
PROJECTS = 3  # of the guest, who brings them in, and deletes everything when there are so many
GUEST = Visitor("guest")
MERGED = "merged into"
Snapshot = tuple[Any, ...]


@dataclass
class Expected:
    """What was acknowledged, and what was begun and not."""

    characters: dict[str, Snapshot | None] = field(default_factory=dict[str, "Snapshot | None"])  # None: purged
    imports: dict[str, int] = field(
        default_factory=dict[str, int]
    )  # the guest's projects: pictures that were brought in
    begun: tuple[str, str] = ("", "")  # the verb, and what it is about
    acknowledged: Counter[str] = field(default_factory=Counter[str])

    def take(self, word: tuple[Any, ...]) -> None:
        match word:
            case ("begun", verb, about):
                self.begun = verb, about
            case ("done", verb, states):  # by id, of all that it changed
                self.acknowledged[verb] += 1
                self.begun = "", ""
                if verb == "import_zip":
                    self.imports |= {id: max(count, self.imports.get(id, 0)) for id, count in states.items()}
                elif verb == "delete_everything":
                    self.imports.clear()
                else:
                    self.characters |= states
            case _:
                pass


def main(kills: int, seed: int) -> None:
    chance, began = random.Random(seed), time.perf_counter()
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["benchmarks.kills"])
    with tempfile.TemporaryDirectory() as folder:
        home, expected, troubles, killed_within = Path(folder), Expected(), list[str](), Counter[str]()
        _make(home)
        for number in range(kills):
            receive, send = processes.Pipe(duplex=False)
            verbs = chance.choices(VERBS, k=chance.randint(1, MOST))
            writer = processes.Process(target=write_until_killed, args=(home, seed + number, verbs, send))
            writer.start()
            send.close()
            while (word := receive.recv()) != LAST:
                expected.take(word)
            time.sleep(chance.uniform(0, LASTING.get(verbs[-1], 0.1)))
            writer.kill()
            writer.join()
            for word in _words(receive):
                expected.take(word)
            killed_within[expected.begun[0] or "between two"] += 1
            troubles += [f"kill {number + 1}: {trouble}" for trouble in found_wrong(home, expected)]
        for trouble in troubles:
            print(trouble)
        print("acknowledged", dict(sorted(expected.acknowledged.items())))
        print("killed within", dict(sorted(killed_within.items())))
        print(
            f"{kills} kills, {expected.acknowledged.total()} acknowledged changes, {len(troubles)} troubles "
            f"(bar: 0), {time.perf_counter() - began:.0f} s"
        )
    if troubles:
        raise SystemExit(1)


def write_until_killed(home: Path, seed: int, verbs: Sequence[str], tell: Connection) -> None:
    """By these verbs, and by the last of them until it is killed."""
    store = _opened(home)
    library, guest, chance = store.seen_by(LOCAL_OWNER), store.seen_by(GUEST), random.Random(seed)
    for number, verb in enumerate(itertools.chain(verbs, itertools.repeat(verbs[-1]))):
        if number == len(verbs) - 1:
            tell.send(LAST)
        if verb == IMPORT:
            bring_in_or_delete(guest, home, chance, tell)
        else:
            write(library, verb, chance, tell)


def bring_in_or_delete(guest: CharacterLibrary, home: Path, chance: random.Random, tell: Connection) -> None:
    """A zip into a project that is there, or into a new one."""
    projects = guest.list_projects()
    if len(projects) >= PROJECTS:
        tell.send(("begun", "delete_everything", ""))
        guest.delete_everything()
        tell.send(("done", "delete_everything", {}))
        return
    target = chance.choice([*projects, None]) or guest.create_project("Imported")
    name = chance.choice(list(ZIPS))
    tell.send(("begun", "import_zip", target.id))
    guest.import_zip(home / name, target.id)
    tell.send(("done", "import_zip", {target.id: ZIPS[name]}))


def write(library: CharacterLibrary, verb: str, chance: random.Random, tell: Connection) -> None:
    """One change, announced and then acknowledged; of somebody new where there are few."""
    project = library.list_projects()[0]
    story = library.list_stories(project.id)[0]
    people = library.list_library(project.id) + library.search_library(project.id, LibraryQuery(trashed=True))
    verb = verb if len(people) > 4 else "create"

    def begin(about: str = "") -> None:
        tell.send(("begun", verb, about))

    def done(id: str) -> None:
        tell.send(("done", verb, {id: snapshot(library, id)}))

    if verb == "create":
        begin()
        member = library.create_character(story.id, "Mina", [new_picture(chance) for _ in range(3)], "generated")
        library.save_character(member.id, member.options[0].image.id)
        done(member.character.id)
        return
    one = chance.choice(people)
    begin(one.id)
    images = [image.id for image in library.list_images(one.id)]
    member = next((each for each in library.list_cast(story.id) if each.character.id == one.id), None)
    match verb:
        case "edit_character":
            library.edit_character(one.id, CharacterText(description=str(chance.random())))
        case "set_tags":
            library.set_tags(one.id, [str(chance.randrange(20)) for _ in range(3)])
        case "set_favourite":
            library.set_favourite(one.id, not one.is_favourite)
        case "set_canonical":
            library.set_canonical(one.id, chance.choice(images))
        case "set_steering":
            library.set_steering(one.id, images[:2])
        case "add_pictures":
            library.add_pictures(one.id, [new_picture(chance)])
        case "keep_variants":
            library.keep_variants(story.id, one.id, [new_picture(chance), new_picture(chance)])
        case "remove_option":
            if member:
                library.remove_option(member.id, member.options[0].image.id)
        case "trash_and_restore":
            library.trash_character(one.id)
            library.restore_character(one.id)
        case "merge_characters":
            kept = next((each for each in people if each.id != one.id and not each.trashed_at), None)
            if kept and len(library.list_images(kept.id)) < 30:
                tell.send(("begun", verb, f"{one.id} {kept.id}"))
                library.merge_characters(kept.id, one.id)
                tell.send(("done", verb, {one.id: (MERGED, kept.id), kept.id: snapshot(library, kept.id)}))
                return
        case _:  # purge_character
            library.trash_character(one.id)
            library.purge_character(one.id)
            tell.send(("done", verb, {one.id: None}))
            return
    done(one.id)


VERBS = (
    "create", "edit_character", "set_tags", "set_favourite", "set_canonical", "set_steering", "add_pictures",
    "keep_variants", "remove_option", "trash_and_restore", "merge_characters", "purge_character", "purge_character",
    IMPORT, IMPORT,
)  # fmt: skip


def snapshot(library: CharacterLibrary, id: str) -> Snapshot:
    who = library.get_character(id)
    images = tuple(sorted(image.id for image in library.list_images(who.id)))
    steering = tuple(library.list_steering(who.id))
    return (
        who.id,
        who.description,
        who.tags,
        who.is_favourite,
        who.canonical_image_id,
        bool(who.trashed_at),
        images,
        steering,
    )


def what_became_of(library: CharacterLibrary, id: str) -> Snapshot | None:
    """None for who was purged."""
    with suppress(NotFound):
        now = snapshot(library, id)
        return now if now[0] == id else (MERGED, now[0])
    return None


def is_merged(state: Snapshot | None) -> bool:
    return state is not None and state[0] == MERGED


def found_wrong(home: Path, expected: Expected) -> Iterator[str]:
    """After what a start of the program does."""
    store = _opened(home)
    store.tidy()
    library, (verb, about) = store.seen_by(LOCAL_OWNER), expected.begun
    for id, before in expected.characters.items():
        now = expected.characters[id] = what_became_of(library, id)
        if id in about.split():  # begun, and not acknowledged: either state is right
            if now is None and "purge" not in verb:
                yield f"{id} is gone after {verb}"
        elif now != before and not (is_merged(before) and (now is None or is_merged(now))):
            yield f"{id} is {now}, and was acknowledged as {before}"  # of the merged, who are purged and merged later
    guest = store.seen_by(GUEST)
    there = {project.id: count_pictures(guest, project.id) for project in guest.list_projects()}
    if verb == "delete_everything" and not there:
        expected.imports.clear()
    for id in there.keys() | expected.imports.keys():
        before = expected.imports.get(id, 0)
        may_be = {before, *ZIPS.values()} if id == about else {before}
        if there.get(id) not in may_be or there[id] < before:
            yield f"the project {id} has {there.get(id)} pictures, and {before} were acknowledged"
    expected.imports = there
    expected.begun = "", ""
    store.close()
    report = check(open_for_reading(f"sqlite:///{home / 'castbook.db'}"), Pictures.open(home / "pictures"), list)
    yield from (f"{whose}: {what}" for whose, whats in report.wrong.items() for what in whats)
    if report.orphans:
        yield f"{report.orphans} files that no row names"
    yield from (f"left over: {path.name}" for path in (home / "pictures").rglob("*.tmp"))


def count_pictures(library: CharacterLibrary, project_id: str) -> int:
    """All that is to be found; with its face, for that came along."""
    images = [image.id for who in library.list_library(project_id) for image in library.list_images(who.id)]
    return len(library.get_faces(images))


def one_picture_each(whole: Path, thin: Path, pictures: Pictures) -> None:
    """An export of the same people, with the picture that stands for each alone, and in no story."""
    export = read_zip(whole)
    lines = tuple({line.character_id: line for line in export.pictures if line.is_canonical}.values())
    faces = export.faces.only({line.image_id for line in lines})
    write_zip(thin, Export(replace(export.project, cast=()), lines, faces), pictures)


def _make(home: Path) -> None:
    """A library with a story, and two zips to bring in."""
    chance = random.Random(0)
    store = _opened(home)
    library = store.seen_by(LOCAL_OWNER)
    story = library.ensure_a_story()
    other = library.create_project("Exported")
    theirs = library.create_story(other.id, "Chapter 1")
    for number in range(IMPORTED):
        pictures = [new_picture(chance) for _ in range(3)]
        member = library.create_character(theirs.id, f"Person {number}", pictures, "generated")
        library.save_character(member.id, member.options[0].image.id)
    library.export_zip(home / "whole.zip", other.id, embeddings=True)
    one_picture_each(home / "whole.zip", home / "thin.zip", Pictures.open(home / "pictures"))
    assert story.id < theirs.id
    store.close()


def _opened(home: Path) -> LibraryStore:
    return LibraryStore.open(f"sqlite:///{home / 'castbook.db'}", home / "pictures")


def new_picture(chance: random.Random) -> NewPicture:
    pixels = np.frombuffer(chance.randbytes(32 * 32 * 3), np.uint8).reshape(32, 32, 3)
    embedding = np.zeros(512, np.float32)
    embedding[chance.randrange(512)] = 1
    face = Face((4, 4, 28, 28), np.full((5, 2), 16, np.float32), 0.9, (Identity("judge", embedding),))
    return NewPicture(Image.fromarray(pixels), "generated", face)


def _words(receive: Connection) -> Iterator[tuple[Any, ...]]:
    with suppress(EOFError, OSError):  # OSError: killed in the middle of a word
        while True:
            yield receive.recv()
