"""Batch after batch, the scan of codes goes on finding what a full product finds."""

from __future__ import annotations

import numpy as np
import pytest

from thruline.backends.flat4_dense import Flat4Dense
from thruline.ports.scoring import as_matrix
from thruline.testing.dense_suite import clustered

FIRST, BATCH, K = 3_000, 100, 10


@pytest.fixture(scope="module")
def halves() -> np.ndarray:
    return clustered(FIRST + 24 * BATCH, 64).astype(np.float16)


@pytest.mark.parametrize("batches", [1, 3, 5, 7, 13, 24])
def test_rows_that_came_in_batches_are_found_as_if_they_had_been_there(halves: np.ndarray, batches: int) -> None:
    index, end = Flat4Dense(), FIRST + batches * BATCH
    index.build(halves[:FIRST])
    for start in range(FIRST, end, BATCH):
        index.add(halves[start : start + BATCH])
    gone = np.arange(5, end, 7)
    index.delete(gone)
    mask = np.ones(end, bool)
    mask[::3] = False

    exact = as_matrix(halves[:end])
    left = np.setdiff1d(np.arange(end), gone)
    for query in clustered(20, 64, seed=8):
        for allowed in (left, left[mask[left]]):
            found = index.search(query, K, None if allowed is left else mask)
            best = np.sort(exact[allowed] @ query)[::-1][:K]
            assert np.allclose(found.scores, best, atol=1e-5)
            assert np.isin(found.rows, allowed).all()
