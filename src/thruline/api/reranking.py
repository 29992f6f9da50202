"""`/v1/rerank`: documents of the caller's own, ordered by how well they fit a question, as Cohere and Jina shape it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from thruline.api.auth import Visitor
from thruline.api.gateway import Gateway
from thruline.api.openai_shapes import BadParameter, encode, read_as
from thruline.api.recording import RERANK, called
from thruline.api.wire import read_body, send_whole
from thruline.core.errors import NotFound, Unsupported
from thruline.core.ids import random_id
from thruline.flows.rerank import LEARNED
from thruline.ports.reranker import Reranker
from thruline.vectors.context import estimate_tokens

MOST_DOCUMENTS, MOST_TOKENS = 1000, 300_000  # as Cohere has the one, and embeddings here the other
WITHIN_S = 60.0


class Document(msgspec.Struct):
    """A document that may have more fields than its text."""

    text: str


class RerankRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What Cohere's and Jina's clients send."""

    model: str
    query: str
    documents: list[str | Document]
    top_n: int | None = None
    return_documents: bool | None = None


_read = msgspec.json.Decoder(RerankRequest)


class Reranking:
    """The route."""

    def __init__(self, gateway: Callable[[], Gateway], max_body: int) -> None:
        self._gateway = gateway
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send, visitor: Visitor) -> None:
        """Order them; the audit trail has that it was done, and no word of it."""
        gateway, began = self._gateway(), time.monotonic()
        request: RerankRequest = read_as(_read, await read_body(scope, receive, self._max_body))
        reranker = await run_in_threadpool(_reranker, gateway)
        if request.model != reranker.info.name:
            raise NotFound(f"the model {request.model!r} does not exist", hint=f"for rerank: {reranker.info.name}")
        texts = _checked(request)
        tokens = sum(estimate_tokens(text) for text in (request.query, *texts))
        if tokens > MOST_TOKENS:
            raise BadParameter(
                f"documents hold about {tokens} tokens", param="documents", hint=f"at most {MOST_TOKENS}"
            )
        scores = await run_in_threadpool(reranker.scores, request.query, texts, WITHIN_S)
        await gateway.group.submit(lambda: [called(RERANK, visitor.actor, began)])
        body = {
            "id": random_id("rerank"), "object": "list", "model": reranker.info.name,
            "results": _results(request, texts, scores), "usage": {"total_tokens": tokens},
        }  # fmt: skip
        await send_whole(send, 200, encode(body), {})


def _reranker(gateway: Gateway) -> Reranker:
    """The one that reads texts; the learned one knows what this home's search finds, and nothing else."""
    reranker = gateway.line.reranker
    if reranker is None:
        learned = gateway.line.limits.reranker == LEARNED
        said = "the learned reranker orders this home's own passages alone" if learned else "no reranker is set"
        raise Unsupported(said, hint='set search.reranker to "onnx" or "server"')
    return reranker


def _checked(request: RerankRequest) -> list[str]:
    texts = [document if isinstance(document, str) else document.text for document in request.documents]
    if not request.query.strip():
        raise BadParameter("query is empty", param="query", hint="ask something")
    if not 1 <= len(texts) <= MOST_DOCUMENTS:
        raise BadParameter(f"documents holds {len(texts)} texts", param="documents", hint=f"1 to {MOST_DOCUMENTS}")
    if request.top_n is not None and request.top_n < 1:
        raise BadParameter(f"top_n is {request.top_n}", param="top_n", hint="at least 1, or leave it out for all")
    return texts


def _results(request: RerankRequest, texts: list[str], scores: np.ndarray) -> list[dict[str, Any]]:
    """The best first; of equal ones that which was sent first."""
    best = np.argsort(-scores, kind="stable")[: request.top_n or len(texts)].tolist()
    with_text = bool(request.return_documents)
    return [
        {"index": at, "relevance_score": float(scores[at])} | ({"document": {"text": texts[at]}} if with_text else {})
        for at in best
    ]
