"""Who carries a message to an address outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Courier(Protocol):
    """Posts bytes; believes nothing of what comes back but the status."""

    def check(self, url: str, *, has_secret: bool) -> None:
        """Raises Invalid for an address that cannot be meant, or that a secret would reach in the clear."""
        ...

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer; a move is an answer and is not followed.

        Raises Unavailable when there is none in time.
        """
        ...
