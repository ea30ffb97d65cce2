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
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    TypeAdapter,
)
from pydantic_core import from_json, to_json

from library_store import kept_likeness
from library_store.face_arrays import FaceArrays
from library_store.kept_likeness import KeptLikeness
from library_store.records import Character, CharacterReferenceImage, How, Source, VisualProfile
from pipeline.request import PictureRequest, Seed
from pipeline.values import Likeness

FORMAT, VERSION = "castbook", 2
METADATA, PROJECT, FOLDER = "metadata.jsonl", "castbook.json", "images/"
MISSING = "missing.txt"

MAX_RECORD = 2**17  # bytes, of one picture's request, or likeness

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
            file_name=file_name(image.content_hash),
            reference_file_name=reference and file_name(reference.content_hash),
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
    faces: FaceArrays


@dataclass(frozen=True)
class ImportReport:
    """What an import did."""

    project_id: str  # where the characters are now
    added: int  # characters
    skipped: int  # characters that were there already
    pictures: int  # that were added, to either


PICTURE_LINE = TypeAdapter(ExportedPicture)
PROJECT_FILE = TypeAdapter(ExportedProject)


def file_name(content_hash: str) -> str:
    return f"{FOLDER}{content_hash}.png"
