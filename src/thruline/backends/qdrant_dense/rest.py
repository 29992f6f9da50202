"""Qdrant's REST interface: kept connections, the key, how long to wait, and what its answers mean."""

from __future__ import annotations

import http.client
import ssl
import threading
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from urllib.parse import SplitResult, urlsplit

import msgspec

from thruline.core.errors import Invalid, ThrulineError, Unavailable
from thruline.core.loopback import is_loopback

CONNECT_S = 5.0
ASKED_S = 10.0  # silence of the server while somebody waits for an answer
CHANGED_S = 120.0  # while it writes
_ANSWER_BYTES = 1 << 28
_SAID = 200  # characters of a server's own words
_RETRYABLE = (408, 429)

T = TypeVar("T")


class _Answer(msgspec.Struct, Generic[T]):
    result: T


class _Refusal(msgspec.Struct):
    """`status` is `{"error": "..."}` where a request was refused."""

    status: Any = None


class Rest:
    """One server. url: with a path where a proxy needs one. key: read when the server is asked."""

    def __init__(self, url: str, key: Callable[[], str] | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or not _has_port(parts):
            raise Invalid(f"{url!r} is not an address of a Qdrant server", hint="write for example https://host:6333")
        if key and parts.scheme == "http" and not is_loopback(parts.hostname):
            raise Invalid(f"the key would be sent in the open to {parts.hostname!r}", hint="use https://")
        self._parts, self._key = parts, key
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()  # guards _idle
        weakref.finalize(self, _hang_up, self._idle)

    def ask(self, method: str, path: str, body: Any = None, *, answer: type[T], wait_s: float = ASKED_S) -> T:
        """The `result` of an answer. Every request of ours may be sent twice: it names what it changes.

        Raises Unavailable, also where the key is refused or something else answers there, or Invalid.
        """
        data = b"" if body is None else msgspec.json.encode(body)
        status, told = self._exchange(method, self._parts.path.rstrip("/") + path, data, wait_s)
        if status != 200:
            raise _refusal(status, told)
        try:
            return msgspec.json.decode(told, type=_Answer[answer]).result
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unavailable(
                f"what stands at vectors.qdrant answered {path!r} as no Qdrant does", hint="check that address"
            ) from error

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            _hang_up(self._idle)

    def _exchange(self, method: str, path: str, body: bytes, wait_s: float) -> tuple[int, bytes]:
        kept = self._kept()
        try:
            return self._once(kept or self._connect(), method, path, body, wait_s)
        except (OSError, http.client.HTTPException) as error:
            self.close()  # whichever went wrong, the others are as old
            if kept is None or isinstance(error, TimeoutError):
                raise _away(type(error).__name__) from error
        try:  # a server hangs up on who was silent for a while
            return self._once(self._connect(), method, path, body, wait_s)
        except (OSError, http.client.HTTPException) as error:
            raise _away(type(error).__name__) from error

    def _once(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes, wait_s: float
    ) -> tuple[int, bytes]:
        try:
            if connection.sock is None:
                connection.connect()
            if connection.sock:
                connection.sock.settimeout(wait_s)
            connection.request(method, path, body, self._headers())
            response = connection.getresponse()
            told = response.read(_ANSWER_BYTES)
        except BaseException:
            connection.close()
            raise
        if response.will_close or not response.isclosed():
            connection.close()
        else:
            with self._lock:
                self._idle.append(connection)
        return response.status, told

    def _headers(self) -> dict[str, str]:
        headers = {"content-type": "application/json", "user-agent": "thruline"}
        return headers | ({"api-key": self._key()} if self._key else {})

    def _kept(self) -> http.client.HTTPConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=CONNECT_S)
        return http.client.HTTPSConnection(host, port, timeout=CONNECT_S, context=ssl.create_default_context())


def _has_port(parts: SplitResult) -> bool:
    """Or the scheme's own."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def _hang_up(idle: list[http.client.HTTPConnection]) -> None:
    while idle:
        idle.pop().close()


def _away(why: str) -> Unavailable:
    return Unavailable(
        f"the vectors' Qdrant does not answer: {why}", hint="check that it runs, and its address in vectors.qdrant"
    )


def _refusal(status: int, told: bytes) -> ThrulineError:
    said = f"HTTP {status}{_words(told)}"
    if status in (401, 403):
        return Unavailable(f"the vectors' Qdrant does not let us: {said}", hint="set vectors.qdrant_key")
    if status == 404:
        return Unavailable(f"the vectors' Qdrant does not have what was sent to it: {said}", hint="try again")
    if status in _RETRYABLE or status >= 500:
        return _away(said)
    return Invalid(f"the vectors' Qdrant refused a request: {said}", hint="check vectors.qdrant and its limits")


def _words(told: bytes) -> str:
    try:
        status = msgspec.json.decode(told, type=_Refusal).status
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return f", {status['error'][:_SAID]}" if isinstance(status, dict) and isinstance(status.get("error"), str) else ""
