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
from thruline.vectors.plans import DensePlan

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
        platform.line.plans.choose("main", DensePlan(engine="exact"), "operator")
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


TAMPERED = {
    "a quarantined record let back in": (
        "UPDATE records SET state = 'live', reason = 'none' WHERE state = 'quarantined'", "record.quarantined",
        "was quarantined, and the table says live",
    ),
    "a record taken out by hand": (
        "UPDATE records SET state = 'quarantined' WHERE state = 'live'", "", "no event did it",
    ),
    "an older generation that serves": (
        "UPDATE index_switches SET generation = (SELECT generation FROM index_switches ORDER BY seq LIMIT 1) "
        "WHERE seq = (SELECT max(seq) FROM index_switches)", "index.switched", "the table says to index:",
    ),
    "a forgotten switch": ("DELETE FROM index_switches", "", "its switch is missing"),
    "another engine that searches": (
        "UPDATE index_plans SET plan = replace(plan, 'exact', 'flat4')", "index.planned",
        "it planned another way to search than the table's flat4",
    ),
    "an engine that nobody chose": (
        "INSERT INTO index_plans SELECT name, seq + 1, plan, why, at FROM index_plans", "", "a plan of exact is in the table",
    ),
    "a forgotten plan": ("DELETE FROM index_plans", "index.planned", "its plan is missing in the table"),
    "vectors slipped out of what serves": ("DELETE FROM segment_members", "", "does not hold the vectors"),
    "a generation that serves and is gone": ("DELETE FROM generations", "", "does not hold the vectors"),
    "a model that nobody promoted": (
        "INSERT INTO deployments VALUES (1, 'deployment:x', 'detector', 'model:x', 'promoted', 0, 1)", "",
        "detector: model:x is promoted in the table",
    ),
    "a record without its bytes": (
        "DELETE FROM payloads WHERE id LIKE 'record:%'", "", "its bytes cannot be found",
    ),
    "a document that is gone": ("DELETE FROM payloads WHERE id LIKE 'memo:%'", "", "its document cannot be found"),
    "a document that does not open": (
        "UPDATE payloads SET data = randomblob(200) WHERE id LIKE 'memo:%'", "", "its document cannot be opened",
    ),
    "another record's document": (
        "UPDATE records SET document = (SELECT document FROM records WHERE state = 'quarantined')", "",
        "not the one that was cut into its chunks",
    ),
    "another record's vectors": (
        "UPDATE records SET vectors = (SELECT vectors FROM records WHERE state = 'quarantined')", "",
        "its vectors are not those of its chunks",
    ),
    "an answer without its words": (
        "DELETE FROM payloads WHERE id LIKE 'answer:%'", "answer.given", "its words cannot be opened",
    ),
    "nothing that keeps the erased out": (
        "DELETE FROM suppressed", "erase.done", "nothing keeps them from coming in again",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TAMPERED)
def test_a_table_that_contradicts_the_chain_is_named(home: Path, case: str) -> None:
    statement, verb, words = TAMPERED[case]
    seq = told(home, verb) if verb else -1
    assert problems(home) == []
    tamper(home, statement, "DELETE FROM suppressed_words" if "suppressed" in statement else "SELECT 1")
    with open_home(home) as platform:
        found = platform.ledger.verify().problems
    assert any(words in p.what and seq in (p.seq, -1) for p in found), found


def test_a_broken_chain_is_named_and_nothing_is_replayed_from_it(home: Path) -> None:
    tamper(home, "UPDATE events SET body = '{}' WHERE verb = 'record.quarantined'")
    assert names(problems(home), "its body is not an event any more")


def test_an_answer_with_other_words_is_named(home: Path) -> None:
    with open_home(home) as platform:
        (answer,) = platform.line.answers.all()
        (owner,) = platform.line.payloads.owners([answer])
        platform.line.payloads.put(answer, platform.line.payloads.get(answer).replace(b"night", b"never"), owner)
    assert names(problems(home), f"{answer} does not hold the words that were given")
