"""The users file: who may sign in by a name and a password, where no provider says who somebody is.

Of a password only its Argon2 hash is kept. Guesses are few: of each name a few in a quarter of an hour, whether or not
there is such a user, and no two passwords are tried at once, for each takes 64 MB.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from errors import InvalidRequest, LibraryUnavailable, NobodyKnown
from library_store.keys import owner_of_account
from library_store.limits import check_name
from library_store.text import clean, folded

SHORTEST, LONGEST = 8, 1000  # characters of a password
GUESSES, WINDOW = 5, 15 * 60.0  # wrong ones of a name, in so many seconds
MOST_NAMES = 10_000  # of which guesses are remembered

RFC_9106 = PasswordHasher()  # Argon2id as it has it for little memory


class Users:
    """Safe from any thread. The file is read at each look: the command that writes it need not tell the server."""

    def __init__(
        self, file: Path, clock: Callable[[], float] = time.monotonic, hasher: PasswordHasher = RFC_9106
    ) -> None:
        self._file = file
        self._clock = clock
        self._hasher = hasher
        self._nobodys = hasher.hash("nobody's")  # tried for an unknown name, that its answer takes as long
        self._lock = threading.Lock()
        self._wrong = OrderedDict[str, list[float]]()  # when, by name; the name last guessed at last

    def names(self) -> list[str]:
        return sorted(self._read())

    def add(self, name: str, password: str) -> str:
        """Or gives a user another password. The name as it is kept. Raises InvalidRequest for a name or a password that
        cannot be one."""
        name = _name(name)
        if not name:
            raise InvalidRequest("A user has to have a name.", "Write one.")
        check_name(name)
        if not SHORTEST <= len(password) <= LONGEST:
            raise InvalidRequest(
                "A password has {shortest} to {longest} characters.", "Choose another one.",
                shortest=SHORTEST, longest=LONGEST,
            )  # fmt: skip
        self._write({**self._read(), name: self._hasher.hash(password)})
        return name

    def remove(self, name: str) -> str:
        """The name as it was kept. Raises InvalidRequest."""
        name, users = _name(name), self._read()
        if users.pop(name, None) is None:
            raise InvalidRequest("There is no user {name}.", "Look at the names that there are.", name=name)
        self._write(users)
        return name

    def check(self, name: str, password: str) -> str:
        """The user's name as it is kept. Raises NobodyKnown for one that is not there, and for a wrong password alike;
        and where there were too many of these."""
        name = _name(name)
        with self._lock:
            self._check_guesses(name)
            kept = self._read().get(name)
            if not (self._is_right(kept or self._nobodys, password[:LONGEST]) and kept):
                self._note_wrong(name)
                raise NobodyKnown("This name and password do not belong together.", "Check both, and try again.")
            self._wrong.pop(name, None)
            return name

    def _check_guesses(self, name: str) -> None:
        wrong = [when for when in self._wrong.get(name, []) if self._clock() - when < WINDOW]
        if len(wrong) >= GUESSES:
            minutes = int((WINDOW - (self._clock() - wrong[0])) // 60) + 1
            raise NobodyKnown(
                "There were too many wrong passwords for this name.", "Try again in {minutes} minutes.", minutes=minutes
            )

    def _is_right(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    def _note_wrong(self, name: str) -> None:
        self._wrong[name] = [*self._wrong.pop(name, []), self._clock()][-GUESSES:]
        if len(self._wrong) > MOST_NAMES:
            self._wrong.popitem(last=False)

    def _read(self) -> dict[str, str]:
        try:
            return json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise LibraryUnavailable(
                "The users file {file} cannot be read ({error}).", "Correct it, or remove it and add the users anew.",
                file=repr(str(self._file)), error=error,
            ) from error  # fmt: skip

    def _write(self, users: dict[str, str]) -> None:
        """Whole or not at all, and nobody else of this machine reads it."""
        new = self._file.with_suffix(".new")
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(users, file, indent=1, ensure_ascii=False)
        new.replace(self._file)


def owner_of_user(name: str) -> str:
    """Of a name as it is kept; as it stands in `Project.owner`."""
    return owner_of_account("users", name)


def _name(said: str) -> str:
    """Case tells nobody apart."""
    return folded(clean(said))[:LONGEST]
