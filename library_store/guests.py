"""Whom a project's owner lets in. Within sessions that library.py has opened; whose the project is it has asked."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from errors import NotFound
from library_store import rows
from library_store.door import visitor_of
from library_store.keys import find_key, key_row, new_secret
from library_store.records import Guest, May
from library_store.schema import AccountRow, GuestRow, ProjectRow

INVITATION_LASTS = timedelta(days=7)


def invite(session: Session, project: ProjectRow, may: May) -> str:
    """The secret of a link that lets one person in."""
    secret = new_secret()
    invitation = key_row(project.owner, "invitation", secret, lasts=INVITATION_LASTS)
    invitation.project_id, invitation.may = project.id, may
    session.add(invitation)
    return secret


def accept(session: Session, secret: str) -> ProjectRow:
    """Lets the visitor in. Raises NotFound for an invitation that is good no more."""
    invitation, visitor = find_key(session, secret, "invitation"), visitor_of(session)
    project = session.get(ProjectRow, invitation.project_id) if invitation else None
    if invitation is None or project is None:
        raise NotFound("invitation", "…")
    if project.owner != visitor.name:
        who = (GuestRow.project_id == project.id) & (GuestRow.visitor == visitor.name)
        guest = session.scalar(select(GuestRow).where(who))
        guest = guest or GuestRow(project_id=project.id, visitor=visitor.name, added_at=rows.now())
        guest.may = invitation.may or "view"
        session.add(guest)
        session.delete(invitation)
    return project


def list_guests(session: Session, project: ProjectRow) -> list[Guest]:
    """Oldest first."""
    named = select(GuestRow, AccountRow.name).outerjoin(AccountRow, AccountRow.owner == GuestRow.visitor)
    of_project = named.where(GuestRow.project_id == project.id).order_by(GuestRow.id)
    return [row.record(name or "") for row, name in session.execute(of_project).tuples()]


def remove(session: Session, project: ProjectRow, guest_id: str) -> None:
    row = session.get(GuestRow, guest_id)
    if row is None or row.project_id != project.id:
        raise NotFound("guest", guest_id)
    session.delete(row)


def leave(session: Session, project: ProjectRow) -> None:
    who = (GuestRow.project_id == project.id) & (GuestRow.visitor == visitor_of(session).name)
    session.execute(delete(GuestRow).where(who))


def leave_everywhere(session: Session) -> None:
    session.execute(delete(GuestRow).where(GuestRow.visitor == visitor_of(session).name))
