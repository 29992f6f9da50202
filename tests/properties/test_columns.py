"""Columns: a mask says of each row what its record says, however the rows came, and after being put away."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from thruline.core.conditions import Condition, asked, meant
from thruline.core.errors import Invalid
from thruline.core.fields import Field, Value, understood, words_of
from thruline.vectors.columns import Columns, Told, Where

WORDS = st.sampled_from(["red", "blue", "dark blue"])
VALUES = {
    "text": WORDS,
    "number": st.floats(-5, 5),
    "date": st.integers(0, 3 * 10**15),
    "flag": st.booleans(),
    "list": st.lists(WORDS, min_size=1, max_size=3).map(tuple),
}
FIELDS = st.one_of(
    st.builds(
        Field, st.just(name), st.just(name), st.none() | values, st.sampled_from([(), ("email",), ("name", "email")])
    )
    for name, values in VALUES.items()
)
RECORDS = st.lists(
    st.builds(Told, st.lists(FIELDS, max_size=5, unique_by=lambda f: f.name), st.integers(0, 3)), max_size=8
)
ASKED = st.sampled_from(
    [
        "text=red", "text!=red,blue", "text", "!text", "number<1", "number>=0", "number=1,2", "date<2000", "date=1999",
        "date<=2001-02", "date>1980", "flag=true", "flag!=true", "list=red", "list!=blue", "!list",
    ]
)  # fmt: skip


def condition(text: str) -> Condition:
    said = asked(text)
    return meant(said, said.name, lambda _: 0)  # each field is called as its type is


def holds(asked: Condition, fields: list[Field], hidden: frozenset[str]) -> bool:
    """What a condition says of one record, slowly."""
    value: Value | None = next((f.value for f in fields if f.name == asked.name and not f.is_hidden(hidden)), None)
    if asked.op in ("has", "lacks"):
        return (value is None) == (asked.op == "lacks")
    if asked.type == "date":
        a, b = asked.values[0], asked.values[-1]
        said = {"=": lambda v: a <= v < b, "<": lambda v: v < a, "<=": lambda v: v < b, ">": lambda v: v >= b}
    else:
        said = {
            "=": lambda v: bool({*v} & {*asked.values}) if isinstance(v, tuple) else v in asked.values,
            "<": lambda v: v < asked.values[0], "<=": lambda v: v <= asked.values[0], ">": lambda v: v > asked.values[0],
        }  # fmt: skip
    said |= {"!=": said["="], ">=": lambda v: v >= asked.values[0]}
    return (value is not None and said[asked.op](value)) != (asked.op == "!=")


@given(records=RECORDS, text=ASKED, hidden=st.sampled_from([frozenset(), frozenset({"email"}), frozenset({"name"})]))
def test_a_mask_says_of_each_row_what_its_record_says(records: list[Told], text: str, hidden: frozenset[str]) -> None:
    wanted = condition(text)
    mask = Columns().after(0, records).fits(Where((wanted,), hidden), sum(r.rows for r in records))
    assert mask.tolist() == [holds(wanted, list(r.fields), hidden) for r in records for _ in range(r.rows)]


@given(records=RECORDS, cut=st.integers(0, 8), text=ASKED)
def test_what_comes_bit_by_bit_or_was_put_away_is_the_same(records: list[Told], cut: int, text: str) -> None:
    rows, where = sum(r.rows for r in records), Where((condition(text),))
    whole = Columns().after(0, records)
    first = Columns().after(0, records[:cut])
    before = sum(r.rows for r in records[:cut])
    old = first.fits(where, before)
    grown = first.after(before, records[cut:])
    again = Columns.restored(whole.put_away())
    for other in (grown, again):
        np.testing.assert_array_equal(other.fits(where, rows), whole.fits(where, rows))
        assert other.counts(np.arange(rows), ()) == whole.counts(np.arange(rows), ())
    np.testing.assert_array_equal(first.fits(where, before), old)  # a snapshot that others came after stays as it was


@given(field=FIELDS)
def test_a_value_in_words_is_understood_as_the_same(field: Field) -> None:
    if field.value is not None:
        assert understood(field.type, words_of(field)) == (
            tuple(dict.fromkeys(field.value)) if isinstance(field.value, tuple) else field.value
        )


@given(text=st.text(alphabet="ab=<>!,;\"' 0192-", max_size=30))
def test_any_condition_is_meant_or_told_and_reads_back_the_same(text: str) -> None:
    try:
        wanted = meant(asked(text), "text", lambda _: 0)
    except Invalid:
        return
    assert meant(asked(wanted.text), "text", lambda _: 0) == wanted
