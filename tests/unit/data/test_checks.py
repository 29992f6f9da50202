"""What a check says of a table, and which rows it takes out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from thruline.core.errors import Conflict, Invalid, NotFound, Unsupported
from thruline.data import rule_masks
from thruline.data.checks import REASON, Checked, RuleVerdict, check
from thruline.data.contract_files import from_toml
from thruline.data.contracts import Contract
from thruline.data.rule_masks import ROW

NOW = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1e6)
NAIVE = datetime(2024, 1, 1)  # noqa: DTZ001 - tables often leave the zone out, and mean UTC


def contract(columns: str, table: str = "", action: str = "quarantine") -> Contract:
    head = f'[contract]\nname = "t"\nversion = "1"\naction = "{action}"\n'
    return from_toml(f"{head}[columns]\n{columns}\n[table]\n{table}\n")


def failed(checked: Checked) -> dict[str, tuple[int, ...]]:
    """Column and rule -> example rows, of what did not hold."""
    return {f"{v.column}.{v.rule}".lstrip("."): v.rows for v in checked.failed}


@pytest.mark.parametrize(
    ("column", "values", "rule", "rows"),
    [
        ('{ type = "integer", required = true }', [1, None, 3], "required", (2,)),
        ('{ type = "integer", unique = true }', [5, 7, 5, 5, None, None], "unique", (3, 4)),
        ('{ type = "string", unique = true }', ["a", "b", "a"], "unique", (3,)),
        ('{ type = "integer", min = 3 }', [3, 2, None], "min", (2,)),
        ('{ type = "number", max = 1.5 }', [1.5, 1.6, None], "max", (2,)),
        ('{ type = "number", max = 9 }', [1.5, float("nan")], "max", (2,)),
        ('{ type = "date", min = 2024-02-29 }', ["2024-02-29", "2024-02-28"], "min", (2,)),
        ('{ type = "timestamp", max = 2024-01-01T00:00:00Z }', ["2024-01-01T01:00:00+02:00", "2024-01-01 00:00:01"],
         "max", (2,)),
        ('{ type = "string", min_length = 2 }', ["ab", "é", None], "min_length", (2,)),
        ('{ type = "string", max_length = 2 }', ["éé", "abc"], "max_length", (2,)),
        ('{ type = "string", pattern = "^[a-z]+$" }', ["abc", "ab1", None, ""], "pattern", (2, 4)),
        ('{ type = "string", allowed = ["on", "off"] }', ["on", "of", None], "allowed", (2,)),
        ('{ type = "date", allowed = [2024-01-01] }', ["2024-01-01", "2024-01-02"], "allowed", (2,)),
        ('{ type = "boolean", allowed = [true] }', ["true", "false"], "allowed", (2,)),
        ('{ type = "string", pii = "forbidden" }', ["a shelf", "ask jane.roe@example.org", None], "pii", (2,)),
        ('{ type = "integer", pii = "forbidden" }', [4111111111111111, 12], "pii", (1,)),
        ('{ type = "integer" }', ["1", "1.5", "x", None], "type", (2, 3)),
        ('{ type = "number" }', ["1", "1,5"], "type", (2,)),
        ('{ type = "boolean" }', ["true", "FALSE", "yes"], "type", (3,)),
        ('{ type = "date" }', ["2024-02-29", "2023-02-29", "29.02.2024"], "type", (2, 3)),
        ('{ type = "timestamp" }', ["2024-01-01T10:00:00Z", "2024-01-01 10:00:00.5", "2024-01-01"], "type", (3,)),
    ],
)  # fmt: skip
def test_a_rule_fails_the_rows_that_break_it_and_no_others(
    tmp_path: Path, column: str, values: list[Any], rule: str, rows: tuple[int, ...]
) -> None:
    pl.DataFrame({"other": range(len(values)), "x": values}).write_csv(tmp_path / "t.csv")
    checked = check(tmp_path / "t.csv", contract(f"x = {column}"), NOW)
    assert failed(checked) == {f"x.{rule}": rows}
    assert checked.quarantined_rows.arg_true().to_list() == [row - 1 for row in rows]
    assert (checked.rows, checked.quarantined, checked.blocked) == (len(values), len(rows), 0)


@pytest.mark.parametrize(
    ("declared", "values", "fails"),
    [
        ("integer", pl.Series([1, 2], dtype=pl.UInt8), False),
        ("number", pl.Series([1, 2], dtype=pl.Int32), False),
        ("integer", pl.Series([1.0, 2.0]), True),
        ("string", pl.Series([1, 2]), True),
        ("integer", pl.Series(["1", "2"]), True),
        ("string", pl.Series(["a", "b"], dtype=pl.Categorical), False),
        ("timestamp", pl.Series([NAIVE, None], dtype=pl.Datetime("ms")), False),
        ("date", pl.Series([NAIVE, None], dtype=pl.Datetime("ms")), True),
        ("string", pl.Series([None, None]), False),
        ("string", pl.Series([[1], [2]]), True),
    ],
)
def test_a_typed_column_is_of_its_type_or_all_its_values_are_not(declared: str, values: pl.Series, fails: bool) -> None:
    checked = check(pl.DataFrame({"x": values}), contract(f'x = {{ type = "{declared}" }}'), NOW)
    assert [v.rule for v in checked.failed] == ["type"] * fails
    assert checked.quarantined == (values.is_not_null().sum() if fails else 0)


@pytest.mark.parametrize(
    ("table", "fails"),
    [
        ("min_rows = 3", ()),
        ("min_rows = 4", ("min_rows",)),
        ("max_rows = 2", ("max_rows",)),
        ('extra_columns = "forbidden"', ("extra_columns",)),
        ('fresh = { column = "at", within = "13h" }', ()),
        ('fresh = { column = "at", within = "11h" }', ("fresh",)),
    ],
)
def test_a_rule_about_the_table_fails_all_rows_or_none(table: str, fails: tuple[str, ...]) -> None:
    frame = pl.DataFrame(
        {"at": [datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), None], "more": [1, 2, 3]}
    )
    checked = check(frame, contract('at = { type = "timestamp" }', table), NOW)
    assert tuple(v.rule for v in checked.failed) == fails
    assert [v.rows for v in checked.failed] == [(1, 2, 3)] * len(fails)
    assert (checked.passed, checked.quarantined) == ((0, 3) if fails else (3, 0))


def test_a_table_without_rows_can_fail_too() -> None:
    empty = pl.DataFrame(schema={"at": pl.Date})
    held = contract('at = { type = "date" }', 'min_rows = 1\nfresh = { column = "at", within = "1d" }')
    checked = check(empty, held, NOW)
    assert [(v.rule, v.failing, v.share, v.rows) for v in checked.failed] == [
        ("min_rows", 0, 1.0, ()), ("fresh", 0, 1.0, ()),
    ]  # fmt: skip


def test_a_missing_column_fails_once_and_its_rules_are_skipped() -> None:
    checked = check(pl.DataFrame({"y": [1]}), contract('x = { type = "integer", required = true, min = 1 }'), NOW)
    assert {v.rule: v.outcome for v in checked.verdicts} == {
        "present": "failed", "type": "skipped", "required": "skipped", "min": "skipped",
    }  # fmt: skip


def test_integers_beyond_63_bits_are_judged_by_their_value() -> None:
    frame = pl.DataFrame({"x": pl.Series([7, 2**63 + 5, 7], dtype=pl.UInt64)})
    held = contract('x = { type = "integer", max = 10, unique = true, allowed = [7, 8] }')
    assert failed(check(frame, held, NOW)) == {"x.max": (2,), "x.unique": (3,), "x.allowed": (2,)}


def test_columns_are_unique_together() -> None:
    frame = pl.DataFrame({"a": [1, 1, 1, None, None], "b": ["x", "y", "x", "z", "z"]})
    held = contract('a = { type = "integer" }\nb = { type = "string" }', 'unique_together = [["a", "b"]]')
    assert failed(check(frame, held, NOW)) == {"a, b.unique_together": (3,)}


def test_a_reference_must_be_in_the_other_table(tmp_path: Path) -> None:
    pl.DataFrame({"id": [1, 2]}).write_csv(tmp_path / "customers.csv")
    held = contract('customer = { type = "integer", references = "customers.id" }')
    orders = pl.DataFrame({"customer": [2, 3, None]})
    assert failed(check(orders, held, NOW, tables={"customers": tmp_path / "customers.csv"})) == {
        "customer.references": (2,)
    }
    with pytest.raises(NotFound, match="'customers' that is not here"):
        check(orders, held, NOW)
    with pytest.raises(NotFound, match="no column 'id'"):
        check(orders, held, NOW, tables={"customers": orders})


def test_languages_are_told_by_the_callable_that_is_given() -> None:
    frame = pl.DataFrame({"x": ["Guten Tag", "Good day", None]})
    held = contract('x = { type = "string", languages = ["en"] }')
    checked = check(frame, held, NOW, language_of=lambda text: "de" if "Guten" in text else "en")
    assert failed(checked) == {"x.languages": (1,)}
    with pytest.raises(Unsupported, match="nothing here tells languages"):
        check(frame, held, NOW)


def test_blocking_blocks_every_row_and_writes_nothing(tmp_path: Path) -> None:
    held = contract('x = { type = "integer", min = 1, max = 5, actions = { max = "block" } }')
    checked = check(pl.DataFrame({"x": [0, 3, 9]}), held, NOW, quarantine=tmp_path / "q.parquet")
    assert (checked.passed, checked.quarantined, checked.blocked) == (0, 0, 3)
    assert {v.rule: v.taken for v in checked.failed} == {"min": "blocked", "max": "blocked"}
    assert not checked.quarantined_rows.any()
    assert checked.written is None
    assert list(tmp_path.iterdir()) == []


def test_a_warning_keeps_the_row_in() -> None:
    held = contract('x = { type = "integer", min = 1 }', action="warn")
    checked = check(pl.DataFrame({"x": [0, 3]}), held, NOW)
    assert (checked.passed, checked.quarantined) == (2, 0)
    assert [v.taken for v in checked.failed] == ["warned"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_quarantined_rows_are_written_with_their_number_and_all_reasons(tmp_path: Path, suffix: str) -> None:
    frame = pl.DataFrame({"x": [1, 0, None, 0], "s": ["a", "bb", "c", "d"]})
    path = tmp_path / f"t{suffix}"
    {".csv": frame.write_csv, ".parquet": frame.write_parquet, ".jsonl": frame.write_ndjson}[suffix](path)
    held = contract(
        'x = { type = "integer", required = true, min = 1 }\n'
        's = { type = "string", max_length = 1, actions = { max_length = "warn" } }'
    )
    checked = check(path, held, NOW, quarantine=tmp_path / "q.parquet")
    written = pl.read_parquet(tmp_path / "q.parquet")
    assert checked.written == tmp_path / "q.parquet"
    assert written[ROW].to_list() == [2, 3, 4]
    assert written[REASON].to_list() == ["x.min; s.max_length", "x.required", "x.min"]
    assert written["s"].to_list() == ["bb", "c", "d"]


def test_a_verdict_counts_all_rows_and_names_five() -> None:
    checked = check(pl.DataFrame({"x": [0] * 8 + [1, 1]}), contract('x = { type = "integer", min = 1 }'), NOW)
    assert checked.failed == (
        RuleVerdict(
            rule="min", column="x", outcome="failed", failing=8, share=0.8, rows=(1, 2, 3, 4, 5), taken="quarantined"
        ),
    )


def test_a_verdict_says_how_many_values_were_looked_at() -> None:
    limit = rule_masks.DISTINCT
    values = [f"shelf {number} of hall {number % 7}" for number in range(limit * 3)]
    checked = check(pl.DataFrame({"x": values * 2}), contract('x = { type = "string", pii = "forbidden" }'), NOW)
    verdict = next(v for v in checked.verdicts if v.rule == "pii")
    assert verdict.looked_at == limit
    assert verdict.distinct == pytest.approx(len(values), rel=0.05)


def test_equal_hashes_alone_make_no_repetition() -> None:
    frame = pl.DataFrame({"a": [0.0, -0.0, 1.0], "b": ["x", "x", "x"]})
    held = contract('a = { type = "number" }\nb = { type = "string" }', 'unique_together = [["a", "b"]]')
    assert failed(check(frame, held, NOW)) == {"a, b.unique_together": (2,)}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("ragged.csv", b"x,y\n1,2\n3,4,5\n"),
        ("latin.csv", b"x\ncaf\xe9\n"),
        ("half.jsonl", b'{"x": 1}\n{"x": \n'),
        ("none.parquet", b"no parquet"),
        ("empty.csv", b""),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_without_its_values(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(Invalid, match="cannot be read to its end") as caught:
        check(tmp_path / name, contract('x = { type = "string", required = true }'), NOW)
    assert name in caught.value.message


def test_other_files_are_no_tables(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(b"")
    held = contract('x = { type = "string" }')
    with pytest.raises(Invalid, match=r"'t.xlsx' is no table"):
        check(tmp_path / "t.xlsx", held, NOW)
    with pytest.raises(NotFound):
        check(tmp_path / "none.csv", held, NOW)


def test_columns_named_like_those_of_the_quarantine_are_refused() -> None:
    with pytest.raises(Conflict, match="'_reason'"):
        check(pl.DataFrame({"_reason": ["x"]}), contract('x = { type = "string" }'), NOW)


def test_a_table_is_not_overwritten_by_its_quarantine(tmp_path: Path) -> None:
    pl.DataFrame({"x": [0, 1]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(Conflict, match="overwritten by its own quarantine"):
        check(
            tmp_path / "t.parquet",
            contract('x = { type = "integer", min = 1 }'),
            NOW,
            quarantine=tmp_path / "." / "t.parquet",
        )


def test_a_table_that_changes_meanwhile_is_to_be_checked_again(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x\none\n", "utf-8")

    def appending(text: str) -> str:
        path.write_text("x\none\ntwo\n", "utf-8")
        return text

    with pytest.raises(Conflict, match="changed while it was checked"):
        check(
            path, contract('x = { type = "string", languages = ["one"], required = true }'), NOW, language_of=appending
        )


def test_a_pattern_beyond_the_engine_is_refused_by_name() -> None:
    with pytest.raises(Invalid, match=r"the pattern '\(\?=x\)' is not understood"):
        check(pl.DataFrame({"x": ["x"]}), contract('x = { type = "string", pattern = "(?=x)" }'), NOW)
