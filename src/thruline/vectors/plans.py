"""Which dense engine serves an index, and how: the plan in force, every plan before it, and the way back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from thruline.core.clock import Micros
from thruline.core.errors import Conflict, Invalid
from thruline.core.nouns import Draft
from thruline.core.sql import load_queries, load_schema
from thruline.ports.database import Database
from thruline.ports.ledger import Ledger
from thruline.vectors.history import standing

Why = Literal["operator", "tuned", "retuned", "moved", "rollback"]


@dataclass(frozen=True, kw_only=True)
class DensePlan:
    """A backend of the port `dense` by name, and the whole numbers that it is opened with."""

    engine: str
    options: Mapping[str, int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """As people read it: `flat4 bits=4 depth=4`."""
        return " ".join([self.engine, *(f"{name}={value}" for name, value in sorted(self.options.items()))])

    @property
    def digest(self) -> str:
        """Tells this plan from every other, on the ledger."""
        return hashlib.sha256(_written(self).encode()).hexdigest()[:32]


def plan_of(text: str) -> DensePlan:
    """`hnsw m=32` as a plan; raises Invalid for what is no number."""
    engine, *options = text.split() or [""]
    pairs = [option.partition("=") for option in options]
    for (name, _, number), option in zip(pairs, options, strict=True):
        if not (name.isidentifier() and number.isdecimal()):
            raise Invalid(f"{option!r} is no option of an engine", hint="write name=number, as m=32")
    return DensePlan(engine=engine, options={name: int(number) for name, _, number in pairs})


FIRST = DensePlan(engine="flat4")
SHARDS = "shards"  # the engine whose rows lie on the nodes of a cluster


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A plan came into force."""

    plan: DensePlan
    why: Why
    at: Micros


class Plans:
    """The plans of every index of a home. All methods join the caller's transaction.

    first: in force while nobody has chosen.
    """

    def __init__(self, database: Database, ledger: Ledger, first: DensePlan = FIRST) -> None:
        self._db, self._ledger, self.first = database, ledger, first
        self._q = load_queries("thruline.vectors", database.dialect)
        database.script(load_schema("thruline.vectors", database.dialect))

    def current(self, index: str) -> DensePlan:
        """The plan in force; the first one while nobody has chosen."""
        rows = self._db.query(self._q.last_plan, {"name": index})
        return _read(rows[0][0]) if rows else self.first

    def since(self, index: str) -> int:
        """The number of the event that put the plan in force; 0 while nobody has chosen."""
        return self._db.query(self._q.last_plan_seq, {"name": index})[0][0]

    def history(self, index: str) -> list[Planned]:
        """Every choice, oldest first."""
        rows = self._db.query(self._q.plans, {"name": index})
        return [Planned(plan=_read(plan), why=why, at=at) for plan, why, at in rows]

    def choose(self, index: str, plan: DensePlan, why: Why, *, run: str = "", actor: str = "") -> None:
        """Let a plan be in force from now on."""
        facts = {"engine": plan.engine, "why": why, "plan": plan.digest}
        draft = Draft(verb="index.planned", facts=facts, run=run, actor=actor)
        with self._db.transaction():
            (event,) = self._ledger.append([draft])
            row = {"name": index, "seq": event.seq, "plan": _written(plan), "why": why, "at": event.at}
            self._db.execute(self._q.put_plan, row)

    def rollback(self, index: str, *, run: str = "", actor: str = "") -> DensePlan:
        """Let the plan before the one in force be in force again; a second rollback goes one further back.

        Raises Conflict when there is none before it.
        """
        stack = standing(((past.plan, past.why) for past in self.history(index)), [self.first])
        if len(stack) < 2:
            raise Conflict(f"index {index!r} has had no other plan", hint="`thruline index tune` chooses one")
        self.choose(index, stack[-2], "rollback", run=run, actor=actor)
        return stack[-2]


def _written(plan: DensePlan) -> str:
    return json.dumps({"engine": plan.engine, "options": dict(plan.options)}, sort_keys=True)


def _read(text: str) -> DensePlan:
    return DensePlan(**json.loads(text))
