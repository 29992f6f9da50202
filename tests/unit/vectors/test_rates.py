"""Shares of neighbours found, with intervals that know that the neighbours of one query come together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.vectors.rates import Lots, Rate, lots, rate

PAIRS = st.lists(st.integers(1, 20).flatmap(lambda w: st.tuples(st.integers(0, w), st.just(w))), min_size=1)


def test_two_hundred_queries_tell_ninety_seven_of_a_hundred_to_seven_tenths_of_a_point() -> None:
    rng = np.random.default_rng(0)
    of = rate(lots([(int(found), 10) for found in rng.binomial(10, 0.97, 200)]))
    assert (of.high - of.low) / 2 == pytest.approx(0.007, abs=0.002)


def test_nothing_asked_says_nothing() -> None:
    assert rate(Lots()) == Rate(0.0, 0.0, 1.0)


def test_all_found_is_not_certain() -> None:
    assert rate(lots([(10, 10)] * 20)).low == pytest.approx(0.981, abs=0.002)


def test_misses_that_come_together_say_less_than_as_many_alone() -> None:
    together = rate(lots([(10, 10)] * 90 + [(0, 10)] * 10))
    alone = rate(lots([(9, 10)] * 100))
    assert together.value == alone.value == 0.9
    assert together.low < alone.low - 0.02


@given(PAIRS)
def test_the_interval_holds_its_value_and_stays_a_share(pairs: list[tuple[int, int]]) -> None:
    of = rate(lots(pairs))
    assert 0 <= of.low <= of.value <= of.high <= 1


def test_the_interval_covers_the_truth_in_about_nineteen_of_twenty_also_where_queries_differ() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        found = rng.binomial(10, rng.beta(9, 1, 100))  # some questions are hard: 0.9 on average
        of = rate(lots([(int(n), 10) for n in found]))
        covered += of.low <= 0.9 <= of.high
    assert covered / 400 >= 0.92
