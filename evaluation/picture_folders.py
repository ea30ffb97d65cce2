"""Folders of people's pictures as they lie about: which there are, whose folder each lies in, what is said of it.

The layout is that of the imagefolder of `datasets`: people as folders, or a `metadata.jsonl` (`.csv`, `.parquet`) that
names the pictures. It is read here because `datasets` sees something else in it: a word like "test" in any name makes
all other pictures vanish, a metadata.jsonl above folders like `train/` is passed over, people are called by the last
folder of a path, or not at all where folders are of several depths (findings/datasets_imagefolder_layouts.sh).
"""

# pyarrow comes without types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import csv
import io
import json
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from datasets.packaged_modules.imagefolder.imagefolder import ImageFolder

log = logging.getLogger(__name__)
METADATA = ("metadata.jsonl", "metadata.csv", "metadata.parquet")
FILE_NAME = "file_name"
# Folders of these names say what a picture is for, not who is shown; in the order in which their pictures count.
SPLITS = {
    "train": 0, "training": 0, "validation": 1, "valid": 1, "val": 1, "dev": 1,
    "test": 2, "testing": 2, "eval": 2, "evaluation": 2,
}  # fmt: skip


@dataclass(frozen=True)
class FolderPicture:
    file: Path
    name: str  # its path in the folder
    folder: str | None  # whose: the first folder on its way that is not there for another reason
    said: Mapping[str, Any] = field(default_factory=dict[str, Any])  # its line of the metadata


def pictures_in(folder: Path) -> tuple[FolderPicture, ...]:
    """All pictures below the folder; where metadata lie above some, those that the metadata name.

    Metadata's pictures come first, in their order; of one that two files name the nearer file says who it is. Raises
    OSError and ValueError where metadata cannot be read.
    """
    files = sorted(_files(folder), key=lambda file: _order(file.relative_to(folder)))
    said: dict[Path, list[Mapping[str, Any]]] = {}
    for file in sorted((file for file in files if file.name in METADATA), key=lambda file: len(file.parts)):
        said |= _named_pictures(file)
    plain, unnamed = _plain_pictures(files)
    if left_out := unnamed - said.keys():
        log.warning("%d pictures in %s are in no line of its metadata, and left out.", len(left_out), folder)
    pictures = [(file, line) for file, lines in said.items() for line in lines] + [(file, {}) for file in plain]
    names = [file.relative_to(folder) for file, _ in pictures]
    owners = _owners(name.parts[:-1] for name in names)
    return tuple(
        FolderPicture(file, name.as_posix(), owner, line)
        for (file, line), name, owner in zip(pictures, names, owners, strict=True)
    )


def _files(folder: Path) -> Iterable[Path]:
    """Without what systems and notebooks put beside the pictures (`__MACOSX`, `.ipynb_checkpoints`)."""
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith((".", "__"))]
        yield from (Path(place) / name for name in names if not name.startswith("."))


def _plain_pictures(files: Sequence[Path]) -> tuple[list[Path], set[Path]]:
    """Those with no metadata above them, and those with some."""
    covered = {file.parent for file in files if file.name in METADATA}
    pictures = [file for file in files if file.suffix.lower() in ImageFolder.EXTENSIONS]
    plain = [file for file in pictures if covered.isdisjoint(file.parents)]
    return plain, set(pictures) - set(plain)


def _order(name: Path) -> tuple[int, str]:
    return min((SPLITS[part.casefold()] for part in name.parts[:-1] if part.casefold() in SPLITS), default=0), str(name)


def _owners(ways: Iterable[Sequence[str]]) -> list[str | None]:
    """Of each picture the first folder that names somebody.

    Folders that are all called like splits name nobody, nor does one that holds everything and no picture itself.
    """
    left = list(ways)
    while True:
        first = {way[0] for way in left if way}
        holds_all = len(first) == 1 and not any(len(way) == 1 for way in left)
        if not first or not (holds_all or all(name.casefold() in SPLITS for name in first)):
            return [way[0] if way else None for way in left]
        left = [way[1:] for way in left]


def _lines(file: Path) -> list[dict[str, Any]]:
    """Every line with all columns of the file."""
    if file.suffix == ".parquet":
        from pyarrow import parquet

        return parquet.read_table(file).to_pylist()
    text = file.read_text("utf-8-sig")
    if file.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(text, newline="")))
    lines: list[Any] = [json.loads(line) for line in text.split("\n") if line.strip()]
    if not all(isinstance(line, dict) for line in lines):
        raise ValueError(f"{file.name} has lines that are no objects")
    columns = dict.fromkeys(name for line in lines for name in line)
    return [dict(columns) | line for line in lines]


def _named_pictures(file: Path) -> dict[Path, list[Mapping[str, Any]]]:
    """The lines of each picture. None may lie outside the metadata's folder."""
    named: dict[Path, list[Mapping[str, Any]]] = {}
    for line in _lines(file):
        column = next((name for name in line if name == FILE_NAME or name.endswith(f"_{FILE_NAME}")), None)
        name = line[column] if column else None
        if not isinstance(name, str) or not name:
            raise ValueError(f"{file.name} has a line without {FILE_NAME}")
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"{file.name} names a picture outside its folder: {name}")
        said = {key: value for key, value in line.items() if key != column}
        named.setdefault(file.parent / path, []).append(said)
    return named
