"""Which row is on which shard: blocks of rows, dealt round by their number."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

BLOCK = 1024  # rows: .8 MB of float16 at 384 dimensions


class Deal(NamedTuple):
    """So many shards. A shard numbers its rows in the order in which they came; rows stay where they were dealt."""

    shards: int

    def shard(self, rows: np.ndarray) -> np.ndarray:
        """The shard of each row."""
        return rows // BLOCK % self.shards

    def local(self, rows: np.ndarray) -> np.ndarray:
        """The number of each row on its shard."""
        return rows // (BLOCK * self.shards) * BLOCK + rows % BLOCK

    def rows(self, shard: int, local: np.ndarray) -> np.ndarray:
        """The numbers of a shard's rows among all."""
        return (local // BLOCK * self.shards + shard) * BLOCK + local % BLOCK

    def of(self, shard: int, first: int, end: int) -> np.ndarray:
        """Those of the rows first..end that are on a shard, in order."""
        rows = np.arange(first, end)
        return rows[self.shard(rows) == shard]

    def masked(self, shard: int, mask: np.ndarray) -> np.ndarray:
        """A shard's part of a mask over all rows."""
        whole = BLOCK * self.shards
        padded = np.pad(mask, (0, -len(mask) % whole))
        return padded.reshape(-1, self.shards, BLOCK)[:, shard].ravel()
