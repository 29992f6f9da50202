"""The index: what was measured of it, and what is in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thruline.app.render.words import n, wrap
from thruline.core.units import show_size
from thruline.flows import reports

_HEADS = ("", "plan", "recall@10", "worst filter", "foreign", "p50 ms", "p95 ms", "memory", "build s")


def _tuned(report: reports.TuneReport) -> Iterator[str]:
    yield from wrap(f"{report.why}.")
    yield ""
    cells = [_HEADS, *(_cells(one) for one in report.measured)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(_HEADS))]
    for row in cells:
        yield "  ".join(
            cell.ljust(width) if at < 4 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
    yield ""
    yield from wrap("> is taken; * is on the frontier: no other is better in recall, time or memory and worse in none")
    if any(one.elsewhere for one in report.measured):
        yield from wrap("after a + stands what a server or files take besides")
    yield from (line for said in report.unmeasured for line in wrap(f"not measured: {said}"))
    yield from wrap(_measured_on(report))
    yield from wrap(_then(report))


def _cells(one: reports.PlanMeasure) -> tuple[str, ...]:
    mark = ">" if one.taken else "*" if one.on_frontier else ""
    found = f"{one.recall.value:.3f} ({one.recall.low:.3f}-{one.recall.high:.3f})"
    worst = f"{one.worst.recall.value:.3f}" + (f" {one.worst.name}" if one.worst.recall.value < 1 else "")
    times = (f"{one.p50_ms:.2f}", f"{one.p95_ms:.2f}")
    return (
        mark,
        one.plan,
        found,
        worst,
        f"{one.foreign.value:.3f}",
        *times,
        show_size(one.memory) + (f"+{show_size(one.elsewhere)}" if one.elsewhere else ""),
        f"{one.build_s:.2f}",
    )


def _measured_on(report: reports.TuneReport) -> str:
    made = report.questions - report.logged
    asked = f"{n(report.questions, 'question')} ({report.logged} asked, {made} made of the documents)"
    rows = f"{report.rows:,} vectors"
    if report.rows < report.of_rows:
        rows += f" of {report.of_rows:,}, time and memory multiplied"
    return f"measured on {rows}: {asked} and {report.foreign} about other things, in {report.seconds:.0f} s"


def _then(report: reports.TuneReport) -> str:
    if report.dry_run:
        return "nothing was changed: --dry-run"
    if report.changed:
        return f"{report.plan} is in force now instead of {report.before}; `thruline index rollback-plan` takes it back"
    return f"{report.before} stays in force"


def _plan(view: reports.PlanView) -> Iterator[str]:
    since = f"since {view.since}" if view.since else "from the start"
    yield f"{'>' if view.in_force else ' '} {view.plan:<24}  {since}, {view.why}"


def _recall(view: reports.RecallView) -> Iterator[str]:
    if not view.queries:
        yield f"{view.plan}: no search was done again yet" + ("" if view.watched else "; vectors.audits is 0")
        return
    found = f"{view.recall.value:.3f} ({view.recall.low:.3f}-{view.recall.high:.3f})"
    yield f"{view.plan} finds {found} of the 10 nearest, the goal is {view.goal:g}"
    yield f"{n(view.queries, 'search', 'searches')} done again exactly since {view.since}"
    if view.alarmed:
        yield f"below the goal since {view.alarmed}: `thruline index tune` looks for a better way"


def _moved(report: reports.MoveReport) -> Iterator[str]:
    found = f"{report.plan} found {report.recall:.1%} of the 10 nearest, {report.filtered:.1%} under a filter"
    yield from wrap(
        f"{found}; cosines differ by {report.off:g} at most. {report.rows:,} rows in {report.build_s:.1f} s."
    )
    if report.moved:
        yield from wrap(
            f"{report.plan} searches the index now instead of {report.before}; "
            "`thruline index rollback-plan` takes it back"
        )
    elif not report.ok:
        yield from wrap(f"{report.before} stays in force: {report.least:.0%} of both was asked for")
    else:
        yield from wrap("nothing was changed: --dry-run")


FORMS: dict[type, Any] = {reports.TuneReport: _tuned, reports.RecallView: _recall, reports.MoveReport: _moved}
ROWS: dict[type, Any] = {reports.PlanView: _plan, reports.TuneReport: _tuned}
