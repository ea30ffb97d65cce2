"""An export: characters in one zip, from which another Castbook takes them in, and which Hugging Face `datasets` opens.

    metadata.jsonl     a line per picture (ExportedPicture): the file, its character, and how it came about
    images/            the PNG files as the library keeps them, named by their SHA-256
    castbook.json      the project, its stories and who is cast in them (ExportedProject)
    missing.txt        pictures that are not in it, for their files were missing or damaged: only where there are some
    embeddings.npz     face identities, which are biometric: only where they were asked for

`load_dataset("imagefolder", data_dir="unpacked")` gives a row per line, with `image` and, where a picture was made from
another one, `reference`. `datasets` fixes each column's type by the first 10 MB of lines and cannot open a column that
is empty there and filled later. So the file begins with lines that together fill every column that any line fills, and
what has no fixed fields is the text of a JSON object: `json.loads(row["request"])`.

Version 1 is read as well: there `request` and `likeness` are objects. It makes no difference in which order the lines
are, with which program the zip was packed again, or how an editor ends lines.

What is read here comes from strangers: every name, size, hash and value is checked, and nothing is unpacked to disk.
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import struct
import tokenize
import uuid
import zipfile
import zlib
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import from_json, to_json

from errors import LibraryUnavailable, UnreadableExport
from library_store import kept_likeness
from library_store.kept_likeness import KeptLikeness
from library_store.pictures import Pictures
from library_store.records import Character, CharacterReferenceImage, How, Source, VisualProfile
from message import Message
from pipeline.decoders import DECODERS, Ended
from pipeline.decoding import MAX_PIXELS, Unfit
from pipeline.request import PictureRequest, Seed
from pipeline.uploads import MAX_BYTES as MAX_PICTURE
from pipeline.values import Face, Identity, Likeness

FORMAT, VERSION = "castbook", 2
METADATA, PROJECT, EMBEDDINGS, FOLDER = "metadata.jsonl", "castbook.json", "embeddings.npz", "images/"
MISSING = "missing.txt"

MAX_TEXT = 2**28  # bytes; 100,000 pictures have half of it
MAX_RECORD = 2**17  # of one picture's request, or likeness
MAX_RATIO = 200  # of what a zip unpacks to: such metadata reaches forty, a bomb a thousand

_EXPORT_AGAIN = "Export it again, or download it once more."
_DAMAGED_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    RuntimeError,  # encrypted
    KeyError,
    ValueError,  # a name that is no text
)
# The last two: NumPy parses an array's header as Python.
_DAMAGED_NPZ = (*_DAMAGED_ZIP, TypeError, MemoryError, OverflowError, SyntaxError, tokenize.TokenError)
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


def _storable(value: T) -> T:
    """A ValueError for what PostgreSQL refuses: NaN, which is no JSON, and a zero in a text."""
    written = json.dumps(value, default=vars, allow_nan=False)
    if len(written) > MAX_RECORD:
        raise ValueError("is too long")
    if "\\u0000" in written.replace("\\\\", ""):  # without the backslashes of the text itself
        raise ValueError("has a zero in a text")
    return value


def _read_json(value: object) -> object:
    """Version 1 has the object itself, not its text."""
    return from_json(value, allow_inf_nan=False) if isinstance(value, str) else value


def _json_text(value: object) -> str:
    return to_json(value).decode()


def _likeness_text(likeness: Likeness) -> str:
    return _json_text(kept_likeness.to_json(likeness))


def _exact(moment: datetime) -> str:
    """Always with microseconds: `datasets` would take a text without them for another type."""
    return moment.isoformat(timespec="microseconds")


def _readable(request: dict[str, Any]) -> dict[str, Any]:
    if PictureRequest.read(request) is None:
        raise ValueError("is none that a picture can be asked for with")
    return request


Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^images/[0-9a-f]{64}\.png$")]
Words = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]  # a database may not hold a zero
Name = Annotated[Words, StringConstraints(strip_whitespace=True, min_length=1)]
Moment = Annotated[  # what every database and every time zone can hold
    AwareDatetime,
    Field(ge=datetime(1970, 1, 1, tzinfo=timezone.utc), lt=datetime(9999, 1, 1, tzinfo=timezone.utc)),
    PlainSerializer(_exact),
]
RequestText = Annotated[
    dict[str, Any],
    BeforeValidator(_read_json),
    AfterValidator(_storable),
    AfterValidator(_readable),
    PlainSerializer(_json_text),
]
LikenessText = Annotated[
    KeptLikeness, BeforeValidator(_read_json), AfterValidator(_storable), PlainSerializer(_likeness_text)
]


@dataclass(frozen=True)
class ExportedPicture:
    """A line of metadata.jsonl. What it says of the character, every line of that character says."""

    file_name: FileName  # before the other one: `datasets` would swap the pictures
    reference_file_name: FileName | None  # the picture it was made from, where that is in the zip too
    image_id: Id
    character_id: Id
    name: Name
    description: Words
    visual_profile: VisualProfile
    character_prompt: Words
    tags: tuple[Name, ...]
    is_canonical: bool
    is_steering: bool
    is_favourite: bool
    is_saved_to_library: bool
    saved_at: Moment | None
    trashed_at: Moment | None
    parent_id: Id | None
    source: Source
    prompt: Words | None  # as composed and drawn; None for an uploaded picture
    request: RequestText | None
    pack: Words | None
    seed: Seed | None
    likeness: LikenessText | None
    created_at: Moment
    similarity: float | None = None  # the likeness's, for readers of the table; in no export of version 1
    copied_from_id: Id | None = None  # whom the character was copied from, in another project
    digital_source_type: Words | None = None  # IPTC's term for what a model drew; None for an uploaded picture

    @classmethod
    def of(
        cls,
        character: Character,
        image: CharacterReferenceImage,
        reference: CharacterReferenceImage | None,
        steers: bool,
        source_type: str | None,
    ) -> ExportedPicture:
        return cls(
            file_name=_file_name(image.content_hash),
            reference_file_name=reference and _file_name(reference.content_hash),
            image_id=image.id,
            character_id=character.id,
            name=character.name,
            description=character.description,
            visual_profile=character.visual_profile,
            character_prompt=character.prompt,
            tags=character.tags,
            is_canonical=character.canonical_image_id == image.id,
            is_steering=steers,
            is_favourite=character.is_favourite,
            is_saved_to_library=character.is_saved_to_library,
            saved_at=character.saved_at,
            trashed_at=character.trashed_at,
            parent_id=image.parent_id,
            source=image.source,
            prompt=image.request and image.request.prompt,
            request=image.request and image.request.to_json(),
            pack=image.pack,
            seed=image.seed,
            likeness=image.likeness,
            created_at=image.created_at,
            similarity=image.likeness.similarity if image.likeness else None,
            copied_from_id=character.copied_from_id,
            digital_source_type=source_type,
        )

    @property
    def content_hash(self) -> str:
        return PurePosixPath(self.file_name).stem


@dataclass(frozen=True)
class ExportedStory:
    id: Id
    title: Name
    context: Words
    trashed_at: Moment | None


@dataclass(frozen=True)
class ExportedOption:
    id: Id
    image_id: Id
    how: How
    added_at: Moment
    removed_at: Moment | None


@dataclass(frozen=True)
class ExportedMember:
    id: Id
    story_id: Id
    character_id: Id
    active_image_id: Id | None
    options: tuple[ExportedOption, ...]


@dataclass(frozen=True)
class MergedCharacter:
    """Who became part of another: an id that old links lead through."""

    id: Id
    name: Name
    merged_into_id: Id


@dataclass(frozen=True)
class ExportedProject:
    """castbook.json: what belongs to no single picture."""

    id: Id
    name: Name
    owner: Words
    stories: tuple[ExportedStory, ...]
    cast: tuple[ExportedMember, ...]
    merged: tuple[MergedCharacter, ...]
    format: Literal["castbook"] = FORMAT
    version: int = VERSION


@dataclass(frozen=True)
class Export:
    """All of a zip but the picture files."""

    project: ExportedProject
    pictures: tuple[ExportedPicture, ...]
    faces: tuple[tuple[str, Face], ...]  # of which image; each seen by one encoder


@dataclass(frozen=True)
class ImportReport:
    """What an import did."""

    project_id: str  # where the characters are now
    added: int  # characters
    skipped: int  # characters that were there already
    pictures: int  # that were added, to either


def write_zip(path: Path, export: Export, pictures: Pictures) -> None:
    """The whole file appears or none. Pictures whose files are missing or damaged are left out, and listed in it.
    Raises LibraryUnavailable for a full disk, and where no picture can be reached."""
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    lacking = set[str]()
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content_hash in {line.file_name: line.content_hash for line in export.pictures}.items():
                try:
                    data = pictures.read(content_hash)
                except LibraryUnavailable:
                    pictures.check_reachable()
                    lacking.add(content_hash)
                else:
                    archive.writestr(name, data, zipfile.ZIP_STORED)  # a PNG is compressed already
            if lacking:
                left_out = (line for line in export.pictures if line.content_hash in lacking)
                archive.writestr(MISSING, "".join(f"{line.name}: {line.image_id}\n" for line in left_out))
                export = _without(export, lacking)
            lines = _filled_first(export.pictures)
            archive.writestr(METADATA, b"".join(_PICTURE.dump_json(line) + b"\n" for line in lines))
            archive.writestr(PROJECT, _PROJECT.dump_json(export.project, indent=2))
            if export.faces:
                archive.writestr(EMBEDDINGS, _npz(export.faces), zipfile.ZIP_STORED)
        temporary.replace(path)
    except OSError as error:
        raise LibraryUnavailable(
            "The export cannot be written ({error}).",
            "Check that the disk for temporary files is not full.",
            error=error,
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def count_missing(path: Path) -> int:
    """Pictures that were left out of an export of this library, for their files were missing or damaged."""
    with zipfile.ZipFile(path) as archive:
        return len(archive.read(MISSING).splitlines()) if MISSING in archive.namelist() else 0


def read_zip(path: Path) -> Export:
    """Everything but the pictures. Raises UnreadableExport for what is no export, damaged, contradictory or unsafe."""
    with _opened(path) as files:
        project = _read_project(files.read_text(PROJECT))
        lines = files.read_text(METADATA).split("\n")  # no other end of a line: JSON may have them within a text
        pictures = [
            _validated(_PICTURE, line, f"{METADATA}, line {number}")
            for number, line in enumerate(lines, 1)
            if line.strip()
        ]
        faces = _read_npz(files.read(EMBEDDINGS, MAX_TEXT)) if EMBEDDINGS in files.entries else ()
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
                raise UnreadableExport("The picture {name} is not the one that was exported.", _EXPORT_AGAIN, name=name)
            sizes[content_hash] = _size(data, name)
            pictures.put_file(data)
        return sizes


def _without(export: Export, lacking: Collection[str]) -> Export:
    """Whoever's picture that stood for them is lacking is stood for by their first one, where it is imported."""
    kept = [line for line in export.pictures if line.content_hash not in lacking]
    ids, whose = {line.image_id for line in kept}, {line.character_id for line in kept}
    gone = {_file_name(content_hash) for content_hash in lacking}
    project = replace(
        export.project,
        cast=tuple(_member_without(member, ids) for member in export.project.cast if member.character_id in whose),
        merged=tuple(merged for merged in export.project.merged if merged.merged_into_id in whose),
    )
    lines = (replace(line, reference_file_name=None) if line.reference_file_name in gone else line for line in kept)
    return Export(project, tuple(lines), tuple(face for face in export.faces if face[0] in ids))


def _member_without(member: ExportedMember, ids: Collection[str]) -> ExportedMember:
    options = tuple(option for option in member.options if option.image_id in ids)
    return replace(
        member, options=options, active_image_id=member.active_image_id if member.active_image_id in ids else None
    )


_PICTURE = TypeAdapter(ExportedPicture)
_PROJECT = TypeAdapter(ExportedProject)


@dataclass(frozen=True)
class _Head:
    format: Literal["castbook"]
    version: int


_HEAD = TypeAdapter(_Head)


def _file_name(content_hash: str) -> str:
    return f"{FOLDER}{content_hash}.png"


def _filled_first(pictures: Sequence[ExportedPicture]) -> list[ExportedPicture]:
    """For each column that is filled anywhere, a line in which it is comes first."""
    columns = [field.name for field in fields(ExportedPicture)]
    leading = {
        next((line.image_id for line in pictures if getattr(line, column) not in (None, ())), None)
        for column in columns
    }
    return sorted(pictures, key=lambda line: line.image_id not in leading)


def _place(line: ExportedPicture) -> tuple[str, datetime, str]:
    """Character by character, oldest first."""
    return line.character_id, line.created_at, line.image_id


def _read_project(text: str) -> ExportedProject:
    if not 1 <= (head := _validated(_HEAD, text, PROJECT)).version <= VERSION:
        raise UnreadableExport(
            "This export is of version {version}, and Castbook knows version {known}.",
            "Update Castbook." if head.version > VERSION else _EXPORT_AGAIN,
            version=head.version,
            known=VERSION,
        )
    return _validated(_PROJECT, text, PROJECT)


def _validated(adapter: TypeAdapter[T], text: str, where: str) -> T:
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise UnreadableExport(
            "{where} is not as it was exported: {problem}.",
            _EXPORT_AGAIN,
            where=where,
            problem=f"{field} {first['msg']}",
        ) from error


def _check_references(project: ExportedProject, pictures: Collection[ExportedPicture]) -> None:
    """What names a thing of the zip must find it there; a parent alone may have stayed behind."""
    stories = {story.id for story in project.stories}
    owners = {line.image_id: line.character_id for line in pictures}
    if len(owners) != len(pictures):
        raise UnreadableExport("A picture is in this export twice.", _EXPORT_AGAIN)
    characters = set(owners.values())
    for member in project.cast:
        offered = {option.image_id for option in member.options}
        whole = member.story_id in stories and member.character_id in characters
        theirs = {image_id for image_id in offered if owners.get(image_id) == member.character_id}
        if not whole or theirs != offered or (member.active_image_id or None) not in {None, *offered}:
            raise UnreadableExport("The cast member {id} points outside this export.", _EXPORT_AGAIN, id=member.id)
    for merged in project.merged:
        if merged.merged_into_id not in characters or merged.id in characters:
            raise UnreadableExport("The merged character {id} points outside this export.", _EXPORT_AGAIN, id=merged.id)


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
    except _DAMAGED_ZIP as error:
        raise UnreadableExport(
            "{what} cannot be read as a part of a Castbook export ({error}).",
            "Choose a zip that Castbook exported. {otherwise}",
            what=what,
            error=str(error) or type(error).__name__,
            otherwise=Message(_EXPORT_AGAIN),
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
            "The picture {name} is damaged ({error}).", _EXPORT_AGAIN, name=name, error=error
        ) from error


def _npz(faces: Iterable[tuple[str, Face]]) -> bytes:
    rows = [(image_id, face, face.identities[0]) for image_id, face in faces]
    buffer = io.BytesIO()
    np.savez(
        buffer,
        image_id=np.array([image_id for image_id, _, _ in rows]),
        encoder=np.array([identity.encoder for _, _, identity in rows]),
        embedding=np.array([identity.embedding for _, _, identity in rows], np.float32),
        box=np.array([face.box for _, face, _ in rows], np.float64),
        landmarks=np.array([face.landmarks for _, face, _ in rows], np.float32),
        detection_score=np.array([face.detection_score for _, face, _ in rows], np.float64),
    )
    return buffer.getvalue()


_SHAPES = {"embedding": (512,), "box": (4,), "landmarks": (5, 2), "detection_score": ()}


def _read_npz(data: bytes) -> tuple[tuple[str, Face], ...]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:  # np.savez compresses nothing
            if sum(entry.file_size for entry in archive.infolist()) > len(data):
                raise ValueError("it unpacks to more than it holds")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            found = {name: _array(arrays[name], name, len(data)) for name in ("image_id", "encoder", *_SHAPES)}
        image_ids, encoders = ([str(text) for text in found[name]] for name in ("image_id", "encoder"))
        numbers = {name: np.asarray(found[name], np.float64) for name in _SHAPES}
        for name, shape in _SHAPES.items():
            if numbers[name].shape != (len(image_ids), *shape) or not np.isfinite(numbers[name]).all():
                raise ValueError(f"{name} has the wrong shape or is not finite")
        if len(encoders) != len(image_ids) or not np.allclose(
            np.linalg.norm(numbers["embedding"], axis=1), 1, atol=1e-3
        ):
            raise ValueError("its embeddings are not of unit length")
    except _DAMAGED_NPZ as error:
        raise UnreadableExport("{name} is damaged ({error}).", _EXPORT_AGAIN, name=EMBEDDINGS, error=error) from error
    return tuple(
        (
            image_id,
            Face(
                box=tuple(float(edge) for edge in numbers["box"][i]),  # pyright: ignore[reportArgumentType] (four)
                landmarks=numbers["landmarks"][i].astype(np.float32),
                detection_score=float(numbers["detection_score"][i]),
                identities=(Identity(encoder, numbers["embedding"][i].astype(np.float32)),),
            ),
        )
        for i, (image_id, encoder) in enumerate(zip(image_ids, encoders, strict=True))
    )


def _array(array: NDArray[Any], name: str, most: int) -> NDArray[Any]:
    """An array whose rows have no bytes can announce any number of them."""
    if array.itemsize == 0 or len(array) > most:
        raise ValueError(f"{name} has more rows than bytes")
    return array
