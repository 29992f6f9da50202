"""Every row scored by torch: in half precision on a GPU, in float32 on a CPU; a batch of questions in one product.

A GPU reads rows faster than it finds the best of many scores, so the best are found in two stages: the highest score of
each block of rows first, then only the k blocks that lead are sorted, which cannot miss one of the k best. What leads
is scored again here from the rows as they came, so that scores are those of every other engine, to the bit.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch  # pyright: ignore[reportMissingImports] - in no lock: every machine wants its own build

from thruline.ports.dense import DenseStats, DenseTraits, Found
from thruline.ports.scoring import as_matrix, as_query, best, cosines, more

BLOCK = 512
# Scored at a time, of all questions together: 1 GB in half precision.
SCORES_AT_ONCE = 2**29
# More than are wanted, since a score in half precision is .0005 off: rows that are nearer to one another than that.
SPARE = {"cuda": 54, "cpu": 6}


class TorchDense:
    """All rows on one device. Adding copies them."""

    traits = DenseTraits(is_exact=True, mask="before")

    def __init__(self, *, device: int = -1) -> None:
        """device: the number of a GPU; the first one if there is any, else the CPU, where none is given."""
        number = device if device >= 0 else 0
        self._device = torch.device("cuda", number) if torch.cuda.is_available() else torch.device("cpu")
        self._type = torch.float16 if self._device.type == "cuda" else torch.float32
        self._changing = threading.Lock()  # guards _held against two changes at once
        self._held = self._placed(np.empty((0, 0), np.float32), np.empty(0, bool))

    def build(self, vectors: np.ndarray) -> None:
        """Take the matrix."""
        matrix = as_matrix(vectors)
        with self._changing:
            self._held = self._placed(matrix, np.ones(len(matrix), bool))

    def add(self, vectors: np.ndarray) -> None:
        """Append."""
        with self._changing:
            matrix = more(self._held.matrix, vectors)
            fresh = np.ones(len(matrix) - len(self._held.alive), bool)
            self._held = self._placed(matrix, np.concatenate([self._held.alive, fresh]))

    def delete(self, rows: np.ndarray) -> None:
        """Zero them, here and on the device."""
        with self._changing:
            matrix, alive = self._held.matrix.copy(), self._held.alive.copy()
            matrix[rows], alive[rows] = 0, False
            self._held = self._placed(matrix, alive)

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        """The k best of the rows that mask allows."""
        return self.search_many(np.asarray(query)[None], k, mask)[0]

    def search_many(self, queries: np.ndarray, k: int, mask: np.ndarray | None = None) -> list[Found]:
        """The k best for each row of queries; one reading of the rows serves all of them."""
        held = self._held
        asked = [as_query(query, held.matrix.shape[1]) for query in queries]
        allowed = held.alive.copy()
        if mask is not None:
            allowed[: len(mask)] &= mask[: len(allowed)]
            allowed[len(mask) :] = False
        wanted = min(k, int(np.count_nonzero(allowed)))
        if wanted <= 0 or not asked:
            return [Found(np.empty(0, np.int64), np.empty(0, np.float32)) for _ in asked]
        depth = min(len(allowed), wanted + SPARE[self._device.type])
        shown = None if allowed.all() else torch.from_numpy(allowed).to(self._device)
        leading = [rows for part in self._parts(held, asked) for rows in _leading(held.rows, part, depth, shown)]
        return [self._exact(held, query, rows[allowed[rows]], k) for query, rows in zip(asked, leading, strict=True)]

    def stats(self) -> DenseStats:
        """Rows here and on the device."""
        held = self._held
        live = int(np.count_nonzero(held.alive))
        size = held.matrix.nbytes + held.rows.element_size() * held.rows.nelement()
        return DenseStats(rows=live, deleted=len(held.alive) - live, memory=size)

    def close(self) -> None:
        """Let go of the rows."""
        self.build(np.empty((0, 0), np.float32))

    def _placed(self, matrix: np.ndarray, alive: np.ndarray) -> _Held:
        rows = torch.from_numpy(matrix)
        return _Held(matrix, alive, rows.to(self._device, self._type))

    def _parts(self, held: _Held, asked: Sequence[np.ndarray]) -> list[torch.Tensor]:
        queries = torch.from_numpy(np.stack(asked)).to(self._device, self._type)
        return list(queries.split(max(1, SCORES_AT_ONCE // max(1, len(held.alive)))))

    @staticmethod
    def _exact(held: _Held, query: np.ndarray, rows: np.ndarray, k: int) -> Found:
        found = best(rows, cosines(held.matrix, rows, query), k)
        return found._replace(scan="whole", candidates=len(rows))


class _Held(NamedTuple):
    """matrix: the rows here; alive: which are there; rows: the same on the device. Replaced whole."""

    matrix: np.ndarray
    alive: np.ndarray
    rows: torch.Tensor


def _leading(rows: torch.Tensor, queries: torch.Tensor, depth: int, shown: torch.Tensor | None) -> list[np.ndarray]:
    """For each query the rows of the `depth` highest scores, in no order."""
    scores = queries @ rows.T
    if shown is not None:
        scores.masked_fill_(~shown, -torch.inf)
    missing = -scores.shape[1] % BLOCK
    blocks = torch.nn.functional.pad(scores, (0, missing), value=-torch.inf).view(len(queries), -1, BLOCK)
    few = min(depth, blocks.shape[1])
    leaders = blocks.amax(dim=2).topk(few, dim=1).indices
    taken = blocks.gather(1, leaders[:, :, None].expand(-1, -1, BLOCK)).flatten(1)
    found = taken.topk(min(depth, taken.shape[1]), dim=1).indices
    numbers = leaders.gather(1, found // BLOCK) * BLOCK + found % BLOCK
    return [of_one[of_one < scores.shape[1]] for of_one in numbers.cpu().numpy()]
