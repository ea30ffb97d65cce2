"""A library copied into a folder while it is used, and back. The folder is laid out as a home is."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from sqlalchemy import URL, Engine, exists, make_url, select
from sqlalchemy.orm import Session

from errors import InvalidRequest, LibraryUnavailable
from library_store.checking import Watched
from library_store.database import explained, explained_opening, open_for_reading
from library_store.pictures import Pictures
from library_store.schema import ImageRow, ProjectRow
from library_store.sqlite_file import copy_database, put_in_place

DATABASE = "castbook.db"
PICTURES = "pictures"
CHECKSUM = "castbook.sha256"  # of the database, for `sha256sum -c`; pictures are named by theirs. It marks a backup


def back_up(url: str | URL, pictures: Pictures, folder: Path, watched: Watched) -> list[str]:
    """One state of the library, all its pictures with it. Gives those that it lacks itself, or has damaged.

    An earlier backup in the folder is brought up to date, whole until the new one is. Purged pictures leave it.
    """
    if (folder / DATABASE).resolve() == _file(url).resolve() or _holds_something_else(folder):
        raise InvalidRequest(
            "There is something else than a backup in {folder}.",
            "Choose a new folder, or one that holds a backup.",
            folder=repr(str(folder)),
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CHECKSUM).touch()
    engine, new = open_for_reading(url), folder / f"new-{DATABASE}"
    kept = Pictures.open(folder / PICTURES)
    while True:
        with explained_opening():
            copy_database(engine, new)
        named = _named(open_for_reading(_sqlite(new)))
        lacking = _copy(pictures, kept, named - set(kept.hashes()), watched)
        if _named(engine).issuperset(lacking):  # otherwise they were purged meanwhile
            break
    checksum = hashlib.sha256(new.read_bytes()).hexdigest()
    new.replace(folder / DATABASE)
    (folder / CHECKSUM).write_text(f"{checksum}  {DATABASE}\n", "utf-8")
    for content_hash in set(kept.hashes()) - named:
        kept.remove(content_hash)
    return lacking


def restore(folder: Path, url: str | URL, place: Path | str, watched: Watched) -> list[str]:
    """The backup where a library is looked for, but never over one. Gives the pictures that the backup lacks."""
    file, copy = _file(url), folder / DATABASE
    _check(folder)
    if file.exists() and file.stat().st_size and _has_projects(open_for_reading(url)):
        raise InvalidRequest(
            "There is a library already: {file}.",
            "Move it away first, or choose another place with CASTBOOK_HOME.",
            file=repr(str(file)),
        )
    named = _named(open_for_reading(_sqlite(copy)))
    lacking = _copy(Pictures.open(folder / PICTURES, may_be_new=False), Pictures.open(place), named, watched)
    file.parent.mkdir(parents=True, exist_ok=True)
    for of_the_empty_one in ("-wal", "-shm"):
        Path(f"{file}{of_the_empty_one}").unlink(missing_ok=True)
    with put_in_place(file) as temporary:  # last: until then there is no library
        shutil.copyfile(copy, temporary)
    return lacking


def _copy(source: Pictures, target: Pictures, hashes: set[str], watched: Watched) -> list[str]:
    """Gives those that the source lacks."""
    lacking = list[str]()
    for content_hash in watched(sorted(hashes)):
        try:
            data = source.read(content_hash)
        except LibraryUnavailable:
            lacking.append(content_hash)
        else:
            target.put_file(data)
    return lacking


def _check(folder: Path) -> None:
    try:
        said = (folder / CHECKSUM).read_text("utf-8").split()[:1]
        is_whole = said == [hashlib.sha256((folder / DATABASE).read_bytes()).hexdigest()]
    except OSError:
        is_whole = False
    if not is_whole:
        raise LibraryUnavailable(
            "{folder} holds no backup, one that was not finished, or one that was changed since.",
            "Choose another.",
            folder=repr(str(folder)),
        )


def _holds_something_else(folder: Path) -> bool:
    return folder.exists() and any(folder.iterdir()) and not (folder / CHECKSUM).exists()


def _named(engine: Engine) -> set[str]:
    """The pictures of all rows."""
    with explained(), Session(engine) as session:
        return set(session.scalars(select(ImageRow.content_hash)))


def _has_projects(engine: Engine) -> bool:
    with explained(), Session(engine) as session:
        return bool(session.scalar(select(exists(select(ProjectRow.id)))))


def _file(url: str | URL) -> Path:
    url = make_url(url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise InvalidRequest(
            "Only a SQLite database is backed up and restored here.",
            "Use your server's own tools (pg_dump), and copy the pictures' folder afterwards.",
        )
    return Path(url.database)


def _sqlite(file: Path) -> URL:
    return URL.create("sqlite", database=str(file))
