"""However it is spent, no budget is overspent, and what is recorded adds up."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from thruline.backends.sqlite import SqliteDatabase
from thruline.core.ids import random_id
from thruline.data.budgets import PARTS_OF_DELTA, PARTS_OF_EPSILON, Budgets, Told, allowance, cost

PLACES = st.sampled_from(["a" * 32, "b" * 32])
EPSILONS = st.floats(0.001, 20, allow_nan=False) | st.sampled_from([0.1, 0.2, 0.3, 0.7, 1.0])
DELTAS = st.just(0.0) | st.floats(1e-12, 1e-5)
STEPS = st.lists(
    st.tuples(st.sampled_from(["allow", "spend", "spend", "spend"]), PLACES, EPSILONS, DELTAS), max_size=30
)


@settings(max_examples=50, deadline=None)
@given(STEPS)
def test_what_is_told_adds_up_and_is_covered_by_what_was_allowed(steps: list):
    with TemporaryDirectory() as folder, closing(SqliteDatabase(f"{folder}/home.db")) as database:
        budgets = Budgets(database)
        allowed: dict[str, tuple[int, int]] = {}
        spent: dict[str, tuple[int, int]] = {}
        for what, place, epsilon, delta in steps:
            if what == "allow":
                budgets.allow(place, allowance(epsilon, delta))
                allowed[place] = allowance(epsilon, delta)
                continue
            due, so_far = cost(epsilon, delta), spent.get(place, (0, 0))
            told = Told(random_id("aggregate"), place, "0" * 32, *due, 0)
            after = (so_far[0] + due.epsilon, so_far[1] + due.delta)
            covered = place in allowed and all(a <= b for a, b in zip(after, allowed[place], strict=True))
            assert budgets.spend(told) == covered
            if covered:
                spent[place] = after
        for budget in budgets.all():
            of_each = [told.cost for told in budgets.told(budget.place)]
            assert (
                budget.spent == spent.get(budget.place, (0, 0)) == tuple(map(sum, zip((0, 0), *of_each, strict=True)))
            )


@given(st.floats(0.001, 20), st.floats(0, 1e-5))
def test_no_rounding_is_free(epsilon: float, delta: float):
    due, may = cost(epsilon, delta), allowance(epsilon, delta)
    said = (Decimal(repr(epsilon)) * PARTS_OF_EPSILON, Decimal(repr(delta)) * PARTS_OF_DELTA)
    for asked, exact, allowed in zip(due, said, may, strict=True):
        assert allowed <= exact <= asked
        assert asked - allowed <= 1
