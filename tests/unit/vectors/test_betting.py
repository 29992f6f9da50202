"""The bet against a goal for recall: hardly ever won while the goal is reached, soon won when it is not. Seeded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.vectors.betting import ALPHA, Bets

GOAL = 0.97
Recall = Callable[[int, np.random.Generator], float]


def alarmed_at(recall: Recall, queries: int, rng: np.random.Generator) -> int:
    """After how many queries, 0 for never; each wants ten neighbours."""
    bets = Bets()
    for n in range(queries):
        bets = bets.after(rng.binomial(10, recall(n, rng)) / 10, GOAL)
        if bets.is_alarm:
            return n + 1
    return 0


@pytest.mark.parametrize("recall", [lambda _n, _rng: GOAL, lambda _n, rng: rng.beta(9.7, 0.3)], ids=["even", "clumped"])
def test_just_at_the_goal_one_game_in_twenty_is_lost_to_luck_however_often_one_looks(recall: Recall) -> None:
    rng = np.random.default_rng(1)
    alarms = sum(alarmed_at(recall, 1000, rng) > 0 for _ in range(200))
    assert alarms / 200 <= ALPHA + 0.025  # of 200 games with .05, more than 15 are lost in 3 of 100 cases


def test_a_good_index_is_not_alarmed_in_ten_thousand_queries() -> None:
    for seed in range(5):
        assert alarmed_at(lambda _n, _rng: 0.99, 10_000, np.random.default_rng(seed)) == 0


@pytest.mark.parametrize(("recall", "most"), [(0.5, 12), (0.8, 30), (0.9, 80), (0.95, 500)])
def test_a_lossy_index_is_caught_the_sooner_the_more_it_loses(recall: float, most: int) -> None:
    rng = np.random.default_rng(2)
    found = [alarmed_at(lambda _n, _rng: recall, 2000, rng) for _ in range(40)]
    assert min(found) > 0
    assert max(found) <= most


def test_an_index_that_was_good_for_long_is_caught_as_soon() -> None:
    at = alarmed_at(lambda n, _rng: 0.995 if n < 5000 else 0.85, 6000, np.random.default_rng(3))
    assert 5000 < at <= 5060


@given(st.lists(st.floats(0, 1), max_size=60), st.floats(0.01, 1.0))
def test_wealth_is_never_below_nothing_and_perfect_searches_win_no_bet(shares: list[float], goal: float) -> None:
    bets = Bets()
    for share in shares:
        bets = bets.after(share, goal)
        assert np.isfinite(bets.log_wealth)
    best = Bets()
    for _ in shares:
        best = best.after(1.0, goal)
    assert best.log_wealth <= 0
