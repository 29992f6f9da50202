"""What serves, in memory: one snapshot, replaced whole when another generation or another right is in force."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.ids import ArtifactId
from thruline.core.nouns import Source
from thruline.data.records import Record
from thruline.data.rights import Clauses
from thruline.flows import INDEX
from thruline.flows.documents import Document, read_documents
from thruline.flows.publish import serving_sets
from thruline.flows.restrictions import RESTRICTED
from thruline.vectors.plans import DensePlan
from thruline.vectors.serving import Serving, Shelved
from thruline.vectors.sets import VectorSet

if TYPE_CHECKING:
    from thruline.flows.line import Line

SERVABLE = ("live", "superseded")  # a rollback may serve an older version, never what was quarantined or deleted
PAGE = 256  # documents decrypted at a time


class _Now(NamedTuple):
    generation: str
    switched: int
    plan: DensePlan
    rights: int
    groups: tuple[tuple[str, tuple[str, ...]], ...]


class Shelf:
    """Gives the snapshot that serves now; threads share it."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._lock = threading.Lock()  # guards the four below: one thread loads, the others wait
        self._serving: Serving | None = None
        self._sets: dict[ArtifactId, ArtifactId] = {}
        self._rights: dict[ArtifactId, Clauses] = {}
        self._now: _Now | None = None

    def serving(self) -> Serving:
        """The snapshot of the active generation under the rights in force; loads only what changed."""
        sources = self._line.records.sources()
        now = self._state(sources)
        if now == self._now and self._serving is not None:
            return self._serving
        with self._lock:
            if now != self._now or self._serving is None:
                self._load(now, sources)
            assert self._serving is not None
            return self._serving

    def snapshot(self, generation: ArtifactId) -> Serving:
        """A past generation as far as its bytes still exist and no restriction keeps them from use: for replay."""
        groups = {s.id: frozenset(s.groups) for s in self._line.records.sources()}
        rights = self._line.item_rights.of_records()
        shelved = self._shelved(dict(self._line.generations.members(generation)), groups, rights, states=None)
        plan = self._line.plans.current(INDEX)
        return Serving.load(generation, shelved, self._line.engines.dense(plan), self._line.engines.text())

    def _state(self, sources: list[Source]) -> _Now:
        last = self._line.generations.last(INDEX)
        serving, switched = (last.generation, last.at) if last else ("", 0)
        plan = self._line.plans.current(INDEX)
        return _Now(serving, switched, plan, self._line.item_rights.version, tuple((s.id, s.groups) for s in sources))

    def _load(self, now: _Now, sources: list[Source]) -> None:
        line = self._line
        sets = serving_sets(line)
        rights = line.item_rights.of_records()
        regrouped = self._now is None or now.groups != self._now.groups
        other = {r for r in sets if rights.get(r) != self._rights.get(r)}
        new = {r: v for r, v in sets.items() if regrouped or r in other or self._sets.get(r) != v}
        changed = list(self._shelved(new, {s.id: frozenset(s.groups) for s in sources}, rights))
        gone = (set(self._sets) - set(sets)) | (set(new) - {c.record for c in changed})
        dense, text = line.engines.dense(now.plan), line.engines.text()
        generation = ArtifactId(now.generation)
        replanned = self._now is None or now.plan != self._now.plan
        if self._serving is not None and self._serving.generation == generation and not (new or gone or replanned):
            self._now, self._rights = now, rights  # other rights, for none of these
            return
        if self._serving is None or regrouped:
            self._serving = Serving.load(generation, changed, dense, text)
        else:
            self._serving = self._serving.refreshed(generation, changed=changed, gone=gone, dense=dense, text=text)
        loaded = {c.record for c in changed}
        self._sets = {r: v for r, v in sets.items() if r in loaded or self._sets.get(r) == v}
        self._rights = rights
        self._now = now

    def _shelved(
        self,
        sets: dict[ArtifactId, ArtifactId],
        groups: dict[ArtifactId, frozenset[str]],
        rights: dict[ArtifactId, Clauses],
        states: tuple[str, ...] | None = SERVABLE,
    ) -> Iterable[Shelved]:
        records = list(sets)
        for start in range(0, len(records), PAGE):
            page = records[start : start + PAGE]
            known = self._line.records.get_many(page)
            vectors = self._line.generations.load([sets[r] for r in page])
            documents = read_documents(self._line, [known[r].document for r in page if r in known])
            for id in page:
                record = known.get(id)
                if record is None or record.reason == RESTRICTED or (states and not _may_serve(record, states)):
                    continue
                document, held = documents.get(record.document), vectors.get(sets[id])
                if document and held and record.source in groups:
                    shelved = _shelved(record, document, held, groups[record.source])
                    yield replace(shelved, rights=rights[id]) if id in rights else shelved


def _may_serve(record: Record, states: tuple[str, ...]) -> bool:
    return record.state in states and record.reason == "none"


def _shelved(record: Record, document: Document, held: VectorSet, groups: frozenset[str]) -> Shelved:
    return Shelved(
        record=record.id, source=record.source, groups=groups, chunks=held.chunks, vectors=held.vectors,
        texts=[c.text for c in document.chunks], titles=[c.title for c in document.chunks],
    )  # fmt: skip
