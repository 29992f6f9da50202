"""How good search and answers are, as a small table in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from thruline.app.render.choices import then
from thruline.app.render.words import n, wrap
from thruline.flows import reports


def _evaluation(report: reports.EvaluationReport) -> Iterator[str]:
    if report.calibration:
        yield from _calibrated(report.calibration)
        yield ""
    yield f"{n(report.questions, 'judged question')}, searched by {_way(report.by)}"
    if report.set_aside:
        yield f"{report.set_aside} more left out: nothing that serves answers them"
    if report.made:
        yield from wrap(
            f"{report.made} of them were made of the documents themselves, often of their titles: they say how well a "
            "known document is found again, and favour words. Questions of people count for more (`thruline feedback`, "
            "`thruline judged import`)."
        )
    yield from _measures("search", report.search)
    yield from _measures("answers", report.answers)
    if report.differences:
        yield ""
        yield f"against {_way(report.compared)}, question by question"
        for d in report.differences:
            yield f"  {d.name:<14} {d.value:+.3f}  {d.low:+.3f} to {d.high:+.3f}  {d.says}"
        yield ""
        yield from wrap(report.says)
    yield f"generation {report.generation}, {report.seconds:.1f} s"


def _measures(what: str, measures: Sequence[reports.Measure]) -> Iterator[str]:
    if measures:
        yield ""
        yield f"{what:<16} {'mean':>5}  95 % interval"
        for m in measures:
            yield f"  {m.name:<14} {m.value:>5.3f}  {m.low:.3f} to {m.high:.3f}  {m.says}"


def _calibrated(of: reports.CalibrationReport) -> Iterator[str]:
    yield from wrap(f"{of.says}.")
    yield ""
    yield f"{'':<10} {'before':>6}  {'with it':>7}  95 % interval"
    before, now = of.answering_before, of.answering
    for old, new in zip(_each(before), _each(now), strict=True):
        yield f"{new.name:<10} {old.value:>6.3f}  {new.value:>7.3f}  {new.low:.3f} to {new.high:.3f}  {new.says}"
    yield ""
    yield from wrap(f"fitted to {of.learned_on} questions, compared on {of.judged_on} others: {of.curve}")
    yield then(changed=of.changed, dry_run=of.dry_run, what="sureness")


def _each(of: reports.Answering) -> tuple[reports.Measure, ...]:
    return of.right, of.wrong, of.refused, of.made_up


def _way(by: str) -> str:
    return {"both": "words and meaning", "found": "words and meaning, as found", "words": "words alone"}.get(
        by, f"generation {by}"
    )


def _made(report: reports.MadeReport) -> Iterator[str]:
    verb = "would be kept" if report.dry_run else "kept"
    yield f"{n(report.added, 'judged question')} {verb}"
    if report.unread:
        yield f"{report.unread} left out: no question came of them, or they name somebody who was erased"
    yield "measure by them: thruline evaluate"


def _judged(report: reports.JudgedReport) -> Iterator[str]:
    yield f"{n(report.questions, 'judged question')}: {report.tuning} to tune by, {report.judging} to judge by"
    yield f"  made from documents {report.documents}, from files {report.file}, from feedback {report.feedback}"
    yield f"  with a reference answer {report.with_reference}"


FORMS: dict[type, Any] = {
    reports.EvaluationReport: _evaluation,
    reports.MadeReport: _made,
    reports.JudgedReport: _judged,
}
