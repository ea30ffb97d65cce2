"""An export brought in as it was planned (import_plan.py): in short transactions, so that nobody else waits for long,
and yet all of it or nothing.

Who is new waits in a project that nobody sees until all are there. One transaction then puts them in their place, with
what joins those who were there already. What stays hidden, after a crash too, `endings.remove_hidden` takes away.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Executable, delete, insert, inspect, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from errors import InvalidRequest, UnreadableExport
from library_store import door, quotas, rows
from library_store.exported import ExportedPicture
from library_store.import_plan import Plan, known_faces, still_holds
from library_store.kept_likeness import to_json
from library_store.records import VisualProfile, new_id
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
from library_store.text import folded
from pipeline.values import Face

AT_ONCE = 200  # rows of one transaction: some milliseconds

Writing = Callable[[], AbstractContextManager[Session]]
KeepAgain = Callable[[Collection[str]], None]  # the files of these hashes, where a purge has removed one since
Values = dict[str, Any]  # of a row
Step = tuple[Executable, list[Values]]
T = TypeVar("T")


def bring_in(writing: Writing, plan: Plan, sizes: Mapping[str, tuple[int, int]], keep_again: KeepAgain) -> None:
    """Adds what is not there yet and changes nothing that is. `sizes`: width and height of the new pictures, by hash.

    Raises UnreadableExport where the zip contradicts itself or the library, and InvalidRequest where those whom it
    would join have changed since it was planned. What is written by then stays hidden.
    """
    new = _New(plan, sizes)
    try:
        with writing() as session:
            hidden_id = _hide(session, plan)
        for statement, values in new.waiting(hidden_id):
            for some in _slices(values):
                with writing() as session:
                    _execute(session, statement, some, keep_again)
        joining = list(new.joining())
        with writing() as session:
            if any(values for _, values in joining) and not still_holds(session, plan):
                raise InvalidRequest("The library was changed while this was brought in.", "Import it once more.")
            _show(session, plan, hidden_id)
            for statement, values in joining:
                _execute(session, statement, values, keep_again)
            rows.faces_changed(session, plan.project_id)
            quotas.check_all(session, plan.project_id)
        for some in _slices(new.faces_of_the_others(writing)):
            with writing() as session:
                session.execute(insert(IdentityRow), some)
                rows.faces_changed(session, plan.project_id)
    except (IntegrityError, CycleError) as error:
        raise UnreadableExport(
            "This export contradicts itself, or what is in the library already.", "Export it again and try once more."
        ) from error


def _hide(session: Session, plan: Plan) -> str:
    """The project in which the new ones wait: the very one that they are for, where that is new."""
    if not plan.is_new_project:
        rows.hold(session, ProjectRow, plan.project_id)
        owner = door.visitor_of(session).name
        return rows.added(session, ProjectRow(id=new_id(), name="", owner=owner, hidden_at=rows.now())).id
    project = plan.export.project
    owner = door.owner_of_import(session, project.owner)
    rows.added(session, ProjectRow(id=plan.project_id, name=project.name, owner=owner, hidden_at=rows.now()))
    quotas.check_projects(session, owner)
    return plan.project_id


def _show(session: Session, plan: Plan, hidden_id: str) -> None:
    if plan.is_new_project:
        session.execute(update(ProjectRow).where(ProjectRow.id == hidden_id).values(hidden_at=None))
    else:
        for table in (StoryRow, CharacterRow):
            session.execute(update(table).where(table.project_id == hidden_id).values(project_id=plan.project_id))
        session.execute(delete(ProjectRow).where(ProjectRow.id == hidden_id))
    rows.hold(session, ProjectRow, plan.project_id)


def _execute(session: Session, statement: Executable, values: list[Values], keep_again: KeepAgain) -> None:
    if values:
        keep_again({row["content_hash"] for row in values if "content_hash" in row})
        session.execute(statement, values)


class _New:
    """The rows that a plan adds: those of new people, and those that join who is there."""

    def __init__(self, plan: Plan, sizes: Mapping[str, tuple[int, int]]) -> None:
        self._plan = plan
        self._sizes = sizes
        self._lines = plan.export.pictures
        self._who = {line.character_id: line for line in self._lines if self._is_new(line.character_id)}

    def waiting(self, project_id: str) -> Iterator[Step]:
        """In the order in which they name each other."""
        stories = self._plan.export.project.stories
        new_stories = [story for story in stories if story.id not in self._plan.known_stories]
        yield insert(StoryRow), [{"project_id": project_id, **asdict(story)} for story in new_stories]
        yield insert(CharacterRow), [_character(line, project_id) for line in self._who.values()]
        yield insert(ImageRow), [self._image(line) for line in self._in_order if self._waits(line.image_id)]
        yield update(CharacterRow), self._canonical
        yield insert(SteeringRow), self._steering
        yield insert(TagRow), self._tags
        yield (
            insert(IdentityRow),
            [_identity(image_id, face) for image_id, face in self._plan.export.faces if self._waits(image_id)],
        )
        yield insert(CastMemberRow), self._cast[0].members
        yield insert(CastOptionRow), self._cast[0].options

    def joining(self) -> Iterator[Step]:
        merged = self._plan.export.project.merged
        yield (
            insert(CharacterRow),
            [
                _merged(each.id, each.name, self._plan.who(each.merged_into_id), self._plan.project_id)
                for each in merged
                if each.id not in self._plan.now and each.merged_into_id not in self._plan.left_out
            ],
        )
        yield insert(ImageRow), [self._image(line) for line in self._in_order if not self._waits(line.image_id)]
        yield (
            update(ImageRow),
            [
                {"id": line.image_id, "parent_id": line.parent_id}
                for line in self._in_order
                if self._waits(line.image_id) and self._joins(line.parent_id)
            ],
        )
        yield insert(CastMemberRow), self._cast[1].members
        yield insert(CastOptionRow), self._cast[1].options

    def faces_of_the_others(self, reading: Writing) -> list[Values]:
        """Of pictures of those who were there. Last: a search that lacks some finds fewer, and nothing wrong."""
        others = {
            (image_id, face.identities[0].encoder): face
            for image_id, face in self._plan.export.faces
            if self._plan.is_theirs(image_id) and not self._waits(image_id)
        }
        if not others:
            return []
        with reading() as session:
            known = known_faces(session, self._plan)
        return [_identity(seen[0], face) for seen, face in others.items() if seen not in known]

    def _is_new(self, character_id: str) -> bool:
        return character_id not in self._plan.now and character_id not in self._plan.left_out

    def _waits(self, image_id: str) -> bool:
        line = self._plan.new_pictures.get(image_id)
        return line is not None and line.character_id in self._who

    def _joins(self, image_id: str | None) -> bool:
        return image_id is not None and image_id in self._plan.new_pictures and not self._waits(image_id)

    @cached_property
    def _in_order(self) -> list[ExportedPicture]:
        """The new pictures, parents first."""
        new = self._plan.new_pictures
        parents = {id: [line.parent_id] if line.parent_id in new else [] for id, line in new.items()}
        return [new[id] for id in TopologicalSorter[Any](parents).static_order()]

    def _image(self, line: ExportedPicture) -> Values:
        """Without a parent that is neither in the zip nor here; one that joins later is named then."""
        width, height = self._sizes[line.content_hash]
        comes_later = self._waits(line.image_id) and self._joins(line.parent_id)
        parent_id = line.parent_id if line.parent_id in self._plan.parents and not comes_later else None
        return {
            "id": line.image_id,
            "character_id": self._plan.who(line.character_id),
            "content_hash": line.content_hash,
            "width": width,
            "height": height,
            "source": line.source,
            "parent_id": parent_id,
            "request": line.request,
            "pack": line.pack,
            "seed": line.seed,
            "likeness": to_json(line.likeness) if line.likeness else None,
            "created_at": line.created_at,
        }

    @property
    def _their_lines(self) -> list[ExportedPicture]:
        """Of new people the pictures that are theirs here."""
        return [line for line in self._lines if line.character_id in self._who and self._plan.is_theirs(line.image_id)]

    @property
    def _canonical(self) -> list[Values]:
        """If the canonical picture belongs to somebody else here, the first of the character's own takes its place."""
        chosen = dict[str, str]()
        for line in self._their_lines:
            if line.is_canonical or line.character_id not in chosen:
                chosen[line.character_id] = line.image_id
        return [{"id": id, "canonical_image_id": image_id} for id, image_id in chosen.items()]

    @property
    def _steering(self) -> list[Values]:
        return [
            {"id": new_id(), "character_id": line.character_id, "image_id": line.image_id}
            for line in self._their_lines
            if line.is_steering
        ]

    @property
    def _tags(self) -> list[Values]:
        wanted = {
            (line.character_id, folded(tag)): self._plan.tag(tag)
            for line in self._lines
            for tag in line.tags
            if line.character_id in self._who
        }
        return [{"id": new_id(), "character_id": id, "tag": tag, "folded": key} for (id, key), tag in wanted.items()]

    @cached_property
    def _cast(self) -> tuple[_Cast, _Cast]:
        """Members and options that wait, and those that join. A story has one entry for a character, and an entry one
        option for a picture, whatever their ids are here."""
        plan, waiting, joining = self._plan, _Cast([], []), _Cast([], [])
        members, options = dict(plan.members), set(plan.options)
        for member in plan.export.project.cast:
            if member.character_id in plan.left_out:
                continue
            pair = (member.story_id, plan.who(member.character_id))
            cast = waiting if self._is_new(member.character_id) and pair[0] not in plan.known_stories else joining
            if pair not in members:
                members[pair] = member.id
                active = member.active_image_id if plan.is_theirs(member.active_image_id or "") else None
                cast.members.append(
                    {"id": member.id, "story_id": pair[0], "character_id": pair[1], "active_image_id": active}
                )
            for option in member.options:
                if plan.is_theirs(option.image_id) and (members[pair], option.image_id) not in options:
                    options.add((members[pair], option.image_id))
                    cast.options.append({**asdict(option), "cast_member_id": members[pair]})
        return waiting, joining


class _Cast(NamedTuple):
    members: list[Values]
    options: list[Values]


def _character(line: ExportedPicture, project_id: str) -> Values:
    """Without what points at their pictures."""
    character = CharacterRow(
        id=line.character_id,
        project_id=project_id,
        is_saved_to_library=line.is_saved_to_library,
        saved_at=line.saved_at,
        is_favourite=line.is_favourite,
        trashed_at=line.trashed_at,
        copied_from_id=line.copied_from_id,
    )
    rows.describe(character, line.name, line.description, line.visual_profile, line.character_prompt)
    return _values(character)


def _merged(id: str, name: str, kept_id: str, project_id: str) -> Values:
    """What is left of somebody who was merged."""
    left = CharacterRow(
        id=id, project_id=project_id, merged_into_id=kept_id, is_saved_to_library=False, is_favourite=False
    )
    rows.describe(left, name, "", VisualProfile(), "")
    return _values(left)


def _identity(image_id: str, face: Face) -> Values:
    return {**_values(IdentityRow.of(image_id, face, face.identities[0])), "id": new_id()}


def _values(row: Row) -> Values:
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}


def _slices(values: Sequence[T]) -> Iterator[list[T]]:
    for start in range(0, len(values), AT_ONCE):
        yield list(values[start : start + AT_ONCE])
