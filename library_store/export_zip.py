"""An export (exported.py) written as a zip."""

from __future__ import annotations

import uuid
import zipfile
from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from pathlib import Path

from errors import LibraryUnavailable
from library_store.exported import (
    METADATA,
    MISSING,
    PICTURE_LINE,
    PROJECT,
    PROJECT_FILE,
    Export,
    ExportedMember,
    ExportedPicture,
    file_name,
)
from library_store.face_arrays import EMBEDDINGS
from library_store.pictures import Pictures


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
            archive.writestr(METADATA, b"".join(PICTURE_LINE.dump_json(line) + b"\n" for line in lines))
            archive.writestr(PROJECT, PROJECT_FILE.dump_json(export.project, indent=2))
            if export.faces:
                archive.writestr(EMBEDDINGS, export.faces.written(), zipfile.ZIP_STORED)
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


def _without(export: Export, lacking: Collection[str]) -> Export:
    """Whoever's picture that stood for them is lacking is stood for by their first one, where it is imported."""
    kept = [line for line in export.pictures if line.content_hash not in lacking]
    ids, whose = {line.image_id for line in kept}, {line.character_id for line in kept}
    gone = {file_name(content_hash) for content_hash in lacking}
    project = replace(
        export.project,
        cast=tuple(_member_without(member, ids) for member in export.project.cast if member.character_id in whose),
        merged=tuple(merged for merged in export.project.merged if merged.merged_into_id in whose),
    )
    lines = (replace(line, reference_file_name=None) if line.reference_file_name in gone else line for line in kept)
    return Export(project, tuple(lines), export.faces.only(ids))


def _member_without(member: ExportedMember, ids: Collection[str]) -> ExportedMember:
    options = tuple(option for option in member.options if option.image_id in ids)
    return replace(
        member, options=options, active_image_id=member.active_image_id if member.active_image_id in ids else None
    )


def _filled_first(pictures: Sequence[ExportedPicture]) -> list[ExportedPicture]:
    """For each column that is filled anywhere, a line in which it is comes first."""
    columns = [field.name for field in fields(ExportedPicture)]
    leading = {
        next((line.image_id for line in pictures if getattr(line, column) not in (None, ())), None)
        for column in columns
    }
    return sorted(pictures, key=lambda line: line.image_id not in leading)
