"""Messages over HTTP: one connection each, no proxy, no redirect, and little patience."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from thruline.core.errors import Invalid, Unavailable
from thruline.core.loopback import is_loopback

SILENCE_S = 10.0
_MOST = 1 << 16  # of an answer that nobody reads: enough to let a polite server end it


class HttpCourier:
    """Posts to http and https addresses. silence_s: the longest wait for a sign of life."""

    def __init__(self, *, silence_s: float = SILENCE_S) -> None:
        self._silence_s = silence_s

    def check(self, url: str, *, has_secret: bool) -> None:
        """As the port says."""
        parts = _parts(url)
        if has_secret and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            raise Invalid(f"a secret would be sent in the open to {parts.hostname!r}", hint="use https://")

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """As the port says."""
        parts = _parts(url)
        connection = self._connection(parts)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        said = {"user-agent": "thruline", "content-type": "application/json", **headers}
        try:
            connection.request("POST", path, body, said)
            response = connection.getresponse()
            response.read(_MOST)
            return response.status
        except (OSError, http.client.HTTPException) as error:
            told = type(error).__name__  # its words may quote what was sent
            raise Unavailable(f"{parts.hostname!r} does not answer: {told}", hint="is its address right?") from error
        finally:
            connection.close()

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        host = parts.hostname or ""
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, parts.port, timeout=self._silence_s)
        trusted = ssl.create_default_context()
        return http.client.HTTPSConnection(host, parts.port, timeout=self._silence_s, context=trusted)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_meant = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise Invalid(f"{url!r} is no address: {error}", hint="write for example https://host/hook") from error
    if not is_meant:
        raise Invalid(f"{url!r} is no address to post to", hint="write for example https://host/hook")
    if "@" in parts.netloc:
        raise Invalid("an address holds no password", hint="name the secret as env:NAME or file:PATH instead")
    return parts
