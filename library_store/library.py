"""The character library: save, list, search, load, remove, restore. The only file that issues SQL.

Every call is one transaction of its own and safe from any thread; what it gives back is frozen and belongs to nobody.
A picture's file is kept before the transaction that names it begins, so a crash at any moment leaves at worst a spare
file, never a row without one.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TypeVar

from sqlalchemy import ColumnElement, Engine, exists, select
from sqlalchemy.orm import Session

from errors import InvalidRequest, NotFound
from library_store.database import explained, for_writing, open_database
from library_store.pictures import Pictures
from library_store.records import (
    CastMember,
    Character,
    CharacterReferenceImage,
    How,
    NewPicture,
    Project,
    Story,
    VisualProfile,
)
from library_store.schema import (
    CastMemberRow,
    CastOptionRow,
    CharacterRow,
    IdentityRow,
    ImageRow,
    ProjectRow,
    Row,
    StoryRow,
)
from pipeline.values import Face, Reference

RowT = TypeVar("RowT", bound=Row)


class CharacterLibrary:
    """All methods raise NotFound for an unknown id and LibraryUnavailable where database or pictures fail them."""

    def __init__(self, engine: Engine, pictures: Pictures) -> None:
        self._engine = engine
        self._pictures = pictures
        # SQLite up to 3.51.2 can lose a page when two connections write and checkpoint at once: one of ours at a time.
        self._write_lock = threading.Lock()

    @classmethod
    def open(cls, database_url: str, pictures_url: str) -> CharacterLibrary:
        """Makes or migrates the database, and refuses a pictures' folder that cannot be the one it knows.

        Raises LibraryUnavailable.
        """
        engine = open_database(database_url)
        try:
            with explained(), Session(engine) as session:
                has_pictures = session.scalar(select(exists(select(ImageRow.id))))
            return cls(engine, Pictures.open(pictures_url, may_be_new=not has_pictures))
        except BaseException:
            engine.dispose()
            raise

    @property
    def pictures_folder(self) -> Path:
        """Where the files of `get_picture_path` and `get_thumbnail_path` lie: all that a page has to serve."""
        return self._pictures.served_folder

    def close(self) -> None:
        self._engine.dispose()

    # Projects and stories

    def create_project(self, name: str, owner: str = "") -> Project:
        """Raises InvalidRequest for an empty name."""
        with self._writing() as session:
            return _added(session, ProjectRow(name=_required(name, "project"), owner=_clean(owner))).record()

    def get_project(self, project_id: str) -> Project:
        with self._reading() as session:
            return _find(session, ProjectRow, project_id).record()

    def list_projects(self) -> list[Project]:
        """Oldest first."""
        with self._reading() as session:
            return [row.record() for row in session.scalars(select(ProjectRow).order_by(ProjectRow.id))]

    def create_story(self, project_id: str, title: str, context: str = "") -> Story:
        """Raises InvalidRequest for an empty title."""
        with self._writing() as session:
            project = _find(session, ProjectRow, project_id)
            story = StoryRow(project_id=project.id, title=_required(title, "story"), context=_clean(context))
            return _added(session, story).record()

    def get_story(self, story_id: str) -> Story:
        with self._reading() as session:
            return _find(session, StoryRow, story_id).record()

    def update_story(self, story_id: str, title: str, context: str) -> Story:
        """Raises InvalidRequest for an empty title."""
        with self._writing() as session:
            story = _hold(session, StoryRow, story_id)
            story.title = _required(title, "story")
            story.context = _clean(context)
            return story.record()

    def list_stories(self, project_id: str) -> list[Story]:
        """Oldest first."""
        with self._reading() as session:
            project = _find(session, ProjectRow, project_id)
            rows = session.scalars(select(StoryRow).where(StoryRow.project_id == project.id).order_by(StoryRow.id))
            return [row.record() for row in rows]

    # The cast of a story

    def create_character(
        self,
        story_id: str,
        name: str,
        pictures: Sequence[NewPicture],
        how: How,
        prompt: str = "",
        visual_profile: VisualProfile | None = None,
        description: str = "",
    ) -> CastMember:
        """A new character of the story's project, cast in the story; the first picture is canonical and active.

        Raises InvalidRequest for an empty name or no picture.
        """
        _required(name, "character")
        self.get_story(story_id)
        hashes = self._keep_files(pictures)
        with self._writing() as session:
            story = _hold(session, StoryRow, story_id)
            character = CharacterRow(project_id=story.project_id)
            _describe(character, name, description, visual_profile or VisualProfile(), prompt)
            member = _cast(session, story, _added(session, character))
            images = _add_images(session, character, pictures, hashes)
            _add_options(session, member, images, how)
            character.canonical_image_id = member.active_image_id = images[0].id
            return _whole(session, member)

    def add_options(self, cast_member_id: str, pictures: Sequence[NewPicture], how: How) -> CastMember:
        """New pictures of that member's character, on offer after the ones there are. The active image stays.

        Raises InvalidRequest for no picture.
        """
        self.get_cast_member(cast_member_id)
        hashes = self._keep_files(pictures)
        with self._writing() as session:
            member = _hold(session, CastMemberRow, cast_member_id)
            _add_options(session, member, _add_images(session, member.character, pictures, hashes), how)
            return _whole(session, member)

    def cast_character(self, story_id: str, character_id: str) -> CastMember:
        """The story's member for a character, made without options if there is none.

        Raises InvalidRequest for a character of another project.
        """
        with self._writing() as session:
            story = _hold(session, StoryRow, story_id)
            return _whole(session, _cast(session, story, _find(session, CharacterRow, character_id)))

    def link_image(self, story_id: str, image_id: str) -> CastMember:
        """Load Character: this very picture, no copy of it, is on offer in the story; active if nothing else is.

        Linking twice is linking once. Raises InvalidRequest for a picture of another project.
        """
        with self._writing() as session:
            story = _hold(session, StoryRow, story_id)
            image = _find(session, ImageRow, image_id)
            member = _cast(session, story, _find(session, CharacterRow, image.character_id))
            of_image = (CastOptionRow.cast_member_id == member.id) & (CastOptionRow.image_id == image.id)
            option = session.scalar(select(CastOptionRow).where(of_image))
            if option is None:
                _add_options(session, member, [image], "loaded")
            elif option.removed_at is not None:
                option.how, option.added_at, option.removed_at = "loaded", _now(), None
            member.active_image_id = member.active_image_id or image.id
            return _whole(session, member)

    def get_cast_member(self, cast_member_id: str) -> CastMember:
        with self._reading() as session:
            return _find(session, CastMemberRow, cast_member_id).record()

    def list_cast(self, story_id: str) -> list[CastMember]:
        """In the order in which they joined the story."""
        with self._reading() as session:
            story = _find(session, StoryRow, story_id)
            members = select(CastMemberRow).where(CastMemberRow.story_id == story.id).order_by(CastMemberRow.id)
            return [row.record() for row in session.scalars(members)]

    def select_image(self, cast_member_id: str, image_id: str) -> CastMember:
        """Makes one of the pictures on offer the active one."""
        with self._writing() as session:
            member = _hold(session, CastMemberRow, cast_member_id)
            member.active_image_id = _option(member, image_id).image_id
            return _whole(session, member)

    def remove_option(self, cast_member_id: str, image_id: str) -> CastMember:
        """Takes a picture off the story's offer, and nothing else: picture and library stay as they are.

        If it was active, the newest of the others becomes so.
        """
        with self._writing() as session:
            member = _hold(session, CastMemberRow, cast_member_id)
            _option(member, image_id).removed_at = _now()
            if member.active_image_id == image_id:
                others = [option.image_id for option in member.options if option.image_id != image_id]
                member.active_image_id = others[-1] if others else None
            return _whole(session, member)

    def restore_option(self, cast_member_id: str, image_id: str) -> CastMember:
        """Undoes `remove_option`: the picture is on offer again, as it was; active if nothing else is."""
        with self._writing() as session:
            member = _hold(session, CastMemberRow, cast_member_id)
            of_image = (CastOptionRow.cast_member_id == member.id) & (CastOptionRow.image_id == image_id)
            option = session.scalar(select(CastOptionRow).where(of_image))
            if option is None:
                raise NotFound("picture of this cast member", image_id)
            option.removed_at = None
            member.active_image_id = member.active_image_id or image_id
            return _whole(session, member)

    # The library of a project

    def save_character(
        self,
        cast_member_id: str,
        image_id: str,
        description: str | None = None,
        visual_profile: VisualProfile | None = None,
        prompt: str | None = None,
        name: str | None = None,
    ) -> Character:
        """Puts a cast member's character in the library, with one of the pictures on offer as the canonical one.

        What is None stays as it is. A trashed character comes back.
        """
        with self._writing() as session:
            member = _hold(session, CastMemberRow, cast_member_id)
            character = member.character
            _describe(character, name, description, visual_profile, prompt)
            character.canonical_image_id = _option(member, image_id).image_id
            character.is_saved_to_library, character.saved_at, character.trashed_at = True, _now(), None
            return character.record()

    def edit_character(
        self,
        character_id: str,
        name: str | None = None,
        description: str | None = None,
        visual_profile: VisualProfile | None = None,
    ) -> Character:
        """What is None stays as it is. Raises InvalidRequest for an empty name."""
        with self._writing() as session:
            character = _hold(session, CharacterRow, character_id)
            _describe(character, name, description, visual_profile, None)
            return character.record()

    def get_character(self, character_id: str) -> Character:
        with self._reading() as session:
            return _find(session, CharacterRow, character_id).record()

    def list_library(self, project_id: str, query: str = "") -> list[Character]:
        """The saved characters, last saved first, in whose name, description, prompt or profile every word occurs."""
        return self._list_saved(project_id, CharacterRow.trashed_at.is_(None), *_contains_every_word(query))

    def list_trash(self, project_id: str) -> list[Character]:
        """The saved characters that `restore_character` brings back."""
        return self._list_saved(project_id, CharacterRow.trashed_at.is_not(None))

    def trash_character(self, character_id: str) -> Character:
        """Takes a character out of the library's lists. Stories keep it, and it can be restored."""
        with self._writing() as session:
            character = _hold(session, CharacterRow, character_id)
            character.trashed_at = character.trashed_at or _now()
            return character.record()

    def restore_character(self, character_id: str) -> Character:
        with self._writing() as session:
            character = _hold(session, CharacterRow, character_id)
            character.trashed_at = None
            return character.record()

    # Reference images

    def get_image(self, image_id: str) -> CharacterReferenceImage:
        with self._reading() as session:
            return _find(session, ImageRow, image_id).record()

    def get_reference(self, image_id: str) -> Reference:
        """The picture and the identities kept of it, the steering encoder's first; none if no face was found."""
        with self._reading() as session:
            image = _find(session, ImageRow, image_id)
            identities = tuple(identity.record() for identity in _identities(session, image))
            content_hash = image.content_hash
        return Reference(self._pictures.get(content_hash), identities)

    def keep_identities(self, image_id: str, face: Face) -> None:
        """Adds the identities of encoders that had not seen the picture yet. What is there stays."""
        with self._writing() as session:
            image = _hold(session, ImageRow, image_id)
            known = {identity.encoder for identity in _identities(session, image)}
            new = tuple(identity for identity in face.identities if identity.encoder not in known)
            _add_identities(session, image, replace(face, identities=new))

    def get_picture_path(self, image_id: str) -> str:
        """A local PNG file."""
        return self._pictures.path(self.get_image(image_id).content_hash)

    def get_thumbnail_path(self, image_id: str) -> str:
        """A local webp file of at most 256 x 256."""
        return self._pictures.thumbnail_path(self.get_image(image_id).content_hash)

    # Below: how it is done

    @contextmanager
    def _reading(self) -> Generator[Session]:
        with explained(), Session(self._engine) as session:
            yield session

    @contextmanager
    def _writing(self) -> Generator[Session]:
        """One transaction: all of it is kept when the block ends, or nothing."""
        with explained(), self._write_lock, Session(for_writing(self._engine)) as session, session.begin():
            yield session

    def _keep_files(self, pictures: Sequence[NewPicture]) -> list[str]:
        if not pictures:
            raise InvalidRequest("There is no picture to keep.", "Generate or upload one first.")
        return [self._pictures.put(new.picture) for new in pictures]

    def _list_saved(self, project_id: str, *conditions: ColumnElement[bool]) -> list[Character]:
        with self._reading() as session:
            project = _find(session, ProjectRow, project_id)
            saved = select(CharacterRow).where(CharacterRow.project_id == project.id, CharacterRow.is_saved_to_library)
            newest_first = (CharacterRow.saved_at.desc(), CharacterRow.id.desc())
            return [row.record() for row in session.scalars(saved.where(*conditions).order_by(*newest_first))]


def _find(session: Session, table: type[RowT], id: str, hold: bool = False) -> RowT:
    row = session.get(table, id, with_for_update=hold)
    if row is None:
        raise NotFound(table.kind, id)
    return row


def _hold(session: Session, table: type[RowT], id: str) -> RowT:
    """Finds a row and keeps other writers from it until the transaction ends (SQLite has but one writer anyway)."""
    return _find(session, table, id, hold=True)


def _added(session: Session, row: RowT) -> RowT:
    """Written at once, so that it has its id and what names it can follow."""
    session.add(row)
    session.flush()
    return row


def _whole(session: Session, member: CastMemberRow) -> CastMember:
    session.flush()
    session.refresh(member)
    return member.record()


def _describe(
    character: CharacterRow,
    name: str | None,
    description: str | None,
    visual_profile: VisualProfile | None,
    prompt: str | None,
) -> None:
    """Sets what is not None, and what the library is searched by."""
    if name is not None:
        character.name = _required(name, "character")
    if description is not None:
        character.description = _clean(description)
    if visual_profile is not None:
        character.visual_profile = {part: _clean(text) for part, text in asdict(visual_profile).items()}
    if prompt is not None:
        character.prompt = _clean(prompt)
    texts = (character.name, character.description, character.prompt, *character.visual_profile.values())
    character.search_text = _searchable("\n".join(texts))


def _cast(session: Session, story: StoryRow, character: CharacterRow) -> CastMemberRow:
    if character.project_id != story.project_id:
        raise InvalidRequest("This character belongs to another project.", "Choose one from this project's library.")
    in_story = (CastMemberRow.story_id == story.id) & (CastMemberRow.character_id == character.id)
    member = session.scalar(select(CastMemberRow).where(in_story))
    return member or _added(session, CastMemberRow(story_id=story.id, character_id=character.id))


def _option(member: CastMemberRow, image_id: str) -> CastOptionRow:
    for option in member.options:
        if option.image_id == image_id:
            return option
    raise NotFound("picture of this cast member", image_id)


def _add_images(
    session: Session, character: CharacterRow, pictures: Sequence[NewPicture], hashes: Sequence[str]
) -> list[ImageRow]:
    return [_add_image(session, character, new, kept_as) for new, kept_as in zip(pictures, hashes, strict=True)]


def _add_image(session: Session, character: CharacterRow, new: NewPicture, content_hash: str) -> ImageRow:
    image = ImageRow(
        character_id=character.id,
        content_hash=content_hash,
        width=new.picture.width,
        height=new.picture.height,
        source=new.source,
        parent_id=_find(session, ImageRow, new.parent_id).id if new.parent_id else None,
        request=new.request,
        pack=new.pack,
        seed=new.seed,
        likeness=asdict(new.likeness) if new.likeness else None,
        created_at=_now(),
    )
    _added(session, image)
    if new.face is not None:
        _add_identities(session, image, new.face)
    return image


def _add_identities(session: Session, image: ImageRow, face: Face) -> None:
    for identity in face.identities:
        _added(session, IdentityRow.of(image.id, face, identity))


def _identities(session: Session, image: ImageRow) -> Sequence[IdentityRow]:
    return session.scalars(select(IdentityRow).where(IdentityRow.image_id == image.id).order_by(IdentityRow.id)).all()


def _add_options(session: Session, member: CastMemberRow, images: Sequence[ImageRow], how: How) -> None:
    now = _now()
    for image in images:
        _added(session, CastOptionRow(cast_member_id=member.id, image_id=image.id, how=how, added_at=now))


def _contains_every_word(query: str) -> list[ColumnElement[bool]]:
    return [CharacterRow.search_text.contains(word, autoescape=True) for word in _searchable(query).split()]


def _searchable(text: str) -> str:
    return unicodedata.normalize("NFC", _clean(text).casefold())


def _clean(text: str) -> str:
    """One spelling for what looks the same, and nothing a database or a page would stumble over."""
    whole = text.encode("utf-8", errors="replace").decode("utf-8")  # half a surrogate pair becomes a question mark
    return unicodedata.normalize("NFC", whole.replace("\0", "")).strip()


def _required(text: str, of: str) -> str:
    cleaned = _clean(text)
    if not cleaned:
        raise InvalidRequest(f"The {of} has no name.", "Give it one and try again.")
    return cleaned


def _now() -> datetime:
    return datetime.now(timezone.utc)
