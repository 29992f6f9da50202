"""Who stands out in a table is counted, not named; and a copy can be written in which nobody does."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.cli import main
from thruline.core.errors import Conflict, Denied, Invalid, NotFound
from thruline.testing.homes import as_user, open_home

QUASI, SENSITIVE = ("age", "zip", "sex"), ("diagnosis",)
NAME = "Ottilie Kvasthoug"


def patients(path: Path, rows: int = 400) -> Path:
    """As a clinic keeps them; one of them is a hundred and three."""
    dice = random.Random(3)
    lines = ["name,age,zip,sex,diagnosis"]
    for n in range(rows - 1):
        zip_code = f"1011{dice.randint(0, 9)}"
        lines.append(f"Person {n},{dice.randint(20, 59)},{zip_code},{dice.choice('fm')},{dice.choice(ILLNESSES)}")
    path.write_text("\n".join([*lines, f"{NAME},103,20095,f,gout", ""]), "utf-8")
    return path


ILLNESSES = ("flu", "asthma", "gout", "measles")


@pytest.fixture
def clinic(home: Platform, tmp_path: Path) -> Platform:
    """The table as a source."""
    patients(tmp_path / "patients.csv", rows=40)
    home.data.add(path=str(tmp_path / "patients.csv"))
    home.data.sync()
    return home


def test_a_table_is_measured_and_the_ledger_says_so_in_numbers(home: Platform, tmp_path: Path):
    table = str(patients(tmp_path / "patients.csv"))
    report = home.data.anonymity(table=table, quasi=QUASI, sensitive=SENSITIVE)
    assert (report.ok, report.k, report.rows) == (False, 1, 400)
    assert sum(s.rows for s in report.sizes) == 400
    assert report.drivers[0].at_risk_without <= report.drivers[-1].at_risk_without
    assert any(c.columns == ("age: in bands of 10",) for c in report.coarser)
    (event,) = home.ledger.events(verb="anonymity.measured")
    assert (event.facts["k"], event.facts["at_risk"], event.facts["outcome"]) == (1, report.at_risk, "failed")
    assert "k = 1 where 5 is asked" in render(report)


def test_the_report_shows_no_value_and_says_where_the_worst_rows_are(home: Platform, tmp_path: Path):
    table = str(patients(tmp_path / "patients.csv"))
    report = home.data.anonymity(table=table, quasi=("age", "zip"), sensitive=SENSITIVE)
    assert (400,) in [group.rows for group in report.worst]
    for said in (render(report), str(report)):
        assert "103" not in said
        assert "20095" not in said
        assert "gout" not in said
        assert NAME not in said


def test_columns_that_others_may_know_are_proposed(home: Platform, tmp_path: Path):
    report = home.data.anonymity(table=str(patients(tmp_path / "patients.csv")))
    assert (report.proposed, report.quasi) == (True, QUASI)
    assert {c.column: c.role for c in report.columns}["diagnosis"] == "sensitive"
    (tmp_path / "shelves.csv").write_text("shelf,items\na,1\nb,2\n")
    with pytest.raises(Invalid, match=r"no column of .* looks like one") as raised:
        home.data.anonymity(table=str(tmp_path / "shelves.csv"))
    assert "shelf, items" in raised.value.hint


def test_a_copy_hides_everybody_and_holds_nothing_that_names_them(home: Platform, tmp_path: Path):
    out = str(tmp_path / "copy.parquet")
    report = home.data.anonymity(
        table=str(patients(tmp_path / "patients.csv")), quasi=QUASI, sensitive=SENSITIVE, out=out
    )
    assert report.ok
    assert report.copy
    assert report.copy.removed == ("name",)
    assert report.copy.rows + report.copy.suppressed == 400
    copy = pl.read_parquet(out)
    assert copy.columns == [*QUASI, *SENSITIVE]
    groups = copy.group_by(QUASI).agg(pl.len(), pl.col("diagnosis").n_unique())
    assert groups["len"].min() == report.copy.k >= 5
    assert groups["diagnosis"].min() == report.copy.distinct >= 2
    assert copy.equals(copy.sort(pl.all())) or copy["age"].is_sorted()
    assert "read back" in render(report)
    again = home.data.anonymity(table=out, quasi=QUASI, sensitive=SENSITIVE)
    assert (again.ok, again.k) == (True, report.copy.k)


def test_nothing_is_written_where_nothing_hides_them_or_the_file_is_there(home: Platform, tmp_path: Path):
    table = str(patients(tmp_path / "patients.csv"))
    out = tmp_path / "copy.parquet"
    with pytest.raises(Invalid, match=r"no copy of .* keeps k = 401"):
        home.data.anonymity(table=table, quasi=QUASI, k=401, out=str(out))
    with pytest.raises(Invalid, match="is no set that can be written"):
        home.data.anonymity(table=table, quasi=QUASI, out=str(tmp_path / "copy.csv"))
    assert list(tmp_path.glob("copy*")) == []
    out.touch()
    with pytest.raises(Conflict):
        home.data.anonymity(table=table, quasi=QUASI, out=str(out))
    assert home.ledger.events(verb="table.anonymised") == ()


def test_a_source_is_measured_as_a_file_is_and_its_worst_rows_are_named_by_record(clinic: Platform, tmp_path: Path):
    of_file = clinic.data.anonymity(table=str(tmp_path / "patients.csv"), quasi=QUASI, sensitive=SENSITIVE)
    of_source = clinic.data.anonymity(table="patients", quasi=QUASI, sensitive=SENSITIVE)
    assert (of_source.rows, of_source.k, of_source.at_risk) == (of_file.rows, of_file.k, of_file.at_risk)
    assert of_source.sizes == of_file.sizes
    record = of_source.worst[0].records[0]
    assert clinic.data.document(record=record).source == "patients"


def test_rows_that_are_out_or_may_not_be_used_are_not_counted(clinic: Platform):
    clinic.data.quarantine(what="patients/" + clinic.data.documents(limit=1)[0].path)
    assert clinic.data.anonymity(table="patients", quasi=QUASI).rows == 39
    clinic.data.consent(identifiers=(NAME,), purpose="statistics", state="withdrawn")
    report = clinic.data.anonymity(table="patients", quasi=QUASI)
    assert (report.rows, report.left_out) == (38, 1)
    clinic.data.uses(source="patients", purposes=("answer",))
    with pytest.raises(Conflict, match="may not be used for 'statistics'"):
        clinic.data.anonymity(table="patients", quasi=QUASI)


def test_what_a_source_masks_is_masked_in_the_copy_too(home: Platform, tmp_path: Path):
    lines = ["age,sex,contact", *(f"{30 + n % 2},f,ann{n % 3}@example.org" for n in range(40))]
    (tmp_path / "people.csv").write_text("\n".join([*lines, ""]))
    home.data.add(path=str(tmp_path / "people.csv"), options=("mask=email",))
    home.data.sync()
    out = tmp_path / "copy.parquet"
    home.data.anonymity(table="people", quasi=("age", "sex"), sensitive=("contact",), l=1, k=2, out=str(out))
    assert not pl.read_parquet(out)["contact"].str.contains("example").any()


def test_an_erasure_names_the_copy_that_holds_the_persons_row(clinic: Platform, tmp_path: Path):
    out = tmp_path / "copy.parquet"
    clinic.data.anonymity(table="patients", quasi=("sex",), sensitive=SENSITIVE, out=str(out))
    assert str(out) in clinic.data.erase(identifiers=(NAME,), dry_run=True).out_of_scope[0]
    report = clinic.data.erase(identifiers=(NAME,))
    assert report.residue == 0
    assert str(out) in report.out_of_scope[0]
    assert clinic.ledger.verify().ok
    assert clinic.data.anonymity(table="patients", quasi=QUASI).rows == 39


def test_a_name_in_a_sensitive_column_of_a_copy_is_found_there_later(home: Platform, tmp_path: Path):
    rows = "".join(f"{30 + n % 2},seen by {NAME if n % 2 else 'nobody'}\n" for n in range(40))
    (tmp_path / "visits.csv").write_text("age,note\n" + rows)
    out = tmp_path / "copy.parquet"
    home.data.anonymity(table=str(tmp_path / "visits.csv"), quasi=("age",), sensitive=("note",), l=1, out=str(out))
    assert any(str(out) in place for place in home.data.erase(identifiers=(NAME,)).out_of_scope)


def test_the_papers_cite_what_was_measured(clinic: Platform):
    clinic.data.anonymity(table="patients", quasi=QUASI, sensitive=SENSITIVE)
    for kind in ("dpia", "data-card"):
        said = str(clinic.guard.paper(kind=kind).body)
        assert "k = 1 in 40 rows" in said


def test_the_command_ends_with_1_while_somebody_stands_out(
    home: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    table = str(patients(tmp_path / "patients.csv"))
    words = ["anonymity", table, "--home", str(home.home.path), "--quasi"]
    assert main([*words, "age,zip,sex"]) == 1
    assert main([*words, "sex"]) == 0
    assert "k = " in capsys.readouterr().out


def test_what_cannot_be_meant_is_refused_with_the_way_out(home: Platform, tmp_path: Path):
    table = str(patients(tmp_path / "patients.csv"))
    for bad in ({"k": 1}, {"left_out": 1.0}, {"quasi": ("age",), "sensitive": ("age",)}, {"quasi": ("agee",)}):
        with pytest.raises(Invalid):
            home.data.anonymity(table=table, **bad)
    (tmp_path / "empty.csv").write_text("age,sex\n")
    with pytest.raises(Invalid, match="has no rows"):
        home.data.anonymity(table=str(tmp_path / "empty.csv"), quasi=("age",))
    (tmp_path / "broken.csv").write_text('age,sex\n1,f\n2,f,3,4\n"')
    with pytest.raises(Invalid):
        home.data.anonymity(table=str(tmp_path / "broken.csv"), quasi=("age",))
    with pytest.raises(NotFound, match="no source named 'wiki'"):
        home.data.anonymity(table="wiki")
    with pytest.raises(NotFound):
        home.data.anonymity(table=str(tmp_path / "none.parquet"))


def test_documents_are_no_rows(home: Platform, docs: Path):
    (docs / "a.md").write_text("# A\n\nHello there.")
    home.data.add(path=str(docs))
    home.data.sync()
    with pytest.raises(Invalid, match="holds documents, not rows"):
        home.data.anonymity(table="docs")


def test_a_reader_measures_nothing(home: Platform, tmp_path: Path):
    with pytest.raises(Denied):
        as_user(home, "ann", "staff").data.anonymity(table=str(patients(tmp_path / "patients.csv")))


def test_in_a_strict_home_a_table_is_measured_once_it_may_be(tmp_path: Path):
    patients(tmp_path / "patients.csv", rows=10)
    with open_home(tmp_path / "home", {"THRULINE_GUARD__PURPOSES": "stated"}) as home:
        home.data.add(path=str(tmp_path / "patients.csv"))
        home.data.sync()
        with pytest.raises(Conflict, match="statistics"):
            home.data.anonymity(table="patients", quasi=QUASI)
        home.data.uses(source="patients", purposes=("statistics",))
        assert home.data.anonymity(table="patients", quasi=QUASI).rows == 10
