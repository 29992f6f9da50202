"""Tables: how well people hide in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thruline.app.render.words import n
from thruline.flows import reports


def _anonymity(report: reports.AnonymityReport) -> Iterator[str]:
    which = "proposed: name others with --quasi" if report.proposed else "as given"
    yield f"{report.table}: {n(report.rows, 'row')}, k = {report.k} where {report.asked_k} is asked"
    if report.left_out:
        yield f"  {n(report.left_out, 'row')} of it may not be used, or not be seen, and are not counted"
    yield f"  known to others ({which}): {', '.join(report.quasi)}"
    share = report.at_risk / report.rows
    yield f"  {n(report.at_risk, 'row')} at risk ({share:.1%}); {report.average_risk:.1%} on average are picked out"
    yield from _sizes(report)
    yield from (_sensitive(s, report.asked_l) for s in report.sensitive)
    yield from _why(report)
    if report.copy:
        yield from _copy(report.copy)


def _sizes(report: reports.AnonymityReport) -> Iterator[str]:
    yield f"{n(report.groups, 'group')} of rows that are alike:"
    for s in report.sizes:
        size = f"{s.low} or more" if not s.high else f"{s.low}" if s.low == s.high else f"{s.low} to {s.high}"
        yield f"  of {size:<11} {n(s.groups, 'group')}, {n(s.rows, 'row')}"
    for group in report.worst:
        where = ", ".join(group.records or map(str, group.rows))
        kind = "record" if group.records else "number"
        yield f"  among the worst: {n(group.size, 'row')}, {kind}{'s' * (group.size > 1)} {where}"


def _sensitive(column: reports.SensitiveColumn, asked: int) -> str:
    return (
        f"{column.column}: l = {column.distinct} where {asked} is asked, {n(column.at_risk, 'row')} at risk; "
        f"entropy l = {column.entropy:.2f}, t = {column.closeness:.2f}"
    )


def _why(report: reports.AnonymityReport) -> Iterator[str]:
    yield "without one column:"
    for d in report.drivers:
        yield f"  {d.column} ({n(d.values, 'value')}): k = {d.k_without}, {n(d.at_risk_without, 'row')} at risk"
    if report.coarser:
        yield "with one column told less exactly:"
        yield from (f"  {c.columns[0]}: k = {c.k}, {n(c.at_risk, 'row')} at risk" for c in report.coarser)
    if report.ok:
        return
    if report.plan is None:
        yield "nothing hides them all: ask for a smaller k or l, or name fewer columns"
        return
    steps = "; ".join(report.plan.columns) or "nothing told less exactly"
    yield f"would do: {steps}, and {n(report.plan.at_risk, 'row')} left out: `--out copy.parquet` writes that"


def _copy(copy: reports.AnonymousCopy) -> Iterator[str]:
    varied = f", l = {copy.distinct}" if copy.distinct else ""
    yield f"written: {copy.file}, {n(copy.rows, 'row')}, k = {copy.k}{varied}, as read back from it"
    yield f"  {n(copy.suppressed, 'row')} left out; {'; '.join(copy.told) or 'nothing told less exactly'}"
    if copy.removed:
        yield f"  columns that are not in it: {', '.join(copy.removed)}"


FORMS: dict[type, Any] = {reports.AnonymityReport: _anonymity}
