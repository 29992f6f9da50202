"""What is known of the recall of a plan in use: sums over the searches that were done again. Numbers alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from thruline.core.clock import Micros
from thruline.core.sql import load_queries, load_schema
from thruline.flows.recall_sample import Drawn
from thruline.ports.database import Database
from thruline.vectors.betting import Bets
from thruline.vectors.rates import Lots


@dataclass(frozen=True, kw_only=True)
class Audit:
    """since, alarmed: microseconds, 0 for never."""

    since: Micros = 0
    lots: Lots = field(default_factory=Lots)
    bets: Bets = field(default_factory=Bets)
    alarmed: Micros = 0


class Audits:
    """One state a plan, by the event that put it in force; joins the caller's transaction, writes no events.

    drawn: searches that wait to be done again.
    """

    def __init__(self, database: Database) -> None:
        self.drawn = Drawn()
        self._db = database
        self._q = load_queries("thruline.flows", database.dialect)
        database.script(load_schema("thruline.flows", database.dialect))

    def of(self, index: str, plan_seq: int) -> Audit:
        """What is known; nothing at first."""
        rows = self._db.query(self._q.recall_audit, {"name": index, "plan_seq": plan_seq})
        if not rows:
            return Audit()
        since, queries, wanted, found, squares, mean, variance, log_wealth, alarmed = rows[0]
        return Audit(
            since=since, lots=Lots(queries, wanted, found, squares), bets=Bets(queries, mean, variance, log_wealth),
            alarmed=alarmed,
        )  # fmt: skip

    def put(self, index: str, plan_seq: int, audit: Audit) -> None:
        """In place of what was known."""
        row = {"name": index, "plan_seq": plan_seq, "since": audit.since, "alarmed": audit.alarmed}
        self._db.execute(self._q.put_recall_audit, row | audit.lots._asdict() | audit.bets._asdict())
