"""A sync names what became of a table's columns, and knows one again that goes by another name."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from thruline.app.platform import Platform

pytest.importorskip("polars")

CONTRACT = """
[contract]
name = "people"
version = "1"
[columns.id]
type = "integer"
"""
RENAMED = "Column 'postcode' was called 'zip', to judge by its values."


def rows(*header: str, first: int = 1) -> str:
    lines = [f"{n},{80_000 + n},of hall {n % 7}" for n in range(first, first + 40)]
    return "\n".join((",".join(header), *lines, ""))


@pytest.fixture
def people(home: Platform, tmp_path: Path) -> Path:
    """A table under a contract, read once."""
    (tmp_path / "people.toml").write_text(CONTRACT)
    table = tmp_path / "people.csv"
    table.write_text(rows("id", "zip", "note"))
    home.data.add(path=str(table), options=("key=id", f"contract={tmp_path / 'people.toml'}"))
    home.data.sync()
    return table


def test_a_column_of_a_file_that_is_called_otherwise_is_known_by_its_values(home: Platform, people: Path) -> None:
    people.write_text(rows("id", "postcode", "note"))
    assert home.data.sync()[0].changes == (RENAMED,)
    assert home.data.source(source="people").changes == (RENAMED,)


def test_a_column_with_other_values_is_another_column(home: Platform, people: Path) -> None:
    people.write_text(rows("id", "phone", "note").replace(",80", ",+49 30 5550"))
    assert home.data.sync()[0].changes == (
        "Column 'zip' is gone; it was an integer.",
        "Column 'phone' is new; it is a string.",
    )


def test_a_judgement_keeps_no_trace_of_values(home: Platform, people: Path) -> None:
    from thruline.flows import contracts

    kept = contracts.kept(home.line, home.line.records.source("people"))
    assert kept is not None
    assert [(f.name, f.sketch) for f in kept.fields] == [("id", ()), ("zip", ()), ("note", ())]


def test_a_column_of_a_database_that_is_called_otherwise_is_known_by_its_values(home: Platform, tmp_path: Path) -> None:
    (tmp_path / "people.toml").write_text(CONTRACT)
    with closing(sqlite3.connect(tmp_path / "shop.db")) as owner:
        owner.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, zip TEXT, note TEXT)")
        owner.executemany("INSERT INTO people VALUES (?, ?, ?)", [(n, str(80_000 + n), "a note") for n in range(40)])
        owner.commit()
        options = ("table=people", f"contract={tmp_path / 'people.toml'}")
        home.data.add(path=f"sqlite://{tmp_path}/shop.db", name="shop", options=options)
        assert home.data.sync(source="shop")[0].changes == ()
        owner.execute("ALTER TABLE people RENAME COLUMN zip TO postcode")
        owner.commit()
        assert home.data.sync(source="shop")[0].changes == (RENAMED,)
