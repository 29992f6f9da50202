"""Which columns to tell less exactly, so that everybody hides among k: a search in steps, not of all there is. Pure.

Always the step that takes most rows out of risk for what it loses, as Sweeney's Datafly takes the most distinct column;
then every column is told as exactly again as it can be. A plan is found wherever there is one, not always the best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from thruline.data.anonymity import Hiding, hiding
from thruline.data.cells import grouped, regrouped
from thruline.data.generalising import Ladder


@dataclass(frozen=True, kw_only=True)
class Aim:
    """What is to hold: k rows a group, `least` values of each sensitive column, but for a share of rows left out."""

    quasi: tuple[str, ...]
    sensitive: tuple[str, ...]
    k: int
    least: int
    left_out: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which step of each column's ladder, and how the rows then hide. loss: of the columns' distinctions, in [0, 1]."""

    steps: Mapping[str, int]
    hiding: Hiding
    loss: float


def measure(frame: pl.DataFrame, ladders: Sequence[Ladder], steps: Mapping[str, int], aim: Aim) -> Hiding:
    """How the rows hide when columns are told by these steps."""
    told = coarsened(frame, ladders, steps)
    return hiding(grouped(told, aim.quasi, aim.sensitive), aim.k, aim.sensitive, aim.least)


def coarsened(frame: pl.DataFrame, ladders: Sequence[Ladder], steps: Mapping[str, int]) -> pl.DataFrame:
    """Cells whose columns are told by these steps; a column at step 0 is as it is."""
    return regrouped(frame, {x.column: x.steps[steps[x.column]].places for x in ladders if steps.get(x.column)})


def plan(frame: pl.DataFrame, ladders: Sequence[Ladder], aim: Aim) -> Plan | None:
    """The steps to take; none for a table that is no smaller when all columns are left out, and still at risk."""
    sizes = grouped(frame, aim.quasi)
    by_size = _climbed(sizes, ladders, _start(sizes, ladders, replace(aim, sensitive=())), replace(aim, sensitive=()))
    if not aim.sensitive:
        return by_size and _descended(sizes, ladders, by_size, aim)
    # Values are looked at only where sizes are right: far fewer cells are left by then.
    begun = by_size and _climbed(frame, ladders, _told(frame, ladders, by_size.steps, aim), aim)
    return begun and _descended(frame, ladders, begun, aim)


def _start(frame: pl.DataFrame, ladders: Sequence[Ladder], aim: Aim) -> Plan:
    return _told(frame, ladders, {ladder.column: 0 for ladder in ladders}, aim)


def _told(frame: pl.DataFrame, ladders: Sequence[Ladder], steps: Mapping[str, int], aim: Aim) -> Plan:
    loss = sum(ladder.steps[steps[ladder.column]].loss for ladder in ladders) / max(1, len(ladders))
    return Plan(steps=steps, hiding=measure(frame, ladders, steps, aim), loss=loss)


def _climbed(frame: pl.DataFrame, ladders: Sequence[Ladder], now: Plan, aim: Aim) -> Plan | None:
    while now.hiding.share_at_risk > aim.left_out:
        further = [
            _told(frame, ladders, {**now.steps, ladder.column: step}, aim)
            for ladder in ladders
            for step in range(now.steps[ladder.column] + 1, len(ladder.steps))
        ]
        if not further:
            return None
        now = max(further, key=lambda then, now=now: _worth(now, then))
    return now


def _worth(now: Plan, then: Plan) -> tuple[float, float]:
    """Rows out of risk, and groups joined, for what is lost."""
    lost = max(1e-9, then.loss - now.loss)
    return (now.hiding.at_risk - then.hiding.at_risk) / lost, (now.hiding.groups - then.hiding.groups) / lost


def _descended(frame: pl.DataFrame, ladders: Sequence[Ladder], now: Plan, aim: Aim) -> Plan:
    """As exactly as it can be told: each column a step back as long as the aim is reached."""
    while True:
        back = [
            _told(frame, ladders, {**now.steps, ladder.column: now.steps[ladder.column] - 1}, aim)
            for ladder in ladders
            if now.steps[ladder.column]
        ]
        better = [plan for plan in back if plan.hiding.share_at_risk <= aim.left_out]
        if not better:
            return now
        now = min(better, key=lambda plan: plan.loss)
