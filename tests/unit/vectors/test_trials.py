"""Plans measured on rows that are known: an exact engine finds all, one that loses neighbours is told by how many."""

from __future__ import annotations

import numpy as np
import pytest

from thruline.backends.exact_dense import ExactDense
from thruline.backends.flat4_dense import Flat4Dense
from thruline.ports.dense import Found
from thruline.testing.dense_suite import clustered
from thruline.vectors.plans import DensePlan
from thruline.vectors.trials import UNFILTERED, Bench, K, bench, measure, scaled

PLAN = DensePlan(engine="exact")


class AfterDense(ExactDense):
    """Looks through the forty nearest alone, and drops of those what the filter hides: a graph's way."""

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        near = super().search(query, 40)
        keep = np.ones(len(near.rows), bool) if mask is None else mask[near.rows]
        return Found(near.rows[keep][:k], near.scores[keep][:k])


@pytest.fixture(scope="module")
def on() -> Bench:
    rows = clustered(3000)
    rng = np.random.default_rng(3)
    foreign = rng.normal(size=(10, rows.shape[1])).astype(np.float32)
    groups = {"readers 1": rng.random(3000) < 0.3, "readers 2": np.ones(3000, bool), "readers 3": np.zeros(3000, bool)}
    return bench(rows, clustered(20, seed=8), foreign, groups, each=8)


def test_the_exact_engine_finds_every_neighbour_under_every_filter(on: Bench) -> None:
    found = measure(PLAN, ExactDense(), on)
    assert found.recall.value == found.foreign.value == found.worst.recall.value == 1.0
    assert found.recall.low == 1.0
    assert 0 < found.p50_ms <= found.p95_ms
    assert found.memory == on.rows.nbytes


def test_an_engine_that_filters_afterwards_is_found_out_by_the_filters_alone(on: Bench) -> None:
    found = measure(PLAN, AfterDense(), on)
    by_name = {f.name: f.recall.value for f in found.filters}
    assert by_name[UNFILTERED] == 1.0
    assert by_name["1% at random"] < 0.3
    assert found.worst.recall.value < 0.2
    assert found.worst.name in ("1% far from the question", "10% far from the question")


def test_filters_that_hide_nothing_or_all_are_left_out(on: Bench) -> None:
    assert "readers 1" in on.shares
    assert not on.shares.keys() & {"readers 2", "readers 3"}
    assert {"50% at random", "10% at random", "1% at random", "10% far from the question"} <= on.shares.keys()
    assert "0.1% at random" not in on.shares  # three rows are fewer than ten


def test_rows_that_are_alike_stand_for_each_other() -> None:
    rows = np.repeat(clustered(4), 30, axis=0)
    found = measure(PLAN, ExactDense(), bench(rows, clustered(5, seed=9), clustered(2, seed=4), {}, each=2))
    assert found.recall.value == 1.0


def test_fewer_rows_than_are_wanted_are_all_there_is() -> None:
    rows = clustered(K - 3)
    on = bench(rows, clustered(2, seed=9), clustered(2, seed=4), {}, each=2)
    assert list(on.shares) == [UNFILTERED]
    assert measure(PLAN, ExactDense(), on).recall.value == 1.0


def test_a_sample_says_what_all_would_take(on: Bench) -> None:
    one = measure(PLAN, ExactDense(), on)
    ten = scaled(one, 10)
    assert (ten.memory, ten.recall) == (10 * one.memory, one.recall)
    assert ten.p95_ms == pytest.approx(10 * one.p95_ms)


def test_rows_in_files_are_measured_beside_what_memory_holds() -> None:
    halves = clustered(3000).astype(np.float16)
    on = bench(halves, clustered(3, seed=9), clustered(2, seed=4), {}, each=2)
    index = Flat4Dense(in_memory=0)
    found = measure(PLAN, index, on)
    index.close()
    assert found.elsewhere == halves.nbytes
    assert found.memory < halves.nbytes / 2
    assert found.recall.value == 1.0
