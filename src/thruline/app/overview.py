"""The home at a glance, its ledger verified and listed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from thruline import __version__
from thruline.app.home import size_of
from thruline.core.clock import iso
from thruline.core.nouns import Event
from thruline.flows import INDEX
from thruline.flows.reports import EventView, ProblemView, Status, VerifyReport
from thruline.ledger import proof

if TYPE_CHECKING:
    from thruline.app.platform import Platform


def status(p: Platform) -> Status:
    """Counts of everything."""
    line = p.line
    counts = line.records.counts()
    live = [c for c in counts if c.state == "live"]
    return Status(
        home=str(p.home.path), version=__version__, documents=sum(c.records for c in live),
        chunks=sum(c.chunks for c in live), duplicates=sum(c.duplicates for c in live),
        quarantined=sum(c.records for c in counts if c.state == "quarantined"), people=line.subjects.count(),
        answers=line.answers.count(), events=line.ledger.head().seq, generation=line.generations.active(INDEX) or "",
        models=len(line.registry.models()), running=sum(r.state == "running" for r in line.runs.list(limit=200)),
        size=size_of(p.home.path),
    )  # fmt: skip


def verify(p: Platform) -> VerifyReport:
    """Seal the head, then check everything up to it."""
    began = time.monotonic()
    proof.seal(p.line.ledger, p.line.signer)
    found = proof.verify(p.line.ledger, [p.line.signer.public_key])
    return VerifyReport(
        ok=found.ok, events=found.events, seals=found.seals, head=found.head.hash,
        problems=tuple(ProblemView(seq=x.seq, what=x.what) for x in found.problems),
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
