"""Documents that say the same in other words: an edge each, never a loss, and left out of training where asked for."""

from __future__ import annotations

import inspect
from pathlib import Path

import polars as pl
import pytest

from thruline.app.ops import data_quality
from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.core.errors import Invalid
from thruline.data.alike import THRESHOLD
from thruline.testing.homes import as_user, write

# The fake embedder counts words: the same words in another order are the same meaning, and no near-duplicate.
FIRST = "The harbour gate opens at nine in winter and the keeper carries bread to the old boats every morning"
AGAIN = "Every morning the keeper carries bread to the old boats and in winter the harbour gate opens at nine"
OTHER = "Invoices are paid within thirty days unless the supplier agrees to another date with our finance team"


def test_a_command_without_a_threshold_takes_the_measured_one():
    assert inspect.signature(data_quality.alike).parameters["at"].default == THRESHOLD


@pytest.fixture
def wiki(home: Platform, docs: Path) -> Platform:
    home.data.add(path=str(write(docs, a=f"# Gate\n\n{FIRST}.", o=f"# Pay\n\n{OTHER}.")), name="wiki")
    home.data.sync()
    write(docs, b=f"# Gate\n\n{AGAIN}.")
    home.data.sync()
    return home


def record(home: Platform, path: str) -> str:
    return next(d.record for d in home.data.documents() if d.path == path)


def test_what_is_said_again_in_other_words_is_an_edge_to_what_said_it_first(wiki: Platform):
    report = wiki.data.alike()
    assert (report.documents, report.alike, report.new) == (3, 1, 1)
    (pair,) = report.pairs
    assert (pair.path, pair.of_path) == ("wiki/b.md", "wiki/a.md")
    assert pair.similarity >= report.threshold
    assert "wiki/b.md" in render(report)
    (event,) = wiki.ledger.events(verb="record.alike")
    assert event.inputs == (record(wiki, "b.md"), record(wiki, "a.md"))
    assert wiki.data.source(source="wiki").alike == 1
    assert {d.path: d.alike_to for d in wiki.data.documents()}["b.md"] == record(wiki, "a.md")
    assert wiki.ledger.verify().ok


def test_both_answer_on_and_a_second_look_finds_nothing_new(wiki: Platform):
    wiki.data.alike()
    assert wiki.data.alike().new == 0
    assert len(wiki.ledger.events(verb="record.alike")) == 1
    found = {p.path for p in wiki.vectors.search(question="when does the harbour gate open").passages}
    assert {"a.md", "b.md"} <= found


def test_repetitions_word_for_word_keep_the_edge_that_they_have(wiki: Platform, docs: Path):
    write(docs, c=f"# Gate\n\n{FIRST}!")
    wiki.data.sync()
    assert wiki.data.alike().alike == 1
    copy = next(d for d in wiki.data.documents() if d.path == "c.md")
    assert (copy.duplicate_of, copy.alike_to) == (record(wiki, "a.md"), "")


def test_a_set_for_training_leaves_it_out_where_that_is_asked_for(wiki: Platform, tmp_path: Path):
    kept = wiki.data.corpus(sources=("wiki",), out=str(tmp_path / "all.parquet"), purpose="rag")
    assert (kept.written, kept.alike) == (3, 0)
    once = wiki.data.corpus(sources=("wiki",), out=str(tmp_path / "once.parquet"), purpose="rag", distinct=0.9)
    assert (once.written, once.alike) == (2, 1)
    assert sorted(pl.read_parquet(once.file)["title"]) == ["Gate", "Pay"]
    assert "1 that say in other words what another says" in Path(once.sheet).read_text()


def test_what_leaves_answers_leaves_the_edges(wiki: Platform, docs: Path):
    wiki.data.alike()
    wiki.data.quarantine(what="wiki/a.md")
    assert wiki.data.source(source="wiki").alike == 0
    wiki.data.release(what="wiki/a.md")
    assert wiki.data.source(source="wiki").alike == 1
    (docs / "a.md").unlink()
    wiki.data.sync()
    assert wiki.data.source(source="wiki").alike == 0
    assert wiki.line.database.query("SELECT count(*) FROM alike")[0][0] == 0


def test_an_erasure_reaches_the_edges(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, a=f"{FIRST}, said Ottilie Kvasthoug.", b=f"{AGAIN}, Ottilie Kvasthoug said.")))
    home.data.sync()
    assert home.data.alike().alike == 1
    assert home.data.erase(identifiers=("Ottilie Kvasthoug",)).residue == 0
    assert home.line.database.query("SELECT count(*) FROM alike")[0][0] == 0


def test_who_does_not_see_the_first_is_not_told_of_it(home: Platform, tmp_path: Path):
    home.data.add(path=str(write(tmp_path / "hr", a=FIRST)), name="hr", groups=("hr",))
    home.data.sync()
    home.data.add(path=str(write(tmp_path / "open", b=AGAIN)), name="open")
    home.data.sync()
    home.data.alike()
    (seen,) = as_user(home, "rita", "everyone").data.documents()
    assert (seen.path, seen.alike_to) == ("b.md", "")


def test_an_empty_home_has_nothing_alike_and_a_similarity_has_bounds(home: Platform):
    assert home.data.alike().documents == 0
    for at in (0.0, 1.5):
        with pytest.raises(Invalid, match="is no similarity"):
            home.data.alike(at=at)
