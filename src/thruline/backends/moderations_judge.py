"""A judge at any server that speaks OpenAI's `/v1/moderations`: a text is as hurtful as its worst category says."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from thruline.core.errors import Corrupt, Denied, Invalid, ThrulineError, Unavailable
from thruline.core.loopback import is_loopback

_BATCH = 32
_REST_S = 30.0  # a server that failed is left alone so long: a sync of many groups waits for it once
_ANSWER_BYTES = 16 << 20


class ModerationsJudge:
    """One kept-alive connection to one server. url: up to and with `/v1`. key: read when the server is asked."""

    def __init__(self, url: str, *, model: str = "", key: Callable[[], str] | None = None, timeout_s: float = 10.0):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid(f"{url!r} is not an address of a server", hint="write for example http://127.0.0.1:8080/v1")
        if key and parts.scheme == "http" and not is_loopback(parts.hostname):
            raise Invalid(f"the key would be sent in the open to {parts.hostname!r}", hint="use https://")
        self.name = json.dumps([url, model])
        self._parts, self._model, self._key, self._timeout_s = parts, model, key, timeout_s
        self._connection: http.client.HTTPConnection | None = None
        self._lock = threading.Lock()  # guards what follows: one exchange at a time
        self._failed: tuple[float, Unavailable] | None = None

    def toxicity(self, texts: Sequence[str]) -> list[float]:
        """As the port says; raises Denied, Invalid or Corrupt for a server that was set up wrongly."""
        return [score for at in range(0, len(texts), _BATCH) for score in self._judged(texts[at : at + _BATCH])]

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    def _judged(self, texts: Sequence[str]) -> list[float]:
        asked = {"input": list(texts)} | ({"model": self._model} if self._model else {})
        with self._lock:
            if self._failed and time.monotonic() - self._failed[0] < _REST_S:
                raise self._failed[1]
            self._failed = None
            try:
                answer = self._exchange(json.dumps(asked).encode())
            except Unavailable as error:
                self._failed = (time.monotonic(), error)
                raise
        return _scores(answer, len(texts), self._parts.netloc)

    def _exchange(self, body: bytes) -> bytes:
        headers = {"content-type": "application/json"}
        if self._key:
            headers["authorization"] = f"Bearer {self._key()}"
        try:
            connection = self._connection = self._connection or self._connect()
            connection.request("POST", self._parts.path.rstrip("/") + "/moderations", body, headers)
            response = connection.getresponse()
            data = response.read(_ANSWER_BYTES)
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            raise _away(self._parts.netloc, type(error).__name__) from error  # its words may quote what was sent
        if response.will_close or response.status != 200:
            self._drop()
        if response.status != 200:
            raise _refusal(response.status, self._parts.netloc)
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


def _away(server: str, reason: str) -> Unavailable:
    return Unavailable(f"the judge {server!r} does not answer: {reason}", hint="see its log; the next sync asks again")


def _refusal(status: int, server: str) -> ThrulineError:
    if status in (401, 403):
        return Denied(f"the judge {server!r} refused the key", hint="set quality.judge_key")
    if status in (408, 429) or status >= 500:
        return _away(server, f"HTTP {status}")
    return Invalid(f"the judge {server!r} answered HTTP {status}", hint="check quality.judge and quality.judge_model")


def _scores(data: bytes, n: int, server: str) -> list[float]:
    try:
        results = json.loads(data)["results"]
        scores = [max(map(float, result["category_scores"].values())) for result in results]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Corrupt(f"the answer of the judge {server!r} is not that of /v1/moderations") from error
    if len(scores) != n or not all(0 <= score <= 1 for score in scores):
        raise Corrupt(f"the judge {server!r} gave other than {n} scores between 0 and 1")
    return scores
