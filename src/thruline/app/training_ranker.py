"""Training the reranker on the judged questions of a home. Needs the extra `train`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from thruline.app.results import Metric, ModelReport
from thruline.app.shelf import ROLE
from thruline.core.errors import Invalid
from thruline.flows import judged
from thruline.flows.train_ranker import Recipe, train
from thruline.models.evaluate import Estimate

if TYPE_CHECKING:
    from thruline.app.platform import Platform
    from thruline.flows.judged import Row
    from thruline.vectors.judged import Part


def train_reranker(p: Platform, seed: int, hold: bool) -> ModelReport:
    """Train on one part of the questions, judge by the other and, if it is better than the search's order, deploy."""
    line, began = p.line, time.monotonic()
    if not line.shelf.serving().records:
        raise Invalid("there is nothing to search yet", hint="`thruline add` and `thruline sync` bring documents in")
    recipe = Recipe(
        learn=_nobodys(p, "tuning"), judge=_nobodys(p, "judging"), depth=line.limits.ordering.depth, seed=seed,
        deploy=not hold,
    )  # fmt: skip
    # One training at a time, of whatever: each drops what a killed one left in the folder of jobs.
    with line.runs.start("train", only=ROLE, actor=p.actor.id, progress=p.progress) as run:
        made = train(line, run, p.actor, recipe)
    return ModelReport(
        model=made.model, dataset=made.dataset, job=made.job, rows=made.questions, gate=made.decision.outcome,
        metrics=(
            _metric("ndcg10_of_the_search", made.found), _metric("ndcg10", made.reranked), _metric("gain", made.gain),
        ),
        reasons=made.decision.reasons, serving=line.registry.serving("reranker") == made.model,
        seconds=round(time.monotonic() - began, 2),
    )  # fmt: skip


def _nobodys(p: Platform, part: Part) -> list[Row]:
    """Without what people asked themselves: their questions are theirs, and a model would keep what it learned."""
    return [row for row in judged.rows(p.line, part) if row.origin != "feedback"]


def _metric(name: str, found: Estimate) -> Metric:
    return Metric(name=name, value=round(found.value, 4), low=round(found.low, 4), high=round(found.high, 4))
