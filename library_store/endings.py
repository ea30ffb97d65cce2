"""How a character ends: merged into another, or purged. Their files are listed to go (tidying.py)."""

from __future__ import annotations

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from library_store.records import PurgePreview
from library_store.schema import (
    CastMemberRow,
    CastOptionRow,
    CharacterRow,
    IdentityRow,
    ImageRow,
    SteeringRow,
    StoryRow,
    TagRow,
)
from library_store.tidying import doom


def merge(session: Session, kept: CharacterRow, merged: CharacterRow) -> None:
    """Pictures, options and tags become the kept one's. Of the merged one an empty row is left, for old links."""
    session.execute(update(ImageRow).where(ImageRow.character_id == merged.id).values(character_id=kept.id))
    session.execute(delete(SteeringRow).where(SteeringRow.character_id == merged.id))
    for member in session.scalars(select(CastMemberRow).where(CastMemberRow.character_id == merged.id)).all():
        _hand_over_member(session, member, kept)
    _hand_over_tags(session, kept, merged)
    if merged.is_saved_to_library and merged.trashed_at is None and not kept.is_saved_to_library:
        kept.is_saved_to_library, kept.saved_at = True, merged.saved_at
    kept.is_favourite = kept.is_favourite or merged.is_favourite
    merged.is_saved_to_library, merged.canonical_image_id, merged.merged_into_id = False, None, kept.id
    earlier = CharacterRow.merged_into_id == merged.id
    session.execute(update(CharacterRow).where(earlier).values(merged_into_id=kept.id))
    session.flush()
    session.refresh(kept)


def _hand_over_member(session: Session, member: CastMemberRow, kept: CharacterRow) -> None:
    """Where both are in a story, the kept one's entry takes the options of the other."""
    in_story = (CastMemberRow.story_id == member.story_id) & (CastMemberRow.character_id == kept.id)
    entry = session.scalar(select(CastMemberRow).where(in_story))
    if entry is None:
        member.character_id = kept.id
        return
    of_member = CastOptionRow.cast_member_id == member.id
    session.execute(update(CastOptionRow).where(of_member).values(cast_member_id=entry.id))
    entry.active_image_id = entry.active_image_id or member.active_image_id
    session.delete(member)


def _hand_over_tags(session: Session, kept: CharacterRow, merged: CharacterRow) -> None:
    had = select(TagRow.folded).where(TagRow.character_id == kept.id)
    session.execute(delete(TagRow).where(TagRow.character_id == merged.id, TagRow.folded.in_(had)))
    session.execute(update(TagRow).where(TagRow.character_id == merged.id).values(character_id=kept.id))


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


def _images(character: CharacterRow) -> Select[str]:
    return select(ImageRow.id).where(ImageRow.character_id == character.id)


def _children(character: CharacterRow) -> Select[str]:
    """Pictures of others that were made from this character's."""
    return select(ImageRow.id).where(ImageRow.parent_id.in_(_images(character)), ImageRow.character_id != character.id)
