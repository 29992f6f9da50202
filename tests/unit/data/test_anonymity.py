"""Groups, varieties and ladders, against plain Python and by what may never happen."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thruline.core.errors import Invalid
from thruline.data.anonymity import hiding, spread, variety
from thruline.data.cells import ROWS, cells_of, grouped
from thruline.data.column_roles import propose
from thruline.data.generalise_plan import Aim, coarsened, plan
from thruline.data.generalising import ladder
from thruline.data.tables import Texts, scan

VALUES = st.one_of(st.none(), st.sampled_from(["f", "m", "x", "007", "12", ""]))
ROWS_OF = st.lists(st.tuples(VALUES, st.one_of(st.none(), st.integers(-3, 90)), VALUES), min_size=1, max_size=60)


def frame_of(rows: list[tuple]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema={"sex": pl.String, "age": pl.Int64, "illness": pl.String}, orient="row"
    )  # fmt: skip


@given(rows=ROWS_OF, k=st.integers(2, 6), least=st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_k_and_l_are_those_that_counting_in_plain_python_gives(rows: list[tuple], k: int, least: int):
    cells = cells_of(scan(frame_of(rows)), ["sex", "age", "illness"])
    found = hiding(grouped(cells.frame, ["sex", "age"], ["illness"]), k, ["illness"], least)
    groups: dict[tuple, list] = defaultdict(list)
    for sex, age, illness in rows:
        groups[sex, age].append(illness)
    assert (found.rows, found.groups, found.k) == (len(rows), len(groups), min(map(len, groups.values())))
    assert found.at_risk == sum(len(g) for g in groups.values() if len(g) < k or len(set(g)) < least)
    assert sum(s.rows for s in spread(grouped(cells.frame, ["sex", "age"]))) == len(rows)


@given(rows=ROWS_OF)
@settings(max_examples=60, deadline=None)
def test_variety_is_as_its_papers_define_it(rows: list[tuple]):
    cells = cells_of(scan(frame_of(rows)), ["sex", "illness"])
    found = variety(cells.frame, ["sex"], "illness")
    overall = Counter(r[2] for r in rows)
    groups: dict[object, Counter] = defaultdict(Counter)
    for sex, _, illness in rows:
        groups[sex][illness] += 1
    entropies, distances = [], []
    for counts in groups.values():
        total = counts.total()
        entropies.append(-sum(n / total * math.log(n / total) for n in counts.values()))
        distances.append(sum(abs(counts[v] / total - overall[v] / len(rows)) for v in overall) / 2)
    assert found.distinct == min(map(len, groups.values()))
    assert found.entropy == pytest.approx(math.exp(min(entropies)))
    assert found.closeness == pytest.approx(max(distances), abs=1e-9)


@given(rows=ROWS_OF)
@settings(max_examples=60, deadline=None)
def test_each_step_of_a_ladder_joins_values_and_parts_none(rows: list[tuple]):
    cells = cells_of(scan(frame_of(rows)), ["sex", "age"])
    for name in ("sex", "age"):
        steps = ladder(name, cells.values[name], grouped(cells.frame, [name]), 3).steps
        for finer, coarser in pairwise(steps):
            assert len(coarser.labels) < len(finer.labels)
            together = {(int(a), int(b)) for a, b in zip(finer.places, coarser.places, strict=True)}
            assert len(together) == len({a for a, _ in together})
        assert len(steps[-1].labels) == 1
        for step in steps:
            met = grouped(coarsened(cells.frame, [_only(name, step)], {name: 1}), ["sex", "age"])
            assert met[ROWS].sum() == len(rows)
            assert met[ROWS].min() >= grouped(cells.frame, ["sex", "age"])[ROWS].min()


def _only(name, step):
    from thruline.data.generalising import Ladder

    return Ladder(column=name, steps=(step, step))


@given(rows=ROWS_OF, k=st.integers(2, 5))
@settings(max_examples=40, deadline=None)
def test_a_plan_is_found_wherever_leaving_all_columns_out_would_do(rows: list[tuple], k: int):
    cells = cells_of(scan(frame_of(rows)), ["sex", "age", "illness"])
    aim = Aim(quasi=("sex", "age"), sensitive=("illness",), k=k, least=2, left_out=0.0)
    ladders = [ladder(n, cells.values[n], grouped(cells.frame, [n]), k) for n in aim.quasi]
    found = plan(cells.frame, ladders, aim)
    possible = len(rows) >= k and len({r[2] for r in rows}) >= 2
    assert (found is not None) == possible
    if found:
        told = grouped(coarsened(cells.frame, ladders, found.steps), aim.quasi, aim.sensitive)
        assert hiding(told, k, aim.sensitive, 2).at_risk == 0


def steps_of(column: str, values: list, kind: object = None) -> list[tuple[str, list]]:
    frame = pl.DataFrame({column: pl.Series(values, dtype=kind)})
    cells = cells_of(scan(frame), [column])
    steps = ladder(column, cells.values[column], grouped(cells.frame, [column]), 2).steps
    return [(step.says, [step.labels[int(place)] for place in step.places]) for step in steps]


def test_numbers_are_told_in_bands_dates_by_month_and_codes_by_their_beginnings():
    ages = dict(steps_of("age", [18, 20, 23, 28, 60, 77]))
    assert ages["in bands of 10"] == ["10 to 19", "20 to 29", "20 to 29", "20 to 29", "60 to 69", "70 to 79"]
    born = dict(steps_of("born", [date(1980, 3, 1), date(1980, 3, 9), date(1981, 1, 1), date(1991, 1, 1)]))
    assert born["by month"] == ["1980-03", "1980-03", "1981-01", "1991-01"]
    assert born["by decade"] == ["1980s", "1980s", "1980s", "1990s"]
    zips = ["10115", "10117", "10123", "20095"]
    for values in (zips, [int(text) for text in zips]):
        assert dict(steps_of("zip", values))["by its first 3 characters"] == ["101**", "101**", "101**", "200**"]
    assert dict(steps_of("key", ["0712", "0713", "0891"]))["by its first 3 characters"] == ["071*", "071*", "089*"]
    rare = dict(steps_of("job", ["baker", "baker", "smith", "tailor"]))
    assert rare["values of fewer than 2 rows as one"] == ["baker", "(rare)", "(rare)"]


def test_texts_that_are_all_numbers_are_numbers_and_an_empty_value_stays_empty():
    steps = dict(steps_of("age", ["18", "20", "28", "60", None]))
    assert steps["in bands of 10"] == ["10 to 19", "20 to 29", "20 to 29", "60 to 69", None]
    assert set(steps["left out"]) == {"*"}


@pytest.mark.parametrize(
    "values", [[float("nan"), 1.0, 2.0], [float("inf"), 1.0, 2.0], [None, None], [2**62, -(2**62)]]
)
def test_strange_numbers_make_a_ladder_too(values: list):
    assert steps_of("weight", values)[-1][0] in ("left out", "as it is")


def test_more_combinations_than_64_bits_are_told_apart():
    wide = pl.DataFrame({f"c{n}": range(3000) for n in range(8)})
    cells = cells_of(scan(wide), wide.columns)
    assert cells.frame.height == 3000
    assert grouped(cells.frame, wide.columns)[ROWS].max() == 1
    for name in wide.columns:
        assert sorted(cells.values[name][cells.frame[name]].to_list()) == list(range(3000))


def test_columns_that_are_not_there_or_hold_lists_are_refused():
    table = scan(pl.DataFrame({"tags": [["a"]], "age": [1]}))
    with pytest.raises(Invalid, match="no column 'agee'"):
        cells_of(table, ["agee"])
    with pytest.raises(Invalid, match="holds lists"):
        cells_of(table, ["tags"])


def test_what_a_column_may_be_is_proposed_by_its_name_its_values_and_how_many_share_them():
    rows = 40
    table = pl.DataFrame(
        {
            "patient_name": ["x"] * rows,
            "birthDate": ["1980-01-01"] * rows,
            "diagnosis": ["flu"] * rows,
            "contact": [f"ann{n}@example.org" for n in range(rows)],
            "serial": [f"A{n}Z" for n in range(rows)],
            "shelf": ["a", "b"] * (rows // 2),
        }
    )
    roles = {p.column: p.role for p in propose(scan(Texts(table)), rows, None)}
    assert roles == {
        "patient_name": "identifier", "birthDate": "quasi", "diagnosis": "sensitive", "contact": "identifier",
        "serial": "identifier", "shelf": "other",
    }  # fmt: skip


INDEXES = st.tuples(*[st.sampled_from([0, 1, 7, 90_000, 4_000_000])] * 4, st.integers(1, 5))


@given(st.lists(INDEXES, max_size=40))
@settings(max_examples=60, deadline=None)
def test_groups_by_number_are_those_of_grouping_by_columns_however_few_of_the_numbers_are_met(rows: list[tuple]):
    schema = {**dict.fromkeys("abcd", pl.UInt32), ROWS: pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    expected = frame.group_by("a", "b", "c").agg(pl.col(ROWS).sum(), pl.col("d").n_unique())
    found = grouped(frame, ["a", "b", "c"], ["d"])
    assert found.sort("a", "b", "c").equals(expected.sort("a", "b", "c"))
