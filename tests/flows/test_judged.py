"""Judged questions: from feedback, from documents, from a file; measured by, and gone with whom they tell of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Conflict, Denied, Invalid, NotFound, ThrulineError
from thruline.flows import judged
from thruline.testing.canary import assert_gone, canary
from thruline.testing.fake_llm import FakeLlm
from thruline.testing.homes import as_user, open_home, write

VALVE = "# Valve\n\nThe blue valve opens at nine in the morning and closes at noon."
PUMP = "# Pump\n\nThe red pump runs at night, when power is cheap, and rests by day."


@pytest.fixture
def filled(home: Platform, docs: Path) -> Platform:
    home.data.add(path=str(write(docs, valve=VALVE, pump=PUMP)))
    home.data.sync()
    return home


def _rows(home: Platform) -> list[judged.Row]:
    return [*judged.rows(home.line, "tuning"), *judged.rows(home.line, "judging")]


def test_a_good_answer_judges_the_passages_that_it_cites(filled: Platform) -> None:
    answer = filled.vectors.ask(question="When does the blue valve open?")
    said = filled.vectors.feedback(answer=answer.id, says="good")
    (row,) = judged.rows(filled.line, said.part)
    cited = {p.chunk for p in answer.passages if p.number == answer.sentences[0].citations[0]}
    assert (row.question, row.grades, said.passages) == (answer.question, dict.fromkeys(cited, 1), 1)
    event = filled.ledger.events(verb="question.judged")[-1]
    assert event.inputs == (answer.id,)


def test_a_second_word_on_an_answer_takes_the_place_of_the_first(filled: Platform) -> None:
    answer = filled.vectors.ask(question="When does the blue valve open?")
    filled.vectors.feedback(answer=answer.id, says="good")
    filled.vectors.feedback(answer=answer.id, says="bad")
    assert [set(row.grades.values()) for row in _rows(filled)] == [{0}]
    assert filled.vectors.judged().feedback == 1


def test_what_cites_nothing_cannot_be_judged(filled: Platform) -> None:
    answer = filled.vectors.ask(question="Who won the chess championship in Reykjavik?")
    with pytest.raises(Conflict, match="cites no passage"):
        filled.vectors.feedback(answer=answer.id, says="good")


def test_nobody_judges_an_answer_that_they_may_not_see(filled: Platform) -> None:
    answer = filled.vectors.ask(question="When does the blue valve open?")
    with pytest.raises(NotFound):
        as_user(filled, "mallory", "guests").vectors.feedback(answer=answer.id, says="good")


def test_a_reader_does_not_list_judged_questions(filled: Platform) -> None:
    with pytest.raises(Denied):
        as_user(filled, "ann", "everyone").vectors.judged()


def test_a_question_is_for_one_part_however_it_is_written(filled: Platform) -> None:
    part = filled.line.judged.part
    assert part("When does it open?") == part("  when DOES it open ")
    both = {part(f"What is number {n}?") for n in range(40)}
    assert both == {"tuning", "judging"}


def test_documents_that_are_out_of_answers_judge_nothing(filled: Platform) -> None:
    answer = filled.vectors.ask(question="When does the blue valve open?")
    filled.vectors.feedback(answer=answer.id, says="good")
    filled.data.quarantine(what="docs/valve.md")
    assert _rows(filled) == []


def test_an_erased_person_is_gone_from_judged_questions_in_every_byte(home: Platform, docs: Path) -> None:
    name = canary()
    home.data.add(
        path=str(write(docs, valve=VALVE, person=f"# Keys\n\nThe key of the cellar is kept by {name} at home."))
    )
    home.data.sync()
    answer = home.vectors.ask(question=f"Which key is kept by {name}, the key of the cellar?")
    home.vectors.feedback(answer=answer.id, says="good")
    assert len(home.data.person(identifiers=[name]).judged) == 1
    assert home.data.erase(identifiers=[name]).residue == 0
    assert home.vectors.judged().questions == 0
    assert_gone(home.home.path, [name])


def test_a_question_goes_with_the_document_that_its_answer_was_made_of(filled: Platform) -> None:
    answer = filled.vectors.ask(question="When does the blue valve open?")
    filled.vectors.feedback(answer=answer.id, says="good")
    filled.data.erase(identifiers=["blue valve"])
    assert filled.vectors.judged().questions == 0


PLACES = [
    f"{colour} {thing}" for colour in ("blue", "red", "green", "old") for thing in ("valve", "pump", "gate", "tower")
]


@pytest.fixture
def places(home: Platform, docs: Path) -> Platform:
    texts = {f"n{n}": f"# {p} manual\n\nThe {p} opens at {n + 1} in the morning." for n, p in enumerate(PLACES)}
    home.data.add(path=str(write(docs, **texts)))
    home.data.sync()
    return home


def _file(folder: Path, places: list[str] = PLACES) -> str:
    rows = [
        {"question": f"When does the {p} open?", "document": f"docs/n{n}.md", "answer": f"at {n + 1} in the morning"}
        for n, p in enumerate(places)
    ]
    (folder / "judged.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return str(folder / "judged.jsonl")


def test_questions_made_of_documents_find_them_again(places: Platform) -> None:
    assert places.vectors.make_judged(questions=16, dry_run=True).added == 16
    assert places.vectors.judged().questions == 0
    assert places.vectors.make_judged(questions=16).added == 16
    assert places.vectors.make_judged(questions=16).added == 16  # the same again
    assert places.vectors.judged().documents == 16
    success = places.vectors.evaluate(k=5).search[3]
    assert (success.name, success.value > 0.5, success.low < success.value) == ("success@5", True, True)


def test_a_question_goes_with_the_document_that_it_was_made_of(places: Platform, docs: Path) -> None:
    places.vectors.make_judged(questions=16)
    places.data.erase(identifiers=["blue valve"])
    assert places.vectors.judged().questions == 15


def test_an_evaluation_measures_search_and_answers_on_the_judging_half_alone(places: Platform, tmp_path: Path) -> None:
    assert places.vectors.import_judged(path=_file(tmp_path)).added == len(PLACES)
    counts, answers = places.vectors.judged(), places.ledger.status().answers
    report = places.vectors.evaluate()
    assert report.questions == counts.judging == len(PLACES) - counts.tuning
    assert {m.name: m.value for m in report.search}["MRR"] > 0.9
    said = {m.name: m for m in report.answers}
    assert said["answered"].value == said["holds"].value == said["right citation"].value == 1.0
    assert said["answered"].low < 1
    assert places.ledger.status().answers == answers
    event = places.ledger.events(verb="index.evaluated")[-1]
    assert (event.facts["questions"], event.facts["compared"]) == (counts.judging, "none")


def test_two_ways_that_find_the_same_cannot_be_told_apart(places: Platform, tmp_path: Path) -> None:
    places.vectors.import_judged(path=_file(tmp_path))
    report = places.vectors.evaluate(compare="both", answers=0)
    assert {(d.value, d.says) for d in report.differences} == {(0.0, "cannot be told")}
    assert "cannot be told" in report.says


def test_a_generation_without_the_documents_is_worse(places: Platform, docs: Path, tmp_path: Path) -> None:
    before = places.ledger.status().generation
    write(docs, **{f"m{n}": f"# {p} list\n\nThe {p} closes at {n + 1} in the evening." for n, p in enumerate(PLACES)})
    places.data.sync()
    rows = [{"question": f"When does the {p} close?", "document": f"m{n}.md"} for n, p in enumerate(PLACES)]
    (tmp_path / "close.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    places.vectors.import_judged(path=str(tmp_path / "close.jsonl"))
    report = places.vectors.evaluate(compare=before, answers=0)
    assert report.says.startswith("'both' is better than")


def test_a_beir_folder_brings_its_grades(places: Platform, tmp_path: Path) -> None:
    (tmp_path / "qrels").mkdir()
    (tmp_path / "queries.jsonl").write_text('{"_id": "1", "text": "When does the blue valve open?"}\n', "utf-8")
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n1\tn0\t2\n1\tn4\t0\n", "utf-8")
    places.vectors.import_judged(path=str(tmp_path))
    (row,) = _rows(places)
    assert sorted(row.grades.values()) == [0, 2]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"question": "Where?", "document": "n77.md"}', "names a document 'n77.md' that does not serve"),
        ('{"question": "Where?"}', "names no document"),
        ('{"document": "n1.md"}', "names no question"),
        ("[1, 2]", "is no object"),
        ("not json", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('{"question": "' + "x" * 9000 + '", "document": "n1.md"}', "9000 characters"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_whole(places: Platform, tmp_path: Path, line: str, says: str) -> None:
    good = '{"question": "When?", "document": "n1.md"}'
    (tmp_path / "judged.jsonl").write_text(f"{good}\n{line}\n", "utf-8")
    with pytest.raises(ThrulineError, match=says):
        places.vectors.import_judged(path=str(tmp_path / "judged.jsonl"))
    assert places.vectors.judged().questions == 0


def test_a_name_that_two_documents_bear_has_to_be_told_apart(places: Platform, docs: Path, tmp_path: Path) -> None:
    write(docs, other__n1="# Another\n\nAnother one that closes at ten.")
    places.data.sync()
    (tmp_path / "judged.csv").write_text("question,document\nWhen?,n1\n", "utf-8")
    with pytest.raises(Invalid, match="2 documents are called"):
        places.vectors.import_judged(path=str(tmp_path / "judged.csv"))


def test_what_was_brought_can_be_forgotten(places: Platform, tmp_path: Path) -> None:
    places.vectors.import_judged(path=_file(tmp_path))
    assert places.vectors.forget_judged(origin="file", dry_run=True).forgotten == len(PLACES)
    assert places.vectors.forget_judged(origin="file").forgotten == len(PLACES)
    assert places.vectors.judged().questions == 0


def test_nothing_judged_and_nothing_known_is_said_with_the_way_out(places: Platform) -> None:
    with pytest.raises(Conflict, match="no question is judged"):
        places.vectors.evaluate()
    with pytest.raises(NotFound, match="no way of searching"):
        places.vectors.evaluate(compare="wurds")
    with pytest.raises(NotFound, match="no collection"):
        places.vectors.evaluate(collection="other")


def test_a_language_model_asks_what_a_passage_answers(tmp_path: Path, docs: Path) -> None:
    asks = "When does the blue valve open? Nobody but the night watch knows it."
    with FakeLlm() as fake:  # it says the first sentence of a passage
        settings = {"THRULINE_ANSWER__LLM_URL": fake.url, "THRULINE_ANSWER__LLM_MODEL": "fake"}
        with open_home(tmp_path / "llm", settings) as home:
            home.data.add(path=str(write(docs, valve=asks, pump="The red pump runs at night, when power is cheap.")))
            home.data.sync()
            made = home.vectors.make_judged(questions=2)
            assert (made.added, made.unread) == (1, 1)
            assert [row.question for row in _rows(home)] == ["When does the blue valve open?"]
