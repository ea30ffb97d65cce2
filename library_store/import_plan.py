"""What of an export is new in a library, and whom it joins there, found out before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from errors import InvalidRequest
from library_store import door, rows
from library_store.copies import id_in, in_project
from library_store.exported import Export, ExportedPicture, ImportReport
from library_store.limits import check_context, check_name, check_tags, check_text
from library_store.records import CharacterText
from library_store.schema import (
    CastMemberRow,
    CastOptionRow,
    CharacterRow,
    IdentityRow,
    ImageRow,
    ProjectRow,
    StoryRow,
    TagRow,
)
from library_store.text import clean, folded
from pipeline.values import Face


@dataclass(frozen=True)
class Plan:
    """What an import will find and do."""

    project_id: str
    is_new_project: bool
    faces_revision: int  # of the project, which any change of whose picture is whose makes another
    export: Export  # under the ids that it has there
    now: Mapping[
        str, str
    ]  # who of the zip, merged ones too, is there already -> who that is: whom they were merged into
    known_stories: frozenset[str]
    new_pictures: Mapping[str, ExportedPicture]
    known_pictures: Mapping[str, str]  # that belong to the same character here as in the zip, and to whom
    parents: frozenset[str]  # pictures of the project that others can have been made from
    members: Mapping[tuple[str, str], str]  # of the known stories, by story and character
    options: frozenset[tuple[str, str]]  # on these members' offer, or removed from it: member and picture
    spellings: Mapping[str, str]  # of the project's tags, by how they are folded

    @property
    def report(self) -> ImportReport:
        people = {line.character_id for line in self.export.pictures}
        added = people - self.now.keys() - self.left_out
        return ImportReport(self.project_id, len(added), len(people) - len(added), len(self.new_pictures))

    @cached_property
    def left_out(self) -> frozenset[str]:
        """New characters all of whose pictures are somebody else's here."""
        people = {line.character_id for line in self.export.pictures}
        with_pictures = {line.character_id for line in self.export.pictures if self.is_theirs(line.image_id)}
        return frozenset(people - self.now.keys() - with_pictures)

    def is_theirs(self, image_id: str) -> bool:
        """Whether a picture is, or will be, of the same character as in the zip."""
        return image_id in self.new_pictures or image_id in self.known_pictures

    def who(self, character_id: str) -> str:
        """Who one of the zip is, or will be, here."""
        return self.now.get(character_id, character_id)

    def tag(self, tag: str) -> str:
        """As it is spelt in the project."""
        return self.spellings.get(folded(tag), clean(tag))


def plan_import(session: Session, export: Export, project_id: str | None) -> Plan:
    """None: the project that the zip came from. What another project has already is copied.

    Raises NotFound for an unknown project, and InvalidRequest for what is too long and while another import of the
    visitor's is under way.
    """
    _check_alone(session)
    _check_lengths(export)
    target, is_new = _target(session, export, project_id)
    export = in_project(session, export, target)
    lines = {line.image_id: line for line in export.pictures}
    people = {line.character_id for line in export.pictures} | {merged.id for merged in export.project.merged}

    now: dict[str, str] = {}
    for batch in rows.batched(people):
        found = select(CharacterRow.id, CharacterRow.merged_into_id).where(CharacterRow.id.in_(batch))
        now |= {id: merged_into_id or id for id, merged_into_id in session.execute(found).tuples()}

    known, theirs, parents = set[str](), dict[str, str](), set[str]()
    for batch in rows.batched(lines.keys() | {line.parent_id for line in lines.values() if line.parent_id}):
        found = select(ImageRow.id, ImageRow.character_id, CharacterRow.project_id).join(
            CharacterRow, CharacterRow.id == ImageRow.character_id
        )
        for id, character_id, its_project in session.execute(found.where(ImageRow.id.in_(batch))).tuples():
            if id in lines:
                known.add(id)
                whose = lines[id].character_id
                if character_id == now.get(whose, whose):
                    theirs[id] = character_id
            if its_project == target:
                parents.add(id)

    new_pictures = {id: line for id, line in lines.items() if id not in known}
    members, options = _cast(session, export)
    return Plan(
        project_id=target,
        is_new_project=is_new,
        faces_revision=0 if is_new else session.get_one(ProjectRow, target).faces_revision,
        export=export,
        now=now,
        known_stories=_known_stories(session, export),
        new_pictures=new_pictures,
        known_pictures=theirs,
        parents=frozenset(parents | new_pictures.keys()),
        members=members,
        options=options,
        spellings=_spellings(session, export, target),
    )


def still_holds(session: Session, plan: Plan) -> bool:
    """Whether those whom new pictures and entries are to join are who they were when it was made."""
    known_people = [id for id, now in plan.now.items() if id == now]
    for batch in rows.batched(known_people):
        found = select(CharacterRow.id).where(CharacterRow.id.in_(batch), CharacterRow.merged_into_id.is_(None))
        if len(session.scalars(found).all()) != len(batch):
            return False
    for batch in rows.batched(plan.known_pictures):
        found = select(ImageRow.id, ImageRow.character_id).where(ImageRow.id.in_(batch))
        if dict(session.execute(found).tuples().all()) != {id: plan.known_pictures[id] for id in batch}:
            return False
    return True


def unseen(session: Session, faces: Sequence[tuple[str, Face]]) -> list[tuple[str, Face]]:
    """Those in pictures that are still there, of encoders that had not seen them yet."""
    by_seen = {(image_id, face.identities[0].encoder): face for image_id, face in faces}
    images = {image_id for image_id, _ in faces}
    there = set(session.scalars(select(ImageRow.id).where(ImageRow.id.in_(images))))
    seen = select(IdentityRow.image_id, IdentityRow.encoder).where(IdentityRow.image_id.in_(images))
    lacking = by_seen.keys() - set(session.execute(seen).tuples())
    return [(pair[0], face) for pair, face in by_seen.items() if pair in lacking and pair[0] in there]


def _check_alone(session: Session) -> None:
    if session.scalar(select(ProjectRow.id).where(door.hidden_projects(session)).limit(1)):
        raise InvalidRequest(
            "Another import or deletion of yours is under way.", "Wait until it is done, then try again."
        )


def _check_lengths(export: Export) -> None:
    """Raises InvalidRequest for what is longer than what is kept of anybody."""
    check_name(export.project.name)
    for story in export.project.stories:
        check_name(story.title)
        check_context(story.context)
    for line in export.pictures:
        check_tags(line.tags)
        look = asdict(line.visual_profile)
        check_text(CharacterText(line.name, line.description, line.character_prompt, **look))


def _target(session: Session, export: Export, project_id: str | None) -> tuple[str, bool]:
    """The id of the project that it goes into, and whether that has to be made: where it came from a project of
    somebody else's as well, who does not learn of it, nor does the visitor."""
    if project_id is None:
        origin = session.get(ProjectRow, export.project.id)
        if origin is None:
            return export.project.id, True
        if not door.may_see(session, origin):
            own = id_in(door.visitor_of(session).name, export.project.id)
            return own, session.get(ProjectRow, own) is None
    return rows.hold(session, ProjectRow, project_id or export.project.id).id, False


def _known_stories(session: Session, export: Export) -> frozenset[str]:
    known = set[str]()
    for batch in rows.batched(story.id for story in export.project.stories):
        known.update(session.scalars(select(StoryRow.id).where(StoryRow.id.in_(batch))))
    return frozenset(known)


def _cast(session: Session, export: Export) -> tuple[dict[tuple[str, str], str], frozenset[tuple[str, str]]]:
    members, options = dict[tuple[str, str], str](), set[tuple[str, str]]()
    for batch in rows.batched(story.id for story in export.project.stories):
        in_stories = CastMemberRow.story_id.in_(batch)
        entries = select(CastMemberRow.story_id, CastMemberRow.character_id, CastMemberRow.id).where(in_stories)
        members |= {(story_id, character_id): id for story_id, character_id, id in session.execute(entries).tuples()}
        offers = select(CastOptionRow.cast_member_id, CastOptionRow.image_id)
        of_members = offers.join(CastMemberRow, CastMemberRow.id == CastOptionRow.cast_member_id).where(in_stories)
        options.update(session.execute(of_members).tuples())
    return members, frozenset(options)


def _spellings(session: Session, export: Export, project_id: str) -> dict[str, str]:
    """Of the zip's tags; the project's own spelling comes first."""
    of_zip = {folded(tag): clean(tag) for line in reversed(export.pictures) for tag in line.tags}
    of_project = select(TagRow.folded, TagRow.tag).join(CharacterRow, CharacterRow.id == TagRow.character_id)
    known = session.execute(of_project.where(CharacterRow.project_id == project_id).distinct())
    return of_zip | dict(known.tuples().all())
