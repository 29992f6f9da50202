"""Find: question -> access -> search -> passages with their text."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Literal, NamedTuple

from thruline.core.documents import Chunk
from thruline.core.errors import Invalid
from thruline.core.nouns import Actor
from thruline.flows import rerank
from thruline.flows.asked_fields import where
from thruline.flows.documents import path_names, read_documents
from thruline.flows.eyes import eyes
from thruline.flows.filters import ALL, Filters, fitting, within
from thruline.flows.filters import serving as snapshot
from thruline.flows.line import Line
from thruline.flows.purposes import ANSWER, permitted
from thruline.flows.recall_sample import Limits
from thruline.flows.reports import Passage, SearchReport
from thruline.flows.search_log import log
from thruline.flows.searched import searched
from thruline.flows.sight import groups_of
from thruline.vectors import context as contexts
from thruline.vectors.fusion import Fusion
from thruline.vectors.serving import Hit, Hits, Serving

MOST_PASSAGES = 100
By = Literal["both", "words"]


class Found(NamedTuple):
    """A hit as the context of an answer takes it, and as a person sees it."""

    hit: contexts.Hit
    passage: Passage


def search(
    line: Line, actor: Actor, question: str, k: int, *, by: By = "both", purpose: str = ANSWER,
    filters: Filters = ALL,
) -> SearchReport:  # fmt: skip
    """The k best passages that the actor may see, that may be used for a purpose and that fit the filters."""
    if not 1 <= k <= MOST_PASSAGES:
        raise Invalid(f"k = {k} is out of range", hint=f"1 to {MOST_PASSAGES}")
    check_question(line, question)
    began = time.monotonic()
    serving, way = snapshot(line, filters), rerank.now(line) if by == "both" else rerank.UNTOUCHED
    hits = find(line, serving, actor, question, way.depth(k), by=by, purpose=purpose, filters=filters)
    found, order = rerank.ordered(line, question, hits.hits, read_hits(line, hits, actor), k, way)
    ms = (time.monotonic() - began) * 1000
    log(line, actor, question, hits.plan.visible / max(1, len(serving)))
    return SearchReport(
        question=question, passages=tuple(f.passage for f in found), generation=serving.generation,
        visible=hits.plan.visible, asked=k, ms=ms, left_out=hits.plan.left_out,
        filters=filters, order=order, searched=searched(line, serving, hits),
        unreachable=hits.plan.unreachable,
    )  # fmt: skip


def check_question(line: Line, question: str) -> None:
    """Raises Invalid for an empty or an endless question."""
    if not question.strip():
        raise Invalid("the question is empty", hint="ask something")
    if len(question) > line.limits.question_limit:
        raise Invalid(
            f"the question has {len(question)} characters",
            hint=f"at most {line.limits.question_limit} (setting guard.question_limit)",
        )


def find(
    line: Line, serving: Serving, actor: Actor, question: str, k: int, *, by: By = "both", purpose: str = ANSWER,
    filters: Filters = ALL,
) -> Hits:  # fmt: skip
    """The k best chunks that the actor may see, that may be used for a purpose and that fit the filters.

    The mask of what may not is made before anything is scored.
    """
    return find_in(line, serving, view(line, serving, actor, purpose, filters), question, k, by=by)


def view(line: Line, serving: Serving, actor: Actor, purpose: str = ANSWER, filters: Filters = ALL) -> Limits:
    """What of a snapshot the actor may see, that may be used for a purpose and that fits the filters."""
    sources, without = permitted(line, purpose)
    sources = within(line, filters, sources)
    only = fitting(line, actor, filters, serving.records)
    return Limits(groups_of(line, actor), sources, without, only, where(line, actor, filters))


def find_in(
    line: Line, serving: Serving, seen: Limits, question: str, k: int, *, by: By = "both",
    fusion: Fusion | None = None, depth: int = 0,
) -> Hits:  # fmt: skip
    """The k best chunks of what is seen. fusion: how rankings are joined, instead of as it is in force."""
    if by == "words" or not len(serving):
        return serving.search(question, None, k, **seen._asdict())
    with line.embedders.asking():
        vector = line.embedders.of(serving.generation).query(question)
        line.audits.drawn.offer(serving, vector, seen)
        fusion = fusion or Fusion.read(line.choices.current("fusion"))
        return serving.search(question, vector, k, **seen._asdict(), fusion=fusion, depth=depth)


def read_hits(line: Line, hits: Hits, actor: Actor) -> list[Found]:
    """Hits with their text as the actor sees it; a record that was erased a moment ago is left out."""
    records = line.records.get_many([h.record for h in hits.hits])
    places = line.records.places([h.chunk for h in hits.hits])
    documents = read_documents(line, [p.document for p in places.values() if p.record in records])
    paths = path_names(line, list(records), actor)
    sources = {s.id: s.name for s in line.records.sources()}
    reader = eyes(line, actor)
    covers = {id: reader.cover(document) for id, document in documents.items()}
    found: list[Found] = []
    for hit in hits.hits:
        record = records.get(hit.record)
        place = places.get(hit.chunk)
        document = documents.get(place.document) if place else None
        if record is None or document is None or place is None:
            continue
        chunk, cover = document.chunks[place.position], covers[place.document]
        chunk = replace(chunk, title=cover(chunk.title), text=cover(chunk.text))
        passage = Passage(
            number=0, chunk=hit.chunk, record=hit.record, source=sources.get(hit.source, ""),
            path=paths.get(hit.record, ""), title=chunk.title, text=chunk.text, page=chunk.page,
            score=round(hit.score, 6), dense_rank=hit.dense_rank, text_rank=hit.text_rank,
            doubtful=chunk.doubtful, date=document.day(reader.hidden),
        )  # fmt: skip
        found.append(Found(_as_context(hit, chunk), passage))
    return found


def _as_context(hit: Hit, chunk: Chunk) -> contexts.Hit:
    return contexts.Hit(
        chunk=hit.chunk, record=hit.record, title=chunk.title, text=chunk.text, start=chunk.start, end=chunk.end,
        score=hit.score,
    )  # fmt: skip
