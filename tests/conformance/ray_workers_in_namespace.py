"""The workers suite and whole syncs on a real Ray cluster of two nodes; run by test_ray_compute.py."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import polars as pl
import pytest
import ray

from thruline.backends.ray_workers import RayWorkers
from thruline.core.errors import Conflict, Unavailable
from thruline.flows.apart import Tools
from thruline.ports.workers import Bench, Workers
from thruline.testing.homes import FastEngines, OtherEngines, open_home, write
from thruline.testing.manifest import manifest
from thruline.testing.ray_cluster import ADDRESS, BEFORE_DEATH, CPUS, DeadlyWorkers, Node, start_again, two_nodes
from thruline.testing.workers_suite import OpenWorkers, WorkersSuite, bench

ON_RAY = {"THRULINE_INGEST__BACKEND": "ray", "THRULINE_COMPUTE__ADDRESS": ADDRESS}
FILES = 30


class SlowEngines(FastEngines):
    def _bench(self, tools: Tools) -> Bench:
        return replace(super()._bench(tools), opens="thruline.testing.homes:open_slow_worker")


class SlowOtherEngines(OtherEngines):
    def _bench(self, tools: Tools) -> Bench:
        return replace(super()._bench(tools), opens="thruline.testing.homes:open_slow_worker")


class OldEngines(FastEngines):
    def _bench(self, tools: Tools) -> Bench:
        return replace(super()._bench(tools), version="code of last year")


@pytest.fixture(scope="session")
def nodes() -> Iterator[list[Node]]:
    with two_nodes() as started:
        yield started


@pytest.fixture
def twins(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Two homes with one key and one source, one of them read."""
    docs = tmp_path / "docs"
    words = {
        f"page{n}": f"# Page {n}\n\n" + f"Valve {n} opens at {n % 24} for Ada{n} Lovelace. " * 20 for n in range(FILES)
    }
    write(docs, **words)
    (docs / "broken.pdf").write_bytes(b"%PDF-1.4 nothing of it is true")
    with open_home(tmp_path / "one") as home:
        home.data.add(path=str(docs))
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    with open_home(tmp_path / "one") as home:
        home.data.sync()
    return tmp_path / "one", tmp_path / "two", docs


def held(path: Path) -> bytes:
    with open_home(path) as home:
        assert home.ledger.verify().ok
        return manifest(home.line)


class TestRayWorkers(WorkersSuite):
    @pytest.fixture
    def open_workers(self, nodes: list[Node]) -> OpenWorkers:
        return lambda bench: RayWorkers(ADDRESS, bench)

    def test_two_nodes_work_at_once(self, open_workers: OpenWorkers) -> None:
        workers = open_workers(bench())
        assert workers.at_once >= 2 * CPUS


@pytest.mark.usefixtures("nodes")
def test_a_sync_on_two_nodes_gives_the_same_home_byte_for_byte(twins: tuple[Path, Path, Path]) -> None:
    one, two, _ = twins
    with open_home(two, ON_RAY) as home:
        (report,) = home.data.sync()
    assert report.indexed == FILES
    assert held(one) == held(two)


@pytest.mark.usefixtures("nodes")
def test_nodes_of_another_version_are_refused_and_nothing_is_taken_in(twins: tuple[Path, Path, Path]) -> None:
    _, two, _ = twins
    with open_home(two, ON_RAY, engines=OldEngines) as home:
        with pytest.raises(Conflict, match="code of last year"):
            home.data.sync()
        assert home.line.records.list(limit=9) == []


def test_a_node_that_is_killed_in_the_middle_costs_time_and_nothing_else(
    twins: tuple[Path, Path, Path], nodes: list[Node]
) -> None:
    one, two, _ = twins
    opened: list[DeadlyWorkers] = []

    class DeadlyEngines(SlowEngines):
        def workers(self, tools: Tools) -> Workers | None:
            given = super().workers(tools)
            assert given
            opened.append(DeadlyWorkers(given, nodes[1]))
            return opened[-1]

    with open_home(two, ON_RAY, engines=DeadlyEngines) as home:
        (report,) = home.data.sync()
    (workers,) = opened
    assert nodes[1].poll() is not None
    assert workers.replies > BEFORE_DEATH + CPUS, "the sync was over before the node was killed"
    assert report.indexed == FILES
    assert held(one) == held(two)


def test_sync_repetitions_and_a_new_index_are_the_same_byte_for_byte_with_a_node_killed_in_each(
    tmp_path: Path, nodes: list[Node]
) -> None:
    docs = tmp_path / "docs"
    write(docs, **{f"a{n:02}": f"# Page {n}\n\n{said(n)}." for n in range(FILES)})
    turned = {f"b{n:02}": f"# Page {n}\n\n{' '.join(reversed(said(n).split()))}." for n in range(0, FILES, 3)}
    test = tmp_path / "held_out.parquet"
    others = [said(n) for n in range(FILES, FILES + 160)]
    pl.DataFrame({"text": [f"{said(n)} but changed" for n in range(0, FILES, 3)] + others}).write_parquet(test)
    with open_home(tmp_path / "one") as home:
        home.data.add(path=str(docs))
    shutil.copytree(tmp_path / "one", tmp_path / "two")

    def walk(path: Path, settings: dict[str, str], fast: type[FastEngines], other: type[FastEngines]) -> list[bytes]:
        with open_home(path, settings, engines=fast) as home:
            home.data.sync()
            write(docs, **turned)
            home.data.sync()
        with open_home(path, settings, engines=fast) as home:
            found = home.data.alike()
            assert found.alike == len(turned)
            made = home.data.corpus(sources=("docs",), out=str(path / "s.parquet"), purpose="rag", held_out=str(test))
            assert made.contaminated == len(turned)
        with open_home(path, settings, engines=other) as home:
            home.vectors.rebuild()
        return [msgspec.json.encode(found.pairs), Path(made.file).read_bytes(), held(path)]

    alone = walk(tmp_path / "one", {}, FastEngines, OtherEngines)
    for name in turned:
        (docs / f"{name}.md").unlink()
    deaths: list[DeadlyWorkers] = []
    given = ON_RAY | {"THRULINE_INGEST__TASK_SIZE": "1KB"}
    spread = walk(tmp_path / "two", given, deadly(SlowEngines, nodes, deaths), deadly(SlowOtherEngines, nodes, deaths))
    assert spread == alone
    assert [workers.replies > BEFORE_DEATH + CPUS for workers in deaths] == [True] * 3


def deadly(engines: type[FastEngines], nodes: list[Node], opened: list[DeadlyWorkers]) -> type[FastEngines]:
    """Engines whose workers lose a node each time that they are opened; it is up again before the next."""

    class Deadly(engines):
        def workers(self, tools: Tools) -> Workers | None:
            start_again(nodes)
            given = super().workers(tools)
            assert given
            opened.append(DeadlyWorkers(given, nodes[1]))
            return opened[-1]

    return Deadly


def said(n: int) -> str:
    return " ".join(f"w{(n * 37 + k * (n + 11)) % 997}" for k in range(80))


def test_a_cluster_that_is_not_there_is_unavailable() -> None:
    ray.shutdown()
    with pytest.raises(Unavailable, match="127"):
        RayWorkers("127.0.0.1:1", bench())


def test_a_sync_whose_cluster_is_not_there_says_so_and_the_same_home_reads_on_its_own_machine(
    twins: tuple[Path, Path, Path],
) -> None:
    one, two, _ = twins
    ray.shutdown()
    away = ON_RAY | {"THRULINE_COMPUTE__ADDRESS": "127.0.0.1:1"}
    with open_home(two, away) as home:
        with pytest.raises(Unavailable, match="no Ray cluster answers") as refused:
            home.data.sync()
        assert "local" in refused.value.hint
        assert home.line.records.list(limit=9) == []
    with open_home(two) as home:
        home.data.sync()
    assert held(one) == held(two)
