"""A server on 127.0.0.1 that answers JSON with JSON, as servers of models do, with bad days to order."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class ModelServer:
    """Subclass and say what it answers; use as a context manager.

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

    def says(self, body: dict[str, Any]) -> str:
        """The JSON that answers a request."""
        raise NotImplementedError

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
        data = (str(trouble) if is_told else self.says(body)).encode()
        handler.send_response(status)
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        if trouble == "slow":
            _drip(handler, data)
        else:
            handler.wfile.write(data)


def _drip(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    try:
        for at in range(0, len(data), max(1, len(data) // 10)):
            handler.wfile.write(data[at : at + max(1, len(data) // 10)])
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        handler.close_connection = True  # whoever asked has gone
