"""What one person changes is bounded whatever the table holds, and the noise is as large as that needs.

Statements about chance are wrong once in ten million runs: 5.5 standard errors of thousands of draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thruline.data.aggregates import Asked, Measure, check, measures_of
from thruline.data.bounded_sums import Sums, bounded_sums
from thruline.data.tables import Texts, scan

pytest.importorskip("opendp", reason="the extra `dp` is not installed")
from thruline.data import aggregating, noise

MANY = 4000
SIGMAS = 5.5
COUNT, SUM, MEAN = Measure("count"), Measure("sum", "age", -5, 120), Measure("mean", "age", -5, 120)


def asking(
    *measures: Measure, values: Sequence[str] = (), rows: int = 1, epsilon: float = 1.0, person: str = ""
) -> Asked:
    by, delta = ("group", 0.0) if values else ("", 0.0)
    return Asked(
        measures=measures, by=by, values=tuple(values), person=person, rows=rows, epsilon=epsilon, delta=delta
    )  # fmt: skip


def a_table(**columns: Sequence[str | None]) -> Texts:
    return Texts(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)))


VALUES = st.one_of(
    st.none(), st.floats(allow_nan=True).map(str), st.sampled_from(["", "x", "-5", "120", "1e999", "nan"])
)
ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["f", "m", "", None]), VALUES), max_size=24)


@settings(max_examples=150, deadline=None)
@given(ROWS, st.integers(1, 3), st.booleans())
def test_no_person_changes_the_sums_by_more_than_the_noise_hides(rows: list, most: int, grouped: bool):
    asked = asking(SUM, MEAN, COUNT, values=("f", "m") if grouped else (), rows=most, person="who")

    def sums(kept: list) -> dict[str, Sums]:
        columns = dict(zip(("who", "group", "age"), zip(*kept, strict=True), strict=True)) if kept else {}
        table = a_table(**{name: columns.get(name, ()) for name in ("who", "group", "age")})
        return bounded_sums(table.frame.lazy(), asked, seed=7)

    with_them, without = sums(rows), sums([row for row in rows if row[0] != "a"])
    nothing = Sums(0, (0, 0, 0), (0, 0, 0))
    pairs = [(with_them.get(g, nothing), without.get(g, nothing)) for g in {*with_them, *without}]
    assert sum(abs(one.rows - other.rows) for one, other in pairs) <= most
    for number, measure in enumerate(asked.measures[:2]):
        assert sum(abs(a.steps[number] - b.steps[number]) for a, b in pairs) <= most * measure.grid.furthest
        assert sum(abs(a.filled[number] - b.filled[number]) for a, b in pairs) <= most


@pytest.mark.parametrize(
    ("measure", "rows", "epsilon"), [(COUNT, 1, 0.5), (COUNT, 3, 2.0), (SUM, 1, 1.0), (SUM, 2, 0.1)]
)
def test_the_noise_is_as_large_as_one_person_and_as_even_as_laplace_says(measure: Measure, rows: int, epsilon: float):
    names = [f"g{n}" for n in range(MANY)]
    empty = scan(a_table(group=(), age=(), who=()))
    numbers = aggregating.tell(empty, asking(measure, values=names, rows=rows, epsilon=epsilon, person="who"), seed=1)
    drawn = [number.value for number in numbers]
    step = measure.grid.step if measure is SUM else 1
    scale = rows * (measure.grid.furthest if measure is SUM else 1) / epsilon
    p = math.exp(-1 / scale)
    absolute, squared = 2 * p / (1 - p * p), 2 * p / (1 - p) ** 2
    error = SIGMAS * math.sqrt((squared - absolute**2) / MANY)
    assert sum(map(abs, drawn)) / MANY / step == pytest.approx(absolute, abs=error)
    assert abs(sum(drawn)) / MANY / step < SIGMAS * math.sqrt(squared / MANY)
    beyond = sum(abs(number.value) > number.accuracy for number in numbers) / MANY
    assert beyond < noise.UNSURE + SIGMAS * math.sqrt(noise.UNSURE * (1 - noise.UNSURE) / MANY)


def test_a_mean_is_within_its_accuracy_in_95_of_100_groups():
    names = [f"g{n}" for n in range(400)]
    rows = list(chain.from_iterable((name, str(20 + n % 7)) for name in names for n in range(50)))
    table = scan(a_table(group=rows[::2], age=rows[1::2]))
    true = sum(20 + n % 7 for n in range(50)) / 50
    numbers = aggregating.tell(table, asking(Measure("mean", "age", 0, 120), values=names, epsilon=2.0), seed=1)
    beyond = sum(abs(number.value - true) > number.accuracy for number in numbers)
    assert beyond <= 400 * 0.05 + SIGMAS * math.sqrt(400 * 0.05 * 0.95)
    assert all(0 <= number.value <= 120 for number in numbers)


def test_what_all_parts_cost_together_is_what_was_asked_by_the_account_of_opendp():
    asked = asking(COUNT, SUM, MEAN, epsilon=0.7, rows=3, person="who")
    furthest = [1, SUM.grid.furthest, MEAN.grid.furthest, 1]
    spent = 0.0
    for sensitivity in (asked.rows * f for f in furthest):
        scale = noise.scale_for(sensitivity, asked.each)
        spent += noise._laplace(scale).map(sensitivity)
    assert spent <= 0.7 * (1 + 1e-12)


@pytest.mark.parametrize(("rows", "epsilon", "delta"), [(1, 0.5, 1e-8), (3, 0.1, 1e-10), (10, 2.0, 1e-6)])
def test_a_value_that_one_person_alone_has_is_told_with_a_chance_below_delta(rows: int, epsilon: float, delta: float):
    scale = noise.scale_for(rows, epsilon)
    least = noise.threshold_for(scale, rows, delta)
    p = math.exp(-1 / scale)
    # The chance that noise lifts a count of c to the threshold is p ** (least - c) / (1 + p); a person has `rows` groups
    # of one, or one of `rows`.
    assert rows * p ** (least - 1) / (1 + p) <= delta
    assert p ** (least - rows) / (1 + p) <= delta
    assert noise.threshold_for(scale, rows, delta / 100) > least


def test_groups_of_one_are_told_as_rarely_as_the_account_says():
    scale, least = 2.0, 6
    told = len(noise.noisy_groups({str(n): 1 for n in range(50 * MANY)}, scale, least)) / (50 * MANY)
    accounted = noise._threshold(scale, least - 1).map((1, 1, 1))[1]
    assert told <= accounted + SIGMAS * math.sqrt(accounted / (50 * MANY))


def test_groups_that_differ_behind_a_nul_are_two():
    told = noise.noisy_groups({"a\0b": 500, "a\0c": 900, "few": 1}, 1.0, 40)
    assert abs(told["a\0b"] - 500) < 100
    assert abs(told["a\0c"] - 900) < 100
    assert set(told) == {"a\0b", "a\0c"}


def test_without_columns_the_rows_are_counted():
    (number,) = aggregating.tell(scan(a_table(name=["x"] * 1000)), asking(COUNT, epsilon=20.0), seed=1)
    assert abs(number.value - 1000) < 10


def test_columns_may_have_any_name_and_bounds_any_size():
    for column in ("a:b", "länge", "steps0", "_thruline_rows"):
        (measure,) = measures_of(count=False, sums=(f"{column}:-1e9:1e9",), means=(), contract=None)
        table = scan(a_table(**{column: ["1000000000", "-3", "2"]}))
        (number,) = aggregating.tell(table, check(asking(measure, epsilon=20.0)), seed=1)
        assert abs(number.value - 999_999_999) < 40 * 1e9 / 20
