"""All rows in a file without a name: what a lost shard is made of again. Nobody reads it off the disk."""

from __future__ import annotations

import os
import tempfile

import numpy as np

from thruline.core.errors import Invalid, Unavailable
from thruline.ports.scoring import as_given


class KeptRows:
    """Rows as the first of them came, in float16 or float32, one after the other, and which of them are there.

    Not for several threads to change at once.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="thruline-shards-")  # noqa: SIM115 - open as long as the index
        self._type = np.dtype(np.float16)
        self.dims = 0
        self.alive = np.empty(0, bool)

    def __len__(self) -> int:
        return len(self.alive)

    def append(self, vectors: np.ndarray) -> None:
        """Raises Invalid for rows of another length, Unavailable where the disk is full."""
        matrix = as_given(vectors)
        if len(self) and len(matrix) and matrix.shape[1] != self.dims:
            raise Invalid(
                f"vectors of {matrix.shape[1]} dimensions do not fit an index of {self.dims}",
                hint="use the index's embedder",
            )
        if not len(self):
            self.dims, self._type = matrix.shape[1], matrix.dtype
        if not len(matrix):
            return
        try:
            os.pwrite(self._file.fileno(), matrix.astype(self._type).tobytes(), self.size)
        except OSError as error:
            raise Unavailable(
                f"the rows of a sharded index cannot be kept: {error.strerror}",
                hint=f"it needs {self._width} bytes a row in the folder for temporary files (TMPDIR)",
            ) from error
        self.alive = np.append(self.alive, np.ones(len(matrix), bool))

    def zero(self, rows: np.ndarray) -> None:
        """Keep nothing of these rows' values."""
        empty = bytes(self._width)
        for row in rows.tolist():
            os.pwrite(self._file.fileno(), empty, row * len(empty))
        alive = self.alive.copy()
        alive[rows] = False
        self.alive = alive

    def read(self, rows: np.ndarray) -> np.ndarray:
        """(len(rows), dims); zeros for what is gone."""
        if not len(rows):
            return np.empty((0, self.dims), self._type)
        return np.array(np.memmap(self._file, self._type, "r", shape=(len(self), self.dims))[rows])

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return len(self) * self._width

    @property
    def _width(self) -> int:
        return self.dims * self._type.itemsize

    def close(self) -> None:
        """The file goes with it."""
        self._file.close()
