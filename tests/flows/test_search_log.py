"""Searches are kept for a time to measure the index by; whoever is erased is in none of them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.flows.search_log import expire
from thruline.testing.homes import as_user, open_home, write

NOTE = "# Note\n\nTobiah Verhulst oils the red pump in May and again in autumn."
GATE = "# Gate\n\nThe iron gate stands by the orchard and is closed at night."


@pytest.fixture
def filled(home: Platform, docs: Path) -> Platform:
    home.data.add(path=str(write(docs, note=NOTE, gate=GATE)))
    home.data.sync()
    return home


def questions(platform: Platform) -> list[str]:
    line = platform.line
    return sorted(line.searches.read([s.id for s in line.searches.latest(100)]).values())


def test_a_search_is_kept_encrypted_with_what_it_looked_through(filled: Platform) -> None:
    filled.vectors.search(question="zebrawood by the orchard")
    (kept,) = filled.line.searches.latest(10)
    assert (kept.share, kept.plan_seq, kept.asker) == (1.0, 0, filled.actor.id)
    assert questions(filled) == ["zebrawood by the orchard"]
    filled.line.database.scrub()
    assert not [p for p in filled.home.path.rglob("*") if p.is_file() and b"zebrawood" in p.read_bytes()]


def test_an_erasure_takes_the_searches_that_name_a_person_and_finds_no_byte_of_them(filled: Platform) -> None:
    filled.vectors.search(question="When does Tobiah Verhulst oil the pump?")
    filled.vectors.search(question="Where is the iron gate?")
    held = filled.data.person(identifiers=("Tobiah Verhulst",))
    assert [s.question for s in held.searches] == ["When does Tobiah Verhulst oil the pump?"]
    copy = filled.data.export(identifiers=("Tobiah Verhulst",))
    with zipfile.ZipFile(copy.file) as archive:
        assert json.loads(archive.read("report.json"))["searches"][0]["question"].startswith("When does Tobiah")
    report = filled.data.erase(identifiers=("Tobiah Verhulst",))
    assert report.residue == 0
    assert questions(filled) == ["Where is the iron gate?"]
    filled.vectors.search(question="And Tobiah Verhulst, where is he now?")
    assert questions(filled) == ["Where is the iron gate?"]


def test_who_is_erased_leaves_no_search_of_their_own_behind(filled: Platform) -> None:
    as_user(filled, "Tobiah Verhulst").vectors.search(question="Where is the iron gate?")
    held = filled.data.person(identifiers=("Tobiah Verhulst",))
    assert len(held.searches) == 1
    filled.data.erase(identifiers=("Tobiah Verhulst",))
    assert questions(filled) == []


def test_searches_expire_and_the_log_can_be_switched_off(tmp_path: Path, docs: Path) -> None:
    write(docs, gate=GATE)
    with open_home(tmp_path / "home") as platform:
        platform.data.add(path=str(docs))
        platform.data.sync()
        platform.vectors.search(question="Where is the iron gate?")
        assert expire(platform.line) == 0
        assert len(questions(platform)) == 1
    with open_home(tmp_path / "home", {"THRULINE_VECTORS__LOG": "0s"}) as platform:
        platform.vectors.search(question="And the orchard?")
        assert len(questions(platform)) == 1
        assert expire(platform.line) == 1
        assert questions(platform) == []
        assert not platform.line.payloads.ids("search")


def test_a_tuning_asks_what_was_searched_for_under_what_was_looked_through(home: Platform, docs: Path) -> None:
    pages = {f"d{n}": f"# Page {n}\n\nThe lantern {n} hangs by the harbour." for n in range(60)}
    home.data.add(path=str(write(docs / "all", **pages)), groups=("people",))
    home.data.add(path=str(write(docs / "team", **{f"t{n}": f"# T {n}\n\nTeam lantern {n}." for n in range(40)})),
                  groups=("team",))  # fmt: skip
    home.data.sync()
    ada = as_user(home, "Ada", "team")
    for n in range(4):
        ada.vectors.search(question=f"Where does the lantern {n} hang?")
    report = home.vectors.tune_index(recall=0.9, p95="1h", dry_run=True)
    assert report.logged == 4
    assert "40% at random" in {f.name for f in report.measured[0].filters}
