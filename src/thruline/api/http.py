"""The server's application: operations, OpenAI's routes, MCP and the console behind one door."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from importlib.resources import files

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from thruline.api.auth import Door, Sessions, visitor_of_page
from thruline.api.edge import Edge
from thruline.api.errors import on_accident, on_error, on_http_error
from thruline.api.gateway import Gateway
from thruline.api.mcp import Mcp
from thruline.api.metrics import KIND, Metrics
from thruline.api.openai import OpenAi
from thruline.api.openapi import document
from thruline.api.routes import operation_routes
from thruline.app.platform import Platform
from thruline.console import COOKIE, console
from thruline.core.errors import ThrulineError
from thruline.core.units import parse_size
from thruline.flows import INDEX
from thruline.flows.openlineage import OURS
from thruline.guard.limits import Limits
from thruline.ledger.group import GroupCommit

logger = logging.getLogger(__name__)


def application(platform: Platform, sessions: Sessions | None = None) -> Starlette:
    """Everything that a home answers over HTTP. sessions: of the console; whoever serves keeps them for login links."""
    return _Site(platform, sessions or sessions_of(platform)).application()


def sessions_of(platform: Platform) -> Sessions:
    """Sessions of the console, signed with a key of this home."""
    return Sessions(platform.line.access, platform.ids, platform.operator)


class _Site:
    def __init__(self, platform: Platform, sessions: Sessions) -> None:
        server = platform.config.server
        self._platform = platform
        self._sessions = sessions
        self._max_body = parse_size(server.max_body)
        self._metrics = Metrics()
        limits = Limits(per_minute=server.requests_per_minute, question=platform.config.guard.question_limit)
        self._door = Door(platform.line.access, limits)
        self._gateway: Gateway | None = None

    def application(self) -> Starlette:
        routes = self._routes()
        names = {r.endpoint: r.path for r in routes if isinstance(r, Route)}
        edge = Middleware(
            Edge, hosts=[_bracketed(self._platform.config.server.host)], metrics=self._metrics,
            route_of=lambda endpoint: names.get(endpoint, "none"),
        )  # fmt: skip
        handlers = {ThrulineError: on_error, HTTPException: on_http_error, Exception: on_accident}
        return Starlette(routes=routes, middleware=[edge], exception_handlers=handlers, lifespan=self._lifespan)

    def _routes(self) -> Sequence[BaseRoute]:
        """Those in front are found first; only they are asked hundreds of times a second."""
        platform_for = visitor_of_page(self._platform, self._sessions, COOKIE)
        mcp = Mcp(self._platform, self._door, self._max_body)
        openai = OpenAi(self._running, self._door, self._max_body)
        return [
            *openai.routes(),
            *operation_routes(self._platform, self._door, self._metrics, self._max_body),
            openai.model_route(),
            Route("/mcp", mcp.endpoint, methods=["POST"]),
            Route("/openapi.json", self._locked(self._describe)),
            Route("/healthz", _alive),
            Route("/readyz", self._ready),
            Route("/metrics", self._numbers),
            Route(OURS, _facets),
            _LoginLink("/login", self._redeem),
            *console(platform_for, self._sessions.begin),
        ]

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncGenerator[None, None]:
        line = self._platform.line
        group = GroupCommit(line.database, line.ledger)
        llm = line.engines.llm()  # its own: a client of one event loop, and `ask` runs loops of its own
        self._gateway = Gateway(line=line, llm=llm, group=group, metrics=self._metrics)
        warming = asyncio.create_task(run_in_threadpool(_warm, self._platform))
        yield
        await warming
        await group.close()
        if llm is not None:
            await llm.close()

    def _running(self) -> Gateway:
        assert self._gateway is not None
        return self._gateway

    def _locked(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            self._door.enter(request.scope)
            return await answer(request)

        return endpoint

    @cached_property
    def _document(self) -> bytes:
        return msgspec.json.encode(document(self._platform.operations))

    async def _describe(self, _: Request) -> Response:
        return Response(self._document, media_type="application/json")

    async def _ready(self, _: Request) -> Response:
        await run_in_threadpool(self._platform.line.database.query, "SELECT 1")
        return Response("ready\n", media_type="text/plain")

    async def _numbers(self, request: Request) -> Response:
        if not _is_near(request):
            self._door.enter(request.scope)
        return Response(self._metrics.text(await run_in_threadpool(self._gauges)), media_type=KIND)

    def _gauges(self) -> dict[str, tuple[str, float]]:
        line = self._platform.line
        active = line.generations.active(INDEX)
        chunks = line.generations.get(active).chunks if active else 0
        return {
            "thruline_ledger_events": ("Events on the ledger.", line.ledger.head().seq),
            "thruline_index_chunks": ("Chunks in the generation that serves.", chunks),
        }

    async def _redeem(self, request: Request) -> Response:
        value = self._sessions.redeem(request.query_params.get("token", ""))
        response = RedirectResponse("/", 303)
        response.set_cookie(
            COOKIE, value, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/"
        )
        return response


class _LoginLink(Route):
    """The console's login page, when its address carries a token."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if not scope.get("query_string", b"").startswith(b"token="):
            return Match.NONE, {}
        return super().matches(scope)


async def _facets(_: Request) -> Response:
    """The schema of our own OpenLineage facets; it says nothing of this home, so whoever was sent one may read it."""
    return Response(
        files("thruline.flows").joinpath("openlineage_facets.json").read_bytes(), 200, None, "application/json"
    )


async def _alive(_: Request) -> Response:
    return Response("alive\n", media_type="text/plain")


def _warm(platform: Platform) -> None:
    """Open what the first question needs; what is wrong with it is said again when it is asked."""
    line = platform.line
    try:
        for part in ("embedder", "screen", "names"):
            getattr(line, part)
        line.shelf.serving()
    except ThrulineError as error:
        logger.warning("not everything could be opened", extra={"error": error.code})


def _is_near(request: Request) -> bool:
    host = request.client.host if request.client else ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
