"""One HTTP/1.1 connection, one request at a time, on asyncio's transports and httptools' parser."""

from __future__ import annotations

import asyncio
from typing import NamedTuple, cast

import httptools

from thruline.core.errors import Corrupt, Unavailable

HIGH_WATER = 256 * 1024  # buffered bytes at which reading pauses: a slow reader must not fill memory


class Head(NamedTuple):
    """Status and headers of a reply; header names in lower case."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]

    def header(self, name: bytes) -> bytes:
        """The first header of that (lower-case) name, or nothing."""
        return next((value for key, value in self.headers if key == name), b"")


class Connection(asyncio.Protocol):
    """Sends a request, gives the head of the reply, then its body in the portions that arrive."""

    def __init__(self, loop: asyncio.AbstractEventLoop, origin: str) -> None:
        self._loop = loop
        self._origin = origin
        self._transport: asyncio.Transport | None = None
        self.is_dropped = False  # the server hung up before a byte of its reply: asking again repeats nothing
        self._waiter: asyncio.Future[None] | None = None
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._raw_headers: list[tuple[bytes, bytes]] = []
        self._head: Head | None = None
        self._body: list[bytes] = []
        self._buffered = 0
        self._touched = False
        self._complete = False
        self._keeps_alive = False
        self._paused = False
        self._failure: Exception | None = None

    def send(self, request: bytes) -> None:
        """Write a whole request; the reply of the one before must have been read to its end."""
        assert self._transport is not None
        self._begin()
        self._transport.write(request)

    async def head(self, timeout_s: float) -> Head:
        """The reply's head; raises Unavailable or Corrupt."""
        while self._head is None:
            await self._wait(timeout_s, "sent no first byte")
        return self._head

    async def portion(self, timeout_s: float) -> bytes:
        """All body bytes that are here, waiting for some; nothing at the end of the body."""
        while not self._body:
            if self._complete:
                return b""
            await self._wait(timeout_s, "fell silent in the middle of its reply")
        return self._take()

    def _take(self) -> bytes:
        portion = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body.clear()
        self._buffered = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return portion

    @property
    def is_reusable(self) -> bool:
        """Whether the reply was read to its end and the server keeps the connection open."""
        return (
            self._complete
            and not self._body
            and self._transport is not None
            and not self._transport.is_closing()
            and self._keeps_alive
        )

    @property
    def is_open(self) -> bool:
        """Whether the other side has not hung up, as far as we heard."""
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """Hang up, at once."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    async def _wait(self, timeout_s: float, what: str) -> None:
        if self._failure is not None:
            raise self._failure
        waiter = self._waiter = self._loop.create_future()
        alarm = self._loop.call_later(max(0.0, timeout_s), self._expire, what, timeout_s)
        try:
            await waiter
        finally:
            alarm.cancel()
            self._waiter = None
        if self._failure is not None and not self._body:
            raise self._failure

    def _expire(self, what: str, timeout_s: float) -> None:
        self._fail(
            Unavailable(
                f"the language model at {self._origin!r} {what} within {timeout_s:.3g} s",
                hint="is it loaded and not overloaded? raise the time limit or try again",
            )
        )

    def _fail(self, failure: Exception) -> None:
        if self._failure is None:
            self._failure = failure
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not inherit from it

    def data_received(self, data: bytes) -> None:
        """Feed the parser."""
        self._touched = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()
            self._fail(
                Corrupt(f"what {self._origin!r} sends is not HTTP", hint="check the address, and http against https")
            )
            return
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """End a body that only the end of the connection ends; anything else is a failure."""
        self._transport = None
        if self._complete:
            return
        if self._ends_with_connection() and exc is None:
            self._complete = True
            self._wake()
            return
        self.is_dropped = not self._touched
        when = "before it replied" if self.is_dropped else "in the middle of its reply"
        failure = Unavailable(
            f"the language model at {self._origin!r} hung up {when}", hint="look at its log; try again"
        )
        failure.__cause__ = exc
        self._fail(failure)

    def _ends_with_connection(self) -> bool:
        return self._head is not None and not (
            self._head.header(b"content-length") or self._head.header(b"transfer-encoding")
        )

    # httptools calls these

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect one header."""
        self._raw_headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Make the head, unless it is an interim one (100, 103)."""
        status = self._parser.get_status_code()
        if status >= 200:
            self._head = Head(status, tuple(self._raw_headers))
        self._raw_headers = []

    def on_body(self, body: bytes) -> None:
        """Collect, and slow the sender down where nobody reads."""
        self._body.append(body)
        self._buffered += len(body)
        if self._buffered > HIGH_WATER and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """The body is whole."""
        self._complete = self._head is not None
        self._keeps_alive = self._parser.should_keep_alive()  # asked later, the parser has forgotten
