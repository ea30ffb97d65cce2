"""What an export becomes in a project, where another project holds what is in it already: the same under other ids.

The other ids follow from the old ones and the project. So what is brought in twice is there once, in its old order; and
a copy says whom it was copied from. Whoever comes by another way as well, as the copy of a copy, is known by that.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from library_store import rows
from library_store.exported import Export, ExportedMember, ExportedPicture
from library_store.schema import CharacterRow, ImageRow, StoryRow


def id_in(project_id: str, id: str) -> str:
    """What a thing is called in another project. A UUIDv7 begins with its time, and so does this; and a copy of a copy
    depends on the way that it went, or one project's could have the id of another's."""
    other = int.from_bytes(hashlib.sha256((project_id + id).encode()).digest()[:4], "big")
    return str(uuid.UUID(int=uuid.UUID(id).int ^ other))


def in_project(session: Session, export: Export, project_id: str) -> Export:
    """What is elsewhere, or was and was copied from there, under its ids in this project; all else as it is."""
    pictures, project = export.pictures, export.project
    people = {line.character_id for line in pictures} | {merged.id for merged in project.merged}
    copied = _copied(session, select(CharacterRow.id, CharacterRow.project_id), people, project_id)
    of_people = select(ImageRow.id, CharacterRow.project_id).join(
        CharacterRow, CharacterRow.id == ImageRow.character_id
    )
    copied |= _copied(session, of_people, [line.image_id for line in pictures], project_id)
    copied |= {line.image_id for line in pictures if line.character_id in copied}
    stories = [story.id for story in project.stories]
    copied |= _copied(session, select(StoryRow.id, StoryRow.project_id), stories, project_id)
    for member in project.cast:
        if copied & {member.story_id, member.character_id}:
            copied |= {member.id, *(option.id for option in member.options)}
    new = {id: id_in(project_id, id) for id in copied} | _there_by_another_way(session, export, copied, project_id)
    return _renamed(export, new) if new else export


def _there_by_another_way(session: Session, export: Export, copied: Collection[str], project_id: str) -> dict[str, str]:
    """Whom the project has already as somebody's copy, or as the original, and their pictures: the old ids to those."""
    lines = {line.character_id: line for line in export.pictures if line.character_id in copied}
    known_as = _ways_back(session, {id: line.copied_from_id for id, line in lines.items()})
    here = session.execute(
        select(CharacterRow.id, CharacterRow.copied_from_id).where(CharacterRow.project_id == project_id)
    ).tuples()
    of_those_here = _ways_back(session, dict(here.all())) if lines else {}
    by_ancestor = {ancestor: id for id, way in of_those_here.items() for ancestor in way}
    new = dict[str, str]()
    for id, way in known_as.items():
        there = next((by_ancestor[ancestor] for ancestor in way if ancestor in by_ancestor), id_in(project_id, id))
        if there != id_in(project_id, id) and id_in(project_id, id) not in of_those_here:
            new[id] = there
    for id, there in new.copy().items():
        images = select(ImageRow.content_hash, ImageRow.id).where(ImageRow.character_id == there)
        kept = dict(session.execute(images).tuples().all())
        new |= {
            line.image_id: kept[line.content_hash]
            for line in export.pictures
            if line.character_id == id and line.content_hash in kept
        }
    return new


def _ways_back(session: Session, copied_from: Mapping[str, str | None]) -> dict[str, list[str]]:
    """Each one, whom they were copied from, and so on; the last one may be gone by now."""
    ways = {id: [id, *([origin] if origin else [])] for id, origin in copied_from.items()}
    while last := {way[-1] for way in ways.values() if len(way) > 1}:
        before = dict[str, str | None]()
        for batch in rows.batched(last):
            found = select(CharacterRow.id, CharacterRow.copied_from_id).where(CharacterRow.id.in_(batch))
            before |= dict(session.execute(found).tuples().all())
        longer = {id: origin for id, way in ways.items() if (origin := before.get(way[-1])) and origin not in way}
        if not longer:
            break
        for id, origin in longer.items():
            ways[id].append(origin)
    return ways


def whom_they_were_copied_from(session: Session, character: CharacterRow, project_id: str) -> CharacterRow | None:
    """In that project: the original, or one on the way from it."""
    for id in _ways_back(session, {character.id: character.copied_from_id})[character.id][1:]:
        original = session.get(CharacterRow, id)
        if original and original.project_id == project_id:
            return original
    return None


def _copied(session: Session, found: Select[str, str], ids: Collection[str], project_id: str) -> set[str]:
    """`found`: the ids of such things, and their projects'."""
    by_copy, copied = {id_in(project_id, id): id for id in ids}, set[str]()
    for batch in rows.batched([*by_copy, *by_copy.values()]):
        for id, its_project in session.execute(found.where(found.selected_columns[0].in_(batch))).tuples():
            if its_project == project_id and id in by_copy:
                copied.add(by_copy[id])
            elif its_project != project_id and id not in by_copy:
                copied.add(id)
    return copied


def _renamed(export: Export, new: Mapping[str, str]) -> Export:
    def called(id: str) -> str:
        return new.get(id, id)

    project = replace(
        export.project,
        stories=tuple(replace(story, id=called(story.id)) for story in export.project.stories),
        cast=tuple(_renamed_member(member, new) for member in export.project.cast),
        merged=tuple(
            replace(merged, id=called(merged.id), merged_into_id=called(merged.merged_into_id))
            for merged in export.project.merged
        ),
    )
    pictures = tuple(_renamed_picture(line, new) for line in export.pictures)
    return Export(project, pictures, export.faces.renamed(called))


def _renamed_picture(line: ExportedPicture, new: Mapping[str, str]) -> ExportedPicture:
    is_copied = line.character_id in new
    request, steering = line.request, (line.request or {}).get("steering", [])
    if request and steering:
        steering = [{**image, "image_id": new.get(image["image_id"], image["image_id"])} for image in steering]
        request = {**request, "steering": steering}
    return replace(
        line,
        image_id=new.get(line.image_id, line.image_id),
        character_id=new.get(line.character_id, line.character_id),
        request=request,
        parent_id=line.parent_id and new.get(line.parent_id, line.parent_id),
        copied_from_id=line.character_id if is_copied else line.copied_from_id,
    )


def _renamed_member(member: ExportedMember, new: Mapping[str, str]) -> ExportedMember:
    return replace(
        member,
        id=new.get(member.id, member.id),
        story_id=new.get(member.story_id, member.story_id),
        character_id=new.get(member.character_id, member.character_id),
        active_image_id=member.active_image_id and new.get(member.active_image_id, member.active_image_id),
        options=tuple(
            replace(option, id=new.get(option.id, option.id), image_id=new.get(option.image_id, option.image_id))
            for option in member.options
        ),
    )
