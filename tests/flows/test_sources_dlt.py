"""A dlt resource answers, changes and goes; and no failure of its code reads as a deletion."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Invalid, Unavailable
from thruline.flows.reports import SyncReport

pytest.importorskip("dlt", reason="dlt is in the extra dlt")

VALVE = "The blue valve opens at nine in the morning and closes at noon."
PUMP = "The red pump runs at night, when power is cheap, and rests by day."
CODE = """
import json, os
from pathlib import Path
import dlt

@dlt.resource(primary_key="name")
def machines(key: str = dlt.secrets.value):
    assert key == "hunter two"
    for row in json.loads((Path(__file__).parent / "rows.json").read_text()):
        if row == "boom":
            raise ConnectionError("the line went")
        yield row
"""


class Machines:
    """Rows that a resource gives, and the source that reads them."""

    def __init__(self, home: Platform, folder: Path) -> None:
        self._home = home
        self._folder = folder
        (folder / "shop.py").write_text(CODE)
        (folder / "key").write_text("hunter two")
        self.put(valve=VALVE, pump=PUMP)

    def add(self, *options: str) -> None:
        self._home.data.add(
            path="dlt://shop:machines", options=(f"folder={self._folder}", "secret_as=KEY", "tries=1", *options),
            secret=f"file:{self._folder / 'key'}",
        )  # fmt: skip

    def put(self, *more: object, **about: str) -> None:
        rows = [*({"name": name, "about": text} for name, text in about.items()), *more]
        (self._folder / "rows.json").write_text(json.dumps(rows))

    def sync(self) -> SyncReport:
        (report,) = self._home.data.sync(source="machines")
        assert report.indexed + report.duplicates + report.quarantined + len(report.refused) == report.seen
        return report

    def found(self, question: str) -> dict[str, str]:
        return {p.path: p.text for p in self._home.vectors.search(question=question).passages}


@pytest.fixture
def machines(home: Platform, tmp_path: Path) -> Machines:
    folder = tmp_path / "code"
    folder.mkdir()
    return Machines(home, folder)


def test_rows_answer_change_and_go(machines: Machines) -> None:
    machines.add()
    assert (machines.sync().added, machines.sync().unchanged) == (2, 2)

    machines.put(
        {"name": "crane", "about": "The yellow crane lifts oranges.", "since": 1999}, valve=VALVE.replace("nine", "six")
    )
    report = machines.sync()
    assert (report.added, report.changed, report.deleted) == (1, 1, 1)
    found = machines.found("When does the blue valve open?")
    assert set(found) == {"machines/valve.txt", "machines/crane.txt"}
    assert "six" in found["machines/valve.txt"]
    assert "since: 1999" in found["machines/crane.txt"]


def test_a_resource_that_fails_half_way_deletes_nothing(machines: Machines) -> None:
    machines.add()
    machines.sync()
    machines.put("boom", valve="Other words, which are not believed.")
    with pytest.raises(Unavailable, match="ConnectionError: the line went"):
        machines.sync()
    assert set(machines.found("red pump at night")) == {"machines/valve.txt", "machines/pump.txt"}
    assert "nine" in machines.found("blue valve")["machines/valve.txt"]
    machines.put(valve=VALVE, pump=PUMP)
    assert machines.sync().unchanged == 2


def test_a_resource_that_was_emptied_is_not_believed_at_once(home: Platform, machines: Machines) -> None:
    machines.put(**{f"spare {n}": f"Spare part number {n}." for n in range(12)})
    machines.add()
    machines.sync()
    machines.put()
    with pytest.raises(Unavailable, match="is empty"):
        machines.sync()
    assert home.data.sync(source="machines", allow_empty=True)[0].deleted == 12


def test_two_rows_of_one_key_are_refused_by_name(machines: Machines) -> None:
    machines.add()
    machines.put({"name": "pump", "about": "Another."}, {"about": "Nameless."}, valve=VALVE, pump=PUMP)
    assert {(r.path, r.reason) for r in machines.sync().refused} == {
        ("machines/pump.txt", "duplicate_key"), ("row 4", "broken_row"),
    }  # fmt: skip


def test_a_row_of_an_erased_person_does_not_come_back(home: Platform, machines: Machines) -> None:
    machines.put({"name": "note", "about": "Ask Zoltana Quibblewick about the crane."}, valve=VALVE)
    machines.add()
    machines.sync()
    home.data.erase(identifiers=("Zoltana Quibblewick",))
    report = machines.sync()
    assert (report.added, report.seen) == (0, 2)
    assert "machines/note.txt" not in machines.found("Ask about the crane")


def test_the_secret_is_kept_nowhere(home: Platform, machines: Machines, tmp_path: Path) -> None:
    machines.add()
    machines.sync()
    held = [f for f in (tmp_path / "home").rglob("*") if f.is_file() and b"hunter two" in f.read_bytes()]
    assert held == []


def test_what_cannot_be_meant_is_refused_when_it_is_added(home: Platform) -> None:
    with pytest.raises(Invalid, match="names no function"):
        home.data.add(path="dlt://shop")
    with pytest.raises(Invalid, match="no option"):
        home.data.add(path="dlt://shop:machines", options=("table=x",))
    assert home.data.sources() == ()


READS = """
import sys
from thruline.backends.dlt_origin import DltOrigin
DltOrigin("dlt://slow:rows", {"folder": sys.argv[1]}).list()
"""
SLOW = """
import os, time
from pathlib import Path
import dlt

@dlt.resource(primary_key="id")
def rows():
    Path(__file__).with_name("pid").write_text(str(os.getpid()))
    time.sleep(120)
    yield {"id": 1}
"""


def test_the_process_ends_when_thruline_is_killed(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    reader = subprocess.Popen([sys.executable, "-c", READS, str(tmp_path)])
    pid = int(waited_for(tmp_path / "pid"))
    os.kill(reader.pid, signal.SIGKILL)
    reader.wait()
    until = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_running(pid)


def waited_for(file: Path) -> str:
    until = time.monotonic() + 60
    while not (file.exists() and file.read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    return file.read_text()


def is_running(pid: int) -> bool:
    """Whether it runs; what has ended and is not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False
