"""A home whose index moves to a Qdrant server and back: answers, a server that goes away, an erasure that reaches it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Denied, Invalid, Unavailable
from thruline.testing.homes import open_home, write
from thruline.testing.qdrant_server import QdrantServer

TEXTS = {
    f"d{n}": f"# {word.title()}\n\nThe {word} is {n} years old and stands alone."
    for n, word in enumerate(("gate", "pump", "orchard", "ledger", "harbour", "lantern", "violin", "copper"))
}
PERSON = {"p1": "# Visit\n\nOttilie Kvasthoug (ottilie@kvasthoug.example) came to see the violin."}
KEY = "a key of the server"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[QdrantServer]:
    with QdrantServer(tmp_path / "qdrant", key=KEY) as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, server: QdrantServer) -> dict[str, str]:
    secret = tmp_path / "key"
    secret.write_text(KEY)
    return {"THRULINE_VECTORS__QDRANT": server.url, "THRULINE_VECTORS__QDRANT_KEY": f"file:{secret}"}


@pytest.fixture
def home(tmp_path: Path, settings: dict[str, str]) -> Iterator[Platform]:
    folder = tmp_path / "docs"
    folder.mkdir()
    with open_home(tmp_path / "home", settings) as platform:
        platform.data.add(path=str(write(folder, **TEXTS, **PERSON)))
        platform.data.sync()
        yield platform


def found(home: Platform) -> list[str]:
    return [p.chunk for p in home.vectors.search(question="how old is the violin", k=5).passages]


def engine(home: Platform) -> str:
    return {check.name: check.state for check in home.ledger.doctor()}["engine"]


def test_the_index_moves_to_the_server_and_back_with_the_same_answers(home: Platform, server: QdrantServer) -> None:
    before = found(home)
    report = home.vectors.move_index(to="qdrant")
    assert (report.moved, report.recall, report.filtered) == (True, 1.0, 1.0)
    assert found(home) == before
    assert list(server.collections().values()) == [9]
    assert engine(home) == "ok"
    home.vectors.rollback_plan()
    assert found(home) == before
    assert server.collections() == {}


def test_a_tuning_measures_the_server_too_and_leaves_nothing_there(home: Platform, server: QdrantServer) -> None:
    report = home.vectors.tune_index(recall=0.9, p95="1h")
    (there,) = (one for one in report.measured if one.plan == "qdrant")
    assert (there.recall.value, there.taken, report.unmeasured) == (1.0, False, ())
    assert server.collections() == {}


def test_no_text_and_no_name_is_sent(home: Platform, server: QdrantServer) -> None:
    home.vectors.move_index(to="qdrant")
    found(home)
    said = str(server.asked)
    assert not any(word in said for word in ("violin", "Ottilie", "kvasthoug", "docs", home.home.path.name))


def test_a_document_that_comes_or_goes_is_found_or_not_at_once(home: Platform, server: QdrantServer) -> None:
    home.vectors.move_index(to="qdrant")
    (source,) = home.line.records.sources()
    folder = Path(source.location)
    write(folder, d9="# Violin\n\nThe second violin is 90 years old.")
    (folder / "d0.md").unlink()
    home.data.sync()
    assert "90 years" in home.vectors.search(question="how old is the second violin", k=1).passages[0].text
    assert len(home.vectors.search(question="how old is the gate", k=50).passages) == 9


def test_a_later_process_sends_nothing_again(home: Platform, server: QdrantServer, settings: dict[str, str]) -> None:
    home.vectors.move_index(to="qdrant")
    before = found(home)
    server.asked.clear()
    with open_home(home.home.path, settings) as again:
        assert found(again) == before
    assert [asked for asked in server.asked if asked.method != "POST" and asked.method != "GET"] == []


def test_a_dry_run_leaves_nothing_on_the_server(home: Platform, server: QdrantServer) -> None:
    assert home.vectors.move_index(to="qdrant", dry_run=True).ok
    assert server.collections() == {}


def test_a_server_that_goes_away_is_stood_in_for_and_returned_to(
    home: Platform, server: QdrantServer, settings: dict[str, str]
) -> None:
    home.vectors.move_index(to="qdrant")
    before = found(home)
    server.away = True
    assert found(home) == before
    assert engine(home) == "fail"
    with pytest.raises(Unavailable, match="Qdrant does not answer"):
        home.data.erase(identifiers=["ottilie@kvasthoug.example"])
    with open_home(home.home.path, settings) as cold:
        assert found(cold) == before
    server.away = False
    with open_home(home.home.path, {**settings, "THRULINE_VECTORS__STANDBY": "off"}) as strict:
        assert found(strict) == before


def test_a_key_that_is_refused_is_stood_in_for_and_told(home: Platform, server: QdrantServer) -> None:
    home.vectors.move_index(to="qdrant")
    before = found(home)
    server.key = "another key"
    assert found(home) == before
    check = {check.name: check for check in home.ledger.doctor()}["engine"]
    assert check.state == "fail"
    assert "vectors.qdrant_key" in check.cure


def test_a_server_that_is_named_and_away_is_told_before_an_erasure_needs_it(
    home: Platform, server: QdrantServer
) -> None:
    assert engine(home) == "ok"
    server.away = True
    check = {check.name: check for check in home.ledger.doctor()}["engine"]
    assert (check.state, "nothing can be erased" in check.says) == ("fail", True)
    with pytest.raises(Unavailable, match="does not answer"):
        home.data.erase(identifiers=["ottilie@kvasthoug.example"])


def test_an_erasure_takes_the_vectors_out_of_the_server(home: Platform, server: QdrantServer) -> None:
    home.vectors.move_index(to="qdrant")
    line = home.line
    (record,) = [r for r in line.records.list(state="live", limit=100) if "Ottilie" in str(home.data.text(record=r.id))]
    (vectors,) = (held.vectors for held in line.generations.load([record.vectors]).values())
    assert holding(server.folder, vectors[0])
    report = home.data.erase(identifiers=["ottilie@kvasthoug.example", "Ottilie Kvasthoug"])
    assert report.residue == 0
    assert any("Qdrant" in said and "snapshots" in said for said in report.out_of_scope)
    assert list(server.collections().values()) == [8]
    assert holding(server.folder, vectors[0]) == []
    assert len(found(home)) == 5


def test_a_source_that_may_not_leave_its_region_keeps_the_index_at_home(home: Platform) -> None:
    (source,) = home.line.records.sources()
    home.data.change(source=source.name, options=("residency=eu",))
    with pytest.raises(Denied, match="vectors' Qdrant"):
        home.vectors.move_index(to="qdrant")


def test_a_home_without_a_server_says_what_to_set(tmp_path: Path) -> None:
    with open_home(tmp_path / "home", {}) as home, pytest.raises(Invalid, match="no server for 'qdrant'"):
        home.vectors.move_index(to="qdrant")


def test_two_homes_on_one_server_do_not_meet(
    home: Platform, server: QdrantServer, settings: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "others"
    folder.mkdir()
    home.vectors.move_index(to="qdrant")
    before = found(home)
    with open_home(tmp_path / "other", settings) as other:
        other.data.add(path=str(write(folder, **TEXTS)))
        other.data.sync()
        assert other.vectors.move_index(to="qdrant").moved
        assert sorted(server.collections().values()) == [8, 9]
        other.vectors.rollback_plan()
    assert list(server.collections().values()) == [9]
    assert found(home) == before


def holding(folder: Path, row: np.ndarray) -> list[str]:
    return [f.name for f in folder.rglob("*") if f.is_file() and row.astype(np.float16).tobytes() in f.read_bytes()]


def test_the_tuner_measures_the_server_and_leaves_nothing_of_its_own_there(
    home: Platform, server: QdrantServer
) -> None:
    said = home.vectors.tune_index(recall=0.9, p95="1s", dry_run=True)
    assert "qdrant" in {one.plan for one in said.measured}
    assert server.collections() == {}
    home.vectors.move_index(to="qdrant")
    before, names = found(home), server.collections()
    home.vectors.tune_index(recall=0.9, p95="1s", dry_run=True)
    assert server.collections() == names
    assert found(home) == before
