"""The door: whose a row is, and who may touch it.

Whoever asks (a `Visitor`) travels with the session. Every look-up by id passes here (`rows.find`, and `rows.hold` for
what will be written to), and so does every question about many rows that starts from no project which was found that
way. Behind a found project all is its own.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from library_store.records import Visitor
from library_store.schema import CastMemberRow, CharacterRow, GuestRow, ImageRow, ProjectRow, Row, StoryRow

VISITOR = "visitor"  # in a session's `info`


def visitor_of(session: Session) -> Visitor:
    return session.info[VISITOR]


def may_see(session: Session, row: Row) -> bool:
    """Everything, what is their own, and what its owner lets them see."""
    visitor, project = visitor_of(session), _project_of(session, row)
    if project.hidden_at:
        return False
    return visitor.sees_everything or project.owner == visitor.name or bool(_guest(session, project))


def may_change(session: Session, row: Row) -> bool:
    """Of somebody who may see it."""
    visitor, project = visitor_of(session), _project_of(session, row)
    if visitor.sees_everything or project.owner == visitor.name:
        return True
    guest = _guest(session, project)
    return guest is not None and guest.may == "edit"


def owns(session: Session, project: ProjectRow) -> bool:
    """Whether they may end it, and let others in. Of somebody who may see it."""
    visitor = visitor_of(session)
    return visitor.sees_everything or project.owner == visitor.name


def seen_projects(session: Session) -> ColumnElement[bool]:
    """A condition on ProjectRow."""
    visitor, shown = visitor_of(session), ProjectRow.hidden_at.is_(None)
    invited = select(GuestRow.project_id).where(GuestRow.visitor == visitor.name)
    theirs = (ProjectRow.owner == visitor.name) | ProjectRow.id.in_(invited)
    return shown if visitor.sees_everything else shown & theirs


def own_projects(session: Session) -> ColumnElement[bool]:
    """A condition on ProjectRow: the visitor's own alone."""
    return ProjectRow.hidden_at.is_(None) & _of_visitor(session)


def hidden_projects(session: Session) -> ColumnElement[bool]:
    """A condition on ProjectRow: the visitor's own that are being brought in or taken away."""
    return ProjectRow.hidden_at.is_not(None) & _of_visitor(session)


def seen_images(session: Session) -> ColumnElement[bool]:
    """A condition on ImageRow."""
    if visitor_of(session).sees_everything:
        return true()
    characters = select(CharacterRow.id).join(ProjectRow, ProjectRow.id == CharacterRow.project_id)
    return ImageRow.character_id.in_(characters.where(seen_projects(session)))


def owner_of_import(session: Session, owner: str) -> str:
    """What somebody brings in is theirs. Only who sees everything brings back what is others'."""
    visitor = visitor_of(session)
    return owner if visitor.sees_everything else visitor.name


def _of_visitor(session: Session) -> ColumnElement[bool]:
    visitor = visitor_of(session)
    return true() if visitor.sees_everything else ProjectRow.owner == visitor.name


def _guest(session: Session, project: ProjectRow) -> GuestRow | None:
    who = (GuestRow.project_id == project.id) & (GuestRow.visitor == visitor_of(session).name)
    return session.scalar(select(GuestRow).where(who))


def _project_of(session: Session, row: Row) -> ProjectRow:
    if isinstance(row, ProjectRow):
        return row
    if isinstance(row, StoryRow | CharacterRow):
        return session.get_one(ProjectRow, row.project_id)
    if isinstance(row, CastMemberRow):
        return _project_of(session, row.character)
    if isinstance(row, ImageRow):
        return _project_of(session, session.get_one(CharacterRow, row.character_id))
    raise TypeError(f"Nobody has said whose a {row.kind} is.")
