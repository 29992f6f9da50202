"""Sends requests to one address: pooled, retried before the first byte of a reply, never after."""

from __future__ import annotations

import asyncio
import email.utils
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from thruline.backends.openai_llm.connection import Connection, Head
from thruline.backends.openai_llm.pool import Address, Pool
from thruline.core.errors import Invalid, Unavailable

BUSY = frozenset((429, 500, 502, 503, 504))
RETRIES = 2
FIRST_PAUSE_S = 0.25
MAX_DRAIN = 64 * 1024
HOP_BY_HOP = frozenset(
    (b"connection", b"keep-alive", b"transfer-encoding", b"te", b"trailer", b"upgrade", b"proxy-authenticate")
)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long to wait: for a connection, for the first byte, between two portions, and in all."""

    connect_s: float
    first_byte_s: float
    idle_s: float
    deadline_s: float


class Reply:
    """Head and body of a reply; iterating gives the body's bytes in the portions that arrive."""

    def __init__(self, connection: Connection, head: Head, pool: Pool, limits: Limits, deadline: float) -> None:
        self.head = head
        self._connection: Connection | None = connection
        self._pool = pool
        self._deadline = deadline
        self._idle_s = limits.idle_s
        self._wait_s = limits.first_byte_s

    def __aiter__(self) -> Reply:
        """Itself."""
        return self

    async def __anext__(self) -> bytes:
        """The next bytes; raises Unavailable."""
        connection = self._connection
        if connection is None:
            raise StopAsyncIteration
        try:
            portion = await connection.portion(min(self._wait_s, self._deadline - time.monotonic()))
        except BaseException:  # a cancelled or failed reply leaves the connection in the middle of something
            await self.aclose()
            raise
        if not portion:
            await self.aclose()
            raise StopAsyncIteration
        self._wait_s = self._idle_s
        return portion

    async def read(self, limit: int) -> bytes:
        """At most about limit bytes of the body; the rest is not waited for."""
        body = bytearray()
        async for portion in self:
            body += portion
            if len(body) >= limit:
                break
        await self.aclose()
        return bytes(body)

    async def aclose(self) -> None:
        """Give the connection back to the pool, or end it where the reply was not read to its end."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.put(connection)


class Client:
    """POSTs JSON to one address. Its key is asked for at each request, so that it can be rotated."""

    def __init__(self, address: Address, key: Callable[[], str] | None, limits: Limits) -> None:
        self._pool = Pool(address, limits.connect_s)
        self._address = address
        self._key = key
        self._limits = limits
        self._request_line = (
            f"POST {address.path}/chat/completions HTTP/1.1\r\nhost: {address.host_header}\r\n".encode()
        )

    async def post(self, body: bytes, *, accept: bytes = b"*/*") -> Reply:
        """The reply, whatever its status; a busy server (429, 5xx) is asked RETRIES times more within the deadline."""
        deadline = time.monotonic() + self._limits.deadline_s
        request = self._request(body, accept)
        for attempt in range(RETRIES):
            reply = await self._send(request, deadline)
            if reply.head.status not in BUSY:
                return reply
            pause = pause_s(reply.head, attempt)
            if time.monotonic() + pause >= deadline:
                return reply
            await reply.read(MAX_DRAIN)
            await asyncio.sleep(pause)
        return await self._send(request, deadline)

    def _request(self, body: bytes, accept: bytes) -> bytes:
        key = self._key() if self._key is not None else ""
        if not (key.isascii() and (key.isprintable() and " " not in key)):
            raise Invalid("the key of the language model holds a space, a line break or a special character")
        authorization = f"authorization: Bearer {key}\r\n".encode() if key else b""
        fixed = b"content-type: application/json\r\naccept: %b\r\ncontent-length: %d\r\n\r\n" % (accept, len(body))
        return b"".join((self._request_line, authorization, fixed, body))

    async def _send(self, request: bytes, deadline: float) -> Reply:
        pooled = self._pool.idle()
        if pooled is not None:
            try:
                return await self._exchange(pooled, request, deadline)
            except Unavailable:
                if not pooled.is_dropped:  # else the server closed an idle connection just as we used it
                    raise
        return await self._exchange(await self._pool.connect(), request, deadline)

    async def _exchange(self, connection: Connection, request: bytes, deadline: float) -> Reply:
        try:
            connection.send(request)
            head = await connection.head(min(self._limits.first_byte_s, deadline - time.monotonic()))
        except BaseException:
            connection.close()
            raise
        return Reply(connection, head, self._pool, self._limits, deadline)

    def close(self) -> None:
        """Hang up on idle connections."""
        self._pool.close()


def pause_s(head: Head, attempt: int) -> float:
    """Seconds to wait before asking again: what Retry-After says, else a doubling time with full jitter."""
    asked = head.header(b"retry-after").decode("latin-1").strip()
    if asked.isdecimal():
        return float(asked)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(asked).timestamp() - time.time())
    except ValueError:
        return FIRST_PAUSE_S * 2**attempt * secrets.randbelow(1001) / 1000


def end_to_end(head: Head) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that are the reply's, not the connection's."""
    return tuple((name, value) for name, value in head.headers if name not in HOP_BY_HOP)
