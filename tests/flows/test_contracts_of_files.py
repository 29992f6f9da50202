"""Table files in a folder are held, each, to what the source's contract promises of the files of its pattern."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Invalid
from thruline.data.contract_files import read_contract
from thruline.data.contract_to_odcs import to_odcs
from thruline.flows.reports import SyncReport
from thruline.testing.homes import write

pl = pytest.importorskip("polars")

CONTRACT = """
[contract]
name = "sales"
version = "2"

[files."orders/*".columns.id]
type = "integer"
required = true
unique = true
[files."orders/*".columns.state]
type = "string"
allowed = ["open", "sent"]
[files."orders/*".columns.note]
type = "string"
actions = { present = "warn" }
"""
ROWS = [(1, "open", "left at the gate"), (2, "sent", "two boxes"), (3, "open", "one box")]
PROSE = "# Valve\n\nThe blue valve opens at nine in the morning and closes at noon on every working day."


def csv(*rows: tuple, header: str = "id,state,note") -> str:
    return "\n".join((header, *(",".join(map(str, row)) for row in rows), ""))


def parquet(rows: list[tuple]) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(rows, schema=["id", "state", "note"], orient="row").write_parquet(out)
    return out.getvalue()


def lines(rows: list[tuple]) -> str:
    return "".join(json.dumps(dict(zip(("id", "state", "note"), row, strict=True))) + "\n" for row in rows)


def workbook(*rows: tuple[str, ...]) -> bytes:
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    link = '<Relationships><Relationship Id="r1" Type="{}/{}" Target="{}"/></Relationships>'.format
    cells = ("".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) for row in rows)
    sheets = '<sheet name="Notes" state="hidden" r:id="r0"/><sheet name="Fleet" r:id="r1"/>'
    parts = {
        "_rels/.rels": link(kinds, "officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns:r="{kinds}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": link(kinds, "worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": "".join(
            ("<worksheet><sheetData>", *(f"<row>{row}</row>" for row in cells), "</sheetData></worksheet>")
        ),
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return held.getvalue()


@pytest.fixture
def shop(home: Platform, docs: Path, tmp_path: Path) -> Path:
    """A folder with a page and deliveries of orders, under a contract; not read yet."""
    (docs / "orders").mkdir()
    (docs / "orders" / "march.csv").write_text(csv(*ROWS))
    write(docs, valve=PROSE)
    (tmp_path / "sales.toml").write_text(CONTRACT)
    home.data.add(path=str(docs), name="shop", options=(f"contract={tmp_path / 'sales.toml'}",))
    return docs


def sync(home: Platform) -> SyncReport:
    (report,) = home.data.sync(source="shop")
    if report.ok:
        assert report.indexed + report.duplicates + report.quarantined + len(report.refused) == report.seen
    for table in report.tables:
        assert table.rows == table.passed + table.quarantined + table.blocked
    return report


def out(home: Platform) -> dict[str, tuple[str, ...]]:
    return {item.path: item.rules for item in home.data.quarantined(what="shop", reason="contract")}


def failed(report: SyncReport) -> list[tuple[str, str, int, str]]:
    rules = [r for table in report.tables for r in table.rules if r.outcome == "failed"]
    return [(r.column, r.rule, r.failing, r.taken) for r in rules]


def test_a_file_with_bad_rows_goes_to_the_desk_whole_with_their_numbers(home: Platform, shop: Path) -> None:
    (shop / "orders" / "april.csv").write_text(csv((4, "open", "a"), (4, "lost", "b"), (5, "lost", "c")))
    report = sync(home)
    assert out(home) == {"orders/april.csv": ("id.unique in row 2", "state.allowed in rows 2, 3")}
    (table,) = report.tables
    assert (table.table, table.files, table.rows, table.passed, table.quarantined) == ("orders/*", 2, 6, 3, 3)
    assert report.contract is None
    assert {d.path for d in home.data.documents(state="live")} == {"valve.md", "orders/march.csv"}
    (shop / "orders" / "april.csv").write_text(csv((4, "open", "a"), (6, "sent", "b"), (5, "open", "c")))
    assert failed(sync(home)) == []
    assert out(home) == {}


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json", "parquet"])
def test_files_of_every_kind_are_judged_alike(home: Platform, shop: Path, kind: str) -> None:
    bad = [*ROWS, (3, "lost", "again")]
    made = {
        "csv": csv(*bad), "tsv": csv(*bad).replace(",", "\t"), "jsonl": lines(bad), "parquet": parquet(bad),
        "json": "[" + lines(bad).strip().replace("\n", ",") + "]",
    }[kind]  # fmt: skip
    (shop / "orders" / f"may.{kind}").write_bytes(made if isinstance(made, bytes) else made.encode())
    sync(home)
    assert out(home) == {f"orders/may.{kind}": ("id.unique in row 4", "state.allowed in row 4")}


def test_a_half_written_file_is_kept_out_and_the_others_go_on(home: Platform, shop: Path) -> None:
    whole = csv(*ROWS)
    (shop / "orders" / "april.csv").write_text(whole[: whole.index("sent") + 2])
    (shop / "orders" / "may.parquet").write_bytes(parquet(ROWS)[:-40])
    report = sync(home)
    assert out(home) == {"orders/april.csv": ("readable to its end as a table",)}
    assert {r.path: r.reason for r in report.refused} == {"orders/may.parquet": "parser_failed"}
    assert ("", "readable", 0, "quarantined") in failed(report)
    (shop / "orders" / "april.csv").write_text(whole)
    (shop / "orders" / "may.parquet").write_bytes(parquet(ROWS))
    assert failed(sync(home)) == []


def test_a_rule_that_blocks_holds_the_whole_sync_back(home: Platform, shop: Path, tmp_path: Path) -> None:
    sync(home)
    extra = '[files."orders/*".table]\nmin_rows = 2\nactions = { min_rows = "block", readable = "block" }\n'
    (tmp_path / "sales.toml").write_text(CONTRACT + extra)
    (shop / "orders" / "april.csv").write_text(csv((9, "open", "alone")))
    write(shop, pump="# Pump\n\nThe red pump runs at night.")
    report = sync(home)
    assert "held back by its contract 'sales': orders/* min_rows failed" in report.error
    assert {d.path for d in home.data.documents()} == {"valve.md", "orders/march.csv"}
    (shop / "orders" / "april.csv").write_text(csv((9, "open", "a"), (10, "open", "b")))
    assert sync(home).ok


def test_a_file_is_only_read_again_for_another_promise(home: Platform, shop: Path, tmp_path: Path) -> None:
    sync(home)
    (tmp_path / "sales.toml").write_text(CONTRACT.replace('"sent"]', '"lost"]'))
    assert failed(sync(home)) == [("state", "allowed", 1, "quarantined")]
    assert out(home) == {"orders/march.csv": ("state.allowed in row 2",)}


def test_drift_is_told_from_one_delivery_to_the_next(home: Platform, shop: Path) -> None:
    sync(home)
    (shop / "orders" / "april.csv").write_text(csv(*((n, "open", s) for n, (_, _, s) in enumerate(ROWS, 4)),
                                                   header="id,state,remark"))  # fmt: skip
    report = sync(home)
    assert report.changes == ("orders/*: Column 'remark' was called 'note', to judge by its values.",)
    assert failed(report) == [("note", "present", 3, "warned")]
    (shop / "orders" / "april.csv").write_text(csv((4, "open", "x", 1), header="id,state,remark,boxes"))
    assert sync(home).changes == ("orders/*: Column 'boxes' is new; it is an integer.",)
    assert home.data.source(source="shop").changes == ("orders/*: Column 'boxes' is new; it is an integer.",)


def test_a_source_names_the_files_that_break_something(home: Platform, shop: Path) -> None:
    (shop / "orders" / "april.csv").write_text(csv(*((n, "lost", "x") for n in range(4, 14))))
    sync(home)
    (table,) = home.data.source(source="shop").tables
    assert [(f.path, f.rules) for f in table.failing] == [
        ("orders/april.csv", ("state.allowed in rows 1, 2, 3, 4, 5 and 5 more",))
    ]


def test_freshness_is_that_of_all_files_and_no_file_is_not_fresh(home: Platform, shop: Path, tmp_path: Path) -> None:
    dated = (
        CONTRACT.split('[files."orders/*".columns.state]')[0]
        + """
[files."orders/*".columns.at]
type = "date"
[files."orders/*".table]
fresh = { column = "at", within = "3650d" }
min_rows = 1
"""
    )
    (tmp_path / "sales.toml").write_text(dated)
    (shop / "orders" / "march.csv").write_text("id,at\n1,1990-01-01\n")
    assert ("at", "fresh", 1, "quarantined") in failed(sync(home))
    assert out(home) == {"orders/march.csv": ("fresh",)}
    (shop / "orders" / "april.csv").write_text("id,at\n1,2026-01-01\n")
    assert failed(sync(home)) == []
    assert out(home) == {}
    for file in (shop / "orders").iterdir():
        file.unlink()
    assert failed(sync(home)) == [("", "min_rows", 0, "quarantined"), ("at", "fresh", 0, "quarantined")]


def test_verdicts_of_files_are_on_the_ledger_as_numbers(home: Platform, shop: Path) -> None:
    (shop / "orders" / "april.csv").write_text(csv((4, "lost", "x")))
    sync(home)
    events = home.ledger.events(limit=1000)
    (checked,) = [e.facts for e in events if e.verb == "contract.checked"]
    assert (checked["rows"], checked["quarantined"], checked["failed"]) == (4, 1, 1)
    judged = [e.facts for e in events if e.verb == "contract.judged" and e.facts["outcome"] == "failed"]
    assert [(f["rule"], f["failing"], f["taken"]) for f in judged] == [("allowed", 1, "quarantined")]
    assert "readable" in {e.facts["rule"] for e in events if e.verb == "contract.judged"}


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_a_delivery_of_1995_is_judged_in_its_own_letters(home: Platform, shop: Path, encoding: str) -> None:
    made = csv((4, "open", "Grüße aus Köln, façade"[:14]), (5, "geöffnet", "für Ärzte"))
    (shop / "orders" / "april.csv").write_bytes(made.encode(encoding))
    sync(home)
    assert out(home) == {"orders/april.csv": ("state.allowed in row 2",)}


def test_columns_and_values_may_be_in_any_script(home: Platform, docs: Path, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("""
[contract]
name = "any"
version = "1"
[files."*.csv".columns."الحالة"]
type = "string"
allowed = ["مفتوح", "開"]
[files."*.csv".columns."番号"]
type = "integer"
unique = true
""")
    (docs / "a.csv").write_text("番号,الحالة\n1,مفتوح\n2,開\n2,閉\n")
    home.data.add(path=str(docs), name="shop", options=(f"contract={tmp_path / 'c.toml'}",))
    sync(home)
    assert out(home) == {"a.csv": ("الحالة.allowed in row 3", "番号.unique in row 3")}


@pytest.mark.parametrize(
    "made", ["id,state,id\n1,open,2\n", "id,state,note\n1,open,a,b,c\n", "_row,id,state,note\n1,1,open,x\n", " \n", ""]
)
def test_what_is_no_table_is_kept_out_or_refused_and_ends_nothing(home: Platform, shop: Path, made: str) -> None:
    (shop / "orders" / "april.csv").write_text(made)
    report = sync(home)
    assert ("", "readable", 0, "quarantined") in failed(report)
    assert "orders/april.csv" in {*out(home), *(r.path for r in report.refused)}


def test_a_contract_names_what_it_does_not_know_in_files(home: Platform, docs: Path, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(CONTRACT.replace(".columns.note]", ".rows]"))
    with pytest.raises(Invalid, match="has no 'rows' to set"):
        home.data.add(path=str(docs), options=(f"contract={tmp_path / 'c.toml'}",))


ODCS = """
apiVersion: v3.0.2
kind: DataContract
id: sales
name: sales
version: "2"
status: active
schema:
  - name: orders
    physicalName: orders/*.csv
    properties:
      - {name: id, logicalType: integer, unique: true}
      - {name: state, logicalType: string, quality: [{type: library, rule: invalidValues, mustBe: 0, validValues: [open, sent]}]}
  - name: stock
    physicalName: stock/**.xlsx
    properties:
      - {name: vessel, logicalType: string, logicalTypeOptions: {pattern: "^Heron [0-9]+$"}}
      - {name: port, logicalType: string, required: true}
"""


def test_an_odcs_contract_says_by_its_physical_names_which_files_it_is_about(
    home: Platform, shop: Path, tmp_path: Path
) -> None:
    (tmp_path / "sales.yaml").write_text(ODCS)
    (shop / "orders" / "april.csv").write_text(csv((4, "lost", "x")))
    (shop / "stock").mkdir()
    (shop / "stock" / "fleet.xlsx").write_bytes(
        workbook(("vessel", "port"), ("Heron 1", "Lowhaven"), ("Crane 2", "Highport"), ("Heron 3", ""))
    )
    home.data.change(source="shop", options=(f"contract={tmp_path / 'sales.yaml'}",))
    report = sync(home)
    assert [(t.table, t.files, t.rows) for t in report.tables] == [("orders/*.csv", 2, 4), ("stock/**.xlsx", 1, 3)]
    assert out(home) == {
        "orders/april.csv": ("state.allowed in row 1",),
        "stock/fleet.xlsx": ("vessel.pattern in row 2", "port.required in row 3"),
    }


def test_a_contract_of_files_becomes_one_of_the_standard_and_back(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(
        CONTRACT + '[files."b.csv"]\naction = "block"\ncolumns.at.type = "date"\n'
        'table = { fresh = { column = "at", within = "1d" }, actions = { readable = "warn" } }\n'
    )
    contract = read_contract(tmp_path / "c.toml")
    (tmp_path / "c.yaml").write_text(to_odcs(contract), "utf-8")
    assert read_contract(tmp_path / "c.yaml") == contract


def test_one_file_is_checked_against_the_promise_of_its_pattern(home: Platform, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(CONTRACT + '[files."other/*.csv".columns.x]\ntype = "integer"\n')
    checked = home.data.check(table=str(shop / "orders" / "march.csv"), contract=str(tmp_path / "c.toml"))
    assert (checked.rows, checked.ok) == (3, True)
    (tmp_path / "free.csv").write_text("x\none\n")
    with pytest.raises(Invalid, match="which of its tables"):
        home.data.check(table=str(tmp_path / "free.csv"), contract=str(tmp_path / "c.toml"))
    of = home.data.check(table=str(tmp_path / "free.csv"), contract=str(tmp_path / "c.toml"), of="other/*.csv")
    assert of.quarantined == 1
