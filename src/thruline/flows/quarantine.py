"""Quarantine: a bad record -> every chunk, index, model and answer that it touched -> out of answers; and back."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from thruline.core.errors import Conflict, NotFound
from thruline.core.ids import ArtifactId, is_id, kind_of
from thruline.core.nouns import Draft
from thruline.data.records import Record, State
from thruline.flows.documents import path_names, read_documents, views
from thruline.flows.line import Line
from thruline.flows.publish import publish_with, publish_without, serving_sets
from thruline.flows.reports import BlastReport, QuarantineReport
from thruline.flows.shelf import SERVABLE
from thruline.flows.touched import touched

ALL = 1 << 31


def blast(line: Line, what: str) -> BlastReport:
    """Everything that was made of what is named: an id, a source, or `source/path`."""
    return _blast(line, resolve(line, what))


def quarantine(line: Line, what: str, dry_run: bool, actor: str) -> QuarantineReport:
    """Take records out of every answer; nothing of them is deleted."""
    began = time.monotonic()
    records = _with_copies(line, [r for r in resolve(line, what) if r.state in SERVABLE and r.reason == "none"], "live")
    if not records:
        raise Conflict(f"nothing of {what!r} is in answers", hint="`thruline documents --state quarantined` shows why")
    reach = _blast(line, records)
    generation = "" if dry_run else _quarantine(line, [r.id for r in records], actor)
    return QuarantineReport(
        action="quarantined", blast=reach, generation=generation, dry_run=dry_run, seconds=time.monotonic() - began
    )


def release(line: Line, what: str, dry_run: bool, actor: str) -> QuarantineReport:
    """Let quarantined records answer again; the index is then byte for byte what it was before."""
    began = time.monotonic()
    records = _with_copies(line, [r for r in resolve(line, what) if r.state == "quarantined"], "quarantined")
    if not records:
        raise Conflict(f"nothing of {what!r} is quarantined", hint="`thruline documents --state quarantined` lists")
    reach = _blast(line, records)
    generation = "" if dry_run else _release(line, [r.id for r in records], actor)
    return QuarantineReport(
        action="released", blast=reach, generation=generation, dry_run=dry_run, seconds=time.monotonic() - began
    )


def resolve(line: Line, what: str) -> list[Record]:
    """The current records that a person means by an id, a source's name, or `source/path`; raises NotFound."""
    if is_id(what):
        return _by_id(line, ArtifactId(what))
    name, _, path = what.partition("/")
    source = line.records.source(name)
    current = _current(line, source.id)
    if not path:
        return current
    names = path_names(line, [r.id for r in current])
    found = [r for r in current if names.get(r.id) == path]
    if not found:
        near = [n for n in names.values() if path.rpartition("/")[2] in n][:3]
        raise NotFound(f"{name!r} holds no {path!r}", hint=f"like it: {', '.join(near) or 'nothing'}")
    return found


def _current(line: Line, source: ArtifactId) -> list[Record]:
    """A source's records that are in answers or quarantined; under a rollback, older versions are in answers."""
    serving = serving_sets(line)
    return [
        r for r in line.records.list(among=[source], limit=ALL)
        if r.state in ("live", "quarantined") or (r.state == "superseded" and r.id in serving)
    ]  # fmt: skip


def _with_copies(line: Line, records: Sequence[Record], state: State) -> list[Record]:
    """The records and, in the same state, those that repeat one of them word for word."""
    known = {r.id: r for r in records}
    copies = [c for c in line.records.copies(list(known), state) if c.id not in known]
    documents = read_documents(line, [r.document for r in (*records, *copies)])
    texts = {r.id: documents[r.document].text for r in (*records, *copies) if r.document in documents}
    return [*records, *(c for c in copies if c.id in texts and texts[c.id] == texts.get(ArtifactId(c.canonical)))]


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
        askers=tuple(sorted({a.asker for a in answers if a.asker})),
    )  # fmt: skip


def _quarantine(line: Line, records: Sequence[ArtifactId], actor: str) -> str:
    with line.runs.start("quarantine", only="records", actor=actor) as run, run.commit():
        line.records.set_state(records, "quarantined", "operator")
        run.append(*(_event("record.quarantined", r) for r in records))
        return publish_without(line, run, "quarantine", set(records))


def _release(line: Line, records: Sequence[ArtifactId], actor: str) -> str:
    held = line.records.paths(records)
    with line.runs.start("release", only="records", actor=actor) as run, run.commit():
        line.records.set_state([r for r in records if r in held], "live")
        line.records.set_state([r for r in records if r not in held], "superseded")
        run.append(*(_event("record.released", r) for r in records))
        return publish_with(line, run, "release", set(records))


def _event(verb: str, record: ArtifactId) -> Draft:
    return Draft(verb=verb, inputs=(record,), facts={"reason": "operator"})
