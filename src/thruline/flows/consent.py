"""Consent: recorded with its evidence, and in force for the next search and the next set for training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.clock import iso
from thruline.core.errors import Invalid, NotFound
from thruline.core.ids import random_id
from thruline.core.nouns import Draft, Link
from thruline.data.consents import KIND, Consent, State
from thruline.data.uses import checked
from thruline.flows.reach import Reach, classify, find, is_one_word
from thruline.flows.reports import ConsentReport, ConsentView
from thruline.flows.touched import written

if TYPE_CHECKING:
    from thruline.flows.line import Line

PSEUDONYM = len("subject:") + 8
LONGEST = 2000  # characters of evidence: where it stands, not what it says


class _Said(NamedTuple):
    purpose: str
    state: State
    evidence: str


def record(
    line: Line, identifiers: Sequence[str], purpose: str, state: State, evidence: str, *, dry_run: bool, actor: str
) -> ConsentReport:
    """Note what a person said of a purpose; a withdrawal takes every document that names them out of it.

    Somebody who is not known yet is from now on, so that what comes in of them later is treated alike. Raises Invalid
    for a single word: it may stand for others too.
    """
    checked(purpose)
    if alone := [text for text in identifiers if is_one_word(text)]:
        raise Invalid(f"{alone[0]!r} is one word, which may stand for others too", hint="give the full name")
    if len(evidence) > LONGEST:
        raise Invalid(f"the evidence has {len(evidence)} characters", hint=f"say where it stands, in {LONGEST}")
    reach = _reach(line, identifiers)
    report = ConsentReport(
        purpose=purpose, state=state, people=max(1, len(reach.subjects) if reach else 0),
        documents=len(reach.records) if reach else 0, sets=written(line, reach.corpora) if reach else (),
        models=reach.models if reach else (), dry_run=dry_run,
    )  # fmt: skip
    if not dry_run:
        _note(line, identifiers, reach, _Said(purpose, state, evidence), actor)
    return report


def listing(line: Line) -> tuple[ConsentView, ...]:
    """All that was ever said, the latest first."""
    return views(line, line.consents.all())


def views(line: Line, consents: Sequence[Consent]) -> tuple[ConsentView, ...]:
    """With the evidence, where it was not erased."""
    kept = line.payloads.get_many([consent.id for consent in consents])
    return tuple(
        ConsentView(
            person=c.subject[:PSEUDONYM], purpose=c.purpose, state=c.state, since=iso(c.at),
            evidence=json.loads(kept[c.id])["evidence"] if c.id in kept else "",
        )
        for c in consents
    )  # fmt: skip


def _reach(line: Line, identifiers: Sequence[str]) -> Reach | None:
    with suppress(NotFound):
        return find(line, identifiers)
    return None


def _note(line: Line, identifiers: Sequence[str], reach: Reach | None, said: _Said, actor: str) -> None:
    pairs = [pair for text in identifiers for pair in classify(text)]
    with line.database.transaction():
        at = line.clock.now()
        for subject in line.subjects.known(pairs):
            consent = Consent(random_id(KIND), subject, said.purpose, said.state, at)
            line.consents.put(consent)
            line.payloads.put(consent.id, json.dumps({"evidence": said.evidence}).encode(), consent.id)
            # Where the name stands and was not detected, the document is tied to them now: retrieval goes by ties.
            ties = line.subjects.link(subject, [r.id for r in reach.records] if reach else ())
            line.ledger.append([*(_tied(tie, actor) for tie in ties), _drafted(line, consent, reach, actor)])


def _tied(tie: Link, actor: str) -> Draft:
    facts = {"how": tie.how, "score": tie.score}
    return Draft(verb="subject.linked", inputs=(tie.subject,), outputs=(tie.artifact,), facts=facts, actor=actor)


def _drafted(line: Line, consent: Consent, reach: Reach | None, actor: str) -> Draft:
    facts = {
        "state": consent.state, "purpose": line.ids.digest("purpose", consent.purpose),
        "records": len(reach.records) if reach else 0,
    }  # fmt: skip
    return Draft(verb="consent.recorded", inputs=(consent.subject,), outputs=(consent.id,), facts=facts, actor=actor)
