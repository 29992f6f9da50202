"""The line with the real model: the one suite that needs its weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.testing.homes import write

TEXTS = {
    "returns": "# Sending things back\n\nGoods may be sent back within thirty days if the box is whole.",
    "heating": "# Heating\n\nIn winter the hall is warmed from six in the morning.",
    "bikes": "# Bicycles\n\nBicycles are kept in the cellar, behind the second door.",
}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("real")
    with Platform.open(folder / "home", create=True) as home:
        home.data.add(path=str(write(folder / "docs", **TEXTS)))
        home.data.sync()
        yield home


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("How long do I have to return a purchase?", "returns.md"),
        ("When does it get cosy indoors during the cold season?", "heating.md"),
        ("Where can I park my two-wheeler?", "bikes.md"),
    ],
)
def test_a_question_in_other_words_finds_its_document(real: Platform, question: str, path: str) -> None:
    assert real.vectors.search(question=question).passages[0].path == path


def test_an_answer_replays_bit_for_bit(real: Platform) -> None:
    answer = real.vectors.ask(question="Within how many days may goods be sent back?")
    assert "thirty days" in answer.text
    again = real.vectors.replay(answer=answer.id)
    assert (again.retrieval, again.generation) == ("same", "same")


def test_quarantine_and_release_end_in_the_same_generation(real: Platform) -> None:
    before = real.ledger.status().generation
    real.data.quarantine(what="docs/bikes.md")
    assert "bikes.md" not in {p.path for p in real.vectors.search(question="bicycle cellar").passages}
    assert real.data.release(what="docs/bikes.md").generation == before


def test_names_on_no_list_are_found_by_what_the_embedder_reads(tmp_path: Path) -> None:
    said = "Yesterday we asked Ozkamur Vrethelin whether the ferry to Hjelmsvaag would sail, but no answer came."
    settings = {"THRULINE_GUARD__NAMES": "embedder"}
    with Platform.open(tmp_path / "home", create=True, overrides=settings) as home:
        found = {(said[s.start : s.end], s.kind) for s in home.line.names.find([said])[0]}
        assert {("Ozkamur Vrethelin", "name"), ("Hjelmsvaag", "place")} <= found


def test_a_home_moves_to_another_real_model_and_back(tmp_path: Path) -> None:
    question = "When does it get cosy indoors during the cold season?"
    with Platform.open(tmp_path / "home", create=True) as home:
        home.data.add(path=str(write(tmp_path / "docs", **TEXTS)))
        home.data.sync()
        before = home.vectors.search(question=question)
        report = home.vectors.change(embedder="all-MiniLM-L6-v2", share=1, force=True)
        assert (report.outcome, report.after) == ("forced", "all-MiniLM-L6-v2")
        assert report.read is not None
        assert report.read.before == report.read.after == 1
        asked = home.vectors.ask(question=question)
        assert (asked.embedder, asked.passages[0].path) == ("all-MiniLM-L6-v2", "heating.md")
        home.vectors.rollback()
        assert home.vectors.search(question=question).passages == before.passages
        assert home.vectors.replay(answer=asked.id).retrieval == "same"


def test_one_short_document_answers_what_it_says_and_nothing_else(tmp_path: Path) -> None:
    shop = "The shop opens at nine and closes at six; refunds take five days."
    with Platform.open(tmp_path / "home", create=True) as home:
        home.data.add(path=str(write(tmp_path / "docs", shop=shop)))
        home.data.sync()
        said = {
            q: home.vectors.ask(question=q)
            for q in (
                "When does the shop open?",
                "How long does a refund take?",
                "What is the capital of Mongolia?",
                "Who may sign contracts?",
            )
        }
    assert [a.outcome for a in said.values()] == ["answered", "answered", "unknown", "unknown"]
    assert [a.sure is not None and a.sure > 0.5 for a in said.values()] == [True, True, False, False]
