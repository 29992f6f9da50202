"""The detector's training as a job: rows and the shards that stay go in as files, the model's files come out."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import polars as pl

from thruline.core.errors import Unavailable
from thruline.core.ids import ArtifactId
from thruline.core.units import Bytes
from thruline.infra.jobs import Jobs
from thruline.infra.work import run_one
from thruline.models.detector import SETTINGS_FILE, WEIGHTS_FILE
from thruline.models.shards import FILE
from thruline.ports.compute import JobSpec

JOB_MEMORY: Bytes = 2_000_000_000  # measured: 0.5 GB for 21,000 rows
JOB_TIMEOUT_S = 1800.0
LOG_TAIL = 400
WORK_PREFIX = "train-"  # then the run's number: flows.erase drops those of runs that are over


class Watched(Protocol):
    """What training needs of a runs.runner.Run."""

    id: ArtifactId
    actor: str

    def tell(self, stage: str, done: int, total: int) -> None:
        """Progress."""
        ...

    def check(self) -> None:
        """Raises when somebody asked the run to stop."""
        ...


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How to train. kept: number of a shard -> its bytes, for those that are not to be trained again."""

    seed: int
    shards: int
    spoil: float = 0.0
    kept: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def trained(self) -> int:
        """How many shards are trained."""
        return self.shards - len(self.kept)


class Fitted(NamedTuple):
    """The job, the files that serve, and each shard's file."""

    job: ArtifactId
    files: dict[str, bytes]
    shards: tuple[bytes, ...]


def train_as_job(jobs: Jobs, run: Watched, dataset: pl.DataFrame, fit: Fit, workdir: Path) -> Fitted:
    """The trained files; raises Unavailable when the job did not succeed. Nothing of it stays in workdir."""
    prefix = f"{WORK_PREFIX}{run.id.partition(':')[2]}-"
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=workdir))  # mode 0700: the rows may be personal
    try:
        _write(folder, dataset, fit)
        job = run_one(jobs, _spec(folder, fit), run=run.id, check=run.check)
        if job.state != "succeeded":
            said = jobs.logs(job.id)[-LOG_TAIL:].decode("utf-8", "replace").strip()
            raise Unavailable(
                f"training job {job.id!r} {job.state}: {said!r}", hint=f"`thruline logs {job.id}` has it all"
            )
        out = folder / "model"
        files = {name: (out / name).read_bytes() for name in (SETTINGS_FILE, WEIGHTS_FILE)}
        return Fitted(job.id, files, tuple((out / FILE.format(n)).read_bytes() for n in range(fit.shards)))
    finally:
        shutil.rmtree(folder)


def drop_leftovers(workdir: Path) -> None:
    """What killed trainings left: only one trains at a time."""
    for folder in workdir.glob(f"{WORK_PREFIX}*"):
        shutil.rmtree(folder)


def _write(folder: Path, dataset: pl.DataFrame, fit: Fit) -> None:
    dataset.write_parquet(folder / "dataset.parquet", compression="uncompressed")  # an erasure's search sees into it
    (folder / "kept").mkdir()
    for number, data in fit.kept.items():
        (folder / "kept" / FILE.format(number)).write_bytes(data)


def _spec(folder: Path, fit: Fit) -> JobSpec:
    given = {
        "dataset": folder / "dataset.parquet", "out": folder / "model", "kept": folder / "kept",
        "seed": fit.seed, "spoil": fit.spoil, "shards": fit.shards,
    }  # fmt: skip
    arguments = (part for name, value in given.items() for part in (f"--{name}", str(value)))
    command = (sys.executable, "-m", "thruline.models.train_detector", *arguments)
    return JobSpec(command=command, memory=JOB_MEMORY, timeout_s=JOB_TIMEOUT_S)
