"""The difference of two hit rates over the same questions, with its interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.vectors.paired import difference

PAIRS = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=200)


@given(PAIRS)
def test_the_interval_holds_the_difference_and_mirrors_when_the_sides_change(pairs: list[tuple[bool, bool]]) -> None:
    before, after = [a for a, _ in pairs], [b for _, b in pairs]
    found, mirrored = difference(before, after), difference(after, before)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert mirrored == pytest.approx((-found.value, -found.high, -found.low))


def test_no_loss_among_few_is_no_proof() -> None:
    lows = [difference([True] * n, [True] * n).low for n in (0, 20, 70, 200)]
    assert lows == pytest.approx([-1, -0.161, -0.052, -0.019], abs=0.001)


@pytest.mark.parametrize(("won", "lost", "n"), [(0.05, 0.05, 200), (0.02, 0.1, 100), (0.3, 0.1, 60)])
def test_the_interval_holds_the_truth_as_often_as_it_says(won: float, lost: float, n: int) -> None:
    drawn = np.random.default_rng(0).choice(3, p=(won, lost, 1 - won - lost), size=(1000, n))
    held = 0
    for row in drawn:
        low, high = difference((row == 1).tolist(), (row == 0).tolist())[1:]
        held += low <= won - lost <= high
    assert held / len(drawn) >= 0.935
