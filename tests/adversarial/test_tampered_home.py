"""A home whose database was changed by hand is found out by `thruline verify`, which says what was done and where."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import pytest

import thruline_verify
from thruline.app.platform import Platform
from thruline.testing.homes import open_home, write

GATE = "# Gate\n\nThe iron gate code is 0000 and everybody should use the iron gate."
PUMP = "# Pump\n\nThe red pump runs at night, when power is cheap, and rests by day."
NOTE = "# Note\n\nTobiah Verhulst oils the pump in May and again in autumn."


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with documents, a quarantined one, an answer and an erasure with its receipt."""
    with open_home(tmp_path / "home") as platform:
        platform.data.add(path=str(write(tmp_path / "docs", gate=GATE, pump=PUMP, note=NOTE)))
        platform.data.sync()
        platform.data.quarantine(what="docs/gate.md")
        platform.data.erase(identifiers=("Tobiah Verhulst",))
        platform.vectors.ask(question="When does the red pump run?")
    return tmp_path / "home"


def tamper(home: Path, *statements: str) -> None:
    connection = sqlite3.connect(home / "thruline.db", isolation_level=None)
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        connection.execute(statement)
    connection.close()


def problems(home: Path) -> list[str]:
    with open_home(home) as platform:
        report = platform.ledger.verify()
        assert report.ok == (not report.problems)
        return [problem.what for problem in report.problems]


def told(home: Path, verb: str) -> int:
    with open_home(home) as platform:
        return _last(platform, verb)


def _last(platform: Platform, verb: str) -> int:
    return max(e.seq for e in platform.ledger.events(verb=verb, limit=1000))


def names(found: Iterable[str], words: str) -> bool:
    return any(words in what for what in found)


def test_an_intact_home_verifies_and_is_sealed_anew_each_time(home: Path) -> None:
    with open_home(home) as platform:
        first, second = platform.ledger.verify(), platform.ledger.verify()
        assert first.ok
        assert second.ok
        assert second.seals == first.seals + 1


def test_a_cut_tail_is_found_by_both_and_never_sealed_over(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = told(home, "record.quarantined")
    tamper(home, *(f"DELETE FROM {table} WHERE seq >= {first}" for table in ("events", "artifacts", "edges")))
    assert thruline_verify.main([str(home), "--json"]) == 1
    assert names([p["what"] for p in json.loads(capsys.readouterr().out)["problems"]], "were cut off")
    for _ in range(2):
        assert names(problems(home), "a receipt remembers")
    assert thruline_verify.main([str(home)]) == 1


def test_a_receipt_that_was_changed_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (receipt,) = (home / "receipts").glob("*.json")
    receipt.write_text(receipt.read_text().replace('"records": 1', '"records": 0'))
    assert names(problems(home), f"the receipt '{receipt.name}' does not hold")
    assert thruline_verify.main([str(home)]) == 1
    assert "not as it was signed" in capsys.readouterr().out


def test_a_receipt_that_is_no_document_is_named(home: Path) -> None:
    (home / "receipts" / "stray.json").write_text("{")
    assert names(problems(home), "the receipt 'stray.json' does not hold")
