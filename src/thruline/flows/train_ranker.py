"""Train the reranker: judged questions, job, gate on questions that it did not learn from, shelf, deployment.

A candidate that is not better than the order of the search, even at the unlucky end, stays on the shelf.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from thruline.core.errors import Conflict, Invalid, Unavailable
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor, Verdict
from thruline.flows.detector_job import JOB_MEMORY, JOB_TIMEOUT_S, LOG_TAIL, WORK_PREFIX, Watched, drop_leftovers
from thruline.flows.harmless import check_all_live
from thruline.flows.line import Line
from thruline.flows.purposes import TRAIN, still_permitted
from thruline.flows.ranker_rows import JudgedQuestion, Looked, as_rows, looked_at
from thruline.infra.work import run_one
from thruline.models.evaluate import Estimate
from thruline.models.gate import Decision
from thruline.models.rank_gate import Ranked, decide, paired
from thruline.models.ranker import SETTINGS_FILE, TREES_FILE, Ranker
from thruline.ports.compute import JobSpec
from thruline.vectors.features import VERSION

ROLE = "reranker"
STAGES = ("questions", "training", "gate")
LEAST_ANSWERED = 20  # questions to learn from that something found answers


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to learn from, and what to judge by. depth: how many passages of each question are looked at."""

    learn: Sequence[JudgedQuestion]
    judge: Sequence[JudgedQuestion]
    depth: int
    seed: int = 0
    deploy: bool = True


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What came of it: nDCG@10 of the held-out questions as the search orders them, as the model does, and the gain."""

    dataset: ArtifactId
    model: ArtifactId
    job: str
    questions: int
    found: Estimate
    reranked: Estimate
    gain: Estimate
    decision: Decision


def train(line: Line, run: Watched, actor: Actor, recipe: Recipe) -> Trained:
    """Train a candidate, judge it, and let it serve when it is better.

    Raises Invalid for too few questions, Unavailable when the job did not succeed, Conflict when something it learned
    from was taken out meanwhile.
    """
    began = time.monotonic()
    run.tell(STAGES[0], 0, len(STAGES))
    learn, judge = (looked_at(line, actor, part, recipe.depth) for part in (recipe.learn, recipe.judge))
    _check_enough(learn)
    rows = pl.concat([as_rows(learn, "train"), as_rows(judge, "test")])
    records = sorted({record for one in (*learn, *judge) for record in one.records})
    with line.registry.transaction():
        check_all_live(line, records)
        still_permitted(line, TRAIN, records)
        dataset = line.registry.add_dataset(rows, records, run=run.id)
    run.tell(STAGES[1], 1, len(STAGES))
    job, files = _as_job(line, run, rows, recipe.seed)
    run.tell(STAGES[2], 2, len(STAGES))
    ranked = _ranked(line, judge, Ranker.load(files, VERSION))
    decision = decide(ranked, seed=recipe.seed)
    with line.registry.transaction():
        if not line.registry.holds(dataset):
            raise Conflict("something that it learned from was erased meanwhile", hint="train again")
        model = line.registry.register(files, dataset, seconds=time.monotonic() - began, run=run.id, role=ROLE)
        line.registry.judge(_verdict(model, decision), run=run.id, actor=run.actor)
        if recipe.deploy and decision.outcome == "passed" and line.registry.serving(ROLE) != model:
            line.registry.deploy(ROLE, model, run=run.id, actor=run.actor)
    run.tell(STAGES[2], len(STAGES), len(STAGES))
    found, reranked, gain = (
        paired(of) if len(of) else Estimate(0.0, 0.0, 0.0)
        for of in (ranked.found, ranked.candidate, ranked.candidate - ranked.found)
    )
    return Trained(
        dataset=dataset, model=model, job=job, questions=len(judge), found=found, reranked=reranked, gain=gain,
        decision=decision,
    )  # fmt: skip


def _check_enough(learn: Sequence[Looked]) -> None:
    answered = sum(bool(one.gains.any()) for one in learn)
    if answered < LEAST_ANSWERED:
        raise Invalid(
            f"{answered} questions to learn from have an answer among what is found, and name nobody",
            hint=f"at least {LEAST_ANSWERED}: `thruline judged import`, or `thruline judged make`",
        )


def _as_job(line: Line, run: Watched, rows: pl.DataFrame, seed: int) -> tuple[ArtifactId, dict[str, bytes]]:
    """The job and the model's files; nothing of it stays in the folder of jobs."""
    workdir = line.home / "jobs"
    drop_leftovers(workdir)
    prefix = f"{WORK_PREFIX}{run.id.partition(':')[2]}-"
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=workdir))
    try:
        rows.write_parquet(folder / "rows.parquet", compression="uncompressed")
        job = run_one(line.jobs, _spec(folder, seed), run=run.id, check=run.check)
        if job.state != "succeeded":
            said = line.jobs.logs(job.id)[-LOG_TAIL:].decode("utf-8", "replace").strip()
            raise Unavailable(
                f"training job {job.id!r} {job.state}: {said!r}", hint=f"`thruline logs {job.id}` has it all"
            )
        return job.id, {name: (folder / "model" / name).read_bytes() for name in (SETTINGS_FILE, TREES_FILE)}
    finally:
        shutil.rmtree(folder)


def _spec(folder: Path, seed: int) -> JobSpec:
    given = {"dataset": folder / "rows.parquet", "out": folder / "model", "version": VERSION, "seed": seed}
    arguments = (part for name, value in given.items() for part in (f"--{name}", str(value)))
    command = (sys.executable, "-m", "thruline.models.train_ranker", *arguments)
    return JobSpec(command=command, memory=JOB_MEMORY, timeout_s=JOB_TIMEOUT_S)


def _ranked(line: Line, judge: Sequence[Looked], candidate: Ranker) -> Ranked:
    serving = line.ranker
    return Ranked(
        found=np.array([one.quality() for one in judge]),
        candidate=np.array([one.quality(candidate.scores(one.numbers)) for one in judge]),
        serving=np.array([one.quality(serving.ranker.scores(one.numbers)) for one in judge]) if serving else None,
    )


def _verdict(model: ArtifactId, decision: Decision) -> Verdict:
    return Verdict(
        of=model, rule="reranker_gate", outcome=decision.outcome, score=decision.score,
        threshold=decision.threshold, low=decision.low, high=decision.high,
    )  # fmt: skip
