"""A source that has gone quiet is told from one that is always slow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.data.freshness import QUIET_TIMES, alarm, spell

HOUR = 3600 * 1_000_000
DAILY = [n * 24 * HOUR for n in range(6)]


def test_a_daily_source_may_skip_a_weekend_but_not_a_week():
    last = DAILY[-1]
    assert alarm(DAILY, last, 0, last + 3 * 24 * HOUR) == ""
    assert alarm(DAILY, last, 0, last + 6 * 24 * HOUR) == "nothing new for 6 days, and usually there is every 24 h"


def test_a_source_that_nobody_reads_any_more_is_late():
    assert alarm([], 10 * HOUR, 3600, 14 * HOUR) == "not read for 4 h, and it should be every 60 min"
    assert alarm([], 10 * HOUR, 3600, 12 * HOUR) == ""
    assert alarm([], 0, 3600, 99 * HOUR) == ""


@pytest.mark.parametrize("news", [[], [HOUR], [HOUR, 2 * HOUR], [HOUR, 2 * HOUR, 3 * HOUR], [HOUR] * 9])
def test_too_little_is_known_to_call_anything_usual(news: list[int]):
    assert alarm(news, HOUR, 0, 9999 * HOUR) == ""


@given(st.lists(st.integers(1, 100), min_size=3, max_size=20), st.integers(-50, 1))
def test_the_moment_of_news_and_a_clock_that_runs_backwards_raise_no_alarm(gaps: list[int], later: int):
    news = [sum(gaps[:n]) * HOUR for n in range(len(gaps) + 1)]
    assert alarm(news, news[-1], 0, news[-1] + later * HOUR // QUIET_TIMES) == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(40, "40 s"), (720, "12 min"), (18_000, "5 h"), (259_200, "3 days"), (0, "0 s")]
)
def test_a_duration_is_spelt_in_one_unit(seconds: float, words: str):
    assert spell(seconds) == words
