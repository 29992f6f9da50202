"""vectors: how the index is searched - measured, chosen, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from thruline.app.operations import operation
from thruline.app.platform import Platform
from thruline.core.lazy import lazy
from thruline.core.units import parse_duration, parse_size

if TYPE_CHECKING:
    from thruline.flows import collections, reports, tune
    from thruline.flows import index_state as states
    from thruline.flows import move as moving
    from thruline.flows import recall_audit as audits
    from thruline.vectors import goals
else:
    reports = lazy("thruline.flows.reports")
    collections = lazy("thruline.flows.collections")
    goals = lazy("thruline.vectors.goals")
    audits = lazy("thruline.flows.recall_audit")
    states = lazy("thruline.flows.index_state")
    moving = lazy("thruline.flows.move")
    tune = lazy("thruline.flows.tune")

Collection = Annotated[str, "the collection"]


@operation(role="operator", cli="index tune", positional=("collection",))
def tune_index(
    p: Platform, *,
    collection: Collection = "main",
    recall: Annotated[float, "share of the 10 nearest passages that a search has to find, up to 1"] = 0.97,
    p95: Annotated[str, "time that 95 of 100 searches have to stay within, as `10ms`"] = "10ms",
    memory: Annotated[str, "memory that the index may take, as `300MB`; empty for no limit"] = "",
    dry_run: Annotated[bool, "measure, and change nothing"] = False,
) -> reports.TuneReport:  # fmt: skip
    """Measure ways to search the index on its own vectors, and take the cheapest that reaches the goals.

    Servers that the settings name are sent the vectors for as long as they are measured.
    """
    collections.check_collection(collection)
    wanted = goals.Goals(
        recall=recall, p95_ms=parse_duration(p95) * 1000, memory=parse_size(memory) if memory.strip() else 0
    )
    return tune.tune(p.line, wanted, dry_run=dry_run, actor=p.actor.id, progress=p.progress)


@operation(role="operator", cli="index tuned", positional=("collection",), reads=True)
def tuned(p: Platform, *, collection: Collection = "main") -> tuple[reports.TuneReport, ...]:
    """What was measured of the index when it was tuned last; nothing before that."""
    collections.check_collection(collection)
    return states.tuned(p.line)


@operation(role="reader", cli="index plans", positional=("collection",), reads=True)
def plans(p: Platform, *, collection: Collection = "main") -> tuple[reports.PlanView, ...]:
    """How the index is searched and was before, the latest first."""
    collections.check_collection(collection)
    return states.plans(p.line)


@operation(role="operator", cli="index move", positional=("collection",))
def move_index(
    p: Platform, *,
    to: Annotated[str, "the engine, with options, as `qdrant` or `hnsw m=32`"],
    collection: Collection = "main",
    dry_run: Annotated[bool, "build and compare, and change nothing"] = False,
) -> reports.MoveReport:  # fmt: skip
    """Let another engine search the index: built beside what serves, compared with the truth, then switched."""
    collections.check_collection(collection)
    return moving.move(p.line, to, dry_run=dry_run, actor=p.actor.id, progress=p.progress)


@operation(role="operator", cli="index rollback-plan", positional=("collection",))
def rollback_plan(p: Platform, *, collection: Collection = "main") -> tuple[reports.PlanView, ...]:
    """Search the index again as it was searched before the plan in force."""
    collections.check_collection(collection)
    return states.rollback_plan(p.line, p.actor.id)


@operation(role="operator", cli="index recall", positional=("collection",), reads=True)
def recall(p: Platform, *, collection: Collection = "main") -> reports.RecallView:
    """How many of the nearest passages searches find in use, by those that the server did again exactly."""
    collections.check_collection(collection)
    return audits.recall(p.line)
