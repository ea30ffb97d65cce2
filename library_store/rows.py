"""Rows found, added and changed within a session that library.py has opened."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timezone
from typing import TypeVar

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from errors import AnotherProject, InvalidRequest, LookOnly, NotFound, all_at_once
from library_store import door
from library_store.changes import text_to_write
from library_store.kept_likeness import to_json
from library_store.limits import check_tags, check_text
from library_store.records import CastMember, CharacterText, How, NewPicture, VisualProfile
from library_store.schema import (
    CastMemberRow,
    CastOptionRow,
    CharacterRow,
    IdentityRow,
    ImageRow,
    ProjectRow,
    Row,
    SteeringRow,
    StoryRow,
    TagRow,
)
from library_store.text import clean, folded, required, search_text
from pipeline.values import NOT_COMPARED, Face

BATCH = 10_000  # keys in one statement: SQLite takes at most 32,766
RowT = TypeVar("RowT", bound=Row)
TrashableT = TypeVar("TrashableT", ProjectRow, StoryRow, CharacterRow)


def find(session: Session, table: type[RowT], id: str, hold: bool = False) -> RowT:
    """Raises NotFound for what the visitor may not see as well: they shall not learn that it is there."""
    row = session.get(table, id, with_for_update=hold)
    if row is None or not door.may_see(session, row):
        raise NotFound(table.kind, id)
    if hold and not door.may_change(session, row):
        raise LookOnly
    return row


def hold(session: Session, table: type[RowT], id: str) -> RowT:
    """Finds what is to be written to, alone or with what belongs to it, and keeps other writers from it until the
    transaction ends (SQLite has but one writer anyway). Raises LookOnly where the visitor may not."""
    return find(session, table, id, hold=True)


def hold_own_project(session: Session, id: str) -> ProjectRow:
    """For what its owner alone does."""
    project = hold(session, ProjectRow, id)
    if not door.owns(session, project):
        raise LookOnly
    return project


def find_open_story(session: Session, id: str, hold: bool = False) -> StoryRow:
    """For what writes into a story. Raises InvalidRequest where it is in the trash, alone or with its project, and
    LookOnly."""
    story = find(session, StoryRow, id, hold)
    if not door.may_change(session, story):
        raise LookOnly
    if in_trash(session, story):
        raise InvalidRequest("This story is in the trash.", "Restore it first, or choose another story.")
    return story


def hold_open_project(session: Session, id: str) -> ProjectRow:
    """Raises InvalidRequest where it is in the trash."""
    project = hold(session, ProjectRow, id)
    if project.trashed_at:
        raise InvalidRequest("This project is in the trash.", "Restore it first, or choose another project.")
    return project


def in_trash(session: Session, story: StoryRow) -> bool:
    """Alone or with its project."""
    return bool(story.trashed_at or find(session, ProjectRow, story.project_id).trashed_at)


def find_character(session: Session, id: str, hold: bool = False) -> CharacterRow:
    """Whoever was merged into another is that other."""
    character = find(session, CharacterRow, id, hold)
    return find(session, CharacterRow, character.merged_into_id, hold) if character.merged_into_id else character


def hold_character(session: Session, id: str) -> CharacterRow:
    return find_character(session, id, hold=True)


def find_saved(session: Session, project: ProjectRow, id: str) -> CharacterRow:
    """A character who is, or was, in a project's library."""
    character = find(session, CharacterRow, id)
    if character.project_id != project.id or character.saved_at is None:
        raise NotFound("saved character of this project", id)
    return character


def added(session: Session, row: RowT) -> RowT:
    """Written at once, so that it has its id and what names it can follow."""
    session.add(row)
    session.flush()
    return row


def whole(session: Session, member: CastMemberRow) -> CastMember:
    session.flush()
    session.refresh(member)
    return member.record()


def trashed(row: TrashableT) -> TrashableT:
    """What is in the trash already stays there since when it was."""
    row.trashed_at = row.trashed_at or now()
    return row


def restored(row: TrashableT) -> TrashableT:
    row.trashed_at = None
    return row


def faces_changed(session: Session, project_id: str) -> None:
    """Belongs into every transaction after which `search_by_face` or `saved_people` may answer otherwise."""
    one_more = ProjectRow.faces_revision + 1
    session.execute(update(ProjectRow).where(ProjectRow.id == project_id).values(faces_revision=one_more))


def faces_added(session: Session, character: CharacterRow) -> None:
    """As `faces_changed`, but only if the character can be found: after it the next search reads all faces again."""
    if character.is_saved_to_library and character.trashed_at is None:
        faces_changed(session, character.project_id)


def describe(
    character: CharacterRow,
    name: str | None,
    description: str | None,
    visual_profile: VisualProfile | None,
    prompt: str | None,
) -> None:
    """Sets what is not None, and what the library is searched by."""
    if name is not None:
        character.name = required(name, "character")
    if description is not None:
        character.description = clean(description)
    if visual_profile is not None:
        character.visual_profile = {part: clean(text) for part, text in asdict(visual_profile).items()}
    if prompt is not None:
        character.prompt = clean(prompt)
    others = (character.description, character.prompt, *character.visual_profile.values())
    character.search_text = search_text(character.name, *others)


def rewrite(character: CharacterRow, written: CharacterText, shown: CharacterText) -> None:
    """Sets what somebody changed. Raises CharacterChanged, see `text_to_write`."""
    kept = character.record()
    text = text_to_write(written, shown, CharacterText.of(kept))
    with all_at_once() as checked:
        if text.name is not None:
            checked(required, text.name, "character")
        checked(check_text, text)
    parts = {part: new for part in asdict(kept.visual_profile) if (new := getattr(text, part)) is not None}
    describe(character, text.name, text.description, replace(kept.visual_profile, **parts), text.prompt)


def retag(session: Session, character: CharacterRow, tags: Sequence[str]) -> None:
    """These tags and no others, each in the spelling that other characters of the project have it in."""
    wanted = {folded(tag): clean(tag) for tag in reversed(tags) if clean(tag)}  # the first spelling of two wins
    check_tags(wanted.values(), [tag.tag for tag in character.tags])
    session.execute(delete(TagRow).where(TagRow.character_id == character.id))
    of_project = TagRow.character_id.in_(select(CharacterRow.id).where(CharacterRow.project_id == character.project_id))
    spellings = select(TagRow.folded, func.min(TagRow.tag)).where(TagRow.folded.in_(wanted), of_project)
    for key, tag in session.execute(spellings.group_by(TagRow.folded)).tuples():
        wanted[key] = tag
    for key, tag in wanted.items():
        session.add(TagRow(character_id=character.id, tag=tag, folded=key))
    session.flush()
    session.refresh(character)


def cast(session: Session, story: StoryRow, character: CharacterRow) -> CastMemberRow:
    """The story's member for a character, made if there is none."""
    if character.project_id != story.project_id:
        raise AnotherProject
    in_story = (CastMemberRow.story_id == story.id) & (CastMemberRow.character_id == character.id)
    member = session.scalar(select(CastMemberRow).where(in_story))
    return member or added(session, CastMemberRow(story_id=story.id, character_id=character.id))


def option_on_offer(member: CastMemberRow, image_id: str) -> CastOptionRow:
    for option in member.options:
        if option.image_id == image_id:
            return option
    raise NotFound("picture of this cast member", image_id)


def find_option(session: Session, member: CastMemberRow, image_id: str) -> CastOptionRow | None:
    """On offer or removed."""
    of_image = (CastOptionRow.cast_member_id == member.id) & (CastOptionRow.image_id == image_id)
    return session.scalar(select(CastOptionRow).where(of_image))


def forget_removed_stars(session: Session, member: CastMemberRow) -> None:
    """Another picture was chosen: one that is restored leaves it active."""
    of_member = CastOptionRow.cast_member_id == member.id
    session.execute(update(CastOptionRow).where(of_member).values(was_active=False))


def best_on_offer(member: CastMemberRow, how: How | None = None) -> CastOptionRow | None:
    """Of the pictures on offer the best one, the first of equals; one that came `how` the other did before all."""
    in_order = sorted(member.options, key=lambda option: (option.how != how, _rank(option.image)))
    return next(iter(in_order), None)


def best_of(images: Iterable[ImageRow]) -> ImageRow:
    """Raises ValueError for none."""
    return min(images, key=_rank)


def _rank(image: ImageRow) -> tuple[bool, int, int, float]:
    """See `Likeness.rank`. What was compared with nobody is as like as can be: all others are measured by such."""
    likeness = image.record().likeness or NOT_COMPARED
    set_aside, missing, marks, alike = likeness.rank
    return set_aside, missing, marks, -math.inf if likeness.similarity is None else alike


def add_options(session: Session, member: CastMemberRow, images: Sequence[ImageRow], how: How) -> None:
    added_at = now()
    for image in images:
        added(session, CastOptionRow(cast_member_id=member.id, image_id=image.id, how=how, added_at=added_at))


def find_image_of(session: Session, character: CharacterRow, image_id: str) -> ImageRow:
    image = session.get(ImageRow, image_id)
    if image is None or image.character_id != character.id:
        raise NotFound("picture of this character", image_id)
    return image


def steering_beside_canonical(session: Session, character: CharacterRow) -> list[str]:
    """What steers together with the canonical image, without that image itself."""
    chosen = select(SteeringRow.image_id).where(SteeringRow.character_id == character.id)
    others = chosen.where(SteeringRow.image_id != character.canonical_image_id)
    return list(session.scalars(others.order_by(SteeringRow.id)))


def add_image(session: Session, character: CharacterRow, new: NewPicture, content_hash: str) -> ImageRow:
    image = ImageRow(
        id=new.id,
        character_id=character.id,
        content_hash=content_hash,
        width=new.picture.width,
        height=new.picture.height,
        source=new.source,
        parent_id=find(session, ImageRow, new.parent_id).id if new.parent_id else None,
        request=new.request and new.request.to_json(),
        pack=new.request and new.request.pack,
        seed=new.request and new.request.picture_seed,
        likeness=to_json(new.likeness) if new.likeness else None,
        created_at=now(),
    )
    added(session, image)
    if new.face is not None:
        add_identities(session, image, new.face)
    return image


def add_identities(session: Session, image: ImageRow, face: Face) -> None:
    for identity in face.identities:
        added(session, IdentityRow.of(image.id, face, identity))


def steering_of(session: Session, character: CharacterRow) -> list[str]:
    """The pictures chosen to steer, in the order in which they were; the canonical one may be among them."""
    chosen = select(SteeringRow.image_id).where(SteeringRow.character_id == character.id)
    return list(session.scalars(chosen.order_by(SteeringRow.id)))


def is_any_uploaded(session: Session, image_ids: Collection[str]) -> bool:
    found = select(ImageRow.id).where(ImageRow.id.in_(image_ids), ImageRow.source == "uploaded").limit(1)
    return bool(image_ids) and session.scalar(found) is not None


def identities_of(session: Session, image: ImageRow) -> Sequence[IdentityRow]:
    return session.scalars(select(IdentityRow).where(IdentityRow.image_id == image.id).order_by(IdentityRow.id)).all()


def faces_of(session: Session, image_ids: Collection[str]) -> dict[str, Face]:
    """The face kept of each picture, where the encoder that saw it first found it."""
    by_image: dict[str, list[IdentityRow]] = {}
    of_seen_images = select(IdentityRow).join(ImageRow, ImageRow.id == IdentityRow.image_id)
    of_seen_images = of_seen_images.where(door.seen_images(session)).order_by(IdentityRow.id)
    for batch in batched(image_ids):
        for row in session.scalars(of_seen_images.where(ImageRow.id.in_(batch))):
            by_image.setdefault(row.image_id, []).append(row)
    return {image_id: IdentityRow.face(seen_there) for image_id, seen_there in by_image.items()}


def hashes_of(session: Session, image_ids: Collection[str]) -> dict[str, str]:
    """The content hashes of pictures by their ids; an unknown id is left out."""
    hashes: dict[str, str] = {}
    for batch in batched(image_ids):
        meant = select(ImageRow.id, ImageRow.content_hash).where(ImageRow.id.in_(batch), door.seen_images(session))
        hashes.update(session.execute(meant).tuples().all())
    return hashes


def batched(keys: Iterable[str]) -> Iterator[list[str]]:
    """Each key once, as many at a time as one statement takes."""
    unique = list(dict.fromkeys(keys))
    for start in range(0, len(unique), BATCH):
        yield unique[start : start + BATCH]


def now() -> datetime:
    return datetime.now(timezone.utc)
