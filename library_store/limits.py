"""How long what creators write may be. One text of a megabyte would be in every page that shows it.

What is longer already, from before there were limits, stays until it is changed. How many there may be of a thing:
`quotas.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields

from errors import InvalidRequest, all_at_once
from library_store.records import CharacterText, LibraryQuery
from message import Message

NAME, TAG = 120, 60  # characters
WORDS = 4000  # of a description, a prompt, a story's context
LOOK = 1000  # of a part of a visual profile
QUERY = 1000
TAGS = 40  # of a character, or that are searched by

_OF_CHARACTER = {
    "name": (Message("name"), NAME),
    "description": (Message("description"), WORDS),
    "prompt": (Message("prompt"), WORDS),
}


def check_length(text: str, what: Message, most: int, at: str = "") -> None:
    """Raises InvalidRequest."""
    if len(text) > most:
        raise InvalidRequest(
            "The {what} has {count} characters.", "At most {most} are kept: make it shorter.",
            what=what, count=len(text), most=most, at=at,
        )  # fmt: skip


def check_name(name: str) -> None:
    """Of a project, a story, a character. Raises InvalidRequest."""
    check_length(name, Message("name"), NAME, "name")


def check_context(context: str) -> None:
    """Of a story. Raises InvalidRequest."""
    check_length(context, Message("story context"), WORDS, "context")


def check_text(text: CharacterText) -> None:
    """What is written about a character. Raises InvalidRequest for the parts that are too long."""
    with all_at_once() as checked:
        for field in fields(text):
            said: str | None = getattr(text, field.name)
            if said is not None:
                what = _OF_CHARACTER.get(field.name, (Message("visual profile"), LOOK))
                checked(check_length, said, *what, field.name)


def check_tags(tags: Collection[str], kept: Collection[str] = ()) -> None:
    """Those of a character, who has those that are `kept` already. Raises InvalidRequest."""
    if len(tags) > max(TAGS, len(kept)):
        raise InvalidRequest(
            "These are {count} tags.", "Choose at most {most} of them.", count=len(tags), most=TAGS, at="tags"
        )
    for tag in tags:
        if tag not in kept:
            check_length(tag, Message("tag"), TAG, "tags")


def check_query(query: LibraryQuery) -> None:
    """Raises InvalidRequest."""
    check_length(query.words, Message("search"), QUERY)
    check_tags(query.tags)
