"""A whole cluster that goes, or is of another version; run by test_ray_compute.py where only `lo` exists."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
import ray

from thruline.backends.ray_workers import RayWorkers
from thruline.core.errors import Conflict, Unavailable
from thruline.flows.apart import Tools
from thruline.ports.workers import Bench, Workers
from thruline.testing.homes import FastEngines, open_home, write
from thruline.testing.manifest import manifest
from thruline.testing.ray_cluster import ADDRESS, DeadlyWorkers, Node, two_nodes
from thruline.testing.workers_suite import bench

ON_RAY = {"THRULINE_INGEST__BACKEND": "ray", "THRULINE_COMPUTE__ADDRESS": ADDRESS}
FILES = 30
RAY_ENDS_US_AFTER_S = 60  # its gcs_rpc_server_reconnect_timeout_s


def deadly(node: Node) -> type[FastEngines]:
    class Deadly(FastEngines):
        def _bench(self, tools: Tools) -> Bench:
            return replace(super()._bench(tools), opens="thruline.testing.homes:open_slow_worker")

        def workers(self, tools: Tools) -> Workers | None:
            given = super().workers(tools)
            assert given
            return DeadlyWorkers(given, node)

    return Deadly


def test_a_cluster_that_goes_ends_a_sync_and_not_the_process_and_serves_again_when_it_is_back(tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", **{f"page{n}": f"# Page {n}\n\nValve {n} opens at nine." for n in range(FILES)})
    with open_home(tmp_path / "one") as home:
        home.data.add(path=str(docs))
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    with open_home(tmp_path / "one") as home:
        home.data.sync()
        alone = manifest(home.line)
    with two_nodes() as nodes:
        home = open_home(tmp_path / "two", ON_RAY, engines=deadly(nodes[0]))
        with pytest.raises(Unavailable, match="has not answered"):
            home.data.sync()
    time.sleep(RAY_ENDS_US_AFTER_S)
    assert home.ledger.verify().ok
    with two_nodes():
        home.data.sync()
        assert manifest(home.line) == alone
        home.close()


def test_a_cluster_of_another_version_is_told_from_one_that_is_away() -> None:
    with two_nodes():
        kept = ray._private.worker.global_worker.gcs_client  # type: ignore[attr-defined]
        said = kept.internal_kv_get(b"CLUSTER_METADATA", b"cluster")
        kept.internal_kv_put(b"CLUSTER_METADATA", said.replace(ray.__version__.encode(), b"1.0.0"), True, b"cluster")
        ray.shutdown()
        with pytest.raises(Conflict, match=r"another version.*Ray: 1\.0\.0"):
            RayWorkers(ADDRESS, bench())


def test_a_task_that_no_node_has_memory_for_is_given_up() -> None:
    scarce = two_nodes("RAY_memory_usage_threshold=0.01", "RAY_memory_monitor_refresh_ms=50")
    with scarce, pytest.raises(Unavailable, match="ran out of memory"):
        RayWorkers(ADDRESS, bench()).do(b"slow")
