"""Ingest: walk a source, prepare what is new, embed it, and let it serve.

Records commit in groups with their vectors and events; a generation is published early, so that the first files
answer while the rest is on its way. Killed anywhere, the next sync walks past what is done.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.errors import Refused
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Draft, Source
from thruline.data.fields import wanted
from thruline.data.policies import policy
from thruline.data.records import Entry
from thruline.data.sources import Changes, Move, compare, pair_moves
from thruline.flows import contracts, corrections, judging, residency, scored, toxicity
from thruline.flows.gone import let_go, retire_unheld
from thruline.flows.prepare import REJUDGED, SUPPRESSED, Prepared, Raw, prepare
from thruline.flows.publish import publish_live
from thruline.flows.purposes import kept_out
from thruline.flows.regroup import regroup
from thruline.flows.reports import Refusal, SyncReport
from thruline.flows.retention import expire
from thruline.flows.take_in import Noted, kept_marks, note_paths, take_in
from thruline.ports.origin import Item, Origin
from thruline.runs.runner import Run

if TYPE_CHECKING:
    from thruline.flows.line import Line

GROUP_CHUNKS = 256  # what commits together: large enough for full batches, small enough to lose little
GROUP_BYTES = 64_000_000  # that a group holds at most, but for its last file: large files have few chunks, or none
PUBLISH_EVERY_S = 20.0
BY_RULE = "ignored"  # dot files: not taken in because nobody meant them


class Change(NamedTuple):
    """An item to read, and what happened to it."""

    item: Item
    what: str


class Earlier(NamedTuple):
    """What is known before a sync: what each path held, and what is put right in it."""

    entries: Mapping[str, Entry]
    corrections: corrections.Corrections


class Group(NamedTuple):
    """What commits together. held: the records that its paths held before."""

    prepared: list[Prepared]
    held: list[str]


class Ended(NamedTuple):
    """How a sync ended."""

    run: str
    generation: str
    seconds: float


class Met(NamedTuple):
    """What a sync met, by its walk and by reading."""

    found: Changes
    before: Mapping[str, Entry]
    tally: Tally
    regrouped: int

    def moved(self, path_id: Callable[[str], str]) -> tuple[Move, ...]:
        """Moves that only their content shows: across file systems, or too fresh to go by times."""
        gone = {p: self.before[path_id(p)].digest for p in self.found.deleted}
        return pair_moves(gone, self.tally.added)


@dataclass
class Tally:
    """What a sync met so far."""

    added: dict[str, str] = field(default_factory=dict)  # path -> digest
    changed: int = 0
    unchanged: int = 0
    done: int = 0
    chunks: int = 0
    published: float = field(default_factory=time.monotonic)


def sync_source(line: Line, run: Run, source: Source, origin: Origin, *, allow_empty: bool = False) -> SyncReport:
    """Bring what is known of a source up to date with what its place holds; see SyncReport."""
    began = time.monotonic()
    residency.check(line, source, "reads", "keeps")
    before = {e.path: e for e in line.records.entries(source.id)}
    run.tell("listing", 0, 0)
    listing = origin.list()
    regrouped = regroup(line, run, source, listing.items, before)
    found = compare(
        listing, _known(line, source, listing.items, before), kept=partial(kept_marks, line), where=source.location,
        marks_content=origin.marks_content, allow_empty=allow_empty,
    )  # fmt: skip
    changes = [*(Change(s, "added") for s in found.added), *(Change(s, "changed") for s in found.changed)]
    tally = Tally()
    reading = partial(_prepared, line, run, source, origin, Earlier(before, corrections.in_force(line, source.id)))
    judged = judging.judged(line, source, found, before, run.map(reading, changes, workers=line.hands))
    if judged and judged.is_blocked:
        return judging.held_back(line, run, source, judged, time.monotonic() - began)
    _forget_unread(line, run, source, before)
    if changes:
        scored.begin(line, run, source)
        let_go(line, run, source, found, before)
    prepared = run.map(lambda c: judging.under(judged, reading(c)), changes, workers=line.hands)
    for group in _groups(prepared, before):
        _take_in(line, run, source, group, tally, len(changes))
    _settle(line, run, source, found, before, judged)
    generation = publish_live(line, run, "sync")
    expire(line, run, source)
    line.records.mark_synced(source.id, line.clock.now())
    if tally.done > tally.unchanged or found.moved or found.deleted:
        line.records.note_news(source.id, line.clock.now())
    unjudged = toxicity.catch_up(line, run, source)
    met = Met(found, before, tally, regrouped)
    report = _report(line, Ended(run.id, generation, time.monotonic() - began), source, met, judged)
    return replace(report, unjudged=unjudged.documents, judge=unjudged.reason)


def _known(line: Line, source: Source, items: Iterable[Item], before: Mapping[str, Entry]) -> dict[str, str]:
    """The mark of what the last sync read, by path; what it could not even read is met anew.

    A path that is listed tells its id: only the names of those that are gone are decrypted.
    """
    listed = [item.path for item in items]
    names: dict[str, str] = dict(zip(line.ids.artifacts("path", source.id, last=listed), listed, strict=True))
    gone = line.payloads.get_many([id for id, entry in before.items() if entry.mark and id not in names])
    names |= {id: name.decode() for id, name in gone.items()}
    return {names[id]: entry.mark for id, entry in before.items() if entry.mark and id in names}


def _prepared(line: Line, run: Run, source: Source, origin: Origin, earlier: Earlier, change: Change) -> Prepared:
    item = change.item
    path_id = line.ids.artifact("path", source.id, item.path)
    raw = Raw(
        source=source.id, record=ArtifactId(""), path=item.path, path_id=path_id, data=b"", digest="", size=item.size,
        mark=item.mark, change=change.what, policy=policy(source.options), wanted=wanted(source),
    )  # fmt: skip
    try:
        data, mark = origin.read(item, limit=line.limits.max_file)
    except Refused as refused:
        return Prepared(raw=raw, refused=refused.reason)
    digest = line.ids.digest("content", data)
    wrong = earlier.corrections.of(path_id, digest)
    record = corrections.record_of(line, source.id, digest, [c.fix for c in wrong])
    read = replace(raw.read(record, digest, data, mark), corrections=wrong)
    then = earlier.entries.get(path_id)
    if then and then.digest == digest:
        return Prepared(raw=read, refused=then.refused, same=True)
    if then and then.record == read.record:
        read = replace(read, change=REJUDGED)
    return prepare(line, run, read)


def _groups(prepared: Iterable[Prepared], before: Mapping[str, Entry]) -> Iterator[Group]:
    group, chunks, held = Group([], []), 0, 0
    for one in prepared:
        group.prepared.append(one)
        if (then := before.get(one.raw.path_id)) and then.record:
            group.held.append(then.record)
        chunks += len(one.document.value.chunks) if one.document else 1
        held += len(one.raw.data)
        if chunks >= GROUP_CHUNKS or held >= GROUP_BYTES:
            yield group
            group, chunks, held = Group([], []), 0, 0
    if group.prepared:
        yield group


def _take_in(line: Line, run: Run, source: Source, together: Group, tally: Tally, total: int) -> None:
    group = together.prepared
    came = scored.came_in(line, group)
    with run.commit():
        tally.chunks += take_in(line, run, [p for p in group if not p.same])
        scored.note(line, run, source, came)
        note_paths(line, [Noted(p.raw, refused=p.refused) for p in group if p.same])
        retire_unheld(line, run, source, among=together.held)
        line.item_rights.held_anew(source.id)
    what = Counter("unchanged" if p.is_known else p.raw.change for p in group if p.document or p.same)
    tally.added |= {p.raw.path: p.raw.digest for p in group if p.document and p.raw.change == "added"}
    tally.changed += what["changed"]
    tally.unchanged += what["unchanged"]
    tally.done += len(group)
    run.tell("reading", tally.done, total)
    if time.monotonic() - tally.published > PUBLISH_EVERY_S:
        publish_live(line, run, "sync")
        tally.published = time.monotonic()


def _forget_unread(line: Line, run: Run, source: Source, before: dict[str, Entry]) -> None:
    """What could not even be read is met anew: it may be gone, or readable now."""
    with run.commit():
        for entry in before.values():
            if entry.refused and not entry.mark:
                line.records.drop_entry(source.id, entry.path)


def _settle(
    line: Line, run: Run, source: Source, found: Changes, before: dict[str, Entry], judged: judging.Judged | None
) -> None:
    """Moves, deletions, refusals of the walk, and versions that nothing points to any more; one transaction."""
    with run.commit():
        for move in found.moved:
            _move(line, run, source, move, before)
        for path in found.deleted:
            line.records.drop_entry(source.id, line.ids.artifact("path", source.id, path))
        line.payloads.delete([line.ids.artifact("path", source.id, path) for path in found.deleted])
        for path, reason in found.refused:  # after the deletions: what was known and is refused now keeps its name
            if reason != BY_RULE:
                _note_refused(line, source, path, reason)
        retire_unheld(line, run, source)
        contracts.settle(line, run, source, judged.kept.broken if judged else ())
        if judged:
            contracts.note(line, run, source, judged.contract, judged.kept)
        scored.settle(line, run, source)
        line.desk.settle(source.id, line.clock.now())
        line.item_rights.held_anew(source.id)
        line.item_rights.drop_stray(source.id)


def _move(line: Line, run: Run, source: Source, move: Move, before: dict[str, Entry]) -> None:
    entry = before[line.ids.artifact("path", source.id, move.old)]
    path_id = line.ids.artifact("path", source.id, move.new)
    if line.subjects.calls_erased(move.new):
        line.records.drop_entry(source.id, entry.path)
        line.records.put_entry(Entry(source=source.id, path=path_id, refused=SUPPRESSED))
        return
    owner = next(iter(line.payloads.owners([entry.path])), source.id)
    line.payloads.put(path_id, move.new.encode(), owner)
    line.payloads.delete([entry.path])
    line.records.move(source.id, entry.path, entry.at(path_id))
    corrections.move(line, source.id, entry.path, path_id)
    if entry.record:
        seen = Draft(
            verb="record.seen", inputs=(source.id,), outputs=(ArtifactId(entry.record),),
            facts={"change": "moved", "size": entry.size},
        )  # fmt: skip
        run.append(seen)


def _note_refused(line: Line, source: Source, path: str, reason: str) -> None:
    path_id = line.ids.artifact("path", source.id, path)
    if not line.subjects.calls_erased(path):
        line.payloads.put(path_id, path.encode(), source.id)
    line.records.put_entry(Entry(source=source.id, path=path_id, refused=reason))


def _report(line: Line, ended: Ended, source: Source, met: Met, judged: judging.Judged | None) -> SyncReport:
    found, tally = met.found, met.tally
    moved = len(met.moved(lambda path: line.ids.artifact("path", source.id, path)))
    states = line.records.standings(source.id)
    kept = kept_out(line, source.id)
    refused = line.records.refused(source=source.id)
    names = line.payloads.get_many([e.path for e in refused])
    return SyncReport(
        source=source.name, run=ended.run, seen=states.total(), added=len(tally.added) - moved,
        changed=tally.changed, moved=len(found.moved) + moved, deleted=len(found.deleted) - moved,
        unchanged=found.unchanged + tally.unchanged, permissions=met.regrouped, indexed=states["indexed"],
        duplicates=states["duplicate"], quarantined=states["quarantined"],
        refused=tuple(Refusal(path=names.get(e.path, b"").decode(), reason=e.refused) for e in refused),
        waiting=kept.waiting, withheld=kept.withheld,
        chunks=tally.chunks, generation=ended.generation, seconds=round(ended.seconds, 3),
        contract=judged.kept.report if judged else None, changes=judged.kept.changes if judged else (),
        tables=judged.kept.tables if judged else (), embedder=line.embedders.note(),
    )  # fmt: skip
