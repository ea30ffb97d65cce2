"""How characters and projects end: purged. Their files are listed to go (tidying.py)."""

from __future__ import annotations

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from library_store.records import PurgePreview
from library_store.schema import (
    CastMemberRow,
    CastOptionRow,
    CharacterRow,
    GuestRow,
    IdentityRow,
    ImageRow,
    KeyRow,
    ProjectRow,
    SteeringRow,
    StoryRow,
    TagRow,
)
from library_store.tidying import doom


def preview_purge(session: Session, character: CharacterRow) -> PurgePreview:
    on_offer = select(CastMemberRow.story_id).join(CastOptionRow, CastOptionRow.cast_member_id == CastMemberRow.id)
    on_offer = on_offer.where(CastMemberRow.character_id == character.id, CastOptionRow.removed_at.is_(None))
    stories = session.scalars(select(StoryRow).where(StoryRow.id.in_(on_offer)).order_by(StoryRow.id))
    images, children = _images(character).subquery(), _children(character).subquery()
    return PurgePreview(
        images=session.scalars(select(func.count()).select_from(images)).one(),
        stories=tuple(story.record() for story in stories),
        children=session.scalars(select(func.count()).select_from(children)).one(),
    )


def purge(session: Session, character: CharacterRow) -> None:
    """Deletes all rows of a character and lists their files, which are to go. Children of others lose their parent."""
    doom(session, set(session.scalars(select(ImageRow.content_hash).where(ImageRow.character_id == character.id))))
    orphans = ImageRow.id.in_(_children(character))
    character.canonical_image_id = None
    session.flush()
    members = select(CastMemberRow.id).where(CastMemberRow.character_id == character.id)
    for statement in (
        update(ImageRow).where(orphans).values(parent_id=None),
        delete(SteeringRow).where(SteeringRow.character_id == character.id),
        delete(TagRow).where(TagRow.character_id == character.id),
        delete(CastOptionRow).where(CastOptionRow.cast_member_id.in_(members)),
        delete(CastMemberRow).where(CastMemberRow.character_id == character.id),
        delete(IdentityRow).where(IdentityRow.image_id.in_(_images(character))),
        delete(ImageRow).where(ImageRow.character_id == character.id),
        delete(CharacterRow).where(CharacterRow.merged_into_id == character.id),
        delete(CharacterRow).where(CharacterRow.id == character.id),
    ):
        session.execute(statement, execution_options={"synchronize_session": False})


def purge_project(session: Session, project: ProjectRow) -> None:
    """Deletes a project with all that is in it, and lists its files, which are to go."""
    characters = select(CharacterRow.id).where(CharacterRow.project_id == project.id)
    images = select(ImageRow.id).where(ImageRow.character_id.in_(characters))
    stories = select(StoryRow.id).where(StoryRow.project_id == project.id)
    members = select(CastMemberRow.id).where(CastMemberRow.story_id.in_(stories))
    doom(session, set(session.scalars(select(ImageRow.content_hash).where(ImageRow.character_id.in_(characters)))))
    for statement in (
        update(ImageRow).where(ImageRow.parent_id.in_(images)).values(parent_id=None),
        update(CharacterRow)
        .where(CharacterRow.project_id == project.id)
        .values(canonical_image_id=None, merged_into_id=None),
        delete(SteeringRow).where(SteeringRow.character_id.in_(characters)),
        delete(TagRow).where(TagRow.character_id.in_(characters)),
        delete(CastOptionRow).where(CastOptionRow.cast_member_id.in_(members)),
        delete(CastMemberRow).where(CastMemberRow.story_id.in_(stories)),
        delete(IdentityRow).where(IdentityRow.image_id.in_(images)),
        delete(ImageRow).where(ImageRow.character_id.in_(characters)),
        delete(CharacterRow).where(CharacterRow.project_id == project.id),
        delete(StoryRow).where(StoryRow.project_id == project.id),
        delete(GuestRow).where(GuestRow.project_id == project.id),
        delete(KeyRow).where(KeyRow.project_id == project.id),
        delete(ProjectRow).where(ProjectRow.id == project.id),
    ):
        session.execute(statement, execution_options={"synchronize_session": False})


def _images(character: CharacterRow) -> Select[str]:
    return select(ImageRow.id).where(ImageRow.character_id == character.id)


def _children(character: CharacterRow) -> Select[str]:
    """Pictures of others that were made from this character's."""
    return select(ImageRow.id).where(ImageRow.parent_id.in_(_images(character)), ImageRow.character_id != character.id)
