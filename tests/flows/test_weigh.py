"""How words and meaning are joined is chosen on judged questions, proved on others, seen in every plan, taken back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Conflict, Denied, NotFound
from thruline.ports.embedder import Embedder, EmbedderSettings
from thruline.testing.embedders import HashEmbedder
from thruline.testing.homes import FastEngines, as_user, dims_of, open_home, write
from thruline.vectors.fusion import EVEN, Fusion

PAGES = 96


class Confused(HashEmbedder):
    """Puts every text somewhere by chance, as an embedder does that cannot read the language."""

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([self._embed(hashlib.sha256(text.encode()).hexdigest()) for text in texts])

    def query(self, text: str) -> np.ndarray:
        return self._embed(hashlib.sha256(text.encode()).hexdigest())


class ConfusedEngines(FastEngines):
    """A home with such an embedder."""

    def embedder(self, how: EmbedderSettings) -> Embedder:
        return Confused(dims_of(how.model))


def page(n: int) -> str:
    return (
        f"# Room {n}\n\nThe fuse of the lamp here bears the mark kx{n:03}q and is changed in May by whoever is on duty."
    )


def question(n: int) -> dict[str, object]:
    asked = f"In which room is the lamp whose fuse bears the mark kx{n:03}q, changed in May?"
    return {"question": asked, "document": f"p{n:03}.md"}


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Platform]:
    with open_home(tmp_path / "home", engines=ConfusedEngines) as home:
        home.data.add(path=str(write(tmp_path / "wiki", **{f"p{n:03}": page(n) for n in range(PAGES)})))
        home.data.sync()
        yield home


def judge(home: Platform, tmp_path: Path, rows: list[dict[str, object]]) -> None:
    file = tmp_path / "judged.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    home.vectors.import_judged(path=str(file))


def test_what_ranks_better_on_other_questions_is_in_force_and_in_every_plan(filled: Platform, tmp_path: Path) -> None:
    judge(filled, tmp_path, [question(n) for n in range(PAGES)])
    before = filled.vectors.search(question=question(7)["question"]).searched
    assert before is not None
    assert before.fusion == EVEN
    report = filled.vectors.weigh()
    assert report.ok
    assert report.changed
    assert report.gain.low > 0
    assert report.learned_on + report.judged_on == PAGES
    assert report.fusion.words > 0.5
    after = filled.vectors.search(question=question(7)["question"]).searched
    assert after is not None
    assert after.fusion == report.fusion
    verdict = filled.ledger.events(verb="verdict.given")[-1]
    assert (verdict.facts["rule"], verdict.facts["outcome"]) == ("fusion_gain", "passed")
    assert filled.vectors.evaluate(answers=0).search[0].value == report.ndcg.value
    assert filled.ledger.verify().ok


def test_what_was_in_force_comes_back_and_an_older_answer_is_replayed_as_it_was(
    filled: Platform, tmp_path: Path
) -> None:
    judge(filled, tmp_path, [question(n) for n in range(PAGES)])
    answer = filled.vectors.ask(question=str(question(7)["question"]))
    report = filled.vectors.weigh()
    assert filled.vectors.replay(answer=answer.id).retrieval == "same"
    lines = filled.vectors.index_choices()
    assert [(v.what, v.value, v.in_force) for v in lines][:2] == [
        ("fusion", report.fusion.text, True), ("fusion", EVEN.text, False),
    ]  # fmt: skip
    first = filled.vectors.rollback_choice(what="fusion")[0]
    assert (first.value, first.why, first.in_force) == (EVEN.text, "rollback", True)
    with pytest.raises(Conflict, match="no other fusion"):
        filled.vectors.rollback_choice(what="fusion")
    assert filled.vectors.replay(answer=answer.id).retrieval == "same"
    assert filled.ledger.verify().ok


def test_too_few_questions_choose_nothing(filled: Platform, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="0 questions to tune by and 0 to judge by are too few"):
        filled.vectors.weigh()
    judge(filled, tmp_path, [question(n) for n in range(20)])
    with pytest.raises(Conflict, match="are too few"):
        filled.vectors.weigh()
    assert not filled.line.choices.history("fusion")


def test_what_the_other_half_does_not_confirm_is_not_taken(filled: Platform, tmp_path: Path) -> None:
    """The half to tune by favours words; by the other one the order in force is right as it is."""
    rows = [question(n) for n in range(PAGES)]
    for row in rows:
        if filled.line.judged.part(str(row["question"])) == "judging":
            row["document"] = filled.vectors.search(question=row["question"], k=1).passages[0].path
    judge(filled, tmp_path, rows)
    report = filled.vectors.weigh()
    assert (report.ok, report.changed) == (False, False)
    assert report.gain.low <= 0
    assert "cannot be told" in report.says
    assert filled.ledger.events(verb="verdict.given")[-1].facts["outcome"] == "failed"
    assert filled.vectors.index_choices()[0].value == EVEN.text


def test_a_dry_run_measures_and_changes_nothing(filled: Platform, tmp_path: Path) -> None:
    judge(filled, tmp_path, [question(n) for n in range(PAGES)])
    events = len(filled.ledger.events(verb="verdict.given"))
    report = filled.vectors.weigh(dry_run=True)
    assert (report.ok, report.changed) == (True, False)
    assert len(filled.ledger.events(verb="verdict.given")) == events
    assert not filled.line.choices.history("fusion")


def test_only_the_operator_weighs_and_only_what_is_there(filled: Platform) -> None:
    with pytest.raises(Denied):
        as_user(filled, "ada").vectors.weigh()
    with pytest.raises(NotFound, match="no collection 'other'"):
        filled.vectors.weigh(collection="other")


def test_a_choice_that_nobody_made_is_found_by_verify(filled: Platform, tmp_path: Path) -> None:
    judge(filled, tmp_path, [question(n) for n in range(PAGES)])
    filled.vectors.weigh()
    value = Fusion(words=0.05).written()
    filled.line.database.execute("UPDATE index_choices SET value = :value", {"value": value})
    report = filled.ledger.verify()
    assert not report.ok
    assert any("it chose another fusion than the table's" in str(problem) for problem in report.problems)
