"""What serves, in memory: one snapshot, and the next one whenever another generation or another right is in force.

By another engine, embedder or chunking the next one is made from nothing, which takes seconds where there is much: it
is made beside, and the one before answers until it is there, without what may not answer any more.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from thruline.core.errors import Corrupt, NotFound, ThrulineError
from thruline.core.ids import ArtifactId
from thruline.data.rights import Clauses
from thruline.flows import kept
from thruline.flows.in_force import InForce, in_force, rights_in_force
from thruline.flows.kept import Kept
from thruline.flows.past import Past
from thruline.flows.residency import plan_at_hand
from thruline.flows.shelving import Sets, shelved
from thruline.vectors.later import Later
from thruline.vectors.plans import FIRST, DensePlan
from thruline.vectors.recipes import Recipe
from thruline.vectors.serving import Serving

if TYPE_CHECKING:
    from thruline.flows.line import Line

logger = logging.getLogger("thruline")

# So small an index is made anew at each deletion (.1 CPU s at most), a larger one beside what serves, when half as much
# is gone as is left (a row that is left costs 47 us CPU, one that goes 36): until then what is gone still counts in how
# rare a word is.
SMALL = 500
DEAD = 0.5
GROWN = 0.25  # so much more than was put away is worth being put away again
KEPT = 1_000  # rows; less is made anew in less than .2 CPU s, so nobody minds to wait for it
REST = 1.0  # while one is made beside what serves, as a multiple of the work: others have questions
AGAIN_S = 10.0  # until one that could not be made is tried again
FOLLOW_S = 2.0  # between two looks at what serves, of .05 ms CPU
_EVER = 1 << 62


class _Held(NamedTuple):
    """A snapshot, when it was, and which sets of its generation it does not serve: they may be released.

    ahead: what is to serve, and made beside; this one is without all that is not in it.
    """

    now: InForce
    serving: Serving
    withheld: Sets
    rights: Mapping[ArtifactId, Clauses]
    ahead: InForce | None = None


class Shelf:
    """Gives the snapshot that serves now; threads share it."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._lock = threading.Lock()  # guards _held: one thread makes the next, the others wait
        self._held: _Held | None = None
        self._later = Later("shelf")
        self._beside = Later("shelf beside")  # of its own: what is erased is not wiped after that
        self._past = Past(self.snapshot)

    def serving(self) -> Serving:
        """The snapshot of the active generation under the rights in force; loads only what changed.

        While another is made beside: the one before, without what is not in the active generation.
        """
        now = in_force(self._line)
        held = self._held
        if held is not None and now in (held.now, held.ahead):
            return held.serving
        with self._lock:
            self._held = self._following(self._held, now)
            return self._held.serving

    @property
    def plan(self) -> DensePlan:
        """How the snapshot that serves is searched."""
        held = self._held
        return held.now.plan if held else plan_at_hand(self._line)

    @property
    def is_behind(self) -> bool:
        """Whether what is in force is still being made beside."""
        held = self._held
        return held is not None and held.ahead is not None

    def follow(self) -> None:
        """Where something serves already, let it be what serves by now: nobody waits, and what left is wiped."""
        if self._held is not None:
            self.serving()
        self._past.tidy(rights_in_force(self._line))

    def past(self, generation: ArtifactId) -> Serving:
        """As `snapshot`, and at once where it was the last to be looked back at and nobody was erased since."""
        return self._past.of(generation, rights_in_force(self._line))

    def snapshot(self, generation: ArtifactId) -> Serving:
        """A past generation as far as its bytes still exist and no restriction keeps them from use: for replay."""
        groups = {s.id: frozenset(s.groups) for s in self._line.records.sources()}
        rights = self._line.item_rights.of_records()
        sets = dict(self._line.generations.members(generation))
        plan = plan_at_hand(self._line)
        if plan.engine in self._line.engines.servers():
            plan = FIRST  # what is past is not sent to a server
        dense, text = self._line.engines.dense(plan), self._line.engines.text()
        cut = self._line.generations.get(generation).recipe.cut
        records = shelved(self._line, sets, cut, groups, rights, states=None)
        return Serving.load(generation, records, dense, text, stored=self._stored)

    def settle(self) -> None:
        """Wait until what is done beside is done: the next is made, what is gone is wiped, what shrank made anew."""
        self._beside.settle()
        self._later.settle()

    def close(self) -> None:
        """Stop what is done beside; what serves is let go."""
        self._beside.close()
        self._later.close()
        self._held = None
        self._past.drop()

    def _following(self, held: _Held | None, now: InForce) -> _Held:
        """What serves from now on; to be called under the lock."""
        if held is None:
            return self._again(now) or self._fresh(now)
        if now in (held.now, held.ahead):
            return held
        if now.is_alike(held.now):
            return self._next(held, now)
        if len(held.serving) < KEPT or self._is_in_the_way(held.now.plan, now.plan):
            return self._fresh(now)
        if held.ahead is None:
            self._beside.do(self._take_over)
        return self._in_step(held, now)

    def _is_in_the_way(self, old: DensePlan, new: DensePlan) -> bool:
        """Whether both lie in one place, on a server: there is nothing beside it."""
        return old.engine == new.engine and new.engine in self._line.engines.servers()

    def _in_step(self, held: _Held, now: InForce) -> _Held:
        """A snapshot that answers in place of the next: without what that does not hold, seen by whom it is for now."""
        line, old = self._line, held.serving
        may = {record for record, _ in line.generations.members(now.generation)} & line.records.servable(None, 0, _EVER)
        rights = line.item_rights.of_records()
        labels = now.labels(old, rights)
        gone = old.records - (may & labels.keys())
        relabelled = {r: x for r, x in labels.items() if r not in gone and old.label(r) != x}
        withheld = {**held.withheld, **line.generations.sets_in(old.generation, sorted(gone))}
        serving = old.refreshed(old.generation, gone=gone, relabelled=relabelled) if gone or relabelled else old
        then = held.now._replace(rights=now.rights, groups=now.groups)
        return _Held(then, serving, withheld, rights, ahead=now)

    def _take_over(self) -> None:
        """Make what is in force beside what serves, and put it in its place."""
        with self._lock:  # who asked for it may be about to set it
            pass
        while self.is_behind:
            try:
                fresh = self._fresh(in_force(self._line), pace=REST)
            except ThrulineError as error:
                logger.warning("what is in force cannot be loaded; the one before answers", extra={"error": error.code})
                if self._beside.wait(AGAIN_S):
                    return
                continue
            with self._lock:
                now = in_force(self._line)
                if now.is_alike(fresh.now):
                    self._held = fresh if now == fresh.now else self._next(fresh, now)

    def _fresh(self, now: InForce, pace: float = 0.0) -> _Held:
        """All of it, read from the store."""
        line = self._line
        sets, rights = dict(line.generations.members(now.generation)), line.item_rights.of_records()
        records = list(shelved(line, sets, now.recipe.cut, now.sources, rights, pace=pace))
        dense, text = line.engines.dense(now.plan), line.engines.text()
        serving = Serving.load(now.generation, records, dense, text, stored=self._stored, later=self._later.do)
        found = {s.record for s in records}
        made = _Held(now, serving, {r: v for r, v in sets.items() if r not in found}, rights)
        if len(serving) >= KEPT:
            self._later.do(lambda: self._put_away(made))
        return made

    def _again(self, now: InForce) -> _Held | None:
        """What another process put away, with what has changed since; None where there is nothing of use."""
        line, found = self._line, kept.read(self._line)
        if found is None or found.plan != now.plan.text or not self._is_of(now.recipe, found.serving.generation):
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
        if not held.serving.dead and len(held.serving) > (1 + GROWN) * len(found.serving.chunks):
            self._later.do(lambda: self._put_away(held))  # so much came since that it is worth writing again
        return held

    def _is_of(self, recipe: Recipe, generation: ArtifactId) -> bool:
        """Whether it is known, as after going back to a backup it may not be, and made by this recipe."""
        try:
            return self._line.generations.get(generation).recipe == recipe
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
        if in_force(self._line) == now:
            kept.write(self._line, sealed)

    def _next(self, held: _Held, now: InForce) -> _Held:
        """What changed since, of a snapshot that is not asked to change again."""
        line, serving = self._line, held.serving
        left, came = line.generations.between(held.now.generation, now.generation)
        rights = held.rights if held.now.rights == now.rights else line.item_rights.of_records()
        is_for_others = (held.now.rights, held.now.groups) != (now.rights, now.groups)
        labels = now.labels(serving, rights) if is_for_others else {}
        sourceless = serving.records - labels.keys() if is_for_others else frozenset[ArtifactId]()
        asked = {r: v for r, v in held.withheld.items() if r not in left} | came
        changed = list(shelved(line, asked, now.recipe.cut, now.sources, rights))
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


def keep_current(line: Line, stop: threading.Event) -> None:
    """Follow what other processes change until stop is set: an erased person leaves memory though nobody asks."""
    while not stop.wait(FOLLOW_S):
        try:
            line.shelf.follow()
        except ThrulineError as error:
            logger.warning("what changed is not followed yet", extra={"error": error.code})
