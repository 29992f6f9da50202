"""data: how clean a source's documents are, which say the same, and what of them is written for training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from thruline.app.operations import operation
from thruline.app.platform import Platform
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    from thruline.flows import alike as alikes
    from thruline.flows import corpus as corpora
    from thruline.flows import drifts, reports
    from thruline.flows import quality as qualities
else:
    reports = lazy("thruline.flows.reports")
    alikes = lazy("thruline.flows.alike")
    corpora = lazy("thruline.flows.corpus")
    drifts = lazy("thruline.flows.drifts")
    qualities = lazy("thruline.flows.quality")

SAME = 0.94  # data/alike.py says why; not imported, so that a command starts without numpy


@operation(role="reader", cli="quality", positional=("source",), reads=True)
def quality(
    p: Platform, *,
    source: Annotated[str, "a source"],
    purpose: Annotated[Literal["rag", "training"], "rules for answering, or the stricter ones for training"] = "rag",
    since: Annotated[str, "also say how scores moved since then, as `7d` or `2026-11-22`"] = "",
) -> reports.QualityReport:  # fmt: skip
    """Name the documents of a source that fail a rule of quality, and tell when its scores have moved."""
    return qualities.quality(p.line, p.actor, source, purpose, since)


@operation(role="operator", cli="accept", positional=("source",))
def accept(p: Platform, *, source: Annotated[str, "a source whose scores have moved"]) -> reports.AcceptReport:
    """Take what a source brings now for usual: it is compared with what it brought before no more."""
    return drifts.accept(p.line, p.actor, source)


@operation(role="operator", cli="alike")
def alike(
    p: Platform, *,
    at: Annotated[float, "similarity from which two say the same; measured for bge-small-en-v1.5, 1 is equal"] = SAME,
    limit: Annotated[int, "name at most this many pairs, the most similar first"] = 20,
) -> reports.AlikeReport:  # fmt: skip
    """Find documents that say in other words what an earlier one says, and keep that; all of them answer on."""
    return alikes.compare(p.line, p.actor, at, limit, p.progress)


@operation(role="operator", cli="corpus", positional=("sources",))
def corpus(
    p: Platform, *,
    sources: Annotated[tuple[str, ...], "sources"],
    out: Annotated[str, "the .parquet file or .lance folder to write; its data sheet lies beside it"],
    purpose: Annotated[Literal["rag", "training"], "whose rules of quality a document has to pass"] = "training",
    held_out: Annotated[str, "a Parquet file whose column `text` is for testing alone: what it holds is left out"] = "",
    use: Annotated[str, "what the set is for: only sources that may be used so, nobody who withdrew it"] = "train",
    distinct: Annotated[float, "leave out what says in other words what another says, from this similarity on"] = 0.0,
) -> reports.CorpusReport:  # fmt: skip
    """Write a cleaned set of documents for training, each text once, with its data sheet."""
    return corpora.export(p.line, p.actor, sources, purpose, out, held_out=held_out, use=use, distinct=distinct)
