"""One web site, asked politely and believed in nothing.

Its own host only, so many bytes, so long, and as its robots.txt says.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from thruline.backends.web_origin.addresses import canonical
from thruline.core.errors import Denied, Invalid, Unavailable
from thruline.core.loopback import is_loopback
from thruline.core.units import Bytes, show_seconds
from thruline.core.unreachable import cause_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruline.ports.origin import Secret

AGENT = "thruline"
TEMPORARY = (302, 303, 307)
MOVED = (301, 308, *TEMPORARY)
_MOST_REDIRECTS = 5
_SILENCE_S = 30.0  # between two signs of life
_DEADLINE_S = 300.0  # for all of an answer: one byte every 29 s is a sign of life, too
_ROBOTS = 500 << 10  # what RFC 9309 asks a crawler to read at least
_LONGEST_PAUSE_S = 60.0
_PART = 1 << 16


class Answer(NamedTuple):
    """What a site said. address: the page's own, after moves for good; base: where its links start from.

    lacks: nothing, or why the body is not whole: it is `longer` than what was asked for, or `broken` off.
    """

    address: str
    base: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    lacks: Literal["", "longer", "broken"]


class Site:
    """Everything under one scheme, host and port. Used by several threads at once.

    secret: `name:password`, or else a token. ca: a file of certificates that are trusted instead of the machine's.
    sleep: how to wait between questions. least_s: the least time between two, whatever robots.txt asks for.
    """

    def __init__(
        self, address: str, secret: Secret | None = None, ca: str = "", *,
        sleep: Callable[[float], None] = time.sleep, silence_s: float = _SILENCE_S, deadline_s: float = _DEADLINE_S,
        least_s: float = 0.0,
    ) -> None:  # fmt: skip
        parts = urlsplit(address)
        self.root = f"{parts.scheme}://{parts.netloc}/"
        self._parts, self._secret, self._sleep = parts, secret, sleep
        self._silence_s, self._deadline_s = silence_s, deadline_s
        self._trusted = _trusted(ca) if parts.scheme == "https" else None
        self._idle: deque[http.client.HTTPConnection] = deque()
        self._rules = RobotFileParser()
        self._rules.parse(())
        self._lock = threading.Lock()  # guards _next
        self._next, self._least_s = 0.0, least_s
        self._pause_s = least_s
        if secret and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            raise Invalid(f"a password would be sent in the open to {parts.netloc!r}", hint="use https://")

    @property
    def pause_s(self) -> float:
        """What there is between two questions: as robots.txt asks, once it was read, or more."""
        return self._pause_s

    def holds(self, address: str) -> bool:
        """Whether an address belongs to the site."""
        return address.startswith(self.root)

    def may(self, address: str) -> bool:
        """Whether robots.txt lets us ask for it."""
        return self._rules.can_fetch(AGENT, address)

    def read_rules(self) -> None:
        """Learn what robots.txt says now; a site without one allows everything (RFC 9309, 2.3.1.3).

        Raises Unavailable where it cannot be had, and Denied where it wants longer pauses than a sync can make.
        """
        answer = self.ask("GET", f"{self.root}robots.txt", most=_ROBOTS)
        if answer.status >= 500 or answer.status == 429:
            raise Unavailable(f"{self.root}robots.txt answers {answer.status}", hint="is the site well?")
        rules = RobotFileParser()
        rules.parse(answer.body.decode("utf-8", "replace").splitlines() if answer.status == 200 else ())
        asked_s = float(rules.crawl_delay(AGENT) or 0)
        if asked_s > _LONGEST_PAUSE_S:
            wanted = show_seconds(asked_s)
            raise Denied(f"{self.root!r} wants pauses of {wanted}", hint="ask its owner for a shorter Crawl-delay")
        self._pause_s = max(asked_s, self._least_s)
        self._rules = rules

    def ask(self, method: Literal["GET", "HEAD"], address: str, *, most: Bytes) -> Answer:
        """What the site says, at most `most` bytes of it; a move is followed within the site.

        One that leads elsewhere comes back as it is. Raises Unavailable when no answer can be had.
        """
        answer = self._once(method, address, most)
        for_good = True
        for _ in range(_MOST_REDIRECTS):
            target = canonical(answer.headers.get("location", ""), answer.base) if answer.status in MOVED else ""
            if not self.holds(target) or not self.may(target):
                break
            for_good = for_good and answer.status not in TEMPORARY
            own = target if for_good else answer.address
            answer = self._once(method, target, most)._replace(address=own)
        return answer

    def close(self) -> None:
        """Close what is still open."""
        while self._idle:
            self._idle.pop().close()

    def _once(self, method: str, address: str, most: Bytes) -> Answer:
        self._wait_for_turn()
        try:
            with suppress(IndexError, ConnectionError, ssl.SSLError):  # an idle connection may be closed by now
                return self._exchange(self._idle.pop(), method, address, most)
            return self._exchange(self._connect(), method, address, most)
        except (OSError, http.client.HTTPException) as error:
            said = str(error) or type(error).__name__
            what, hint = cause_of(said) or (said, "is its address right?")
            raise Unavailable(f"{self.root!r} does not answer: {what}", hint=hint) from error

    def _exchange(self, connection: http.client.HTTPConnection, method: str, address: str, most: Bytes) -> Answer:
        parts = urlsplit(address)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            with _deadline(connection, self._deadline_s):
                connection.request(method, path, headers=self._headers())
                response = connection.getresponse()
                headers = {name.lower(): value for name, value in response.getheaders()}
                body, lacks = _body(response, most)
        except BaseException:
            connection.close()
            raise
        response.close()
        if lacks or response.will_close:
            connection.close()
        else:
            self._idle.append(connection)
        return Answer(address, address, response.status, headers, body, lacks)

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._trusted is None:
            connection = http.client.HTTPConnection(host, port, timeout=self._silence_s)
        else:
            connection = http.client.HTTPSConnection(host, port, timeout=self._silence_s, context=self._trusted)
        connection.connect()
        return connection

    def _headers(self) -> dict[str, str]:
        said = {"user-agent": AGENT, "accept-encoding": "gzip", "accept": "*/*"}
        if self._secret is None:
            return said
        secret = self._secret()
        if ":" in secret:
            return said | {"authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
        return said | {"authorization": f"Bearer {secret}"}

    def _wait_for_turn(self) -> None:
        if not self._pause_s:
            return
        with self._lock:
            turn = max(self._next, time.monotonic())
            self._next = turn + self._pause_s
        self._sleep(max(0.0, turn - time.monotonic()))


@contextmanager
def _deadline(connection: http.client.HTTPConnection, seconds: float) -> Iterator[None]:
    """Hang up after so many seconds, whatever is being waited for; raises TimeoutError then."""
    late = threading.Event()
    line = connection.sock

    def hang_up() -> None:
        late.set()
        with suppress(OSError):  # the other side was first
            line.shutdown(socket.SHUT_RDWR)

    clock = threading.Timer(seconds, hang_up)
    clock.daemon = True
    clock.start()
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        if late.is_set():
            raise TimeoutError(f"no whole answer within {show_seconds(seconds)}") from error
        raise
    finally:
        clock.cancel()
    if late.is_set():
        raise TimeoutError(f"no whole answer within {show_seconds(seconds)}")


def _body(response: http.client.HTTPResponse, most: Bytes) -> tuple[bytes, Literal["", "longer", "broken"]]:
    if response.length is not None and response.length > most:
        return b"", "longer"
    packing = response.getheader("content-encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip", "x-gzip"):
        return b"", "broken"
    unpack = None if packing == "identity" else zlib.decompressobj(wbits=31)
    body = bytearray()
    try:
        while len(body) <= most and (part := response.read1(_PART)):
            body += unpack.decompress(part, most + 1 - len(body)) if unpack else part
    except (http.client.IncompleteRead, zlib.error):
        return b"", "broken"
    if len(body) > most:
        return bytes(body[:most]), "longer"
    half = bool(response.length) or (unpack is not None and bool(body) and not unpack.eof)
    return bytes(body), "broken" if half else ""


def _trusted(ca: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca or None)
    except OSError as error:
        raise Invalid(f"ca={ca!r} holds no certificates: {error}", hint="give a file in PEM format") from error
