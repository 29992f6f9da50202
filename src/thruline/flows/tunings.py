"""Evidence: what was measured of an index when, and what it lets one expect of the plan in force."""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec

from thruline.core.ids import ArtifactId
from thruline.core.sql import load_queries, load_schema
from thruline.flows.reports import TuneReport
from thruline.ledger.payloads import Payloads
from thruline.ports.database import Database
from thruline.vectors.plans import DensePlan

_decode = msgspec.json.Decoder(TuneReport).decode


class _Latest(NamedTuple):
    """The evidence that was read last, and whose it is."""

    id: str
    report: TuneReport


class Tunings:
    """Reports of measurements by index, numbers alone; joins the caller's transaction, writes no events."""

    def __init__(self, database: Database, payloads: Payloads) -> None:
        self._db, self._payloads = database, payloads
        self._q = load_queries("thruline.flows", database.dialect)
        self._read: _Latest | None = None  # replaced whole
        database.script(load_schema("thruline.flows", database.dialect))

    def put(self, index: str, seq: int, report: TuneReport) -> None:
        """Keep a report under the number of the event that gave the verdict."""
        self._payloads.put(report.evidence, msgspec.json.encode(report), report.evidence)
        self._db.execute(self._q.put_tuning, {"name": index, "seq": seq, "id": report.evidence})

    def latest(self, index: str) -> TuneReport | None:
        """What was measured last."""
        rows = self._db.query(self._q.last_tuning, {"name": index})
        if not rows:
            return None
        id = ArtifactId(rows[0][0])
        if self._read is None or self._read.id != id:
            self._read = _Latest(id, _decode(self._payloads.get(id)))
        return self._read.report

    def expected_recall(self, index: str, plan: DensePlan, share: float) -> float | None:
        """The recall of a plan under a filter that lets this share of the rows through, None where nobody measured it.

        The lowest that was measured among the filters nearest to it in size.
        """
        report = self.latest(index)
        found = next((m for m in report.measured if m.plan == plan.text), None) if report else None
        if found is None:
            return None
        away = [(abs(math.log(f.share / max(share, 1e-9))), f.recall.value) for f in found.filters]
        nearest = min(distance for distance, _ in away)
        return min(value for distance, value in away if math.isclose(distance, nearest, abs_tol=0.1))
