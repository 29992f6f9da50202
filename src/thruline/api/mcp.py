"""Model Context Protocol over streamable HTTP: the operations that a key may call, as tools.

Stateless: each POST carries one JSON-RPC message (or, as of 2025-03-26, a batch) and gets its reply as JSON. There
is no session and no stream of the server's own, so GET and DELETE are refused, as the protocol allows.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from thruline import __version__
from thruline.api.arguments import Arguments
from thruline.api.auth import Door
from thruline.api.edge import LOOPBACK, name_of
from thruline.api.routes import served
from thruline.api.wire import read_body
from thruline.app.operations import Operation
from thruline.app.platform import Platform
from thruline.core.errors import Denied, ThrulineError
from thruline.core.nouns import Actor

VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
INSTRUCTIONS = (
    "Questions are answered from this organisation's documents by vectors_ask; each answer has a receipt id, and "
    "vectors_why says what it is made of."
)
PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS = -32700, -32600, -32601, -32602


class _Request(msgspec.Struct):
    jsonrpc: str
    method: str
    id: str | int | float | msgspec.UnsetType | None = msgspec.UNSET
    params: dict[str, Any] | None = None


class _Wrong(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message}


class Mcp:
    """The endpoint `/mcp`."""

    def __init__(self, platform: Platform, door: Door, max_body: int) -> None:
        self._platform = platform
        self._door = door
        self._max_body = max_body
        self._operations = {o.name.replace(".", "_", 1): o for o in served(platform.operations)}

    async def endpoint(self, request: Request) -> Response:
        """One POST."""
        _check_origin(request)
        actor = self._door.enter(request.scope).actor
        body = await read_body(request.scope, request.receive, self._max_body)
        try:
            message = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _reply({"jsonrpc": "2.0", "id": None, "error": _Wrong(PARSE_ERROR, "this is not JSON").error}, 400)
        if not isinstance(message, list):
            said = await self._answer(message, actor)
            return _reply(said) if said else Response(None, 202)
        replies = [said for one in message if (said := await self._answer(one, actor))]
        return _reply(replies) if replies else Response(None, 202)

    async def _answer(self, message: Any, actor: Actor) -> dict[str, Any] | None:
        """The reply to a message; None for notifications and replies."""
        try:
            request = msgspec.convert(message, _Request)
        except msgspec.ValidationError as error:
            if isinstance(message, dict) and ("result" in message or "error" in message):
                return None
            return {"jsonrpc": "2.0", "id": None, "error": _Wrong(INVALID_REQUEST, str(error)).error}
        if request.id is msgspec.UNSET:
            return None
        try:
            return {"jsonrpc": "2.0", "id": request.id, "result": await self._do(request, actor)}
        except _Wrong as wrong:
            return {"jsonrpc": "2.0", "id": request.id, "error": wrong.error}

    async def _do(self, request: _Request, actor: Actor) -> dict[str, Any]:
        params = request.params or {}
        match request.method:
            case "initialize":
                return _initialized(params)
            case "ping":
                return {}
            case "tools/list":
                return {"tools": [_tool(name, o) for name, o in self._operations.items() if o.role in actor.may]}
            case "tools/call":
                return await self._call(params, actor)
        raise _Wrong(NO_METHOD, f"no method {request.method!r}")

    async def _call(self, params: dict[str, Any], actor: Actor) -> dict[str, Any]:
        operation = self._operations.get(str(params.get("name")))
        given = params.get("arguments") or {}
        if operation is None or operation.role not in actor.may:
            raise _Wrong(INVALID_PARAMS, f"no tool {params.get('name')!r}")
        if not isinstance(given, dict):
            raise _Wrong(INVALID_PARAMS, "arguments is not an object")
        acting = self._platform.acting(actor, "mcp")
        try:
            checked = Arguments(operation).of_body(msgspec.json.encode(given), {})
            result = await run_in_threadpool(acting.call, operation.name, checked)
        except ThrulineError as error:
            return _said(error.as_problem(), is_error=True)
        return _said(msgspec.to_builtins(result), is_error=False)


def _initialized(params: dict[str, Any]) -> dict[str, Any]:
    asked = params.get("protocolVersion")
    return {
        "protocolVersion": asked if asked in VERSIONS else VERSIONS[-1],
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": {"name": "thruline", "version": __version__},
        "instructions": INSTRUCTIONS,
    }


@lru_cache
def _tool(name: str, operation: Operation) -> dict[str, Any]:
    (reference,), components = msgspec.json.schema_components([Arguments(operation).type])
    schema = components[reference["$ref"].rpartition("/")[2]]
    return {
        "name": name, "title": operation.says, "description": operation.doc, "inputSchema": schema,
        "annotations": {
            "title": operation.says, "readOnlyHint": operation.reads, "destructiveHint": operation.destroys,
            "openWorldHint": False,
        },
    }  # fmt: skip


def _said(result: Any, *, is_error: bool) -> dict[str, Any]:
    text = result if isinstance(result, str) else msgspec.json.encode(result).decode()
    structured = {"structuredContent": result} if isinstance(result, dict) else {}
    return {"content": [{"type": "text", "text": text}], "isError": is_error, **structured}


def _check_origin(request: Request) -> None:
    """A page of another site may not speak for its reader, whatever key it has got hold of."""
    origin = request.headers.get("origin")
    if origin and name_of(urlsplit(origin).netloc) not in (*LOOPBACK, name_of(request.headers.get("host", ""))):
        raise Denied(f"requests from {origin!r} are not taken", hint="call /mcp from a program")


def _reply(message: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(message), status, media_type="application/json")
