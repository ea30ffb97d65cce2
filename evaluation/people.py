"""People of whom the truth is known: pictures with a name on each, from any folder or hub dataset.

`load_people` opens no face model. `known_people` looks for the faces, and what it gives can be measured with.
"""

# datasets comes with partial types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import datasets
from datasets.exceptions import DatasetsError
from PIL import Image, ImageOps
from tqdm import tqdm

from errors import InvalidRequest
from evaluation.picture_folders import FolderPicture, pictures_in
from pipeline.values import Face, Reference

IDENTITY = "identity"
LABEL = "label"  # what imagefolder calls the sub-folder that a picture lies in
VIEW = "view"
NO_DATA = "Give a folder of pictures with a metadata.jsonl or a sub-folder a person, or the id of a dataset on the hub."

FindFaces = Callable[[Image.Image], Sequence[Face]]


@dataclass(frozen=True, eq=False)
class Example:
    """A true picture of a person, and what the data say of it."""

    picture: Image.Image  # RGB
    view: str | None = None  # "front", "left", "right", ...
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, eq=False)
class Person:
    identity: str
    pictures: tuple[Example, ...]  # in the order of the data, one at least


@dataclass(frozen=True, eq=False)
class KnownPicture:
    """A true picture whose face every encoder of the pack has seen."""

    example: Example
    face: Face

    @property
    def reference(self) -> Reference:
        return Reference(self.example.picture, self.face.identities)


@dataclass(frozen=True, eq=False)
class KnownPerson:
    """The first picture is the reference. Of several the last is held out: it steers nothing, and is the truth."""

    identity: str
    pictures: tuple[KnownPicture, ...]

    @property
    def reference(self) -> Reference:
        return self.pictures[0].reference

    @property
    def truth(self) -> KnownPicture | None:
        return self.pictures[-1] if len(self.pictures) > 1 else None

    def references(self, count: int) -> tuple[Reference, ...]:
        """The first pictures, the held-out one never among them."""
        return tuple(known.reference for known in self.pictures[:-1][:count]) or (self.reference,)


def load_people(
    source: str, identity_column: str = IDENTITY, most: int | None = None, pictures: int | None = None
) -> tuple[Person, ...]:
    """The people in a folder or hub dataset, in the order in which they first appear.

    At most so many, each with at most so many pictures; no others are decoded. Raises InvalidRequest.
    """
    rows = _rows_of_folder(source, identity_column) or _rows_of_table(source, identity_column)
    people: dict[str, list[_Row]] = {}
    for row in rows:
        if row.identity is not None:
            people.setdefault(row.identity, []).append(row)
    if not people:
        raise InvalidRequest(
            "The column {column} of {source} is empty.", NO_DATA, column=repr(identity_column), source=source
        )
    return tuple(
        Person(identity, tuple(_example(row, source) for row in shown[:pictures]))
        for identity, shown in list(people.items())[:most]
    )


def known_people(people: Iterable[Person], faces: FindFaces) -> tuple[KnownPerson, ...]:
    """Each person with the pictures on which a face is found, the largest counting.

    Raises InvalidRequest for a person without any: left out silently, they would make the pack look better.
    """
    return tuple(_known(person, faces) for person in tqdm(tuple(people), desc="reading faces", unit="person"))


def fingerprint(people: Iterable[Person]) -> str:
    """Of names and pixels: the same data have the same one, wherever they lie."""
    digest = hashlib.sha256()
    for person in people:
        digest.update(person.identity.encode())
        for example in person.pictures:
            digest.update(repr(example.picture.size).encode())
            digest.update(example.picture.tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class _Row:
    """A picture that was not looked at yet."""

    identity: str | None
    name: str  # what an error calls the picture
    read: Callable[[], tuple[Image.Image, Mapping[str, str]]]  # and what the data say of it


def _rows_of_folder(source: str, wanted: str) -> list[_Row]:
    """None where the source is no folder, or one of other files, as zips of pictures: `datasets` reads those."""
    try:
        pictures = pictures_in(Path(source))
    except (OSError, ValueError) as error:
        raise _unreadable(source, error) from error
    columns = list(dict.fromkeys(name for picture in pictures for name in picture.said))
    by_folder = wanted in (IDENTITY, LABEL) and any(picture.folder for picture in pictures)
    if pictures and not by_folder:
        _identity_column(columns, wanted, source)
    return [_row_of_picture(picture, wanted) for picture in pictures]


def _row_of_picture(picture: FolderPicture, wanted: str) -> _Row:
    columns = (IDENTITY, LABEL) if wanted == IDENTITY else (wanted,)
    column = next((name for name in columns if name in picture.said), None)
    by_folder = picture.folder if wanted in (IDENTITY, LABEL) else None
    identity = by_folder if column is None else picture.said[column]

    def read() -> tuple[Image.Image, Mapping[str, str]]:
        texts = {name: value for name, value in picture.said.items() if isinstance(value, str) and name != column}
        with Image.open(picture.file) as opened:
            return ImageOps.exif_transpose(opened).convert("RGB"), texts

    return _Row(None if identity in (None, "") else str(identity), picture.name, read)


def _rows_of_table(source: str, wanted: str) -> list[_Row]:
    table = _open(source)
    column = _identity_column(list(table.features), wanted, source)
    image_column = _image_column(table, source)
    others = [name for name in table.features if name not in (column, image_column)]

    def row_of(index: int, identity: str | None) -> _Row:
        def read() -> tuple[Image.Image, Mapping[str, str]]:
            row: dict[str, Any] = table[index]
            # Without the file's format: what is kept of it later is lossless.
            picture = row[image_column].convert("RGB")
            said = {name: text for name in others if (text := _text(table.features[name], row[name])) is not None}
            return picture, said

        return _Row(identity, str(index), read)

    return [row_of(index, identity) for index, identity in enumerate(_named(table.features[column], table[column]))]


def _open(source: str) -> Any:
    """All splits one after the other."""
    try:
        folder = Path(source).is_dir()
        splits: Any = datasets.load_dataset("imagefolder", data_dir=source) if folder else datasets.load_dataset(source)
        return datasets.concatenate_datasets(list(splits.values()))
    except (OSError, ValueError, DatasetsError) as error:
        raise _unreadable(source, error) from error


def _unreadable(source: str, error: Exception) -> InvalidRequest:
    return InvalidRequest(
        "No pictures could be read from {source} ({error}).", NO_DATA, source=source, error=_first_line(error)
    )


def _identity_column(columns: Sequence[str], wanted: str, source: str) -> str:
    if wanted in columns:
        return wanted
    if wanted == IDENTITY and LABEL in columns:
        return LABEL
    raise InvalidRequest(
        "{source} has no column {wanted} that says who is shown.",
        "Name one of its columns with --identity-column ({columns}), "
        "or put each person's pictures into a sub-folder of their own.",
        source=source,
        wanted=repr(wanted),
        columns=", ".join(columns),
    )


def _image_column(table: Any, source: str) -> str:
    column = next((name for name, kind in table.features.items() if isinstance(kind, datasets.Image)), None)
    if column is None:
        columns = ", ".join(table.features)
        raise InvalidRequest("{source} has no column of pictures ({columns}).", NO_DATA, source=source, columns=columns)
    return column


def _named(kind: Any, values: Iterable[Any]) -> list[str | None]:
    """A column's values as text: a class label by its name."""
    named: Any = kind.int2str if isinstance(kind, datasets.ClassLabel) else str
    return [None if value is None else named(value) for value in values]


def _text(kind: Any, value: Any) -> str | None:
    if isinstance(kind, datasets.ClassLabel):
        return _named(kind, [value])[0]
    return value if isinstance(value, str) else None


def _example(row: _Row, source: str) -> Example:
    try:
        picture, said = row.read()
    except (OSError, ValueError, SyntaxError, AttributeError) as error:  # AttributeError: the cell is empty
        raise InvalidRequest(
            "Picture {picture} of {source} cannot be read ({error}).",
            "Replace it, or take it out.",
            picture=row.name,
            source=source,
            error=_first_line(error),
        ) from error
    return Example(picture, said.get(VIEW), said)


def _known(person: Person, faces: FindFaces) -> KnownPerson:
    found = [(example, next(iter(faces(example.picture)), None)) for example in person.pictures]
    known = tuple(KnownPicture(example, face) for example, face in found if face is not None)
    if not known:
        raise InvalidRequest(
            "No face was found in any of the {count} pictures of {person}.",
            "Give this person a picture where the face is larger and seen from the front, or leave them out.",
            count=len(found),
            person=repr(person.identity),
        )
    return KnownPerson(person.identity, known)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
