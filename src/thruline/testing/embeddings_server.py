"""An embeddings server on 127.0.0.1 that answers like OpenAI's, with bad days to order."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from thruline.testing.embedders import HashEmbedder


class EmbeddingsServer:
    """Answers with HashEmbedder's vectors; use as a context manager.

    troubles: what the next answers are instead, in order: an HTTP status, `drop` (the connection), or a JSON text.
    requests: the decoded bodies that came. keys: the authorization headers that came.
    """

    def __init__(self, *troubles: int | str, dims: int = 64) -> None:
        self.troubles = list(troubles)
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.embedder = HashEmbedder(dims)
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
        data = (trouble if isinstance(trouble, str) else self._vectors(body["input"])).encode()
        handler.send_response(status)
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def _vectors(self, texts: list[str]) -> str:
        rows = self.embedder.passages(texts).tolist()
        # Backwards: the protocol orders by index, not by place.
        return json.dumps({"data": [{"index": i, "embedding": row} for i, row in enumerate(rows)][::-1]})
