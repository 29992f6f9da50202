"""Time that is right, and goes on at its pace when somebody sets the machine's clock."""

from __future__ import annotations

from thruline.core.clock import SystemClock

_S = 1_000_000_000
YEAR = 365 * 86_400 * _S


class Machine:
    """A clock on the wall that can be set, and one that nobody can set."""

    def __init__(self) -> None:
        self.wall, self.ticks = 50 * YEAR, 7 * _S
        self.clock = SystemClock(lambda: self.wall, lambda: self.ticks)

    def passes(self, seconds: float) -> None:
        self.wall, self.ticks = self.wall + int(seconds * _S), self.ticks + int(seconds * _S)

    def now_s(self) -> float:
        return self.clock.now() / 1e6


def test_the_time_is_that_of_the_wall_also_after_a_sleep_that_ticks_do_not_count() -> None:
    machine = Machine()
    for forward in (0, 5, YEAR // _S):
        machine.wall += forward * _S
        assert machine.now_s() == machine.wall / _S


def test_a_clock_that_is_set_back_neither_goes_back_nor_stands_still() -> None:
    machine = Machine()
    before = machine.now_s()
    machine.wall -= YEAR
    assert machine.now_s() == before
    machine.passes(60)
    assert machine.now_s() == before + 60


def test_a_clock_that_was_a_year_ahead_for_a_moment_still_lets_leases_run_out() -> None:
    machine = Machine()
    machine.wall += YEAR
    ahead = machine.now_s()
    machine.wall -= YEAR
    machine.passes(31)
    assert machine.now_s() == ahead + 31


def test_the_machine_s_own_time_never_goes_back() -> None:
    clock = SystemClock()
    times = [clock.now() for _ in range(1000)]
    assert times == sorted(times)
