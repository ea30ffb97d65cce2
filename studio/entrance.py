"""Who asks, by what they show. How a Castbook is run (`Access`) says what that has to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from errors import NobodyKnown
from library_store.keys import ANONYMOUS, Keys
from library_store.records import LOCAL_OWNER, Visitor

Access = Literal["single", "visitors", "accounts"]


@dataclass(frozen=True)
class Account:
    """Somebody who signs in."""

    owner: str  # as it stands in `Project.owner`
    name: str  # as others see them


@dataclass(frozen=True)
class Shown:
    """What comes with a request. None: nothing of the kind."""

    browser: str | None = None  # the secret of a browser's cookie
    token: str | None = None  # a program's
    session: str | None = None  # the secret of the cookie of who has signed in


ROOM = 500  # megapixels of one visitor's pictures: 7,600 of the embedded pack's, or 480 of 1024 x 1024


class Entrance:
    """`single`: whoever reaches the server is its one owner. `visitors`: each browser has a place of its own, known by
    a secret that only it holds. `accounts`: whoever has signed in has one. Programs show a token in the last two."""

    def __init__(self, keys: Keys, access: Access = "single") -> None:
        self.access: Access = access
        self._keys = keys

    def visitor(self, shown: Shown) -> Visitor:
        """Raises NobodyKnown."""
        if self.access == "single":
            return LOCAL_OWNER
        owner = self._by_token(shown.token) if shown.token else self._by_browser(shown)
        if owner is None:
            raise NobodyKnown(
                "Castbook does not know whose place this is.",
                "Open it in a tab of its own and allow its cookie; a program has to show a token from the page.",
            )
        return Visitor(owner, megapixels=ROOM)

    def _by_token(self, token: str) -> str | None:
        owner = self._keys.owner_by(token, "program")
        is_anonymous = owner is not None and owner.startswith(ANONYMOUS)
        return owner if is_anonymous == (self.access == "visitors") else None

    def _by_browser(self, shown: Shown) -> str | None:
        if self.access == "accounts":
            return self._keys.owner_by(shown.session, "session") if shown.session else None
        return self._keys.owner_of_browser(shown.browser) if shown.browser else None
