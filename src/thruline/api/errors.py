"""Errors that only HTTP knows, and every error as a problem document (RFC 9457)."""

from __future__ import annotations

import math

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from thruline.core.errors import Denied, Invalid, ThrulineError
from thruline.guard.limits import TooMany

PROBLEM = "application/problem+json"


class SignedOut(Denied):
    """Nobody said who is asking, or not in a way that we believe."""

    status = 401


class TooLarge(Invalid):
    """The body is larger than the server takes."""

    status = 413


class TooSlow(Invalid):
    """The body did not arrive in time."""

    status = 408


def headers_of(error: ThrulineError) -> dict[str, str]:
    """What a client's own machinery looks for in an error's headers."""
    if isinstance(error, SignedOut):
        return {"www-authenticate": 'Bearer realm="thruline"'}
    if isinstance(error, TooMany):
        return {"retry-after": str(math.ceil(error.retry_after_s))}
    return {}


async def on_error(_: Request, error: Exception) -> Response:
    """One of our errors."""
    assert isinstance(error, ThrulineError)
    return Response(msgspec.json.encode(error.as_problem()), error.status, headers_of(error), PROBLEM)


async def on_http_error(request: Request, error: Exception) -> Response:
    """What the router refuses: unknown addresses and methods."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405 and request.method == "OPTIONS":
        return Response(None, 204, error.headers)
    said = {404: "there is nothing at this address", 405: f"this address does not take {request.method}"}
    problem = {
        "type": "about:blank", "title": error.detail, "status": error.status_code,
        "detail": said.get(error.status_code, error.detail), "hint": "/openapi.json lists what there is",
    }  # fmt: skip
    return Response(msgspec.json.encode(problem), error.status_code, error.headers, PROBLEM)


async def on_accident(_: Request, error: Exception) -> Response:
    """A mistake of ours; its words may quote what they should not, so only its kind is told."""
    problem = {
        "type": "about:blank#error", "title": "Error", "status": 500, "code": "error",
        "detail": f"the server made a mistake ({type(error).__name__})", "hint": "its log says more",
    }  # fmt: skip
    return Response(msgspec.json.encode(problem), 500, media_type=PROBLEM)
