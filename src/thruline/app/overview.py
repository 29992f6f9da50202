"""The home at a glance, its ledger verified and listed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from thruline import __version__
from thruline.app.home import size_of
from thruline.core.clock import iso
from thruline.core.nouns import Event
from thruline.flows import INDEX
from thruline.flows.audit import state_problems
from thruline.flows.purposes import kept_out
from thruline.flows.reports import EventView, ProblemView, Status, VerifyReport
from thruline.flows.sight import sight
from thruline.ledger import proof

if TYPE_CHECKING:
    from thruline.app.platform import Platform
    from thruline.data.records import Count
    from thruline.flows.line import Line

ALL = 1 << 31


def status(p: Platform) -> Status:
    """Counts of everything; others than the operator are told of what they may see, and nothing of the machine."""
    return _whole(p) if p.actor.is_operator else _part(p)


def _part(p: Platform) -> Status:
    line = p.line
    seen = sight(line, p.actor)
    return replace(
        _counted(line, [c for c in line.records.counts(seen.denied) if c.source in seen.sources]),
        answers=len(line.answers.list(p.actor.id, ALL)),
    )


def _whole(p: Platform) -> Status:
    line = p.line
    return replace(
        _counted(line, line.records.counts()), home=str(p.home.path), people=line.subjects.count(),
        answers=line.answers.count(), events=line.ledger.head().seq,
        running=sum(r.state == "running" for r in line.runs.list(limit=200)), size=size_of(p.home.path),
        drifted=len(line.score_moves.all()),
    )  # fmt: skip


def _counted(line: Line, counts: Sequence[Count]) -> Status:
    live = [c for c in counts if c.state == "live"]
    kept = [kept_out(line, source) for source in {c.source for c in live}]
    return Status(
        home="", version=__version__, documents=sum(c.records for c in live),
        chunks=sum(c.chunks for c in live), duplicates=sum(c.duplicates for c in live),
        quarantined=sum(c.records for c in counts if c.state == "quarantined"), people=0,
        answers=0, events=0, generation=line.generations.active(INDEX) or "",
        models=len(line.registry.models()), running=0, size=0, waiting=sum(k.waiting for k in kept),
        withheld=sum(k.withheld for k in kept), versions=line.generations.versions(INDEX),
    )  # fmt: skip


def verify(p: Platform) -> VerifyReport:
    """Check every event, receipt and table that decides what answers; sign the head when all holds.

    What is wrong is never signed: a seal over a chain that was cut would vouch for the cut.
    """
    began = time.monotonic()
    line = p.line
    heads, forged = proof.remembered(p.home.receipts, [line.signer.public_key])
    found = proof.verify(line.ledger, [line.signer.public_key], heads)
    contradicted = [] if found.problems else state_problems(line)  # only a chain that holds can be replayed
    problems = sorted([*forged, *found.problems, *contradicted])
    sealed = [] if problems else [proof.seal(line.ledger, line.signer)]
    return VerifyReport(
        ok=not problems, events=found.events + len(sealed), seals=found.seals + len(sealed),
        head=sealed[0].hash if sealed else found.head.hash,
        problems=tuple(ProblemView(seq=seq, what=what) for seq, what in problems),
        seconds=round(time.monotonic() - began, 3),
    )  # fmt: skip


def events(p: Platform, after: int, verb: str, limit: int) -> tuple[EventView, ...]:
    """Events with a number above `after`."""
    return tuple(_view(e) for e in p.line.ledger.read(after=after, verbs=[verb] if verb else [], limit=limit))


def _view(event: Event) -> EventView:
    return EventView(
        seq=event.seq, at=iso(event.at), verb=event.verb, actor=event.actor, run=event.run, inputs=event.inputs,
        outputs=event.outputs, facts=dict(event.facts),
    )  # fmt: skip
