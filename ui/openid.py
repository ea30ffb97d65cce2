"""A provider of OpenID, such as Hugging Face, that says who somebody is. The only file that imports authlib.

State, nonce and PKCE's verifier lie in the browser's session (sign_in.py) while it is away.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import RedirectResponse

from errors import NobodyKnown
from library_store.keys import owner_of_account
from library_store.text import clean
from studio.entrance import Account
from ui.who_asks import is_encrypted

logger = logging.getLogger("castbook")
CALLBACK = "castbook/openid-callback"
LONGEST = 120  # characters of a name


class NotSaidByProvider(Exception):
    """What has to stand in a provider's answer, and does not."""


FAILURES = (AuthlibBaseError, JoseError, httpx2.HTTPError, NotSaidByProvider, ValueError, KeyError, RuntimeError)


class OpenId:
    def __init__(self, issuer: str, client_id: str, client_secret: str, host: str = "") -> None:
        """`host`: to which alone the provider leads back, by HTTPS; the one that it was asked from where nothing is
        said."""
        self.issuer = issuer.rstrip("/")
        self.name = "Hugging Face" if urlsplit(issuer).hostname == "huggingface.co" else urlsplit(issuer).netloc
        self._host = host
        self._client: Any = OAuth().register(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            "castbook",
            client_id=client_id,
            client_secret=client_secret,
            server_metadata_url=f"{self.issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "timeout": 15},
        )

    def elsewhere(self, request: Request) -> str | None:
        """The same address at the host to which the provider leads back, where it is another than one was asked by: the
        browser would not show its session there."""
        if not self._host or request.headers.get("host") == self._host:
            return None
        return str(request.url.replace(scheme="https", netloc=self._host))

    async def lead_there(self, request: Request) -> RedirectResponse:
        """Raises NobodyKnown where the provider does not answer."""
        try:
            return await self._client.authorize_redirect(request, self._callback(request))
        except FAILURES as error:
            raise self._explained(error) from error

    async def account(self, request: Request) -> Account:
        """Of who comes back. Raises NobodyKnown for whoever did not begin here, and for what the provider did not
        sign."""
        try:
            token = await self._client.authorize_access_token(request)
            metadata = await self._client.load_server_metadata()
            if str(metadata.get("issuer", "")).rstrip("/") != self.issuer:
                raise NotSaidByProvider(f"it calls itself {metadata.get('issuer')}")
            claims: dict[str, Any] = token.get("userinfo") or {}
            if not claims.get("sub"):
                raise NotSaidByProvider("it names nobody")
            if not _name(claims) and metadata.get("userinfo_endpoint"):
                more: dict[str, Any] = await self._client.userinfo(token=token)
                claims = {**more, **claims} if more.get("sub") == claims["sub"] else claims
        except FAILURES as error:
            raise self._explained(error) from error
        subject = str(claims["sub"])
        return Account(owner_of_account(self.issuer, subject), _name(claims) or subject[:LONGEST])

    def _callback(self, request: Request) -> str:
        if self._host:
            return f"https://{self._host}/{CALLBACK}"
        scheme = "https" if is_encrypted(request) else "http"
        return str(request.base_url.replace(scheme=scheme)).rstrip("/") + f"/{CALLBACK}"

    def _explained(self, error: Exception) -> NobodyKnown:
        """What it was is for the operator: an answer may hold what a stranger wrote."""
        logger.warning("Nobody was signed in by %s", self.issuer, exc_info=error)
        return NobodyKnown("{provider} did not say who you are.", "Try again.", provider=self.name)


def _name(claims: dict[str, Any]) -> str:
    """As others shall see them."""
    said = (claims.get(claim) for claim in ("preferred_username", "name", "nickname", "email"))
    return next((clean(name)[:LONGEST] for name in said if isinstance(name, str) and clean(name)), "")
