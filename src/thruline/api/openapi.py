"""OpenAPI 3.1, from the same declarations as the routes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from thruline import __version__
from thruline.api.arguments import Arguments, bounded
from thruline.api.routes import served
from thruline.app.operations import Operation, Parameter

REF = "#/components/schemas/{name}"
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong (RFC 9457), with the way out as `hint`.",
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "code": {"type": "string"}, "detail": {"type": "string"}, "hint": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
}  # fmt: skip
ERRORS = {
    "401": "No key, or one that is not valid.", "403": "This key's role may not do it.",
    "404": "There is no such thing, or not for this key.", "408": "The body did not arrive in time.",
    "409": "Somebody else got there first.", "413": "The body is too large.",
    "422": "What was sent cannot be right; `detail` names the field.", "429": "Too much asked; see Retry-After.",
    "500": "Stored bytes are damaged, or the server made a mistake.",
    "501": "This installation cannot do it.", "503": "Something needed is not there now; try later.",
}  # fmt: skip
OPENAI = {
    "/v1/models": ("get", "The models that may be asked, as OpenAI lists them."),
    "/v1/chat/completions": ("post", "A chat completion, as OpenAI shapes it; streamed too."),
    "/v1/embeddings": ("post", "Embeddings, as OpenAI shapes them."),
    "/v1/rerank": ("post", "Documents in the order in which they fit a query, as Cohere and Jina shape it."),
}


def document(operations: Mapping[str, Operation]) -> dict[str, Any]:
    """The whole description."""
    known = served(operations)
    arguments = {o.name: Arguments(o).type for o in known if not o.reads}
    types = [*arguments.values(), *(o.returns for o in known)]
    schemas, components = msgspec.json.schema_components(types, ref_template=REF)
    bodies = dict(zip(arguments, schemas, strict=False))
    results = dict(zip((o.name for o in known), schemas[len(arguments) :], strict=True))
    paths: dict[str, Any] = {}
    for operation in known:
        method = "get" if operation.reads else "post"
        described = _operation(operation, bodies.get(operation.name), results[operation.name])
        paths.setdefault(operation.path, {})[method] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "thruline", "version": __version__, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "summary": "See what every answer is made of, and pull anything back out everywhere, with proof.",
        },
        "security": [{"key": []}],
        "paths": paths | _openai_paths(),
        "components": {
            "schemas": components | {"Problem": PROBLEM},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "an API key, `tl_…`"}},
        },
    }  # fmt: skip


def _operation(operation: Operation, body: dict[str, Any] | None, result: dict[str, Any]) -> dict[str, Any]:
    in_path = set(re.findall(r"{(\w+)}", operation.path))
    described: dict[str, Any] = {
        "operationId": operation.name, "summary": operation.says, "description": operation.doc,
        "tags": [operation.system], "x-role": operation.role,
        "parameters": [
            _parameter(p, p.name in in_path) for p in operation.parameters if body is None or p.name in in_path
        ],
        "responses": {"200": {"description": "Done.", "content": _json(result)}} | _errors(),
    }  # fmt: skip
    if body is not None:
        described["requestBody"] = {"required": any(p.required for p in operation.parameters), "content": _json(body)}
    return described


def _parameter(parameter: Parameter, in_path: bool) -> dict[str, Any]:
    schema = msgspec.json.schema(bounded(parameter.type))
    if not parameter.required:
        schema["default"] = parameter.default
    return {
        "name": parameter.name, "in": "path" if in_path else "query", "required": in_path or parameter.required,
        "description": parameter.says, "schema": schema,
    }  # fmt: skip


def _errors() -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": REF.format(name="Problem")}}}
    return {status: {"description": says, "content": content} for status, says in ERRORS.items()}


def _openai_paths() -> dict[str, Any]:
    anything = {"type": "object"}
    said = {
        "200": {"description": "As OpenAI shapes it.", "content": _json(anything)},
        "default": {"description": "An error object, as OpenAI shapes it.", "content": _json(anything)},
    }
    paths: dict[str, Any] = {}
    for path, (method, says) in OPENAI.items():
        described: dict[str, Any] = {
            "operationId": path.removeprefix("/v1/").replace("/", "_"), "summary": says, "tags": ["openai"],
            "responses": said,
        }  # fmt: skip
        if method == "post":
            described["requestBody"] = {"required": True, "content": _json(anything)}
        paths[path] = {method: described}
    return paths


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
