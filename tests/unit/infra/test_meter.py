from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.infra.meter import Prices, Usage, cost, usage
from thruline.ports.compute import JobStatus

amounts = st.floats(0, 1e6)
usages = st.builds(Usage, cpu_hours=amounts, gpu_hours=amounts, gb_hours=amounts)
prices = st.builds(Prices, cpu_hour=amounts, gpu_hour=amounts, gb_hour=amounts)


def test_an_hour_of_two_cores_a_gpu_and_four_gigabytes() -> None:
    hour = JobStatus(
        state="succeeded", started=0, ended=3_600_000_000, cpu_seconds=7200, gpu_seconds=3600, peak_memory=4 * 10**9
    )
    assert usage(hour) == Usage(cpu_hours=2, gpu_hours=1, gb_hours=4)
    assert cost(usage(hour), Prices(cpu_hour=0.05, gpu_hour=2, gb_hour=0.01)) == pytest.approx(2.14)


@given(usages)
def test_without_prices_everything_is_free(used: Usage) -> None:
    assert cost(used, Prices()) == 0


@given(usages, usages, prices)
def test_two_jobs_cost_what_each_costs(a: Usage, b: Usage, at: Prices) -> None:
    both = Usage(
        cpu_hours=a.cpu_hours + b.cpu_hours, gpu_hours=a.gpu_hours + b.gpu_hours, gb_hours=a.gb_hours + b.gb_hours
    )
    assert cost(both, at) == pytest.approx(cost(a, at) + cost(b, at))
