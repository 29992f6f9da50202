"""How the index is searched now and was before, as people see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruline.core.clock import iso
from thruline.flows import INDEX, elsewhere
from thruline.flows.reports import PlanView, TuneReport

if TYPE_CHECKING:
    from thruline.flows.line import Line


def plans(line: Line) -> tuple[PlanView, ...]:
    """Every plan, the latest first; the one at the top is in force, the one at the end is what a home begins with."""
    history = line.plans.history(INDEX)[::-1]
    views = [PlanView(plan=p.plan.text, in_force=n == 0, since=iso(p.at), why=p.why) for n, p in enumerate(history)]
    return (*views, PlanView(plan=line.plans.first.text, in_force=not history, since="", why="first"))


def rollback_plan(line: Line, actor: str) -> tuple[PlanView, ...]:
    """Let the plan before the one in force be in force again."""
    before = line.plans.current(INDEX)
    with line.runs.start("reindex", only="index", actor=actor) as run, run.commit():
        plan = line.plans.rollback(INDEX, run=run.id, actor=actor)
    elsewhere.leave(line, plan, before, moved=True)
    return plans(line)


def tuned(line: Line) -> tuple[TuneReport, ...]:
    """The last measurement, none before the first."""
    latest = line.tunings.latest(INDEX)
    return (latest,) if latest else ()
