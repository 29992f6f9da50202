"""Every kind of file of one folder is taken in and found, and its passage says alone what it means."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from pathlib import Path

import pytest

from thruline.app.platform import Platform

SHEET_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def a_workbook() -> bytes:
    link = '<Relationships><Relationship Id="r1" Type="{}/{}" Target="{}"/></Relationships>'.format
    cell = '<c t="inlineStr"><is><t>{}</t></is></c>'.format
    rows = [["vessel", "port", "draught"], *([f"Heron {n}", "Lowhaven", f"{n} feet"] for n in range(300))]
    lines = (f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    parts = {
        "_rels/.rels": link(SHEET_TYPE, "officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns:r="{SHEET_TYPE}"><sheets><sheet name="Fleet" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": link(SHEET_TYPE, "worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{''.join(lines)}</sheetData></worksheet>",
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return held.getvalue()


def a_parquet() -> bytes:
    pl = pytest.importorskip("polars")
    held = io.BytesIO()
    rows = {
        "lock": [f"Lock {n}" for n in range(300)],
        "keeper": ["Berta Vogel"] * 300,
        "opened": [date(1990, 1, 1)] * 300,
    }
    pl.DataFrame(rows).write_parquet(held)
    return held.getvalue()


FILES = {
    "locks.parquet": a_parquet(),
    "fleet.xlsx": a_workbook(),
    "tides.csv": b"harbour,high water\n" + b"".join(b"Quay %d,%d hours after noon\n" % (n, n % 12) for n in range(300)),
    "pilots.json": json.dumps([{"pilot": {"name": f"Number {n}", "licence": "deep water"}} for n in range(5)]).encode(),
    "buoys.jsonl": b'{"buoy": "red", "light": "flashes twice"}\n{"buoy": "green", "light": "steady"}\n',
    "sluice.py": b"def open_sluice(gate):\n    # The keeper opens a sluice only at slack tide.\n    gate.lift()\n",
    "notice.html": b"<nav>Home</nav><main><h1>Notice</h1><p>"
    + b"The ferry does not sail in fog. " * 8
    + b"</p></main>",
}
QUESTIONS = {
    "locks.parquet": ("Who keeps Lock 250?", "lock | keeper | opened\n"),
    "fleet.xlsx": ("Which draught has the vessel Heron 250?", "vessel | port | draught\n"),
    "tides.csv": ("When is high water at Quay 250?", "harbour | high water\n"),
    "pilots.json": ("Which licence has the pilot?", "pilot.licence: deep water"),
    "buoys.jsonl": ("Which light has the red buoy?", "light: flashes twice"),
    "sluice.py": ("When does the keeper open a sluice?", "# The keeper opens a sluice"),
    "notice.html": ("Does the ferry sail in fog?", "does not sail in fog"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_each_format_answers(home: Platform, docs: Path, name: str) -> None:
    docs.mkdir(exist_ok=True)
    (docs / name).write_bytes(FILES[name])
    home.data.add(path=str(docs))
    (report,) = home.data.sync()
    assert (report.indexed, report.quarantined, report.refused) == (1, 0, ())
    question, says = QUESTIONS[name]
    found = home.vectors.search(question=question).passages
    assert found[0].path == name
    assert all(says in passage.text for passage in found[:1])


def test_a_macro_is_neither_run_nor_read(home: Platform, docs: Path) -> None:
    (docs / "fleet.xlsm").write_bytes(a_workbook())
    with zipfile.ZipFile(docs / "fleet.xlsm", "a") as book:
        book.writestr("xl/vbaProject.bin", "Sub AutoOpen: Shell 'calc.exe': End Sub")
    home.data.add(path=str(docs))
    home.data.sync()
    passages = home.vectors.search(question="draught of the vessel, and calc.exe").passages
    assert "Heron" in passages[0].text
    assert not any("calc" in passage.text for passage in passages)


def test_a_person_in_a_parquet_file_is_erased_with_it(home: Platform, docs: Path) -> None:
    (docs / "locks.parquet").write_bytes(FILES["locks.parquet"])
    (docs / "quay.md").write_text("# Quay\n\nThe quay is swept by nobody in particular.")
    home.data.add(path=str(docs))
    home.data.sync()
    home.data.erase(identifiers=("Berta Vogel",))
    assert {d.path for d in home.data.documents()} == {"quay.md"}
    (report,) = home.data.sync()
    assert [r.reason for r in report.refused] == ["suppressed"]
