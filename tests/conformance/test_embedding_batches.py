"""Batches of like length: every text once, no batch too large, and nothing of the padding in a vector."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.backends.onnx_embedder.batches import AHEAD, Network, alike, embedded, padded, pooled, width_of


@given(st.lists(st.integers(1, 600), max_size=80), st.integers(1, 4096))
def test_every_text_is_in_one_batch_that_is_no_larger_than_allowed(lengths: list[int], most: int) -> None:
    batches = list(alike(np.array(lengths, int), most))
    assert sorted(n for batch in batches for n in batch) == list(range(len(lengths)))
    for batch in batches:
        width = width_of(max(lengths[n] for n in batch))
        assert len(batch) == 1 or len(batch) * width <= most


@given(
    st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=40), min_size=1, max_size=9),
    st.sampled_from(["cls", "mean"]),
)
def test_what_stands_where_no_token_is_changes_no_vector(texts: list[list[int]], pooling) -> None:
    ids, mask = padded(texts)
    assert [row[row > 0].tolist() for row in ids] == texts
    states = np.random.default_rng(0).normal(size=(*ids.shape, 5))
    noisy = np.where(mask[:, :, None] == 1, states, 1e3)
    np.testing.assert_allclose(
        pooled(noisy, mask, pooling), pooled(states * mask[:, :, None], mask, pooling), atol=1e-6
    )


@pytest.mark.parametrize("count", [0, 1, AHEAD, 2 * AHEAD + 3])
def test_vectors_come_in_the_order_of_their_texts_and_the_next_ones_are_cut_meanwhile(count: int) -> None:
    cut_in: set[str] = set()

    def cut(texts) -> list[list[int]]:
        cut_in.add(threading.current_thread().name)
        return [[1 + int(text)] * (1 + int(text) % 7) for text in texts]

    def run(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return np.stack([ids.astype(float), np.ones(ids.shape)], axis=2)

    with ThreadPoolExecutor(2, "beside") as beside:
        vectors = embedded([str(n) for n in range(count)], Network(cut, run, "mean", 2, 256), beside)
    np.testing.assert_allclose(vectors[:, 0] / vectors[:, 1], np.arange(1, count + 1), rtol=1e-4)
    assert threading.current_thread().name not in cut_in
