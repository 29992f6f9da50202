"""Operations as routes: reads are GET, all else is POST; the path is the operation's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from thruline.api.arguments import Arguments
from thruline.api.auth import Door
from thruline.api.metrics import Metrics
from thruline.api.wire import read_body
from thruline.app.operations import Operation
from thruline.app.platform import Platform
from thruline.flows.reports import AnswerReport

HERE_ONLY = frozenset(("infra.work",))
"""Working the queue is what the server does already, and a request for it would never end."""

Endpoint = Callable[[Request], Awaitable[Response]]


def served(operations: Mapping[str, Operation]) -> list[Operation]:
    """The operations that have a route."""
    return [o for o in operations.values() if o.name not in HERE_ONLY]


def operation_routes(platform: Platform, door: Door, metrics: Metrics, max_body: int) -> list[Route]:
    """A route for each operation."""
    return [
        Route(o.path, _endpoint(platform, o, door, metrics, max_body), methods=["GET" if o.reads else "POST"])
        for o in served(platform.operations)
    ]


def _endpoint(platform: Platform, operation: Operation, door: Door, metrics: Metrics, max_body: int) -> Endpoint:
    arguments = Arguments(operation)

    async def given(request: Request) -> dict[str, Any]:
        if operation.reads:
            return arguments.of_query(request.query_params, request.path_params)
        return arguments.of_body(await read_body(request.scope, request.receive, max_body), request.path_params)

    async def endpoint(request: Request) -> Response:
        visitor = door.enter(request.scope)
        acting = platform.acting(visitor.actor, "http")
        result = await run_in_threadpool(acting.call, operation.name, await given(request))
        headers = {}
        if isinstance(result, AnswerReport) and operation.name == "vectors.ask":
            metrics.answer(result.outcome)
            headers["x-receipt-id"] = result.id
        return Response(msgspec.json.encode(result), 200, headers, "application/json")

    return endpoint
