"""The desk: what is out of answers, and what a person does about it: assign, release, keep out, judge again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.clock import iso
from thruline.core.errors import Conflict, Invalid
from thruline.core.facts import REASONS
from thruline.core.ids import ArtifactId, is_id, kind_of
from thruline.core.nearest import meant
from thruline.core.nouns import Actor, Draft, Source
from thruline.data.desk import Case
from thruline.data.policies import undecided_s
from thruline.flows import contracts
from thruline.flows.documents import Document, path_names, read_documents
from thruline.flows.eyes import eyes
from thruline.flows.named import ALWAYS, EVERY, Window, resolve
from thruline.flows.reports import DeskItem, DeskReport
from thruline.flows.sight import sight
from thruline.guard.access import OPERATOR

if TYPE_CHECKING:
    from thruline.flows.line import Line

AROUND = 120  # characters of a preview on each side of what was found
LONGEST = 480


class Wanted(NamedTuple):
    """Which cases are meant. what: an id, a source, `source/path` or `*`; reason, owner: empty for any.

    decided: also those that a person keeps out; one that is named is meant either way.
    """

    what: str = EVERY
    reason: str = ""
    owner: str = ""
    when: Window = ALWAYS
    decided: bool = False


def listing(line: Line, actor: Actor, wanted: Wanted, limit: int, offset: int) -> tuple[DeskItem, ...]:
    """The cases that the actor may see, the latest first; without their words for who could not release them."""
    cases = chosen(line, wanted)
    shown = sight(line, actor).open_among([(c.source, c.id) for c in cases])
    cases = [c for c in cases if c.id in shown]
    return items(line, cases[offset : offset + limit], actor)


def assign(line: Line, wanted: Wanted, to: str, actor: Actor) -> DeskReport:
    """Name the user who is to decide about these cases; nobody for an empty name."""
    owner = _user(line, to) if to else ""
    cases = some(line, wanted)
    with line.database.transaction():
        line.desk.assign([(c.id, c.source) for c in cases], owner, line.clock.now())
        line.ledger.append([_event("desk.assigned", cases, actor)])
    return done(line, "assigned", cases, actor)


def keep(line: Line, wanted: Wanted, dry_run: bool, actor: Actor) -> DeskReport:
    """Decide that these cases stay out of answers: they wait for nobody then, and never expire."""
    cases = some(line, wanted)
    if not dry_run:
        with line.database.transaction():
            line.desk.decide([(c.id, c.source) for c in cases], "kept", line.clock.now())
            line.ledger.append([_event("desk.kept", cases, actor)])
    return done(line, "kept", cases, actor, dry_run=dry_run)


def chosen(line: Line, wanted: Wanted) -> list[Case]:
    """The cases that are meant, the latest first; raises NotFound and Invalid for what cannot be meant."""
    if wanted.reason and wanted.reason not in REASONS:
        raise Invalid(f"{wanted.reason!r} is no reason", hint=meant(wanted.reason, REASONS))
    owner = _user(line, wanted.owner) if wanted.owner else ""
    named, sources = _named(line, wanted.what)
    return [
        case for case in line.desk.cases()
        if (case.id in named or case.source in sources)
        and (not wanted.reason or case.reason == wanted.reason)
        and (not wanted.owner or case.owner == owner)
        and wanted.when.since <= case.since < wanted.when.until
        and (wanted.decided or case.id in named or case.decision != "kept")
    ]  # fmt: skip


def some(line: Line, wanted: Wanted) -> list[Case]:
    """The cases that are meant; raises Conflict where there are none."""
    if cases := chosen(line, wanted):
        return cases
    raise Conflict(f"nothing of {wanted.what!r} waits there", hint="`thruline quarantined` lists what does")


def done(
    line: Line, action: str, cases: Sequence[Case], actor: Actor, *, dry_run: bool = False, unread: int = 0
) -> DeskReport:
    """What was done to these cases, and what is out of answers of them now."""
    ids = {case.id for case in cases}
    left = [case for case in line.desk.cases() if case.id in ids]
    return DeskReport(action=action, cases=len(cases), left=items(line, left, actor), dry_run=dry_run, unread=unread)


def items(line: Line, cases: Sequence[Case], actor: Actor) -> tuple[DeskItem, ...]:
    """Cases as the actor sees them."""
    records = line.records.get_many([c.id for c in cases])
    documents = read_documents(line, [r.document for r in records.values() if r.document])
    refused = line.payloads.get_many([c.id for c in cases if c.id not in records])
    names: dict[str, str] = {**path_names(line, list(records), actor)}
    reader = eyes(line, actor)
    names |= {path: reader.cover(None)(name.decode()) for path, name in refused.items()}
    shown: dict[str, Document] = {id: documents[r.document] for id, r in records.items() if r.document in documents}
    shown = {id: replace(d, title=reader.cover(d)(d.title)) for id, d in shown.items()}
    sources = {s.id: s for s in line.records.sources()}
    people: dict[str, str] = {u.id: u.name for u in line.access.users()}
    people[line.ids.artifact("user", OPERATOR)] = OPERATOR
    rules = _rules(line, [sources[c.source] for c in cases if c.reason == contracts.BROKEN])
    return tuple(
        replace(
            _item(case, sources[case.source], shown.get(case.id), actor), path=names.get(case.id, ""),
            owner=people.get(case.owner, ""), rules=rules.get(case.id, ()),
        )
        for case in cases
    )  # fmt: skip


def _rules(line: Line, sources: Sequence[Source]) -> dict[str, tuple[str, ...]]:
    """Which rules of their contract records of these sources break."""
    judged = [contracts.kept(line, source) for source in {s.id: s for s in sources}.values()]
    return {record: rules for one in judged if one for record, rules in one.broken.items()}


def _item(case: Case, source: Source, document: Document | None, actor: Actor) -> DeskItem:
    waits = undecided_s(source.options) if case.state == "quarantined" and not case.decision else 0.0
    return DeskItem(
        id=case.id, source=source.name, path="", title=document.title if document else "", state=case.state,
        reason=case.reason, rules=(), preview=_preview(document, case.reason) if document and actor.is_operator else "",
        since=iso(case.since) if case.since else "", owner="",
        expires=iso(case.since + int(waits * 1e6)) if waits else "", decision=case.decision,
    )  # fmt: skip


def _preview(document: Document, reason: str) -> str:
    """The text around the evidence, or how it begins; evidence that a reader does not see stands alone."""
    said = [r.evidence for r in sorted(document.risks, key=lambda r: r.kind != reason) if r.evidence]
    at = document.text.find(said[0]) if said else 0
    if at < 0:
        return _on_one_line(said[0])
    end = at + (len(said[0]) if said else AROUND)
    return _on_one_line(document.text[max(0, at - AROUND) : end + AROUND])


def _on_one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST]


def _named(line: Line, what: str) -> tuple[set[str], set[str]]:
    """(cases by id, whole sources) that a person means; raises NotFound."""
    if what == EVERY:
        return set(), {s.id for s in line.records.sources()}
    if is_id(what) and kind_of(ArtifactId(what)) == "path":
        return {what}, set()
    name, _, path = what.partition("/")
    if not is_id(what) and path:
        source = line.records.source(name)
        refused = line.ids.artifact("path", source.id, path)
        if any(case.id == refused for case in line.desk.cases()):
            return {refused}, set()
    elif not is_id(what):
        return set(), {line.records.source(name).id}
    return {record.id for record in resolve(line, what)}, set()


def _user(line: Line, name: str) -> str:
    return line.ids.artifact("user", OPERATOR) if name == OPERATOR else line.access.actor(name).id


def _event(verb: str, cases: Sequence[Case], actor: Actor) -> Draft:
    records = tuple(case.id for case in cases if case.state == "quarantined")
    return Draft(verb=verb, inputs=records, facts={"cases": len(cases)}, actor=actor.id)
