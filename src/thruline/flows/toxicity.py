"""Toxicity: what a judge of the operator's says of each document as it comes in, and later of what it was not asked of.

A judge that is away holds up nothing: its documents come in, are counted as not judged, and each sync asks again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from thruline.core.errors import ThrulineError
from thruline.core.nouns import Source
from thruline.flows.documents import Document, pages_of
from thruline.flows.residency import kept_from
from thruline.runs.runner import Run

if TYPE_CHECKING:
    from thruline.flows.line import Line

UNKNOWN = float("nan")


class Unjudged(NamedTuple):
    """How many documents of a source nobody judged, and why where that is known."""

    documents: int
    reason: str


def judged(line: Line, documents: Mapping[str, Document]) -> dict[str, float]:
    """Record -> the score of its most hurtful chunk; nothing without a judge, and while it is away."""
    try:
        return _asked(line, documents)
    except ThrulineError:
        return {}  # the sync's report counts them, and says why


def keep(line: Line, scores: Mapping[str, float]) -> None:
    """Keep what the judge said of those that came in, in the caller's transaction."""
    if scores:
        there = line.records.get_many(list(scores))
        line.judgements.put(judge_id(line), {id: score for id, score in scores.items() if id in there})


def catch_up(line: Line, run: Run, source: Source) -> Unjudged:
    """Ask about what was not judged yet; what is left: all of it where it may not be sent to where the judge stands."""
    if line.judge is None:
        return Unjudged(0, "")
    missing = line.judgements.missing(judge_id(line), source.id)
    if source.id in kept_from(line, "reads"):
        return Unjudged(len(missing), "the source's documents stay in their region")
    done = 0
    for page in pages_of(line, list(line.records.get_many(missing).values())):
        try:
            scores = _asked(line, {record.id: document for record, document in page})
        except ThrulineError as error:
            return Unjudged(len(missing) - done, error.message)
        with run.commit():
            keep(line, scores)
        done += len(scores)
        run.tell("judging", done, len(missing))
    return Unjudged(0, "")


def _asked(line: Line, documents: Mapping[str, Document]) -> dict[str, float]:
    if line.judge is None:
        return {}
    chunks = [(record, chunk.text) for record, document in documents.items() for chunk in document.chunks]
    scores = line.judge.toxicity([text for _, text in chunks])
    worst = dict.fromkeys(documents, 0.0)  # what says nothing hurts nobody
    for (record, _), score in zip(chunks, scores, strict=True):
        worst[record] = max(worst[record], score)
    return worst


def column(line: Line, records: Sequence[str]) -> np.ndarray | None:
    """(records,) what was said of each, NaN where nobody said; None without a judge."""
    if line.judge is None:
        return None
    said = line.judgements.of(judge_id(line), records)
    return np.array([said.get(record, UNKNOWN) for record in records], np.float64)


def judge_id(line: Line) -> str:
    """Which judge it is, as the tables know it."""
    assert line.judge is not None
    return line.ids.digest("judge", line.judge.name)
