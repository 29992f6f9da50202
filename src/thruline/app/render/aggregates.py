"""Aggregates: numbers with their accuracy, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thruline.app.render.words import n
from thruline.flows import reports


def _aggregate(report: reports.AggregateReport) -> Iterator[str]:
    yield f"{report.source}: {report.asked}"
    yield f"  {_protected(report)}"
    for number in report.numbers:
        where = f"{report.by} = {number.group}: " if number.group else ""
        what = f"{number.measure} {number.column}".strip()
        yield f"  {where}{what} {_value(number, report)}"
    if report.threshold:
        yield f"  values that fewer than about {n(report.threshold, 'row')} have are not told"
    yield _cost(report)


def _protected(report: reports.AggregateReport) -> str:
    if report.person:
        return f"protected is each person, by {report.person}: {n(report.rows, 'row')} of each at most"
    return "protected is each row: whoever may have several is named by --person"


def _value(number: reports.AggregateNumber, report: reports.AggregateReport) -> str:
    off = f"± {number.accuracy:.3g}"
    if number.value is not None:
        return f"{number.value:g} {off}" if abs(number.value) < 1e5 else f"{number.value:,} {off}"
    return f"would be {off}" + (f" in {report.typical} rows" if number.measure == "mean" else "")


def _cost(report: reports.AggregateReport) -> str:
    asked = _amount(report.epsilon, report.delta)
    left = f"{_amount(report.left_epsilon, report.left_delta)} left"
    if report.told_before:
        return f"told before of the same rows, in the same words: costs nothing; {left}"
    return f"would cost {asked}; {left} now" if report.dry_run else f"cost {asked}; {left}; ± holds in 95 of 100 cases"


def _amount(epsilon: float, delta: float) -> str:
    return f"epsilon {epsilon:g}" + (f", delta {delta:g}" if delta else "")


def _budget(view: reports.BudgetView) -> Iterator[str]:
    spent, of = _amount(view.spent_epsilon, view.spent_delta), _amount(view.epsilon, view.delta)
    yield f"{', '.join(view.sources) or 'a place that no source reads'}: {spent} spent of {of}"
    for told in view.told:
        yield f"  {told.at}  {_amount(told.epsilon, told.delta):<16}  {told.asked or 'erased with a person'}"


FORMS: dict[type, Any] = {reports.AggregateReport: _aggregate, reports.BudgetView: _budget}
ROWS: dict[type, Any] = {reports.BudgetView: _budget}
