"""Every row scored: the slow twin that says what the right answer is."""

from __future__ import annotations

import numpy as np

from thruline.ports.dense import Found
from thruline.ports.scoring import as_matrix, as_query, best, cosines


class ExactDense:
    """A float32 matrix, scanned whole for each query."""

    def __init__(self) -> None:
        self._matrix = np.empty((0, 0), np.float32)

    def build(self, vectors: np.ndarray) -> None:
        """Take the matrix; float32 is not copied."""
        self._matrix = as_matrix(vectors)

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        """The k best of the rows that mask allows."""
        query = as_query(query, self._matrix.shape[1])
        rows = np.arange(len(self._matrix)) if mask is None else np.flatnonzero(mask)
        return best(rows, cosines(self._matrix, None if mask is None else rows, query), k)
