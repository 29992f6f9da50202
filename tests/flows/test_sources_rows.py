"""Rows of a file answer, change and go; a file that is away or half-written deletes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import NotFound, Unavailable
from thruline.flows.reports import SyncReport

VALVE = "valve,The blue valve opens at nine in the morning and closes at noon."
PUMP = 'pump,"The red pump runs at night, when power is cheap."'


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(["name,about", *rows]), "utf-8")
    return path


@pytest.fixture
def machines(home: Platform, tmp_path: Path) -> Path:
    """A file that a home has read."""
    path = write(tmp_path / "machines.csv", VALVE, PUMP)
    home.data.add(path=str(path), options=("key=name", "tries=1"))
    assert sync(home).added == 2
    return path


def sync(home: Platform) -> SyncReport:
    (report,) = home.data.sync(source="machines")
    assert report.indexed + report.duplicates + report.quarantined + len(report.refused) == report.seen
    return report


def paths_found(home: Platform, question: str) -> set[str]:
    return {p.path for p in home.vectors.search(question=question).passages}


def test_a_file_of_rows_is_a_source_of_its_own_kind(home: Platform, machines: Path) -> None:
    (source,) = home.data.sources()
    assert (source.kind, source.name, source.location) == ("rows", "machines", str(machines))
    assert "pump.txt" in paths_found(home, "When does the red pump run?")


def test_added_changed_and_deleted_rows_are_told_apart(home: Platform, machines: Path) -> None:
    write(machines, VALVE.replace("nine", "seven"), "crane,The yellow crane lifts crates.")
    report = sync(home)
    assert (report.added, report.changed, report.deleted) == (1, 1, 1)
    assert paths_found(home, "valve crane pump") == {"valve.txt", "crane.txt"}


def test_rows_in_another_order_are_unchanged(home: Platform, machines: Path) -> None:
    generation = sync(home).generation
    write(machines, PUMP, VALVE)
    report = sync(home)
    assert (report.unchanged, report.generation) == (2, generation)


def test_a_broken_row_is_refused_by_its_line_until_it_is_mended(home: Platform, machines: Path) -> None:
    write(machines, VALVE, PUMP, "crane,too,many", VALVE)
    report = sync(home)
    assert {r.path: r.reason for r in report.refused} == {
        "line 4": "broken_row", "line 5": "duplicate_key",
    }  # fmt: skip
    assert report.indexed == 2
    write(machines, VALVE, PUMP, "crane,just right")
    report = sync(home)
    assert (report.refused, report.indexed) == ((), 3)


def test_equal_rows_without_a_key_are_one_record_and_counted(home: Platform, tmp_path: Path) -> None:
    home.data.add(path=str(write(tmp_path / "machines.csv", VALVE, VALVE, PUMP)))
    report = sync(home)
    assert (report.seen, report.indexed, report.duplicates) == (3, 2, 1)
    write(tmp_path / "machines.csv", VALVE, PUMP)
    assert sync(home).deleted == 1
    assert len(home.vectors.search(question="blue valve").passages) == 2


def test_a_row_of_an_erased_person_does_not_come_back(home: Platform, machines: Path) -> None:
    write(machines, VALVE, PUMP, "lathe,Marit Oslovsen (marit.oslovsen@example.org) looks after the lathe.")
    sync(home)
    home.data.erase(identifiers=("Marit Oslovsen", "marit.oslovsen@example.org"))
    assert [(r.path, r.reason) for r in sync(home).refused] == [("lathe.txt", "suppressed")]


def test_a_file_that_is_away_or_half_written_deletes_nothing(home: Platform, machines: Path) -> None:
    machines.write_text("")
    with pytest.raises(Unavailable, match="no header"):
        sync(home)
    machines.unlink()
    with pytest.raises(Unavailable):
        sync(home)
    assert "valve.txt" in paths_found(home, "blue valve")


def test_a_file_that_is_not_there_is_refused_when_it_is_added(home: Platform, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="is not there"):
        home.data.add(path=str(tmp_path / "machines.csv"))


def test_a_folder_with_the_name_of_a_table_is_a_folder(home: Platform, tmp_path: Path) -> None:
    (tmp_path / "old.csv").mkdir()
    assert home.data.add(path=str(tmp_path / "old.csv")).kind == "folder"
