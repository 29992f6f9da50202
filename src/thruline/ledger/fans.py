"""Fans: what lies one step away, counted exactly and listed up to a limit, however wide it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from thruline.core.ids import ArtifactId
from thruline.core.nouns import Role
from thruline.core.sql import load_queries
from thruline.ports.database import Database
from thruline.ports.ledger import Direction


class Fan(NamedTuple):
    """Neighbours of one kind. many: how many there are; edges: (near, far) of the first of them, by id."""

    kind: str
    role: Role
    many: int
    edges: tuple[tuple[ArtifactId, ArtifactId], ...]


class Fans:
    """Reads the projection of the edges step by step: of fifty thousand chunks a walk reads a few."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._q = load_queries("thruline.ledger", database.dialect)

    def beside(self, ids: Sequence[str], direction: Direction, *, via: bool, limit: int) -> list[Fan]:
        """The fans of these, at most `limit` edges of each; `via` edges only where wanted."""
        counts = self._q.count_parents if direction == "up" else self._q.count_children
        some = self._q.some_parents if direction == "up" else self._q.some_children
        near = json.dumps(list(ids))
        found: list[Fan] = []
        for kind, role, many in self._db.query(counts, {"ids": near, "via": int(via)}):
            rows = self._db.query(some, {"ids": near, "kind": kind, "role": role, "limit": limit})
            found.append(Fan(kind, role, many, tuple((ArtifactId(n), ArtifactId(f)) for n, f in rows)))
        return found
