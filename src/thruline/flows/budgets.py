"""Budgets: how much may be told of a place in aggregates, and what was told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from thruline.core.clock import iso
from thruline.core.errors import Invalid
from thruline.core.nouns import Actor, Draft, Source
from thruline.data.aggregates import LEAST_EPSILON, MOST_DELTA, MOST_EPSILON
from thruline.data.budgets import Budget, allowance
from thruline.flows.contracts import is_table
from thruline.flows.reports import AggregateReport, AggregateView, BudgetView
from thruline.flows.sources import named

if TYPE_CHECKING:
    from thruline.flows.line import Line


def place_of(line: Line, source: Source) -> str:
    """Where a source reads from: all that read there share a budget, for the same people are in them."""
    return line.ids.digest("place", source.kind, source.location)


def allow(line: Line, actor: Actor, name: str, epsilon: float, delta: float) -> BudgetView:
    """Set how much may be told of a source in all, what was told already included.

    Raises NotFound, and Invalid for an amount that protects nobody or for a source of documents.
    """
    source = named(line, actor, name)
    if not is_table(source):
        raise Invalid(f"{source.name!r} holds documents, not rows", hint="aggregates are told of tables")
    if not LEAST_EPSILON <= epsilon <= MOST_EPSILON:
        raise Invalid(
            f"an epsilon of {epsilon:g} in all protects nobody, or tells nothing",
            hint=f"{LEAST_EPSILON:g} to {MOST_EPSILON:g}; 1 to 3 is common",
        )
    if not 0 <= delta <= MOST_DELTA:
        raise Invalid(f"delta {delta:g} is out of range", hint=f"0 to {MOST_DELTA:g}; less than one part in all people")
    place = place_of(line, source)
    facts = {"epsilon": epsilon, "delta": delta}
    with line.database.transaction():
        line.budgets.allow(place, allowance(epsilon, delta))
        line.ledger.append([Draft(verb="budget.set", inputs=(source.id,), facts=facts, actor=actor.id)])
    budget = line.budgets.get(place)
    assert budget is not None
    return _view(line, budget)


def listing(line: Line, actor: Actor, name: str) -> tuple[BudgetView, ...]:
    """Every budget with what was told under it, or one source's."""
    budgets = line.budgets.all()
    if name:
        place = place_of(line, named(line, actor, name))
        budgets = [budget for budget in budgets if budget.place == place]
    return tuple(_view(line, budget) for budget in budgets)


def _view(line: Line, budget: Budget) -> BudgetView:
    sources = tuple(s.name for s in line.records.sources() if place_of(line, s) == budget.place)
    told = line.budgets.told(budget.place)
    said = line.payloads.get_many([t.id for t in told])
    asked = {id: msgspec.json.decode(data, type=AggregateReport).asked for id, data in said.items()}
    (epsilon, delta), spent, left = budget.allowed.told, budget.spent.told, budget.left.told
    return BudgetView(
        sources=sources, epsilon=epsilon, delta=delta, spent_epsilon=spent[0], spent_delta=spent[1],
        left_epsilon=left[0], left_delta=left[1],
        told=tuple(
            AggregateView(
                id=t.id, at=iso(t.at), asked=asked.get(t.id, ""), epsilon=t.cost.told[0], delta=t.cost.told[1]
            )
            for t in told
        ),
    )  # fmt: skip
