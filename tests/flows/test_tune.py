"""`thruline index tune` on a home: what it measures, takes, keeps as evidence, and how it is taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from thruline import cli
from thruline.app.platform import Platform
from thruline.core.errors import Conflict, Denied, Invalid, NotFound, Unsupported
from thruline.testing.homes import THINGS, OtherEngines, as_user, open_home, write
from thruline.vectors.plans import FIRST, DensePlan


@pytest.fixture
def filled(home: Platform, docs: Path) -> Platform:
    """Forty documents of two sources, one for a team alone; a few questions were asked."""
    texts = {
        f"d{n}": f"# About the {THINGS[n % 14]} {n}\n\nThe {THINGS[n % 14]} stands by the {THINGS[(n * 5 + 3) % 14]} "
        f"and the {THINGS[(n * 3 + 1) % 14]}, which is {n} years old."
        for n in range(40)
    }
    home.data.add(path=str(write(docs / "all", **texts)))
    home.data.add(path=str(write(docs / "team", **{f"t{n}": f"# Plan {n}\n\nThe team walks to the {THINGS[n % 14]} at {n}."
                                                   for n in range(14)})), groups=("team",))  # fmt: skip
    home.data.sync()
    for word in THINGS[:3]:
        home.vectors.ask(question=f"Where does the {word} stand?")
    return home


def test_it_measures_candidates_takes_one_and_keeps_the_evidence(filled: Platform) -> None:
    report = filled.vectors.tune_index(recall=0.9, p95="1h")
    assert report.ok
    assert report.measured[0].plan == "exact"
    assert {"exact", "flat4", "flat4 in_memory=0"} <= {m.plan for m in report.measured}
    assert sum(m.taken for m in report.measured) == 1
    assert next(m for m in report.measured if m.taken).plan == report.plan
    assert any(m.on_frontier for m in report.measured)
    assert (report.logged, report.rows) == (3, report.of_rows)
    assert any(f.name == "readers 2" for f in report.measured[0].filters)
    (kept,) = filled.vectors.tuned()
    assert kept == report
    (verdict,) = filled.ledger.events(verb="verdict.given", limit=10)
    assert verdict.inputs == (report.generation,)
    assert verdict.facts["rule"] == "index_recall"
    assert (verdict.facts["outcome"], verdict.facts["threshold"]) == ("passed", 0.9)
    assert filled.ledger.verify().ok


def test_the_plan_that_was_taken_serves_at_once_and_is_taken_back_by_one_word(filled: Platform) -> None:
    filled.line.plans.choose("main", DensePlan(engine="flat4", options={"depth": 3}), "operator")
    before = filled.vectors.search(question="Where does the copper stand?", k=5).passages
    report = filled.vectors.tune_index(recall=0.9, p95="1h")
    assert report.before == "flat4 depth=3"
    if report.changed:
        assert [p.in_force for p in filled.vectors.plans()][:2] == [True, False]
        assert filled.vectors.plans()[0].why == "tuned"
        assert filled.vectors.search(question="Where does the copper stand?", k=5).passages == before
        assert filled.vectors.rollback_plan()[0].plan == "flat4 depth=3"
    else:
        assert filled.vectors.plans()[0].plan == "flat4 depth=3"
    assert filled.vectors.plans()[-1].why == "first"


def test_a_dry_run_changes_nothing(filled: Platform) -> None:
    report = filled.vectors.tune_index(recall=0.9, p95="1h", dry_run=True)
    assert (report.ok, report.dry_run, report.evidence) == (True, True, "")
    assert filled.vectors.tuned() == ()
    assert filled.line.plans.current("main") == FIRST
    assert not filled.ledger.events(verb="verdict.given", limit=10)


def test_goals_that_nothing_meets_leave_the_plan_and_name_the_nearest(filled: Platform) -> None:
    report = filled.vectors.tune_index(memory="100", p95="1h")
    assert not report.ok
    assert not report.changed
    assert "no plan meets the goals" in report.why
    assert filled.vectors.plans()[0].plan == FIRST.text
    (verdict,) = filled.ledger.events(verb="verdict.given", limit=10)
    assert verdict.facts["outcome"] == "failed"


def test_evidence_says_what_recall_to_expect_of_a_plan_under_a_filter(filled: Platform) -> None:
    filled.vectors.tune_index(recall=0.9, p95="1h")
    expected = filled.line.tunings.expected_recall
    assert expected("main", FIRST, 0.5) == 1.0
    assert expected("main", DensePlan(engine="flat4", options={"depth": 77}), 0.5) is None


def test_goals_that_cannot_be_are_refused(filled: Platform) -> None:
    for given, says in (
        ({"recall": 0}, "recall of 0"), ({"recall": 1.2}, "recall of 1.2"), ({"p95": "0ms"}, "no time"),
        ({"p95": "soon"}, "not a duration"), ({"memory": "lots"}, "not a size"),
    ):  # fmt: skip
        with pytest.raises(Invalid, match=says):
            filled.vectors.tune_index(**given)


def test_another_collection_is_not_found_and_nothing_to_search_is_said(home: Platform) -> None:
    with pytest.raises(NotFound, match="no collection 'docs'"):
        home.vectors.tune_index(collection="docs")
    with pytest.raises(Conflict, match="nothing to search yet"):
        home.vectors.tune_index()
    assert home.vectors.tuned() == ()


def test_vectors_are_measured_with_questions_of_their_embedder_whichever_is_set(tmp_path: Path, docs: Path) -> None:
    with open_home(tmp_path / "h") as platform:
        platform.data.add(path=str(write(docs, gate="# Gate\n\nThe gate is open at night.")))
        platform.data.sync()
    with open_home(tmp_path / "h", engines=OtherEngines) as platform:
        assert platform.vectors.tune_index().measured


def test_engines_elsewhere_are_no_candidates_where_no_setting_names_them(filled: Platform) -> None:
    report = filled.vectors.tune_index(recall=0.9, p95="1h", dry_run=True)
    assert {m.plan.split()[0] for m in report.measured} <= {"exact", "flat4", "pq4", "hnsw", "torch"}


@pytest.mark.parametrize(
    ("engine", "error", "said"),
    [
        ("quantum", Unsupported, "no dense backend named 'quantum'"),
        ("hnsw wheels=4", Invalid, "takes no such options: 'wheels=4'"),
        ("hnsw m=many", Invalid, "'m=many' is no option"),
        ("pgvector", Invalid, "name no server for 'pgvector'"),
    ],
)
def test_a_setting_that_names_no_engine_is_said(
    tmp_path: Path, docs: Path, engine: str, error: type[Exception], said: str
) -> None:
    with open_home(tmp_path / "h") as platform:
        platform.data.add(path=str(write(docs, gate="# Gate\n\nThe gate is open at night.")))
        platform.data.sync()
    with open_home(tmp_path / "h", {"THRULINE_VECTORS__ENGINE": engine}) as platform, pytest.raises(error, match=said):
        platform.vectors.search(question="gate")


def test_only_the_operator_tunes(filled: Platform) -> None:
    with pytest.raises(Denied):
        as_user(filled, "Ada", "team").vectors.tune_index()


def test_the_table_is_readable_and_the_exit_code_says_whether_the_goals_are_met(
    tmp_path: Path, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_home(tmp_path / "h") as platform:
        platform.data.add(path=str(write(docs, gate="# Gate\n\nThe gate is open at night.")))
        platform.data.sync()
        report = platform.vectors.tune_index(memory="1B", p95="1h")
    cli.show(report, as_json=False)
    shown = capsys.readouterr().out
    assert "recall@10" in shown
    assert all(len(line) <= 120 for line in shown.splitlines())
    cli.show(report, as_json=True)
    assert json.loads(capsys.readouterr().out)["ok"] is False
