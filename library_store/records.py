"""What the library gives and takes: frozen values that belong to no session and no table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Literal, NamedTuple
from uuid import UUID

import uuid_utils
from PIL import Image

from pipeline.request import PictureRequest, VisualProfile
from pipeline.values import Embedding, Face, Identity, Judgement, Likeness, Verdict, verdict_of

Source = Literal["uploaded", "generated", "variant"]
How = Literal["generated", "variant", "loaded"]
Sort = Literal["recent", "name", "most used"]
May = Literal["view", "edit"]  # what an owner lets somebody else do with a project
Purpose = Literal["browser", "session", "program", "move", "invitation"]  # the last two are links, good once


__all__ = ["VisualProfile"]  # beside what is defined here


def new_id() -> str:
    """A UUIDv7: later ids sort after earlier ones."""
    return str(uuid_utils.uuid7())


def made_at(id: str) -> datetime | None:
    """When an id was made, and what it is of with it; None for an id of another kind, which an old export may have."""
    with suppress(ValueError):
        made = UUID(id)
        if made.version == 7:
            return datetime.fromtimestamp((made.int >> 80) / 1000, timezone.utc)
    return None


@dataclass(frozen=True)
class Visitor:
    """Who asks. They see the projects that they own, and nothing of anybody else's."""

    name: str  # as it stands in `Project.owner`
    sees_everything: bool = False
    megapixels: int | None = None  # that their pictures may have together; None: as many as the disk holds

    def __post_init__(self) -> None:
        if not self.name and not self.sees_everything:
            raise ValueError("A visitor without a name would own what the local owner makes.")


LOCAL_OWNER = Visitor("", sees_everything=True)  # of an installation that has but one


@dataclass(frozen=True)
class Key:
    """By which a browser or a program shows whose place it may open; its secret is known to its holder alone."""

    id: str
    owner: str
    purpose: Purpose
    label: str
    made_at: datetime
    seen_at: datetime  # right to the hour


@dataclass(frozen=True)
class Guest:
    """Somebody whom a project's owner has let in."""

    id: str
    name: str  # as people know them; nothing of an anonymous visitor
    may: May
    added_at: datetime


@dataclass(frozen=True)
class Invitation:
    """That nobody has used yet. Its secret is known to whom its owner gave it."""

    id: str
    may: May
    ends_at: datetime


@dataclass(frozen=True)
class Shared:
    """A project of somebody else, to whom they let in."""

    owner_name: str  # as people know them; nothing of an anonymous visitor
    may: May


@dataclass(frozen=True)
class Project:
    """The scope of a library: its stories share their characters."""

    id: str
    name: str
    owner: str
    trashed_at: datetime | None = None


@dataclass(frozen=True)
class Story:
    id: str
    project_id: str
    title: str
    context: str  # premise and style lines, given to every prompt of the story
    trashed_at: datetime | None = None


def _made_from(parent_id: str | None, request: PictureRequest | None) -> set[str]:
    """The ids of the pictures that were before one."""
    steering = {each.image_id for each in request.steering} if request else set[str]()
    return steering | ({parent_id} if parent_id else set())


@dataclass(frozen=True)
class CharacterReferenceImage:
    """A kept picture of a character. It never changes; its id is what Load Character links."""

    id: str
    character_id: str
    content_hash: str  # SHA-256 of the PNG file
    width: int
    height: int
    source: Source
    parent_id: str | None  # the reference image it was made from
    request: PictureRequest | None  # None: nobody asked for it, as for an upload, or it can't be read
    pack: str | None
    seed: int | None
    likeness: Likeness | None
    created_at: datetime

    @property
    def made_from(self) -> set[str]:
        return _made_from(self.parent_id, self.request)

    @property
    def verdict(self) -> Verdict:
        """Kept or set aside."""
        return verdict_of(self.likeness.rejection) if self.likeness else "kept"


@dataclass(frozen=True)
class Character:
    """A person of the project's stories; the canonical image stands for them."""

    id: str
    project_id: str
    name: str
    description: str
    visual_profile: VisualProfile
    prompt: str
    canonical_image_id: str | None
    is_saved_to_library: bool
    saved_at: datetime | None
    is_favourite: bool = False
    tags: tuple[str, ...] = ()  # in alphabetical order
    trashed_at: datetime | None = None
    copied_from_id: str | None = None  # whom they were copied from, in another project; may be gone by now


@dataclass(frozen=True)
class CharacterText:
    """What is written about a character, or was shown of it, each part of the visual profile by itself; None: not
    written, or not shown."""

    name: str | None = None
    description: str | None = None
    prompt: str | None = None
    hair: str | None = None
    face: str | None = None
    body: str | None = None
    outfit: str | None = None
    accessories: str | None = None
    other: str | None = None

    @classmethod
    def of(cls, character: Character) -> CharacterText:
        looks = character.visual_profile
        return cls(character.name, character.description, character.prompt, **asdict(looks))


NO_TEXT = CharacterText()


@dataclass(frozen=True)
class CastOption:
    """A picture on offer for a cast member."""

    image: CharacterReferenceImage
    how: How
    added_at: datetime


@dataclass(frozen=True)
class CastMember:
    """A character's entry in a story, with the pictures on offer (oldest first) and the chosen one."""

    id: str
    story_id: str
    character: Character
    active_image_id: str | None
    options: tuple[CastOption, ...]


@dataclass(frozen=True)
class LibraryQuery:
    """Which of the saved characters are meant, and in which order."""

    words: str = ""  # all of them occur in name, description, prompt or profile, and none of those with a "-" before it
    tags: tuple[str, ...] = ()  # all of them
    favourites: bool = False  # these alone
    sort: Sort = "recent"  # last saved, by name, or on offer in the most stories first
    trashed: bool = False  # what is in the trash, and nothing else
    language: str = ""  # a tag such as "sv" (BCP 47), whose alphabet names are sorted by; "": one that suits most


@dataclass(frozen=True)
class Use:
    """A story in which a character is on offer, with the pictures."""

    story: Story
    image_ids: tuple[str, ...]


@dataclass(frozen=True)
class FaceMatch:
    """A saved character, and which picture of them is most like a face."""

    character: Character
    image_id: str
    similarity: float  # cosine of two identities by one encoder, -1 to 1
    judgement: Judgement | None = None  # what that is worth; None: nobody has judged it


class FaceHit(NamedTuple):
    """A saved character by the picture that is most like a face."""

    character_id: str
    image_id: str
    similarity: float
    embedding: Embedding  # of that picture


JudgeHits = Callable[[Sequence[FaceHit]], Sequence[Judgement]]  # says of each what its likeness is worth


@dataclass(frozen=True, eq=False)
class ReferenceRead:
    """All that is read to draw somebody in a story: who it is, and the pictures whose identities steer."""

    story: Story
    character: Character
    image_ids: tuple[str, ...]  # the chosen picture's first, then those that steer together with it
    identities: tuple[tuple[Identity, ...], ...]  # theirs, the steering encoder's first; none where nobody has looked
    is_any_uploaded: bool  # whether a creator's own is among them


@dataclass(frozen=True)
class PurgePreview:
    """What would be lost with a character."""

    images: int
    stories: tuple[Story, ...]  # in which they are on offer, trashed ones too
    children: int  # pictures of others made from theirs; these stay


@dataclass(frozen=True, eq=False)
class NewPicture:
    """A picture to be kept, with all that is known of how it came about."""

    picture: Image.Image
    source: Source
    face: Face | None = None  # None: no face was found, or nobody has looked yet
    parent_id: str | None = None
    request: PictureRequest | None = None
    likeness: Likeness | None = None
    is_mixed: bool = False  # with a creator's own: a picture that was uploaded steered it
    id: str = field(default_factory=new_id)  # by which it is found once it is kept
