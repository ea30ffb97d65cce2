"""The character library: save, list, search, load, remove, restore, merge, purge.

Only this file and its helpers rows.py, door.py, search.py, merges.py, endings.py, export_rows.py, import_plan.py and
imports.py issue SQL; they work within the sessions opened here, each of which knows who asks.

Every call writes in one transaction of its own (whole projects come and go in several short ones) and is safe from any
thread; what it gives back is frozen, and bound to no session.
A picture's file is kept before the transaction that names it begins, so a crash at any moment leaves at worst a spare
file, never a row without one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict, replace
from pathlib import Path

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from errors import AnotherProject, ContextChanged, InvalidRequest, LibraryUnavailable, LookOnly, NotFound, all_at_once
from library_store import door, endings, merges, quotas, rows, tidying
from library_store.changes import list_to_write, tags_to_write
from library_store.copies import whom_they_were_copied_from
from library_store.database import Sessions
from library_store.export_rows import read_export
from library_store.export_zip import write_zip
from library_store.exported import ImportReport
from library_store.guests import Guests, leave_everywhere
from library_store.import_plan import plan_import
from library_store.import_zip import keep_pictures, read_zip
from library_store.imports import bring_in
from library_store.limits import check_context, check_query, check_text
from library_store.pictures import Pictures
from library_store.png_request import request_texts
from library_store.records import (
    NO_TEXT,
    CastMember,
    Character,
    CharacterReferenceImage,
    CharacterText,
    FaceHit,
    FaceMatch,
    How,
    JudgeHits,
    LibraryQuery,
    NewPicture,
    Project,
    PurgePreview,
    ReferenceRead,
    Story,
    Use,
    Visitor,
    VisualProfile,
)
from library_store.rows import TrashableT, find, find_character, hold, hold_character
from library_store.schema import CastMemberRow, CharacterRow, ImageRow, ProjectRow, SteeringRow, StoryRow
from library_store.search import (
    MAY_PASS,
    FaceIndex,
    behind,
    by_name,
    count_characters,
    select_characters,
    select_tags,
    select_without_identity,
)
from library_store.text import alphabet, clean, required
from pipeline.values import Face, Identity, Judgement, Reference, SavedPeople


class CharacterLibrary:
    """What one visitor sees of a store (store.py makes it), a light value.

    All methods raise NotFound for an unknown id, and no other for what is somebody else's; LibraryUnavailable where
    database or pictures fail them.
    """

    def __init__(self, sessions: Sessions, pictures: Pictures, faces: FaceIndex, visitor: Visitor) -> None:
        self._sessions = sessions
        self._pictures = pictures
        self._faces = faces
        self._visitor = visitor
        self.guests = Guests(sessions, visitor)

    # Projects and stories

    def create_project(self, name: str) -> Project:
        """The visitor's own. Raises InvalidRequest for an empty name."""
        with self._writing() as session:
            project = rows.added(session, ProjectRow(name=required(name, "project"), owner=self._visitor.name))
            quotas.check_projects(session, project.owner)
            return project.record()

    def get_project(self, project_id: str) -> Project:
        with self._reading() as session:
            return find(session, ProjectRow, project_id).record()

    def rename_project(self, project_id: str, name: str) -> Project:
        """Raises InvalidRequest for an empty name."""
        with self._writing() as session:
            project = rows.hold_own_project(session, project_id)
            project.name = required(name, "project")
            return project.record()

    def trash_project(self, project_id: str) -> Project:
        """Takes a project out of the list; all that is in it stays, and it can be restored."""
        with self._writing() as session:
            return rows.trashed(rows.hold_own_project(session, project_id)).record()

    def restore_project(self, project_id: str) -> Project:
        with self._writing() as session:
            return rows.restored(rows.hold_own_project(session, project_id)).record()

    def list_projects(self, trashed: bool = False) -> list[Project]:
        """Oldest first; those in the trash, or those that are not."""
        with self._reading() as session:
            meant = ProjectRow.trashed_at.is_not(None) if trashed else ProjectRow.trashed_at.is_(None)
            projects = select(ProjectRow).where(meant, door.seen_projects(session)).order_by(ProjectRow.id)
            return [row.record() for row in session.scalars(projects)]

    def create_story(self, project_id: str, title: str, context: str = "") -> Story:
        """Raises InvalidRequest for an empty title, or a project in the trash."""
        with self._writing() as session:
            project = rows.hold_open_project(session, project_id)
            check_context(context)
            story = StoryRow(project_id=project.id, title=required(title, "story"), context=clean(context))
            record = rows.added(session, story).record()
            quotas.check_stories(session, project.id)
            return record

    def get_story(self, story_id: str) -> Story:
        with self._reading() as session:
            return find(session, StoryRow, story_id).record()

    def get_open_story(self, story_id: str) -> Story:
        """To write into. Raises InvalidRequest where it is in the trash, alone or with its project, and LookOnly."""
        with self._reading() as session:
            return rows.find_open_story(session, story_id).record()

    def is_in_trash(self, story_id: str) -> bool:
        """Whether a story is, alone or with its project."""
        with self._reading() as session:
            return rows.in_trash(session, find(session, StoryRow, story_id))

    def update_story(
        self, story_id: str, title: str | None = None, context: str | None = None, instead_of: str | None = None
    ) -> Story:
        """What is None stays as it is. Raises InvalidRequest for an empty title.

        Raises ContextChanged where the context to be replaced is not `instead_of`, the one that was shown, any more.
        """
        with self._writing() as session:
            story = hold(session, StoryRow, story_id)
            if title is not None:
                story.title = required(title, "story")
            if context is not None and clean(context) != story.context:
                if instead_of is not None and instead_of != story.context:
                    raise ContextChanged(story.context)
                check_context(context)
                story.context = clean(context)
            return story.record()

    def ensure_a_story(self, project_id: str | None = None) -> Story:
        """A story to begin with: the first one of a project, or of the visitor's first; made where there is none."""
        with self._writing() as session:
            seen = _not_in_trash(ProjectRow).where(door.seen_projects(session), ProjectRow.id == project_id)
            own = _not_in_trash(ProjectRow).where(door.own_projects(session))
            project = session.scalars(seen).first() or session.scalars(own).first()
            project = project or rows.added(session, ProjectRow(name="My first project", owner=self._visitor.name))
            story = session.scalars(_not_in_trash(StoryRow).where(StoryRow.project_id == project.id)).first()
            if story is None and not door.may_change(session, project):
                raise LookOnly
            first = StoryRow(project_id=project.id, title="Story 1", context="")
            return (story or rows.added(session, first)).record()

    def trash_story(self, story_id: str) -> Story:
        """Takes a story out of the list; its cast stays, and it can be restored."""
        with self._writing() as session:
            return rows.trashed(hold(session, StoryRow, story_id)).record()

    def restore_story(self, story_id: str) -> Story:
        with self._writing() as session:
            return rows.restored(hold(session, StoryRow, story_id)).record()

    def list_stories(self, project_id: str, trashed: bool = False) -> list[Story]:
        """Oldest first; those in the trash, or those that are not."""
        with self._reading() as session:
            project = find(session, ProjectRow, project_id)
            meant = StoryRow.trashed_at.is_not(None) if trashed else StoryRow.trashed_at.is_(None)
            stories = select(StoryRow).where(StoryRow.project_id == project.id, meant).order_by(StoryRow.id)
            return [row.record() for row in session.scalars(stories)]

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
        also_in_trash: bool = False,
    ) -> CastMember:
        """A new character of the story's project, cast in the story; the first picture is canonical and active.

        Raises InvalidRequest for an empty name, no picture or, unless it may be `also_in_trash`, a story there.
        """
        look = visual_profile or VisualProfile()
        with all_at_once() as checked:
            checked(required, name, "character")
            checked(check_text, CharacterText(name, description, prompt, **asdict(look)))
        if not also_in_trash:
            self.get_open_story(story_id)
        hashes = self._keep_files(pictures)
        with self._writing() as session:
            story = _hold_story(session, story_id, also_in_trash)
            character = CharacterRow(project_id=story.project_id)
            rows.describe(character, name, description, look, prompt)
            member = rows.cast(session, story, rows.added(session, character))
            quotas.check_characters(session, story.project_id)
            images = self._add_images(session, character, pictures, hashes)
            rows.add_options(session, member, images, how)
            character.canonical_image_id = member.active_image_id = images[0].id
            return rows.whole(session, member)

    def add_options(self, cast_member_id: str, pictures: Sequence[NewPicture], how: How) -> CastMember:
        """New pictures of that member's character, on offer after the ones there are. The active image stays.

        Raises InvalidRequest for no picture.
        """
        self.get_cast_member(cast_member_id)
        hashes = self._keep_files(pictures)
        with self._writing() as session:
            member = hold(session, CastMemberRow, cast_member_id)
            rows.add_options(session, member, self._add_images(session, member.character, pictures, hashes), how)
            if any(new.face for new in pictures):
                rows.faces_added(session, member.character)
            return rows.whole(session, member)

    def cast_character(self, story_id: str, character_id: str) -> CastMember:
        """The story's member for a character, made without options if there is none.

        Raises InvalidRequest for a character of another project, or a story in the trash.
        """
        with self._writing() as session:
            story = rows.find_open_story(session, story_id, hold=True)
            return rows.whole(session, rows.cast(session, story, find_character(session, character_id)))

    def link_image(self, story_id: str, image_id: str) -> CastMember:
        """Load Character: this very picture, no copy of it, is on offer in the story; active if nothing else is.

        Linking twice is linking once. Raises InvalidRequest for a picture of another project or a story in the trash.
        """
        with self._writing() as session:
            story = rows.find_open_story(session, story_id, hold=True)
            image = find(session, ImageRow, image_id)
            member = rows.cast(session, story, find_character(session, image.character_id))
            option = rows.find_option(session, member, image.id)
            if option is None:
                rows.add_options(session, member, [image], "loaded")
            elif option.removed_at is not None:
                option.how, option.added_at, option.removed_at, option.was_active = "loaded", rows.now(), None, False
            member.active_image_id = member.active_image_id or image.id
            return rows.whole(session, member)

    def get_cast_member(self, cast_member_id: str) -> CastMember:
        with self._reading() as session:
            return find(session, CastMemberRow, cast_member_id).record()

    def list_cast(self, story_id: str) -> list[CastMember]:
        """Who has a picture on offer in the story, in the order in which they joined it."""
        with self._reading() as session:
            story = find(session, StoryRow, story_id)
            members = select(CastMemberRow).where(CastMemberRow.story_id == story.id).order_by(CastMemberRow.id)
            shown = (row for row in session.scalars(members) if row.character.project_id == story.project_id)
            return [member for row in shown if (member := row.record()).options]  # the others are being brought in

    def select_image(self, cast_member_id: str, image_id: str) -> CastMember:
        """Makes one of the pictures on offer the active one."""
        with self._writing() as session:
            member = hold(session, CastMemberRow, cast_member_id)
            member.active_image_id = rows.option_on_offer(member, image_id).image_id
            rows.forget_removed_stars(session, member)
            return rows.whole(session, member)

    def remove_option(self, cast_member_id: str, image_id: str) -> CastMember:
        """Takes a picture off the story's offer, and nothing else: picture and library stay as they are.

        If it was active, the best of the others becomes so: of those that came the same way, if there are any.
        """
        with self._writing() as session:
            member = hold(session, CastMemberRow, cast_member_id)
            option = rows.option_on_offer(member, image_id)
            option.removed_at, option.was_active = rows.now(), member.active_image_id == image_id
            session.flush()
            session.refresh(member)
            if option.was_active:
                best = rows.best_on_offer(member, option.how)
                member.active_image_id = best and best.image_id
            return rows.whole(session, member)

    def restore_option(self, cast_member_id: str, image_id: str) -> CastMember:
        """Undoes `remove_option`: the picture is on offer again, as it was; active if it was, unless another one was
        chosen since, or if nothing else is."""
        with self._writing() as session:
            member = hold(session, CastMemberRow, cast_member_id)
            option = rows.find_option(session, member, image_id)
            if option is None:
                raise NotFound("picture of this cast member", image_id)
            if option.removed_at is not None and (option.was_active or not member.active_image_id):
                member.active_image_id = image_id
            option.removed_at, option.was_active = None, False
            return rows.whole(session, member)

    # The library of a project

    def save_character(
        self,
        cast_member_id: str,
        image_id: str,
        written: CharacterText = NO_TEXT,
        shown: CharacterText = NO_TEXT,
    ) -> Character:
        """Puts a cast member's character in the library, with one of the pictures on offer as the canonical one.

        A trashed character comes back. `written` and `shown` are as in `edit_character`, and raise the same.
        """
        with self._writing() as session:
            member = hold(session, CastMemberRow, cast_member_id)
            character = member.character
            rows.rewrite(character, written, shown)
            character.canonical_image_id = rows.option_on_offer(member, image_id).image_id
            character.is_saved_to_library, character.saved_at, character.trashed_at = True, rows.now(), None
            rows.faces_changed(session, character.project_id)
            return character.record()

    def edit_character(
        self,
        character_id: str,
        written: CharacterText,
        shown: CharacterText = NO_TEXT,
    ) -> Character:
        """Writes what differs from what was shown. What is None in `written` stays, what is None in `shown` is written
        whatever is there.

        Raises InvalidRequest for an empty name, and CharacterChanged, which writes nothing, where a field to be written
        is not as it was shown any more.
        """
        with self._writing() as session:
            character = hold_character(session, character_id)
            rows.rewrite(character, written, shown)
            return character.record()

    def get_character(self, character_id: str) -> Character:
        with self._reading() as session:
            return find_character(session, character_id).record()

    def search_library(
        self,
        project_id: str,
        query: LibraryQuery,
        offset: int = 0,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> list[Character]:
        """The saved characters that a query means, in its order: `limit` of them (None: all) from `offset` on.

        `cursor` is the id of the last character one has got already: those behind them follow, whoever was saved
        meanwhile. Raises InvalidRequest for a cursor in another order than by when they were saved.
        """
        check_query(query)
        with self._reading() as session:
            project = find(session, ProjectRow, project_id)
            if query.sort == "name" and cursor is None:
                return [row.record() for row in by_name(session, project.id, query, offset, limit)]
            found = select_characters(project.id, query)
            if cursor is not None:
                found = found.where(behind(rows.find_saved(session, project, cursor), query.sort))
            return [row.record() for row in session.scalars(found.offset(offset).limit(limit))]

    def count_library(self, project_id: str, query: LibraryQuery) -> int:
        check_query(query)
        with self._reading() as session:
            return session.scalars(count_characters(find(session, ProjectRow, project_id).id, query)).one()

    def list_library(
        self, project_id: str, query: str = "", limit: int | None = None, cursor: str | None = None
    ) -> list[Character]:
        """The saved characters, last saved first, in whose name, description, prompt or profile every word occurs.

        All of them, or `limit` behind `cursor`, the id of the last one that is known.
        """
        return self.search_library(project_id, LibraryQuery(query), limit=limit, cursor=cursor)

    def list_tags(self, project_id: str, language: str = "") -> list[str]:
        """In the alphabetical order of a `language`, as in a LibraryQuery; without those of characters in the trash."""
        with self._reading() as session:
            tags = session.scalars(select_tags(find(session, ProjectRow, project_id).id))
            return sorted(tags, key=alphabet(language))

    def search_by_face(
        self, project_id: str, identity: Identity, limit: int, judged: JudgeHits | None = None
    ) -> list[FaceMatch]:
        """The saved characters whose best picture is most like a face, by the encoder that made the identity.

        With `judged`, in the order of what the likeness is worth: the MAY_PASS most alike are judged, and behind them
        nobody is looked for.
        """
        with self._reading() as session:
            project = find(session, ProjectRow, project_id)
            hits = self._faces.nearest(session, project, identity, max(limit, MAY_PASS) if judged else limit)
            worth: Sequence[tuple[FaceHit, Judgement | None]] = [(hit, None) for hit in hits]
            if judged and hits:
                worth = sorted(zip(hits, judged(hits), strict=True), key=lambda pair: -pair[1].score)[:limit]
            meant = select(CharacterRow).where(CharacterRow.id.in_([hit.character_id for hit, _ in worth]))
            characters = {row.id: row.record() for row in session.scalars(meant)}
            return [
                FaceMatch(characters[hit.character_id], hit.image_id, hit.similarity, judgement)
                for hit, judgement in worth
            ]

    def saved_people(self, project_id: str, encoder: str) -> SavedPeople:
        """A face of each saved character whom an encoder has seen, by the picture that stands for them. The same object
        for as long as nothing about them has changed."""
        with self._reading() as session:
            return self._faces.people(session, find(session, ProjectRow, project_id), encoder)

    def list_without_identity(self, project_id: str, encoder: str) -> list[str]:
        """The canonical images of saved characters whom `search_by_face` cannot find by an encoder, last saved first:
        it has not looked at them, as after an import without identities, or has found no face."""
        with self._reading() as session:
            unseen = session.scalars(select_without_identity(find(session, ProjectRow, project_id).id, encoder))
            return [image_id for image_id in unseen if image_id]

    def set_favourite(self, character_id: str, favourite: bool) -> Character:
        with self._writing() as session:
            character = hold_character(session, character_id)
            character.is_favourite = favourite
            return character.record()

    def set_tags(self, character_id: str, tags: Sequence[str], instead_of: Sequence[str] | None = None) -> Character:
        """These tags and no others. Case does not tell them apart, and the project's first spelling of one is kept.

        With `instead_of`, the tags that were shown, others that were added since then stay, and removed ones stay away.
        """
        with self._writing() as session:
            character = hold_character(session, character_id)
            kept = [tag.tag for tag in character.tags]
            rows.retag(session, character, tags if instead_of is None else tags_to_write(tags, instead_of, kept))
            return character.record()

    def list_uses(self, character_id: str) -> list[Use]:
        """The stories in which a character is on offer, oldest first; those in the trash are left out."""
        with self._reading() as session:
            character = find_character(session, character_id)
            members = select(CastMemberRow, StoryRow).join(StoryRow, StoryRow.id == CastMemberRow.story_id)
            members = members.where(CastMemberRow.character_id == character.id, StoryRow.trashed_at.is_(None))
            return [
                Use(story.record(), tuple(option.image_id for option in member.options))
                for member, story in session.execute(members.order_by(StoryRow.id)).tuples()
                if member.options
            ]

    def merge_characters(self, kept_id: str, merged_id: str) -> Character:
        """Pictures, options and tags of the second become the first one's, and its id leads to the first from now on.

        The first one's name, description, canonical image and steering images stay. Raises InvalidRequest for one and
        the same character, for two of different projects, and where the first is in the trash.
        """
        with self._writing() as session:
            kept, merged = hold_character(session, kept_id), hold_character(session, merged_id)
            if kept.id == merged.id:
                raise InvalidRequest("This is one and the same character.", "Choose another one to merge with.")
            if kept.project_id != merged.project_id:
                raise InvalidRequest("These characters belong to different projects.", "Choose two of one project.")
            if kept.trashed_at is not None:
                raise InvalidRequest("{name} is in the trash.", "Restore the character first.", name=kept.name)
            merges.merge(session, kept, merged)
            quotas.check_all(session, kept.project_id)
            rows.faces_changed(session, kept.project_id)
            return kept.record()

    def undo_merge(self, merged_id: str) -> Character:
        """The second of two who were merged is somebody of their own again, with all that was theirs; what came since
        stays with the first. Gives the first. Raises InvalidRequest where they cannot be told apart any more.
        """
        with self._writing() as session:
            merged, kept = hold(session, CharacterRow, merged_id), hold_character(session, merged_id)
            if not merges.unmerge(session, merged):
                raise InvalidRequest(
                    "{name} was not merged, or was merged once more since.",
                    "Choose the pictures, and make a character of their own of them.",
                    name=merged.name,
                )
            quotas.check_characters(session, kept.project_id)
            rows.faces_changed(session, kept.project_id)
            return kept.record()

    def split_character(self, cast_member_id: str, image_ids: Collection[str], name: str) -> CastMember:
        """Makes somebody of their own of some of a character's pictures, with all that was made from these, in every
        story where they are on offer. What is written about the two is the same, but for the name.

        Gives the new one's member of that story. Raises InvalidRequest for an empty name, for no picture and for all of
        the character's.
        """
        required(name, "character")
        with self._writing() as session:
            member = hold(session, CastMemberRow, cast_member_id)
            character, story = member.character, find(session, StoryRow, member.story_id)
            chosen = [rows.option_on_offer(member, image_id).image_id for image_id in image_ids]
            theirs = merges.with_variants(session, character, chosen)
            images = session.scalars(select(ImageRow.id).where(ImageRow.character_id == character.id)).all()
            if not chosen or theirs >= set(images):
                raise InvalidRequest("One of the two would have no picture.", "Choose some of the pictures, not all.")
            taker, looks = CharacterRow(project_id=character.project_id), character.record()
            rows.describe(taker, name, looks.description, looks.visual_profile, looks.prompt)
            taken = rows.cast(session, story, rows.added(session, taker))
            quotas.check_characters(session, story.project_id)
            merges.hand_over(session, character, taker, theirs)
            taker.canonical_image_id = taken.active_image_id = chosen[0]
            rows.faces_changed(session, character.project_id)
            return rows.whole(session, taken)

    def copy_character(self, character_id: str, project_id: str) -> Character:
        """Puts a saved character into another project as well: pictures, tags and faces, not the stories. The copy is
        somebody of their own from then on; copied again, or by another way, they get the pictures that are new.

        Raises InvalidRequest for their own project, that of whom they were copied from, one in the trash, and for
        somebody who is not saved.
        """
        with self._writing() as session:
            character, project = find_character(session, character_id), rows.hold_open_project(session, project_id)
            if character.project_id == project.id:
                raise InvalidRequest("{name} is in this project.", "Choose another project.", name=character.name)
            if original := whom_they_were_copied_from(session, character, project.id):
                raise InvalidRequest(
                    "{name} was copied from {original}, who is in that project still.",
                    "Open {original} there and add the new pictures.", name=character.name, original=original.name,
                )  # fmt: skip
            export = read_export(session, character.project_id, [character.id], embeddings=True)
            plan = plan_import(session, export, project.id)
            images = session.scalars(select(ImageRow).where(ImageRow.character_id == character.id))
            sizes = {image.content_hash: (image.width, image.height) for image in images}
            bring_in(lambda: nullcontext(session), plan, sizes, lambda _: None)  # the files are the original's
            session.expire_all()
            copy = hold_character(session, plan.export.pictures[0].character_id)
            copy.saved_at, copy.trashed_at = rows.now() if plan.report.added else copy.saved_at, None
            return copy.record()

    def trash_character(self, character_id: str) -> Character:
        """Takes a character out of the library's lists. Stories keep it, and it can be restored."""
        with self._ending() as session:
            character = rows.trashed(hold_character(session, character_id))
            rows.faces_changed(session, character.project_id)
            return character.record()

    def restore_character(self, character_id: str) -> Character:
        with self._writing() as session:
            character = rows.restored(hold_character(session, character_id))
            rows.faces_changed(session, character.project_id)
            return character.record()

    def preview_purge(self, character_id: str) -> PurgePreview:
        """What `purge_character` would take away."""
        with self._reading() as session:
            return endings.preview_purge(session, find_character(session, character_id))

    def purge_character(self, character_id: str) -> None:
        """Deletes a trashed character for good: its pictures and their files, identities, and entries in stories. Files
        that cannot go now (LibraryUnavailable) go when the program starts next.

        Pictures of others that were made from its pictures stay, without a parent. Raises InvalidRequest for a
        character that is not in the trash.
        """
        with self._ending() as session:
            character = hold_character(session, character_id)
            if character.trashed_at is None:
                raise InvalidRequest(
                    "{name} is not in the trash.", "Move the character there first.", name=character.name
                )
            project_id = character.project_id
            endings.purge(session, character)
            rows.faces_changed(session, project_id)
        self._faces.forget(project_id)
        tidying.remove_doomed(self._ending, self._pictures)
        self._sessions.forget()

    # Reference images

    def get_image(self, image_id: str) -> CharacterReferenceImage:
        with self._reading() as session:
            return find(session, ImageRow, image_id).record()

    def list_images(self, character_id: str) -> list[CharacterReferenceImage]:
        """Oldest first."""
        with self._reading() as session:
            character = find_character(session, character_id)
            images = select(ImageRow).where(ImageRow.character_id == character.id)
            return [row.record() for row in session.scalars(images.order_by(ImageRow.created_at, ImageRow.id))]

    def set_canonical(self, character_id: str, image_id: str) -> Character:
        """Makes one of a character's pictures, on offer anywhere or not, the one that stands for them."""
        with self._writing() as session:
            character = hold_character(session, character_id)
            character.canonical_image_id = rows.find_image_of(session, character, image_id).id
            rows.faces_added(session, character)
            return character.record()

    def set_steering(
        self, character_id: str, image_ids: Sequence[str], instead_of: Sequence[str] | None = None
    ) -> None:
        """These pictures of a character, and no others, steer together with the canonical one.

        With `instead_of`, those that were shown, others that were added since then stay, and removed ones stay away.
        """
        with self._writing() as session:
            character = hold_character(session, character_id)
            if instead_of is not None:
                image_ids = list_to_write(image_ids, instead_of, rows.steering_of(session, character))
            quotas.check_steering(image_ids)
            session.execute(delete(SteeringRow).where(SteeringRow.character_id == character.id))
            for image_id in dict.fromkeys(image_ids):
                image = rows.find_image_of(session, character, image_id)
                rows.added(session, SteeringRow(character_id=character.id, image_id=image.id))

    def list_steering(self, character_id: str) -> list[str]:
        """What steers together with the canonical image, without that image itself."""
        with self._reading() as session:
            return rows.steering_beside_canonical(session, find_character(session, character_id))

    def get_reference(self, image_id: str) -> Reference:
        """The picture and the identities kept of it, the steering encoder's first; none if no face was found."""
        with self._reading() as session:
            image = find(session, ImageRow, image_id)
            identities = tuple(identity.record() for identity in rows.identities_of(session, image))
            content_hash, character_id = image.content_hash, image.character_id
        return Reference(self._pictures.get(content_hash), identities, character_id)

    def read_reference(self, story_id: str, image_id: str) -> ReferenceRead:
        """What is needed to draw the picture's person in a story. The canonical picture is joined by those chosen to
        steer together with it. Raises AnotherProject where story and character have different ones."""
        with self._reading() as session:
            story, image = find(session, StoryRow, story_id), find(session, ImageRow, image_id)
            character = find_character(session, image.character_id)
            if character.project_id != story.project_id:
                raise AnotherProject
            stands = character.canonical_image_id == image.id
            image_ids = (image.id, *(rows.steering_beside_canonical(session, character) if stands else ()))
            faces = rows.faces_of(session, image_ids)
            identities = tuple(faces[id].identities if id in faces else () for id in image_ids)
            is_any_uploaded = rows.is_any_uploaded(session, image_ids)
            return ReferenceRead(story.record(), character.record(), image_ids, identities, is_any_uploaded)

    def keep_variants(self, story_id: str, character_id: str, pictures: Sequence[NewPicture]) -> CastMember:
        """New pictures of a character, on offer in the story as variants, in which the character is cast if need be;
        the first becomes active where nothing is. Raises InvalidRequest for no picture, and AnotherProject.
        """
        hashes = self._keep_files(pictures)
        with self._writing() as session:
            story, character = hold(session, StoryRow, story_id), hold_character(session, character_id)
            member = rows.cast(session, story, character)
            images = self._add_images(session, character, pictures, hashes)
            rows.add_options(session, member, images, "variant")
            member.active_image_id = member.active_image_id or images[0].id
            if any(new.face for new in pictures):
                rows.faces_added(session, character)
            return rows.whole(session, member)

    def add_pictures(self, character_id: str, pictures: Sequence[NewPicture]) -> list[CharacterReferenceImage]:
        """Further pictures of a character, on offer in no story. Raises InvalidRequest for no picture."""
        self.get_character(character_id)
        hashes = self._keep_files(pictures)
        with self._writing() as session:
            character = hold_character(session, character_id)
            images = self._add_images(session, character, pictures, hashes)
            character.canonical_image_id = character.canonical_image_id or images[0].id
            if any(new.face for new in pictures):
                rows.faces_added(session, character)
            return [image.record() for image in images]

    def get_faces(self, image_ids: Collection[str]) -> dict[str, Face]:
        """By image id. Pictures of which no face is kept are left out."""
        with self._reading() as session:
            return rows.faces_of(session, image_ids)

    def keep_identities(self, image_id: str, face: Face) -> None:
        """Adds the identities of encoders that had not seen the picture yet. What is there stays. Whoever may see a
        picture may have a face looked for in it."""
        with self._writing() as session:
            image = find(session, ImageRow, image_id)
            session.refresh(image, with_for_update=True)
            known = {identity.encoder for identity in rows.identities_of(session, image)}
            new = tuple(identity for identity in face.identities if identity.encoder not in known)
            rows.add_identities(session, image, replace(face, identities=new))
            if new:
                rows.faces_added(session, find_character(session, image.character_id))

    def get_picture_path(self, image_id: str) -> str:
        """A local PNG file."""
        return self._pictures.path(self.get_image(image_id).content_hash)

    def get_thumbnail_path(self, image_id: str) -> str:
        """A local webp file of at most 256 x 256."""
        return self._pictures.thumbnail_path(self.get_image(image_id).content_hash)

    def get_thumbnail_paths(self, image_ids: Collection[str]) -> dict[str, str]:
        """For a page of pictures, by image id. One whose file is missing or damaged is left out, not all of them."""
        with self._reading() as session:
            hashes = rows.hashes_of(session, image_ids)
        return _found(hashes, self._pictures.thumbnail_path)

    def get_picture_paths(self, image_ids: Collection[str]) -> dict[str, str]:
        """As `get_thumbnail_paths`, the PNG files themselves."""
        with self._reading() as session:
            hashes = rows.hashes_of(session, image_ids)
        return _found(hashes, self._pictures.path)

    def check_room(self, pixels: int) -> None:
        """Raises InvalidRequest where so many more would be too many for the visitor: before they are drawn."""
        with self._reading() as session:
            quotas.check_room(session, pixels)

    # Export and import

    def export_zip(
        self, path: Path, project_id: str, character_ids: Collection[str] | None = None, embeddings: bool = False
    ) -> None:
        """Writes a whole project, or some of its saved characters alone, as one file for `import_zip` and `datasets`.

        Face identities are biometric and go along only with `embeddings`. Raises InvalidRequest for no character, for
        one of another project and for one that is not saved.
        """
        with self._reading() as session:
            export = read_export(session, project_id, character_ids, embeddings)
        write_zip(path, export, self._pictures)

    def import_zip(self, path: Path | str, project_id: str | None = None) -> ImportReport:
        """Adds what a zip holds, and changes nothing that is there: all of it or nothing.

        Without `project_id` into the project that it came from, which is made where there is none. All has the ids
        that it had; what is in another project already is copied from there. Raises UnreadableExport.
        """
        path = Path(path)
        export = read_zip(path)
        with self._reading() as session:
            plan = plan_import(session, export, project_id)
        lines = {line.content_hash: line for line in plan.new_pictures.values()}

        def keep_again(hashes: Collection[str]) -> None:
            gone = [lines[content_hash] for content_hash in hashes if not self._pictures.has(content_hash)]
            if gone:
                keep_pictures(path, gone, self._pictures)

        try:
            bring_in(self._writing, plan, keep_pictures(path, lines.values(), self._pictures), keep_again)
        except BaseException:
            with suppress(LibraryUnavailable):  # they go when the program starts next
                endings.remove_hidden(self._ending, door.hidden_projects)
                tidying.remove_doomed(self._ending, self._pictures)
                tidying.remove_unnamed(self._ending, self._pictures, sorted(lines))
            raise
        return plan.report

    # What is the visitor's own

    def delete_everything(self) -> None:
        """Deletes all that is the visitor's own, for good: projects with all that is in them, pictures, faces, and what
        they were let in to."""
        with self._ending() as session:
            projects = session.scalars(select(ProjectRow).where(door.own_projects(session))).all()
            for project in projects:
                endings.hide(session, project)
            leave_everywhere(session)
            gone = [project.id for project in projects]
        for project_id in gone:
            self._faces.forget(project_id)
        endings.remove_hidden(self._ending, door.hidden_projects)
        tidying.remove_doomed(self._ending, self._pictures)
        self._sessions.forget()

    def shows(self, content_hash: str) -> bool:
        """Whether a picture file is of an image that the visitor may see."""
        with self._reading() as session:
            seen = select(ImageRow.id).where(ImageRow.content_hash == content_hash, door.seen_images(session))
            return session.scalar(seen.limit(1)) is not None

    # Below: how it is done

    def _reading(self) -> AbstractContextManager[Session]:
        """One transaction, in which all queries see the same state."""
        return self._sessions.reading(self._visitor)

    def _writing(self) -> AbstractContextManager[Session]:
        """One transaction: all of it is kept when the block ends, or nothing."""
        return self._sessions.writing(self._visitor)

    def _ending(self) -> AbstractContextManager[Session]:
        """As `_writing`, on a full disk as well."""
        return self._sessions.ending(self._visitor)

    def _keep_files(self, pictures: Sequence[NewPicture]) -> list[str]:
        if not pictures:
            raise InvalidRequest("There is no picture to keep.", "Generate or upload one first.")
        return [self._keep_file(new) for new in pictures]

    def _keep_file(self, new: NewPicture) -> str:
        return self._pictures.put(new.picture, request_texts(new))

    def _add_images(
        self, session: Session, character: CharacterRow, pictures: Sequence[NewPicture], hashes: Sequence[str]
    ) -> list[ImageRow]:
        """Rows for files kept a moment ago. Where a purge has removed such a file since, it is kept again."""
        kept_as = [
            content_hash if self._pictures.has(content_hash) else self._keep_file(new)
            for new, content_hash in zip(pictures, hashes, strict=True)
        ]
        added = [rows.add_image(session, character, *each) for each in zip(pictures, kept_as, strict=True)]
        quotas.check_pictures(session, character.id)
        return added


def _hold_story(session: Session, story_id: str, also_in_trash: bool) -> StoryRow:
    return hold(session, StoryRow, story_id) if also_in_trash else rows.find_open_story(session, story_id, hold=True)


def _found(hashes: Mapping[str, str], path_of: Callable[[str], str]) -> dict[str, str]:
    paths: dict[str, str] = {}
    for image_id, content_hash in hashes.items():
        with suppress(LibraryUnavailable):
            paths[image_id] = path_of(content_hash)
    return paths


def _not_in_trash(table: type[TrashableT]) -> Select[TrashableT]:
    """Oldest first."""
    return select(table).where(table.trashed_at.is_(None)).order_by(table.id)
