"""The log of searches: what was asked for, by whom and when, to measure the index by. Erasable, and kept for a time.

Questions that were answered are kept with their answers; these are the searches besides.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.clock import Micros, iso
from thruline.core.ids import ArtifactId, random_id
from thruline.core.nouns import Actor
from thruline.core.sql import load_queries
from thruline.data import privacy
from thruline.flows import INDEX
from thruline.flows.reports import SearchLine
from thruline.ledger.payloads import Payloads
from thruline.ports.database import Database

if TYPE_CHECKING:
    from thruline.flows.line import Line

KIND = "search"
MOST = 10_000  # more tell nothing more of what is asked
_S = 1_000_000


class Logged(NamedTuple):
    """A search. share: of the passages that it looked through, in [0, 1]; plan_seq: of the plan that was in force."""

    id: ArtifactId
    asker: ArtifactId
    at: Micros
    share: float
    plan_seq: int


class Searches:
    """Rows and payloads; joins the caller's transaction, writes no events. Its table is made with that of answers."""

    def __init__(self, database: Database, payloads: Payloads) -> None:
        self._db, self._payloads = database, payloads
        self._q = load_queries("thruline.flows", database.dialect)

    def put(self, search: Logged, question: str) -> None:
        """Keep one."""
        self._payloads.put(search.id, question.encode(), search.asker)
        self._db.execute(self._q.put_search, search._asdict())

    def latest(self, limit: int) -> list[Logged]:
        """The latest first."""
        rows = self._db.query(self._q.searches, {"limit": limit})
        return [Logged(*row) for row in rows]

    def read(self, ids: Sequence[str]) -> dict[str, str]:
        """What was asked, for those that still exist."""
        return {id: data.decode() for id, data in self._payloads.get_many(ids).items()}

    def of(self, askers: Sequence[str]) -> list[ArtifactId]:
        """All that these users asked."""
        return [row[0] for row in self._db.query(self._q.searches_of, {"askers": json.dumps(list(askers))})]

    def lines(self, ids: Sequence[str]) -> tuple[SearchLine, ...]:
        """As a list shows them, the latest first."""
        rows = [Logged(*row) for row in self._db.query(self._q.searches_by_id, {"ids": json.dumps(list(ids))})]
        said = self.read([row.id for row in rows])
        return tuple(SearchLine(id=r.id, at=iso(r.at), question=said[r.id]) for r in rows if r.id in said)

    def delete(self, ids: Sequence[str]) -> None:
        """Rows and payloads; ids of other things are left alone."""
        mine = [id for id in ids if id.startswith(f"{KIND}:")]
        self._payloads.delete(mine)
        self._db.execute(self._q.delete_searches, {"ids": json.dumps(mine)})

    def expired(self, before: Micros, most: int) -> list[ArtifactId]:
        """What is older, or more than so many."""
        return [row[0] for row in self._db.query(self._q.expired_searches, {"before": before, "most": most})]


def log(line: Line, actor: Actor, question: str, share: float) -> None:
    """Keep a search, unless nobody wants a log or it names somebody who was erased; link who is named."""
    if not line.limits.search_log_s:
        return
    mentions = privacy.find_mentions(question, line.names)
    with line.database.transaction():  # an erasure is wholly before it, or finds it
        if line.subjects.is_suppressed(mentions) or line.subjects.calls_erased(question):
            return
        id = random_id(KIND)
        line.subjects.meet(mentions, id)
        seq = line.plans.since(INDEX)
        found = Logged(id=id, asker=actor.id, at=line.clock.now(), share=share, plan_seq=seq)
        line.searches.put(found, question)


def expire(line: Line) -> int:
    """Delete what was kept long enough, everything once nobody wants a log; how many."""
    kept_s = line.limits.search_log_s
    gone = line.searches.expired(line.clock.now() - int(kept_s * _S), MOST if kept_s else 0)
    if gone:
        with line.database.transaction():
            line.searches.delete(gone)
            line.subjects.unlink(gone)
    return len(gone)
