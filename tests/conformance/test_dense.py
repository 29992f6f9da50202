"""The dense indexes keep one promise."""

from __future__ import annotations

import pytest

from thruline.backends.exact_dense import ExactDense
from thruline.backends.faiss_dense import HnswDense, Pq4Dense
from thruline.backends.flat4_dense import Flat4Dense
from thruline.core.errors import Invalid
from thruline.testing.dense_suite import DenseSuite, clustered


class TestExactDense(DenseSuite):
    def open(self, name: str = "one") -> ExactDense:
        return ExactDense()


class TestFlat4Dense(DenseSuite):
    def open(self, name: str = "one") -> Flat4Dense:
        return Flat4Dense()


class TestPq4Dense(DenseSuite):
    def open(self, name: str = "one") -> Pq4Dense:
        return Pq4Dense()


class TestHnswDense(DenseSuite):
    def open(self, name: str = "one") -> HnswDense:
        return HnswDense()


def test_twins_give_the_same_ten_to_the_bit() -> None:
    vectors = clustered(8000, dims=128)
    twins = (Flat4Dense(depth=40), Pq4Dense(depth=40), Pq4Dense(width=2, depth=80))
    for engine in twins:
        engine.build(vectors)
    for query in clustered(50, dims=128, seed=8):
        one, *others = (engine.search(query, 10) for engine in twins)
        for other in others:
            assert one.rows.tolist() == other.rows.tolist()
            assert one.scores.tobytes() == other.scores.tobytes()


@pytest.mark.parametrize("options", [{"m": 1}, {"ef": 0}, {"build_ef": 0}])
def test_a_graph_that_cannot_be_is_refused(options: dict[str, int]) -> None:
    with pytest.raises(Invalid, match="no plan for 'hnsw'"):
        HnswDense(**options)
