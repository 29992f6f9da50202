"""An index around candidates: masks, additions and deletions for engines of faiss that have none, and exact scores.

faiss's own filter was measured and is not used. On 20,000 clustered rows its graph found 15 % of the true neighbours
where the filter hid the cluster nearest to the question, and its fast scan takes no filter. Instead candidates are
asked for without the filter: the allowed among the nearest of all rows are the nearest of the allowed. Where too few of
them are allowed, every allowed row is scored.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol

import faiss
import numpy as np

from thruline.core.units import Bytes
from thruline.ports.dense import DenseStats, DenseTraits, Found
from thruline.ports.scoring import as_matrix, as_query, best, cosines, more, rows_of

EXACT_ROWS = 4096  # up to here scoring every allowed row costs no more than candidates do
_TAIL = 8  # rows added since the last encoding are all scored; one in so many of the rows, and all are encoded anew
_MARGIN = 1.25  # over the candidates that a filter's share asks for: what is near a question is not spread evenly


@contextmanager
def one_core() -> Iterator[None]:
    """faiss in one thread: built by many, a graph differs from run to run, and a replay is to find the same.

    Where other processes have the cores, its threads wait for one another by turning in circles: ten times the time.
    """
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


class Candidates(Protocol):
    """Rows 0..size-1, encoded."""

    size: int

    def nearest(self, query: np.ndarray, count: int) -> np.ndarray:
        """About count int64 rows that are probably nearest, in any order."""
        ...

    def without(self, matrix: np.ndarray, rows: np.ndarray) -> Candidates:
        """These, but nothing of the values of some rows, which matrix holds as zeros."""
        ...

    def memory(self) -> Bytes:
        """Of the codes."""
        ...


class _Held(NamedTuple):
    """codes: of the first rows, None while scoring every row is as cheap. stale: coded rows deleted since."""

    matrix: np.ndarray
    alive: np.ndarray
    codes: Candidates | None
    stale: int


class AroundCandidates(ABC):
    """A dense index; subclass it and say how rows are encoded and how many candidates to ask for."""

    traits: DenseTraits

    def __init__(self) -> None:
        self._held = _Held(np.empty((0, 0), np.float32), np.empty(0, bool), None, 0)  # replaced whole

    @abstractmethod
    def _encode(self, matrix: np.ndarray) -> Candidates:
        """The rows as candidates."""

    @abstractmethod
    def _wanted(self, k: int) -> int:
        """How many allowed candidates are scored exactly for k."""

    @abstractmethod
    def _most(self, rows: int) -> int:
        """How many candidates cost as much as scoring every one of so many rows."""

    def build(self, vectors: np.ndarray) -> None:
        """Take the matrix."""
        matrix = as_matrix(vectors)
        self._held = self._encoded(matrix, np.ones(len(matrix), bool))

    def add(self, vectors: np.ndarray) -> None:
        """Append; encoded when enough have come."""
        held = self._held
        matrix = more(held.matrix, vectors)
        alive = np.concatenate([held.alive, np.ones(len(matrix) - len(held.alive), bool)])
        coded = held.codes.size if held.codes else 0
        if len(matrix) - coded > max(EXACT_ROWS, len(matrix) // _TAIL):
            self._held = self._encoded(matrix, alive)
        else:
            self._held = held._replace(matrix=matrix, alive=alive)

    def delete(self, rows: np.ndarray) -> None:
        """Zero them, in the codes too."""
        held = self._held
        matrix, alive = held.matrix.copy(), held.alive.copy()
        matrix[rows], alive[rows] = 0, False
        if held.codes is None:
            self._held = held._replace(matrix=matrix, alive=alive)
            return
        stale = int(np.count_nonzero(~alive[: held.codes.size]))
        if stale - held.stale > held.codes.size // _TAIL:
            self._held = self._encoded(matrix, alive)
        else:
            with one_core():
                codes = held.codes.without(matrix, rows[rows < held.codes.size])
            self._held = held._replace(matrix=matrix, alive=alive, codes=codes)

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        """The k best of the rows that mask allows."""
        held = self._held
        query = as_query(query, held.matrix.shape[1])
        rows = rows_of(held.alive, mask)
        if held.codes is not None and len(rows) > max(EXACT_ROWS, self._wanted(k)):
            rows = self._candidates(held.codes, query, k, rows)
        return best(rows, cosines(held.matrix, None if len(rows) == len(held.matrix) else rows, query), k)

    def stats(self) -> DenseStats:
        """Rows and codes."""
        held = self._held
        live = int(np.count_nonzero(held.alive))
        memory = held.matrix.nbytes + (held.codes.memory() if held.codes else 0)
        return DenseStats(rows=live, deleted=len(held.alive) - live, memory=memory)

    def close(self) -> None:
        """Let go of rows and codes."""
        self.build(np.empty((0, 0), np.float32))

    def _encoded(self, matrix: np.ndarray, alive: np.ndarray) -> _Held:
        with one_core():
            codes = self._encode(matrix) if len(matrix) > EXACT_ROWS else None
        return _Held(matrix, alive, codes, int(np.count_nonzero(~alive)))

    def _candidates(self, codes: Candidates, query: np.ndarray, k: int, rows: np.ndarray) -> np.ndarray:
        """The allowed among the nearest of all, with what was added since; all allowed rows where these are too few."""
        coded = int(np.searchsorted(rows, codes.size))
        wanted = self._wanted(k)
        if coded <= wanted:
            return rows
        share = coded / codes.size
        count = wanted if share == 1 else math.ceil(wanted / share * _MARGIN)
        if count > self._most(coded):
            return rows
        allowed = np.zeros(codes.size, bool)
        allowed[rows[:coded]] = True
        with one_core():
            near = codes.nearest(query, min(count, codes.size))
        near = near[allowed[near]]
        return rows if len(near) < wanted else np.concatenate([np.sort(near), rows[coded:]])
