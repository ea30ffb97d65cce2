"""What the library gives and takes: frozen values that belong to no session and no table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import uuid_utils
from PIL import Image

from pipeline.values import Face, Likeness

Source = Literal["uploaded", "generated", "variant"]
How = Literal["generated", "variant", "loaded"]
Sort = Literal["recent", "name", "most used"]


def new_id() -> str:
    """A UUIDv7: later ids sort after earlier ones."""
    return str(uuid_utils.uuid7())


@dataclass(frozen=True)
class VisualProfile:
    """What a character looks like, in the creator's words. Hair, face and body are theirs, the rest a scene's."""

    hair: str = ""
    face: str = ""
    body: str = ""
    outfit: str = ""
    accessories: str = ""
    other: str = ""


@dataclass(frozen=True)
class Visitor:
    """Who asks. They see the projects that they own, and nothing of anybody else's."""

    name: str  # as it stands in `Project.owner`
    sees_everything: bool = False

    def __post_init__(self) -> None:
        if not self.name and not self.sees_everything:
            raise ValueError("A visitor without a name would own what the local owner makes.")


LOCAL_OWNER = Visitor("", sees_everything=True)  # of an installation that has but one


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
    request: dict[str, Any] | None  # all that determined the picture
    pack: str | None
    seed: int | None
    likeness: Likeness | None
    created_at: datetime


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

    words: str = ""  # all of them occur in name, description, prompt or profile
    tags: tuple[str, ...] = ()  # all of them
    favourites: bool = False  # these alone
    sort: Sort = "recent"  # last saved, by name, or on offer in the most stories first
    trashed: bool = False  # what is in the trash, and nothing else


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
    request: dict[str, Any] | None = None
    pack: str | None = None
    seed: int | None = None
    likeness: Likeness | None = None
    id: str = field(default_factory=new_id)  # by which it is found once it is kept
