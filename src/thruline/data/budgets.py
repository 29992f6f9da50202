"""How much may be told of a place in aggregates, and what was: counted in whole parts, so that no rounding is free."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import NamedTuple

from thruline.core.clock import Micros
from thruline.core.ids import ArtifactId
from thruline.core.sql import load_queries, load_schema
from thruline.ports.database import Database

PARTS_OF_EPSILON, PARTS_OF_DELTA = 10**9, 10**18
KIND = "aggregate"


class Cost(NamedTuple):
    """Epsilon and delta, in parts. Those of several aggregates add up (Dwork et al. 2006)."""

    epsilon: int
    delta: int

    @property
    def told(self) -> tuple[float, float]:
        """As people say them."""
        return self.epsilon / PARTS_OF_EPSILON, self.delta / PARTS_OF_DELTA


class Budget(NamedTuple):
    """What may be spent on a place in all, and what was."""

    place: str
    allowed: Cost
    spent: Cost

    @property
    def left(self) -> Cost:
        """Nothing where less is allowed by now than was spent."""
        return Cost(*(max(0, a - s) for a, s in zip(self.allowed, self.spent, strict=True)))

    def covers(self, cost: Cost) -> bool:
        """Whether it may still be spent."""
        return all(c <= left for c, left in zip(cost, self.left, strict=True))


class Told(NamedTuple):
    """An aggregate that was told. asked: digest of the question and of the rows. What it says is the payload id."""

    id: ArtifactId
    place: str
    asked: str
    epsilon: int
    delta: int
    at: Micros

    @property
    def cost(self) -> Cost:
        """What it took of the budget."""
        return Cost(self.epsilon, self.delta)


def cost(epsilon: float, delta: float) -> Cost:
    """What is asked for, rounded up."""
    return Cost(_parts(epsilon, PARTS_OF_EPSILON, ROUND_UP), _parts(delta, PARTS_OF_DELTA, ROUND_UP))


def allowance(epsilon: float, delta: float) -> Cost:
    """What is allowed, rounded down."""
    return Cost(_parts(epsilon, PARTS_OF_EPSILON, ROUND_DOWN), _parts(delta, PARTS_OF_DELTA, ROUND_DOWN))


class Budgets:
    """Tables only: joins the caller's transaction, writes no events."""

    def __init__(self, database: Database) -> None:
        database.script(load_schema("thruline.data", database.dialect))
        self._db = database
        self._q = load_queries("thruline.data", database.dialect)

    def allow(self, place: str, allowed: Cost) -> None:
        """Set what may be spent in all; what was spent stays spent."""
        self._db.execute(self._q.allow_budget, {"place": place, **allowed._asdict()})

    def get(self, place: str) -> Budget | None:
        """None where nothing was ever allowed."""
        rows = self._db.query(self._q.budget, {"place": place})
        return Budget(place, Cost(*rows[0][:2]), Cost(*rows[0][2:])) if rows else None

    def all(self) -> list[Budget]:
        """Every place's."""
        rows = self._db.query(self._q.budgets)
        return [Budget(place, Cost(*amounts[:2]), Cost(*amounts[2:])) for place, *amounts in rows]

    def hold(self, place: str) -> None:
        """Until the transaction ends, nobody else spends on this place."""
        self._db.execute(self._q.hold_budget, {"place": place})

    def spend(self, told: Told) -> bool:
        """Write down that this is told now; False, and nothing written, where the budget does not cover it."""
        row = told._asdict()
        if not self._db.execute(self._q.spend_budget, {name: row[name] for name in ("place", "epsilon", "delta")}):
            return False
        self._db.execute(self._q.insert_aggregate, row)
        return True

    def told(self, place: str) -> list[Told]:
        """All that was told of a place, the latest first."""
        return [Told(*row) for row in self._db.query(self._q.aggregates, {"place": place})]

    def same(self, asked: str) -> list[Told]:
        """What was told when the same was asked of the same rows."""
        return [Told(*row) for row in self._db.query(self._q.aggregates_asked, {"asked": asked})]


def _parts(amount: float, parts: int, rounding: str) -> int:
    return int((Decimal(repr(amount)) * parts).to_integral_value(rounding))
