"""Retrain the injection detector: dataset, job, evaluation on held-out families, gate, shelf, deployment.

A candidate that misses its gate stays on the shelf with its verdict and never serves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import polars as pl

from thruline.core.errors import Conflict
from thruline.core.ids import ArtifactId, kind_of
from thruline.core.nouns import Verdict
from thruline.flows.detector_job import Fit, Fitted, Watched, drop_leftovers, train_as_job
from thruline.infra.jobs import Jobs
from thruline.models import split
from thruline.models.detector import Detector
from thruline.models.evaluate import Estimate, Report, Scored, difference, evaluate
from thruline.models.gate import Decision, Policy, decide
from thruline.models.registry import Parts, Registry
from thruline.models.shard_shelf import Making
from thruline.models.shards import SHARDS

ROLE = "detector"
STAGES = ("dataset", "training", "evaluation", "gate")


def _nobody_left() -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to train on and how. rows: a frame as in models.datasets; made_of: the records and archives behind it.

    families: record -> those that lie in one shard with it. check: raises Conflict when somebody in the rows has been
    erased; called in the transaction that keeps them. spoil: share of training labels to flip, to show that the gate
    refuses a bad model.
    """

    rows: pl.DataFrame
    made_of: Sequence[ArtifactId]
    families: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[], None] = _nobody_left
    seed: int = 0
    spoil: float = 0.0
    policy: Policy = field(default_factory=Policy)
    deploy: bool = True


@dataclass(frozen=True, kw_only=True)
class Retrained:
    """What came of it. against: AUROC minus that of the model that served, None when none did."""

    dataset: ArtifactId
    model: ArtifactId
    job: str
    report: Report
    against: Estimate | None
    decision: Decision
    deployed: bool


def retrain(jobs: Jobs, registry: Registry, run: Watched, recipe: Recipe, *, workdir: Path) -> Retrained:
    """Train a candidate, judge it against what serves, and let it serve when it passes.

    Raises Unavailable when the job did not succeed, Conflict when somebody in the rows was erased meanwhile; workdir is
    left without folders of trainings. The caller sees to it that no other training uses workdir.
    """
    began = time.monotonic()
    drop_leftovers(workdir)
    run.tell(STAGES[0], 0, len(STAGES))
    dataset = registry.sharded(split.build(recipe.rows, seed=recipe.seed), recipe.families)
    made_of = behind(dataset, recipe.made_of)
    with registry.transaction():
        recipe.check()
        dataset_id = registry.add_dataset(dataset, made_of, run=run.id)
    run.tell(STAGES[1], 1, len(STAGES))
    fit = Fit(seed=recipe.seed, shards=SHARDS, spoil=recipe.spoil)
    fitted = train_as_job(jobs, run, dataset, fit, workdir)
    run.tell(STAGES[2], 2, len(STAGES))
    report, against = compare(dataset, Detector.load(fitted.files), registry.detector(), recipe.seed)
    run.tell(STAGES[3], 3, len(STAGES))
    decision = decide(report, against, recipe.policy)
    with registry.transaction():
        made = Candidate(fitted, fit, dataset_id, dataset, made_of)
        model = shelve(registry, run, made, report, time.monotonic() - began)
        registry.judge(verdict(model, decision), run=run.id, actor=run.actor)
        deployed = recipe.deploy and decision.outcome == "passed" and registry.serving(ROLE) != model
        if deployed:
            registry.deploy(ROLE, model, run=run.id, actor=run.actor)
            registry.supersede(ROLE)
    run.tell(STAGES[3], len(STAGES), len(STAGES))
    return Retrained(
        dataset=dataset_id, model=model, job=fitted.job, report=report, against=against, decision=decision,
        deployed=deployed,
    )  # fmt: skip


def rejudge(registry: Registry, model: ArtifactId, dataset: ArtifactId, actor: str) -> tuple[Report, Decision]:
    """Judge a model on the shelf again, on the test rows of its own dataset and against what serves; kept on record."""
    detector = Detector.load(registry.files(model))
    champion = None if registry.serving(ROLE) == model else registry.detector()
    report, against = compare(registry.dataset(dataset), detector, champion, 0)
    decision = decide(report, against, Policy())
    registry.judge(verdict(model, decision), actor=actor)
    return report, decision


class Candidate(NamedTuple):
    """What a job made, how, and of what: a kept dataset, its rows, and the records and archives behind them."""

    fitted: Fitted
    fit: Fit
    dataset: ArtifactId
    rows: pl.DataFrame
    made_of: Sequence[ArtifactId]


def shelve(registry: Registry, run: Watched, made: Candidate, report: Report, seconds: float) -> ArtifactId:
    """Keep the shards and register the model; seconds: all that making it took.

    Raises Conflict when an erasure took the dataset meanwhile: the weights may remember what was erased.
    """
    if not registry.holds(made.dataset):
        raise Conflict("somebody in the rows was erased while the model was trained", hint="train again")
    fitted, fit = made.fitted, made.fit
    settings = Detector.load(fitted.files).settings
    shards = registry.shards.keep(fitted.shards, taught(made.rows, made.made_of, fit.shards), run=run.id)
    making = Making(fit.seed, settings.shard_s, max(0.0, seconds - settings.shard_s * fit.trained))
    return registry.register(
        fitted.files, made.dataset, parts=Parts(shards, making), report=report, seconds=settings.seconds, run=run.id
    )


def behind(dataset: pl.DataFrame, made_of: Sequence[ArtifactId]) -> list[ArtifactId]:
    """Of these records and archives those that rows came from; a record whose every row repeats another goes."""
    return _in(set(dataset["group"]), made_of)


def taught(dataset: pl.DataFrame, made_of: Sequence[ArtifactId], shards: int) -> list[list[ArtifactId]]:
    """For each shard the records and archives that it learns from."""
    rows = dataset.filter(pl.col("split") == "train")
    groups = [set(rows.filter(pl.col("shard") == n)["group"]) for n in range(shards)]
    return [_in(found, made_of) for found in groups]


def _in(groups: set[str], made_of: Sequence[ArtifactId]) -> list[ArtifactId]:
    return [id for id in made_of if kind_of(id) != "record" or split.group_of(id) in groups]


def compare(
    dataset: pl.DataFrame, candidate: Detector, champion: Detector | None, seed: int
) -> tuple[Report, Estimate | None]:
    """The candidate on the test rows, and its AUROC minus the champion's there."""
    rows = dataset.filter(pl.col("split") == "test")
    texts, labels, groups = rows["text"].to_list(), rows["label"].to_numpy(), rows["group"].to_numpy()
    ours = Scored(labels, candidate.score(texts), groups)
    report = evaluate(ours, candidate.threshold, seed=seed)
    if champion is None:
        return report, None
    return report, difference(ours, Scored(labels, champion.score(texts), groups), seed=seed)


def verdict(model: ArtifactId, decision: Decision) -> Verdict:
    """A decision as it goes on record."""
    return Verdict(
        of=model, rule="detector_gate", outcome=decision.outcome, score=decision.score,
        threshold=decision.threshold, low=decision.low, high=decision.high,
    )  # fmt: skip
