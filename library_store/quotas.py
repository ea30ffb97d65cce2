"""How many there may be of a thing, and how much room a visitor's pictures may take. Asked in the transaction that has
added some, which an answer too many undoes."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from errors import InvalidRequest
from library_store import door
from library_store.limits import TAGS
from library_store.schema import CharacterRow, ImageRow, ProjectRow, StoryRow, TagRow
from message import Message

PROJECTS = 200  # of one owner
STORIES = 1000  # of a project
CHARACTERS = 20_000  # of a project, saved or not
PICTURES = 2000  # of a character
STEERING = 32  # pictures of a character

_PROJECTS = Message("There are {most} projects already, as many as one may have.", most=PROJECTS)
_STORIES = Message("There are {most} stories in this project already, as many as it takes.", most=STORIES)
_CHARACTERS = Message("There are {most} characters in this project already, as many as it takes.", most=CHARACTERS)
_PICTURES = Message("A character has at most {most} pictures.", most=PICTURES)
_TAGS = Message("A character has at most {most} tags.", most=TAGS)
_STEERING = Message("At most {most} pictures of a character steer together.", most=STEERING)


def check_projects(session: Session, owner: str) -> None:
    _check(session, select(func.count(ProjectRow.id)).where(ProjectRow.owner == owner), PROJECTS, _PROJECTS)


def check_stories(session: Session, project_id: str) -> None:
    _check(session, select(func.count(StoryRow.id)).where(StoryRow.project_id == project_id), STORIES, _STORIES)


def check_characters(session: Session, project_id: str) -> None:
    in_project = (CharacterRow.project_id == project_id) & CharacterRow.merged_into_id.is_(None)
    _check(session, select(func.count(CharacterRow.id)).where(in_project), CHARACTERS, _CHARACTERS)


def check_pictures(session: Session, character_id: str) -> None:
    """Of one character, and of the visitor all together."""
    pictures = select(func.count(ImageRow.id)).where(ImageRow.character_id == character_id)
    _check(session, pictures, PICTURES, _PICTURES)
    check_room(session)


def check_steering(image_ids: Collection[str]) -> None:
    if len(image_ids) > STEERING:
        raise InvalidRequest(_STEERING, "Remove some that you no longer need.")


def check_all(session: Session, project_id: str) -> None:
    """Once many things were added to a project."""
    check_stories(session, project_id)
    check_characters(session, project_id)
    for table, most, cause in ((ImageRow, PICTURES, _PICTURES), (TagRow, TAGS, _TAGS)):
        count = func.count(table.id)
        of_each = select(count).join(CharacterRow, CharacterRow.id == table.character_id)
        of_each = of_each.where(CharacterRow.project_id == project_id).group_by(table.character_id)
        _check(session, of_each.order_by(count.desc()).limit(1), most, cause)
    check_room(session)


def check_room(session: Session, more: int = 0) -> None:
    """What the visitor's own pictures take together, with so many pixels more."""
    visitor = door.visitor_of(session)
    if visitor.megapixels is None:
        return
    pixels = select(func.sum(ImageRow.width * ImageRow.height)).join(
        CharacterRow, CharacterRow.id == ImageRow.character_id
    )
    theirs = pixels.join(ProjectRow, ProjectRow.id == CharacterRow.project_id).where(ProjectRow.owner == visitor.name)
    if (session.scalar(theirs) or 0) + more > visitor.megapixels * 10**6:
        raise InvalidRequest(
            "There is no room for more pictures: yours have {most} megapixels together.",
            "Purge characters that you no longer need.",
            most=visitor.megapixels,
        )


def _check(session: Session, count: Select[int], most: int, cause: Message) -> None:
    if (session.scalar(count) or 0) > most:
        raise InvalidRequest(cause, "Remove some that you no longer need.")
