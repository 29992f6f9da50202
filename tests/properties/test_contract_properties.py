"""Contracts under any table: what holds them passes, one broken cell is one failed rule and one row, counts add up."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from thruline.data.checks import REASON, Checked, check
from thruline.data.contract_files import contract_of, from_toml
from thruline.data.contract_odcs import from_odcs
from thruline.data.contract_to_odcs import to_odcs
from thruline.data.contracts import ACTIONS, Column, Contract, Fresh, Whole, rules_of, rules_of_table
from thruline.data.rule_masks import ROW
from thruline.data.tables import STORED

NOW = 0
DAYS = st.dates(date(1990, 1, 1), date(2040, 1, 1))
WORDS = st.text("abc", min_size=2, max_size=5)  # 360 of them

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "string": TEXTS,
    "integer": st.integers(-(2**53), 2**53),
    "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-1000, 1000),
    "boolean": st.booleans(),
    "date": st.dates(),
    "timestamp": st.datetimes(timezones=st.just(UTC)),
}


@dataclass(frozen=True)
class Kind:
    """A column, the values that hold it, and for each of its rules a value that breaks that one only."""

    column: Column
    good: st.SearchStrategy[Any]
    bad: Mapping[str, Any]


def stated(draw: st.DrawFn, **rules: Any) -> dict[str, Any]:
    """Some of the rules, drawn."""
    return {name: value for name, value in rules.items() if draw(st.booleans(), label=name)}


@st.composite
def integers(draw: st.DrawFn, name: str) -> Kind:
    low = draw(st.integers(-1000, 1000))
    high = low + draw(st.integers(20, 10**6))
    given_rules = stated(draw, min=low, max=high, required=True, unique=True)
    return Kind(
        Column(name=name, type="integer", **given_rules),
        st.integers(low, high),
        {"min": low - 1, "max": high + 1, "required": None, "type": "oops", "unique": ...},
    )


@st.composite
def numbers(draw: st.DrawFn, name: str) -> Kind:
    given_rules = stated(draw, min=-1.5, max=2.5, required=True)
    good = st.floats(-1.5, 2.5, width=32)
    return Kind(
        Column(name=name, type="number", **given_rules),
        good,
        {"min": -2.0, "max": 3.0, "required": None, "type": "1,5"},
    )


@st.composite
def words(draw: st.DrawFn, name: str) -> Kind:
    given_rules = stated(draw, min_length=2, max_length=5, pattern="^[abc]+$", required=True, unique=True)
    bad = {"min_length": "a", "max_length": "aaaaaa", "pattern": "AbC", "required": None, "unique": ...}
    return Kind(Column(name=name, type="string", **given_rules), WORDS, bad)


@st.composite
def choices(draw: st.DrawFn, name: str) -> Kind:
    among = draw(st.lists(WORDS, min_size=1, unique=True))
    given_rules = stated(draw, allowed=tuple(among), required=True)
    return Kind(
        Column(name=name, type="string", **given_rules), st.sampled_from(among), {"allowed": "ZZ", "required": None}
    )


@st.composite
def notes(draw: st.DrawFn, name: str) -> Kind:
    given_rules = stated(draw, pii="forbidden", required=True)
    return Kind(
        Column(name=name, type="string", **given_rules), WORDS, {"pii": "to jane.roe@example.org", "required": None}
    )


@st.composite
def days(draw: st.DrawFn, name: str) -> Kind:
    low, high = sorted((draw(DAYS), draw(DAYS)))
    given_rules = stated(draw, min=low, max=high, required=True)
    bad = {"min": low - timedelta(1), "max": high + timedelta(1), "required": None, "type": "soon"}
    return Kind(Column(name=name, type="date", **given_rules), st.dates(low, high), bad)


@st.composite
def flags(draw: st.DrawFn, name: str) -> Kind:
    return Kind(
        Column(name=name, type="boolean", **stated(draw, required=True)), st.booleans(), {"required": None, "type": "x"}
    )


KINDS: tuple[Callable[[str], st.SearchStrategy[Kind]], ...] = (integers, numbers, words, choices, notes, days, flags)


@dataclass(frozen=True)
class Case:
    """A contract, and a table that holds it."""

    kinds: tuple[Kind, ...]
    contract: Contract
    columns: dict[str, list[Any]]
    rows: int
    as_text: bool

    def with_cell(self, column: str, row: int, value: Any) -> Case:
        values = [*self.columns[column]]
        values[row] = value
        return replace(self, columns=self.columns | {column: values})

    def checked(self, folder: Path) -> Checked:
        """The table as CSV, or as a frame with types."""
        if self.as_text:
            texts = {name: [_text(v) for v in values] for name, values in self.columns.items()}
            pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String)).write_csv(folder / "t.csv")
            return check(folder / "t.csv", self.contract, NOW, quarantine=folder / "q.parquet")
        schema = {column.name: STORED[column.type] for column in self.contract.columns}
        frame = pl.DataFrame(self.columns, schema=schema)
        return check(frame, self.contract, NOW, quarantine=folder / "q.parquet")


def _text(value: Any) -> str | None:
    return None if value is None else json.dumps(value) if isinstance(value, bool) else str(value)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    names = ("one", "two", "three")[: draw(st.integers(1, 3))]
    kinds = tuple(draw(draw(st.sampled_from(KINDS))(name)) for name in names)
    rows = draw(st.integers(1, 12))
    columns = {kind.column.name: draw(_values(kind, rows)) for kind in kinds}
    action = draw(st.sampled_from(ACTIONS))
    held = Contract(name="t", version="1", owner="", columns=tuple(k.column for k in kinds), action=action)
    return Case(kinds, held, columns, rows, draw(st.booleans()))


def _values(kind: Kind, rows: int) -> st.SearchStrategy[list[Any]]:
    value = kind.good if kind.column.required else st.none() | kind.good
    if kind.column.unique:
        return st.lists(kind.good, min_size=rows, max_size=rows, unique=True)
    return st.lists(value, min_size=rows, max_size=rows)


@settings(deadline=None)
@given(cases())
def test_a_table_that_holds_its_contract_passes(case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
        checked = case.checked(Path(folder))
        assert not any(Path(folder).glob("q.*"))
    assert checked.failed == ()
    assert (checked.rows, checked.passed, checked.quarantined, checked.blocked) == (case.rows, case.rows, 0, 0)


@st.composite
def broken(draw: st.DrawFn) -> tuple[Case, str, str, int]:
    """A case with one cell that breaks one rule: its column, the rule and the row, from 0."""
    case = draw(cases())
    breakable = [
        (kind, rule)
        for kind in case.kinds
        for rule in rules_of(kind.column)
        if rule in kind.bad and (case.as_text or rule != "type") and (case.rows > 1 or rule != "unique")
    ]
    if not breakable:
        kind = draw(flags("more"))
        more = replace(kind.column, required=True)
        columns = case.columns | {"more": [True] * case.rows}
        held = replace(case.contract, columns=(*case.contract.columns, more))
        return replace(case, contract=held, columns=columns).with_cell("more", 0, None), "more", "required", 0
    kind, rule = draw(st.sampled_from(breakable))
    row = draw(st.integers(1 if rule == "unique" else 0, case.rows - 1))
    name = kind.column.name
    value = case.columns[name][draw(st.integers(0, row - 1))] if rule == "unique" else kind.bad[rule]
    return case.with_cell(name, row, value), name, rule, row


@settings(deadline=None)
@given(broken(), st.sampled_from(ACTIONS))
def test_one_broken_cell_fails_one_rule_and_takes_out_one_row(given_: tuple[Case, str, str, int], action: Any) -> None:
    case, column, rule, row = given_
    columns = tuple(replace(c, actions={rule: action}) if c.name == column else c for c in case.contract.columns)
    case = replace(case, contract=replace(case.contract, columns=columns))
    with tempfile.TemporaryDirectory() as folder:
        checked = case.checked(Path(folder))
        written = pl.read_parquet(checked.written).select(ROW, REASON).rows() if checked.written else []
    taken = {"block": "blocked", "quarantine": "quarantined", "warn": "warned"}[action]
    assert [(v.column, v.rule, v.failing, v.rows, v.taken) for v in checked.failed] == [
        (column, rule, 1, (row + 1,), taken)
    ]
    assert checked.quarantined_rows.arg_true().to_list() == ([row] if action == "quarantine" else [])
    assert checked.blocked == (case.rows if action == "block" else 0)
    assert written == ([(row + 1, f"{column}.{rule}")] if action == "quarantine" else [])


@settings(deadline=None)
@given(cases(), st.data())
def test_counts_add_up_whatever_the_table_holds(case: Case, data: st.DataObject) -> None:
    for kind in case.kinds:
        for row in range(case.rows):
            bad = [value for rule, value in kind.bad.items() if value is not ... and (case.as_text or rule != "type")]
            if data.draw(st.booleans()):
                case = case.with_cell(kind.column.name, row, data.draw(st.sampled_from(bad)))
    with tempfile.TemporaryDirectory() as folder:
        checked = case.checked(Path(folder))
        written = pl.read_parquet(checked.written)[ROW].to_list() if checked.written else []
    blocked = any(v.taken == "blocked" for v in checked.verdicts)
    assert checked.rows == case.rows == checked.passed + checked.quarantined + checked.blocked
    assert checked.blocked == (case.rows if blocked else 0)
    assert checked.quarantined_rows.sum() == checked.quarantined == len(written)
    assert [row - 1 for row in written] == checked.quarantined_rows.arg_true().to_list()
    for verdict in checked.verdicts:
        column = next(kind.column for kind in case.kinds if kind.column.name == verdict.column)
        failing = [row + 1 for row, v in enumerate(case.columns[column.name]) if _breaks(column, verdict.rule, v)]
        if verdict.rule not in ("unique", "pii"):
            assert (verdict.failing, list(verdict.rows)) == (len(failing), failing[:5])


def _breaks(column: Column, rule: str, value: Any) -> bool:
    """A rule, one value at a time, as plainly as it can be said."""
    if rule == "required":
        return value is None
    if value is None or rule == "present":
        return False
    reads = column.type == "string" or not isinstance(value, str)
    judge: dict[str, Callable[[], bool]] = {
        "type": lambda: not reads,
        "min": lambda: reads and value < column.min,
        "max": lambda: reads and value > column.max,
        "min_length": lambda: len(value) < 2,
        "max_length": lambda: len(value) > 5,
        "pattern": lambda: not set(value) <= set("abc"),
        "allowed": lambda: value not in column.allowed,
        "unique": lambda: False,
        "pii": lambda: False,
    }
    return judge[rule]()


@st.composite
def columns_of_any_kind(draw: st.DrawFn, name: str) -> Column:
    kind = draw(st.sampled_from(list(VALUES)))
    values = VALUES[kind]
    given_rules = stated(
        draw, required=True, unique=True, allowed=tuple(draw(st.lists(values, min_size=1, max_size=3)))
    )
    if kind in ("integer", "number", "date", "timestamp"):
        low, high = sorted((draw(values), draw(values)))
        given_rules |= stated(draw, min=low, max=high)
    if kind == "string":
        languages = tuple(draw(st.lists(TEXTS, min_size=1, max_size=2)))
        given_rules |= stated(draw, min_length=1, max_length=9, pattern=draw(TEXTS), languages=languages)
    if kind in ("string", "integer"):
        given_rules |= stated(draw, pii="forbidden", references="others.id")
    column = Column(name=name, type=kind, **given_rules)
    return replace(column, actions=draw(_actions(rules_of(column))))


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    names = draw(st.lists(TEXTS, min_size=1, max_size=4, unique=True))
    columns = tuple(draw(columns_of_any_kind(name)) for name in names)
    timed = [column.name for column in columns if column.type in ("date", "timestamp")]
    given_rules = stated(draw, min_rows=1, max_rows=10**9, extra_columns="forbidden")
    if timed and draw(st.booleans()):
        given_rules["fresh"] = Fresh(column=draw(st.sampled_from(timed)), within_s=draw(st.integers(1, 10**7)) / 4)
    if len(names) > 1 and draw(st.booleans()):
        given_rules["unique_together"] = (tuple(names[:2]),)
    table = Whole(**given_rules)
    return Contract(
        name=draw(TEXTS),
        version=draw(TEXTS),
        owner=draw(st.just("") | TEXTS),
        columns=columns,
        action=draw(st.sampled_from(ACTIONS)),
        table=replace(table, actions=draw(_actions(rules_of_table(table)))),
    )


def _actions(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    if not names:
        return st.just({})
    return st.dictionaries(st.sampled_from(names), st.sampled_from(ACTIONS))


@settings(deadline=None)
@given(contracts())
def test_from_toml_to_odcs_and_back_a_contract_stays_the_same(contract: Contract) -> None:
    read = from_toml(toml(contract))
    assert read == contract
    assert contract_of(from_odcs(to_odcs(read), "odcs.yaml"), "odcs.yaml") == contract


def toml(contract: Contract) -> str:
    """The contract as somebody would write it."""
    head = {"name": contract.name, "version": contract.version, "action": contract.action}
    sections = {"contract": head | ({"owner": contract.owner} if contract.owner else {})}
    for column in contract.columns:
        sections[f"columns.{json.dumps(column.name, ensure_ascii=False)}"] = _said(
            column, Column(name="", type="string")
        )
    sections["table"] = _said(contract.table, Whole())
    if contract.table.fresh:
        fresh = contract.table.fresh
        sections["table"]["fresh"] = {"column": fresh.column, "within": f"{fresh.within_s}s"}
    return "\n".join(
        f"[{name}]\n" + "\n".join(f"{k} = {_toml(v)}" for k, v in s.items()) for name, s in sections.items()
    )


def _said(stated_: Column | Whole, default: Column | Whole) -> dict[str, Any]:
    found = {name: value for name, value in vars(stated_).items() if name != "name" and value != vars(default)[name]}
    return {"type": stated_.type, **found} if isinstance(stated_, Column) else found


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)
