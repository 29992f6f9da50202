"""What was chosen by measurement of how an index answers: the choice in force, all before it, and the way back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from thruline.core.clock import Micros
from thruline.core.errors import Conflict
from thruline.core.nouns import Draft
from thruline.core.sql import load_queries, load_schema
from thruline.ports.database import Database
from thruline.ports.ledger import Ledger
from thruline.vectors.history import standing

# How the rankings by meaning and by words are joined, and from where on there is an answer.
What = Literal["fusion", "sureness"]
Why = Literal["measured", "rollback"]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A choice came into force. value: JSON as its kind writes it; empty for what a home begins with."""

    value: str
    why: Why
    at: Micros

    @property
    def digest(self) -> str:
        """Tells this value from every other, on the ledger."""
        return digest(self.value)


class Choices:
    """Those of a home. All methods join the caller's transaction."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._db, self._ledger = database, ledger
        self._q = load_queries("thruline.vectors", database.dialect)
        database.script(load_schema("thruline.vectors", database.dialect))

    def current(self, what: What) -> str:
        """The value in force; empty while nobody has chosen."""
        rows = self._db.query(self._q.last_choice, {"what": what})
        return rows[0][0] if rows else ""

    def history(self, what: What) -> list[Chosen]:
        """Every choice, oldest first."""
        rows = self._db.query(self._q.choices, {"what": what})
        return [Chosen(value=value, why=why, at=at) for value, why, at in rows]

    def choose(self, what: What, value: str, why: Why = "measured", *, run: str = "", actor: str = "") -> None:
        """Let a value be in force from now on."""
        facts = {"what": what, "value": digest(value), "why": why}
        with self._db.transaction():
            (event,) = self._ledger.append([Draft(verb="index.chosen", facts=facts, run=run, actor=actor)])
            row = {"what": what, "seq": event.seq, "value": value, "why": why, "at": event.at}
            self._db.execute(self._q.put_choice, row)

    def rollback(self, what: What, *, run: str = "", actor: str = "") -> str:
        """Let the value before the one in force be in force again; a second rollback goes one further back.

        Raises Conflict when there is none before it.
        """
        stack = standing(((past.value, past.why) for past in self.history(what)), [""])
        if len(stack) < 2:
            raise Conflict(f"no other {what} was ever in force", hint="`thruline index choices` lists what was")
        self.choose(what, stack[-2], "rollback", run=run, actor=actor)
        return stack[-2]


def digest(value: str) -> str:
    """Of a value, as it stands on the ledger."""
    return hashlib.sha256(value.encode()).hexdigest()[:32]
