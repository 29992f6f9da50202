"""Which documents are as near as a threshold to an earlier one that stands for itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from thruline.data.alike import LONGEST, Alike, Best, Docs, Spread, alike, best


def some(seed: int, count: int) -> np.ndarray:
    """Whole numbers, so that no rounding is between them and the definition, around four centres."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(4, 8))
    return np.rint(500 * (centres[rng.integers(0, 4, count)] + rng.normal(size=(count, 8)) * 0.2))


def found(vectors: np.ndarray, counts: list[int], threshold: float = 0.9) -> list[Alike]:
    return [edge for looked in alike(vectors, counts, threshold) for edge in looked.found]


def one_by_one(vectors: np.ndarray, counts: list[int], threshold: float) -> dict[int, int]:
    """The definition, document by document."""
    ends = np.cumsum(counts)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = [unit[end - count : end] for end, count in zip(ends, counts, strict=True)]
    alone: list[int] = []
    edges: dict[int, int] = {}
    for n, own in enumerate(rows):
        near = [(float((own @ rows[m].T).max(axis=1).min()), -m) for m in alone] if len(own) else []
        best = max((pair for pair in near if pair[0] >= threshold), default=None)
        if best:
            edges[n] = -best[1]
        elif len(own):
            alone.append(n)
    return edges


@given(st.integers(0, 10_000), st.lists(st.integers(0, 3), min_size=1, max_size=40))
def test_blocks_of_products_find_what_a_look_at_each_pair_finds(seed: int, counts: list[int]):
    vectors = some(seed, sum(counts))
    assert {e.later: e.first for e in found(vectors, counts)} == one_by_one(vectors, counts, 0.9)


@given(st.integers(0, 10_000), st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(1, 30))
def test_it_does_not_matter_who_compares_how_many_with_how_many(seed: int, counts: list[int], rows: int):
    def elsewhere(block: Docs, groups: Iterable[Docs], threshold: float) -> Iterator[Best]:
        return (best(block, others, threshold) for others in groups)

    vectors = some(seed, sum(counts))
    spread = [e for looked in alike(vectors, counts, 0.9, Spread(rows, elsewhere)) for e in looked.found]
    assert spread == found(vectors, counts)


@given(st.integers(0, 10_000))
def test_a_cosine_is_the_same_bits_in_whatever_order_it_is_summed(seed: int):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(40, 384)).astype(np.float16)
    vectors[20:] = vectors[:20] + rng.normal(size=(20, 384)).astype(np.float16) * 0.2
    order = rng.permutation(384)
    one, other = found(vectors, [1] * 40), found(vectors[:, order], [1] * 40)
    assert len(one) == 20
    assert one == other


def test_edges_cross_blocks_and_lead_to_what_stands_for_itself():
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(3000, 32)).astype(np.float16)
    vectors[2500] = vectors[2000] = vectors[7]
    assert [(e.later, e.first) for e in found(vectors, [1] * 3000, 0.95)] == [(2000, 7), (2500, 7)]


def test_a_document_with_one_chunk_of_its_own_says_something_new():
    shared, own, other = np.eye(3, 8)
    vectors = np.array([shared, own, shared, other])
    assert found(vectors, [2, 2]) == []
    assert [(e.later, e.first) for e in found(np.array([shared, own, own]), [2, 1])] == [(1, 0)]


def test_small_steps_join_no_strangers():
    angles = np.linspace(0, np.pi / 2, 40)  # each is near the next, the first and the last have nothing in common
    vectors = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    assert all(vectors[e.later] @ vectors[e.first] >= 0.9 for e in found(vectors, [1] * 40))


def test_books_and_empty_documents_are_compared_with_nothing():
    vectors = np.ones((2 * LONGEST + 2, 4), np.float16)
    assert found(vectors, [LONGEST + 1, 0, LONGEST + 1]) == []
    assert found(np.empty((0, 0), np.float16), []) == []
