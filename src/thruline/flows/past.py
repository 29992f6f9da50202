"""The past: a snapshot that somebody looked back at, kept for the next question of the same moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from thruline.core.ids import ArtifactId
from thruline.vectors.serving import Serving

IDLE_S = 600.0  # after that its memory is given back


class _Held(NamedTuple):
    generation: ArtifactId
    under: object
    serving: Serving
    used: float


class Past:
    """Keeps one: it takes as much memory as what serves. Threads share it."""

    def __init__(self, load: Callable[[ArtifactId], Serving], now: Callable[[], float] = time.monotonic) -> None:
        self._load, self._now = load, now
        self._lock = threading.Lock()  # guards _held: one thread loads, the others wait
        self._held: _Held | None = None

    def of(self, generation: ArtifactId, under: object) -> Serving:
        """A past generation as it may be read under these rights; another one takes its place."""
        with self._lock:
            held = self._held
            if held is None or (held.generation, held.under) != (generation, under):
                self._held = None  # both at once would be one too many
                held = _Held(generation, under, self._load(generation), 0.0)
            self._held = held._replace(used=self._now())
            return held.serving

    def tidy(self, under: object) -> None:
        """Let go of it where other rights are in force, which they are when somebody was erased, or nobody looks."""
        with self._lock:
            held = self._held
            if held and (held.under != under or self._now() - held.used > IDLE_S):
                self._held = None

    def drop(self) -> None:
        """Let go of it."""
        with self._lock:
            self._held = None
