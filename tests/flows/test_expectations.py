"""A table is held to its contract by one command, and the ledger says how it ended."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.cli import main
from thruline.core.errors import Denied, Invalid, NotFound
from thruline.testing.homes import as_user

CONTRACT = """
[contract]
name = "orders"
version = "1"
owner = "shop"

[columns.id]
type = "integer"
required = true
unique = true

[columns.amount]
type = "number"
min = 0
"""


@pytest.fixture
def orders(tmp_path: Path) -> tuple[str, str]:
    table, contract = tmp_path / "orders.csv", tmp_path / "orders.toml"
    table.write_text("id,amount\n1,10\n2,-5\n3,7\n3,8\n")
    contract.write_text(CONTRACT)
    return str(table), str(contract)


def test_rows_that_break_the_contract_are_kept_out_and_counted(home: Platform, orders: tuple[str, str], tmp_path: Path):
    table, contract = orders
    report = home.data.check(table=table, contract=contract, out=str(tmp_path / "out.parquet"))
    assert not report.ok
    assert (report.rows, report.passed, report.blocked) == (4, 4 - report.quarantined, 0)
    assert 2 in next(r.rows for r in report.rules if (r.column, r.rule) == ("amount", "min"))
    assert pl.read_parquet(report.written).height == report.quarantined
    (event,) = home.ledger.events(verb="contract.checked")
    assert (event.facts["rows"], event.facts["quarantined"]) == (4, report.quarantined)
    assert "4 rows =" in render(report)


def test_the_command_ends_with_1_when_rows_are_kept_out(
    home: Platform, orders: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    words = ["check", *orders, "--home", str(home.home.path)]
    assert main(words) == 1
    (tmp_path / "orders.csv").write_text("id,amount\n1,10\n2,5\n")
    assert main(words) == 0
    assert "2 rows = 2 passed" in capsys.readouterr().out


def test_files_that_cannot_be_meant_are_said_so(home: Platform, orders: tuple[str, str], tmp_path: Path):
    table, contract = orders
    with pytest.raises(NotFound):
        home.data.check(table=str(tmp_path / "none.csv"), contract=contract)
    with pytest.raises(NotFound):
        home.data.check(table=table, contract=str(tmp_path / "none.toml"))
    for folder in ("", str(tmp_path)):
        with pytest.raises(NotFound):
            home.data.check(table=table, contract=folder)
        with pytest.raises(NotFound):
            home.data.check(table=folder, contract=contract)
    (tmp_path / "bad.toml").write_text("[contract\n")
    with pytest.raises(Invalid):
        home.data.check(table=table, contract=str(tmp_path / "bad.toml"))
    with pytest.raises(Denied):
        as_user(home, "wim", "everyone", role="writer").data.check(table=table, contract=contract)
