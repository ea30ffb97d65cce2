"""Characters in one zip that travels: a Hugging Face `imagefolder`, which is at the same time all that an import needs.

    metadata.jsonl     a line per picture: the file, its character, and how it came about
    images/            the PNG files as the library keeps them, named by their SHA-256
    castbook.json      the project, its stories and who is cast in them
    embeddings.npz     face identities, which are biometric: only where they were asked for

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
from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, TypeAdapter, ValidationError

from errors import LibraryUnavailable, UnreadableExport
from library_store.kept_likeness import KeptLikeness
from library_store.pictures import Pictures
from library_store.records import Character, CharacterReferenceImage, How, Source, VisualProfile
from message import Message
from pipeline.request import PictureRequest
from pipeline.values import Face, Identity

FORMAT, VERSION = "castbook", 1
METADATA, PROJECT, EMBEDDINGS, FOLDER = "metadata.jsonl", "castbook.json", "embeddings.npz", "images/"

MAX_PICTURE = 40 * 2**20  # bytes, as for uploads
MAX_PIXELS = 50_000_000
MAX_TEXT = 2**28  # bytes; 100,000 pictures have half of it
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
    if "\\u0000" in written.replace("\\\\", ""):  # without the backslashes of the text itself
        raise ValueError("has a zero in a text")
    return value


def _readable(request: dict[str, Any]) -> dict[str, Any]:
    if PictureRequest.read(request) is None:
        raise ValueError("is none that a picture can be asked for with")
    return request


Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^images/[0-9a-f]{64}\.png$")]
Words = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]  # a database may not hold a zero
Name = Annotated[Words, StringConstraints(strip_whitespace=True, min_length=1)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Moment = Annotated[  # what every database and every time zone can hold
    AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=timezone.utc), lt=datetime(9999, 1, 1, tzinfo=timezone.utc))
]


@dataclass(frozen=True)
class PortablePicture:
    """A line of metadata.jsonl. What it says of the character, every line of that character says."""

    file_name: FileName
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
    request: Annotated[dict[str, Any], AfterValidator(_storable), AfterValidator(_readable)] | None
    pack: Words | None
    seed: Seed | None
    likeness: Annotated[KeptLikeness, AfterValidator(_storable)] | None
    created_at: Moment

    @classmethod
    def of(
        cls,
        character: Character,
        image: CharacterReferenceImage,
        reference: CharacterReferenceImage | None,
        steers: bool,
    ) -> PortablePicture:
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
        )

    @property
    def content_hash(self) -> str:
        return PurePosixPath(self.file_name).stem


@dataclass(frozen=True)
class PortableStory:
    id: Id
    title: Name
    context: Words
    trashed_at: Moment | None


@dataclass(frozen=True)
class PortableOption:
    id: Id
    image_id: Id
    how: How
    added_at: Moment
    removed_at: Moment | None


@dataclass(frozen=True)
class PortableMember:
    id: Id
    story_id: Id
    character_id: Id
    active_image_id: Id | None
    options: tuple[PortableOption, ...]


@dataclass(frozen=True)
class MergedCharacter:
    """Who became part of another: an id that old links lead through."""

    id: Id
    name: Name
    merged_into_id: Id


@dataclass(frozen=True)
class PortableProject:
    """castbook.json: what belongs to no single picture."""

    id: Id
    name: Name
    owner: Words
    stories: tuple[PortableStory, ...]
    cast: tuple[PortableMember, ...]
    merged: tuple[MergedCharacter, ...]
    format: Literal["castbook"] = FORMAT
    version: int = VERSION


@dataclass(frozen=True)
class Portable:
    """All of a zip but the picture files."""

    project: PortableProject
    pictures: tuple[PortablePicture, ...]
    faces: tuple[tuple[str, Face], ...]  # of which image; each seen by one encoder


@dataclass(frozen=True)
class ImportReport:
    """What an import did."""

    project_id: str  # where the characters are now
    added: int  # characters
    skipped: int  # characters that were there already
    pictures: int  # that were added, to either


def write_zip(path: Path, portable: Portable, pictures: Pictures) -> None:
    """The whole file appears or none. Raises LibraryUnavailable for a missing picture or a full disk."""
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(METADATA, b"".join(_PICTURE.dump_json(line) + b"\n" for line in portable.pictures))
            archive.writestr(PROJECT, _PROJECT.dump_json(portable.project, indent=2))
            if portable.faces:
                archive.writestr(EMBEDDINGS, _npz(portable.faces), zipfile.ZIP_STORED)
            for name, content_hash in {line.file_name: line.content_hash for line in portable.pictures}.items():
                archive.writestr(name, pictures.read(content_hash), zipfile.ZIP_STORED)  # a PNG is compressed already
        temporary.replace(path)
    except OSError as error:
        raise LibraryUnavailable(
            "The export cannot be written ({error}).",
            "Check that the disk for temporary files is not full.",
            error=error,
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def read_zip(path: Path) -> Portable:
    """Everything but the pictures. Raises UnreadableExport for what is no export, damaged, contradictory or unsafe."""
    with _opened(path) as archive:
        project = _read_project(_read(archive, PROJECT, MAX_TEXT))
        lines = _read(archive, METADATA, MAX_TEXT).split(b"\n")
        pictures = tuple(
            _validated(_PICTURE, line, f"{METADATA}, line {number}") for number, line in enumerate(lines, 1) if line
        )
        has_faces = EMBEDDINGS in archive.namelist()
        faces = _read_npz(_read(archive, EMBEDDINGS, MAX_TEXT)) if has_faces else ()
    _check_references(project, pictures)
    return Portable(project, pictures, faces)


def keep_pictures(path: Path, lines: Iterable[PortablePicture], pictures: Pictures) -> dict[str, tuple[int, int]]:
    """Keeps the lines' files, one at a time, and gives width and height by content hash.

    Raises UnreadableExport for a picture that is missing, damaged or not the one that the name says.
    """
    with _opened(path) as archive:
        sizes: dict[str, tuple[int, int]] = {}
        for name, content_hash in {line.file_name: line.content_hash for line in lines}.items():
            data = _read(archive, name, MAX_PICTURE)
            if hashlib.sha256(data).hexdigest() != content_hash:
                raise UnreadableExport("The picture {name} is not the one that was exported.", _EXPORT_AGAIN, name=name)
            sizes[content_hash] = _size(data, name)
            pictures.put_file(data)
        return sizes


_PICTURE = TypeAdapter(PortablePicture)
_PROJECT = TypeAdapter(PortableProject)


@dataclass(frozen=True)
class _Head:
    format: Literal["castbook"]
    version: int


_HEAD = TypeAdapter(_Head)


def _file_name(content_hash: str) -> str:
    return f"{FOLDER}{content_hash}.png"


def _read_project(data: bytes) -> PortableProject:
    if (head := _validated(_HEAD, data, PROJECT)).version != VERSION:
        raise UnreadableExport(
            "This export is of version {version}, and Castbook knows version {known}.",
            "Update Castbook." if head.version > VERSION else _EXPORT_AGAIN,
            version=head.version,
            known=VERSION,
        )
    return _validated(_PROJECT, data, PROJECT)


def _validated(adapter: TypeAdapter[T], data: bytes, where: str) -> T:
    try:
        return adapter.validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise UnreadableExport(
            "{where} is not as it was exported: {problem}.",
            _EXPORT_AGAIN,
            where=where,
            problem=f"{field} {first['msg']}",
        ) from error


def _check_references(project: PortableProject, pictures: Collection[PortablePicture]) -> None:
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


@contextmanager
def _opened(path: Path) -> Generator[zipfile.ZipFile]:
    with _explained(Message("This file")):
        archive = zipfile.ZipFile(path)
    with archive:
        entries = archive.infolist()
        if any(_leads_outside(entry.filename) for entry in entries):
            raise UnreadableExport("This zip has files that lead out of its folder.", "Do not unpack it.")
        if sum(entry.file_size for entry in entries) > MAX_RATIO * path.stat().st_size:
            raise UnreadableExport("This zip unpacks to far more than it holds.", "Do not unpack it.")
        yield archive


def _leads_outside(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in name


def _read(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """`zipfile` never gives more than the size that it announces, and checks the sum of what it gives."""
    with _explained(name):
        entry = archive.getinfo(name)
        if entry.file_size > limit:
            size = f"{entry.file_size / 2**20:.0f}"
            raise UnreadableExport("{name} has {size} MB.", "Import a smaller export.", name=name, size=size)
        return archive.read(entry)


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
            picture.load()
            return picture.size
    except _DAMAGED_PNG as error:
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
