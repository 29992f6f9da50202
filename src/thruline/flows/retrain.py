"""Retrain the injection detector: dataset, job, evaluation on held-out families, gate, shelf, deployment.

A candidate that misses its gate stays on the shelf with its verdict and never serves.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import polars as pl

from thruline.core.errors import Unavailable
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Verdict
from thruline.core.units import Bytes
from thruline.infra.jobs import Jobs
from thruline.infra.work import run_one
from thruline.models import split
from thruline.models.detector import SETTINGS_FILE, WEIGHTS_FILE, Detector
from thruline.models.evaluate import Estimate, Report, Scored, difference, evaluate
from thruline.models.gate import Decision, Policy, decide
from thruline.models.registry import Registry
from thruline.ports.compute import JobSpec

JOB_MEMORY: Bytes = 2_000_000_000  # measured: 0.5 GB for 21,000 rows
JOB_TIMEOUT_S = 1800.0
LOG_TAIL = 400
WORK_PREFIX = "train-"  # then the run's number: flows.erase drops those of runs that are over
STAGES = ("dataset", "training", "evaluation", "gate")


class Watched(Protocol):
    """What this flow needs of a runs.runner.Run."""

    id: ArtifactId
    actor: str

    def tell(self, stage: str, done: int, total: int) -> None:
        """Progress."""
        ...

    def check(self) -> None:
        """Raises when somebody asked the run to stop."""
        ...


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to train on and how. rows: a frame as in models.datasets; made_of: the records and archives behind it.

    spoil: share of training labels to flip, to show that the gate refuses a bad model.
    """

    rows: pl.DataFrame
    made_of: Sequence[ArtifactId]
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

    Raises Unavailable when the job did not succeed; workdir is left without folders of trainings. The caller sees to it
    that no other training uses workdir.
    """
    _drop_leftovers(workdir)
    run.tell(STAGES[0], 0, len(STAGES))
    dataset = split.build(recipe.rows, seed=recipe.seed)
    dataset_id = registry.add_dataset(dataset, recipe.made_of, run=run.id)
    run.tell(STAGES[1], 1, len(STAGES))
    job, files = _train(jobs, run, dataset, recipe, workdir)
    run.tell(STAGES[2], 2, len(STAGES))
    candidate = Detector.load(files)
    report, against = _compare(dataset, candidate, registry.detector(), recipe.seed)
    run.tell(STAGES[3], 3, len(STAGES))
    model = registry.register(files, dataset_id, report=report, seconds=candidate.settings.seconds, run=run.id)
    decision = decide(report, against, recipe.policy)
    registry.judge(_verdict(model, decision), run=run.id, actor=run.actor)
    deployed = recipe.deploy and decision.outcome == "passed" and registry.serving("detector") != model
    if deployed:
        registry.deploy("detector", model, run=run.id, actor=run.actor)
    run.tell(STAGES[3], len(STAGES), len(STAGES))
    return Retrained(
        dataset=dataset_id, model=model, job=job, report=report, against=against, decision=decision, deployed=deployed
    )


def rejudge(registry: Registry, model: ArtifactId, dataset: ArtifactId, actor: str) -> tuple[Report, Decision]:
    """Judge a model on the shelf again, on the test rows of its own dataset and against what serves; kept on record."""
    detector = Detector.load(registry.files(model))
    champion = None if registry.serving("detector") == model else registry.detector()
    report, against = _compare(registry.dataset(dataset), detector, champion, 0)
    decision = decide(report, against, Policy())
    registry.judge(_verdict(model, decision), actor=actor)
    return report, decision


def _train(
    jobs: Jobs, run: Watched, dataset: pl.DataFrame, recipe: Recipe, workdir: Path
) -> tuple[ArtifactId, dict[str, bytes]]:
    prefix = f"{WORK_PREFIX}{run.id.partition(':')[2]}-"
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=workdir))  # mode 0700: the rows may be personal
    try:
        source, out = folder / "dataset.parquet", folder / "model"
        dataset.write_parquet(source, compression="uncompressed")  # an erasure's search sees into it
        job = run_one(jobs, _spec(source, out, recipe), run=run.id, check=run.check)
        if job.state != "succeeded":
            said = jobs.logs(job.id)[-LOG_TAIL:].decode("utf-8", "replace").strip()
            raise Unavailable(
                f"training job {job.id!r} {job.state}: {said!r}", hint=f"`thruline logs {job.id}` has it all"
            )
        return job.id, {name: (out / name).read_bytes() for name in (SETTINGS_FILE, WEIGHTS_FILE)}
    finally:
        shutil.rmtree(folder)


def _drop_leftovers(workdir: Path) -> None:
    """What killed trainings left: only one trains at a time."""
    for folder in workdir.glob(f"{WORK_PREFIX}*"):
        shutil.rmtree(folder)


def _spec(source: Path, out: Path, recipe: Recipe) -> JobSpec:
    command = (sys.executable, "-m", "thruline.models.train_detector", "--dataset", str(source), "--out", str(out))
    settings = ("--seed", str(recipe.seed), "--spoil", str(recipe.spoil))
    return JobSpec(command=command + settings, memory=JOB_MEMORY, timeout_s=JOB_TIMEOUT_S)


def _compare(
    dataset: pl.DataFrame, candidate: Detector, champion: Detector | None, seed: int
) -> tuple[Report, Estimate | None]:
    rows = dataset.filter(pl.col("split") == "test")
    texts, labels, groups = rows["text"].to_list(), rows["label"].to_numpy(), rows["group"].to_numpy()
    ours = Scored(labels, candidate.score(texts), groups)
    report = evaluate(ours, candidate.threshold, seed=seed)
    if champion is None:
        return report, None
    return report, difference(ours, Scored(labels, champion.score(texts), groups), seed=seed)


def _verdict(model: ArtifactId, decision: Decision) -> Verdict:
    return Verdict(
        of=model, rule="detector_gate", outcome=decision.outcome, score=decision.score,
        threshold=decision.threshold, low=decision.low, high=decision.high,
    )  # fmt: skip
