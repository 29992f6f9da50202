"""Retry: what is out of answers is judged again, after a fix of its file, its parser or its source's options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruline.core.nouns import Actor, Source
from thruline.data.desk import Case
from thruline.data.places import PUSH
from thruline.flows.desk import Wanted, done, some
from thruline.flows.push import judge_again
from thruline.flows.reports import DeskReport
from thruline.flows.sources import Progress, sync_one

if TYPE_CHECKING:
    from thruline.flows.line import Line


def retry(line: Line, wanted: Wanted, actor: Actor, progress: Progress | None) -> DeskReport:
    """Judge these cases again: each source that holds one is synced, and what was sent to us is taken from our copy.

    What a person decided stands. Raises Conflict while one of the sources is being read.
    """
    cases = some(line, wanted)
    sources = {s.id: s for s in line.records.sources()}
    for id in dict.fromkeys(case.source for case in cases):
        _again(line, sources[id], [c for c in cases if c.source == id], actor, progress)
    unread = sum(c.state == "refused" and sources[c.source].kind == PUSH for c in cases)
    return done(line, "judged again", cases, actor, unread=unread)


def _again(line: Line, source: Source, cases: list[Case], actor: Actor, progress: Progress | None) -> None:
    held = line.records.paths([c.id for c in cases if c.state == "quarantined"])
    paths = [path for places in held.values() for path in places]
    line.records.judge_again(source.id, [*paths, *(c.id for c in cases if c.state == "refused")])
    if source.kind == PUSH:
        judge_again(line, source, actor)
    else:
        sync_one(line, source, actor=actor.id, progress=progress)
