"""Tune: measure the plans that could search the index, and let the cheapest that meets the goals do it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from thruline.core.clock import iso
from thruline.core.errors import Denied, Invalid, Unavailable, Unsupported
from thruline.core.ids import ArtifactId, random_id
from thruline.core.nouns import Draft
from thruline.flows import INDEX, elsewhere
from thruline.flows.reports import FilterView, GoalsView, PlanMeasure, RateView, TuneReport
from thruline.flows.tune_sample import Sample, sample
from thruline.runs.runner import Progress, Run
from thruline.vectors.candidates import candidates
from thruline.vectors.goals import Choice, FilterRecall, Goals, Measured, choose, frontier, missed
from thruline.vectors.plans import SHARDS, DensePlan
from thruline.vectors.rates import Rate
from thruline.vectors.trials import Bench, bench, measure, scaled

if TYPE_CHECKING:
    from thruline.flows.line import Line

Why = Literal["tuned", "retuned"]
RULE = "index_recall"
UNDER_EACH = 25  # questions under each filter
_AWAY = (*elsewhere.SERVERS, SHARDS)


def tune(
    line: Line, goals: Goals, *, dry_run: bool, actor: str, why: Why = "tuned", without: DensePlan | None = None,
    progress: Progress | None = None,
) -> TuneReport:  # fmt: skip
    """Measure every candidate and take one; without: a plan that is none, whatever is measured of it.

    Raises Invalid for goals that cannot be, Conflict where nothing serves or another tuning is under way.
    """
    check_goals(goals)
    began = time.monotonic()
    current = line.plans.current(INDEX)
    # Nothing is sent anywhere that was not there before, but by somebody who asked for it.
    engines = [e for e in elsewhere.may_search(line) if why == "tuned" or e not in _AWAY]
    with line.runs.start("tune", only="index", actor=actor, progress=progress) as run:
        given = sample(line, run)
        plans = [plan for plan in candidates(engines, current) if plan != without]
        measured, unmeasured = _measured(line, run, given, plans)
        choice = choose(measured, goals, current)
        report = _report(given, measured, choice, goals, current, dry_run)
        report = replace(report, seconds=round(time.monotonic() - began, 2), unmeasured=tuple(unmeasured))
        report = report if dry_run else _keep(line, run, report, measured, choice, why)
        if report.changed and not dry_run:
            elsewhere.leave(line, measured[choice.nearest].plan, current, moved=True)
        return report


def check_goals(goals: Goals) -> None:
    """Raises Invalid for a goal that no plan can miss or meet."""
    if not 0 < goals.recall <= 1:
        raise Invalid(f"a recall of {goals.recall:g} is no share", hint="above 0 and up to 1, as 0.97")
    if goals.p95_ms <= 0:
        raise Invalid("a search cannot take no time", hint="say for example --p95 10ms")


class _Measurements(NamedTuple):
    """of: what each plan does. unmeasured: of an engine elsewhere, which may be away, why it is not known."""

    of: list[Measured]
    unmeasured: list[str]


def _measured(line: Line, run: Run, given: Sample, plans: Sequence[DensePlan]) -> _Measurements:
    on = bench(given.rows, given.questions, given.foreign, given.groups, each=UNDER_EACH, seen=given.seen)
    made = _Measurements([], [])
    for n, plan in enumerate(plans):
        run.tell("measuring plans", n, len(plans))
        try:
            made.of.append(scaled(_one(line, run, plan, on), given.of_rows / len(given.rows)))
        except (Unavailable, Unsupported, Invalid, Denied) as failure:
            if plan.engine not in _AWAY:
                raise
            made.unmeasured.append(f"{plan.text}: {failure.message}")
    run.tell("measuring plans", len(plans), len(plans))
    return made


def _one(line: Line, run: Run, plan: DensePlan, on: Bench) -> Measured:
    if plan.engine in elsewhere.SERVERS:
        with elsewhere.on_trial(line, plan) as index:
            return measure(plan, index, on, check=run.check)
    with closing(line.engines.dense(plan)) as index:
        return measure(plan, index, on, check=run.check)


def _keep(
    line: Line, run: Run, report: TuneReport, measured: Sequence[Measured], choice: Choice, why: Why
) -> TuneReport:
    """The verdict with its evidence, and the plan where it is another, in one transaction."""
    best = measured[choice.nearest]
    facts = {
        "rule": RULE, "outcome": "passed" if report.ok else "failed", "score": best.recall.value,
        "low": best.sure, "high": best.recall.high, "threshold": report.goals.recall,
    }  # fmt: skip
    evidence = random_id("tuning")
    draft = Draft(verb="verdict.given", inputs=(ArtifactId(report.generation),), facts=facts)
    with run.commit():
        (event,) = line.ledger.append([replace(draft, run=run.id, actor=run.actor)])
        report = replace(report, at=iso(event.at), evidence=evidence)
        line.tunings.put(INDEX, event.seq, report)
        if report.changed:
            line.plans.choose(INDEX, best.plan, why, run=run.id, actor=run.actor)
    return report


def _report(
    given: Sample, measured: Sequence[Measured], choice: Choice, goals: Goals, current: DensePlan, dry_run: bool
) -> TuneReport:
    best, edge = measured[choice.nearest], set(frontier(measured))
    ok = choice.taken >= 0
    return TuneReport(
        collection=INDEX, ok=ok, plan=best.plan.text, before=current.text, changed=ok and best.plan != current,
        why=choice.why, goals=GoalsView(recall=goals.recall, p95_ms=goals.p95_ms, memory=goals.memory),
        measured=tuple(
            _view(m, missed(m, goals), on_frontier=n in edge, taken=n == choice.taken) for n, m in enumerate(measured)
        ),
        rows=len(given.rows), of_rows=given.of_rows, questions=len(given.questions), logged=given.logged,
        foreign=len(given.foreign), generation=given.generation, seconds=0.0, dry_run=dry_run,
    )  # fmt: skip


def _view(of: Measured, misses: Sequence[str], *, on_frontier: bool, taken: bool) -> PlanMeasure:
    return PlanMeasure(
        plan=of.plan.text, recall=_rate(of.recall), worst=_filter(of.worst), foreign=_rate(of.foreign),
        p50_ms=round(of.p50_ms, 4), p95_ms=round(of.p95_ms, 4), memory=of.memory,
        elsewhere=of.elsewhere, build_s=round(of.build_s, 3), on_frontier=on_frontier, taken=taken,
        misses=tuple(misses), filters=tuple(map(_filter, of.filters)),
    )  # fmt: skip


def _filter(of: FilterRecall) -> FilterView:
    return FilterView(name=of.name, share=round(of.share, 5), recall=_rate(of.recall))


def _rate(of: Rate) -> RateView:
    return RateView(value=round(of.value, 5), low=round(of.low, 5), high=round(of.high, 5))
