"""What is held of a person, and what was decided about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thruline.app.render.models import shards
from thruline.app.render.words import n
from thruline.flows import reports


def _person(report: reports.PersonReport) -> Iterator[str]:
    yield (
        f"{', '.join(report.called)}: {n(report.documents, 'document')}, {n(report.answers, 'answer')} to "
        f"{n(report.recipients, 'person', 'people')}, {n(report.models, 'model')}, {n(report.datasets, 'dataset')}, "
        f"{n(report.jobs, 'job')}, {n(report.users, 'user')}"
    )
    for d in report.documents:
        state = "restricted" if d.reason == "restricted" else d.state
        yield f"  {state:<11} {d.source}/{d.path}  seen by {', '.join(d.groups)}"
    yield from (f"  answer {a.id}  {a.asked}  {a.asker}: {a.question}" for a in report.answers)
    yield from (f"  search {s.id}  {s.at}: {s.question}" for s in report.searches)
    for o in report.origins:
        stated = f"purpose {o.purpose or 'not stated'}, legal basis {o.basis or 'not stated'}"
        kept = f"kept {o.kept}" if o.kept else "kept as long as the source holds it"
        yield f"  from {o.source} ({o.kind}): {stated}, for {', '.join(o.uses)}, {kept}"
    if report.kinds:
        yield f"  found by {', '.join(report.kinds)}"
    yield f"  sent outside to {', '.join(report.outside) or 'nobody'}"
    yield from (f"  {said(c)} on {c.since}  {c.evidence}".rstrip() for c in report.consents)
    yield from (f"  put right in {c.document} on {c.since}: {c.wrong!r} is {c.right!r}" for c in report.corrections)
    yield from shards(report.shards)
    yield from (f"  set {place}" for place in report.sets)
    if report.judged:
        yield f"  {n(report.judged, 'judged question')}, kept to measure search by"
    if report.open_matches:
        yield f"{n(report.open_matches, 'pair')} may be this person and wait for a decision: thruline matches"
    if report.also_seen:
        yield f"also seen beside them, perhaps theirs: {', '.join(report.also_seen)}"
    yield "the letter that article 15 asks for, to complete and send: thruline export, letter.md"


def _match(match: reports.MatchView) -> Iterator[str]:
    yield f"{match.id}  {match.decided or f'{match.probability:.0%} likely one person'}"
    for side in (match.one, match.other):
        yield f"  {side.name}  {', '.join(side.identifiers)}  in {n(side.records, 'document')}"
        yield from (f"    {where}: {words}" for where, words in zip(side.documents, side.words, strict=True))
    yield from (f"  {each.bits:+5.1f}  {each.says}" for each in match.evidence)


def _people(report: reports.PeopleReport) -> Iterator[str]:
    waits = "not counted in a home of this size" if report.doubtful < 0 else f"{report.doubtful:,}"
    yield f"known people    {report.known:,}"
    yield f"doubtful pairs  {waits}   thruline matches"
    yield f"decided pairs   {report.decided:,}   thruline matches --decided"
    yield f"restricted      {report.restricted:,}   thruline restrictions"
    yield f"put right       {report.corrected:,}   thruline corrections"


def _near(found: reports.NearName) -> Iterator[str]:
    who = found.person
    yield f"{who.name}  {', '.join(who.identifiers)}  in {n(who.records, 'document')}"
    yield from (f"    {where}: {words}" for where, words in zip(who.documents, who.words, strict=True))
    yield f"  near {found.of!r}: {'; '.join(found.evidence)}"


def _restriction(report: reports.RestrictionReport) -> Iterator[str]:
    yield f"{'would be ' if report.dry_run else ''}{report.action}: {n(report.documents, 'document')}"
    yield from (f"  {d.source}/{d.path}" for d in report.documents)
    if report.answers:
        yield f"in {n(report.answers, 'answer')} that were given before:"
        yield from (f"  answer {a.id}  {a.asked}  {a.asker}: {a.question}" for a in report.answers)
    if report.action == "restricted" and not report.dry_run:
        yield f"lift it: thruline unrestrict {report.id}"


def _consent(report: reports.ConsentReport) -> Iterator[str]:
    would = "would be " if report.dry_run else ""
    ends = report.state in ("withdrawn", "objected")
    of = f" for {report.purpose}" if report.purpose else ""
    people = f", {n(report.people, 'row')} of which {report.unchanged} said so already" if report.unchanged else ""
    leave = " leave it" if ends else ""
    documents = n(report.documents - report.staying, "document")
    yield f"{would}{report.state.replace('_', ' ')}{of}: {documents} of theirs{leave}{people}"
    if report.staying:
        yield f"  {n(report.staying, 'document')} stay: their legal basis gives no right to object"
    if report.waiting:
        yield f"  {n(report.waiting, 'document')} still for want of somebody else's: `thruline waiting` says whose"
    if report.ignored:
        yield f"  columns that were not read: {', '.join(report.ignored)}"
    if ends:
        yield from (f"  made of them before: the set {place}: write it again, delete it" for place in report.sets)
        yield from (f"  made of them before: {model}" for model in report.models)


def _said(view: reports.ConsentView) -> Iterator[str]:
    yield " ".join(filter(None, (view.since[:16], view.person, said(view), view.evidence)))


def said(view: reports.ConsentView) -> str:
    """What a person said, or what was recorded of them, in words."""
    if view.state == "basis":
        where = f"in {view.source}" if view.source else "everywhere"
        return f"legal basis {where}: {view.basis or 'as the source'}"
    ends = f", until {view.until[:10]}" if view.until and view.state == "given" else ""
    return f"{view.state} for {view.purpose}{ends}"


def _waiting(view: reports.WaitingFor) -> Iterator[str]:
    yield f"{view.documents:>6}  {', '.join(view.called)}  (as {view.source}/{view.path})"


FORMS: dict[type, Any] = {
    reports.ConsentReport: _consent,
    reports.PeopleReport: _people,
    reports.PersonReport: _person,
    reports.RestrictionReport: _restriction,
}


ROWS: dict[type, Any] = {
    reports.ConsentView: _said,
    reports.WaitingFor: _waiting,
    reports.MatchView: _match,
    reports.NearName: _near,
}
