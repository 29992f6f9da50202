"""Change the embedder or the chunking without a gap: a generation is built beside the one that serves, asked, and
takes its place.

Until the switch every question is answered by what serves, and what comes in is made by both. Killed in any phase, the
next call goes on: what was made is kept, and the switch is one transaction.
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
from thruline.data.cuts import cut_of
from thruline.data.records import Record
from thruline.data.residency import OPTION, away
from thruline.flows import INDEX
from thruline.flows.backfill import Maker, fill, kept, lacking
from thruline.flows.dual_read import Side, dual_read
from thruline.flows.embedders import part_of
from thruline.flows.foreseen import foreseen
from thruline.flows.publish import beside, publish_live, publish_moved, serving_sets
from thruline.flows.reports import ChangeReport, DualRead
from thruline.flows.residency import said as said_of
from thruline.ports.embedder import EmbedderSettings
from thruline.runs.runner import Progress, Run
from thruline.vectors.recipes import Recipe

if TYPE_CHECKING:
    from thruline.flows.line import Line

ROUNDS = 3  # of looking for what came in while the rest was embedded; after that the switch embeds it itself


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How to change. embedder: a name, or empty for the one that is set. share: of the time that embedding may take.

    chunking: as `data.cuts` reads it, or empty for the one that serves.
    questions: asked of both at most; none are asked where it is 0. margin: what may be lost of the share that finds
    its passage.
    """

    embedder: str = ""
    chunking: str = ""
    share: float = 0.5
    questions: int = 200
    margin: float = 0.05
    force: bool = False


def change(line: Line, actor: str, wanted: Wanted, progress: Progress | None = None) -> ChangeReport:
    """Build, ask and switch; see ChangeReport. Raises Denied where a residency keeps documents from the embedder."""
    how = _checked(line, wanted)
    with line.runs.start("reindex", only="index", actor=actor, progress=progress) as run:
        serves, target = _sides(line, how, wanted)
        if serves == target.recipe:
            return _stay(line, run, target)
        if not wanted.force:
            line.embedders.by_digest(serves.embedder)  # it will be asked: better to fail now than after hours
        with run.commit():
            line.embedders.remember(target.embedder)
            line.changes.begin(INDEX, target.recipe, run=run.id, actor=actor)
        return _moved(line, run, target, serves, wanted)


def plan(line: Line, wanted: Wanted) -> ChangeReport:
    """How much work a change would be, by the time that a few records take; raises as `change` does."""
    serves, target = _sides(line, _checked(line, wanted), wanted)
    records = kept(line)
    left = lacking(line, target.recipe, records)
    work = foreseen(line, target, left)
    return ChangeReport(
        outcome="serving" if serves == target.recipe else "planned", before=said(line, serves),
        after=said(line, target.recipe), records=len(records), left=len(left), chunks=work.chunks,
        seconds=work.seconds / wanted.share, generation=line.generations.active(INDEX) or "",
    )  # fmt: skip


def stop(line: Line, actor: str) -> ChangeReport:
    """Give up a change that is under way: what serves goes on, and what was embedded is kept for another time."""
    with line.runs.start("reindex", only="index", actor=actor) as run, run.commit():
        going = line.changes.under_way(INDEX)
        if going is None:
            raise Conflict("no change is under way", hint="`thruline index change` begins one")
        line.changes.end(INDEX, "stopped", run=run.id, actor=actor)
    active = line.generations.active(INDEX)
    return ChangeReport(
        outcome="stopped", before=said(line, line.recipe if active else going), after=said(line, going),
        generation=active or "",
    )  # fmt: skip


def said(line: Line, recipe: Recipe) -> str:
    """A recipe as people call it."""
    return ", ".join(filter(None, (line.embedders.name(recipe.embedder), recipe.cut)))


def _checked(line: Line, wanted: Wanted) -> EmbedderSettings:
    """How the embedder that is wanted is opened; raises Invalid for what cannot be meant."""
    if not 0 < wanted.share <= 1:
        raise Invalid(f"share = {wanted.share:g} is out of range", hint="above 0 and up to 1, as 0.5")
    if not 0 <= wanted.margin <= 1:
        raise Invalid(f"margin = {wanted.margin:g} is out of range", hint="0 to 1, as 0.05")
    if wanted.questions < 0 or (wanted.questions == 0 and not wanted.force):
        raise Invalid(f"questions = {wanted.questions} asks nothing", hint="at least 1, or --force")
    if wanted.chunking:
        cut_of(wanted.chunking)
    how = line.embedders.named(wanted.embedder) if wanted.embedder else line.engines.embedding()
    _check_residency(line, how)
    return how


def _sides(line: Line, how: EmbedderSettings, wanted: Wanted) -> tuple[Recipe, Maker]:
    """What serves, and what makes what is to serve; the same while nothing serves."""
    embedder = line.embedders.open(how)
    active = line.generations.active(INDEX)
    if wanted.chunking and not active:
        raise Conflict("nothing is cut yet", hint="set ingest.chunk_words, which holds for what comes in first")
    serves = line.generations.get(active).recipe if active else Recipe(embedder.info.digest)
    return serves, Maker(embedder, cut_of(wanted.chunking).text if wanted.chunking else serves.cut)


def _check_residency(line: Line, how: EmbedderSettings) -> None:
    part = part_of(how, line.engines.embedding())
    for source in line.records.sources() if part else ():
        for kept_from in away(source.options, [part] if part else [], "reads"):
            raise Denied(
                f"{said_of(source, kept_from)}: it is given nothing of it",
                hint=f"set {kept_from.setting} to where that stands, or `thruline change {source.name} {OPTION}=`",
            )


def _stay(line: Line, run: Run, target: Maker) -> ChangeReport:
    """It serves already: what lacks is made, and a change to another is given up."""
    with run.commit():
        if line.changes.under_way(INDEX):
            line.changes.end(INDEX, "stopped", run=run.id, actor=run.actor)
    name = said(line, target.recipe)
    return ChangeReport(outcome="serving", before=name, after=name, generation=publish_live(line, run, "reindex"))


def _moved(line: Line, run: Run, target: Maker, serves: Recipe, wanted: Wanted) -> ChangeReport:
    records = kept(line)
    left = lacking(line, target.recipe, records)
    began = time.monotonic()
    _fill_all(line, run, target, records, wanted.share)
    seconds = time.monotonic() - began
    lost = len(_lost(line, target.recipe))
    read = _read(line, run, target, wanted, lost)
    passes = read is not None and read.passes and not lost
    generation = line.generations.active(INDEX) or ""
    if passes or wanted.force:
        generation = _switch(line, run, target, forced=not passes)
    return ChangeReport(
        outcome="switched" if passes else "forced" if wanted.force else "refused", before=said(line, serves),
        after=said(line, target.recipe), records=len(records), left=len(left),
        chunks=sum(r.chunks for r in left), seconds=seconds, read=read, generation=generation, lost=lost,
    )  # fmt: skip


def _lost(line: Line, recipe: Recipe) -> list[Record]:
    """What answers and could not be made anew of what is stored: it would leave answers with the switch."""
    serves = line.records.get_many(list(serving_sets(line)))
    return lacking(line, recipe, [r for r in serves.values() if r.state == "live"])


def _fill_all(line: Line, run: Run, target: Maker, records: Sequence[Record], share: float) -> None:
    """Make what lacks, and of what came in meanwhile; what cannot be read any more is left."""
    tried: set[ArtifactId] = set()
    for _ in range(ROUNDS):
        left = [r for r in lacking(line, target.recipe, records) if r.id not in tried]
        if not left:
            return
        fill(line, run, target, left, share=share, told=partial(_tell, run, len(records) - len(left), len(records)))
        tried |= {r.id for r in left}
        records = kept(line)


def _tell(run: Run, there: int, of: int, done: int) -> None:
    run.tell("embedding", there + done, of)


def _read(line: Line, run: Run, target: Maker, wanted: Wanted, lost: int) -> DualRead | None:
    """What both find, on record with its verdict; None where nothing is to be asked, or the old one cannot be."""
    if not wanted.questions:
        return None
    before = _before(line, force=wanted.force)
    if before is None:
        return None
    candidate = beside(line, run, target.recipe)
    after = Side(line.shelf.snapshot(candidate), target.embedder, target.cut)
    try:
        read = dual_read(line, run, before, after, most=wanted.questions, margin=wanted.margin)
    finally:
        after.serving.close()
    with run.commit():
        line.registry.judge(_verdict(candidate, read), run=run.id, actor=run.actor)
        if not ((read.passes and not lost) or wanted.force):
            line.changes.end(INDEX, "refused", run=run.id, actor=run.actor)
    return read


def _before(line: Line, *, force: bool) -> Side | None:
    """What serves; None where it cannot be asked any more and somebody wants to move all the same."""
    serving = line.shelf.serving()
    try:
        cut = line.generations.get(serving.generation).recipe.cut if serving.generation else ""
        return Side(serving, line.embedders.of(serving.generation), cut)
    except Conflict:
        if not force:
            raise
        return None


def _verdict(candidate: ArtifactId, read: DualRead) -> Verdict:
    return Verdict(
        of=candidate, rule="retrieval_gate", outcome="passed" if read.passes else "failed", score=read.difference,
        low=read.low, high=read.high, threshold=-read.margin,
    )  # fmt: skip


def _switch(line: Line, run: Run, target: Maker, *, forced: bool) -> str:
    """One transaction: what came in since is made in it, so that nothing is missing afterwards."""
    _fill_all(line, run, target, kept(line), 1.0)
    beside(line, run, target.recipe)  # all but the last few of it, before others have to wait
    with run.commit():
        fill(line, run, target, lacking(line, target.recipe, kept(line)))
        generation = publish_moved(line, run, target.recipe)
        line.changes.end(INDEX, "forced" if forced else "switched", run=run.id, actor=run.actor)
        return generation
