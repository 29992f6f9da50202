"""Bodies in and out, without a request object between: the gateway's share of a request is counted in microseconds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from starlette.types import Receive, Scope, Send

from thruline.api.errors import TooLarge, TooSlow

BODY_TIMEOUT_S = 30.0
LOOK_S = 0.05
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


class WhileConnected:
    """`async with WhileConnected(receive)`: cancels what is done inside, as ClientGone, when the client hangs up.

    The body must have been read. Looking begins after LOOK_S: most replies are over by then, and a task costs more
    than a timer.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_gone = False
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        """Set the timer."""
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._timer = asyncio.get_running_loop().call_later(LOOK_S, self._look)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Look no more; raises ClientGone."""
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if kind is asyncio.CancelledError and self._is_gone and self._task.uncancel() == 0:
            raise ClientGone from None

    def _look(self) -> None:
        self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._is_gone = True
        self._task.cancel()
