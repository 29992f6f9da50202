"""Retraining, with a real process for the job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from thruline.backends.ed25519_signer import Ed25519Signer
from thruline.backends.local_compute import LocalCompute
from thruline.backends.local_vault import LocalVault
from thruline.backends.sqlite import SqliteDatabase
from thruline.core.clock import SystemClock
from thruline.core.errors import Unavailable
from thruline.core.ids import Ids, random_id
from thruline.core.nouns import Target
from thruline.flows.retrain import Recipe, Retrained, rejudge, retrain
from thruline.infra.jobs import Jobs
from thruline.ledger.ledger import SqlLedger
from thruline.ledger.payloads import Payloads
from thruline.ledger.residue import Hit, residue
from thruline.models.datasets import NEURALCHEMY, PEOPLE, Row, frame, own_rows
from thruline.models.gate import Policy
from thruline.models.registry import Registry
from thruline.models.shards import SHARDS
from thruline.runs.runner import Cancelled
from thruline.testing.prompts import prompts

MACHINE = Target(id=random_id("machine"), name="here", backend="local", cpus=2, memory=4 << 30, disk_free=0)
RECORD = random_id("record")
LENIENT = Policy(auroc=0.9, recall_at_1pct=0.2, false_alarms=0.3)


class Watcher:
    """A run that counts its stages and is cancelled on request."""

    def __init__(self, *, cancelled: bool = False) -> None:
        self.id = random_id("run")
        self.actor: str = random_id("user")
        self.told: list[tuple[str, int, int]] = []
        self._cancelled = cancelled

    def tell(self, stage: str, done: int, total: int) -> None:
        self.told.append((stage, done, total))

    def check(self) -> None:
        if self._cancelled:
            raise Cancelled("asked to stop")


class Bench:
    """Everything that retraining works with."""

    def __init__(self, folder: Path) -> None:
        database = SqliteDatabase(":memory:")
        self.ledger = SqlLedger(database)
        signer = Ed25519Signer(bytes(32))
        payloads = Payloads(database, LocalVault(SqliteDatabase(":memory:"), bytes(32)))
        self.registry = Registry(database, self.ledger, payloads, Ids(bytes(32)), signer)
        self.compute = LocalCompute(folder / "jobs", MACHINE, bound=True)
        self.jobs = Jobs(database, self.ledger, payloads, self.compute, SystemClock())
        self.workdir = folder / "work"
        self.workdir.mkdir()
        self.run = Watcher()

    def retrain(self, rows: pl.DataFrame, **recipe) -> Retrained:
        made = Recipe(rows=rows, made_of=[RECORD], policy=LENIENT, **recipe)
        return retrain(self.jobs, self.registry, self.run, made, workdir=self.workdir)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.compute.close()


ROWS = frame(NEURALCHEMY, (Row(*prompt) for prompt in prompts(300)))


def test_a_good_model_serves_and_a_spoiled_one_is_refused(bench: Bench) -> None:
    good = bench.retrain(ROWS)
    assert (good.decision.outcome, good.deployed, good.against) == ("passed", True, None)
    bad = bench.retrain(ROWS, spoil=0.5)
    assert (bad.decision.outcome, bad.deployed) == ("failed", False)
    assert bad.against is not None
    assert bad.against.high < 0
    assert bench.registry.serving("detector") == good.model
    assert {m.id: m.outcome for m in bench.registry.models()} == {good.model: "passed", bad.model: "failed"}
    assert list(bench.workdir.iterdir()) == []


def test_judged_again_a_model_that_lost_its_comparison_is_compared_again(bench: Bench) -> None:
    bench.retrain(ROWS)
    lost = bench.retrain(ROWS, spoil=0.5)
    _, decision = rejudge(bench.registry, lost.model, lost.dataset, random_id("user"))
    assert decision.outcome == "failed"
    assert any("minus the serving model's" in reason for reason in decision.reasons)


def test_the_deployment_is_downstream_of_the_record(bench: Bench) -> None:
    made = bench.retrain(pl.concat([ROWS, own_rows({RECORD: "How do we fold the cranes of the spring fair?"}, PEOPLE)]))
    children = [e.child.partition(":")[0] for e in bench.ledger.edges([RECORD], "down")]
    assert children == ["dataset", "shard", "model", "model", "deployment"]
    verbs = [e.verb for e in bench.ledger.read(run=bench.run.id)]
    assert verbs == [
        "dataset.built",
        "job.queued",
        "job.started",
        "job.finished",
        *["shard.trained"] * SHARDS,
        "model.trained",
        "model.registered",
        "verdict.given",
        "deployment.changed",
    ]
    told = bench.ledger.read(run=bench.run.id, verbs=["verdict.given", "deployment.changed"])
    assert {e.actor for e in told} == {bench.run.actor}
    assert made.report.attacks > 0
    assert bench.run.told[-1] == ("gate", 4, 4)


def test_a_failed_job_says_why_and_leaves_nothing_behind(bench: Bench) -> None:
    with pytest.raises(Unavailable, match="both labels"):
        bench.retrain(frame(NEURALCHEMY, [Row("only one text", 0)]))
    assert list(bench.workdir.iterdir()) == []
    assert bench.registry.models() == []


def test_rows_on_disk_are_open_to_the_search_for_an_erased_person(bench: Bench) -> None:
    seen: list[list[Hit]] = []

    def look() -> None:
        seen.append(residue(bench.workdir, [b"Ottilie Kvasthoug"]))
        raise Cancelled("seen enough")

    bench.run.check = look
    named = pl.concat([ROWS, frame(NEURALCHEMY, [Row("Ottilie Kvasthoug was here", 0)])])
    with pytest.raises(Cancelled):
        bench.retrain(named)
    assert seen[0]


def test_a_training_drops_what_a_killed_one_left(bench: Bench) -> None:
    (bench.workdir / "train-0").mkdir()
    (bench.workdir / "train-0" / "dataset.parquet").write_bytes(b"rows")
    with pytest.raises(Unavailable, match="both labels"):
        bench.retrain(frame(NEURALCHEMY, [Row("only one text", 0)]))
    assert list(bench.workdir.iterdir()) == []


def test_the_job_is_in_the_queue_with_what_it_used(bench: Bench) -> None:
    made = bench.retrain(ROWS)
    (job,) = bench.jobs.list()
    assert (job.id, job.state, job.exit_code) == (made.job, "succeeded", 0)
    assert job.cpu_seconds > 0


def test_a_cancelled_run_ends_its_job(bench: Bench) -> None:
    bench.run = Watcher(cancelled=True)
    with pytest.raises(Cancelled):
        bench.retrain(ROWS)
    (job,) = bench.jobs.list()
    assert job.state == "cancelled"
    assert list(bench.workdir.iterdir()) == []
