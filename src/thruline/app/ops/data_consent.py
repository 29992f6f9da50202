"""data: what people allow, object to, and on which legal basis theirs is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from thruline.app.operations import operation
from thruline.app.ops.data import DryRun, Identifiers
from thruline.app.platform import Platform
from thruline.core.errors import Invalid
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    from thruline.flows import awaiting, consent_list, reports
    from thruline.flows import consent as consenting
else:
    reports = lazy("thruline.flows.reports")
    awaiting = lazy("thruline.flows.awaiting")
    consenting = lazy("thruline.flows.consent")
    consent_list = lazy("thruline.flows.consent_list")

Purpose = Annotated[str, "answer, train, or a purpose of your own"]
Evidence = Annotated[str, "where that stands, as 'letter of 2026-11-02'"]


@operation(role="operator", cli="consent", positional=("identifiers",))
def consent(
    p: Platform, *,
    identifiers: Identifiers = (),
    purpose: Purpose,
    state: Annotated[Literal["given", "withdrawn"], "what they said"],
    evidence: Evidence = "",
    until: Annotated[str, "the day on which a consent ends, as `2027-12-31`; never unless given"] = "",
    table: Annotated[str, "a CSV file with one person in each row, instead of identifiers; columns `name`, `email`, "
                     "`phone`, and where rows differ `purpose`, `state`, `until`, `evidence`"] = "",
    dry_run: DryRun = False,
) -> reports.ConsentReport:  # fmt: skip
    """Record that a person allows a use of their data, or withdraws it: their documents leave that use at once."""
    if table and identifiers:
        raise Invalid("a person is named beside a list of people", hint="give one of them")
    if table:
        return consent_list.record_list(
            p.line, table, purpose, state, evidence, until, dry_run=dry_run, actor=p.actor.id
        )
    said = consenting.consent(p.line, purpose, state, evidence, until)
    return consenting.record(p.line, identifiers, said, dry_run=dry_run, actor=p.actor.id)


@operation(role="operator", cli="objection", positional=("identifiers",))
def objection(
    p: Platform, *,
    identifiers: Identifiers,
    purpose: Purpose,
    state: Annotated[
        Literal["objected", "lifted", "overruled"],
        "`objected`, `lifted` by the person, or `overruled` for the reason that the evidence states",
    ] = "objected",
    evidence: Evidence = "",
    dry_run: DryRun = False,
) -> reports.ConsentReport:  # fmt: skip
    """Record that a person objects to a use of their data (GDPR art. 21), or that this ended: it holds at once."""
    said = consenting.objection(p.line, identifiers, purpose, state, evidence)
    return consenting.record(p.line, identifiers, said, dry_run=dry_run, actor=p.actor.id)


@operation(role="operator", cli="basis", positional=("identifiers",))
def basis(
    p: Platform, *,
    identifiers: Identifiers,
    basis: Annotated[str, "consent, contract, legal obligation, vital interests, public task or legitimate interests; "
                     "the source's again unless given"] = "",
    source: Annotated[str, "in this source alone; in all unless given"] = "",
    evidence: Evidence = "",
    dry_run: DryRun = False,
) -> reports.ConsentReport:  # fmt: skip
    """Record the legal basis on which a person's data is used where it is another than their source's."""
    said = consenting.own_basis(p.line, basis, source, evidence)
    return consenting.record(p.line, identifiers, said, dry_run=dry_run, actor=p.actor.id)


@operation(role="operator", cli="consents", reads=True)
def consents(p: Platform) -> tuple[reports.ConsentView, ...]:
    """What people said of the use of their data, and bases of their own, the latest first; each by a pseudonym."""
    return consenting.listing(p.line)


@operation(role="operator", cli="waiting", positional=("source",), reads=True)
def waiting(
    p: Platform, *,
    source: Annotated[str, "only of this source"] = "",
    purpose: Purpose = "answer",
) -> tuple[reports.WaitingFor, ...]:  # fmt: skip
    """List whose consent documents wait for where a source's legal basis is consent, so that they can be asked."""
    return awaiting.waiting_for(p.line, p.actor, source, purpose)
