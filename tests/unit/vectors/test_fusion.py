"""Reciprocal rank fusion: its algebra."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.vectors.fusion import reciprocal_ranks

rankings = st.lists(st.lists(st.integers(0, 40), unique=True, max_size=20).map(np.array), max_size=4)


def test_no_ranking_gives_nothing() -> None:
    assert len(reciprocal_ranks([]).rows) == 0
    assert len(reciprocal_ranks([np.array([]), np.array([])]).rows) == 0


def test_scores_are_those_of_the_paper() -> None:
    fused = reciprocal_ranks([np.array([7, 3]), np.array([3, 9])])
    assert fused.rows.tolist() == [3, 7, 9]
    assert fused.scores.tolist() == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62])


@given(rankings)
def test_every_row_of_any_ranking_comes_once_in_falling_order(given: list[np.ndarray]) -> None:
    fused = reciprocal_ranks(given)
    assert sorted(fused.rows.tolist()) == sorted({int(row) for ranking in given for row in ranking})
    assert (np.diff(fused.scores) <= 0).all()


@given(st.lists(st.integers(0, 40), unique=True, max_size=20))
def test_one_ranking_keeps_its_order(given: list[int]) -> None:
    assert reciprocal_ranks([np.array(given)]).rows.tolist() == given


@given(rankings)
def test_the_order_of_the_rankings_does_not_matter(given: list[np.ndarray]) -> None:
    there, back = reciprocal_ranks(given), reciprocal_ranks(given[::-1])
    np.testing.assert_allclose(there.scores, back.scores)
