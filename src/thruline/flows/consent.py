"""What people say of the use of their data, recorded with its evidence: in force for the next search and training set.

Consent and its withdrawal, objection and its end, and a legal basis of a person's own: one record each, by pseudonym.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from thruline.core.clock import Micros, iso
from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.core.facts import Facts
from thruline.core.ids import ArtifactId, random_id
from thruline.core.nouns import Draft, Link
from thruline.core.units import parse_moment
from thruline.data import bases
from thruline.data.bases import FIRM, MARKETING, basis_of
from thruline.data.consents import KIND, OBJECTIONS, Objection, Said, State
from thruline.data.records import Record
from thruline.data.uses import checked
from thruline.flows.purposes import bars
from thruline.flows.reach import Reach, classify, find, is_one_word
from thruline.flows.reports import ConsentReport, ConsentView
from thruline.flows.touched import written

if TYPE_CHECKING:
    from thruline.flows.line import Line

PSEUDONYM = len("subject:") + 8
LONGEST = 2000  # characters of evidence: where it stands, not what it says


@dataclass(frozen=True, kw_only=True)
class Saying:
    """What is to be recorded of somebody; the fields are those of data/consents.Said. until: 0 for no end."""

    purpose: str
    state: State | Objection | str
    evidence: str = ""
    until: Micros = 0
    source: str = ""
    basis: str = ""


def consent(line: Line, purpose: str, state: State, evidence: str, until: str) -> Saying:
    """What a consent says, parsed; raises Invalid for a purpose or an end that cannot be."""
    ends = parse_moment(until, line.clock.now()) if until else 0
    if until and ends <= line.clock.now():
        raise Invalid(f"a consent cannot end at {until!r}: that is past", hint="give a day to come, as 2027-12-31")
    if until and state == "withdrawn":
        raise Invalid("a withdrawal does not end by itself", hint="leave out the day")
    return Saying(purpose=checked(purpose), state=state, evidence=_evidence(evidence), until=ends)


def objection(line: Line, identifiers: Sequence[str], purpose: str, state: Objection, evidence: str) -> Saying:
    """What an objection says, parsed; raises NotFound to end one that does not stand, Conflict to overrule marketing's.

    Raises Invalid to overrule one without a reason (GDPR art. 21(1): grounds that override the person's).
    """
    said = Saying(purpose=checked(purpose), state=state, evidence=_evidence(evidence))
    if state == "overruled" and purpose in MARKETING:
        raise Conflict(
            f"an objection to {purpose!r} cannot be overruled",
            hint="GDPR art. 21(3) knows no exception; the person can lift it",
        )
    if state == "overruled" and not evidence.strip():
        raise Invalid("an objection is overruled for a reason", hint="--evidence says which, and who decided")
    pairs = [pair for text in identifiers for pair in classify(text)]
    standings = line.consents.standings(purpose, line.clock.now())
    stands = any(standings[who].objected for who in line.subjects.find(pairs) if who in standings)
    if state != "objected" and not stands:
        raise NotFound(f"no objection of theirs to {purpose!r} stands", hint="`thruline consents` lists them")
    return said


def own_basis(line: Line, basis: str, source: str, evidence: str) -> Saying:
    """What a basis of a person's own says, parsed; an empty one is the source's again."""
    named = line.records.source(source).id if source else ""
    stated = bases.checked(basis) if basis else ""
    return Saying(purpose="", state="basis", evidence=_evidence(evidence), source=named, basis=stated)


def record(line: Line, identifiers: Sequence[str], said: Saying, *, dry_run: bool, actor: str) -> ConsentReport:
    """Note what a person said, or what was decided; what forbids a use takes every document that names them out of it.

    Somebody who is not known yet is from now on, so that what comes in of them later is treated alike. Raises Invalid
    for a single word: it may stand for others too.
    """
    check_names(identifiers)
    reach = _reach(line, identifiers)
    records = reach.records if reach else ()
    report = ConsentReport(
        purpose=said.purpose, state=said.basis or said.state, people=max(1, len(reach.subjects) if reach else 0),
        documents=len(records), sets=written(line, reach.corpora) if reach else (),
        models=reach.models if reach else (), dry_run=dry_run,
        staying=_staying(line, reach, said.purpose) if reach and said.state == "objected" else 0,
    )  # fmt: skip
    if dry_run:
        return report
    with line.database.transaction():
        keep(line, identifiers, said, records, actor)
    allowed = {said.purpose} if said.state == "given" else set[str]()
    return replace(report, waiting=still_waiting(line, [r.id for r in records], allowed))


def listing(line: Line) -> tuple[ConsentView, ...]:
    """All that was ever said, the latest first."""
    return views(line, line.consents.all())


def views(line: Line, all_said: Sequence[Said]) -> tuple[ConsentView, ...]:
    """With the evidence, where it was not erased."""
    kept = line.payloads.get_many([said.id for said in all_said])
    names = {s.id: s.name for s in line.records.sources()}
    now = line.clock.now()
    return tuple(
        ConsentView(
            person=s.subject[:PSEUDONYM], purpose=s.purpose, since=iso(s.at),
            state="expired" if s.until and s.until <= now else s.state,
            evidence=json.loads(kept[s.id])["evidence"] if s.id in kept else "",
            until=iso(s.until) if s.until else "", basis=s.basis.replace("_", " "),
            source=names.get(ArtifactId(s.source), ""),
        )
        for s in all_said
    )  # fmt: skip


def check_names(identifiers: Sequence[str]) -> None:
    """Raises Invalid for a single word among them, or none at all."""
    if not identifiers:
        raise Invalid("nobody is named", hint="give names, addresses and numbers of one person, or --table FILE.csv")
    if alone := [text for text in identifiers if is_one_word(text)]:
        raise Invalid(f"{alone[0]!r} is one word, which may stand for others too", hint="give the full name")


def keep(line: Line, identifiers: Sequence[str], said: Saying, records: Sequence[Record], actor: str) -> None:
    """Into the tables and on the ledger, for everybody whom these identifiers stand for; joins the transaction.

    records: where they are called, which are tied to them now: what may be used goes by ties.
    """
    at = line.clock.now()
    for subject in line.subjects.known([pair for text in identifiers for pair in classify(text)]):
        id = random_id(KIND)
        line.consents.put(Said(id, subject, said.purpose, said.state, at, said.until, said.source, said.basis))
        line.payloads.put(id, json.dumps({"evidence": said.evidence}).encode(), id)
        ties = line.subjects.link(subject, [r.id for r in records])
        told = _drafted(line, id, subject, said, len(records))
        line.ledger.append([replace(draft, actor=actor) for draft in (*map(_tied, ties), told)])


def still_waiting(line: Line, records: Iterable[ArtifactId], purposes: Iterable[str]) -> int:
    """How many of these records somebody else, or another address or number, must let into one of these purposes."""
    kept = [bars(line, purpose) for purpose in purposes]
    return sum(any(id in b and b[id].why == "waiting" for b in kept) for id in records)


def _evidence(text: str) -> str:
    if len(text) > LONGEST:
        raise Invalid(f"the evidence has {len(text)} characters", hint=f"say where it stands, in {LONGEST}")
    return text


def _reach(line: Line, identifiers: Sequence[str]) -> Reach | None:
    with suppress(NotFound):
        return find(line, identifiers)
    return None


def _staying(line: Line, reach: Reach, purpose: str) -> int:
    """How many of their documents an objection leaves in use: the basis gives no right to it."""
    if purpose in MARKETING:
        return 0
    own = line.consents.own_bases()
    firm = 0
    stated = {s.id: basis_of(s.options.get(bases.OPTION, "")) for s in line.records.sources()}
    for record in reach.records:
        theirs = [own.get((who, record.source)) or own.get((who, "")) for who in reach.subjects]
        firm += all((basis or stated.get(record.source)) in FIRM for basis in theirs or [None])
    return firm


def _tied(tie: Link) -> Draft:
    facts = {"how": tie.how, "score": tie.score}
    return Draft(verb="subject.linked", inputs=(tie.subject,), outputs=(tie.artifact,), facts=facts)


def _drafted(line: Line, id: ArtifactId, subject: ArtifactId, said: Saying, records: int) -> Draft:
    about: Facts = {"purpose": line.ids.digest("purpose", said.purpose), "records": records, "state": said.state}
    verb = "objection.recorded" if said.state in OBJECTIONS else "consent.recorded"
    if said.state == "basis":
        verb, about = "basis.recorded", {"basis": said.basis or "none", "records": records}
    whose = (subject, ArtifactId(said.source)) if said.source else (subject,)
    return Draft(verb=verb, inputs=whose, outputs=(id,), facts=about)
