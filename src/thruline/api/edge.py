"""The outermost layer: whom a request is addressed to, the headers that every reply carries, and counting."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from thruline.api.metrics import Metrics
from thruline.api.wire import header, send_whole

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
SECURITY = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
}
_MISDIRECTED = (
    b'{"type":"about:blank","title":"Misdirected Request","status":421,"detail":"this server has another name"}'
)


class Edge:
    """Answers only to its own names: a page of another site whose name was made to point here gets nothing."""

    def __init__(
        self, app: ASGIApp, *, hosts: Collection[str], metrics: Metrics, route_of: Callable[[Any], str]
    ) -> None:
        self._app = app
        self._hosts = frozenset((*LOOPBACK, *hosts))
        self._metrics = metrics
        self._route_of = route_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI calls it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with(message["headers"], SECURITY)
            await send(message)

        try:
            if name_of(header(scope, b"host").decode("latin-1")) in self._hosts:
                await self._app(scope, receive, sending)
            else:
                await send_whole(sending, 421, _MISDIRECTED, {}, "application/problem+json")
        finally:
            route = self._route_of(scope.get("endpoint"))
            self._metrics.request(route, status, time.perf_counter() - began)


def name_of(host: str) -> str:
    """A Host header without its port."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


def _with(headers: Any, extra: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    present = {name for name, _ in headers}
    return [*headers, *((name, value) for name, value in extra.items() if name not in present)]
