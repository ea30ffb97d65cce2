"""The tables, and how a row becomes a record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any, ClassVar, Literal

import numpy as np
from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from library_store.kept_likeness import from_json
from library_store.records import (
    CastMember,
    CastOption,
    Character,
    CharacterReferenceImage,
    Guest,
    How,
    Invitation,
    Key,
    May,
    Project,
    Purpose,
    Source,
    Story,
    VisualProfile,
    new_id,
)
from pipeline.request import PictureRequest
from pipeline.values import Face, Identity

Kind = Literal[
    "project", "story", "character", "tag", "picture", "steering image", "identity", "purged file", "option",
    "cast member", "key", "guest", "account", "invitation",
]  # fmt: skip


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in and out. SQLite forgets the zone, so UTC is what is kept."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(timezone.utc)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=timezone.utc)


class Row(DeclarativeBase):
    """What every table has in common. `kind` is what an error calls a row of it."""

    kind: ClassVar[Kind]
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (read by SQLAlchemy when the class is made)
        str: Text,
        datetime: UtcDateTime,
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON,
    }

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id, sort_order=-1)


class ProjectRow(Row):
    __tablename__ = "projects"
    kind = "project"

    name: Mapped[str]
    owner: Mapped[str] = mapped_column(index=True)
    trashed_at: Mapped[datetime | None]
    # Since when it is being brought in, or taken away, and nobody sees it: what is left of it goes at the next start.
    hidden_at: Mapped[datetime | None]
    # Goes up with every write that changes which faces can be found: what was read at one revision is right until then.
    faces_revision: Mapped[int] = mapped_column(default=0, server_default=text("0"))

    def record(self) -> Project:
        return Project(self.id, self.name, self.owner, self.trashed_at)


class StoryRow(Row):
    __tablename__ = "stories"
    kind = "story"

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    title: Mapped[str]
    context: Mapped[str]
    trashed_at: Mapped[datetime | None]

    def record(self) -> Story:
        return Story(self.id, self.project_id, self.title, self.context, self.trashed_at)


class CharacterRow(Row):
    __tablename__ = "characters"
    __table_args__ = (
        Index("ix_characters_library", "project_id", "is_saved_to_library", "trashed_at", "saved_at", "id"),
    )
    kind = "character"

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str]
    description: Mapped[str]
    visual_profile: Mapped[dict[str, Any]]
    prompt: Mapped[str]
    search_text: Mapped[str]  # all of the above in the spelling of `text.search_text`: SQLite itself folds only ASCII
    # The two tables name each other: where it can be, this constraint is added after both exist. Without the index each
    # picture that is deleted would be looked for in all characters.
    canonical_image_id: Mapped[str | None] = mapped_column(
        String(36), ForeignKey("character_reference_images.id", use_alter=True), index=True
    )
    is_saved_to_library: Mapped[bool] = mapped_column(default=False)
    saved_at: Mapped[datetime | None]
    is_favourite: Mapped[bool] = mapped_column(default=False, server_default=false())
    trashed_at: Mapped[datetime | None]
    # Who was merged into another keeps an empty row, so that old ids lead to who was kept: never to another such row.
    merged_into_id: Mapped[str | None] = mapped_column(ForeignKey("characters.id"), index=True)
    copied_from_id: Mapped[str | None] = mapped_column(String(36))  # of another project; they may be gone by now
    before_merge: Mapped[dict[str, Any] | None]  # of who was merged: `merges.BeforeMerge`

    tags: Mapped[list[TagRow]] = relationship(order_by=lambda: TagRow.folded, lazy="selectin", viewonly=True)

    def record(self) -> Character:
        return Character(
            id=self.id,
            project_id=self.project_id,
            name=self.name,
            description=self.description,
            visual_profile=VisualProfile(**self.visual_profile),
            prompt=self.prompt,
            canonical_image_id=self.canonical_image_id,
            is_saved_to_library=self.is_saved_to_library,
            saved_at=self.saved_at,
            is_favourite=self.is_favourite,
            tags=tuple(row.tag for row in self.tags),
            trashed_at=self.trashed_at,
            copied_from_id=self.copied_from_id,
        )


class TagRow(Row):
    """A word that characters are filtered by. Within a project one spelling is kept of those that fold to the same."""

    __tablename__ = "character_tags"
    __table_args__ = (UniqueConstraint("character_id", "folded"), Index(None, "folded", "character_id"))
    kind = "tag"

    character_id: Mapped[str] = mapped_column(ForeignKey("characters.id"))
    tag: Mapped[str]
    folded: Mapped[str]


class ImageRow(Row):
    """Written once. Only a merge changes whose it is, and only the purge of its parent whose child."""

    __tablename__ = "character_reference_images"
    kind = "picture"

    character_id: Mapped[str] = mapped_column(ForeignKey("characters.id"), index=True)
    content_hash: Mapped[str] = mapped_column(String(64), index=True)
    width: Mapped[int]
    height: Mapped[int]
    source: Mapped[Source] = mapped_column(String(16))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("character_reference_images.id"), index=True)
    request: Mapped[dict[str, Any] | None]
    pack: Mapped[str | None]
    seed: Mapped[int | None] = mapped_column(BigInteger)
    likeness: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]

    def record(self) -> CharacterReferenceImage:
        return CharacterReferenceImage(
            id=self.id,
            character_id=self.character_id,
            content_hash=self.content_hash,
            width=self.width,
            height=self.height,
            source=self.source,
            parent_id=self.parent_id,
            request=PictureRequest.read(self.request, self.seed, self.pack) if self.request else None,
            pack=self.pack,
            seed=self.seed,
            likeness=from_json(self.likeness) if self.likeness else None,
            created_at=self.created_at,
        )


class SteeringRow(Row):
    """A reference image that steers together with its character's canonical one."""

    __tablename__ = "steering_images"
    __table_args__ = (UniqueConstraint("character_id", "image_id"),)
    kind = "steering image"

    character_id: Mapped[str] = mapped_column(ForeignKey("characters.id"))
    image_id: Mapped[str] = mapped_column(ForeignKey("character_reference_images.id"), index=True)


class IdentityRow(Row):
    """One encoder's view of the face in a picture. Biometric: apart, so that it can be purged."""

    __tablename__ = "face_identities"
    __table_args__ = (UniqueConstraint("image_id", "encoder"),)
    kind = "identity"

    image_id: Mapped[str] = mapped_column(ForeignKey("character_reference_images.id"))
    encoder: Mapped[str]
    embedding: Mapped[bytes] = mapped_column(LargeBinary)  # float32, little-endian
    box: Mapped[list[Any]]
    landmarks: Mapped[list[Any]]
    detection_score: Mapped[float]

    @classmethod
    def of(cls, image_id: str, face: Face, identity: Identity) -> IdentityRow:
        return cls(
            image_id=image_id,
            encoder=identity.encoder,
            embedding=identity.embedding.astype("<f4").tobytes(),
            box=[float(edge) for edge in face.box],
            landmarks=face.landmarks.tolist(),
            detection_score=float(face.detection_score),
        )

    def record(self) -> Identity:
        return Identity(self.encoder, np.frombuffer(self.embedding, dtype="<f4").astype(np.float32))

    @staticmethod
    def face(rows: Sequence[IdentityRow]) -> Face:
        """One face, as all encoders saw it that have a row of it."""
        first, (left, top, right, bottom) = rows[0], rows[0].box
        identities = tuple(row.record() for row in rows)
        return Face(
            (left, top, right, bottom), np.array(first.landmarks, np.float32), first.detection_score, identities
        )


class PurgedFileRow(Row):
    """A picture file that is to go: listed in the transaction that took its rows, so that no crash forgets it."""

    __tablename__ = "purged_files"
    kind = "purged file"

    content_hash: Mapped[str] = mapped_column(String(64))


class CastOptionRow(Row):
    __tablename__ = "cast_options"
    __table_args__ = (
        UniqueConstraint("cast_member_id", "image_id"),
        Index("ix_cast_options_on_offer", "cast_member_id", "removed_at"),
    )
    kind = "option"

    cast_member_id: Mapped[str] = mapped_column(ForeignKey("cast_members.id"))
    image_id: Mapped[str] = mapped_column(ForeignKey("character_reference_images.id"), index=True)
    how: Mapped[How] = mapped_column(String(16))
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    # When it was removed; until then, and after another picture was chosen since, False.
    was_active: Mapped[bool] = mapped_column(default=False, server_default=false())

    image: Mapped[ImageRow] = relationship(lazy="joined", innerjoin=True, viewonly=True)

    def record(self) -> CastOption:
        return CastOption(self.image.record(), self.how, self.added_at)


class CastMemberRow(Row):
    """Always read whole: with its character in the same query and all options in one more."""

    __tablename__ = "cast_members"
    __table_args__ = (
        UniqueConstraint("story_id", "character_id"),
        Index("ix_cast_members_uses", "character_id", "story_id", "id"),
    )
    kind = "cast member"

    story_id: Mapped[str] = mapped_column(ForeignKey("stories.id"))
    character_id: Mapped[str] = mapped_column(ForeignKey("characters.id"))
    active_image_id: Mapped[str | None] = mapped_column(ForeignKey("character_reference_images.id"), index=True)

    character: Mapped[CharacterRow] = relationship(lazy="joined", innerjoin=True, viewonly=True)
    options: Mapped[list[CastOptionRow]] = relationship(
        primaryjoin=lambda: (CastMemberRow.id == CastOptionRow.cast_member_id) & CastOptionRow.removed_at.is_(None),
        order_by=lambda: (CastOptionRow.added_at, CastOptionRow.id),
        lazy="selectin",
        viewonly=True,
    )

    def record(self) -> CastMember:
        return CastMember(
            id=self.id,
            story_id=self.story_id,
            character=self.character.record(),
            active_image_id=self.active_image_id,
            options=tuple(option.record() for option in self.options),
        )


class GuestRow(Row):
    """Whom a project's owner lets look at it, or work in it."""

    __tablename__ = "guests"
    __table_args__ = (UniqueConstraint("project_id", "visitor"),)
    kind = "guest"

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"))
    visitor: Mapped[str] = mapped_column(index=True)
    may: Mapped[May] = mapped_column(String(8))
    added_at: Mapped[datetime]

    def record(self, name: str) -> Guest:
        return Guest(self.id, name, self.may, self.added_at)


class KeyRow(Row):
    """The hash of a secret, and whose place it opens; or, of an invitation, which project."""

    __tablename__ = "keys"
    kind = "key"

    owner: Mapped[str] = mapped_column(index=True)
    purpose: Mapped[Purpose] = mapped_column(String(16))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str]
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id"), index=True)
    may: Mapped[May | None] = mapped_column(String(8))

    def record(self) -> Key:
        return Key(self.id, self.owner, self.purpose, self.label, self.made_at, self.seen_at)

    def invitation(self) -> Invitation:
        assert self.may and self.ends_at
        return Invitation(self.id, self.may, self.ends_at)


class AccountRow(Row):
    """Who has ever signed in. The first of them got what stood here before there were accounts. Of whoever has deleted
    everything the name is gone, and the row stays: somebody was first."""

    __tablename__ = "accounts"
    kind = "account"

    owner: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]  # as others see them
    made_at: Mapped[datetime]
