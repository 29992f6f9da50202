"""The ledger: five verbs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

from thruline.core.ids import ArtifactId
from thruline.core.nouns import Artifact, Draft, Edge, Event, Head

Direction = Literal["up", "down"]


class Ledger(Protocol):
    """An append-only, hash-chained record of what was made from what."""

    def append(self, drafts: Sequence[Draft]) -> list[Event]:
        """Put drafts on the chain, all or none, and give them their places.

        Raises Invalid for a verb, fact or id that the schema does not know; the chain is then as it was.
        """
        ...

    def head(self) -> Head:
        """Where the chain ends; an empty chain has seq 0 and 64 zeros."""
        ...

    def read(self, *, after: int = 0, verbs: Sequence[str] = (), run: str = "", limit: int = 1000) -> Iterator[Event]:
        """Events with seq > after in order, at most limit of them; of these verbs and this run where given."""
        ...

    def artifacts(self, ids: Sequence[ArtifactId]) -> list[Artifact]:
        """Those of the ids that the ledger knows, in no particular order."""
        ...

    def edges(self, ids: Sequence[ArtifactId], direction: Direction, *, depth: int = 64) -> list[Edge]:
        """Every edge met on the way up (what it is made of) or down (what was made of it), at most depth steps.

        Upward follows both roles. Downward follows `from` at any depth, and `via` only out of the given ids.
        Ordered by seq; each edge once.
        """
        ...
