"""How characters and projects end: purged. Their files are listed to go (tidying.py).

A project is hidden first, at once; what is in it goes in short transactions, so that nobody else waits for long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone

from sqlalchemy import ColumnElement, Executable, Select, delete, func, select, update
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
from library_store.tidying import Ending, doom

IMAGES_AT_ONCE, CHARACTERS_AT_ONCE = 200, 100  # that go in one transaction: some hundredths of a second


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
        # By picture as well: what is being brought in just now may offer them.
        update(CastMemberRow).where(CastMemberRow.active_image_id.in_(_images(character))).values(active_image_id=None),
        delete(CastOptionRow).where(
            CastOptionRow.cast_member_id.in_(members) | CastOptionRow.image_id.in_(_images(character))
        ),
        delete(CastMemberRow).where(CastMemberRow.character_id == character.id),
        delete(IdentityRow).where(IdentityRow.image_id.in_(_images(character))),
        delete(ImageRow).where(ImageRow.character_id == character.id),
        delete(CharacterRow).where(CharacterRow.merged_into_id == character.id),
        delete(CharacterRow).where(CharacterRow.id == character.id),
    ):
        _execute(session, statement)


def hide(session: Session, project: ProjectRow) -> None:
    """It is gone for everybody, and those who were let in know nothing of it any more."""
    project.hidden_at = datetime.now(timezone.utc)
    for table in (GuestRow, KeyRow):
        session.execute(delete(table).where(table.project_id == project.id))


def remove_hidden(ending: Ending, which: Callable[[Session], ColumnElement[bool]]) -> None:
    """Deletes hidden projects, with all that is in them. What a crash leaves of one stays hidden until it is removed.

    `which`: a condition on ProjectRow.
    """
    with ending() as session:
        hidden = select(ProjectRow.id).where(ProjectRow.hidden_at.is_not(None), which(session))
        project_ids = session.scalars(hidden).all()
    for project_id in project_ids:
        while _remove_some_characters(ending, project_id):
            pass
        with ending() as session:
            purge_stories(session, StoryRow.project_id == project_id)
            _execute(session, delete(ProjectRow).where(ProjectRow.id == project_id))


def purge_stories(session: Session, which: ColumnElement[bool]) -> None:
    """With their casts; the pictures stay with their characters. `which`: a condition on StoryRow."""
    stories = select(StoryRow.id).where(which)
    members = select(CastMemberRow.id).where(CastMemberRow.story_id.in_(stories))
    _execute(session, delete(CastOptionRow).where(CastOptionRow.cast_member_id.in_(members)))
    _execute(session, delete(CastMemberRow).where(CastMemberRow.story_id.in_(stories)))
    _execute(session, delete(StoryRow).where(which))


def _remove_some_characters(ending: Ending, project_id: str) -> bool:
    """False: there is none left."""
    with ending() as session:
        some = select(CharacterRow.id).where(CharacterRow.project_id == project_id).limit(CHARACTERS_AT_ONCE)
        character_ids = session.scalars(some).all()
        images = session.scalars(select(ImageRow.id).where(ImageRow.character_id.in_(character_ids))).all()
    for start in range(0, len(images), IMAGES_AT_ONCE):
        with ending() as session:
            _remove_images(session, images[start : start + IMAGES_AT_ONCE])
    with ending() as session:
        _remove_characters(session, character_ids)
    return bool(character_ids)


def _remove_images(session: Session, image_ids: Sequence[str]) -> None:
    """Those of hidden projects: who names one elsewhere, names it no more."""
    theirs = ImageRow.id.in_(image_ids)
    doom(session, set(session.scalars(select(ImageRow.content_hash).where(theirs))))
    for statement in (
        update(ImageRow).where(ImageRow.parent_id.in_(image_ids)).values(parent_id=None),
        update(CharacterRow).where(CharacterRow.canonical_image_id.in_(image_ids)).values(canonical_image_id=None),
        update(CastMemberRow).where(CastMemberRow.active_image_id.in_(image_ids)).values(active_image_id=None),
        delete(SteeringRow).where(SteeringRow.image_id.in_(image_ids)),
        delete(CastOptionRow).where(CastOptionRow.image_id.in_(image_ids)),
        delete(IdentityRow).where(IdentityRow.image_id.in_(image_ids)),
        delete(ImageRow).where(theirs),
    ):
        _execute(session, statement)


def _remove_characters(session: Session, character_ids: Sequence[str]) -> None:
    """Without pictures."""
    members = select(CastMemberRow.id).where(CastMemberRow.character_id.in_(character_ids))
    for statement in (
        delete(TagRow).where(TagRow.character_id.in_(character_ids)),
        delete(CastOptionRow).where(CastOptionRow.cast_member_id.in_(members)),
        delete(CastMemberRow).where(CastMemberRow.character_id.in_(character_ids)),
        delete(CharacterRow).where(CharacterRow.merged_into_id.in_(character_ids)),
        delete(CharacterRow).where(CharacterRow.id.in_(character_ids)),
    ):
        _execute(session, statement)


def _execute(session: Session, statement: Executable) -> None:
    session.execute(statement, execution_options={"synchronize_session": False})


def _images(character: CharacterRow) -> Select[str]:
    return select(ImageRow.id).where(ImageRow.character_id == character.id)


def _children(character: CharacterRow) -> Select[str]:
    """Pictures of others that were made from this character's."""
    return select(ImageRow.id).where(ImageRow.parent_id.in_(_images(character)), ImageRow.character_id != character.id)
