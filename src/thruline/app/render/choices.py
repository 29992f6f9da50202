"""What was chosen by measurement on judged questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thruline.app.render.words import wrap
from thruline.flows import reports


def _weighed(report: reports.WeighReport) -> Iterator[str]:
    yield from wrap(f"{report.says}.")
    yield ""
    yield "words  meaning  constant  nDCG@10"
    for one in report.tried:
        of = one.fusion
        mark = "  best" if of == report.fusion else ""
        yield f"{of.words:>5.2f}  {1 - of.words:>7.2f}  {of.constant:>8}  {one.ndcg:>7.3f}{mark}"
    yield ""
    yield from wrap(
        f"chosen on {report.learned_on} judged questions, compared on {report.judged_on} others: "
        f"{report.ndcg_before.value:.3f} before, {report.ndcg.value:.3f} with it"
    )
    yield then(changed=report.changed, dry_run=report.dry_run, what="fusion")


def then(*, changed: bool, dry_run: bool, what: str) -> str:
    """What came of a measurement."""
    if dry_run:
        return "nothing was changed: --dry-run"
    if changed:
        return f"it is in force now; `thruline index rollback-choice {what}` takes it back"
    return "what was in force stays"


def _choice(view: reports.ChoiceView) -> Iterator[str]:
    since = f"since {view.since}" if view.since else "from the start"
    yield f"{'>' if view.in_force else ' '} {view.what:<9} {view.value:<36}  {since}, {view.why}"


FORMS: dict[type, Any] = {reports.WeighReport: _weighed}
ROWS: dict[type, Any] = {reports.ChoiceView: _choice}
