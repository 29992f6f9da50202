"""The dense suite on shards, and what becomes of a lost one, on a real Ray cluster of two nodes; see test_ray_compute.py."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ray

from thruline.backends.shards_dense import ShardsDense
from thruline.backends.shards_dense.deal import BLOCK, Deal
from thruline.backends.shards_dense.index import SENT_ROWS
from thruline.core.errors import Invalid, Unavailable
from thruline.flows import INDEX
from thruline.ports.dense import Found
from thruline.testing.dense_suite import DenseSuite, clustered, recall, truth
from thruline.testing.homes import open_home, write
from thruline.testing.ray_cluster import ADDRESS, Node, kill, start_again, two_nodes, until
from thruline.vectors.plans import SHARDS, DensePlan

ROWS = 5 * BLOCK + 77


@pytest.fixture(scope="session", autouse=True)
def nodes() -> Iterator[list[Node]]:
    with two_nodes() as started:
        yield started


class KeptOpen(ShardsDense):
    """For the next test: a node takes seconds to start a worker."""

    def close(self) -> None:
        """Let go of the rows alone."""
        self.build(np.empty((0, 96), np.float32))


@cache
def opened(name: str) -> ShardsDense:
    """One index for all tests that call it so."""
    return KeptOpen(ADDRESS, shards=3)


class TestShardsDense(DenseSuite):
    def open(self, name: str = "one") -> ShardsDense:
        index = opened(name)
        index.build(np.empty((0, 96), np.float32))
        return index


def test_rows_that_are_sent_in_many_parts_keep_their_numbers() -> None:
    vectors = clustered(2 * 3 * SENT_ROWS + 5, dims=16)
    index = ShardsDense(ADDRESS, shards=2)
    index.build(vectors)
    for row in (0, SENT_ROWS + 1, 4 * SENT_ROWS, len(vectors) - 1):
        assert index.search(vectors[row], 1).rows.tolist() == [row]
    index.close()


def node_of(actor: Any) -> str:
    return ray.get(actor.__ray_call__.remote(lambda _: ray.get_runtime_context().get_node_id()))


def test_shards_lie_on_both_nodes() -> None:
    index = ShardsDense(ADDRESS, shards=4)
    index.build(clustered(ROWS))
    assert len({node_of(actor) for actor in index._actors}) == 2
    index.close()


def test_a_shard_that_is_lost_costs_its_rows_until_it_is_made_again_and_the_others_answer(nodes: list[Node]) -> None:
    vectors = clustered(ROWS)
    index = ShardsDense(ADDRESS, shards=4)
    index.build(vectors)
    index.delete(np.arange(5))
    kill(nodes[1])
    answers: list[Found] = []

    def is_whole() -> bool:
        answers.append(index.search(vectors[99], 10))
        return max(found.missed for found in answers) > 0 == answers[-1].missed

    until(is_whole)
    assert max(found.missed for found in answers) < ROWS
    assert {len(found.rows) for found in answers} == {10}
    left = np.ones(ROWS, bool)
    left[:5] = False
    for query in clustered(10, seed=5):
        assert recall(index.search(query, 10), truth(vectors, query, 10, left)) >= 0.999
    added = clustered(3, seed=6)
    index.add(added)
    assert index.search(added[2], 1).rows.tolist() == [ROWS + 2]
    index.close()
    start_again(nodes)


def test_rows_that_a_mask_hides_are_not_missed() -> None:
    vectors = clustered(2 * BLOCK)
    index = ShardsDense(ADDRESS, shards=2)
    index.build(vectors)
    mask = np.arange(2 * BLOCK) < BLOCK
    ray.kill(index._actors[1])
    until(lambda: index.search(vectors[7], 5).missed == BLOCK)
    assert index.search(vectors[7], 5, mask).missed == 0
    index.close()


def test_a_home_searches_its_shards_and_its_store_where_a_lost_one_leaves_too_few(tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", kiln="# Kiln\n\nThe kiln is fired at dawn.", barn="# Barn\n\nThe barn is red.")
    with open_home(tmp_path / "home", {"THRULINE_COMPUTE__ADDRESS": ADDRESS}) as home:
        home.data.add(path=str(docs))
        home.data.sync()
        home.line.plans.choose(INDEX, DensePlan(engine=SHARDS, options={"shards": 2}), "operator")
        assert len(home.vectors.search(question="When is the kiln fired?").passages) == 2
        index = home.line.shelf.serving()._engines.dense
        ray.kill(index._actors[0])
        lost: list[bool] = []

        def is_whole_again() -> bool:
            assert len(home.vectors.search(question="When is the kiln fired?").passages) == 2
            lost.append(None in index._actors)
            return any(lost) and not lost[-1]

        until(is_whole_again)


def test_a_tuning_measures_shards_where_the_settings_name_a_cluster(tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", kiln="# Kiln\n\nThe kiln is fired at dawn.", barn="# Barn\n\nThe barn is red.")
    with open_home(tmp_path / "home", {"THRULINE_COMPUTE__ADDRESS": ADDRESS}) as home:
        home.data.add(path=str(docs))
        home.data.sync()
        report = home.vectors.tune_index(recall=0.9, p95="1h", dry_run=True)
        assert [one.recall.value for one in report.measured if one.plan == SHARDS] == [1.0]


def test_no_shards_is_no_index() -> None:
    with pytest.raises(Invalid, match="0"):
        ShardsDense(ADDRESS, shards=0)


@pytest.mark.parametrize("shards", [1, 2, 3, 7])
def test_every_row_is_on_one_shard_and_finds_back(shards: int) -> None:
    deal, rows = Deal(shards), np.arange(10 * BLOCK + 5)
    of, local = deal.shard(rows), deal.local(rows)
    for shard in range(shards):
        assert deal.rows(shard, local[of == shard]).tolist() == rows[of == shard].tolist()
        assert local[of == shard].tolist() == list(range(int((of == shard).sum())))


def test_no_cluster_is_said_at_once() -> None:
    ray.shutdown()
    began = time.monotonic()
    with pytest.raises(Unavailable, match="no Ray cluster answers"):
        ShardsDense("127.0.0.1:1", shards=2)
    assert time.monotonic() - began < 10
