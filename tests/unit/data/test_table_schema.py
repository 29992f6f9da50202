"""What is said of a table whose columns are no longer what they were."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from thruline.data.schema_reading import schema_of
from thruline.data.table_schema import Change, Field, drift, overlap

OLD = pl.DataFrame(
    {
        "id": range(100),
        "mail": [f"user{n}@example.org" for n in range(100)],
        "price": [n / 2 for n in range(100)],
        "gone": [True, False] * 50,
        "note": [None, *("n" * 99)],
    }
)


def test_nothing_is_said_of_a_table_that_stayed_the_same() -> None:
    assert drift(schema_of(OLD), schema_of(OLD)) == ()


def test_each_change_is_one_sentence_that_names_the_column() -> None:
    new = OLD.select(
        pl.when(pl.col("id") > 0).then("id").alias("id"),
        pl.col("mail").alias("email"),
        pl.col("price").cast(pl.String),
        pl.lit(1).alias("fresh"),
        pl.col("note").fill_null("n"),
    )
    assert drift(schema_of(OLD), schema_of(new)) == (
        Change("removed", "gone", "Column 'gone' is gone; it was a boolean."),
        Change("renamed", "email", "Column 'email' was called 'mail', to judge by its values."),
        Change("added", "fresh", "Column 'fresh' is new; it is an integer."),
        Change("now_empty", "id", "Column 'id' has rows without a value; it had none."),
        Change("retyped", "price", "Column 'price' was a number and is a string."),
        Change("never_empty", "note", "Column 'note' has a value in every row; it had not."),
    )


@pytest.mark.parametrize(
    ("moved", "shared", "kinds"),
    [
        (False, 100, ["renamed"]),
        (False, 50, ["renamed"]),  # a third of all values, in the same place
        (True, 50, ["removed", "added"]),
        (True, 80, ["renamed"]),
        (False, 0, ["removed", "added"]),
    ],
)
def test_a_column_is_renamed_when_place_and_values_say_so(moved: bool, shared: int, kinds: list[str]) -> None:
    old = pl.DataFrame({"was": range(100), "other": ["x"] * 100})
    new = pl.DataFrame({"is": range(100 - shared, 200 - shared), "other": ["x"] * 100})
    found = drift(schema_of(old), schema_of(new.select("other", "is") if moved else new))
    assert [change.kind for change in found] == kinds


def test_columns_of_different_types_are_not_the_same_column() -> None:
    old, new = pl.DataFrame({"a": [1, 2, 3]}), pl.DataFrame({"b": ["1", "2", "3"]})
    assert [c.kind for c in drift(schema_of(old), schema_of(new))] == ["removed", "added"]


def test_of_two_likely_names_the_one_with_more_in_common_is_taken() -> None:
    old = pl.DataFrame({"x": range(100), "keep": [1] * 100})
    new = pl.DataFrame({"far": range(30, 130), "keep": [1] * 100, "near": range(5, 105)})
    renamed = [c.column for c in drift(schema_of(old), schema_of(new)) if c.kind == "renamed"]
    assert renamed == ["far"]  # same place and half of the values beat nearly all of them elsewhere
    swapped = drift(schema_of(old), schema_of(new.select("near", "keep", "far")))
    assert [c.column for c in swapped if c.kind == "renamed"] == ["near"]


def test_a_csv_has_the_narrowest_types_that_fit(tmp_path: Path) -> None:
    text = "i,n,b,d,t,s,e,m\n1,1.5,true,2024-01-01,2024-01-01T10:00:00Z,x,,\n2,2,false,2024-02-29,2024-01-01 10:00:00,1,,7\n"
    (tmp_path / "t.csv").write_text(text, "utf-8")
    assert [(f.name, f.type, f.has_empty) for f in schema_of(tmp_path / "t.csv")] == [
        ("i", "integer", False),
        ("n", "number", False),
        ("b", "boolean", False),
        ("d", "date", False),
        ("t", "timestamp", False),
        ("s", "string", False),
        ("e", "empty", True),
        ("m", "integer", True),
    ]


def test_a_column_without_values_has_no_type_to_lose() -> None:
    filled, empty = pl.DataFrame({"a": [1]}), pl.DataFrame({"a": pl.Series([None])})
    assert [c.kind for c in drift(schema_of(filled), schema_of(empty))] == ["now_empty"]


def test_lists_are_of_another_type() -> None:
    assert schema_of(pl.DataFrame({"a": [[1]]})) == (Field(name="a", type="other", has_empty=False),)


def test_the_overlap_of_large_columns_is_close_to_what_they_share() -> None:
    old, new = (schema_of(pl.DataFrame({"a": range(start, start + 20_000)}))[0] for start in (0, 5_000))
    assert overlap(old, new) == pytest.approx(15 / 25, abs=0.15)
    assert len(old.sketch) == 128
