"""What every dense index must do; subclass it and say how to open one.

A promise that an engine's traits declare as a gap is expected to be broken, strictly: the day it is kept, the gap has
to go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from thruline.core.errors import Invalid
from thruline.ports.dense import DenseIndex, Found, Promise
from thruline.ports.scoring import best

SHARES = (0.9, 0.5, 0.1, 0.01)
HIDDEN = (1, 10, 40)  # of the fifty clusters, those nearest to the question


CLUSTERS = 50


def clustered(n: int, dims: int = 96, seed: int = 7) -> np.ndarray:
    """(n, dims) float32 unit rows in fifty clusters of uneven size, as embeddings of real text lie."""
    rng = np.random.default_rng(seed)
    of = np.minimum(rng.geometric(0.06, n) - 1, CLUSTERS - 1)
    rows = (_centres(dims)[of] + 0.7 * rng.normal(size=(n, dims))).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def without_nearest(vectors: np.ndarray, query: np.ndarray, clusters: int) -> np.ndarray:
    """A mask that hides the clusters nearest to the query: what a filter by team does to another team's question."""
    centres = _centres(vectors.shape[1])
    hidden = np.argsort(centres @ query)[-clusters:]
    return ~np.isin(np.argmax(vectors @ centres.T, axis=1), hidden)


def _centres(dims: int) -> np.ndarray:
    centres = np.random.default_rng(0).normal(size=(CLUSTERS, dims))
    return centres * np.sqrt(dims) / np.linalg.norm(centres, axis=1, keepdims=True)


def truth(vectors: np.ndarray, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
    """The answer from one double-precision product."""
    rows = np.arange(len(vectors)) if mask is None else np.flatnonzero(mask)
    return best(rows, vectors[rows].astype(np.float64) @ query, k)


def recall(found: Found, right: Found) -> float:
    """Share of the right scores that were reached; rows of equal score stand for each other."""
    if len(right.rows) == 0:
        return float(len(found.rows) == 0)
    return float(np.mean(found.scores[: len(right.scores)] >= right.scores - 1e-5))


def promise(name: Promise) -> Callable[[Any], Any]:
    """Marks the tests of a promise."""

    def marked(test: Any) -> Any:
        test.promise = name
        return test

    return marked


class DenseSuite:
    """Subclass and give `open`."""

    rows = 6000

    def open(self, name: str = "one") -> DenseIndex:
        """A new index, empty or holding what the last of that name held."""
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _gaps(self, request: pytest.FixtureRequest) -> None:
        name: Promise | None = getattr(request.function, "promise", None)
        said = self.open("gaps").traits.gaps.get(name) if name else None
        if said:
            request.applymarker(pytest.mark.xfail(reason=said, strict=True))

    @pytest.fixture(scope="class")
    @classmethod
    def vectors(cls) -> np.ndarray:
        """The matrix all tests search."""
        return clustered(cls.rows)

    @pytest.fixture(scope="class")
    @classmethod
    def built(cls, vectors: np.ndarray) -> Iterator[DenseIndex]:
        """An index over it, for all tests that change nothing: a graph takes its time."""
        index = cls().open("built")
        index.build(vectors)
        yield index
        index.close()

    @pytest.fixture
    def index(self, vectors: np.ndarray) -> Iterator[DenseIndex]:
        """An index over it that may be changed."""
        index = self.open()
        index.build(vectors)
        yield index
        index.close()

    def _recall(self, index: DenseIndex, vectors: np.ndarray, mask: np.ndarray | None, queries: np.ndarray) -> float:
        shares = []
        for query in queries:
            found = index.search(query, 10, mask)
            assert mask is None or mask[found.rows].all()
            shares.append(recall(found, truth(vectors, query, 10, mask)))
        return float(np.mean(shares))

    @promise("recall")
    def test_it_finds_what_a_full_product_finds(self, built: DenseIndex, vectors: np.ndarray) -> None:
        assert self._recall(built, vectors, None, clustered(40, seed=8)) >= built.traits.recall

    @promise("filters")
    @pytest.mark.parametrize("share", SHARES)
    def test_a_random_filter_costs_no_neighbours(self, built: DenseIndex, vectors: np.ndarray, share: float) -> None:
        mask = np.random.default_rng(1).random(len(vectors)) < share
        assert self._recall(built, vectors, mask, clustered(20, seed=9)) >= built.traits.recall

    @promise("hidden nearest")
    @pytest.mark.parametrize("clusters", HIDDEN)
    def test_a_filter_that_hides_the_nearest_costs_no_neighbours(
        self, built: DenseIndex, vectors: np.ndarray, clusters: int
    ) -> None:
        shares = [
            self._recall(built, vectors, without_nearest(vectors, query, clusters), query[None])
            for query in clustered(10, seed=10)
        ]
        assert np.mean(shares) >= built.traits.recall

    def test_scores_are_exact_cosines_best_first(self, built: DenseIndex, vectors: np.ndarray) -> None:
        found = built.search(vectors[3], 25)
        np.testing.assert_allclose(found.scores, vectors[found.rows] @ vectors[3], atol=1e-6)
        assert found.rows[0] == 3
        assert (np.diff(found.scores) <= 0).all()
        assert found.rows.dtype == np.int64
        assert found.scores.dtype == np.float32

    @promise("count")
    @pytest.mark.parametrize("allowed", [0, 1, 7, 5000])
    @pytest.mark.parametrize("k", [0, 1, 7, 500])
    def test_as_many_come_back_as_are_allowed(self, built: DenseIndex, allowed: int, k: int) -> None:
        mask = np.zeros(self.rows, bool)
        mask[np.random.default_rng(2).choice(self.rows, allowed, replace=False)] = True
        found = built.search(clustered(1, seed=11)[0], k, mask)
        assert len(found.rows) == len(found.scores) == len(set(found.rows.tolist())) == min(k, allowed)

    def test_more_than_there_are_gives_all(self) -> None:
        index = self.open()
        index.build(clustered(5))
        assert sorted(index.search(clustered(1)[0], 50).rows.tolist()) == [0, 1, 2, 3, 4]

    def test_an_empty_index_finds_nothing(self) -> None:
        index = self.open()
        index.build(np.empty((0, 96), np.float32))
        assert len(index.search(clustered(1)[0], 5).rows) == 0
        assert len(index.search(clustered(1)[0], 5, np.empty(0, bool)).rows) == 0

    def test_equal_rows_tie_in_order_and_score_alike(self) -> None:
        index = self.open()
        index.build(np.repeat(clustered(3), 5, axis=0))
        found = index.search(clustered(3)[1], 5)
        assert found.rows.tolist() == [5, 6, 7, 8, 9]
        assert len(set(found.scores.tolist())) == 1

    @promise("repeatable")
    def test_the_same_question_gets_the_same_bits(self, built: DenseIndex, vectors: np.ndarray) -> None:
        again = self.open("again")
        again.build(vectors.copy())
        for query in clustered(5, seed=12):
            first, second = built.search(query, 20), again.search(query, 20)
            assert first.rows.tolist() == second.rows.tolist()
            assert first.scores.tobytes() == second.scores.tobytes()

    def test_building_again_replaces(self, index: DenseIndex) -> None:
        index.build(clustered(4, seed=3))
        assert set(index.search(clustered(1)[0], 50).rows.tolist()) == {0, 1, 2, 3}

    @promise("fresh")
    def test_what_is_added_is_found_at_once_under_the_next_numbers(
        self, index: DenseIndex, vectors: np.ndarray
    ) -> None:
        more = clustered(300, seed=21)
        index.add(more[:1])
        assert index.search(more[0], 1).rows.tolist() == [self.rows]
        index.add(more[1:])
        whole = np.concatenate([vectors, more])
        assert self._recall(index, whole, None, more[::30]) >= index.traits.recall
        assert index.search(more[299], 1).rows.tolist() == [self.rows + 299]

    @promise("deleted")
    def test_what_is_deleted_is_never_found_and_the_others_keep_their_numbers(
        self, index: DenseIndex, vectors: np.ndarray
    ) -> None:
        gone = np.random.default_rng(4).choice(self.rows, self.rows // 3, replace=False)
        index.delete(gone)
        index.delete(gone[:5])
        left = np.ones(self.rows, bool)
        left[gone] = False
        assert self._recall(index, vectors, left, clustered(20, seed=13)) >= index.traits.recall
        for query in clustered(5, seed=14):
            assert left[index.search(query, 50).rows].all()
        assert index.stats().rows == self.rows - len(gone)

    def test_many_small_changes_lose_nothing(self, index: DenseIndex, vectors: np.ndarray) -> None:
        whole, left = vectors, np.ones(self.rows, bool)
        rng = np.random.default_rng(15)
        for size in (1, 3, 700, 2, 40, 900, 1):
            index.add(more := clustered(size, seed=size))
            whole, left = np.concatenate([whole, more]), np.concatenate([left, np.ones(size, bool)])
            gone = rng.choice(len(whole), 60, replace=False)
            index.delete(gone)
            left[gone] = False
        assert self._recall(index, whole, left, clustered(20, seed=16)) >= index.traits.recall
        mask = rng.random(len(whole)) < 0.4
        found = index.search(whole[7], 20, mask)
        right = truth(whole, whole[7], 20, mask & left)
        assert recall(found, right) >= 0.95
        assert (mask & left)[found.rows].all()

    def test_two_opened_side_by_side_do_not_meet(self, index: DenseIndex) -> None:
        other = self.open("other")
        other.build(clustered(40, seed=30))
        assert len(other.search(clustered(1)[0], 100).rows) == 40
        other.delete(np.arange(40))
        other.close()
        assert index.stats().rows == self.rows
        assert len(index.search(clustered(1)[0], 100).rows) == 100

    @promise("fresh")
    def test_threads_search_while_others_add_and_delete(self, index: DenseIndex, vectors: np.ndarray) -> None:
        lasting = np.ones(self.rows, bool)
        lasting[1000:1300] = False
        probes = np.flatnonzero(lasting)[:: self.rows // 40]

        def ask(row: int) -> int:
            return int(index.search(vectors[row], 1).rows[0])

        with ThreadPoolExecutor(4) as threads:
            asked = [threads.submit(ask, row) for row in probes]
            for start in range(0, 300, 100):
                index.add(clustered(50, seed=40 + start))
                index.delete(np.arange(1000 + start, 1100 + start))
            assert [a.result() for a in asked] == probes.tolist()
        assert index.stats().rows == self.rows + 150 - 300

    def test_a_closed_one_holds_nothing(self, index: DenseIndex) -> None:
        index.close()
        index.close()
        assert index.stats().memory == 0

    def test_a_mask_of_before_allows_nothing_that_was_added_since(self, index: DenseIndex) -> None:
        mask = np.ones(self.rows, bool)
        added = clustered(3, seed=22)
        index.add(added)
        assert (index.search(added[0], 20, mask).rows < self.rows).all()

    def test_an_empty_index_takes_its_first_rows(self) -> None:
        index = self.open()
        index.add(clustered(4))
        assert index.search(clustered(4)[2], 1).rows.tolist() == [2]

    def test_rows_of_another_embedder_are_refused_and_change_nothing(self, built: DenseIndex) -> None:
        with pytest.raises(Invalid, match="95"):
            built.add(np.ones((2, 95), np.float32))
        assert built.stats().rows == self.rows

    def test_half_precision_and_odd_dimensions_are_taken(self) -> None:
        vectors = clustered(2000, dims=45).astype(np.float16)
        index = self.open()
        index.build(vectors)
        assert index.search(vectors[17].astype(np.float32), 3).rows[0] == 17

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_a_query_that_is_not_a_number_is_refused(self, built: DenseIndex, bad: float) -> None:
        with pytest.raises(Invalid):
            built.search(np.full(96, bad, np.float32), 5)

    def test_a_query_of_another_embedder_is_refused(self, built: DenseIndex) -> None:
        with pytest.raises(Invalid, match="95"):
            built.search(np.ones(95, np.float32), 5)

    def test_vectors_that_are_not_numbers_are_refused(self) -> None:
        with pytest.raises(Invalid):
            self.open().build(np.array([[np.nan, 1.0]], np.float32))
