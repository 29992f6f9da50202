"""Documents that wait on disk to be read, in a file without a name: it goes with the process, however that ends."""

from __future__ import annotations

import os
import tempfile
from typing import NamedTuple

_AT_ONCE = 1 << 20


class Place(NamedTuple):
    """Where a document lies."""

    at: int
    size: int


class Spool:
    """Written once, then read by several threads at once."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=_AT_ONCE)  # noqa: SIM115 - `close` does
        self._end = 0

    def add(self, data: bytes) -> Place:
        """Keep a document."""
        self._file.write(data)
        place = Place(self._end, len(data))
        self._end += len(data)
        return place

    def done(self) -> None:
        """From now on it is read."""
        self._file.flush()

    def read(self, place: Place) -> bytes:
        """A document that was kept."""
        return os.pread(self._file.fileno(), place.size, place.at)

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()
