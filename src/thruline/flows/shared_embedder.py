"""An embedder for many threads: whoever came first is next, and long work lets others in between."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from thruline.ports.embedder import Embedder

AT_ONCE = 16  # texts of one caller: a second of work, which is the longest that a question waits


class SharedEmbedder:
    """See ports.embedder; one text's vector does not depend on who else asks."""

    def __init__(self, embedder: Embedder) -> None:
        self.info = embedder.info
        self._embedder = embedder
        self._changed = threading.Condition()  # guards the two below: a lock would let its last holder in again first
        self._drawn = 0
        self._turn = 0

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """See ports.embedder."""
        parts = [self._some(texts[start : start + AT_ONCE]) for start in range(0, len(texts), AT_ONCE)]
        return np.concatenate(parts) if parts else np.empty((0, self.info.dims), np.float32)

    def query(self, text: str) -> np.ndarray:
        """See ports.embedder."""
        with self._alone():
            return self._embedder.query(text)

    def close(self) -> None:
        """After the last caller is done."""
        with self._alone():
            self._embedder.close()

    def _some(self, texts: Sequence[str]) -> np.ndarray:
        with self._alone():
            return self._embedder.passages(texts)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._changed:
            mine, self._drawn = self._drawn, self._drawn + 1
            self._changed.wait_for(lambda: self._turn == mine)
        try:
            yield
        finally:
            with self._changed:
                self._turn += 1
                self._changed.notify_all()
