"""`thruline index move`: another engine beside, compared, then in its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from thruline import cli
from thruline.app.platform import Platform
from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.testing.homes import THINGS, write
from thruline.vectors.plans import FIRST, DensePlan


@pytest.fixture
def filled(home: Platform, docs: Path) -> Platform:
    texts = {
        f"d{n}": f"# {word.title()}\n\nThe {word} is {n} years old and stands alone." for n, word in enumerate(THINGS)
    }
    home.data.add(path=str(write(docs, **texts)))
    home.data.sync()
    return home


def test_another_engine_takes_over_and_gives_the_same_answers(filled: Platform) -> None:
    before = filled.vectors.search(question="how old is the violin", k=5)
    report = filled.vectors.move_index(to="hnsw m=24")
    assert (report.moved, report.recall, report.filtered, report.rows) == (True, 1.0, 1.0, len(THINGS))
    assert filled.line.plans.current("main") == DensePlan(engine="hnsw", options={"m": 24})
    after = filled.vectors.search(question="how old is the violin", k=5)
    assert [p.chunk for p in after.passages] == [p.chunk for p in before.passages]
    assert [p.why for p in filled.line.plans.history("main")] == ["moved"]
    filled.vectors.rollback_plan()
    assert filled.line.plans.current("main") == FIRST


def test_a_dry_run_compares_and_changes_nothing(filled: Platform) -> None:
    report = filled.vectors.move_index(to="exact", dry_run=True)
    assert (report.ok, report.moved, report.dry_run) == (True, False, True)
    assert filled.line.plans.history("main") == []


@pytest.mark.parametrize(
    ("to", "error", "said"),
    [
        ("quantum", NotFound, "quantum"),
        ("hnsw m=many", Invalid, "m=many"),
        ("hnsw wheels=4", Invalid, "wheels=4"),
        ("hnsw m=1", Invalid, "m=1"),
        ("flat4", Conflict, "already"),
        ("pgvector", Invalid, "no server"),
    ],
)
def test_what_cannot_be_moved_to_is_said(filled: Platform, to: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        filled.vectors.move_index(to=to)
    assert filled.line.plans.history("main") == []


def test_there_has_to_be_something_to_move(home: Platform) -> None:
    with pytest.raises(Conflict, match="nothing to search"):
        home.vectors.move_index(to="exact")


def test_the_command_says_what_was_found_and_the_way_back(filled: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(filled.home.path)
    assert cli.main(["index", "move", "--to", "exact", "--home", path]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "exact found 100.0% of the 10 nearest" in said
    assert "rollback-plan" in said
    assert cli.main(["index", "move", "--to", "pq4", "--dry-run", "--json", "--home", path]) == 0
    assert json.loads(capsys.readouterr().out)["moved"] is False
