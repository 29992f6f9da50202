"""What is out of answers: since when, who is to decide about it, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from thruline.core.clock import Micros
from thruline.core.ids import ArtifactId
from thruline.core.sql import load_queries
from thruline.ports.database import Database

Decision = Literal["", "kept", "released"]


class Case(NamedTuple):
    """One thing that is out of answers. id: of a record, or of the path of a file that was refused.

    reason: of the closed list. owner: the user who is to decide, empty for nobody. since: 0 where nobody noted it.
    """

    id: ArtifactId
    source: ArtifactId
    state: Literal["quarantined", "refused"]
    reason: str
    since: Micros
    owner: str
    decision: Decision


class Desk:
    """Tables only: joins the caller's transaction, writes no events."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._q = load_queries("thruline.data", database.dialect)

    def cases(self) -> list[Case]:
        """All, the latest first."""
        return [Case(*row) for row in self._db.query(self._q.desk)]

    def decision(self, artifact: str) -> str:
        """What a person decided about it; empty where nobody has."""
        rows = self._db.query(self._q.decision, {"artifact": artifact})
        return rows[0][0] if rows else ""

    def decide(self, cases: Sequence[tuple[str, str]], decision: Decision, at: Micros) -> None:
        """What becomes of each (artifact, source)."""
        rows = [{"artifact": a, "source": s, "decision": decision, "at": at} for a, s in cases]
        self._db.execute_many(self._q.decide, rows)

    def assign(self, cases: Sequence[tuple[str, str]], owner: str, at: Micros) -> None:
        """Who is to decide about each (artifact, source)."""
        self._db.execute_many(
            self._q.assign, [{"artifact": a, "source": s, "owner": owner, "at": at} for a, s in cases]
        )

    def note(self, cases: Sequence[tuple[str, str]], at: Micros) -> None:
        """Each (artifact, source) goes out of answers now."""
        self._db.execute_many(self._q.assign, [{"artifact": a, "source": s, "owner": "", "at": at} for a, s in cases])

    def settle(self, source: str, at: Micros) -> None:
        """Note what is out of answers now, and forget what no longer is."""
        self._db.execute(self._q.clear_desk, {"source": source})
        self._db.execute(self._q.fill_desk, {"source": source, "at": at})
