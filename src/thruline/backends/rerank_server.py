"""A reranker at any server that speaks `POST /v1/rerank` as Cohere and Jina have it (vLLM, llama.cpp, Infinity too)."""

from __future__ import annotations

import hashlib
import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import numpy as np

from thruline.core.errors import Corrupt, Denied, Invalid, ThrulineError, Unavailable
from thruline.core.loopback import is_loopback
from thruline.ports.reranker import RerankerInfo

_REST_S = 30.0  # a server that failed is left alone so long: questions do not each wait for it
_ANSWER_BYTES = 4 << 20
_PIECE = 1 << 16


class RerankServer:
    """One kept-alive connection to one server. url: up to and with `/v1`. key: read when the server is asked."""

    def __init__(self, url: str, *, model: str, key: Callable[[], str] | None = None, rest_s: float = _REST_S) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid(f"{url!r} is not an address of a server", hint="write for example http://127.0.0.1:8080/v1")
        if key and parts.scheme == "http" and not is_loopback(parts.hostname):
            raise Invalid(f"the key would be sent in the open to {parts.hostname!r}", hint="use https://")
        digest = hashlib.sha256(json.dumps([url, model]).encode()).hexdigest()
        self.info = RerankerInfo(name=model or parts.netloc, digest=digest, licence="the server's")
        self._parts, self._model, self._key, self._rest_s = parts, model, key, rest_s
        self._connection: http.client.HTTPConnection | None = None
        self._lock = threading.Lock()  # guards what follows: one exchange at a time
        self._failed: tuple[float, Unavailable] | None = None

    def scores(self, question: str, texts: Sequence[str], within_s: float) -> np.ndarray:
        """As the port says; raises Denied, Invalid or Corrupt for a server that was set up wrongly."""
        if not texts:
            return np.empty(0)
        end = time.monotonic() + within_s
        asked = {"model": self._model, "query": question, "documents": list(texts), "top_n": len(texts)}
        if not self._lock.acquire(timeout=max(0.0, within_s)):
            raise _away(self._parts.netloc, "other questions wait for it")
        try:
            if self._failed and time.monotonic() - self._failed[0] < self._rest_s:
                raise self._failed[1]
            self._failed = None
            try:
                answer = self._exchange(json.dumps(asked).encode(), end)
            except Unavailable as error:
                self._failed = (time.monotonic(), error)
                raise
        finally:
            self._lock.release()
        return _scores(answer, len(texts), self._parts.netloc)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    def _exchange(self, body: bytes, end: float) -> bytes:
        headers = {"content-type": "application/json"}
        if self._key:
            headers["authorization"] = f"Bearer {self._key()}"
        try:
            connection = self._connection = self._connection or self._connect(_left(end))
            if connection.sock:
                connection.sock.settimeout(_left(end))
            connection.request("POST", self._parts.path.rstrip("/") + "/rerank", body, headers)
            response = connection.getresponse()
            data = _read(connection, response, end)
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            raise _away(self._parts.netloc, type(error).__name__) from error  # its words may quote what was sent
        if response.will_close or response.status != 200:
            self._drop()
        if response.status != 200:
            raise _refusal(response.status, self._parts.netloc)
        return data

    def _connect(self, timeout_s: float) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=timeout_s)
        return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=ssl.create_default_context())

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _left(end: float) -> float:
    """Seconds that are left, a moment at least: a socket without a timeout waits for ever."""
    return max(0.001, end - time.monotonic())


def _read(connection: http.client.HTTPConnection, response: http.client.HTTPResponse, end: float) -> bytes:
    """The body; raises TimeoutError also for a server that gives it by drops."""
    data = b""
    while piece := response.read1(_PIECE):
        data += piece
        if len(data) > _ANSWER_BYTES:
            raise http.client.IncompleteRead(b"")
        if time.monotonic() > end:
            raise TimeoutError
        with suppress(AttributeError):  # the socket is gone once the last byte was read
            connection.sock.settimeout(_left(end))
    response.close()  # or the connection takes it for one that is still being read
    return data


def _away(server: str, reason: str) -> Unavailable:
    said = f"the reranker {server!r} does not answer: {reason}"
    return Unavailable(said, hint="see its log, or empty search.reranker")


def _refusal(status: int, server: str) -> ThrulineError:
    if status in (401, 403):
        return Denied(f"the reranker {server!r} refused the key", hint="set search.reranker_key")
    if status in (408, 429) or status >= 500:
        return _away(server, f"HTTP {status}")
    said = f"the reranker {server!r} answered HTTP {status}"
    return Invalid(said, hint="check search.reranker_url and search.reranker_model")


def _scores(data: bytes, n: int, server: str) -> np.ndarray:
    scores = np.full(n, np.nan)
    try:
        for result in json.loads(data)["results"]:
            scores[range(n)[result["index"]]] = float(result["relevance_score"])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise Corrupt(f"the answer of the reranker {server!r} is not that of /v1/rerank") from error
    if not np.isfinite(scores).all():
        raise Corrupt(f"the reranker {server!r} gave other than {n} numbers")
    return scores
