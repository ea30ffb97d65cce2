"""People of whom the truth is known: pictures with a name on each, from any imagefolder or hub dataset.

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
from PIL import Image
from tqdm import tqdm

from errors import InvalidRequest
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
    table = _open(source)
    column = _identity_column(table, identity_column, source)
    image_column = _image_column(table, source)
    rows: dict[str, list[int]] = {}
    for index, identity in enumerate(_named(table.features[column], table[column])):
        if identity is not None:
            rows.setdefault(identity, []).append(index)
    if not rows:
        raise InvalidRequest("The column {column} of {source} is empty.", NO_DATA, column=repr(column), source=source)
    others = [name for name in table.features if name not in (column, image_column)]
    return tuple(
        Person(identity, tuple(_example(table, index, image_column, others, source) for index in indices[:pictures]))
        for identity, indices in list(rows.items())[:most]
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


def _open(source: str) -> Any:
    """All splits one after the other."""
    try:
        folder = Path(source).is_dir()
        splits: Any = datasets.load_dataset("imagefolder", data_dir=source) if folder else datasets.load_dataset(source)
        return datasets.concatenate_datasets(list(splits.values()))
    except (OSError, ValueError, DatasetsError) as error:
        raise InvalidRequest(
            "No pictures could be read from {source} ({error}).", NO_DATA, source=source, error=_first_line(error)
        ) from error


def _identity_column(table: Any, wanted: str, source: str) -> str:
    if wanted in table.features:
        return wanted
    if wanted == IDENTITY and LABEL in table.features:
        return LABEL
    raise InvalidRequest(
        "{source} has no column {wanted} that says who is shown.",
        "Name one of its columns with --identity-column ({columns}), "
        "or put each person's pictures into a sub-folder of their own.",
        source=source,
        wanted=repr(wanted),
        columns=", ".join(table.features),
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


def _example(table: Any, index: int, image_column: str, others: list[str], source: str) -> Example:
    try:
        row: dict[str, Any] = table[index]
        picture = row[image_column].convert("RGB")  # without the file's format: what is kept of it later is lossless
    except (OSError, ValueError, SyntaxError, AttributeError) as error:  # AttributeError: the cell is empty
        raise InvalidRequest(
            "Picture {index} of {source} cannot be read ({error}).",
            "Replace it, or take it out.",
            index=index,
            source=source,
            error=_first_line(error),
        ) from error
    said = {name: text for name in others if (text := _text(table.features[name], row[name])) is not None}
    return Example(picture, said.get(VIEW), said)


def _text(kind: Any, value: Any) -> str | None:
    if isinstance(kind, datasets.ClassLabel):
        return _named(kind, [value])[0]
    return value if isinstance(value, str) else None


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
