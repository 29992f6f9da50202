"""Time as the ledger keeps it: whole microseconds since 1970, UTC, never backwards within a process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

Micros = int
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Gives the time; tests pass one that they move by hand."""

    def now(self) -> Micros:
        """Microseconds since 1970-01-01 UTC."""
        ...


class SystemClock:
    """Wall time that does not step back when the machine's clock does: from there on it goes at the pace of time.

    wall, ticks: nanoseconds since 1970, and since any moment, but never set by anybody.
    """

    def __init__(self, wall: Callable[[], int] = time.time_ns, ticks: Callable[[], int] = time.monotonic_ns) -> None:
        self._wall, self._ticks = wall, ticks
        self._lock = threading.Lock()  # guards both below
        self._last, self._at = 0, ticks()

    def now(self) -> Micros:
        """Microseconds since 1970-01-01 UTC."""
        with self._lock:
            at = self._ticks()
            self._last, self._at = max(self._wall(), self._last + at - self._at), at
            return self._last // 1000


def exact(at: Micros) -> str:
    """The same to the microsecond where that matters."""
    return iso(at) if at % 1_000_000 == 0 else (_FIRST + timedelta(microseconds=at)).isoformat()


def micros(moment: datetime) -> Micros:
    """The moment as the ledger keeps it, UTC where it does not say otherwise; exact, as a float of seconds is not."""
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _FIRST) // timedelta(microseconds=1)


def iso(at: Micros) -> str:
    """`2026-11-22T14:05:09Z`, to the second."""
    return datetime.fromtimestamp(at / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
