"""Fans: what lies one step away, counted exactly and listed up to a limit, however wide it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
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


class Made(NamedTuple):
    """What was made, of one kind: how many there are, and some of them or all, by id."""

    many: int
    ids: tuple[ArtifactId, ...]


class Fans:
    """Reads the projection of the edges step by step: of fifty thousand chunks a walk reads a few."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._q = load_queries("thruline.ledger", database.dialect)

    def made_of(self, ids: Sequence[str], *, whole: Collection[str], first: int) -> dict[str, Made]:
        """All that was made of these, but for other records, by kind: the kinds in `whole` with every id.

        The database walks: of a million chunks it keeps the ids, and this process the first few.
        """
        params = {"ids": json.dumps(list(ids)), "whole": json.dumps(sorted(whole)), "first": first}
        found: dict[str, tuple[int, list[ArtifactId]]] = {}
        for kind, many, id in self._db.query(self._q.made_of, params):
            found.setdefault(kind, (many, []))[1].append(ArtifactId(id))
        return {kind: Made(many, tuple(some)) for kind, (many, some) in found.items()}

    def made_beside(self, ids: Sequence[str], *, after: str, limit: int) -> list[ArtifactId]:
        """What was made of these besides their own chunks, vectors and the index's segments, by id, after one."""
        params = {"ids": json.dumps(list(ids)), "after": after, "limit": limit}
        return [ArtifactId(row[0]) for row in self._db.query(self._q.made_beside, params)]

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
