"""A sample of the searches that are served, drawn while they are, to be done again exactly. It is in memory alone."""

from __future__ import annotations

import random
import threading
import weakref
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.ids import ArtifactId
from thruline.vectors.columns import Where

if TYPE_CHECKING:
    import numpy as np

    from thruline.vectors.serving import Serving


class Limits(NamedTuple):
    """What a search may look through, as `Serving.search` is told."""

    groups: frozenset[str]
    sources: frozenset[ArtifactId] | None
    without: frozenset[ArtifactId]
    only: frozenset[ArtifactId] | None
    where: Where | None = None


class Served(NamedTuple):
    """A search as it was served. serving: no longer there once nothing is answered from it, so no row waits for us."""

    serving: weakref.ref[Serving]
    vector: np.ndarray
    limits: Limits


class Drawn:
    """Of all searches since the last look each was drawn with the same chance (Vitter's reservoir, 1985)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the three below
        self._most = 0
        self._met = 0
        self._kept: list[Served] = []

    def watch(self, most: int) -> None:
        """Keep at most so many from now on; nothing is kept before, nor with 0."""
        with self._lock:
            self._most = most
            del self._kept[most:]

    def offer(self, serving: Serving, vector: np.ndarray, limits: Limits) -> None:
        """A search was served."""
        if self._most == 0:
            return
        with self._lock:
            self._met += 1
            place = len(self._kept) if len(self._kept) < self._most else random.randrange(self._met)  # noqa: S311 - no secret
            if place < self._most:
                self._kept[place : place + 1] = [Served(weakref.ref(serving), vector, limits)]

    def take(self) -> list[Served]:
        """What was drawn, to be forgotten afterwards."""
        with self._lock:
            taken, self._kept, self._met = self._kept, [], 0
            return taken
