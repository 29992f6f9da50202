"""The store of how records were cut in more ways than one: each way has a document, and chunks of its own.

A record has rows here from the day on which it is cut in another way than the one that the settings gave when it came
in; that one's name is empty, and its chunks stay where they were. `records.document` is the one that answers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from thruline.core.ids import ArtifactId
from thruline.core.sql import load_queries
from thruline.ports.database import Database


class CutDocument(NamedTuple):
    """What a record is by one way to cut it. cut: the way, empty for the one that the settings gave."""

    record: ArtifactId
    cut: str
    document: str


class Cuts:
    """Tables only: joins the caller's transaction, writes no events. Their schema is that of the records."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._q = load_queries("thruline.data", database.dialect)

    def documents(self, records: Sequence[str], cut: str) -> dict[ArtifactId, str]:
        """Record -> its document by one way, for those that have one."""
        rows = self._db.query(self._q.documents_by_cut, {"ids": json.dumps(list(records)), "cut": cut})
        return {ArtifactId(record): document for record, document in rows if document}

    def chunks(self, records: Sequence[str], cut: str) -> dict[ArtifactId, tuple[ArtifactId, ...]]:
        """Record -> its chunks by one way, in order."""
        rows = self._db.query(self._q.chunks_by_cut, {"ids": json.dumps(list(records)), "cut": cut})
        return {ArtifactId(record): tuple(id for _, id in found) for record, found in groupby(rows, itemgetter(0))}

    def of(self, records: Sequence[str]) -> list[CutDocument]:
        """Every document of these records, for those that have more than one."""
        rows = self._db.query(self._q.cuts_of, {"ids": json.dumps(list(records))})
        return [CutDocument(ArtifactId(record), cut, document) for record, cut, document in rows]

    def keep_first(self, record: str) -> None:
        """A record that was cut in one way so far is about to be cut in another; the first way gets its row."""
        self._db.execute(self._q.put_first_cut, {"record": record})

    def put(self, record: str, cut: str, document: str, chunks: Sequence[str]) -> None:
        """A record is cut in this way; its chunks in order."""
        row = {"record": record, "cut": cut, "document": document, "chunks": len(chunks)}
        self._db.execute(self._q.put_cut, row)
        places = [{"id": id, "record": record, "position": n} for n, id in enumerate(chunks)]
        if cut:
            self._db.execute_many(self._q.insert_cut_chunk, [place | {"cut": cut} for place in places])
        else:
            self._db.execute_many(self._q.insert_chunk, places)

    def adopt(self, records: Sequence[str], cut: str) -> None:
        """Let these answer by this way, where they were cut by it."""
        self._db.execute(self._q.adopt_cut, {"ids": json.dumps(list(records)), "cut": cut})

    def drop(self, record: str) -> None:
        """It is about to be cut anew by other rules."""
        for query in (self._q.delete_cuts, self._q.delete_cut_chunks):
            self._db.execute(query, {"ids": json.dumps([record])})
