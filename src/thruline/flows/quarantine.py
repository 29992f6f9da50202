"""Quarantine: a bad record -> every chunk, index, model and answer that it touched -> out of answers; and back."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal, get_args

from thruline.core.errors import Conflict
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Draft
from thruline.data.records import Record, State
from thruline.flows.blast import blast_of
from thruline.flows.documents import views
from thruline.flows.line import Line
from thruline.flows.named import ALWAYS, Window, resolve
from thruline.flows.publish import publish_with, publish_without, serving_sets
from thruline.flows.reports import QuarantineReport
from thruline.flows.restrictions import RESTRICTED, among, in_force
from thruline.flows.same import digests, near_copies, note_unread
from thruline.flows.shelving import SERVABLE
from thruline.runs.runner import Run

OPERATOR = "operator"
Reason = Literal["operator", "restricted"]


def quarantine(line: Line, what: str, dry_run: bool, actor: str, when: Window = ALWAYS) -> QuarantineReport:
    """Take records out of every answer, with all that say the same; nothing of them is deleted.

    The same words stay out wherever they come in later. What says nearly the same answers on: `near` lists it.
    """
    began = time.monotonic()
    records = _with_same(line, [r for r in resolve(line, what, when) if _may_go(r)], _may_go)
    if not records:
        raise Conflict(f"nothing of {what!r} is in answers", hint="`thruline documents --state quarantined` shows why")
    reach, near = blast_of(line, records), views(line, near_copies(line, records))
    generation = "" if dry_run else _quarantine(line, records, actor)
    return QuarantineReport(
        action="quarantined", blast=reach, generation=generation, dry_run=dry_run, near=near,
        seconds=time.monotonic() - began,
    )  # fmt: skip


def release(
    line: Line, what: str, dry_run: bool, actor: str, when: Window = ALWAYS, reason: str = ""
) -> QuarantineReport:
    """Let quarantined records answer again, with all that say the same and were taken out with them.

    reason: only those that are out for it. The index is then byte for byte what it was before.
    """
    began = time.monotonic()
    named = resolve(line, what, when, within=bool(reason))
    found = [r for r in named if _is_out(r) and reason in ("", r.reason)]
    chosen = [r for r in found if r.reason != RESTRICTED]
    if found and not chosen:
        raise Conflict(f"{what!r} is restricted, not quarantined", hint="`thruline unrestrict` ends the restriction")
    records = _with_same(line, chosen, lambda r: r.reason == OPERATOR)
    if not records:
        raise Conflict(f"nothing of {what!r} is quarantined", hint="`thruline documents --state quarantined` lists")
    reach = blast_of(line, records)
    generation = "" if dry_run else _release(line, records, actor)
    return QuarantineReport(
        action="released", blast=reach, generation=generation, dry_run=dry_run, seconds=time.monotonic() - began
    )


def _is_out(record: Record) -> bool:
    return record.state == "quarantined" or record.reason == OPERATOR


def may_answer(record: Record) -> bool:
    """Whether it can serve, now or under a rollback."""
    return record.state in SERVABLE and record.reason == "none"


def _may_go(record: Record) -> bool:
    """Whether a quarantine means it: also what is restricted, or it would answer when the restriction ends."""
    return may_answer(record) or record.reason == RESTRICTED


def _with_same(line: Line, records: Sequence[Record], fits: Callable[[Record], bool]) -> list[Record]:
    """The records and, of those that say the same as one of them, the fitting."""
    note_unread(line)
    known = {r.id for r in records}
    same = line.records.saying(digests(line, records))
    return [*records, *(r for r in same if r.id not in known and fits(r))]


def _quarantine(line: Line, records: Sequence[Record], actor: str) -> str:
    with line.runs.start("quarantine", only="records", actor=actor) as run, run.commit():
        line.records.hold(digests(line, records), line.clock.now())
        line.desk.decide([(r.id, r.source) for r in records], "kept", line.clock.now())
        return take_out(line, run, records, OPERATOR)


def _release(line: Line, records: Sequence[Record], actor: str) -> str:
    with line.runs.start("release", only="records", actor=actor) as run, run.commit():
        line.records.let_go(digests(line, records))
        line.desk.decide([(r.id, r.source) for r in records], "released", line.clock.now())
        return let_in(line, run, records, OPERATOR)


def take_out(line: Line, run: Run, records: Sequence[Record], reason: Reason) -> str:
    """Out of what serves, in the caller's transaction; the generation that serves from now on."""
    ids = [r.id for r in records]
    serving = serving_sets(line)
    older = {r.id for r in records if r.state == "superseded" and r.id not in serving}
    line.records.set_state([i for i in ids if i not in older], "quarantined", reason)
    line.records.set_state(list(older), "superseded", reason)
    run.append(*(_event("record.quarantined", i, reason) for i in ids))
    return publish_without(line, run, "quarantine", set(ids))


def let_in(line: Line, run: Run, records: Sequence[Record], reason: Reason) -> str:
    """Back into what serves, in the caller's transaction, but for what a restriction still keeps out."""
    ids = [r.id for r in records]
    held = line.records.paths(ids)
    after = {r.id: "deleted" if r.state == "deleted" else "live" if r.id in held else "superseded" for r in records}
    for state in get_args(State):
        line.records.set_state([i for i in ids if after[i] == state], state)
    run.append(*(_event("record.released", i, reason) for i in ids))
    generation = publish_with(line, run, "release", set(ids))
    still = among(line, records, in_force(line))
    left = [r for r in line.records.get_many(sorted(still)).values() if r.state != "deleted"]
    return take_out(line, run, left, RESTRICTED) if left else generation


def _event(verb: str, record: ArtifactId, reason: Reason) -> Draft:
    return Draft(verb=verb, inputs=(record,), facts={"reason": reason})
