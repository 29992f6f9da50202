"""Who is asking: an API key on every request of a program, a signed cookie on those of a browser."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import NamedTuple

from starlette.requests import Request
from starlette.types import Scope

from thruline.api.errors import SignedOut
from thruline.api.wire import header
from thruline.app.platform import Platform
from thruline.core.errors import Denied
from thruline.core.ids import Ids
from thruline.core.nouns import Actor
from thruline.guard.access import Access
from thruline.guard.limits import Limits

SESSION_S = 12 * 3600.0
TOKEN_S = 600.0
OPERATOR = "operator"


class Visitor(NamedTuple):
    """Who is asking; key: the public digits of the key."""

    actor: Actor
    key: str


class Door:
    """Lets in who shows a valid key, as often as the key's limit allows."""

    def __init__(self, access: Access, limits: Limits) -> None:
        self._access = access
        self._limits = limits

    def enter(self, scope: Scope) -> Visitor:
        """Whose key the request carries; raises SignedOut, or TooMany."""
        scheme, _, secret = header(scope, b"authorization").decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise SignedOut(
                "no API key was sent", hint="send `Authorization: Bearer tl_…`; `thruline keys create` makes one"
            )
        secret = secret.strip()
        try:
            actor = self._access.authenticate(secret)
        except Denied as error:
            raise SignedOut(error.message, hint=error.hint) from error
        key = secret[3:11]
        self._limits.take(key)
        return Visitor(actor, key)


class Sessions:
    """Cookies of the console: `who.expiry.mac`, where who is a key's public digits or the operator of this process.

    A session that a key began ends when the key is revoked. The operator's begins with a token that is good once
    and that only whoever started the server has read; it ends with the process.
    """

    def __init__(self, access: Access, ids: Ids, operator: Actor, *, clock: Callable[[], float] = time.time) -> None:
        self._access = access
        self._key = ids.digest("console session").encode()
        self._operator = operator
        self._boot = f"{OPERATOR}-{secrets.token_hex(8)}"
        self._tokens: dict[str, float] = {}
        self._clock = clock

    def begin(self, secret: str) -> str:
        """The cookie's value for a key; raises Denied."""
        self._access.authenticate(secret)
        return self._signed(secret[3:11])

    def token(self) -> str:
        """A word that begins an operator's session once, within ten minutes."""
        token = secrets.token_urlsafe(24)
        self._tokens[token] = self._clock() + TOKEN_S
        return token

    def redeem(self, token: str) -> str:
        """The cookie's value for a token; raises SignedOut when it was used, is too old or never was."""
        if self._tokens.pop(token, 0.0) < self._clock():
            raise SignedOut(
                "this login link was used or is too old", hint="sign in with a key, or start the server again"
            )
        return self._signed(self._boot)

    def actor(self, cookie: str) -> Actor:
        """Whose session this is; raises SignedOut."""
        who, _, rest = cookie.partition(".")
        expiry, _, mac = rest.partition(".")
        if not hmac.compare_digest(mac.encode("utf-8", "replace"), self._mac(who, expiry).encode()):
            raise SignedOut("nobody is signed in", hint="sign in with an API key")
        if float(expiry) < self._clock():
            raise SignedOut("the session has ended", hint="sign in again")
        if who == self._boot:
            return self._operator
        return self._access.holder(who)

    def _signed(self, who: str) -> str:
        expiry = str(int(self._clock() + SESSION_S))
        return f"{who}.{expiry}.{self._mac(who, expiry)}"

    def _mac(self, who: str, expiry: str) -> str:
        return hmac.new(self._key, f"{who}.{expiry}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def visitor_of_page(platform: Platform, sessions: Sessions, cookie: str) -> Callable[[Request], Platform]:
    """The platform for whoever the named cookie says is looking at a page."""

    def platform_for(request: Request) -> Platform:
        return platform.acting(sessions.actor(request.cookies.get(cookie, "")), "console")

    return platform_for
