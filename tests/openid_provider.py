"""An OpenID provider on loopback, in the published formats: discovery, a code for everybody, PKCE, signed claims."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from listening import listening
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = "castbook", "a secret between the two"


@dataclass
class Provider:
    """Whoever comes is `claims`. What a dishonest one would do can be set."""

    issuer: str
    claims: dict[str, Any]
    calls_itself: str = ""
    refuses: bool = False
    instead: dict[str, Any] = field(default_factory=dict)  # of what it signs
    more: dict[str, Any] = field(default_factory=dict)  # that it says only when asked
    published: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    signing: RSAKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def discovery(self, _: Request) -> Response:
        ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "userinfo_endpoint": "userinfo"}
        said = {name: f"{self.issuer}/{path}" for name, path in {**ends, "jwks_uri": "jwks"}.items()}
        algorithms = {"id_token_signing_alg_values_supported": ["RS256"]}
        return JSONResponse({"issuer": self.calls_itself or self.issuer, **said, **algorithms})

    def jwks(self, _: Request) -> Response:
        return JSONResponse({"keys": [self.published.as_dict(private=False)]})

    def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert (asked["client_id"], asked["response_type"]) == (CLIENT_ID, "code") and "openid" in asked[
            "scope"
        ].split()
        answer = {"error": "access_denied", "error_description": "<b>no</b>"}
        if not self.refuses:
            answer = {"code": secrets.token_urlsafe(16)}
            self.codes[answer["code"]] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({**answer, 'state': asked['state']})}", 302)

    async def token(self, request: Request) -> Response:
        sent = dict(await request.form())
        client = b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        asked = self.codes.pop(str(sent["code"]), None)
        challenge = urlsafe_b64encode(hashlib.sha256(str(sent["code_verifier"]).encode()).digest()).decode().rstrip("=")
        is_right = asked and (asked["code_challenge"], asked["redirect_uri"]) == (challenge, sent["redirect_uri"])
        if client != f"{CLIENT_ID}:{CLIENT_SECRET}" or not is_right or not asked:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        times = {"iat": now, "exp": now + 300}
        claims = {"iss": self.issuer, "aud": CLIENT_ID, **times, "nonce": asked["nonce"], **self.claims, **self.instead}
        id_token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signing or self.published)
        return JSONResponse({"access_token": "an access token", "token_type": "Bearer", "id_token": id_token})

    def userinfo(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer an access token"
        return JSONResponse({**self.claims, **self.more})


@contextmanager
def provided() -> Iterator[Provider]:
    where = listening()
    provider = Provider(f"http://127.0.0.1:{where['server_port']}", {"sub": "u-1", "preferred_username": "Ann"})
    routes = [
        Route("/.well-known/openid-configuration", provider.discovery),
        Route("/jwks", provider.jwks),
        Route("/authorize", provider.authorize),
        Route("/token", provider.token, methods=["POST"]),
        Route("/userinfo", provider.userinfo),
    ]
    config = uvicorn.Config(Starlette(routes=routes), port=where["server_port"], log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield provider
    server.should_exit = True
    thread.join()
