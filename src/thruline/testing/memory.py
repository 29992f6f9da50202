"""In-memory twins: the simplest things that keep the promises, used as oracles and in unit tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from threading import Lock

from thruline.core.clock import Clock, SystemClock
from thruline.core.errors import NotFound
from thruline.core.ids import ArtifactId, kind_of
from thruline.core.nouns import Artifact, Draft, Edge, Event, Head, Role
from thruline.ledger.ledger import GENESIS, chain, check_draft, edges_of
from thruline.ports.ledger import Direction


class MemoryLedger:
    """The five verbs over a list."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._events: list[Event] = []
        self._lock = Lock()  # guards _events: one event, one place

    def append(self, drafts: Sequence[Draft]) -> list[Event]:
        """See ports.ledger."""
        for draft in drafts:
            check_draft(draft)
        with self._lock:
            events = [event for event, _ in chain(drafts, self.head(), self._clock.now())]
            self._events += events
        return events

    def head(self) -> Head:
        """See ports.ledger."""
        return Head(seq=self._events[-1].seq, hash=self._events[-1].hash) if self._events else GENESIS

    def read(self, *, after: int = 0, verbs: Sequence[str] = (), run: str = "", limit: int = 1000) -> Iterator[Event]:
        """See ports.ledger."""
        wanted = (e for e in self._events[after:] if (not verbs or e.verb in verbs) and run in ("", e.run))
        return (event for event, _ in zip(wanted, range(limit), strict=False))

    def artifacts(self, ids: Sequence[ArtifactId]) -> list[Artifact]:
        """See ports.ledger."""
        first: dict[ArtifactId, int] = {}
        for event in self._events:
            for i in (*event.inputs, *event.via, *event.outputs):
                first.setdefault(i, event.seq)
        return [Artifact(id=i, kind=kind_of(i), seq=first[i]) for i in set(ids) if i in first]

    def edges(self, ids: Sequence[ArtifactId], direction: Direction, *, depth: int = 64) -> list[Edge]:
        """See ports.ledger."""
        known: dict[tuple[ArtifactId, ArtifactId, Role], int] = {}
        for event in self._events:
            for edge in edges_of(event):
                known.setdefault(edge, event.seq)
        found: dict[tuple[ArtifactId, ArtifactId, Role], int] = {}
        frontier = set(ids)
        for step in range(depth):
            met = {
                e for e in known
                if (e[1] in frontier if direction == "up" else e[0] in frontier and (e[2] == "from" or step == 0))
            }  # fmt: skip
            frontier = {e[0] if direction == "up" else e[1] for e in met}
            found |= {e: known[e] for e in met}
            if not frontier:
                break
        ordered = sorted(found.items(), key=lambda edge: (edge[1], edge[0]))
        return [Edge(parent=p, child=c, role=r, seq=seq) for (p, c, r), seq in ordered]


class MemoryPayloads:
    """The methods of ledger.payloads.Payloads over a dict, unencrypted."""

    def __init__(self) -> None:
        self._items: dict[str, tuple[bytes, str]] = {}

    def put(self, id: str, data: bytes, owner: str) -> None:
        """Store or replace."""
        self._items[id] = (data, owner)

    def put_many(self, items: Iterable[tuple[str, bytes, str]]) -> None:
        """Store or replace many."""
        for id, data, owner in items:
            self.put(id, data, owner)

    def get(self, id: str) -> bytes:
        """The bytes, or NotFound."""
        if id not in self._items:
            raise NotFound(f"the bytes of {id!r} are not here")
        return self._items[id][0]

    def there(self, ids: Sequence[str]) -> set[str]:
        """Those under which bytes are stored."""
        return self._items.keys() & set(ids)

    def get_many(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Those that exist."""
        return {id: self._items[id][0] for id in ids if id in self._items}

    def exists(self, id: str) -> bool:
        """Whether bytes are stored."""
        return id in self._items

    def delete(self, ids: Sequence[str]) -> int:
        """Remove; the number removed."""
        return sum(self._items.pop(id, None) is not None for id in set(ids))

    def owners(self, ids: Sequence[str]) -> list[str]:
        """Who owns these."""
        return sorted({self._items[id][1] for id in ids if id in self._items})

    def ids(self, kind: str) -> list[ArtifactId]:
        """All ids of one kind."""
        return [ArtifactId(i) for i in sorted(self._items) if kind_of(i) == kind]
