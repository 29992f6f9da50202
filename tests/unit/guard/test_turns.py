"""Turns: one at a time, a bounded queue, and when to come back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from thruline.guard.limits import TooMany
from thruline.guard.turns import Turns


def until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not is_so() and time.monotonic() < ends:
        time.sleep(0.005)
    assert is_so()


def turned_away(turns: Turns) -> tuple[str, bool] | None:
    """What it said, and whether it said when to come back."""
    try:
        with turns.turn("shop", within_s=0):
            return None
    except TooMany as error:
        return error.message, error.retry_after_s >= 1


def test_those_who_want_the_same_go_one_at_a_time():
    turns, inside, most = Turns(most=99), 0, 0

    def work(_: int) -> None:
        nonlocal inside, most
        with turns.turn("crm", within_s=10):
            inside += 1
            most = max(most, inside)
            time.sleep(0.001)
            inside -= 1

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(60)))
    assert most == 1


def test_those_who_want_something_else_do_not_wait():
    turns = Turns(most=1)
    with turns.turn("crm", within_s=10), turns.turn("shop", within_s=0):
        pass


def test_who_comes_when_the_queue_is_full_is_told_how_long_it_will_take():
    turns, free, asked = Turns(most=2), threading.Event(), []

    def wait() -> None:
        asked.append(1)
        with turns.turn("crm", within_s=10):
            pass

    def hold() -> None:
        with turns.turn("crm", within_s=10):
            free.wait(10)

    with ThreadPoolExecutor(3) as pool:
        pool.submit(hold)
        until(lambda: turns._names["crm"].locked())
        waiting = [pool.submit(wait) for _ in range(2)]
        until(lambda: turned_away(turns) == ("2 wait already", True))
        free.set()
        for one in waiting:
            one.result(10)
    assert not turned_away(turns)


def test_who_waits_in_vain_is_told_to_come_back_and_holds_up_nobody():
    turns = Turns(most=5)
    with turns.turn("crm", within_s=1), pytest.raises(TooMany), turns.turn("crm", within_s=0.01):
        pass
    with turns.turn("crm", within_s=1):
        pass


def test_a_turn_that_fails_lets_the_next_one_in():
    turns = Turns(most=5)
    with pytest.raises(ValueError, match="broken"), turns.turn("crm", within_s=1):
        raise ValueError("broken")
    with turns.turn("crm", within_s=0):
        pass
