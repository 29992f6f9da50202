"""What serves, in memory: one snapshot, and the next one whenever another generation or another right is in force."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from thruline.core.errors import Corrupt, NotFound, ThrulineError
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Source
from thruline.data.records import Record
from thruline.data.rights import Clauses
from thruline.flows import INDEX, kept
from thruline.flows.documents import Document, read_documents
from thruline.flows.kept import Kept
from thruline.flows.residency import plan_at_hand
from thruline.flows.restrictions import RESTRICTED
from thruline.vectors.later import Later
from thruline.vectors.plans import FIRST, DensePlan
from thruline.vectors.rows import Label
from thruline.vectors.serving import Serving, Shelved
from thruline.vectors.sets import VectorSet

if TYPE_CHECKING:
    from thruline.flows.line import Line

logger = logging.getLogger("thruline")

SERVABLE = ("live", "superseded")  # a rollback may serve an older version, never what was quarantined or deleted
PAGE = 256  # documents decrypted at a time
# So small an index is made anew at each deletion (.1 CPU s at most), a larger one beside what serves, when a quarter
# of it is gone: until then what is gone still counts in how rare a word is.
SMALL = 500
DEAD = 0.25
KEPT = 1_000  # rows; less is made anew in less than .2 CPU s
FOLLOW_S = 2.0  # between two looks at what serves, of .05 ms CPU
_EVER = 1 << 62

Sets = Mapping[ArtifactId, ArtifactId]


class _Now(NamedTuple):
    generation: ArtifactId
    switched: int
    plan: DensePlan
    embedder: str
    rights: int
    groups: tuple[tuple[ArtifactId, tuple[str, ...]], ...]

    def is_alike(self, other: _Now) -> bool:
        """Whether the rows of the one may stand beside those of the other: by one engine, of one embedder."""
        return (self.plan, self.embedder) == (other.plan, other.embedder)

    def labels(self, serving: Serving, rights: Mapping[ArtifactId, Clauses]) -> dict[ArtifactId, Label]:
        """Who may see what is served now; without what has no source any more."""
        groups = {id: frozenset(names) for id, names in self.groups}
        known = {record: serving.label(record).source for record in serving.records}
        return {r: Label(s, groups[s], rights.get(r, frozenset())) for r, s in known.items() if s in groups}


class _Held(NamedTuple):
    """A snapshot, when it was, and which sets of its generation it does not serve: they may be released."""

    now: _Now
    serving: Serving
    withheld: Sets
    rights: Mapping[ArtifactId, Clauses]


class Shelf:
    """Gives the snapshot that serves now; threads share it."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._lock = threading.Lock()  # guards _held: one thread makes the next, the others wait
        self._held: _Held | None = None
        self._later = Later("shelf")

    def serving(self) -> Serving:
        """The snapshot of the active generation under the rights in force; loads only what changed."""
        now = self._state(self._line.records.sources())
        held = self._held
        if held is not None and now == held.now:
            return held.serving
        with self._lock:
            if self._held is None:
                self._held = self._again(now) or self._fresh(now)
            elif not now.is_alike(self._held.now):
                self._held = self._fresh(now)
            elif now != self._held.now:
                self._held = self._next(self._held, now)
            return self._held.serving

    def follow(self) -> None:
        """Where something serves already, let it be what serves by now: nobody waits, and what left is wiped."""
        if self._held is not None:
            self.serving()

    def snapshot(self, generation: ArtifactId) -> Serving:
        """A past generation as far as its bytes still exist and no restriction keeps them from use: for replay."""
        groups = {s.id: frozenset(s.groups) for s in self._line.records.sources()}
        rights = self._line.item_rights.of_records()
        shelved = self._shelved(dict(self._line.generations.members(generation)), groups, rights, states=None)
        plan = plan_at_hand(self._line)
        if plan.engine in self._line.engines.servers():
            plan = FIRST  # what is past is not sent to a server
        dense, text = self._line.engines.dense(plan), self._line.engines.text()
        return Serving.load(generation, shelved, dense, text, stored=self._stored)

    def settle(self) -> None:
        """Wait until what is done beside is done: what is gone is wiped, what shrank is made anew."""
        self._later.settle()

    def close(self) -> None:
        """Stop what is done beside; what serves is let go."""
        self._later.close()
        self._held = None

    def _state(self, sources: list[Source]) -> _Now:
        last = self._line.generations.last(INDEX)
        serving, switched = (last.generation, last.at) if last else (ArtifactId(""), 0)
        embedder = self._line.generations.get(serving).embedder if last else ""
        plan = plan_at_hand(self._line)
        groups = tuple((s.id, s.groups) for s in sources)
        return _Now(serving, switched, plan, embedder, self._line.item_rights.version, groups)

    def _fresh(self, now: _Now, pace: float = 0.0) -> _Held:
        """All of it, read from the store."""
        line = self._line
        sets, rights = dict(line.generations.members(now.generation)), line.item_rights.of_records()
        shelved = list(self._shelved(sets, {id: frozenset(g) for id, g in now.groups}, rights, pace=pace))
        dense, text = line.engines.dense(now.plan), line.engines.text()
        serving = Serving.load(now.generation, shelved, dense, text, stored=self._stored, later=self._later.do)
        found = {s.record for s in shelved}
        made = _Held(now, serving, {r: v for r, v in sets.items() if r not in found}, rights)
        if len(serving) >= KEPT:
            self._later.do(lambda: self._put_away(made))
        return made

    def _again(self, now: _Now) -> _Held | None:
        """What another process put away, with what has changed since; None where there is nothing of use."""
        line, found = self._line, kept.read(self._line)
        if found is None or found.plan != now.plan.text or not self._is_of(now.embedder, found.serving.generation):
            return None
        dense, text = line.engines.dense(now.plan), line.engines.text()
        try:
            serving = Serving.restored(found.serving, dense, text, stored=self._stored, later=self._later.do)
        except Corrupt:
            logger.warning("the kept snapshot is not used", extra={"why": "it does not fit"})
            return None
        then = now._replace(generation=serving.generation, rights=found.rights, groups=found.groups)
        # Its generation may serve again by a rollback, and what was taken out of answers since may not.
        out = serving.records - line.records.servable(None, 0, _EVER)
        withheld = found.withheld | line.generations.sets_in(serving.generation, sorted(out))
        if out:
            serving = serving.refreshed(serving.generation, gone=out)
        held = _Held(then, serving, withheld, line.item_rights.of_records())
        if then == now and not withheld:
            return held
        held = self._next(held, now)
        if not held.serving.dead and len(held.serving) > (1 + DEAD) * len(found.serving.chunks):
            self._later.do(lambda: self._put_away(held))  # so much came since that it is worth writing again
        return held

    def _is_of(self, embedder: str, generation: ArtifactId) -> bool:
        """Whether it is known, as after going back to a backup it may not be, and made by this embedder."""
        try:
            return self._line.generations.get(generation).embedder == embedder
        except NotFound:
            return False

    def _put_away(self, held: _Held) -> None:
        """For the next process; not when something else serves by now, which may be because somebody was erased."""
        now = held.now
        with self._lock:  # nobody changes it while it is copied
            serving = held.serving.put_away()
        if serving is None:
            return
        what = Kept(
            plan=now.plan.text, rights=now.rights, groups=now.groups, withheld=dict(held.withheld), serving=serving
        )
        sealed = kept.seal(self._line, what)
        if self._state(self._line.records.sources()) == now:
            kept.write(self._line, sealed)

    def _next(self, held: _Held, now: _Now) -> _Held:
        """What changed since, of a snapshot that is not asked to change again."""
        line, serving = self._line, held.serving
        left, came = line.generations.between(held.now.generation, now.generation)
        rights = held.rights if held.now.rights == now.rights else line.item_rights.of_records()
        is_for_others = (held.now.rights, held.now.groups) != (now.rights, now.groups)
        labels = now.labels(serving, rights) if is_for_others else {}
        sourceless = serving.records - labels.keys() if is_for_others else frozenset[ArtifactId]()
        asked = {r: v for r, v in held.withheld.items() if r not in left} | came
        changed = list(self._shelved(asked, {id: frozenset(g) for id, g in now.groups}, rights))
        found = {c.record for c in changed}
        gone = ((left | sourceless | asked.keys()) & serving.records) - found
        relabelled = {r: x for r, x in labels.items() if r not in gone | found and serving.label(r) != x}
        if gone and len(serving) <= SMALL:
            return self._fresh(now)
        serving = serving.refreshed(now.generation, changed=changed, gone=gone, relabelled=relabelled)
        if serving.dead > DEAD * len(serving) or self._is_erased(gone):
            self._later.do(self._compact)
        return _Held(now, serving, {r: v for r, v in asked.items() if r not in found}, rights)

    def _stored(self, generation: ArtifactId, records: Sequence[ArtifactId]) -> dict[ArtifactId, np.ndarray]:
        """Their vectors as they are in a generation."""
        sets = self._line.generations.sets_in(generation, records)
        loaded = self._line.generations.load(list(sets.values()))
        return {record: loaded[id].vectors for record, id in sets.items() if id in loaded}

    def _is_erased(self, gone: Collection[ArtifactId]) -> bool:
        """Whether the words of something are to leave memory, not only answers."""
        return bool(gone) and len(self._line.records.get_many(sorted(gone))) < len(gone)

    def _compact(self) -> None:
        """Make all anew beside what serves, and put it in its place, with what has changed since."""
        with self._lock:  # who asked for it may be about to set it
            held = self._held
        if held is None or not held.serving.dead:
            return
        fresh = self._fresh(held.now, pace=1.0)
        with self._lock:
            if self._held is not None and self._held.now.is_alike(fresh.now):
                now = self._held.now
                self._held = fresh if now == fresh.now else self._next(fresh, now)

    def _shelved(
        self,
        sets: Sets,
        groups: dict[ArtifactId, frozenset[str]],
        rights: Mapping[ArtifactId, Clauses],
        states: tuple[str, ...] | None = SERVABLE,
        pace: float = 0.0,
    ) -> Iterable[Shelved]:
        """pace: how long to rest after each page, as a multiple of what it took: others have questions."""
        records = list(sets)
        for start in range(0, len(records), PAGE):
            page, began = records[start : start + PAGE], time.monotonic()
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
            if pace:
                time.sleep(pace * (time.monotonic() - began))


def keep_current(line: Line, stop: threading.Event) -> None:
    """Follow what other processes change until stop is set: an erased person leaves memory though nobody asks."""
    while not stop.wait(FOLLOW_S):
        try:
            line.shelf.follow()
        except ThrulineError as error:
            logger.warning("what changed is not followed yet", extra={"error": error.code})


def _may_serve(record: Record, states: tuple[str, ...]) -> bool:
    return record.state in states and record.reason == "none"


def _shelved(record: Record, document: Document, held: VectorSet, groups: frozenset[str]) -> Shelved:
    return Shelved(
        record=record.id, source=record.source, groups=groups, chunks=held.chunks, vectors=held.vectors,
        texts=[c.text for c in document.chunks], titles=[c.title for c in document.chunks],
    )  # fmt: skip
