"""Scored: how what a source brings scores, kept as counts with each group that comes in; a move is told once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from thruline.core.facts import INDIRECT_KINDS, SCORES
from thruline.core.nouns import Draft, Source
from thruline.data.policies import SCORE
from thruline.data.quality_columns import Columns, scores
from thruline.data.score_blocks import UNTOLD, Counts, counted
from thruline.data.score_drift import Move, look
from thruline.flows.documents import Document, pages_of
from thruline.flows.prepare import REJUDGED, Prepared
from thruline.flows.toxicity import UNKNOWN, column, judged, keep
from thruline.runs.runner import Run

if TYPE_CHECKING:
    from thruline.flows.line import Line

VERB = "source.drifted"
OPENS = ("secret", "url")  # kinds of mentions that open a door: keys, and addresses with a password in them
EARLIER = "earlier"  # stands for the runs of which nothing was counted
SAMPLE = 2_000  # documents of a source from before there were counts: enough to compare with, in a second or two


def columns_of(documents: Sequence[Document], toxicity: np.ndarray | None) -> Columns:
    """The scores of documents, without look-alikes of personal data. toxicity: NaN where nobody judged; None at all."""
    met = [[m.kind for m in d.mentions if m.score >= SCORE] for d in documents]
    secrets = [sum(kind in OPENS for kind in kinds) for kinds in met]
    mentions = [sum(kind not in INDIRECT_KINDS for kind in kinds) for kinds in met]
    measured = scores([d.text for d in documents], mentions=mentions, secrets=secrets)
    return measured if toxicity is None else measured | {"toxicity": toxicity}


class Came(NamedTuple):
    """Documents that come in together, counted by score. hurtful: what a judge said, by record."""

    documents: int
    counts: Counts
    hurtful: Mapping[str, float] = MappingProxyType({})


def came(documents: Sequence[Document], toxicity: np.ndarray | None) -> Came:
    """Count documents; it reads each."""
    if not documents:
        return Came(0, {})
    counts = counted(columns_of(documents, toxicity), [document.language or UNTOLD for document in documents])
    return Came(len(documents), {score: bins for score, bins in counts.items() if score in SCORES})


def came_in(line: Line, group: Sequence[Prepared]) -> Came:
    """The same for what a sync met, without what it only reads again by other rules; a judge is asked about all."""
    hurtful = judged(line, {p.raw.record: p.document.value for p in group if p.document and not p.same})
    new = [(p.raw.record, p.document.value) for p in group if p.document and p.raw.change != REJUDGED]
    said = np.array([hurtful.get(record, UNKNOWN) for record, _ in new], np.float64) if hurtful else None
    return came([document for _, document in new], said)._replace(hurtful=hurtful)


def begin(line: Line, run: Run, source: Source) -> None:
    """Count what a source of an older home holds, before anything else comes in; once."""
    if line.score_blocks.has(source.id):
        return
    for page in pages_of(line, line.records.of_source(source.id, state="live")[-SAMPLE:]):
        held = came([document for _, document in page], column(line, [record.id for record, _ in page]))
        with run.commit():
            _keep(line, EARLIER, source, held)


def note(line: Line, run: Run, source: Source, new: Came) -> None:
    """Keep the counts of what came in, in the caller's transaction, and what a judge said of it."""
    keep(line, new.hurtful)
    _keep(line, run.id, source, new)


def _keep(line: Line, run: str, source: Source, new: Came) -> None:
    if new.documents:
        line.score_blocks.add(source.id, run, line.clock.now(), new.documents, new.counts)


def settle(line: Line, run: Run, source: Source) -> None:
    """Look whether it scores otherwise than what came before, and say so once; in the caller's transaction."""
    if not line.score_blocks.unseen(source.id):
        return
    held = line.score_moves.of(source.id)
    line.score_blocks.fold(source.id, (move.block for move in held.values()))
    blocks = line.score_blocks.of(source.id)
    line.score_blocks.mark_seen(source.id)
    seen = look(blocks, held)
    since = {block.number: block.since for block in blocks}
    line.score_moves.put(source.id, [(move, since[move.block]) for move in seen.moved])
    line.score_moves.drop(source.id, seen.back)
    tell(run, source, {"moved": seen.moved, "back": [held[score] for score in seen.back]})


def tell(run: Run, source: Source, moves: Mapping[str, Sequence[Move]]) -> None:
    """Put on the ledger what became of scores; in the caller's transaction."""
    run.append(
        *(
            Draft(
                verb=VERB, inputs=(source.id,),
                facts={
                    "score": move.score, "state": state, "distance": round(move.distance, 4),
                    "before": float(f"{move.before:.4g}"), "now": float(f"{move.now:.4g}"), "documents": move.window,
                },
            )
            for state, listed in moves.items()
            for move in listed
        )
    )  # fmt: skip
