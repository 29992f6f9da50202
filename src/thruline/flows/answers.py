"""The store of answers: who asked when, and the erasable text of what was asked and said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from thruline.core.clock import Micros, iso
from thruline.core.ids import ArtifactId, Ids
from thruline.core.sql import load_queries, load_schema
from thruline.data.records import Record, Records
from thruline.flows.reports import AnswerLine, AnswerReport
from thruline.ledger.payloads import Payloads
from thruline.ports.database import Database

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AnswerReport).decode
Sees = Callable[[Mapping[str, Record]], Mapping[str, Record]]  # records -> those that somebody may see


class Kept(NamedTuple):
    """An answer's row: asker is a user id."""

    id: ArtifactId
    asker: ArtifactId
    at: Micros
    outcome: str


class Answers:
    """Rows and payloads of answers; joins the caller's transaction, writes no events."""

    def __init__(self, database: Database, payloads: Payloads, ids: Ids, records: Records) -> None:
        self._db = database
        self._payloads = payloads
        self._ids = ids
        self._records = records
        self._q = load_queries("thruline.flows", database.dialect)
        database.script(load_schema("thruline.flows", database.dialect))

    def put(self, report: AnswerReport, asker: ArtifactId, at: Micros) -> str:
        """Keep an answer; gives the keyed digest of its text, which the event about it holds."""
        data = _encode(report)
        self._payloads.put(report.id, data, owner=asker)
        self._db.execute(self._q.insert_answer, {"id": report.id, "asker": asker, "at": at, "outcome": report.outcome})
        return self._ids.digest("answer", data)

    def row(self, id: str) -> Kept | None:
        """Who asked and when; None for an id that is no answer, or was erased."""
        rows = self._db.query(self._q.answer, {"id": id})
        return Kept(*rows[0]) if rows else None

    def list(self, asker: str, limit: int) -> list[Kept]:
        """The latest first; asker empty for everybody's."""
        return [Kept(*row) for row in self._db.query(self._q.answers, {"asker": asker, "limit": limit})]

    def rows(self, ids: Iterable[str]) -> list[Kept]:
        """Those of the ids that are answers, the latest first."""
        return [Kept(*row) for row in self._db.query(self._q.answers_by_id, {"ids": json.dumps(list(ids))})]

    def all(self) -> list[ArtifactId]:
        """Every answer's id."""
        return [row[0] for row in self._db.query(self._q.all_answers)]

    def read(self, ids: Sequence[str]) -> dict[str, AnswerReport]:
        """What was asked and said, for those that still exist."""
        return {id: _decode(data) for id, data in self._payloads.get_many(ids).items()}

    def lines(self, kept: Sequence[Kept], among: Sees = dict) -> tuple[AnswerLine, ...]:
        """Answers for a list, as one sees them who sees those `among` the records that it gives back, or all.

        One without its text shows that it was erased.
        """
        said = self.read([k.id for k in kept])
        records = self._records.get_many([p.record for report in said.values() for p in report.passages])
        seen = among(records)
        return tuple(_line(k, said.get(k.id), seen) for k in kept)

    def delete(self, ids: Sequence[str]) -> None:
        """Remove rows and payloads."""
        self._payloads.delete(ids)
        self._db.execute(self._q.delete_answers, {"ids": json.dumps(list(ids))})

    def count(self) -> int:
        """How many there are."""
        return self._db.query(self._q.count_answers)[0][0]


def state_of(said: AnswerReport, records: Mapping[str, Record]) -> str:
    """`touched` once one of these records that the answer cites has been taken out of answers, else `current`."""
    cited = {n for s in said.sentences for n in s.citations}
    states = {records[p.record].state for p in said.passages if p.number in cited and p.record in records}
    return "current" if states.isdisjoint(("quarantined", "deleted")) else "touched"


def _line(kept: Kept, said: AnswerReport | None, records: Mapping[str, Record]) -> AnswerLine:
    return AnswerLine(
        id=kept.id, question=said.question if said else "", outcome=kept.outcome, asked=iso(kept.at),
        asker=said.asker if said else "", state=state_of(said, records) if said else "erased",
    )  # fmt: skip
