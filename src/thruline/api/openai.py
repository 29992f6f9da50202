"""OpenAI's addresses: models, chat completions, embeddings; and rerank. Unchanged clients are at home here."""

from __future__ import annotations

import base64
import time
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from thruline.api.answerer import answer
from thruline.api.auth import Door, Visitor
from thruline.api.gateway import ANSWERER, Call, Gateway
from thruline.api.openai_shapes import (
    BadParameter,
    encode,
    error_body,
    error_headers,
    read_chat,
    read_embeddings,
    usage_of,
)
from thruline.api.passthrough import relay
from thruline.api.recording import EMBED, called
from thruline.api.reranking import Reranking
from thruline.api.wire import ClientGone, header, read_body, send_whole
from thruline.core.errors import NotFound, ThrulineError
from thruline.vectors.context import TOKENS_A_WORD

MOST_INPUTS, MOST_TOKENS = 2048, 300_000  # as OpenAI has it

Handler = Callable[[Scope, Receive, Send, Visitor], Awaitable[None]]


class _Endpoint:
    """A handler behind the door, its errors in OpenAI's shape."""

    def __init__(self, door: Door, handle: Handler) -> None:
        self._door = door
        self._handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._handle(scope, receive, send, self._door.enter(scope))
        except ThrulineError as error:
            status, body = error_body(error)
            await send_whole(send, status, encode(body), error_headers(error))
        except ClientGone:
            return  # there is nobody left to tell


class OpenAi:
    """The routes."""

    def __init__(self, gateway: Callable[[], Gateway], door: Door, max_body: int) -> None:
        self._gateway = gateway
        self._door = door
        self._max_body = max_body
        self._made = int(time.time())
        self._rerank = Reranking(gateway, max_body)

    def routes(self) -> list[Route]:
        """The busiest first: routes are tried in order."""
        return [
            Route("/v1/chat/completions", _Endpoint(self._door, self._chat), methods=["POST"]),
            Route("/v1/embeddings", _Endpoint(self._door, self._embed), methods=["POST"]),
            Route("/v1/rerank", _Endpoint(self._door, self._rerank), methods=["POST"]),
            Route("/v1/models", _Endpoint(self._door, self._models), methods=["GET"]),
        ]

    def model_route(self) -> Route:
        """One model; behind the operations, whose addresses under /v1/models it would match."""
        return Route("/v1/models/{model:path}", _Endpoint(self._door, self._model), methods=["GET"])

    async def _chat(self, scope: Scope, receive: Receive, send: Send, visitor: Visitor) -> None:
        gateway = self._gateway()
        body = await read_body(scope, receive, self._max_body)
        chat = read_chat(body)
        is_off = header(scope, b"x-thruline-guard").lower() == b"off" and "operator" in visitor.actor.may
        call = Call(
            chat=chat, body=body, actor=visitor.actor, guarded=not is_off, receive=receive, send=send
        )  # fmt: skip
        if chat.model == ANSWERER:
            await answer(gateway, call)
        elif gateway.llm is not None and chat.model == gateway.llm.info.name:
            await relay(gateway, call)
        else:
            raise _no_model(chat.model, gateway)

    async def _models(self, scope: Scope, receive: Receive, send: Send, visitor: Visitor) -> None:  # noqa: ARG002
        known = await run_in_threadpool(self._known)
        body = encode({"object": "list", "data": [self._described(name) for name in known]})
        await send_whole(send, 200, body, {})

    async def _model(self, scope: Scope, receive: Receive, send: Send, visitor: Visitor) -> None:  # noqa: ARG002
        name = scope["path_params"]["model"]
        if name not in await run_in_threadpool(self._known):
            raise _no_model(name, self._gateway())
        await send_whole(send, 200, encode(self._described(name)), {})

    async def _embed(self, scope: Scope, receive: Receive, send: Send, visitor: Visitor) -> None:
        gateway, began = self._gateway(), time.monotonic()
        request = read_embeddings(await read_body(scope, receive, self._max_body))
        embedder = await run_in_threadpool(lambda: gateway.line.embedder)
        info = embedder.info
        if request.model != info.name:
            raise _no_model(request.model, gateway)
        texts = _texts(request.input)
        if request.encoding_format not in (None, "float", "base64"):
            raise BadParameter(
                f"no format {request.encoding_format!r}", param="encoding_format", hint="float or base64"
            )
        if request.dimensions not in (None, info.dims):
            raise BadParameter(f"{info.name!r} has {info.dims} dimensions", param="dimensions", hint="leave it out")
        vectors = await run_in_threadpool(embedder.passages, texts)
        await gateway.group.submit(lambda: [called(EMBED, visitor.actor, began)])
        shape = _base64 if request.encoding_format == "base64" else np.ndarray.tolist
        data = [{"object": "embedding", "index": i, "embedding": shape(v)} for i, v in enumerate(vectors)]
        usage = usage_of(_tokens(texts), 0)
        del usage["completion_tokens"]
        body = encode({"object": "list", "data": data, "model": info.name, "usage": usage})
        await send_whole(send, 200, body, {})

    def _known(self) -> list[str]:
        gateway = self._gateway()
        upstream = [gateway.llm.info.name] if gateway.llm and gateway.llm.info.name else []
        return [ANSWERER, *upstream, gateway.line.embedder.info.name]

    def _described(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": self._made, "owned_by": ANSWERER}


def _texts(given: str | list[Any]) -> list[str]:
    texts = [given] if isinstance(given, str) else given
    if not texts or len(texts) > MOST_INPUTS:
        raise BadParameter(f"input holds {len(texts)} texts", param="input", hint=f"1 to {MOST_INPUTS}")
    if not all(isinstance(text, str) for text in texts):
        raise BadParameter("input holds tokens", param="input", hint="send text: tokens are of one model only")
    if not all(texts):
        raise BadParameter("input holds an empty text", param="input", hint="leave it out")
    if (tokens := _tokens(texts)) > MOST_TOKENS:
        raise BadParameter(f"input holds about {tokens} tokens", param="input", hint=f"at most {MOST_TOKENS} a request")
    return texts


def _tokens(texts: list[str]) -> int:
    return round(sum(len(text.split()) for text in texts) * TOKENS_A_WORD)


def _base64(vector: np.ndarray) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def _no_model(name: str, gateway: Gateway) -> NotFound:
    known = [ANSWERER, *([gateway.llm.info.name] if gateway.llm else [])]
    return NotFound(f"the model {name!r} does not exist", hint=f"chat: {', '.join(known)}; /v1/models lists all")
