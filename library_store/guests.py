"""Whom a project's owner lets in: by a link that is good once, to view or to edit."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from errors import NotFound
from library_store import door, rows
from library_store.database import Sessions
from library_store.door import visitor_of
from library_store.keys import find_key, key_row, new_secret
from library_store.records import Guest, Invitation, May, Project, Shared, Visitor
from library_store.rows import find, hold_own_project
from library_store.schema import AccountRow, GuestRow, KeyRow, ProjectRow

INVITATION_LASTS = timedelta(days=7)


class Guests:
    """As a visitor sees them, a part of their library. All methods raise NotFound for an unknown id, and no other for
    what is somebody else's; those that are for a project's owner raise LookOnly."""

    def __init__(self, sessions: Sessions, visitor: Visitor) -> None:
        self._sessions = sessions
        self._visitor = visitor

    def owns(self, project_id: str) -> bool:
        """Whether the visitor may end a project, and let others in."""
        with self._sessions.reading(self._visitor) as session:
            return door.owns(session, find(session, ProjectRow, project_id))

    def shared(self) -> dict[str, Shared]:
        """By project id, those of others that the visitor was let in to."""
        if self._visitor.sees_everything:
            return {}
        with self._sessions.reading(self._visitor) as session:
            let_in = select(GuestRow.project_id, GuestRow.may, AccountRow.name)
            owned = let_in.join(ProjectRow, ProjectRow.id == GuestRow.project_id)
            named = owned.outerjoin(AccountRow, AccountRow.owner == ProjectRow.owner)
            mine = named.where(GuestRow.visitor == self._visitor.name)
            return {project_id: Shared(name or "", may) for project_id, may, name in session.execute(mine).tuples()}

    def invite(self, project_id: str, may: May) -> str:
        """The secret of a link by which one person gets in, to view or to edit; for a week."""
        with self._sessions.writing(self._visitor) as session:
            project, secret = hold_own_project(session, project_id), new_secret()
            row = key_row(project.owner, "invitation", secret, lasts=INVITATION_LASTS)
            row.project_id, row.may = project.id, may
            session.add(row)
            return secret

    def list_invitations(self, project_id: str) -> list[Invitation]:
        """Those that nobody has used yet, oldest first."""
        with self._sessions.reading(self._visitor) as session:
            project = find(session, ProjectRow, project_id)
            of_project = (KeyRow.project_id == project.id) & (KeyRow.ends_at > rows.now())
            if not door.owns(session, project):
                return []
            return [row.invitation() for row in session.scalars(select(KeyRow).where(of_project).order_by(KeyRow.id))]

    def withdraw(self, project_id: str, invitation_id: str) -> None:
        """Takes an invitation back that nobody has used."""
        with self._sessions.writing(self._visitor) as session:
            project, row = hold_own_project(session, project_id), session.get(KeyRow, invitation_id)
            if row is None or row.project_id != project.id:
                raise NotFound("invitation", invitation_id)
            session.delete(row)

    def accept(self, invitation: str) -> Project:
        """Lets the visitor into the project of an invitation, which is good once."""
        with self._sessions.writing(self._visitor) as session:
            key = find_key(session, invitation, "invitation")
            project = session.get(ProjectRow, key.project_id) if key else None
            if key is None or project is None:
                raise NotFound("invitation", "…")
            if not door.owns(session, project):
                guest = session.scalar(select(GuestRow).where(_is_guest(project, self._visitor.name)))
                guest = guest or GuestRow(project_id=project.id, visitor=self._visitor.name, added_at=rows.now())
                guest.may = key.may or "view"
                session.add(guest)
                session.delete(key)
            return project.record()

    def list_guests(self, project_id: str) -> list[Guest]:
        """Oldest first."""
        with self._sessions.reading(self._visitor) as session:
            project = find(session, ProjectRow, project_id)
            named = select(GuestRow, AccountRow.name).outerjoin(AccountRow, AccountRow.owner == GuestRow.visitor)
            of_project = named.where(GuestRow.project_id == project.id).order_by(GuestRow.id)
            return [row.record(name or "") for row, name in session.execute(of_project).tuples()]

    def remove(self, project_id: str, guest_id: str) -> None:
        with self._sessions.writing(self._visitor) as session:
            project, row = hold_own_project(session, project_id), session.get(GuestRow, guest_id)
            if row is None or row.project_id != project.id:
                raise NotFound("guest", guest_id)
            session.delete(row)

    def leave(self, project_id: str) -> None:
        """What somebody else's project was to the visitor it is no more; of one's own nothing changes."""
        with self._sessions.writing(self._visitor) as session:
            project = find(session, ProjectRow, project_id)
            session.execute(delete(GuestRow).where(_is_guest(project, self._visitor.name)))


def leave_everywhere(session: Session) -> None:
    """All projects of others that the visitor was let in to."""
    session.execute(delete(GuestRow).where(GuestRow.visitor == visitor_of(session).name))


def _is_guest(project: ProjectRow, visitor: str) -> ColumnElement[bool]:
    return (GuestRow.project_id == project.id) & (GuestRow.visitor == visitor)
