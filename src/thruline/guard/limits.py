"""How much one key may ask: requests a minute, and characters a question."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from thruline.core.errors import Invalid, Unavailable

REMEMBERED = 10_000  # keys; the one that was silent longest is forgotten first, with a full bucket


class TooMany(Unavailable):
    """A key has used up its share for now."""

    status = 429

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message, hint=f"try again in {retry_after_s:.1f} s")
        self.retry_after_s = retry_after_s


class Limits:
    """A token bucket for each key, in this process; a burst is at most a minute's share. per_minute 0: no limit."""

    def __init__(self, *, per_minute: int, question: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._question = question
        self._monotonic = monotonic
        self._lock = threading.Lock()  # guards _buckets
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Count one request; raises TooMany, with the seconds to wait, when the key's bucket is empty."""
        if not self._per_minute:
            return
        rate, now = self._per_minute / 60, self._monotonic()
        with self._lock:
            tokens, then = self._buckets.pop(key, (float(self._per_minute), now))
            tokens = min(float(self._per_minute), tokens + (now - then) * rate)
            allowed = tokens >= 1
            self._buckets[key] = (tokens - allowed, now)
            if len(self._buckets) > REMEMBERED:
                self._buckets.popitem(last=False)
        if not allowed:
            raise TooMany(f"more than {self._per_minute} requests in a minute", retry_after_s=(1 - tokens) / rate)

    def check_question(self, text: str) -> None:
        """Raises Invalid for a question that is empty or too long."""
        if not text.strip():
            raise Invalid("the question is empty", hint="ask something")
        if len(text) > self._question:
            raise Invalid(
                f"the question has {len(text)} characters",
                hint=f"at most {self._question}: put the rest into a document",
            )
