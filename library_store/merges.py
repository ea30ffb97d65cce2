"""Two characters become one, and one becomes two. The rows only, within the sessions of library.py.

Whose a picture is decides all else: an option follows its picture into its owner's entry in the same story.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass
from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from library_store import rows
from library_store.schema import CastMemberRow, CastOptionRow, CharacterRow, ImageRow, SteeringRow, StoryRow, TagRow


@dataclass(frozen=True)
class Entry:
    """A cast member."""

    id: str
    story_id: str
    active_image_id: str | None


@dataclass(frozen=True)
class Person:
    """What a merge takes from a character, or changes of one."""

    canonical_image_id: str | None
    is_saved_to_library: bool
    saved_at: datetime | None
    is_favourite: bool
    tags: tuple[tuple[str, str], ...]  # and what each folds to
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class BeforeMerge:
    """Two characters as they were, kept with the one who was merged."""

    kept_id: str
    kept: Person
    merged: Person
    image_ids: tuple[str, ...]  # the merged one's
    steering: tuple[str, ...]  # of these
    earlier: tuple[str, ...]  # who had been merged into the merged one


_BEFORE = TypeAdapter(BeforeMerge)


def merge(session: Session, kept: CharacterRow, merged: CharacterRow) -> None:
    """Pictures, options and tags become the kept one's. Of the merged one a row without any is left, for old links."""
    merged.before_merge = _BEFORE.dump_python(_before(session, kept, merged), mode="json")
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


def unmerge(session: Session, merged: CharacterRow) -> bool:
    """Both are as they were, with what came to each of them since; False where nobody knows any more how they were:
    whom they were merged into was merged into another, or it was before that was kept."""
    before = _BEFORE.validate_python(merged.before_merge) if merged.before_merge else None
    if before is None or merged.merged_into_id != before.kept_id:
        return False
    kept = session.get_one(CharacterRow, before.kept_id)
    theirs = set(session.scalars(_image_ids(kept).where(ImageRow.id.in_(before.image_ids))))
    _restore(merged, before.merged)
    merged.merged_into_id, merged.before_merge = None, None
    session.execute(update(CharacterRow).where(CharacterRow.id.in_(before.earlier)).values(merged_into_id=merged.id))
    for entry in before.merged.entries:
        member = session.get(CastMemberRow, entry.id) or CastMemberRow(id=entry.id, story_id=entry.story_id)
        member.character_id = merged.id
        rows.added(session, member)
    if kept.canonical_image_id in theirs:
        kept.canonical_image_id = before.kept.canonical_image_id
    hand_over(session, kept, merged, theirs)
    for image_id in theirs.intersection(before.steering):
        rows.added(session, SteeringRow(character_id=merged.id, image_id=image_id))
    kept.is_favourite = kept.is_favourite and (before.kept.is_favourite or not before.merged.is_favourite)
    if not before.kept.is_saved_to_library and before.merged.is_saved_to_library and kept.saved_at == merged.saved_at:
        kept.is_saved_to_library, kept.saved_at = False, before.kept.saved_at
    _give_back_tags(session, kept, merged, before)
    for entry in (*before.kept.entries, *before.merged.entries):
        member = session.get(CastMemberRow, entry.id)
        if member and entry.active_image_id in _on_offer(session, member):
            member.active_image_id = entry.active_image_id
    session.flush()
    session.refresh(kept)
    session.refresh(merged)
    return True


def hand_over(session: Session, giver: CharacterRow, taker: CharacterRow, image_ids: Collection[str]) -> None:
    """Pictures of one character become another's, with their options in every story. What stood for the giver, or was
    active, and is not theirs any more, the best of what they have left takes the place of."""
    session.execute(update(ImageRow).where(ImageRow.id.in_(image_ids)).values(character_id=taker.id))
    session.execute(
        delete(SteeringRow).where(SteeringRow.character_id == giver.id, SteeringRow.image_id.in_(image_ids))
    )
    session.flush()
    session.expire_all()
    members = select(CastMemberRow).where(CastMemberRow.character_id.in_((giver.id, taker.id)))
    for member in session.scalars(members).all():
        story = session.get_one(StoryRow, member.story_id)
        for option in session.scalars(select(CastOptionRow).where(CastOptionRow.cast_member_id == member.id)).all():
            owner = session.get_one(CharacterRow, option.image.character_id)
            if owner.id != member.character_id:
                option.cast_member_id = rows.cast(session, story, owner).id
    session.flush()
    session.expire_all()
    for member in session.scalars(members).all():
        if member.active_image_id not in _on_offer(session, member):
            best = rows.best_on_offer(member)
            member.active_image_id = best and best.image_id
    for character in (giver, taker):
        if character.canonical_image_id not in session.scalars(_image_ids(character)).all():
            images = session.scalars(select(ImageRow).where(ImageRow.character_id == character.id)).all()
            character.canonical_image_id = rows.best_of(images).id if images else None
    session.flush()


def with_variants(session: Session, character: CharacterRow, image_ids: Collection[str]) -> set[str]:
    """These pictures of a character and all that was made from them."""
    images = session.execute(
        select(ImageRow.id, ImageRow.parent_id)
        .where(ImageRow.character_id == character.id)
        .order_by(ImageRow.created_at, ImageRow.id)
    ).tuples()
    found = set(image_ids)
    for image_id, parent_id in images:  # a parent is older than what was made from it
        if parent_id in found:
            found.add(image_id)
    return found


def _before(session: Session, kept: CharacterRow, merged: CharacterRow) -> BeforeMerge:
    earlier = session.scalars(select(CharacterRow.id).where(CharacterRow.merged_into_id == merged.id))
    image_ids, steering = session.scalars(_image_ids(merged)), rows.steering_of(session, merged)
    kept_person, merged_person = _person(session, kept), _person(session, merged)
    return BeforeMerge(kept.id, kept_person, merged_person, tuple(image_ids), tuple(steering), tuple(earlier))


def _person(session: Session, character: CharacterRow) -> Person:
    members = session.scalars(select(CastMemberRow).where(CastMemberRow.character_id == character.id))
    return Person(
        character.canonical_image_id,
        character.is_saved_to_library,
        character.saved_at,
        character.is_favourite,
        tuple((tag.tag, tag.folded) for tag in character.tags),
        tuple(Entry(member.id, member.story_id, member.active_image_id) for member in members),
    )


def _restore(merged: CharacterRow, person: Person) -> None:
    merged.canonical_image_id, merged.is_favourite = person.canonical_image_id, person.is_favourite
    merged.is_saved_to_library, merged.saved_at = person.is_saved_to_library, person.saved_at


def _give_back_tags(session: Session, kept: CharacterRow, merged: CharacterRow, before: BeforeMerge) -> None:
    """A tag that only the merged one had goes with them."""
    had = {folded for _, folded in before.kept.tags}
    given = [folded for _, folded in before.merged.tags if folded not in had]
    session.execute(delete(TagRow).where(TagRow.character_id == kept.id, TagRow.folded.in_(given)))
    for tag, folded in before.merged.tags:
        rows.added(session, TagRow(character_id=merged.id, tag=tag, folded=folded))


def _image_ids(character: CharacterRow) -> Select[str]:
    return select(ImageRow.id).where(ImageRow.character_id == character.id)


def _on_offer(session: Session, member: CastMemberRow) -> Sequence[str]:
    session.refresh(member, ["options"])
    return [option.image_id for option in member.options]


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
