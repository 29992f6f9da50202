"""A reranker for tests: the more of the question's words a text holds, the better; and the same behind HTTP."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import numpy as np

from thruline.core.errors import Unavailable
from thruline.ports.reranker import RerankerInfo


class WordsReranker:
    """Needs no weights. asked: the texts that it was given, call by call."""

    info = RerankerInfo(name="words", digest="00" * 16, licence="Apache-2.0")

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def scores(self, question: str, texts: Sequence[str], within_s: float) -> np.ndarray:
        """Share of the question's words."""
        self.asked.append(tuple(texts))
        if within_s < 0:
            raise Unavailable("the words were not counted in time")
        wanted = set(question.casefold().split())
        return np.array([len(wanted & set(text.casefold().split())) / (len(wanted) or 1) for text in texts])

    def close(self) -> None:
        """Nothing is open."""


class RerankingServer:
    """`/v1/rerank` on 127.0.0.1, with bad days to order; use as a context manager.

    troubles: what the next answers are instead, in order: an HTTP status, `drop` (the connection), `slow` (a second by
    drops), or a JSON text. requests: the decoded bodies that came. keys: the authorization headers that came.
    """

    def __init__(self, *troubles: int | str) -> None:
        self.troubles = list(troubles)
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16  # head and body in one packet, or each answer waits 40 ms for an acknowledgement

            def do_POST(self) -> None:
                outer._answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["content-length"])))
        self.requests.append(body)
        self.keys.append(handler.headers.get("authorization", ""))
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble == "drop":
            handler.close_connection = True
            return
        status = trouble if isinstance(trouble, int) else 200
        is_told = isinstance(trouble, str) and trouble != "slow"
        data = (str(trouble) if is_told else _results(body["query"], body["documents"])).encode()
        handler.send_response(status)
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        if trouble == "slow":
            _drip(handler, data)
        else:
            handler.wfile.write(data)


def _results(question: str, texts: list[str]) -> str:
    scores = WordsReranker().scores(question, texts, 1.0)
    best = np.argsort(-scores, kind="stable").tolist()  # the protocol orders by score, not by place
    return json.dumps({"results": [{"index": i, "relevance_score": scores[i]} for i in best]})


def _drip(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    try:
        for at in range(0, len(data), max(1, len(data) // 10)):
            handler.wfile.write(data[at : at + max(1, len(data) // 10)])
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        handler.close_connection = True  # whoever asked has gone
