"""A change of embedder or chunking as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from thruline.app.render.words import lasting, n
from thruline.flows import reports

_SAID = {
    "planned": "{before} -> {after}: nothing was changed",
    "switched": "{after} serves; `thruline index rollback` goes back to {before}",
    "forced": "{after} serves, as you wanted whatever the questions say; `thruline index rollback` goes back",
    "refused": "{before} serves on: it cannot be ruled out that {after} finds less",
    "stopped": "{before} serves on; what was made of {after} is kept",
    "serving": "{after} serves already",
}


def _change(report: reports.ChangeReport) -> Iterator[str]:
    yield _SAID[report.outcome].format(before=report.before, after=report.after)
    if report.outcome == "planned":
        work = f"{n(report.left, 'document')} of {report.records} to embed, {n(report.chunks, 'passage')}"
        yield f"{work}: takes {lasting(report.seconds)}"
    elif report.left:
        yield f"{n(report.left, 'document')} embedded in {report.seconds:.1f} s"
    if report.lost:
        yield f"{n(report.lost, 'document')} could not be made anew of what is stored, and would leave answers"
    if read := report.read:
        yield from _read(read)
    if report.outcome == "refused":
        yield "more questions tell more (--questions); --margin allows a larger loss; --force switches all the same"


def _read(read: reports.DualRead) -> Iterator[str]:
    headings = read.questions - read.asked
    yield f"{n(read.questions, 'question')} of both: {read.asked} that people asked, {n(headings, 'heading')}"
    among = "the first ten" if read.looked == 10 else f"the first ten before, in as much text ({read.looked}) after"
    yield f"passage among {among}: {read.before:.1%} before, {read.after:.1%} after"
    interval = f"{read.difference:+.3f} [{read.low:+.3f}, {read.high:+.3f}]"
    yield f"difference {interval}, may be {-read.margin:+.3f} at worst; {read.same:.0%} of the first are the same"


FORMS: dict[type, Callable[[Any], Iterator[str]]] = {reports.ChangeReport: _change}
