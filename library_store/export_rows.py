"""An export (exported.py) read from the database, within a session that library.py has opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from errors import InvalidRequest
from library_store import rows
from library_store.exported import (
    Export,
    ExportedMember,
    ExportedOption,
    ExportedPicture,
    ExportedProject,
    ExportedStory,
    MergedCharacter,
)
from library_store.face_arrays import NO_FACES, FaceArrays
from library_store.records import CharacterReferenceImage
from library_store.schema import (
    CastMemberRow,
    CastOptionRow,
    CharacterRow,
    IdentityRow,
    ImageRow,
    ProjectRow,
    SteeringRow,
    StoryRow,
)
from pipeline.labels import DRAWN, MIXED


def read_export(session: Session, project_id: str, character_ids: Collection[str] | None, embeddings: bool) -> Export:
    """A whole project; or some of its saved characters, without the stories that they are cast in.

    Raises InvalidRequest for no character, for one of another project and for one that is not saved.
    """
    project = rows.find(session, ProjectRow, project_id)
    everything = character_ids is None
    meant = _whole(project) if everything else _some(session, project, character_ids)
    pictures = _pictures(session, meant)
    stories = select(StoryRow).where(StoryRow.project_id == project.id).order_by(StoryRow.id)
    exported_project = ExportedProject(
        id=project.id,
        name=project.name,
        owner=project.owner,
        stories=tuple(
            ExportedStory(story.id, story.title, story.context, story.trashed_at)
            for story in (session.scalars(stories) if everything else ())
        ),
        cast=_cast(session, meant) if everything else (),
        merged=_merged(session, project, {line.character_id for line in pictures}),
    )
    return Export(exported_project, pictures, _faces(session, meant) if embeddings else NO_FACES)


def _whole(project: ProjectRow) -> ColumnElement[bool]:
    return CharacterRow.project_id == project.id


def _some(session: Session, project: ProjectRow, character_ids: Collection[str]) -> ColumnElement[bool]:
    characters = [rows.find_character(session, id) for id in character_ids]
    if not characters:
        raise InvalidRequest("There is no character to export.", "Choose at least one.")
    if any(character.project_id != project.id for character in characters):
        raise InvalidRequest("These characters belong to different projects.", "Export each project by itself.")
    for character in characters:
        if not character.is_saved_to_library:
            raise InvalidRequest(
                "{name} is not in the library.",
                "Save the character first, or export the whole project.",
                name=character.name,
            )
    return CharacterRow.id.in_([character.id for character in characters])


def _pictures(session: Session, meant: ColumnElement[bool]) -> tuple[ExportedPicture, ...]:
    """Character by character, oldest first."""
    characters = {row.id: row.record() for row in session.scalars(select(CharacterRow).where(meant))}
    of_meant = select(ImageRow).join(CharacterRow, CharacterRow.id == ImageRow.character_id).where(meant)
    by_character = of_meant.order_by(ImageRow.character_id, ImageRow.created_at, ImageRow.id)
    images = {row.id: row.record() for row in session.scalars(by_character)}
    steering = select(SteeringRow.image_id).join(CharacterRow, CharacterRow.id == SteeringRow.character_id).where(meant)
    steers = set(session.scalars(steering))
    return tuple(
        ExportedPicture.of(
            characters[image.character_id],
            image,
            images.get(image.parent_id or ""),
            image.id in steers,
            _source_type(image, images),
        )
        for image in images.values()
    )


def _source_type(image: CharacterReferenceImage, images: Mapping[str, CharacterReferenceImage]) -> str | None:
    """As the picture's own file says it."""
    if image.source == "uploaded":
        return None
    before = [images[id] for id in image.made_from if id in images]
    return MIXED if any(each.source == "uploaded" for each in before) else DRAWN


def _cast(session: Session, meant: ColumnElement[bool]) -> tuple[ExportedMember, ...]:
    """With the options that were removed, which can be restored."""
    options: defaultdict[str, list[ExportedOption]] = defaultdict(list)
    offers = select(
        CastOptionRow.cast_member_id,
        CastOptionRow.id,
        CastOptionRow.image_id,
        CastOptionRow.how,
        CastOptionRow.added_at,
        CastOptionRow.removed_at,
    ).join(CastMemberRow, CastMemberRow.id == CastOptionRow.cast_member_id)
    of_meant = offers.join(CharacterRow, CharacterRow.id == CastMemberRow.character_id).where(meant)
    for member_id, id, image_id, how, added_at, removed_at in session.execute(
        of_meant.order_by(CastOptionRow.id)
    ).tuples():
        options[member_id].append(ExportedOption(id, image_id, how, added_at, removed_at))
    members = select(
        CastMemberRow.id, CastMemberRow.story_id, CastMemberRow.character_id, CastMemberRow.active_image_id
    ).join(CharacterRow, CharacterRow.id == CastMemberRow.character_id)
    return tuple(
        ExportedMember(id, story_id, character_id, active_image_id, tuple(options[id]))
        for id, story_id, character_id, active_image_id in session.execute(
            members.where(meant).order_by(CastMemberRow.id)
        ).tuples()
    )


def _merged(session: Session, project: ProjectRow, character_ids: Collection[str]) -> tuple[MergedCharacter, ...]:
    merged = select(CharacterRow.id, CharacterRow.name, CharacterRow.merged_into_id).where(
        CharacterRow.project_id == project.id, CharacterRow.merged_into_id.is_not(None)
    )
    return tuple(
        MergedCharacter(id, name, kept_id)
        for id, name, kept_id in session.execute(merged.order_by(CharacterRow.id)).tuples()
        if kept_id and kept_id in character_ids
    )


def _faces(session: Session, meant: ColumnElement[bool]) -> FaceArrays:
    of_images = select(IdentityRow).join(ImageRow, ImageRow.id == IdentityRow.image_id)
    of_meant = of_images.join(CharacterRow, CharacterRow.id == ImageRow.character_id).where(meant)
    identities = session.scalars(of_meant.order_by(IdentityRow.id))
    return FaceArrays.of((row.image_id, IdentityRow.face([row])) for row in identities)
