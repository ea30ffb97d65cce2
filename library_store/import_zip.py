"""A zip read as an export (exported.py). It comes from strangers: every name, size, hash and value is checked, and
nothing is unpacked to disk."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Literal, TypeVar

from PIL import Image
from pydantic import TypeAdapter, ValidationError

from errors import UnreadableExport
from library_store.exported import (
    METADATA,
    PICTURE_LINE,
    PROJECT,
    PROJECT_FILE,
    VERSION,
    Export,
    ExportedPicture,
    ExportedProject,
)
from library_store.face_arrays import DAMAGED_ZIP, EMBEDDINGS, EXPORT_AGAIN, NO_FACES, read_face_arrays
from library_store.pictures import Pictures
from message import Message
from pipeline.decoders import DECODERS, Ended
from pipeline.decoding import MAX_PIXELS, Unfit
from pipeline.uploads import MAX_BYTES as MAX_PICTURE

MAX_TEXT = 2**28  # bytes; 100,000 pictures have half of it
MAX_RATIO = 200  # of what a zip unpacks to: such metadata reaches forty, a bomb a thousand

_DAMAGED_PNG = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
T = TypeVar("T")


def read_zip(path: Path) -> Export:
    """Everything but the pictures. Raises UnreadableExport for what is no export, damaged, contradictory or unsafe."""
    with _opened(path) as files:
        project = _read_project(files.read_text(PROJECT))
        lines = files.read_text(METADATA).split("\n")  # no other end of a line: JSON may have them within a text
        pictures = [
            _validated(PICTURE_LINE, line, f"{METADATA}, line {number}")
            for number, line in enumerate(lines, 1)
            if line.strip()
        ]
        faces = read_face_arrays(files.read(EMBEDDINGS, MAX_TEXT)) if EMBEDDINGS in files.entries else NO_FACES
    _check_references(project, pictures)
    return Export(project, tuple(sorted(pictures, key=_place)), faces)


def keep_pictures(path: Path, lines: Iterable[ExportedPicture], pictures: Pictures) -> dict[str, tuple[int, int]]:
    """Keeps the lines' files, one at a time, and gives width and height by content hash.

    Raises UnreadableExport for a picture that is missing, damaged or not the one that the name says.
    """
    with _opened(path) as files:
        sizes: dict[str, tuple[int, int]] = {}
        for name, content_hash in {line.file_name: line.content_hash for line in lines}.items():
            data = files.read(name, MAX_PICTURE)
            if hashlib.sha256(data).hexdigest() != content_hash:
                raise UnreadableExport("The picture {name} is not the one that was exported.", EXPORT_AGAIN, name=name)
            sizes[content_hash] = _size(data, name)
            pictures.put_file(data)
        return sizes


@dataclass(frozen=True)
class _Head:
    format: Literal["castbook"]
    version: int


_HEAD = TypeAdapter(_Head)


def _place(line: ExportedPicture) -> tuple[str, datetime, str]:
    """Character by character, oldest first."""
    return line.character_id, line.created_at, line.image_id


def _read_project(text: str) -> ExportedProject:
    if not 1 <= (head := _validated(_HEAD, text, PROJECT)).version <= VERSION:
        raise UnreadableExport(
            "This export is of version {version}, and Castbook knows version {known}.",
            "Update Castbook." if head.version > VERSION else EXPORT_AGAIN,
            version=head.version,
            known=VERSION,
        )
    return _validated(PROJECT_FILE, text, PROJECT)


def _validated(adapter: TypeAdapter[T], text: str, where: str) -> T:
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise UnreadableExport(
            "{where} is not as it was exported: {problem}.",
            EXPORT_AGAIN,
            where=where,
            problem=f"{field} {first['msg']}",
        ) from error


def _check_references(project: ExportedProject, pictures: Collection[ExportedPicture]) -> None:
    """What names a thing of the zip must find it there; a parent alone may have stayed behind."""
    stories = {story.id for story in project.stories}
    owners = {line.image_id: line.character_id for line in pictures}
    if len(owners) != len(pictures):
        raise UnreadableExport("A picture is in this export twice.", EXPORT_AGAIN)
    characters = set(owners.values())
    for member in project.cast:
        offered = {option.image_id for option in member.options}
        whole = member.story_id in stories and member.character_id in characters
        theirs = {image_id for image_id in offered if owners.get(image_id) == member.character_id}
        if not whole or theirs != offered or (member.active_image_id or None) not in {None, *offered}:
            raise UnreadableExport("The cast member {id} points outside this export.", EXPORT_AGAIN, id=member.id)
    for merged in project.merged:
        if merged.merged_into_id not in characters or merged.id in characters:
            raise UnreadableExport("The merged character {id} points outside this export.", EXPORT_AGAIN, id=merged.id)


@dataclass(frozen=True)
class _Files:
    """The files of an export by the names that it gave them, whatever the zip was packed with since."""

    archive: zipfile.ZipFile
    entries: Mapping[str, zipfile.ZipInfo]

    def read(self, name: str, limit: int) -> bytes:
        """`zipfile` never gives more than the size that it announces, and checks the sum of what it gives."""
        with _explained(name):
            entry = self.entries[name]
            if entry.file_size > limit:
                size = f"{entry.file_size / 2**20:.0f}"
                raise UnreadableExport("{name} has {size} MB.", "Import a smaller export.", name=name, size=size)
            return self.archive.read(entry)

    def read_text(self, name: str) -> str:
        """An editor may have saved it with a byte order mark, or as UTF-16."""
        data = self.read(name, MAX_TEXT)
        with _explained(name):
            return data.decode(json.detect_encoding(data))


@contextmanager
def _opened(path: Path) -> Generator[_Files]:
    with _explained(Message("This file")):
        archive = zipfile.ZipFile(path)
    with archive:
        entries = archive.infolist()
        if any(_leads_outside(entry.filename) for entry in entries):
            raise UnreadableExport("This zip has files that lead out of its folder.", "Do not unpack it.")
        if sum(entry.file_size for entry in entries) > MAX_RATIO * path.stat().st_size:
            raise UnreadableExport("This zip unpacks to far more than it holds.", "Do not unpack it.")
        yield _Files(archive, _in_their_folder(entries))


def _in_their_folder(entries: Iterable[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """By name. An unpacked export may have been packed again with the folder that it was in, and with backslashes."""
    named = {PurePosixPath(_with_slashes(entry.filename)): entry for entry in entries if not entry.is_dir()}
    folders = {name.parent for name in named if name.name == PROJECT} or {PurePosixPath()}
    if len(folders) > 1:
        raise UnreadableExport("This zip holds more than one export.", "Import them one by one.")
    (folder,) = folders
    return {str(name.relative_to(folder)): entry for name, entry in named.items() if name.is_relative_to(folder)}


def _with_slashes(name: str) -> str:
    return name.replace("\\", "/")


def _leads_outside(name: str) -> bool:
    path = PurePosixPath(_with_slashes(name))
    return path.is_absolute() or ".." in path.parts or ":" in name


@contextmanager
def _explained(what: Message | str) -> Generator[None]:
    try:
        yield
    except DAMAGED_ZIP as error:
        raise UnreadableExport(
            "{what} cannot be read as a part of a Castbook export ({error}).",
            "Choose a zip that Castbook exported. {otherwise}",
            what=what,
            error=str(error) or type(error).__name__,
            otherwise=Message(EXPORT_AGAIN),
        ) from error


def _size(data: bytes, name: str) -> tuple[int, int]:
    """Decodes the picture: what is kept can be shown."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise ValueError("too many pixels")
            DECODERS.decode(data)
            return picture.size
    except (*_DAMAGED_PNG, Unfit, Ended) as error:
        raise UnreadableExport(
            "The picture {name} is damaged ({error}).", EXPORT_AGAIN, name=name, error=error
        ) from error
