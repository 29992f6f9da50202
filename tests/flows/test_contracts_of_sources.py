"""A source's contract: each sync is held to it, before anything changes; rows and documents alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Invalid, NotFound
from thruline.testing.homes import write

pytest.importorskip("polars")

ORDERS = "id,state,amount\n1,open,5\n2,sent,7\n3,lost,9\n"
CONTRACT = """
[contract]
name = "orders"
version = "1"
[columns.id]
type = "integer"
unique = true
[columns.state]
type = "string"
allowed = ["open", "sent"]
[columns.amount]
type = "number"
min = 0
[table]
min_rows = 2
actions = { min_rows = "block" }
"""
PROSE = """
[contract]
name = "pages"
version = "1"
[columns.language]
type = "string"
allowed = ["en"]
[columns.personal]
type = "integer"
max = 0
[columns.size]
type = "integer"
max = 400
actions = { max = "warn" }
[columns.came_in]
type = "timestamp"
[table]
min_rows = 1
fresh = { column = "came_in", within = "30d" }
"""
ENGLISH = "# Valve\n\nThe blue valve opens at nine in the morning and closes at noon on every working day of the week."
GERMAN = "# Ventil\n\nDas blaue Ventil wird morgens um neun geöffnet und mittags an jedem Werktag wieder geschlossen."
NAMED = "# Pump\n\nThe red pump is kept by anna@example.org, who rests by day and reads the meters every night."


@pytest.fixture
def orders(home: Platform, tmp_path: Path) -> Path:
    """A table that is a source with a contract; not read yet."""
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "orders.toml").write_text(CONTRACT)
    contract = f"contract={tmp_path / 'orders.toml'}"
    home.data.add(path=str(tmp_path / "orders.csv"), options=("key=id", contract))
    return tmp_path


def out(home: Platform, source: str) -> dict[str, tuple[str, ...]]:
    return {item.path: item.rules for item in home.data.quarantined(what=source, reason="contract")}


def test_a_row_that_breaks_its_contract_goes_to_the_desk_with_the_rule(home: Platform, orders: Path) -> None:
    report = home.data.sync()[0]
    assert (report.seen, report.indexed, report.quarantined) == (3, 2, 1)
    assert out(home, "orders") == {"3.txt": ("state.allowed",)}
    assert report.contract is not None
    assert (report.contract.rows, report.contract.passed, report.contract.quarantined) == (3, 2, 1)


def test_what_no_longer_breaks_it_comes_back_and_what_begins_to_goes(home: Platform, orders: Path) -> None:
    home.data.sync()
    (orders / "orders.toml").write_text(CONTRACT.replace('"sent"]', '"lost"]'))
    report = home.data.sync()[0]
    assert (report.unchanged, report.indexed, report.quarantined) == (3, 2, 1)
    assert out(home, "orders") == {"2.txt": ("state.allowed",)}
    home.data.change(source="orders", options=("contract=",))
    assert home.data.sync()[0].indexed == 3


def test_what_a_person_released_is_not_taken_out_by_its_contract_again(home: Platform, orders: Path) -> None:
    home.data.sync()
    home.data.release(what="orders/3.txt")
    assert home.data.sync()[0].indexed == 3
    home.data.change(source="orders", options=("mask=email",))
    assert home.data.sync()[0].indexed == 3


def test_a_rule_that_blocks_lets_a_sync_change_nothing(home: Platform, orders: Path) -> None:
    home.data.sync()
    before = home.ledger.status().generation
    (orders / "orders.csv").write_text("id,state,amount\n1,open,6\n")
    report = home.data.sync()[0]
    assert not report.ok
    assert "held back by its contract 'orders': min_rows" in report.error
    assert home.ledger.status().generation == before
    assert len(home.data.documents(source="orders", state="live")) == 2
    assert home.data.source(source="orders").contract.blocked == 1


def test_drift_is_told_column_by_column(home: Platform, orders: Path) -> None:
    home.data.sync()
    (orders / "orders.csv").write_text("id,state,amount,note\n1,open,five,x\n2,sent,7,y\n")
    report = home.data.sync()[0]
    assert report.changes == (
        "Column 'note' is new; it is a string.",
        "Column 'amount' was an integer and is a string.",
    )
    assert home.data.source(source="orders").changes == report.changes
    assert out(home, "orders") == {"1.txt": ("amount.type",)}


def test_documents_are_a_table_with_a_row_each(home: Platform, docs: Path, tmp_path: Path) -> None:
    (tmp_path / "pages.toml").write_text(PROSE)
    write(docs, valve=ENGLISH, ventil=GERMAN, pump=NAMED, long=f"{ENGLISH} {'It is green. ' * 40}")
    home.data.add(path=str(docs), options=(f"contract={tmp_path / 'pages.toml'}",))
    report = home.data.sync()[0]
    assert out(home, "docs") == {"ventil.md": ("language.allowed",), "pump.md": ("personal.max",)}
    assert report.indexed + report.duplicates == 2
    assert {r.taken for r in report.contract.rules if r.column == "size" and r.rule == "max"} == {"warned"}
    write(docs, pump=NAMED.replace("anna@example.org", "the night shift"))
    home.data.sync()
    assert set(out(home, "docs")) == {"ventil.md"}


def test_verdicts_are_on_the_ledger_as_numbers(home: Platform, orders: Path) -> None:
    home.data.sync()
    judged = [e.facts for e in home.ledger.events(limit=1000) if e.verb == "contract.judged"]
    failed = [facts for facts in judged if facts["outcome"] == "failed"]
    assert [(facts["rule"], facts["failing"], facts["taken"]) for facts in failed] == [("allowed", 1, "quarantined")]
    assert "state" not in {str(value) for facts in judged for value in facts.values()}


def test_a_contract_that_cannot_be_meant_is_refused_before_anything_is_declared(home: Platform, docs: Path) -> None:
    (docs / "bad.toml").write_text(CONTRACT.replace("integer", "integre"))
    with pytest.raises(Invalid, match="integre"):
        home.data.add(path=str(docs), options=(f"contract={docs / 'bad.toml'}",))
    with pytest.raises(NotFound, match="there is no contract"):
        home.data.add(path=str(docs), options=("contract=nowhere.toml",))
    assert home.data.sources() == ()


def test_a_removed_source_takes_its_verdict_along(home: Platform, orders: Path) -> None:
    home.data.sync()
    before = home.line.database.query("SELECT count(*) FROM payloads")[0][0]
    home.data.remove(source="orders")
    assert home.line.database.query("SELECT count(*) FROM payloads")[0][0] < before - 3
