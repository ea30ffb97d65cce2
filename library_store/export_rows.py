"""What a zip holds (export_zip.py) out of the database and into another, within sessions that library.py has opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from errors import InvalidRequest, UnreadableExport
from library_store import door, quotas, rows
from library_store.copies import id_in, in_project
from library_store.export_zip import (
    Export,
    ExportedMember,
    ExportedOption,
    ExportedPicture,
    ExportedProject,
    ExportedStory,
    ImportReport,
    MergedCharacter,
)
from library_store.kept_likeness import to_json
from library_store.limits import check_context, check_name, check_tags, check_text
from library_store.records import CharacterReferenceImage, CharacterText, VisualProfile
from library_store.schema import (
    CastMemberRow,
    CastOptionRow,
    CharacterRow,
    IdentityRow,
    ImageRow,
    ProjectRow,
    SteeringRow,
    StoryRow,
    TagRow,
)
from library_store.text import clean, folded
from pipeline.labels import DRAWN, MIXED
from pipeline.values import Face

# Out of the database


def read_export(session: Session, project_id: str, character_ids: Collection[str] | None, embeddings: bool) -> Export:
    """A whole project; or some of its saved characters, without the stories that they are cast in.

    Raises InvalidRequest for no character, for one of another project and for one that is not saved.
    """
    project = rows.find(session, ProjectRow, project_id)
    everything = character_ids is None
    meant = _whole(project) if everything else _some(session, project, character_ids)
    pictures = _pictures(session, meant)
    stories = select(StoryRow).where(StoryRow.project_id == project.id).order_by(StoryRow.id)
    exported_project = ExportedProject(
        id=project.id,
        name=project.name,
        owner=project.owner,
        stories=tuple(
            ExportedStory(story.id, story.title, story.context, story.trashed_at)
            for story in (session.scalars(stories) if everything else ())
        ),
        cast=_cast(session, meant) if everything else (),
        merged=_merged(session, project, {line.character_id for line in pictures}),
    )
    return Export(exported_project, pictures, _faces(session, meant) if embeddings else ())


def _whole(project: ProjectRow) -> ColumnElement[bool]:
    return CharacterRow.project_id == project.id


def _some(session: Session, project: ProjectRow, character_ids: Collection[str]) -> ColumnElement[bool]:
    characters = [rows.find_character(session, id) for id in character_ids]
    if not characters:
        raise InvalidRequest("There is no character to export.", "Choose at least one.")
    if any(character.project_id != project.id for character in characters):
        raise InvalidRequest("These characters belong to different projects.", "Export each project by itself.")
    for character in characters:
        if not character.is_saved_to_library:
            raise InvalidRequest(
                "{name} is not in the library.",
                "Save the character first, or export the whole project.",
                name=character.name,
            )
    return CharacterRow.id.in_([character.id for character in characters])


def _pictures(session: Session, meant: ColumnElement[bool]) -> tuple[ExportedPicture, ...]:
    """Character by character, oldest first."""
    characters = {row.id: row.record() for row in session.scalars(select(CharacterRow).where(meant))}
    of_meant = select(ImageRow).join(CharacterRow, CharacterRow.id == ImageRow.character_id).where(meant)
    by_character = of_meant.order_by(ImageRow.character_id, ImageRow.created_at, ImageRow.id)
    images = {row.id: row.record() for row in session.scalars(by_character)}
    steering = select(SteeringRow.image_id).join(CharacterRow, CharacterRow.id == SteeringRow.character_id).where(meant)
    steers = set(session.scalars(steering))
    return tuple(
        ExportedPicture.of(
            characters[image.character_id],
            image,
            images.get(image.parent_id or ""),
            image.id in steers,
            _source_type(image, images),
        )
        for image in images.values()
    )


def _source_type(image: CharacterReferenceImage, images: Mapping[str, CharacterReferenceImage]) -> str | None:
    """As the picture's own file says it."""
    if image.source == "uploaded":
        return None
    before = [images[id] for id in image.made_from if id in images]
    return MIXED if any(each.source == "uploaded" for each in before) else DRAWN


def _cast(session: Session, meant: ColumnElement[bool]) -> tuple[ExportedMember, ...]:
    """With the options that were removed, which can be restored."""
    options: defaultdict[str, list[ExportedOption]] = defaultdict(list)
    offers = select(
        CastOptionRow.cast_member_id,
        CastOptionRow.id,
        CastOptionRow.image_id,
        CastOptionRow.how,
        CastOptionRow.added_at,
        CastOptionRow.removed_at,
    ).join(CastMemberRow, CastMemberRow.id == CastOptionRow.cast_member_id)
    of_meant = offers.join(CharacterRow, CharacterRow.id == CastMemberRow.character_id).where(meant)
    for member_id, id, image_id, how, added_at, removed_at in session.execute(
        of_meant.order_by(CastOptionRow.id)
    ).tuples():
        options[member_id].append(ExportedOption(id, image_id, how, added_at, removed_at))
    members = select(
        CastMemberRow.id, CastMemberRow.story_id, CastMemberRow.character_id, CastMemberRow.active_image_id
    ).join(CharacterRow, CharacterRow.id == CastMemberRow.character_id)
    return tuple(
        ExportedMember(id, story_id, character_id, active_image_id, tuple(options[id]))
        for id, story_id, character_id, active_image_id in session.execute(
            members.where(meant).order_by(CastMemberRow.id)
        ).tuples()
    )


def _merged(session: Session, project: ProjectRow, character_ids: Collection[str]) -> tuple[MergedCharacter, ...]:
    merged = select(CharacterRow.id, CharacterRow.name, CharacterRow.merged_into_id).where(
        CharacterRow.project_id == project.id, CharacterRow.merged_into_id.is_not(None)
    )
    return tuple(
        MergedCharacter(id, name, kept_id)
        for id, name, kept_id in session.execute(merged.order_by(CharacterRow.id)).tuples()
        if kept_id and kept_id in character_ids
    )


def _faces(session: Session, meant: ColumnElement[bool]) -> tuple[tuple[str, Face], ...]:
    of_images = select(IdentityRow).join(ImageRow, ImageRow.id == IdentityRow.image_id)
    of_meant = of_images.join(CharacterRow, CharacterRow.id == ImageRow.character_id).where(meant)
    return tuple((row.image_id, IdentityRow.face([row])) for row in session.scalars(of_meant.order_by(IdentityRow.id)))


# Into another one


@dataclass(frozen=True)
class Plan:
    """What an import will find and do."""

    project_id: str
    export: Export  # under the ids that it has there
    characters: Mapping[str, str]  # a character's id in the zip -> who that is here: whom they were merged into
    known_characters: frozenset[str]  # merged ones too
    left_out: frozenset[str]  # new characters all of whose pictures are somebody else's here
    new_pictures: Mapping[str, ExportedPicture]
    theirs: frozenset[str]  # pictures that belong to the same character here as in the zip
    parents: frozenset[str]  # pictures of the project that others can have been made from

    @property
    def report(self) -> ImportReport:
        skipped = len(self.characters.keys() & (self.known_characters | self.left_out))
        return ImportReport(self.project_id, len(self.characters) - skipped, skipped, len(self.new_pictures))


def plan_import(session: Session, export: Export, project_id: str | None) -> Plan:
    """None: the project that the zip came from. What another project has already is copied. Raises NotFound for an
    unknown project."""
    _check_lengths(export)
    target = _target(session, export, project_id)
    export = in_project(session, export, target)
    lines = {line.image_id: line for line in export.pictures}
    names = {line.character_id: line.name for line in export.pictures}
    merged = {merged.id: merged.name for merged in export.project.merged}

    known_characters: dict[str, str] = {}
    for batch in rows.batched(names | merged):
        found = select(CharacterRow.id, CharacterRow.merged_into_id).where(CharacterRow.id.in_(batch))
        for id, merged_into_id in session.execute(found).tuples():
            known_characters[id] = merged_into_id or id
    characters = {id: known_characters.get(id, id) for id in names}

    theirs, known_pictures, parents = set[str](), set[str](), set[str]()
    for batch in rows.batched(lines.keys() | {line.parent_id for line in lines.values() if line.parent_id}):
        found = select(ImageRow.id, ImageRow.character_id, CharacterRow.project_id).join(
            CharacterRow, CharacterRow.id == ImageRow.character_id
        )
        for id, character_id, its_project in session.execute(found.where(ImageRow.id.in_(batch))).tuples():
            if id in lines:
                known_pictures.add(id)
                if character_id == characters[lines[id].character_id]:
                    theirs.add(id)
            if its_project == target:
                parents.add(id)

    new_pictures = {id: line for id, line in lines.items() if id not in known_pictures}
    theirs |= new_pictures.keys()
    return Plan(
        project_id=target,
        export=export,
        characters=characters,
        known_characters=frozenset(known_characters),
        left_out=frozenset(names.keys() - known_characters.keys() - {lines[id].character_id for id in theirs}),
        new_pictures=new_pictures,
        theirs=frozenset(theirs),
        parents=frozenset(parents | new_pictures.keys()),
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


def _target(session: Session, export: Export, project_id: str | None) -> str:
    """The id of the project that it goes into, which may have to be made: where it came from a project of somebody
    else's as well, who does not learn of it, nor does the visitor."""
    if project_id is None:
        origin = session.get(ProjectRow, export.project.id)
        if origin is None:
            return export.project.id
        if not door.may_see(session, origin):
            return id_in(door.visitor_of(session).name, export.project.id)
    return rows.hold(session, ProjectRow, project_id or export.project.id).id


def add_export(session: Session, plan: Plan, sizes: Mapping[str, tuple[int, int]]) -> None:
    """Adds what is not there yet and changes nothing that is. `sizes`: width and height of the new pictures, by hash.

    Raises UnreadableExport where the zip contradicts itself or the library.
    """
    export = plan.export
    try:
        if session.get(ProjectRow, plan.project_id) is None:
            project = export.project
            owner = door.owner_of_import(session, project.owner)
            rows.added(session, ProjectRow(id=plan.project_id, name=project.name, owner=owner))
            quotas.check_projects(session, owner)
        _add_stories(session, export, plan)
        new = _add_characters(session, export, plan)
        _add_pictures(session, plan, sizes)
        _complete_characters(session, new, export, plan)
        _add_tags(session, new, export, plan)
        _add_faces(session, export, plan)
        _add_cast(session, export, plan)
        rows.faces_changed(session, plan.project_id)
        session.flush()
        quotas.check_all(session, plan.project_id)
    except (IntegrityError, CycleError) as error:
        raise UnreadableExport(
            "This export contradicts itself, or what is in the library already.", "Export it again and try once more."
        ) from error


def _add_stories(session: Session, export: Export, plan: Plan) -> None:
    for story in export.project.stories:
        if session.get(StoryRow, story.id) is None:
            session.add(StoryRow(project_id=plan.project_id, **asdict(story)))
    session.flush()


def _add_characters(session: Session, export: Export, plan: Plan) -> dict[str, CharacterRow]:
    """The new characters by id, without what points at their pictures; and the ids that lead to merged ones."""
    new: dict[str, CharacterRow] = {}
    for line in export.pictures:
        if line.character_id not in plan.known_characters | plan.left_out | new.keys():
            new[line.character_id] = character = CharacterRow(
                id=line.character_id,
                project_id=plan.project_id,
                is_saved_to_library=line.is_saved_to_library,
                saved_at=line.saved_at,
                is_favourite=line.is_favourite,
                trashed_at=line.trashed_at,
                copied_from_id=line.copied_from_id,
            )
            rows.describe(character, line.name, line.description, line.visual_profile, line.character_prompt)
    session.add_all(new.values())
    session.flush()
    for merged in export.project.merged:
        if merged.id not in plan.known_characters and merged.merged_into_id not in plan.left_out:
            kept_id = plan.characters[merged.merged_into_id]
            left = CharacterRow(id=merged.id, project_id=plan.project_id, merged_into_id=kept_id)
            rows.describe(left, merged.name, "", VisualProfile(), "")
            session.add(left)
    session.flush()
    return new


def _add_pictures(session: Session, plan: Plan, sizes: Mapping[str, tuple[int, int]]) -> None:
    """Parents first. A picture whose parent is neither in the zip nor here has none from now on."""
    new = plan.new_pictures
    order = TopologicalSorter({id: _one_of(new, line.parent_id) for id, line in new.items()}).static_order()
    images = [_image(new[id], plan, *sizes[new[id].content_hash]) for id in order]
    if images:
        session.execute(insert(ImageRow), images)


def _one_of(new: Mapping[str, ExportedPicture], id: str | None) -> tuple[str, ...]:
    return (id,) if id is not None and id in new else ()


def _image(line: ExportedPicture, plan: Plan, width: int, height: int) -> dict[str, Any]:
    return {
        "id": line.image_id,
        "character_id": plan.characters[line.character_id],
        "content_hash": line.content_hash,
        "width": width,
        "height": height,
        "source": line.source,
        "parent_id": line.parent_id if line.parent_id in plan.parents else None,
        "request": line.request,
        "pack": line.pack,
        "seed": line.seed,
        "likeness": to_json(line.likeness) if line.likeness else None,
        "created_at": line.created_at,
    }


def _complete_characters(session: Session, new: Mapping[str, CharacterRow], export: Export, plan: Plan) -> None:
    """If the canonical picture belongs to somebody else here, the first of the character's own takes its place."""
    for line in export.pictures:
        character = new.get(line.character_id)
        if character is None or line.image_id not in plan.theirs:
            continue
        if line.is_canonical or character.canonical_image_id is None:
            character.canonical_image_id = line.image_id
        if line.is_steering:
            session.add(SteeringRow(character_id=character.id, image_id=line.image_id))
    session.flush()


def _add_tags(session: Session, new: Mapping[str, CharacterRow], export: Export, plan: Plan) -> None:
    """In the spelling that the project has them in already."""
    of_project = select(TagRow.folded, TagRow.tag).join(CharacterRow, CharacterRow.id == TagRow.character_id)
    known = session.execute(of_project.where(CharacterRow.project_id == plan.project_id).distinct())
    spellings = dict(known.tuples().all())
    wanted = {
        (line.character_id, folded(tag)): spellings.setdefault(folded(tag), clean(tag))
        for line in export.pictures
        for tag in line.tags
        if line.character_id in new
    }
    session.add_all(TagRow(character_id=id, tag=tag, folded=key) for (id, key), tag in wanted.items())
    session.flush()


def _add_faces(session: Session, export: Export, plan: Plan) -> None:
    known: set[tuple[str, str]] = set()
    for batch in rows.batched(image_id for image_id, _ in export.faces):
        seen = select(IdentityRow.image_id, IdentityRow.encoder).where(IdentityRow.image_id.in_(batch))
        known.update(session.execute(seen).tuples())
    for image_id, face in export.faces:
        identity = face.identities[0]
        if image_id in plan.theirs and (image_id, identity.encoder) not in known:
            session.add(IdentityRow.of(image_id, face, identity))
    session.flush()


def _add_cast(session: Session, export: Export, plan: Plan) -> None:
    """A story has one entry for a character, and an entry one option for a picture, whatever their ids are here."""
    members: dict[tuple[str, str], str] = {}
    options: set[tuple[str, str]] = set()
    for batch in rows.batched(story.id for story in export.project.stories):
        in_stories = CastMemberRow.story_id.in_(batch)
        entries = select(CastMemberRow.story_id, CastMemberRow.character_id, CastMemberRow.id).where(in_stories)
        members |= {(story_id, character_id): id for story_id, character_id, id in session.execute(entries).tuples()}
        offers = select(CastOptionRow.cast_member_id, CastOptionRow.image_id)
        of_members = offers.join(CastMemberRow, CastMemberRow.id == CastOptionRow.cast_member_id).where(in_stories)
        options.update(session.execute(of_members).tuples())

    new_options: list[dict[str, Any]] = []
    for member in export.project.cast:
        if member.character_id in plan.left_out:
            continue
        pair = (member.story_id, plan.characters[member.character_id])
        if pair not in members:
            members[pair] = member.id
            active = member.active_image_id if member.active_image_id in plan.theirs else None
            session.add(CastMemberRow(id=member.id, story_id=pair[0], character_id=pair[1], active_image_id=active))
        for option in member.options:
            if option.image_id in plan.theirs and (members[pair], option.image_id) not in options:
                options.add((members[pair], option.image_id))
                new_options.append({**asdict(option), "cast_member_id": members[pair]})
    session.flush()
    if new_options:
        session.execute(insert(CastOptionRow), new_options)
