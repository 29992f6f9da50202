"""A source that brings something else than before is told of once, unasked; what a person takes for usual is usual."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from thruline.app.doctor import examine
from thruline.app.overview import status
from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.core.errors import Denied, NotFound
from thruline.core.facts import SCORES
from thruline.data.quality import score
from thruline.data.score_words import WORDS
from thruline.flows.notices import KINDS
from thruline.flows.scored import VERB
from thruline.testing.homes import as_user, write

PROSE = "the keeper of the hall and the smith have to carry that anvil with care to the yard of the harbour"


def prose(seed: int, sentences: int = 8) -> str:
    dice = random.Random(seed)
    said = [" ".join(dice.choices(PROSE.split(), k=dice.randint(7, 12))).capitalize() + "." for _ in range(sentences)]
    return "# A note\n\n" + " ".join(said)


def bring(home: Platform, docs: Path, name: str, count: int, *, first: int = 0, sentences: int = 8) -> None:
    write(docs, **{f"{name}{n}": prose(1000 * first + n, sentences) for n in range(count)})
    home.data.sync()


def events(home: Platform) -> list[tuple[str, str]]:
    found = home.line.ledger.read(verbs=(VERB,), limit=1000)
    return [(str(e.facts["score"]), str(e.facts["state"])) for e in found]


@pytest.fixture
def settled(home: Platform, docs: Path) -> Platform:
    """A source that brought 60 documents of one kind in two syncs."""
    home.data.add(path=str(write(docs)))
    bring(home, docs, "a", 40, first=1)
    bring(home, docs, "b", 20, first=2)
    return home


def test_more_of_the_same_is_no_drift(settled: Platform, docs: Path):
    for turn in range(3):
        bring(settled, docs, f"more{turn}", 20, first=3 + turn)
    assert events(settled) == []
    about = settled.data.source(source="docs")
    assert about.moved == ()
    assert {s.score for s in about.scores} == {*SCORES} - {"toxicity"}


def test_a_drift_is_told_once_in_words_and_everywhere(settled: Platform, docs: Path):
    bring(settled, docs, "short", 24, first=9, sentences=2)
    told = events(settled)
    assert ("words", "moved") in told
    says = {m.score: m.says for m in settled.data.source(source="docs").moved}
    assert says["words"].startswith("documents have become shorter: ")
    assert "documents have become shorter" in render(settled.data.source(source="docs"))
    (view,) = settled.data.sources()
    assert view.drift
    assert status(settled).drifted == 1
    assert any(view.drift in check.says for check in examine(settled))
    bring(settled, docs, "still", 24, first=10, sentences=2)
    settled.data.sync()
    assert [score for score, _ in events(settled)].count("words") == 1


def test_documents_that_come_one_by_one_are_gathered_and_compared(settled: Platform, docs: Path):
    for n in range(24):
        bring(settled, docs, f"one{n}-", 1, first=100 + n, sentences=1)
    assert ("words", "moved") in events(settled)


def test_what_is_as_before_again_ends_the_alarm_by_itself(settled: Platform, docs: Path):
    bring(settled, docs, "short", 24, first=9, sentences=2)
    moved = {score for score, state in events(settled) if state == "moved"}
    for turn in range(3):
        bring(settled, docs, f"long{turn}", 24, first=11 + turn)
    assert {score for score, state in events(settled) if state == "back"} == moved
    assert settled.data.source(source="docs").moved == ()


def test_what_a_person_takes_for_usual_is_compared_with_from_then_on(settled: Platform, docs: Path):
    bring(settled, docs, "short", 24, first=9, sentences=2)
    report = settled.data.accept(source="docs")
    assert any("shorter" in says for says in report.accepted)
    assert settled.data.source(source="docs").moved == ()
    before = events(settled)
    bring(settled, docs, "still", 24, first=10, sentences=2)
    assert events(settled) == before
    bring(settled, docs, "long", 24, first=12, sentences=12)
    assert ("words", "moved") in events(settled)[len(before) :]
    assert settled.data.accept(source="docs").accepted
    assert settled.data.accept(source="docs").accepted == ()


def test_another_language_is_a_drift_that_names_it(settled: Platform, docs: Path):
    german = (
        "Der Schlüssel liegt unter der Matte und die Nachbarin hat ihn gestern nicht gefunden, weil es dunkel war. "
    )
    write(docs, **{f"de{n}": f"# Notiz {n}\n\n" + german * 3 for n in range(24)})
    settled.data.sync()
    says = {m.score: m.says for m in settled.data.source(source="docs").moved}
    assert says["language"].startswith("more documents are in German: 100 %, 0 % before")


def test_a_sync_that_brings_nothing_looks_at_nothing(settled: Platform):
    before = settled.line.database.query("SELECT * FROM score_blocks")
    settled.data.sync()
    assert settled.line.database.query("SELECT * FROM score_blocks") == before


def test_a_home_without_counts_begins_with_what_it_holds(settled: Platform, docs: Path):
    settled.line.database.execute("DELETE FROM score_blocks")
    bring(settled, docs, "short", 24, first=9, sentences=2)
    assert ("words", "moved") in events(settled)


def test_what_is_read_again_by_other_rules_is_not_counted_again(settled: Platform, docs: Path):
    settled.data.change(source="docs", options=("mask=name",))
    settled.data.sync()
    assert [n for (n,) in settled.line.database.query("SELECT sum(documents) FROM score_blocks")] == [60]


def test_records_that_are_sent_drift_as_well(home: Platform):
    home.data.add(path="push://crm")
    for n in range(40):
        home.data.push(source="crm", path=f"{n}.md", text=prose(n, 8 if n < 20 else 1))
    assert ("words", "moved") in events(home)


def test_the_blocks_of_a_source_stay_few_and_go_with_it(settled: Platform, docs: Path):
    blocks, source = settled.line.score_blocks, settled.line.records.source("docs")
    one = blocks.of(source.id)[0]
    for n in range(200):
        blocks.add(source.id, f"run:{n}", n, 20, one.counts)
    bring(settled, docs, "more", 20, first=3)
    assert len(blocks.of(source.id)) <= 64
    assert sum(b.documents for b in blocks.of(source.id)) == 60 + 200 * 20 + 20
    settled.data.remove(source="docs")
    assert settled.line.database.query("SELECT * FROM score_blocks") == []


def test_only_operators_take_it_for_usual_and_strangers_see_no_source(settled: Platform):
    with pytest.raises(Denied):
        as_user(settled, "rita", "everyone").data.accept(source="docs")
    with pytest.raises(NotFound):
        settled.data.accept(source="dosc")


def test_every_score_has_a_name_and_a_webhook_can_ask_for_moves():
    assert set(WORDS) == set(SCORES)
    assert set(SCORES) - {"language"} <= set(score("").__dataclass_fields__)
    assert "source.drifted" in KINDS
