"""From where on there is an answer is fitted to judged questions, proved on others, and taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.app.platform import Platform
from thruline.core.errors import Conflict, Invalid
from thruline.testing.homes import write
from thruline.vectors.calibrating import Case, fitted
from thruline.vectors.sureness import FIRST, Curve

PAGES = 80
KINDS = ("anvil", "beacon", "candle", "dagger", "easel", "ferry", "gasket", "hammer")


def page(n: int) -> str:
    kind = KINDS[n % len(KINDS)]
    return f"# Store {n}\n\nThe {kind} that bears the mark kx{n:03}q is kept on the upper shelf near the southern door."


def question(n: int) -> dict[str, object]:
    return {
        "question": f"Where is the {KINDS[n % len(KINDS)]} with the mark kx{n:03}q kept?",
        "document": f"p{n:03}.md",
    }


def nothing(n: int) -> dict[str, object]:
    return {"question": f"Where is the {KINDS[n % len(KINDS)]} with the mark zz{n:03}y kept?", "answerable": False}


@pytest.fixture
def filled(home: Platform, tmp_path: Path) -> Platform:
    home.data.add(path=str(write(tmp_path / "wiki", **{f"p{n:03}": page(n) for n in range(PAGES)})))
    home.data.sync()
    return home


def judge(home: Platform, tmp_path: Path, rows: list[dict[str, object]]) -> None:
    file = tmp_path / "judged.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    home.vectors.import_judged(path=str(file))


def refused(home: Platform) -> int:
    """Of 16 questions that nothing answers."""
    return sum(home.vectors.ask(question=str(nothing(n)["question"])).outcome == "unknown" for n in range(60, 76))


def test_more_of_what_nothing_answers_is_refused_until_it_is_taken_back(filled: Platform, tmp_path: Path) -> None:
    judge(filled, tmp_path, [*map(question, range(PAGES)), *map(nothing, range(40))])
    before = refused(filled)
    whole = filled.vectors.evaluate(answers=20, calibrate=True)
    report = whole.calibration
    assert report is not None
    assert (report.ok, report.changed) == (True, True)
    assert report.gain.low > 0
    assert report.answering.made_up.value < report.answering_before.made_up.value
    of = report.answering
    assert abs(of.right.value + of.wrong.value + of.refused.value - 1) < 0.001
    assert whole.answers[0].value > 0.8  # measured with what is in force now
    verdict = filled.ledger.events(verb="verdict.given")[-1]
    assert (verdict.facts["rule"], verdict.facts["outcome"]) == ("sureness_gain", "passed")
    assert refused(filled) > before
    assert filled.vectors.ask(question=str(question(7)["question"])).outcome == "answered"
    in_force = [v.value for v in filled.vectors.index_choices() if v.what == "sureness" and v.in_force]
    assert in_force == [report.curve]
    filled.vectors.rollback_choice(what="sureness")
    assert refused(filled) == before
    assert filled.ledger.verify().ok


def test_a_dry_run_measures_and_changes_nothing_and_nothing_is_chosen_unasked(filled: Platform, tmp_path: Path) -> None:
    judge(filled, tmp_path, [*map(question, range(PAGES))])
    assert filled.vectors.evaluate(answers=0).calibration is None
    report = filled.vectors.evaluate(answers=0, calibrate=True, dry_run=True).calibration
    assert report is not None
    assert not report.changed
    assert report.learned_on + report.judged_on == 2 * PAGES
    assert not filled.line.choices.history("sureness")
    assert not filled.ledger.events(verb="verdict.given")


def test_too_few_questions_fit_nothing(filled: Platform, tmp_path: Path) -> None:
    judge(filled, tmp_path, [*map(question, range(20)), *map(nothing, range(80))])
    with pytest.raises(Conflict, match="are too few"):
        filled.vectors.evaluate(calibrate=True)
    assert not filled.line.choices.history("sureness")


def test_what_cannot_be_told_is_not_taken(filled: Platform, tmp_path: Path) -> None:
    """Fitted to what is in force already, the second time gains nothing."""
    judge(filled, tmp_path, [*map(question, range(PAGES)), *map(nothing, range(40))])
    filled.vectors.evaluate(answers=0, calibrate=True)
    again = filled.vectors.evaluate(answers=0, calibrate=True).calibration
    assert again is not None
    assert (again.ok, again.changed) == (False, False)
    assert "cannot be told" in again.says
    assert len(filled.line.choices.history("sureness")) == 1


def test_a_question_that_nothing_answers_is_kept_as_such_and_says_so(filled: Platform, tmp_path: Path) -> None:
    file = tmp_path / "judged.csv"
    file.write_text("question,document,answerable\nWho sold it?,,no\nWhere is kx001q?,p001.md,yes\n")
    assert filled.vectors.import_judged(path=str(file)).added == 2
    file.write_text("question,document,answerable\nWho sold it?,,\n")
    with pytest.raises(Invalid, match="names no document"):
        filled.vectors.import_judged(path=str(file))


def test_a_question_that_nothing_answers_goes_with_the_person_whom_it_names(filled: Platform, tmp_path: Path) -> None:
    write(tmp_path / "wiki", who="# Keeper\n\nOttilie Kvasthoug, ottilie.kvasthoug@example.org, keeps the keys.")
    filled.data.sync()
    judge(filled, tmp_path, [{"question": "Where does Ottilie Kvasthoug live?", "answerable": False}])
    assert filled.vectors.judged().questions == 1
    filled.data.erase(identifiers=["ottilie.kvasthoug@example.org", "Ottilie Kvasthoug"])
    assert filled.vectors.judged().questions == 0


WAYS = st.floats(-1, 1)


@given(st.lists(st.builds(Case, nearest=WAYS, closest=WAYS, words=st.floats(0, 1), has_answer=st.booleans(),
                          is_right=st.booleans()), min_size=1, max_size=40))  # fmt: skip
def test_a_fitted_curve_never_loses_against_refusing_all_and_nearer_is_never_less_sure(cases: list[Case]) -> None:
    curve = fitted(cases)
    assert sum(case.worth(curve) for case in cases) >= 0
    assert min(curve.nearest, curve.closest, curve.words) >= 0
    assert Curve.read(curve.written()) == curve


def test_where_every_answer_would_be_wrong_none_is_given() -> None:
    cases = [Case(n / 10, n / 10, n / 10, has_answer=False, is_right=False) for n in range(10)]
    assert not any(case.is_given(fitted(cases)) for case in cases)
    assert any(case.is_given(FIRST) for case in cases)
