"""The store of what a judge said of documents: a number each, gone with the record."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from thruline.core.ids import ArtifactId
from thruline.core.sql import load_queries
from thruline.ports.database import Database


class Judgements:
    """A table only: joins the caller's transaction, writes no events. Its schema is that of the records.

    judge: a digest of which judge it was, throughout; what another one said is not asked for.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self._q = load_queries("thruline.data", database.dialect)

    def put(self, judge: str, scores: Mapping[str, float]) -> None:
        """Instead of what was said of these records before."""
        rows = [{"record": record, "judge": judge, "toxicity": score} for record, score in scores.items()]
        self._db.execute_many(self._q.put_judgement, rows)

    def of(self, judge: str, records: Sequence[str]) -> dict[str, float]:
        """Those of these records that were judged."""
        found = self._db.query(self._q.judgements, {"judge": judge, "ids": json.dumps(list(records))})
        return dict(found)

    def missing(self, judge: str, source: str) -> list[ArtifactId]:
        """The live records of a source that were not judged, the oldest first."""
        return [ArtifactId(id) for (id,) in self._db.query(self._q.unjudged, {"judge": judge, "source": source})]

    def drop(self, records: Sequence[str]) -> None:
        """Forget what was said of these."""
        self._db.execute(self._q.delete_judgements, {"ids": json.dumps(list(records))})
