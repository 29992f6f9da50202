"""Large bytes by name: a folder, or an object store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Blobs(Protocol):
    """Write-once bytes. What comes in is already encrypted; names are ids with the colon as a folder."""

    def put(self, name: str, data: bytes) -> None:
        """Durable when it returns; putting the same name again keeps the first."""
        ...

    def get(self, name: str) -> bytes:
        """The bytes; raises NotFound."""
        ...

    def delete(self, name: str) -> None:
        """Gone when it returns; deleting what is not there is done already."""
        ...

    def names(self) -> Iterator[str]:
        """Every name, in no particular order."""
        ...
