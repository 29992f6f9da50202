"""Limits with a hand-moved clock."""

from __future__ import annotations

import pytest

from thruline.core.errors import Invalid, Unavailable
from thruline.guard.limits import REMEMBERED, Limits


class Hand:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_bucket_empties_and_fills_again() -> None:
    hand = Hand()
    limits = Limits(per_minute=60, question=10, monotonic=hand)
    for _ in range(60):
        limits.take("a")
    with pytest.raises(Unavailable) as refused:
        limits.take("a")
    assert refused.value.hint == "try again in 1.0 s"
    limits.take("b")
    hand.seconds += 1.0
    limits.take("a")


def test_no_limit_means_none() -> None:
    limits = Limits(per_minute=0, question=10)
    for _ in range(1000):
        limits.take("a")


def test_many_keys_do_not_fill_the_memory() -> None:
    limits = Limits(per_minute=1, question=10)
    for key in range(REMEMBERED + 50):
        limits.take(str(key))
    assert len(limits._buckets) == REMEMBERED


@pytest.mark.parametrize("text", ["", " \n", "x" * 11])
def test_a_question_of_the_wrong_size_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        Limits(per_minute=1, question=10).check_question(text)
