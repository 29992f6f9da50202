"""The store of what says the same in other words: an edge of its own kind, beside the one that its words make."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from thruline.core.ids import ArtifactId
from thruline.core.sql import load_queries
from thruline.ports.database import Database


class Meaning(NamedTuple):
    """Another record says this one's content first, in other words. similarity: in [-1, 1]."""

    of: ArtifactId
    similarity: float


class AlikeEdges:
    """A table only: joins the caller's transaction, writes no events. Its schema is that of the records."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._q = load_queries("thruline.data", database.dialect)

    def replace(self, edges: Mapping[ArtifactId, Meaning]) -> set[ArtifactId]:
        """From now on these and no others; the records whose edge is new, or leads elsewhere."""
        known = {record: of for record, of, _ in self._db.query(self._q.alike_edges)}
        self._db.execute(self._q.drop_alike_edges)
        rows = [{"record": record, "canonical": m.of, "similarity": m.similarity} for record, m in edges.items()]
        self._db.execute_many(self._q.insert_alike, rows)
        return {record for record, meaning in edges.items() if known.get(record) != meaning.of}

    def of(self, records: Sequence[str]) -> dict[ArtifactId, Meaning]:
        """The edges of these, as far as both ends may answer."""
        rows = self._db.query(self._q.alike_of, {"ids": json.dumps(list(records))})
        return {ArtifactId(record): Meaning(ArtifactId(of), similarity) for record, of, similarity in rows}

    def counts(self) -> dict[str, int]:
        """How many records of each source have one, as far as both ends may answer."""
        return dict(self._db.query(self._q.count_alike))
