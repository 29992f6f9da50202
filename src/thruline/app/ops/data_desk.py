"""data: what is out of answers and waits for a person, and how a source is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from thruline.app.operations import operation
from thruline.app.ops.data import DryRun, Reason, Unseen
from thruline.app.platform import Platform
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    from thruline.flows import desk as desks
    from thruline.flows import named as naming
    from thruline.flows import reports
    from thruline.flows import retry as retrying
    from thruline.flows import source_options as choosing
else:
    reports = lazy("thruline.flows.reports")
    choosing = lazy("thruline.flows.source_options")
    desks = lazy("thruline.flows.desk")
    naming = lazy("thruline.flows.named")
    retrying = lazy("thruline.flows.retry")

Case = Annotated[str, "an id, a source, a path as `quarantined` shows it (`wiki/fix.html`), or `*` for all that waits"]
OutSince = Annotated[str, "only what is out since then: `2026-11-22`, `2026-11-22T14:05Z`, or `2h` ago"]
OutUntil = Annotated[str, "only what went out before then"]


@operation(role="reader", cli="source", positional=("source",), reads=True)
def source(p: Platform, *, source: Annotated[str, "a source"]) -> reports.SourceReport:
    """One source, with every option that it takes."""
    return choosing.report(p.line, p.actor, source)


@operation(role="operator", cli="change", positional=("source", "options"))
def change(
    p: Platform, *,
    source: Annotated[str, "a source"],
    options: Annotated[tuple[str, ...], "as `every=1h`; without a value, as `mask=`, an option is taken away"],
    unseen: Unseen = False,
) -> reports.SourceReport:  # fmt: skip
    """Set options of a source. What decides what a document becomes holds for all of them from the next sync on."""
    return choosing.change(p.line, source, choosing.parsed(options, ""), p.actor, unseen=unseen)


@operation(role="reader", cli="quarantined", positional=("what",), reads=True)
def quarantined(
    p: Platform, *,
    what: Case = "*", reason: Reason = "", since: OutSince = "", until: OutUntil = "",
    owner: Annotated[str, "only what this user is to decide"] = "",
    decided: Annotated[bool, "also what a person keeps out"] = False,
    limit: Annotated[int, "at most this many"] = 100,
    offset: Annotated[int, "skip this many"] = 0,
) -> tuple[reports.DeskItem, ...]:  # fmt: skip
    """What is out of answers or was refused and waits for a decision, the latest first."""
    wanted = desks.Wanted(what, reason, owner, naming.window(p.line, since, until), decided)
    return desks.listing(p.line, p.actor, wanted, limit, offset)


@operation(role="operator", cli="assign", positional=("what", "to"))
def assign(
    p: Platform, *, what: Case, to: Annotated[str, "a user; nobody for an empty name"],
    reason: Reason = "", since: OutSince = "", until: OutUntil = "",
) -> reports.DeskReport:  # fmt: skip
    """Name who is to decide about what is out of answers."""
    return desks.assign(p.line, _meant(p, what, reason, since, until), to, p.actor)


@operation(role="operator", cli="keep", positional=("what",))
def keep(
    p: Platform, *, what: Case, reason: Reason = "", since: OutSince = "", until: OutUntil = "", dry_run: DryRun = False
) -> reports.DeskReport:
    """Decide that something stays out of answers; it waits for nobody then."""
    return desks.keep(p.line, _meant(p, what, reason, since, until), dry_run, p.actor)


@operation(role="operator", cli="retry", positional=("what",))
def retry(
    p: Platform, *, what: Case, reason: Reason = "", since: OutSince = "", until: OutUntil = ""
) -> reports.DeskReport:
    """Judge by today's rules what is out of answers, after a fix of its file, its parser or its source's options."""
    return retrying.retry(p.line, _meant(p, what, reason, since, until), p.actor, p.progress)


def _meant(p: Platform, what: str, reason: str, since: str, until: str) -> desks.Wanted:
    return desks.Wanted(what, reason, when=naming.window(p.line, since, until))
