"""Aggregates: numbers of a table that may be told to anybody, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AggregateNumber:
    """A count, sum or mean of a group, or of all rows. value: none where it is foretold alone.

    accuracy: how far off the value is at most, in 95 of 100 cases.
    """

    group: str
    measure: str
    column: str
    value: float | None
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class AggregateReport:
    """Numbers of a source's rows with noise. asked: in words. by: whose values the groups are.

    person: the column that says whose a row is; empty where each row counts as a person's. rows: of one person that
    count. threshold: the noisy count that a group is told from; 0 for groups that were listed. epsilon, delta: what it
    costs; spent_epsilon, spent_delta: what it cost now: nothing where it was told before or is foretold alone. left_*:
    of the budget, afterwards. typical: rows of a group for which the accuracy of a mean is foretold.
    """

    id: str
    source: str
    asked: str
    by: str
    person: str
    rows: int
    numbers: tuple[AggregateNumber, ...]
    threshold: int
    epsilon: float
    delta: float
    spent_epsilon: float
    spent_delta: float
    left_epsilon: float
    left_delta: float
    told_before: bool
    dry_run: bool
    typical: int


@dataclass(frozen=True, kw_only=True)
class AggregateView:
    """An aggregate that was told. asked: in words; empty where it named somebody who was erased since."""

    id: str
    at: str
    asked: str
    epsilon: float
    delta: float


@dataclass(frozen=True, kw_only=True)
class BudgetView:
    """What may be told of a place in all, and what was. sources: those that read from it now."""

    sources: tuple[str, ...]
    epsilon: float
    delta: float
    spent_epsilon: float
    spent_delta: float
    left_epsilon: float
    left_delta: float
    told: tuple[AggregateView, ...]
