"""Every row scored: the slow twin that says what the right answer is."""

from __future__ import annotations

import numpy as np

from thruline.ports.dense import DenseStats, DenseTraits, Found
from thruline.ports.scoring import as_matrix, as_query, best, cosines, more, rows_of


class ExactDense:
    """A float32 matrix, scanned whole for each query. Adding copies it."""

    traits = DenseTraits(is_exact=True, mask="before")

    def __init__(self) -> None:
        self._held = (np.empty((0, 0), np.float32), np.empty(0, bool))  # rows and which are there; replaced whole

    def build(self, vectors: np.ndarray) -> None:
        """Take the matrix; float32 is not copied."""
        matrix = as_matrix(vectors)
        self._held = (matrix, np.ones(len(matrix), bool))

    def add(self, vectors: np.ndarray) -> None:
        """Append."""
        matrix, alive = self._held
        matrix = more(matrix, vectors)
        self._held = (matrix, np.concatenate([alive, np.ones(len(matrix) - len(alive), bool)]))

    def delete(self, rows: np.ndarray) -> None:
        """Zero them."""
        matrix, alive = self._held[0].copy(), self._held[1].copy()
        matrix[rows], alive[rows] = 0, False
        self._held = (matrix, alive)

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        """The k best of the rows that mask allows."""
        matrix, alive = self._held
        query = as_query(query, matrix.shape[1])
        rows = rows_of(alive, mask)
        found = best(rows, cosines(matrix, None if len(rows) == len(matrix) else rows, query), k)
        return found._replace(scan="gather", candidates=len(rows))

    def stats(self) -> DenseStats:
        """Its matrix."""
        matrix, alive = self._held
        live = int(np.count_nonzero(alive))
        return DenseStats(rows=live, deleted=len(alive) - live, memory=matrix.nbytes)

    def close(self) -> None:
        """Let go of the matrix."""
        self.build(np.empty((0, 0), np.float32))
