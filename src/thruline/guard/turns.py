"""Turns: who waits for the same thing goes one after another, and who would wait in too long a queue is turned away."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from thruline.guard.limits import TooMany

_LATELY = 0.2  # what the newest turn weighs in the mean of how long one takes


class Turns:
    """One holder of a name at a time, in this process. most: how many wait at once, whatever for."""

    def __init__(self, *, most: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._monotonic = monotonic
        self._lock = threading.Lock()  # guards the three below
        self._names: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._waiting = 0
        self._took_s = 0.0

    @contextmanager
    def turn(self, name: str, *, within_s: float) -> Iterator[None]:
        """Hold a name; raises TooMany at once when too many wait, and when the turn does not come in time."""
        held = self._wait(name, within_s)
        began = self._monotonic()
        try:
            yield
        finally:
            held.release()
            with self._lock:
                self._took_s += _LATELY * (self._monotonic() - began - self._took_s)

    def _wait(self, name: str, within_s: float) -> threading.Lock:
        with self._lock:
            if self._waiting >= self._most:
                raise self._turned_away()
            self._waiting += 1
            held = self._names[name]
        try:
            if not held.acquire(timeout=within_s):
                raise self._turned_away()
        finally:
            with self._lock:
                self._waiting -= 1
        return held

    def _turned_away(self) -> TooMany:
        """With the time that those who wait now will take: who comes back then finds room."""
        return TooMany(f"{self._waiting} wait already", retry_after_s=max(1.0, self._waiting * self._took_s))
