"""An export brought in as it was planned (import_plan.py): in short transactions, so that nobody else waits for long,
and yet all of it or nothing.

What is new waits in a project that nobody sees. What joins a character who is there already, or their entry in a story,
waits with a stand-in, in another such project. One transaction then puts all in its place. What stays hidden, after a
crash too, `endings.remove_hidden` takes away.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from graphlib import CycleError, TopologicalSorter
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Executable, bindparam, insert, inspect, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from errors import InvalidRequest, UnreadableExport
from library_store import door, endings, quotas, rows
from library_store.copies import id_in
from library_store.exported import ExportedPicture
from library_store.import_plan import Plan, still_holds, unseen
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
JOINS: Mapping[type[Row], str] = {  # what can join somebody, or an entry, and the column that says whom
    CastOptionRow: "cast_member_id",
    CastMemberRow: "character_id",
    ImageRow: "character_id",
    CharacterRow: "merged_into_id",
}

Writing = Callable[[], AbstractContextManager[Session]]
KeepAgain = Callable[[Collection[str]], None]  # the files of these hashes, where a purge has removed one since
Values = dict[str, Any]  # of a row
Step = tuple[Executable, Iterable[Values]]
T = TypeVar("T")


def bring_in(writing: Writing, plan: Plan, sizes: Mapping[str, tuple[int, int]], keep_again: KeepAgain) -> None:
    """Adds what is not there yet and changes nothing that is. `sizes`: width and height of the new pictures, by hash.

    Raises UnreadableExport where the zip contradicts itself or the library, and InvalidRequest where those whom it
    would join have changed since it was planned. What is written by then stays hidden.
    """
    try:
        with _passed_over_by_garbage_search():
            _bring_in(writing, plan, sizes, keep_again)
    except (IntegrityError, CycleError) as error:
        raise UnreadableExport(
            "This export contradicts itself, or what is in the library already.", "Export it again and try once more."
        ) from error


@contextmanager
def _passed_over_by_garbage_search() -> Generator[None]:
    """What is there already. Ten thousand people of an export are so many objects that each search of them all holds up
    the process, and whoever waits for the lock, for a quarter of a second."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _bring_in(writing: Writing, plan: Plan, sizes: Mapping[str, tuple[int, int]], keep_again: KeepAgain) -> None:
    with writing() as session:
        hidden = _hide(session, plan)
    new = _New(plan, sizes, hidden)
    for statement, values in new.rows():
        for some in _slices(values):
            with writing() as session:
                keep_again({row["content_hash"] for row in some if "content_hash" in row})
                session.execute(statement, some)
    joining = new.joining()
    with writing() as session:
        _show(session, plan, hidden, joining)
        rows.faces_changed(session, plan.project_id)
        quotas.check_all(session, plan.project_id)
    endings.remove_hidden(writing, lambda _: ProjectRow.id.in_(hidden))
    for some in _slices(new.faces_of_what_is_there()):  # last: a search that lacks some finds fewer
        with writing() as session:
            if lacking := unseen(session, some):
                session.execute(insert(IdentityRow), [_identity(image_id, face) for image_id, face in lacking])
                rows.faces_changed(session, plan.project_id)


class _Hidden(NamedTuple):
    """The ids of two projects that nobody sees."""

    new: str  # where what is new waits: the very project that it is for, where that is new
    stand_ins: str


def _hide(session: Session, plan: Plan) -> _Hidden:
    owner = door.visitor_of(session).name
    if plan.is_new_project:
        project = plan.export.project
        owner = door.owner_of_import(session, project.owner)
        rows.added(session, ProjectRow(id=plan.project_id, name=project.name, owner=owner, hidden_at=rows.now()))
        quotas.check_projects(session, owner)
        new = plan.project_id
    else:
        rows.hold(session, ProjectRow, plan.project_id)
        new = rows.added(session, ProjectRow(name="", owner=owner, hidden_at=rows.now())).id
    return _Hidden(new, rows.added(session, ProjectRow(name="", owner=owner, hidden_at=rows.now())).id)


def _show(session: Session, plan: Plan, hidden: _Hidden, joining: Iterable[tuple[Executable, list[Values]]]) -> None:
    if plan.is_new_project:
        session.execute(update(ProjectRow).where(ProjectRow.id == hidden.new).values(hidden_at=None))
    project = rows.hold(session, ProjectRow, plan.project_id)
    steps = [(statement, values) for statement, values in joining if values]
    if steps and project.faces_revision != plan.faces_revision and not still_holds(session, plan):
        raise InvalidRequest("The library was changed while this was brought in.", "Import it once more.")
    for statement, values in steps:
        session.execute(statement, values)
    if not plan.is_new_project:
        for table in (StoryRow, CharacterRow):
            session.execute(update(table).where(table.project_id == hidden.new).values(project_id=plan.project_id))


class _New:
    """The rows that a plan adds."""

    def __init__(self, plan: Plan, sizes: Mapping[str, tuple[int, int]], hidden: _Hidden) -> None:
        self._plan = plan
        self._sizes = sizes
        self._hidden = hidden
        self._lines = plan.export.pictures
        self._who = {line.character_id: line for line in self._lines if self._is_new(line.character_id)}
        # By what joins: whom it joins, and the stand-in. As many as the rows below name.
        self._stand_ins = {kind: dict[str, str]() for kind in JOINS}

    def rows(self) -> Iterator[Step]:
        """In the order in which they name each other."""
        new, project = self._plan.new_pictures, self._plan.export.project
        images = [(line, self._character(ImageRow, line.character_id)) for line in self._in_order]
        merged = [
            _nobody(each.id, self._hidden.new, each.name, self._character(CharacterRow, each.merged_into_id))
            for each in project.merged
            if each.id not in self._plan.now and each.merged_into_id not in self._plan.left_out
        ]
        cast = self._cast
        stories = (story for story in project.stories if story.id not in self._plan.known_stories)
        stand_ins = {id for of_kind in self._stand_ins.values() for id in of_kind.values()}
        faces = ((image_id, face) for image_id, face in self._plan.export.faces if image_id in new)
        yield insert(StoryRow), ({"project_id": self._hidden.new, **asdict(story)} for story in stories)
        yield insert(CharacterRow), (_character(line, self._hidden.new) for line in self._who.values())
        yield insert(CharacterRow), (_nobody(id, self._hidden.stand_ins) for id in stand_ins)
        yield insert(CharacterRow), merged
        yield insert(ImageRow), (self._image(line, character_id) for line, character_id in images)
        yield update(CharacterRow), self._canonical
        yield insert(SteeringRow), self._steering
        yield insert(TagRow), self._tags
        yield insert(IdentityRow), (_identity(image_id, face) for image_id, face in faces)
        yield insert(CastMemberRow), cast.stand_ins.values()
        yield insert(CastMemberRow), cast.members
        yield insert(CastOptionRow), cast.options

    def joining(self) -> list[tuple[Executable, list[Values]]]:
        """Once the rows are there: what names a stand-in is to name whom it stands for."""
        return [_moved(kind, JOINS[kind], stand_ins) for kind, stand_ins in self._stand_ins.items() if stand_ins]

    def faces_of_what_is_there(self) -> Iterator[tuple[str, Face]]:
        known = self._plan.known_pictures
        return ((image_id, face) for image_id, face in self._plan.export.faces if image_id in known)

    def _is_new(self, character_id: str) -> bool:
        return character_id not in self._plan.now and character_id not in self._plan.left_out

    def _character(self, kind: type[Row], character_id: str) -> str:
        """One of the zip: themselves where they are new, or a stand-in of who they are here."""
        there = self._plan.now.get(character_id)
        return self._stand_in(kind, there) if there else character_id

    def _stand_in(self, kind: type[Row], id: str) -> str:
        return self._stand_ins[kind].setdefault(id, id_in(self._hidden.stand_ins, id))

    @property
    def _in_order(self) -> list[ExportedPicture]:
        """The new pictures, parents first."""
        new = self._plan.new_pictures
        parents = {id: [line.parent_id] if line.parent_id in new else [] for id, line in new.items()}
        return [new[id] for id in TopologicalSorter[Any](parents).static_order()]

    def _image(self, line: ExportedPicture, character_id: str) -> Values:
        """Without a parent that is neither in the zip nor here."""
        width, height = self._sizes[line.content_hash]
        return {
            "id": line.image_id,
            "character_id": character_id,
            "content_hash": line.content_hash,
            "width": width,
            "height": height,
            "source": line.source,
            "parent_id": line.parent_id if line.parent_id in self._plan.parents else None,
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

    @property
    def _cast(self) -> _Cast:
        """A story has one entry for a character, and an entry one option for a picture, whatever their ids are here."""
        plan, cast, members = self._plan, _Cast({}, [], []), dict(self._plan.members)
        options = set(plan.options)
        for member in plan.export.project.cast:
            if member.character_id in plan.left_out:
                continue
            pair = (member.story_id, plan.who(member.character_id))
            if pair not in members:
                members[pair] = member.id
                active = member.active_image_id if plan.is_theirs(member.active_image_id or "") else None
                who = self._character(CastMemberRow, member.character_id)
                cast.members.append(
                    {"id": member.id, "story_id": member.story_id, "character_id": who, "active_image_id": active}
                )
            for option in member.options:
                if plan.is_theirs(option.image_id) and (members[pair], option.image_id) not in options:
                    options.add((members[pair], option.image_id))
                    is_there = pair in plan.members
                    entry = self._stand_in(CastOptionRow, members[pair]) if is_there else members[pair]
                    cast.options.append({**asdict(option), "cast_member_id": entry})
                    if is_there:
                        cast.stand_ins[entry] = {"id": entry, "story_id": pair[0], "character_id": entry}
        return cast


class _Cast(NamedTuple):
    stand_ins: dict[str, Values]  # of members that are there, by id
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


def _nobody(id: str, project_id: str, name: str = "", merged_into_id: str | None = None) -> Values:
    """A character of whom nothing is left, or who is none: a stand-in."""
    character = CharacterRow(
        id=id, project_id=project_id, merged_into_id=merged_into_id, is_saved_to_library=False, is_favourite=False
    )
    rows.describe(character, name or id, "", VisualProfile(), "")
    return _values(character)


def _identity(image_id: str, face: Face) -> Values:
    return {**_values(IdentityRow.of(image_id, face, face.identities[0])), "id": new_id()}


def _values(row: Row) -> Values:
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}


def _moved(kind: type[Row], column: str, stand_ins: Mapping[str, str]) -> tuple[Executable, list[Values]]:
    """What names a stand-in names whom it stands for."""
    table = Row.metadata.tables[kind.__tablename__]
    moved = update(table).where(table.c[column] == bindparam("stand_in")).values({column: bindparam("there")})
    return moved, [{"stand_in": stand_in, "there": there} for there, stand_in in stand_ins.items()]


def _slices(values: Iterable[T]) -> Iterator[list[T]]:
    values = iter(values)
    while some := list(islice(values, AT_ONCE)):
        yield some
