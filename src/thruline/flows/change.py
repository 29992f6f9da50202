"""Change the embedder without a gap: a generation is built beside the one that serves, asked, and takes its place.

Until the switch every question is answered by the embedder that serves, and what comes in is embedded by both. Killed
in any phase, the next call goes on: what was embedded is kept, and the switch is one transaction.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from thruline.core.errors import Conflict, Denied, Invalid
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Verdict
from thruline.data.records import Record
from thruline.data.residency import OPTION, away
from thruline.flows import INDEX
from thruline.flows.backfill import fill, kept, lacking, texts_of
from thruline.flows.dual_read import Side, dual_read
from thruline.flows.embedders import part_of
from thruline.flows.publish import beside, publish_live, publish_moved
from thruline.flows.reports import ChangeReport, DualRead
from thruline.flows.residency import said
from thruline.ports.embedder import Embedder, EmbedderSettings
from thruline.runs.runner import Progress, Run

if TYPE_CHECKING:
    from thruline.flows.line import Line

ROUNDS = 3  # of looking for what came in while the rest was embedded; after that the switch embeds it itself
TRIED = 16  # records whose embedding is timed for an estimate


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How to change. embedder: a name, or empty for the one that is set. share: of the time that embedding may take.

    questions: asked of both at most; none are asked where it is 0. margin: what may be lost of the share that finds
    its passage.
    """

    embedder: str = ""
    share: float = 0.5
    questions: int = 200
    margin: float = 0.05
    force: bool = False


def change(line: Line, actor: str, wanted: Wanted, progress: Progress | None = None) -> ChangeReport:
    """Build, ask and switch; see ChangeReport. Raises Denied where a residency keeps documents from the embedder."""
    _check(wanted)
    how = line.embedders.named(wanted.embedder) if wanted.embedder else line.engines.embedding()
    _check_residency(line, how)
    with line.runs.start("reindex", only="index", actor=actor, progress=progress) as run:
        target = line.embedders.open(how)
        active = line.generations.active(INDEX)
        serves = line.generations.get(active).embedder if active else target.info.digest
        if serves == target.info.digest:
            return _stay(line, run, target)
        if not wanted.force:
            line.embedders.by_digest(serves)  # it will be asked: better to fail now than after hours
        with run.commit():
            line.embedders.remember(target)
            line.changes.begin(INDEX, target.info.digest, run=run.id, actor=actor)
        return _moved(line, run, target, serves, wanted)


def plan(line: Line, wanted: Wanted) -> ChangeReport:
    """How much work a change would be, by the time that a few records take."""
    _check(wanted)
    how = line.embedders.named(wanted.embedder) if wanted.embedder else line.engines.embedding()
    _check_residency(line, how)
    target = line.embedders.open(how)
    active = line.generations.active(INDEX)
    serves = line.generations.get(active).embedder if active else target.info.digest
    records = kept(line)
    left = lacking(line, target.info.digest, records)
    chunks = sum(r.chunks for r in left)
    return ChangeReport(
        outcome="serving" if serves == target.info.digest else "planned", before=line.embedders.name(serves),
        after=how.model, records=len(records), left=len(left), chunks=chunks,
        seconds=chunks * _chunk_s(line, target, left) / wanted.share, generation=active or "",
    )  # fmt: skip


def stop(line: Line, actor: str) -> ChangeReport:
    """Give up a change that is under way: what serves goes on, and what was embedded is kept for another time."""
    with line.runs.start("reindex", only="index", actor=actor) as run, run.commit():
        digest = line.changes.under_way(INDEX)
        if not digest:
            raise Conflict("no change is under way", hint="`thruline index change` begins one")
        line.changes.end(INDEX, "stopped", run=run.id, actor=actor)
    active = line.generations.active(INDEX)
    before = line.generations.get(active).embedder if active else digest
    return ChangeReport(
        outcome="stopped", before=line.embedders.name(before), after=line.embedders.name(digest),
        generation=active or "",
    )  # fmt: skip


def _check(wanted: Wanted) -> None:
    if not 0 < wanted.share <= 1:
        raise Invalid(f"share = {wanted.share:g} is out of range", hint="above 0 and up to 1, as 0.5")
    if not 0 <= wanted.margin <= 1:
        raise Invalid(f"margin = {wanted.margin:g} is out of range", hint="0 to 1, as 0.05")
    if wanted.questions < 0 or (wanted.questions == 0 and not wanted.force):
        raise Invalid(f"questions = {wanted.questions} asks nothing", hint="at least 1, or --force")


def _check_residency(line: Line, how: EmbedderSettings) -> None:
    part = part_of(how, line.engines.embedding())
    for source in line.records.sources() if part else ():
        for kept_from in away(source.options, [part] if part else [], "reads"):
            raise Denied(
                f"{said(source, kept_from)}: it is given nothing of it",
                hint=f"set {kept_from.setting} to where that stands, or `thruline change {source.name} {OPTION}=`",
            )


def _stay(line: Line, run: Run, target: Embedder) -> ChangeReport:
    """It serves already: what lacks is embedded, and a change to another one is given up."""
    with run.commit():
        if line.changes.under_way(INDEX):
            line.changes.end(INDEX, "stopped", run=run.id, actor=run.actor)
    name = line.embedders.how(target).model
    return ChangeReport(outcome="serving", before=name, after=name, generation=publish_live(line, run, "reindex"))


def _moved(line: Line, run: Run, target: Embedder, serves: str, wanted: Wanted) -> ChangeReport:
    records = kept(line)
    left = lacking(line, target.info.digest, records)
    began = time.monotonic()
    _fill_all(line, run, target, records, wanted.share)
    seconds = time.monotonic() - began
    read = _read(line, run, target, wanted)
    passes = read is not None and read.passes
    generation = line.generations.active(INDEX) or ""
    if passes or wanted.force:
        generation = _switch(line, run, target, forced=not passes)
    return ChangeReport(
        outcome="switched" if passes else "forced" if wanted.force else "refused", before=line.embedders.name(serves),
        after=line.embedders.how(target).model, records=len(records), left=len(left),
        chunks=sum(r.chunks for r in left), seconds=seconds, read=read, generation=generation,
    )  # fmt: skip


def _fill_all(line: Line, run: Run, target: Embedder, records: Sequence[Record], share: float) -> None:
    """Embed what lacks, and what came in meanwhile; what cannot be read any more is left."""
    tried: set[ArtifactId] = set()
    for _ in range(ROUNDS):
        left = [r for r in lacking(line, target.info.digest, records) if r.id not in tried]
        if not left:
            return
        fill(line, run, target, left, share=share, told=partial(_tell, run, len(records) - len(left), len(records)))
        tried |= {r.id for r in left}
        records = kept(line)


def _tell(run: Run, there: int, of: int, done: int) -> None:
    run.tell("embedding", there + done, of)


def _read(line: Line, run: Run, target: Embedder, wanted: Wanted) -> DualRead | None:
    """What both find, on record with its verdict; None where nothing is to be asked, or the old one cannot be."""
    if not wanted.questions:
        return None
    before = _before(line, force=wanted.force)
    if before is None:
        return None
    candidate = beside(line, run, target.info.digest)
    after = Side(line.shelf.snapshot(candidate), target)
    try:
        read = dual_read(line, run, before, after, most=wanted.questions, margin=wanted.margin)
    finally:
        after.serving.close()
    with run.commit():
        line.registry.judge(_verdict(candidate, read), run=run.id, actor=run.actor)
        if not (read.passes or wanted.force):
            line.changes.end(INDEX, "refused", run=run.id, actor=run.actor)
    return read


def _before(line: Line, *, force: bool) -> Side | None:
    """What serves; None where it cannot be asked any more and somebody wants to move all the same."""
    serving = line.shelf.serving()
    try:
        return Side(serving, line.embedders.of(serving.generation))
    except Conflict:
        if not force:
            raise
        return None


def _verdict(candidate: ArtifactId, read: DualRead) -> Verdict:
    return Verdict(
        of=candidate, rule="retrieval_gate", outcome="passed" if read.passes else "failed", score=read.difference,
        low=read.low, high=read.high, threshold=-read.margin,
    )  # fmt: skip


def _switch(line: Line, run: Run, target: Embedder, *, forced: bool) -> str:
    """One transaction: what came in since is embedded in it, so that nothing is missing afterwards."""
    _fill_all(line, run, target, kept(line), 1.0)
    beside(line, run, target.info.digest)  # all but the last few of it, before others have to wait
    with run.commit():
        fill(line, run, target, lacking(line, target.info.digest, kept(line)))
        generation = publish_moved(line, run, target.info.digest)
        line.changes.end(INDEX, "forced" if forced else "switched", run=run.id, actor=run.actor)
        return generation


def _chunk_s(line: Line, target: Embedder, records: Sequence[Record]) -> float:
    texts = list(texts_of(line, records[:TRIED]))
    target.passages(texts[:1])  # the first one opens files and threads
    began = time.monotonic()
    target.passages(texts)
    return (time.monotonic() - began) / max(1, len(texts))
