"""Embeddings from any server that speaks OpenAI's `/v1/embeddings`."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from thruline.core.errors import Corrupt, Denied, Invalid, Unavailable
from thruline.ports.embedder import EmbedderInfo

_BATCH = 64
_ATTEMPTS = 5
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 20.0
_CHARACTERS_A_TOKEN = 4  # for English; the server's own limit is the exact one
_ANSWER_BYTES = 64 << 20
_RETRYABLE = {408, 429, 500, 502, 503, 504}


class _Retry(Exception):
    """This attempt failed in a way that another may not; never leaves this file."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OpenAIEmbedder:
    """One kept-alive connection to one server.

    url: up to and with `/v1`. The digest covers url, model, dims and limit: another server's model of the same name is
    another embedder. sleep: how to wait between attempts.
    """

    def __init__(
        self,
        url: str,
        *,
        model: str,
        dims: int,
        api_key: str = "",
        max_tokens: int = 512,
        timeout_s: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid(f"{url!r} is not an address of a server", hint="write for example https://host/v1")
        self._parts, self._timeout_s, self._sleep = parts, timeout_s, sleep
        self._headers = {"content-type": "application/json"} | (
            {"authorization": f"Bearer {api_key}"} if api_key else {}
        )
        self._connection: http.client.HTTPConnection | None = None
        self._lock = threading.Lock()  # guards _connection: one exchange at a time
        said = json.dumps([url, model, dims, max_tokens])
        digest = hashlib.sha256(said.encode()).hexdigest()
        self.info = EmbedderInfo(name=model, digest=digest, dims=dims, max_tokens=max_tokens, licence="")

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """(len(texts), dims) float32 unit rows. Raises Unavailable after five attempts, Corrupt for a wrong answer."""
        blocks = [self._embed(texts[i : i + _BATCH]) for i in range(0, len(texts), _BATCH)]
        return np.concatenate(blocks) if blocks else np.empty((0, self.info.dims), np.float32)

    def query(self, text: str) -> np.ndarray:
        """(dims,) float32 of length 1."""
        return self._embed([text])[0]

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    def _embed(self, texts: Sequence[str]) -> np.ndarray:
        limit = self.info.max_tokens * _CHARACTERS_A_TOKEN
        # Servers refuse an empty input; a space stands for it.
        inputs = [text[:limit] if text.strip() else " " for text in texts]
        body = json.dumps({"model": self.info.name, "input": inputs, "encoding_format": "float"}).encode()
        return _vectors(self._ask(body), len(texts), self.info.dims)

    def _ask(self, body: bytes) -> bytes:
        for attempt in range(_ATTEMPTS):
            try:
                with self._lock:
                    return self._exchange(body)
            except _Retry as retry:
                if attempt == _ATTEMPTS - 1:
                    raise Unavailable(
                        f"the embeddings server {self._parts.netloc!r} does not answer: {retry.reason}",
                        hint="see its log, or try again later",
                    ) from retry
                wait = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2**attempt)
                self._sleep(random.uniform(wait / 2, wait))  # noqa: S311 - jitter, not a secret
        raise AssertionError("the last attempt returns or raises")

    def _exchange(self, body: bytes) -> bytes:
        try:
            connection = self._connection = self._connection or self._connect()
            connection.request("POST", self._parts.path.rstrip("/") + "/embeddings", body, self._headers)
            response = connection.getresponse()
            data = response.read(_ANSWER_BYTES)
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            raise _Retry(type(error).__name__) from error
        if response.will_close:
            self._drop()
        _check_status(response.status, self._parts.netloc)
        return data

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=self._timeout_s)
        return http.client.HTTPSConnection(host, port, timeout=self._timeout_s, context=ssl.create_default_context())

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _check_status(status: int, server: str) -> None:
    if status in _RETRYABLE:
        raise _Retry(f"HTTP {status}")
    if status in (401, 403):
        raise Denied(f"the embeddings server {server!r} refused the key", hint="set embedder.api_key")
    if status != 200:
        raise Invalid(
            f"the embeddings server {server!r} answered HTTP {status}", hint="check the address and the model"
        )


def _vectors(data: bytes, n: int, dims: int) -> np.ndarray:
    try:
        items: list[Any] = sorted(json.loads(data)["data"], key=lambda item: item["index"])
        vectors = np.array([item["embedding"] for item in items], np.float32)
    except (ValueError, KeyError, TypeError) as error:
        raise Corrupt("the embeddings server's answer is not the protocol") from error
    if n and vectors.shape != (n, dims):
        raise Corrupt(f"the embeddings server gave {vectors.shape}, not ({n}, {dims})", hint="set embedder.dims")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(vectors).all() or not lengths.all():
        raise Corrupt("the embeddings server gave vectors that are not numbers or have no direction")
    return vectors / lengths
