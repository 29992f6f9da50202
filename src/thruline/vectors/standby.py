"""A local index in the place of one on a server, for as long as the server is away."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import numpy as np

from thruline.core.errors import Unavailable
from thruline.ports.dense import DenseIndex, DenseStats, Found
from thruline.ports.scoring import as_given

logger = logging.getLogger("thruline")

ASK_AGAIN_S = 10.0


class Standby:
    """Searches on the server; while that is away, here, and says so with each answer.

    The rows are kept in memory as they were given, for that day. When the server is back it is brought up to date
    before it is asked.
    """

    def __init__(
        self, server: DenseIndex, local: Callable[[], DenseIndex], now: Callable[[], float] = time.monotonic
    ) -> None:
        self.traits = server.traits
        self._server, self._open_local, self._now = server, local, now
        self._changing = threading.Lock()  # guards all below
        self._rows = np.empty((0, 0), np.float16)
        self._gone = np.empty(0, np.int64)
        self._local: DenseIndex | None = None
        self._ask_at = 0.0

    def build(self, vectors: np.ndarray) -> None:
        """Both ways: sent, and kept here."""
        with self._changing:
            self._rows, self._gone = as_given(vectors), np.empty(0, np.int64)
            self._change(lambda index: index.build(self._rows))

    def add(self, vectors: np.ndarray) -> None:
        """More of them."""
        with self._changing:
            more = as_given(vectors)
            self._change(lambda index: index.add(more))  # first: it refuses what does not fit
            self._rows = np.concatenate([self._rows, more]) if len(self._rows) and len(more) else (
                more if len(more) else self._rows
            )  # fmt: skip

    def delete(self, rows: np.ndarray) -> None:
        """Here too, by zeros."""
        with self._changing:
            kept = self._rows.copy()
            kept[rows] = 0
            self._rows, self._gone = kept, np.union1d(self._gone, rows)
            self._change(lambda index: index.delete(rows))

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        """Of the server, else of the standby."""
        local = self._local
        if local is None:
            try:
                return self._server.search(query, k, mask)
            except Unavailable as error:
                with self._changing:
                    local = self._fall_back(error)
        elif self._now() >= self._ask_at and self._is_back():
            return self._server.search(query, k, mask)
        return local.search(query, k, mask)._replace(scan="standby")

    def stats(self) -> DenseStats:
        """Of what answers now."""
        return (self._local or self._server).stats()

    def close(self) -> None:
        """Both."""
        with self._changing:
            self._rows, self._gone = np.empty((0, 0), np.float16), np.empty(0, np.int64)
            if self._local:
                self._local.close()
            self._local = None
        self._server.close()

    def _change(self, change: Callable[[DenseIndex], None]) -> None:
        if self._local is not None:
            change(self._local)
            return
        try:
            change(self._server)
        except Unavailable as error:
            change(self._fall_back(error))

    def _fall_back(self, error: Unavailable) -> DenseIndex:
        """A local index of the rows as they are."""
        if self._local is None:
            logger.warning("a local index answers in place of the server", extra={"why": error.code})
            self._local = self._open_local()
            self._up_to_date(self._local)
        self._ask_at = self._now() + ASK_AGAIN_S
        return self._local

    def _is_back(self) -> bool:
        """Whether the server answers again and holds what it should."""
        with self._changing:
            if self._local is None:
                return True
            try:
                self._up_to_date(self._server)
            except Unavailable:
                self._ask_at = self._now() + ASK_AGAIN_S
                return False
            self._local = None  # a search may be in it still: it goes when that has ended
            logger.info("the server answers again")
            return True

    def _up_to_date(self, index: DenseIndex) -> None:
        index.build(self._rows)
        if len(self._gone):
            index.delete(self._gone)
