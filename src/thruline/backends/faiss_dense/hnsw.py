"""A graph: looks at a few thousand rows of a million, and now and then misses one."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np

from thruline.backends.faiss_dense.around import AroundCandidates
from thruline.core.errors import Invalid
from thruline.core.units import Bytes
from thruline.ports.dense import DenseTraits

_MOST_CANDIDATES = 1000  # with more, walking the graph costs more than scoring the allowed rows of a million


class HnswDense(AroundCandidates):
    """Float32 rows for the exact scores, a graph over 8-bit codes of them for the candidates."""

    traits = DenseTraits(is_exact=False, mask="after", recall=0.98)

    def __init__(self, *, m: int = 16, ef: int = 128, build_ef: int = 100) -> None:
        """m: neighbours of a row. ef: candidates of a search; build_ef: of a row's insertion."""
        super().__init__()
        if not (2 <= m <= 128 and ef >= 1 and build_ef >= 1):
            raise Invalid(
                f"m={m} ef={ef} build_ef={build_ef} is no plan for 'hnsw'", hint="m is 2 to 128, the others 1 or more"
            )
        self._m, self._ef, self._build_ef = m, ef, build_ef

    def _encode(self, matrix: np.ndarray) -> _Graph:
        kind: Any = faiss.ScalarQuantizer.QT_8bit  # Any, here and below: faiss's hints know half of what it has
        index = faiss.IndexHNSWSQ(matrix.shape[1], kind, self._m, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = self._build_ef
        index.train(matrix)
        index.add(matrix)
        return _Graph(index)

    def _wanted(self, k: int) -> int:
        return max(self._ef, 2 * k)

    def _most(self, rows: int) -> int:  # noqa: ARG002 - a graph's price does not grow with the rows
        return _MOST_CANDIDATES


class _Graph:
    """Rows as nodes."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self.size = int(index.ntotal)

    def nearest(self, query: np.ndarray, count: int) -> np.ndarray:
        """Whatever the walk with so many candidates met."""
        known: Any = faiss
        walk = known.SearchParametersHNSW(efSearch=count)
        rows = self._index.search(query[None], count, params=walk)[1][0]
        return rows[rows >= 0]

    def without(self, matrix: np.ndarray, rows: np.ndarray) -> _Graph:  # noqa: ARG002 - codes, not rows, are kept here
        """Their codes zeroed in place; the nodes stay, as ways to others, until all is encoded anew."""
        self._codes()[rows] = 0
        return self

    def memory(self) -> Bytes:
        """Codes and links."""
        return self._codes().nbytes + 4 * int(self._index.hnsw.neighbors.size())

    def _codes(self) -> np.ndarray:
        storage: Any = faiss.downcast_index(self._index.storage)
        codes = storage.codes
        return faiss.rev_swig_ptr(codes.data(), codes.size()).reshape(self.size, -1)
