"""Choices among things that people named: those of one name are told apart by what else there is to say of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from library_store.records import Character, Project, Shared, Story, made_at
from studio import Studio
from ui.language import say
from ui.words import counted

Choices = list[tuple[str, str]]  # labels and ids


def people_choices(studio: Studio, people: Sequence[Character]) -> Choices:
    saved_at = {person.id: person.saved_at for person in people}

    def details(id: str) -> list[str]:
        pictures = counted("{count} picture", "{count} pictures", len(studio.library.list_images(id)))
        return [pictures, *_moment("saved {date}", saved_at[id])]

    return _told_apart([(person.name, person.id) for person in people], details)


def project_choices(studio: Studio, projects: Sequence[Project]) -> Choices:
    def details(id: str) -> list[str]:
        stories = counted("{count} story", "{count} stories", len(studio.library.list_stories(id)))
        return [stories, *_moment("begun {date}", made_at(id))]

    shared = studio.library.guests.shared()

    def label(project: Project) -> str:
        theirs = shared.get(project.id)
        return say("{project} · by {name}", project=project.name, name=named_owner(theirs)) if theirs else project.name

    return _told_apart([(label(project), project.id) for project in projects], details)


def named_owner(project: Shared) -> str:
    """Whose it is, as people know them."""
    return project.owner_name or say("somebody else")


def story_choices(studio: Studio, stories: Sequence[Story]) -> Choices:
    def details(id: str) -> list[str]:
        cast = counted("{count} character", "{count} characters", len(studio.library.list_cast(id)))
        return [cast, *_moment("begun {date}", made_at(id))]

    return _told_apart([(story.title, story.id) for story in stories], details)


def _told_apart(named: Choices, details: Callable[[str], list[str]]) -> Choices:
    """Where all that is said is the same, too, they are numbered."""
    names = Counter(name.casefold() for name, _ in named)
    labels = [" · ".join([name, *details(id)]) if names[name.casefold()] > 1 else name for name, id in named]
    alike, numbers = Counter(labels), Counter[str]()
    for at, label in enumerate(labels):
        numbers[label] += 1
        labels[at] = f"{label} ({numbers[label]})" if alike[label] > 1 else label
    return [(label, id) for label, (_, id) in zip(labels, named, strict=True)]


def _moment(said: str, moment: datetime | None) -> list[str]:
    return [say(said, date=f"{moment:%Y-%m-%d %H:%M}")] if moment else []
