"""Bad days of tables under a contract: they change in mid-sync, are huge, or repeat themselves; every row is counted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.nouns import Source
from thruline.ports.origin import Item, Origin, Reading
from thruline.testing.homes import SETTINGS, FastEngines, open_home

pytest.importorskip("polars")

NOTES = """
[contract]
name = "notes"
version = "1"
[columns.id]
type = "integer"
unique = true
[columns.at]
type = "string"
required = true
"""
ORDERS = """
[contract]
name = "orders"
version = "1"
[files."*.csv".columns.id]
type = "integer"
unique = true
[files."*.csv".columns.state]
type = "string"
allowed = ["open", "sent"]
"""
ROWS = 100_000


class Renaming(FastEngines):
    """An origin whose column is renamed once it has read so many rows."""

    def origin(self, source: Source) -> Origin:
        """The place of the source."""
        opened = super().origin(source)
        read, left = opened.read, [70]  # all are judged, and most have come in

        def interrupted(item: Item, *, limit: int) -> Reading:
            left[0] -= 1
            if left[0] == 0:
                with closing(sqlite3.connect(source.location.removeprefix("sqlite://"))) as owner, owner:
                    owner.execute("ALTER TABLE notes RENAME COLUMN at TO said")
            return read(item, limit=limit)

        opened.read = interrupted
        return opened


def test_a_column_that_is_renamed_in_mid_sync_brings_no_half_table_in(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as owner, owner:
        owner.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, at TEXT)")
        owner.executemany("INSERT INTO notes VALUES (?, ?)", [(n, f"Note {n} on machine {n}") for n in range(40)])
    (tmp_path / "notes.toml").write_text(NOTES)
    with open_home(tmp_path / "home"):
        pass
    with Platform.open(tmp_path / "home", overrides=SETTINGS, engines=Renaming) as home:
        options = ("table=notes", "tries=1", f"contract={tmp_path / 'notes.toml'}")
        home.data.add(path=f"sqlite://{path}", name="shop", options=options)
        (report,) = home.data.sync(source="shop")
        assert report.indexed + report.duplicates + report.quarantined + len(report.refused) == report.seen
        assert "said:" not in "".join(p.text for p in home.vectors.search(question="Note on machine").passages)
    with open_home(tmp_path / "home") as home:
        (report,) = home.data.sync(source="shop")
        assert (report.seen, report.quarantined) == (40, 40)
        assert "Column 'said' was called 'at', to judge by its values." in report.changes


@pytest.mark.slow
def test_a_hundred_thousand_rows_of_which_half_repeat_are_all_counted(
    home: Platform, docs: Path, tmp_path: Path
) -> None:
    half = ROWS // 2
    lines = "".join(f"{n % half},{'lost' if n % 1000 == 0 else 'open'}\n" for n in range(ROWS))
    (docs / "orders.csv").write_text("id,state\n" + lines)
    (tmp_path / "orders.toml").write_text(ORDERS)
    home.data.add(path=str(docs), name="shop", options=(f"contract={tmp_path / 'orders.toml'}",))
    (report,) = home.data.sync(source="shop")
    (table,) = report.tables
    assert (table.rows, table.passed + table.quarantined + table.blocked) == (ROWS, ROWS)
    assert {r.rule: r.failing for r in table.rules if r.failing} == {"unique": half, "allowed": ROWS // 1000}
    assert (report.seen, report.quarantined) == (1, 1)
