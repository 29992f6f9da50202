"""Time as the ledger keeps it: whole microseconds since 1970, UTC, never backwards within a process."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

Micros = int


class Clock(Protocol):
    """Gives the time; tests pass one that they move by hand."""

    def now(self) -> Micros:
        """Microseconds since 1970-01-01 UTC."""
        ...


class SystemClock:
    """Wall time that does not step back when the machine's clock does."""

    def __init__(self) -> None:
        self._last = 0

    def now(self) -> Micros:
        """Microseconds since 1970-01-01 UTC."""
        self._last = max(self._last, time.time_ns() // 1000)
        return self._last


def iso(at: Micros) -> str:
    """`2026-11-22T14:05:09Z`, to the second."""
    return datetime.fromtimestamp(at / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
