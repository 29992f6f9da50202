"""Syncs, documents, and checks of both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thruline.app.render.words import WIDTH, n, pairs
from thruline.flows import reports


def _sync(report: reports.SyncReport) -> Iterator[str]:
    if report.error:
        yield f"{report.source}: NOT read: {report.error}"
        yield from _held(report)
        return
    yield (
        f"{report.source}: {report.seen} seen: {report.indexed} indexed, {report.duplicates} duplicates, "
        f"{report.quarantined} quarantined, {len(report.refused)} refused"
    )
    others = f", {report.permissions} with other readers" if report.permissions else ""
    yield (
        f"  {report.added} added, {report.changed} changed, {report.moved} moved, {report.deleted} deleted, "
        f"{report.unchanged} unchanged{others}; {n(report.chunks, 'new chunk')} in {report.seconds:.1f} s"
    )
    yield from _kept_out(report)
    yield from _held(report)
    if report.unjudged:
        yield f"  {n(report.unjudged, 'document')} not judged, and asked about again at the next sync: {report.judge}"
    if report.embedder:
        yield f"  {report.embedder}"
    for refusal in report.refused[:10]:
        yield f"  refused {refusal.path}: {refusal.reason.replace('_', ' ')}"
    if len(report.refused) > 10:
        yield f"  and {len(report.refused) - 10} more: thruline documents --state refused"


_KEPT_OUT = {
    "waiting": "waits for a consent", "withdrawn": "a consent was withdrawn", "objected": "somebody objects",
}  # fmt: skip


def _kept_out(report: reports.SyncReport | reports.SourceView) -> Iterator[str]:
    """What does not answer because of people in it."""
    if report.waiting:
        name = report.source if isinstance(report, reports.SyncReport) else report.name
        yield f"  {n(report.waiting, 'document')} not in answers yet, for want of a consent: thruline waiting {name}"
    if report.withheld:
        yield f"  {n(report.withheld, 'document')} that people keep out of answers"


def _document(document: reports.DocumentView) -> Iterator[str]:
    notes = [n(document.chunks, "chunk")] if document.chunks else []
    notes += [n(document.people, "person", "people")] if document.people else []
    notes += [f"{risk.kind.replace('_', ' ')} {risk.score:.2f}" for risk in document.risks]
    notes += [n(document.doubtful, "doubtful word")] if document.doubtful else []
    notes += [n(document.unread, "picture") + " not read"] if document.unread else []
    notes += [_KEPT_OUT[document.kept_out]] if document.kept_out else []
    notes += ["repeats another"] if document.duplicate_of else []
    notes += ["says another's in other words"] if document.alike_to else []
    notes += [document.reason.replace("_", " ")] if document.reason not in ("", "none") else []
    yield f"{document.state:<11} {document.source}/{document.path}"
    yield f"{'':<11} {document.title or document.record}  ({', '.join(notes)})"
    if document.fields:
        yield f"{'':<11} {'; '.join(document.fields)}"


def _contract(report: reports.ContractReport) -> Iterator[str]:
    kept_out = f"{report.quarantined} quarantined + {report.blocked} blocked"
    yield f"{report.table} under {report.contract} {report.version}:"
    yield f"  {n(report.rows, 'row')} = {report.passed} passed + {kept_out}"
    for rule in report.rules:
        about = f"{rule.column} {rule.rule}".strip()
        seen = f", {rule.looked_at} of {rule.distinct} values looked at" if rule.looked_at < rule.distinct else ""
        where = f": {n(rule.failing, 'row')}, as {', '.join(map(str, rule.rows))}" if rule.rows else ""
        taken = "" if rule.taken == "none" else f" {rule.taken}"
        yield f"  {rule.outcome:<8}{about}{where}{taken}{seen}"
    if report.written:
        yield f"kept out: {report.written}"


def _held(report: reports.SyncReport | reports.SourceReport) -> Iterator[str]:
    """A source's contract, with the rules that fail, and how its columns have changed."""
    for held in (*([report.contract] if report.contract else []), *report.tables):
        failed = [r for r in held.rules if r.outcome == "failed"]
        files = "" if held.files is None else f", {held.table} ({n(held.files, 'file')}, {n(held.rows, 'row')})"
        yield f"  contract {held.contract} {held.version}{files}: {len(failed)} of {n(held.rules, 'rule')} failed"
        for r in failed:
            yield f"    {f'{r.column} {r.rule}'.strip()}: {n(r.failing, 'row')} {r.taken}"
        for file in held.failing:
            yield f"    {file.path}: {'; '.join(file.rules)}"
    yield from (f"  {sentence}" for sentence in report.changes)


def _quality(report: reports.QualityReport) -> Iterator[str]:
    yield f"{report.source}: {n(report.documents, 'document')} under {len(report.rules)} rules for {report.purpose}"
    for rule in (r for r in report.rules if r.failing):
        low = "" if rule.low is None else f"{rule.low:g} or more"
        wanted = " and ".join(filter(None, (low, "" if rule.high is None else f"at most {rule.high:g}")))
        yield f"  {rule.failing:>5}  {rule.rule} not {wanted}: {', '.join(rule.examples)}"
    if not any(rule.failing for rule in report.rules):
        yield "  every document passes"
    if report.unjudged:
        yield f"  {n(report.unjudged, 'document')} not judged for hurtful language"
    for d in report.drift:
        if d.alarm:
            yield f"  moved  {d.score} by {d.shift:.3g} (distance {d.distance:.2f}, q {d.q:.3g})"
    if report.drift and not any(d.alarm for d in report.drift):
        yield f"  no score moved: {report.drift[0].before} documents before, {report.drift[0].since} since"


def _alike(report: reports.AlikeReport) -> Iterator[str]:
    said = f"{n(report.alike, 'document')} of {report.documents} say in other words what another says"
    yield f"{said}, from {report.threshold:g} on; {report.new} new, in {report.seconds:.1f} s"
    if report.too_long:
        yield f"  {n(report.too_long, 'document')} of more than 1,024 chunks compared with nothing"
    for pair in report.pairs:
        yield f"  {pair.similarity:.3f}  {pair.path}"
        yield f"         {pair.of_path}"
    if report.alike > len(report.pairs):
        yield f"  and {report.alike - len(report.pairs)} more: --limit {report.alike}"


def _case(item: reports.DeskItem) -> Iterator[str]:
    notes = [", ".join(item.rules), f"for {item.owner}" if item.owner else "", item.decision]
    notes += [f"since {item.since[:16]}"] if item.since else []
    notes += [f"deleted after {item.expires[:10]} unless you decide"] if item.expires else []
    yield f"{item.state:<11} {item.source}/{item.path}  {item.reason.replace('_', ' ')}"
    yield f"{'':<11} {'; '.join(filter(None, notes))}"
    if item.preview:
        yield f"{'':<11} {item.preview[:WIDTH]}"


def _desk(report: reports.DeskReport) -> Iterator[str]:
    would = "would be " if report.dry_run else ""
    yield f"{would}{report.action}: {n(report.cases, 'case')}; {len(report.left)} out of answers"
    if report.unread:
        yield f"  {n(report.unread, 'refused record')} of which no copy was kept: send them again"
    for item in report.left:
        yield from (f"  {line}" for line in _case(item))


def _source(report: reports.SourceReport) -> Iterator[str]:
    yield from pairs(report.source)
    c = report.counts
    yield (
        f"{c.seen} seen = {c.indexed} indexed + {c.duplicates} duplicates + {c.quarantined} quarantined + "
        f"{c.refused} refused"
    )
    yield from _kept_out(report.source)
    if report.alike:
        yield f"{n(report.alike, 'document')} of them in other words what another says"
    yield from _held(report)
    for move in report.moved:
        yield f"  moved since {move.since[:16]}: {move.says}"
    if report.moved:
        yield f"  right so? thruline accept {report.source.name}"
    for kind in report.personal:
        yield f"  {kind.kind} of {n(kind.people, 'person', 'people')}, {kind.policy}"
    yield "options:"
    for option in report.options:
        yield f"  {option.name:<10} {option.value or '-':<20} {option.says}"


def _accepted(report: reports.AcceptReport) -> Iterator[str]:
    yield from (f"{report.source}: usual from now on that {says}" for says in report.accepted)
    if not report.accepted:
        yield f"{report.source}: no score had moved"


def _verify(report: reports.VerifyReport) -> Iterator[str]:
    word = "verified" if report.ok else "NOT what was written"
    counted = f"{n(report.events, 'event')}, {n(report.seals, 'seal')}, head {report.head[:16]}"
    yield f"ledger {word}: {counted}, checked in {report.seconds:.2f} s"
    yield from (f"  event {p.seq}: {p.what}" for p in report.problems)


FORMS: dict[type, Any] = {
    reports.SyncReport: _sync,
    reports.ContractReport: _contract,
    reports.QualityReport: _quality,
    reports.AlikeReport: _alike,
    reports.AcceptReport: _accepted,
    reports.VerifyReport: _verify,
    reports.DeskReport: _desk,
    reports.SourceReport: _source,
}


ROWS: dict[type, Any] = {
    reports.SyncReport: _sync,
    reports.DocumentView: _document,
    reports.DeskItem: _case,
}
