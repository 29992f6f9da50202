"""Audit recall: searches that were served are done again exactly, beside the server; too few hits raise an alarm.

The truth is the product with every stored vector that the asker may see, read from the store of record and not from
the index that is judged. Nothing waits for it, it takes a small share of one core, and only sums are kept.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from thruline.core.clock import iso
from thruline.core.errors import Conflict, ThrulineError
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Draft
from thruline.flows import INDEX
from thruline.flows.recall_sample import Served
from thruline.flows.recall_state import Audit
from thruline.flows.reports import RateView, RecallView
from thruline.flows.tune import tune
from thruline.vectors.goals import Goals
from thruline.vectors.rates import rate
from thruline.vectors.trials import SAME, K, unit

if TYPE_CHECKING:
    from thruline.flows.line import Line
    from thruline.vectors.serving import Serving

LOOK_S = 15.0
PAGE = 256  # vector sets decrypted at a time
REST = 4.0  # times as long as a page took it rests before the next: a fifth of one core while it works
SHARE = 50.0  # times as long as a look took it rests before the next: a fiftieth over all
P95_MS = 10.0  # what a search may take when the index is tuned again and nobody has said
Wait = Callable[[float], bool]

logger = logging.getLogger(__name__)


def keep_auditing(line: Line, stop: threading.Event, *, look_s: float = LOOK_S) -> None:
    """Draw searches and do them again until stop is set; look_s: seconds between two looks, at least."""
    line.audits.drawn.watch(max(1, round(line.limits.audits * look_s / 60)) if line.limits.audits else 0)
    pause_s = look_s
    while line.limits.audits and not stop.wait(pause_s):
        began = time.thread_time()
        try:
            audit(line, stop.wait)
        except ThrulineError as error:
            logger.warning("recall could not be audited", extra={"error": error.code})
        pause_s = max(look_s, SHARE * (time.thread_time() - began))
    line.audits.drawn.watch(0)


def audit(line: Line, wait: Wait = lambda _: False) -> int:
    """Do again what was drawn, and keep what was found; how many could be judged. wait: true when it is to end."""
    judged = [one for one in _judged(line, line.audits.drawn.take(), wait) if one is not None]
    if judged and _keep(line, judged) and line.limits.retune:
        _retune(line)
    return len(judged)


def recall(line: Line) -> RecallView:
    """What is known of the plan in force."""
    known = line.audits.of(INDEX, line.plans.since(INDEX))
    of = rate(known.lots)
    return RecallView(
        plan=line.plans.current(INDEX).text, goal=goal(line).recall, queries=known.lots.queries,
        recall=RateView(value=round(of.value, 5), low=round(of.low, 5), high=round(of.high, 5)),
        since=iso(known.since) if known.since else "", alarmed=iso(known.alarmed) if known.alarmed else "",
        ok=not known.alarmed, watched=line.limits.audits > 0,
    )  # fmt: skip


def goal(line: Line) -> Goals:
    """What searches have to reach: as they were tuned for last, or as the settings say."""
    last = line.tunings.latest(INDEX)
    if last is None:
        return Goals(recall=line.limits.recall, p95_ms=P95_MS)
    return Goals(recall=last.goals.recall, p95_ms=last.goals.p95_ms, memory=last.goals.memory)


class _Judged(NamedTuple):
    """Neighbours found of those that there were, by the plan of this event."""

    plan_seq: int
    found: int
    wanted: int


class _Asked(NamedTuple):
    """A search that is done again. near: the chunks that the index gives; among: the records to look through."""

    vector: np.ndarray
    near: frozenset[ArtifactId]
    among: frozenset[ArtifactId]


def _judged(line: Line, drawn: Sequence[Served], wait: Wait) -> Iterator[_Judged | None]:
    """What can be judged: what was asked of a snapshot that is no longer served is let go."""
    plan_seq, serving = line.plans.since(INDEX), line.shelf.serving()
    asked = [_again(serving, one) for one in drawn if one.serving() is serving]
    if not asked or line.shelf.is_behind:  # it is another plan that serves still
        return
    truths = _exactly(line, serving, asked, wait)
    if line.plans.since(INDEX) != plan_seq:
        return
    for truth in truths or ():
        yield _Judged(plan_seq, *truth.count()) if truth.is_whole else None


def _again(serving: Serving, one: Served) -> _Asked:
    hits = serving.search("", one.vector, K, **one.limits._asdict()).hits
    return _Asked(one.vector, frozenset(h.chunk for h in hits), serving.visible(**one.limits._asdict()))


class _Truth:
    """The best scores of one search so far, and those of the chunks that the index gave."""

    def __init__(self, asked: _Asked) -> None:
        self.asked = asked
        self._best = np.empty(0, np.float32)
        self._given: list[float] = []

    def meet(self, record: ArtifactId, chunks: Sequence[ArtifactId], scores: np.ndarray) -> None:
        """A record with the scores of its chunks."""
        if record in self.asked.among:
            self._best = np.sort(np.concatenate([self._best, scores]))[-K:]
            self._given += [float(s) for chunk, s in zip(chunks, scores, strict=True) if chunk in self.asked.near]

    @property
    def is_whole(self) -> bool:
        """Whether there was something to find, and all that was given is still here to be looked at."""
        return len(self._best) > 0 and len(self._given) == len(self.asked.near)

    def count(self) -> tuple[int, int]:
        """(found, wanted); what scores like the last neighbour stands for it."""
        least = float(self._best[0]) - SAME
        hits = sum(score >= least for score in self._given)
        return min(hits, len(self._best)), len(self._best)


def _exactly(line: Line, serving: Serving, asked: Sequence[_Asked], wait: Wait) -> list[_Truth] | None:
    """All at once over every stored vector of the generation; None when it is to end."""
    truths = [_Truth(one) for one in asked]
    questions = np.array([one.vector for one in asked]).T
    members = [m for m in line.generations.members(serving.generation) if m[0] in serving.records]
    for start in range(0, len(members), PAGE):
        began = time.thread_time()
        page = dict(members[start : start + PAGE])
        held = line.generations.load(list(page.values()))
        for record, id in page.items():
            if id in held and len(held[id].chunks):
                scores = unit(held[id].vectors.astype(np.float32)) @ questions
                for n, truth in enumerate(truths):
                    truth.meet(record, held[id].chunks, scores[:, n])
        if wait(REST * (time.thread_time() - began)):
            return None
    return truths


def _keep(line: Line, judged: Sequence[_Judged]) -> bool:
    """Add them up; true when the goal is missed since just now."""
    wanted, plan_seq = goal(line).recall, judged[0].plan_seq
    with line.database.transaction():  # two servers of one home add to the same sums
        before = line.audits.of(INDEX, plan_seq)
        now = line.clock.now()
        after = replace(before, since=before.since or now)
        for one in judged:
            bets = after.bets.after(one.found / one.wanted, wanted)
            after = replace(after, lots=after.lots.and_one(one.found, one.wanted), bets=bets)
        is_new = after.bets.is_alarm and not before.alarmed
        if is_new:
            after = replace(after, alarmed=now)
            line.ledger.append([_alarm(line, after, wanted)])
        line.audits.put(INDEX, plan_seq, after)
    return is_new


def _alarm(line: Line, known: Audit, wanted: float) -> Draft:
    of, generation = rate(known.lots), line.generations.active(INDEX)
    facts = {"queries": known.lots.queries, "recall": of.value, "low": of.low, "high": of.high, "goal": wanted}
    return Draft(verb="recall.fell", inputs=(generation,) if generation else (), facts=facts)


def _retune(line: Line) -> None:
    """Measure again without the plan that was found out; who tunes just now does as well."""
    try:
        report = tune(line, goal(line), dry_run=False, actor="", why="retuned", without=line.plans.current(INDEX))
    except Conflict as busy:
        logger.warning("the index was not tuned again: %s", busy.message)
        return
    logger.info("the index was tuned again", extra={"plan": report.plan, "ok": report.ok})
