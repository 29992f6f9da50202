"""Quarantine: a bad record -> every chunk, index, model and answer that it touched -> out of answers; and back."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, get_args

from thruline.core.clock import Micros
from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.core.ids import ArtifactId, is_id, kind_of
from thruline.core.nouns import Draft
from thruline.core.units import parse_moment
from thruline.data.records import Record, State
from thruline.flows.documents import path_names, views
from thruline.flows.learned import shards_of
from thruline.flows.line import Line
from thruline.flows.publish import publish_with, publish_without, serving_sets
from thruline.flows.reports import BlastReport, QuarantineReport
from thruline.flows.restrictions import RESTRICTED, among, in_force
from thruline.flows.same import digests, near_copies, note_unread
from thruline.flows.shelf import SERVABLE
from thruline.flows.touched import touched, written
from thruline.runs.runner import Run

ALL = 1 << 31
OPERATOR = "operator"
Reason = Literal["operator", "restricted"]
EVERY = "*"  # every source; no source can be called so


class Window(NamedTuple):
    """When records came in, in microseconds: from since on, and before until."""

    since: Micros = 0
    until: Micros = 1 << 62

    def holds(self, record: Record) -> bool:
        """Whether it came in then."""
        return self.since <= record.seen < self.until


ALWAYS = Window()


def window(line: Line, since: str, until: str) -> Window:
    """The window that a person means; raises Invalid for what is no moment, or ends before it begins."""
    now = line.clock.now()
    meant = Window(*(parse_moment(text, now) if text else d for text, d in zip((since, until), ALWAYS, strict=True)))
    if meant.since >= meant.until:
        raise Invalid(f"nothing lies between {since!r} and {until!r}", hint="the earlier moment is --since")
    return meant


def blast(line: Line, what: str, when: Window = ALWAYS) -> BlastReport:
    """Everything that was made of what is named: an id, a source, `source/path`, or `*` for all that came in then."""
    return _blast(line, resolve(line, what, when))


def quarantine(line: Line, what: str, dry_run: bool, actor: str, when: Window = ALWAYS) -> QuarantineReport:
    """Take records out of every answer, with all that say the same; nothing of them is deleted.

    The same words stay out wherever they come in later. What says nearly the same answers on: `near` lists it.
    """
    began = time.monotonic()
    records = _with_same(line, [r for r in resolve(line, what, when) if _may_go(r)], _may_go)
    if not records:
        raise Conflict(f"nothing of {what!r} is in answers", hint="`thruline documents --state quarantined` shows why")
    reach, near = _blast(line, records), views(line, near_copies(line, records))
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
    reach = _blast(line, records)
    generation = "" if dry_run else _release(line, records, actor)
    return QuarantineReport(
        action="released", blast=reach, generation=generation, dry_run=dry_run, seconds=time.monotonic() - began
    )


def _is_out(record: Record) -> bool:
    return record.state == "quarantined" or record.reason == OPERATOR


def resolve(line: Line, what: str, when: Window = ALWAYS, *, within: bool = False) -> list[Record]:
    """The current records that a person means by an id, a source's name, `source/path` or `*`; raises NotFound.

    within: something else than a time says which of all are meant.
    """
    if what == EVERY and when == ALWAYS and not within:
        raise Invalid("`*` means everything that came in within a time", hint="say --since, as 2h or 2026-11-22")
    named = [s.name for s in line.records.sources()] if what == EVERY else [what]
    return [r for name in named for r in _resolve(line, name) if when.holds(r)]


def _resolve(line: Line, what: str) -> list[Record]:
    if is_id(what):
        return _by_id(line, ArtifactId(what))
    name, _, path = what.partition("/")
    source = line.records.source(name)
    current = _current(line, source.id)
    if not path:
        return current
    found = _at_path(line, source.id, path, current)
    if not found:
        names = path_names(line, [r.id for r in current])
        near = [n for n in names.values() if path.rpartition("/")[2] in n][:3]
        raise NotFound(f"{name!r} holds no {path!r}", hint=f"like it: {', '.join(near) or 'nothing'}")
    return found


def _at_path(line: Line, source: ArtifactId, path: str, current: Sequence[Record]) -> list[Record]:
    """What the path holds, and of what no path holds any more what this one held last; a record may have many paths."""
    path_id = line.ids.artifact("path", source, path)
    here = {e.record for e in line.records.at([path_id])}
    held = line.records.paths([r.id for r in current])
    return [r for r in current if r.id in here or (r.id not in held and r.path == path_id)]


def _current(line: Line, source: ArtifactId) -> list[Record]:
    """A source's records that are in answers or quarantined; under a rollback, older versions are in answers."""
    serving = serving_sets(line)
    return [
        r for r in line.records.list(among=[source], limit=ALL)
        if r.state in ("live", "quarantined") or (r.state == "superseded" and r.id in serving)
    ]  # fmt: skip


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


def _by_id(line: Line, id: ArtifactId) -> list[Record]:
    kind = kind_of(id)
    if kind == "source":
        return _current(line, id)
    if kind == "chunk" and (places := line.records.places([id])):
        return [line.records.get(places[id].record)]
    return [line.records.get(id)]


def _blast(line: Line, records: Sequence[Record]) -> BlastReport:
    reached = touched(line, [r.id for r in records])
    kinds = Counter(kind_of(i) for i in reached)
    answers = line.answers.lines(line.answers.rows(i for i in reached if kind_of(i) == "answer"))
    return BlastReport(
        records=views(line, records), chunks=kinds["chunk"], vectors=kinds["vectors"], generations=kinds["index"],
        datasets=tuple(sorted(i for i in reached if kind_of(i) == "dataset")),
        models=tuple(sorted(i for i in reached if kind_of(i) == "model")), answers=answers,
        corpora=written(line, [i for i in reached if kind_of(i) == "corpus"]),
        askers=tuple(sorted({a.asker for a in answers if a.asker})),
        shards=shards_of(line, [r.id for r in records]),
    )  # fmt: skip


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
