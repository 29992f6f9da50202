"""Bodies in and out, without a request object between: the gateway's share of a request is counted in microseconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager

from starlette.types import Receive, Scope, Send

from thruline.api.errors import TooLarge, TooSlow

BODY_TIMEOUT_S = 30.0
Headers = Iterable[tuple[bytes, bytes]]


class ClientGone(Exception):
    """Whoever asked has hung up."""


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The whole body; raises TooLarge beyond limit, TooSlow when it trickles, ClientGone when it breaks off."""
    declared = header(scope, b"content-length")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await _read(receive, limit)
    except TimeoutError as error:
        raise TooSlow(f"the body did not arrive within {BODY_TIMEOUT_S:.0f} s", hint="send it again") from error


async def _read(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit} bytes", hint="setting server.max_body")


def header(scope: Scope, name: bytes) -> bytes:
    """The first header of that lower-case name, empty when there is none."""
    return next((value for key, value in scope["headers"] if key == name), b"")


async def send_whole(
    send: Send, status: int, body: bytes, headers: Mapping[str, str], kind: str = "application/json"
) -> None:
    """A reply in one piece."""
    said = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    said += [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": said})
    await send({"type": "http.response.body", "body": body})


class EventStream:
    """Server-sent events to one client."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def start(self, headers: Mapping[str, str]) -> None:
        """Status and headers; from here on an error can only be an event."""
        said = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        said += [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
        await self._send({"type": "http.response.start", "status": 200, "headers": said})

    async def raw(self, events: bytes) -> None:
        """Events as they are on the wire."""
        if events:
            await self._send({"type": "http.response.body", "body": events, "more_body": True})

    async def event(self, data: bytes) -> None:
        """One event."""
        await self.raw(b"data: " + data + b"\n\n")

    async def end(self, events: bytes = b"") -> None:
        """The last events."""
        await self._send({"type": "http.response.body", "body": events})


@asynccontextmanager
async def while_connected(receive: Receive) -> AsyncGenerator[None, None]:
    """Cancels what is done inside, as ClientGone, when the client hangs up. The body must have been read."""
    task = asyncio.current_task()
    assert task is not None
    gone = False

    async def look() -> None:
        nonlocal gone
        while (await receive())["type"] != "http.disconnect":
            pass
        gone = True
        task.cancel()

    watcher = asyncio.create_task(look())
    try:
        yield
    except asyncio.CancelledError:
        if gone and task.uncancel() == 0:
            raise ClientGone from None
        raise
    finally:
        watcher.cancel()
