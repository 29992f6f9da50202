"""Rerank: all that happens to hits between their fusion and the answer, in one place.

Whatever orders them sees what the reader may see, in the words that the reader is shown, and nothing else. A reranker
that is late, away or broken costs the better order and never the answer.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from thruline.core.clock import Micros
from thruline.core.errors import ThrulineError, Unavailable
from thruline.core.ids import ArtifactId
from thruline.core.units import parse_moment
from thruline.flows import residency
from thruline.flows.reports import AS_FOUND, Order, Reranked
from thruline.models.ranker import Learned, Ranker
from thruline.ports.reranker import Reranker
from thruline.vectors.features import VERSION, Candidate, features
from thruline.vectors.ordering import Ordering, by_score, capped, diverse, likeness, worth
from thruline.vectors.serving import Hit

if TYPE_CHECKING:
    from thruline.flows.find import Found
    from thruline.flows.line import Line

LEARNED = "learned"
_PATIENT_S = 60.0  # a replay waits for what was in time then

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Way:
    """How to order hits. failed: why the reranker that is set cannot be used."""

    ordering: Ordering
    reranker: Reranker | Learned | None = None
    failed: ThrulineError | None = None

    @property
    def is_as_found(self) -> bool:
        """Whether the order of the search stands."""
        return not (self.reranker or self.failed or self.ordering.reorders)

    def depth(self, k: int) -> int:
        """How many hits to find, so that the k best are among them."""
        return k if self.is_as_found else max(k, self.ordering.depth)


UNTOUCHED = Way(ordering=Ordering())


def now(line: Line) -> Way:
    """By the settings, and the learned reranker that serves."""
    ordering, kind = line.limits.ordering, line.limits.reranker
    try:
        reranker = line.ranker if kind == LEARNED else line.reranker if kind else None
    except ThrulineError as error:
        logger.warning("the reranker cannot be used", extra={"reason": error.message})
        return Way(ordering=ordering, failed=error)
    return Way(ordering=ordering, reranker=reranker)


def then(line: Line, order: Order) -> Way:
    """As a receipt says that it was done; without the reranker where that is not here any more."""
    ordering = Ordering(
        depth=order.depth, within_s=_PATIENT_S, diversity=order.diversity, per_source=order.per_source,
        per_record=order.per_record, half_life_s=order.half_life_s, window=order.window,
    )  # fmt: skip
    if order.reranked != "done":
        return Way(ordering=ordering)
    try:
        if order.reranker == LEARNED:
            model = ArtifactId(order.model)
            ranker = Ranker.load(line.registry.files(model), VERSION)
            return Way(ordering=ordering, reranker=Learned(model, ranker))
        here = line.reranker if line.limits.reranker not in ("", LEARNED) else None
    except ThrulineError as error:
        return Way(ordering=ordering, failed=error)
    return Way(ordering=ordering, reranker=here if here and model_id(line, here) == order.model else None)


def model_id(line: Line, reranker: Reranker | Learned) -> ArtifactId:
    """The reranker as an artifact: what an answer passed through."""
    return reranker.model if isinstance(reranker, Learned) else line.ids.artifact("model", reranker.info.digest)


def ordered(
    line: Line, question: str, hits: Sequence[Hit], found: list[Found], k: int, way: Way
) -> tuple[list[Found], Order]:
    """The k best of what was found, and what was done for it."""
    if way.is_as_found or not found:
        window = way.ordering.window
        return found[:k], replace(AS_FOUND, window=window) if window else AS_FOUND
    told = _told(line, way)
    best = found[: way.ordering.depth]
    scores, told = _scored(line, question, hits, best, way, told)
    places = _arranged(line, [best[place] for place in by_score(scores)], way.ordering)
    return [*places, *found[len(best) :]][:k], told


def candidates(line: Line, hits: Sequence[Hit], found: Sequence[Found]) -> list[Candidate]:
    """Hits as the learned reranker looks at them."""
    at = {hit.chunk: hit for hit in hits}
    ages = _ages_s(line, found)
    return [
        Candidate(
            source=f.passage.source, title=f.passage.title, text=f.passage.text, fused=at[f.hit.chunk].score,
            dense_rank=at[f.hit.chunk].dense_rank, dense_score=at[f.hit.chunk].dense_score,
            text_rank=at[f.hit.chunk].text_rank, text_score=at[f.hit.chunk].text_score, age_s=age,
        )
        for f, age in zip(found, ages, strict=True)
    ]  # fmt: skip


def _told(line: Line, way: Way) -> Order:
    o, reranker = way.ordering, way.reranker
    name = "" if reranker is None else LEARNED if isinstance(reranker, Learned) else reranker.info.name
    return Order(
        reranker=name or (line.limits.reranker if way.failed else ""),
        model=model_id(line, reranker) if reranker else "",
        reranked=_outcome(way.failed) if way.failed else "off", depth=o.depth, diversity=o.diversity,
        per_source=o.per_source, per_record=o.per_record, half_life_s=o.half_life_s, window=o.window,
    )  # fmt: skip


def _scored(
    line: Line, question: str, hits: Sequence[Hit], best: Sequence[Found], way: Way, told: Order
) -> tuple[list[float | None], Order]:
    """A score for each of the best, none for what the reranker was not given."""
    none: list[float | None] = [None] * len(best)
    if way.reranker is None:
        return none, told
    if isinstance(way.reranker, Learned):
        scores = way.reranker.ranker.scores(features(question, candidates(line, hits, best)))
        return scores.tolist(), replace(told, reranked="done")
    home = _kept_home(line, hits)
    given = [place for place, f in enumerate(best) if f.hit.record not in home]
    texts = [f"{best[place].passage.title}\n{best[place].passage.text}" for place in given]
    try:
        scores = way.reranker.scores(question, texts, way.ordering.within_s)
    except ThrulineError as error:
        logger.warning("the order of the search stands", extra={"reason": error.message})
        return none, replace(told, reranked=_outcome(error))
    said = dict(zip(given, scores.tolist(), strict=True))
    kept = len(best) - len(given)
    return [said.get(place) for place in range(len(best))], replace(told, reranked="done", kept_home=kept)


def _kept_home(line: Line, hits: Sequence[Hit]) -> set[ArtifactId]:
    """Records that a reranker elsewhere may not be given."""
    away = residency.kept_from(line, "ranks")
    return {hit.record for hit in hits if hit.source in away}


def _outcome(error: ThrulineError) -> Reranked:
    return "unavailable" if isinstance(error, Unavailable) else "failed"


def _arranged(line: Line, found: list[Found], ordering: Ordering) -> list[Found]:
    """The same, with less of what is old, of what repeats and of what comes from one place."""
    if not ordering.reorders:
        return found
    ages = _ages_s(line, found) if ordering.half_life_s else [0.0] * len(found)
    value = worth(ages, ordering.half_life_s)
    if ordering.diversity:
        order = diverse(value, likeness([f.passage.text for f in found]), ordering.diversity)
    else:
        order = np.argsort(-value, kind="stable").tolist()
    order = capped(order, [f.passage.record for f in found], ordering.per_record)
    order = capped(order, [f.passage.source for f in found], ordering.per_source)
    return [found[place] for place in order]


def _ages_s(line: Line, found: Sequence[Found]) -> list[float]:
    """How much older each is than the youngest of them, by its own date or when it came in; no clock: a replay agrees.

    None is younger than when it came in, whatever date it bears.
    """
    records = line.records.get_many(sorted({f.hit.record for f in found}))
    times = {f.hit.record: _time(f.passage.date, records[f.hit.record].seen) for f in found if f.hit.record in records}
    youngest = max(times.values(), default=0)
    return [(youngest - times[f.hit.record]) / 1e6 if f.hit.record in times else 0.0 for f in found]


def _time(date: str, seen: Micros) -> Micros:
    return min(seen, parse_moment(date, seen)) if date else seen
