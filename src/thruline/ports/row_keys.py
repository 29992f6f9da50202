"""Names for rows that lie elsewhere: by content, so that what is there is not sent again, nor taken for another.

A row that comes back is compared with its name: a server cannot answer with a row that it was not given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

KEY = 16  # bytes: 12 of the content, 4 for which of the rows that are alike
_CONTENT = 12


def content(row: np.ndarray) -> bytes:
    """Of one row as it is given, half or single precision."""
    return blake2b(row.tobytes(), digest_size=_CONTENT, person=row.dtype.name.encode()).digest()


class RowKeys:
    """The key of every row ever given, by number; rows that are alike have different ones."""

    def __init__(self) -> None:
        self._keys: list[bytes] = []
        self._alike: Counter[bytes] = Counter()

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, rows: np.ndarray) -> list[bytes]:
        """The keys of rows that are numbered on from the last."""
        came: list[bytes] = []
        for row in rows:
            of = content(row)
            came.append(of + self._alike[of].to_bytes(KEY - _CONTENT, "big"))
            self._alike[of] += 1
        self._keys += came
        return came

    def of(self, numbers: Iterable[int]) -> list[bytes]:
        """The keys of some rows."""
        return [self._keys[n] for n in numbers]

    def is_of(self, number: int, row: np.ndarray) -> bool:
        """Whether this is that row's content."""
        return self._keys[number][:_CONTENT] == content(row)
