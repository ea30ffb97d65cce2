"""Who holds which key: the secrets by which browsers and programs show whose place they may open.

No secret is kept, only its hash: nobody can open anything by what the database says.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

from sqlalchemy import CursorResult, delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from errors import NotFound
from library_store.database import Sessions
from library_store.records import LOCAL_OWNER, Key, Purpose, new_id
from library_store.schema import AccountRow, KeyRow, ProjectRow

SECRET_BYTES = 32
SEEN_EVERY = timedelta(hours=1)  # else every look at a thumbnail would be a write
LINK_LASTS = timedelta(hours=1)
SESSION_LASTS = timedelta(days=30)  # then one signs in again
ANONYMOUS, ACCOUNT = "visitor:", "account:"  # begin the owner's name of whoever has no account, or one


def owner_of_account(issuer: str, subject: str) -> str:
    """The same for the same account, and says nothing of it: exports hold whose a project was."""
    return ACCOUNT + hashlib.sha256(json.dumps([issuer, subject]).encode()).hexdigest()[:32]


def kept_secret(file: Path) -> str:
    """Of a file that nobody else of this machine reads; made where there is none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
        new.write(new_secret())
    return file.read_text()


def new_secret() -> str:
    """As long as a cookie's or a token's has to be for nobody to guess it: 43 characters."""
    return secrets.token_urlsafe(SECRET_BYTES)


class Keys:
    """Safe from any thread. Whether somebody may ask for them at all is for whoever opens the door to know."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def owner_by(self, secret: str, purpose: Purpose) -> str | None:
        """Whose place a browser or a program may open; None for a secret that opens none, or none any more."""
        with self._sessions.reading(LOCAL_OWNER) as session:
            row = find_key(session, secret, purpose)
            if row is None:
                return None
            owner, key_id, is_old = row.owner, row.id, _now() - row.seen_at > SEEN_EVERY
        if is_old:
            with self._sessions.writing(LOCAL_OWNER) as session:
                session.execute(update(KeyRow).where(KeyRow.id == key_id).values(seen_at=_now()))
        return owner

    def owner_of_browser(self, secret: str) -> str:
        """As `owner_by`, and a place of its own for a browser that comes for the first time."""
        owner = self.owner_by(secret, "browser")
        try:
            return owner or self._make(ANONYMOUS + new_id(), "browser", secret).owner
        except IntegrityError:  # it asks for several things at once
            owner = self.owner_by(secret, "browser")
            assert owner is not None
            return owner

    def make(self, owner: str, purpose: Purpose, label: str = "", lasts: timedelta | None = None) -> tuple[Key, str]:
        """A new key, and its secret, which nobody can be told again."""
        secret = new_secret()
        return self._make(owner, purpose, secret, label, lasts), secret

    def move_in(self, secret: str) -> str | None:
        """The secret for another browser, by a link that is good once; None where it is good no more."""
        with self._sessions.writing(LOCAL_OWNER) as session:
            link = find_key(session, secret, "move")
            if link is None:
                return None
            owner, new = link.owner, new_secret()
            session.delete(link)
            session.add(key_row(owner, "browser", new))
            return new

    def list(self, owner: str, purpose: Purpose) -> Sequence[Key]:
        """Oldest first."""
        with self._sessions.reading(LOCAL_OWNER) as session:
            rows = select(KeyRow).where(KeyRow.owner == owner, KeyRow.purpose == purpose).order_by(KeyRow.id)
            return [row.record() for row in session.scalars(rows)]

    def revoke(self, owner: str, key_id: str) -> None:
        """Raises NotFound, for another's too."""
        with self._sessions.writing(LOCAL_OWNER) as session:
            row = session.get(KeyRow, key_id)
            if row is None or row.owner != owner:
                raise NotFound("key", key_id)
            session.delete(row)

    def forget(self, owner: str) -> None:
        """All keys of a place, and the name of its account."""
        with self._sessions.writing(LOCAL_OWNER) as session:
            session.execute(delete(KeyRow).where(KeyRow.owner == owner))
            session.execute(update(AccountRow).where(AccountRow.owner == owner).values(name=""))

    def idle(self, since: datetime) -> Sequence[str]:
        """Anonymous visitors of whom no browser and no program has come since then."""
        with self._sessions.reading(LOCAL_OWNER) as session:
            last_seen = func.max(KeyRow.seen_at)
            owners = select(KeyRow.owner).where(KeyRow.owner.startswith(ANONYMOUS)).group_by(KeyRow.owner)
            return session.scalars(owners.having(last_seen < since)).all()

    def sign_in(self, owner: str, name: str, place: str = "") -> int:
        """Remembers an account, by the name that others see. Gives how many projects became theirs by it: of the first
        one ever what stood here before there were accounts, of each what is in `place`, an anonymous visitor's that
        their browser opens."""
        with self._sessions.writing(LOCAL_OWNER) as session:
            session.execute(delete(KeyRow).where(KeyRow.owner == owner, KeyRow.ends_at < _now()))
            row = session.scalar(select(AccountRow).where(AccountRow.owner == owner))
            is_first = row is None and not session.scalar(select(exists(select(AccountRow.id))))
            if row is None:
                session.add(AccountRow(owner=owner, name=name, made_at=_now()))
            else:
                row.name = name
            before = [LOCAL_OWNER.name] * is_first + [place] * place.startswith(ANONYMOUS)
            there = ProjectRow.owner.in_(before) & ProjectRow.hidden_at.is_(None)
            theirs = update(ProjectRow).where(there).values(owner=owner)
            return cast("CursorResult[Any]", session.execute(theirs)).rowcount

    def name_of(self, owner: str) -> str:
        """Of an account; nothing of whoever has none."""
        with self._sessions.reading(LOCAL_OWNER) as session:
            return session.scalar(select(AccountRow.name).where(AccountRow.owner == owner)) or ""

    def sign_out(self, secret: str) -> None:
        """What a browser holds opens nothing from then on."""
        with self._sessions.writing(LOCAL_OWNER) as session:
            if row := find_key(session, secret, "session"):
                session.delete(row)

    def sign_out_everywhere(self, owner: str) -> None:
        """No browser and no program opens the place any more, until its owner signs in again."""
        with self._sessions.writing(LOCAL_OWNER) as session:
            opening = KeyRow.purpose.in_(["session", "program"])
            session.execute(delete(KeyRow).where(KeyRow.owner == owner, opening))

    def _make(self, owner: str, purpose: Purpose, secret: str, label: str = "", lasts: timedelta | None = None) -> Key:
        with self._sessions.writing(LOCAL_OWNER) as session:
            row = key_row(owner, purpose, secret, label, lasts)
            session.add(row)
            session.flush()
            return row.record()


def key_row(owner: str, purpose: Purpose, secret: str, label: str = "", lasts: timedelta | None = None) -> KeyRow:
    now = _now()
    return KeyRow(
        owner=owner,
        purpose=purpose,
        secret_hash=_hashed(secret),
        label=label,
        made_at=now,
        seen_at=now,
        ends_at=now + lasts if lasts is not None else None,
    )


def find_key(session: Session, secret: str, purpose: Purpose) -> KeyRow | None:
    row = session.scalar(select(KeyRow).where(KeyRow.secret_hash == _hashed(secret), KeyRow.purpose == purpose))
    return None if row is None or (row.ends_at and row.ends_at <= _now()) else row


def _hashed(secret: str) -> str:
    """Unsalted and quick, for it is of 32 random bytes and not of a word that somebody thought of."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _now() -> datetime:
    return datetime.now(timezone.utc)
