"""Holds a table to its contract, column by column, without holding the table in memory. Needs the extra `train`.

One pass over the table finds the failing rows and lays them aside; the quarantine is made of those. Row numbers count
from 1, after the header. A verdict never carries a value: it may be personal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from thruline.core.clock import Micros
from thruline.core.errors import Conflict
from thruline.data.contracts import Action, Contract
from thruline.data.rule_masks import ROW, Asked, LanguageOf, Mask, masks, value_of
from thruline.data.tables import Scan, Table, mark, reading, scan
from thruline.ports.names import NameDetector

REASON = "_reason"
EXAMPLES = 5
Outcome = Literal["passed", "failed", "skipped"]
Taken = Literal["none", "warned", "quarantined", "blocked"]
_TAKEN: Mapping[Action, Taken] = {"warn": "warned", "quarantine": "quarantined", "block": "blocked"}


@dataclass(frozen=True, kw_only=True)
class RuleVerdict:
    """What became of one rule. rule, column: its name and its column, or columns with commas; empty for the table.

    outcome: `skipped` when its column is missing, which `present` has failed. failing: rows; of a rule about the table
    all or none. share: failing of all rows, 1 for a table without rows that fails. rows: the first few that fail.
    looked_at, distinct: distinct values that were looked at, of how many there are (beyond the limit an estimate).
    """

    rule: str
    column: str
    outcome: Outcome
    failing: int
    share: float
    rows: tuple[int, ...]
    taken: Taken
    looked_at: int = 0
    distinct: int = 0


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A table held to its contract: rows = passed + quarantined + blocked; all rows are blocked, or none.

    quarantined_rows: True for each row that is to be kept out. out: rule -> the rows that it
    keeps out. written: where they are, with `_row` and `_reason`.
    """

    contract: str
    version: str
    rows: int
    quarantined: int
    blocked: int
    verdicts: tuple[RuleVerdict, ...]
    quarantined_rows: pl.Series
    out: Mapping[str, Sequence[int]] = field(default_factory=dict)
    written: Path | None = None

    @property
    def passed(self) -> int:
        """Rows that may go on, warned of or not."""
        return self.rows - self.quarantined - self.blocked

    @property
    def failed(self) -> tuple[RuleVerdict, ...]:
        """The verdicts of rules that did not hold."""
        return tuple(verdict for verdict in self.verdicts if verdict.outcome == "failed")


def check(
    table: Table,
    contract: Contract,
    now: Micros,
    *,
    quarantine: Path | None = None,
    tables: Mapping[str, Table] | None = None,
    language_of: LanguageOf | None = None,
    names: NameDetector | None = None,
) -> Checked:
    """Hold a frame, or a CSV, Parquet or JSON lines file, to a contract.

    quarantine: where to write the rows taken out, as Parquet; nothing is written when there are none or all is blocked.
    tables: those that the contract refers to, by name. language_of: text -> language, as the contract names them.
    Raises NotFound, Invalid for what cannot be read or understood, Unsupported, and Conflict for a table that changes
    meanwhile, has columns named like ours or would be overwritten.
    """
    with reading(table):
        scanned = scan(table)
        _refuse_our_names(scanned, table, quarantine)
        before = mark(table)
        rows, newest = _rows_and_newest(scanned, contract)
        asked = Asked(
            scan=scanned, now=now, rows=rows, newest=newest, tables=tables or {}, language_of=language_of, names=names
        )
        judged = masks(contract, asked)
        with _laid_aside(quarantine) as aside:
            failing = _failing_rows(scanned, judged, aside)
            if mark(table) != before:
                raise Conflict("the table changed while it was checked", hint="check it again when it is complete")
            checked = _weighed(contract, judged, failing, rows)
            if quarantine is None or aside is None or not checked.quarantined:
                return checked
            everything = checked.quarantined == rows
            _write(quarantine, _with_masks(scanned, judged) if everything else pl.scan_parquet(aside), judged)
            return replace(checked, written=quarantine)


def newest_of(table: Table, contract: Contract) -> Micros | None:
    """The newest value of the column that is to be fresh; None without one, or without such a promise."""
    with reading(table):
        return _rows_and_newest(scan(table), contract)[1]


@contextmanager
def _laid_aside(quarantine: Path | None) -> Iterator[Path | None]:
    """Where failing rows can lie while they are judged; gone afterwards, whatever happens."""
    aside = quarantine.with_name(f"{quarantine.name}.failing") if quarantine else None
    try:
        yield aside
    finally:
        if aside:
            aside.unlink(missing_ok=True)


def _refuse_our_names(scanned: Scan, table: Table, quarantine: Path | None) -> None:
    if quarantine and isinstance(table, Path) and quarantine.resolve() == table.resolve():
        raise Conflict(f"{table.name!r} would be overwritten by its own quarantine", hint="write it elsewhere")
    taken = [name for name in (ROW, REASON) if name in scanned.schema]
    if taken:
        raise Conflict(f"the table has a column {taken[0]!r}, which quarantine adds", hint="rename the column")


def _rows_and_newest(scanned: Scan, contract: Contract) -> tuple[int, Micros | None]:
    fresh = contract.table.fresh
    counted = [pl.len().alias("rows")]
    if not scanned.typed:  # a line with too many fields shows only where every column is read
        counted.append(pl.sum_horizontal(pl.all().null_count()).alias("empty"))
    if fresh and fresh.column in scanned.schema:
        newest = value_of(contract, fresh.column, scanned).max()
        counted.append(newest.cast(pl.Datetime("us")).cast(pl.Int64).alias("newest"))
    found = scanned.frame.select(counted).collect(engine="streaming").row(0, named=True)
    return found["rows"], found.get("newest")


def _failing_rows(scanned: Scan, judged: Sequence[Mask], aside: Path | None) -> pl.DataFrame:
    """The numbers of rows that fail a rule about rows, and a column of true or false for each such rule.

    Written aside with all their columns, so that the table is read once; memory holds five bytes or so a failing row.
    """
    names = list(_by_row(judged))
    if not names:
        return pl.DataFrame(schema={ROW: pl.UInt32})
    failing = _with_masks(scanned, judged).filter(pl.any_horizontal(*names))
    if aside is None:
        return failing.select(ROW, *names).collect(engine="streaming").sort(ROW)
    failing.sink_parquet(aside, engine="streaming")
    return pl.read_parquet(aside, columns=[ROW, *names]).sort(ROW)


def _with_masks(scanned: Scan, judged: Sequence[Mask]) -> pl.LazyFrame:
    return scanned.frame.with_row_index(ROW, offset=1).with_columns(**_by_row(judged))


def _by_row(judged: Sequence[Mask]) -> dict[str, pl.Expr]:
    return {_name(number): mask.fails for number, mask in enumerate(judged) if isinstance(mask.fails, pl.Expr)}


def _name(number: int) -> str:
    return f"_thruline_rule_{number}"


def _weighed(contract: Contract, judged: Sequence[Mask], failing: pl.DataFrame, rows: int) -> Checked:
    verdicts = tuple(_verdict(number, mask, failing, rows) for number, mask in enumerate(judged))
    blocked = any(verdict.taken == "blocked" for verdict in verdicts)
    if blocked:
        verdicts = tuple(replace(v, taken="blocked") if v.taken == "quarantined" else v for v in verdicts)
    kept_out = {} if blocked else _kept_out(judged, failing, rows)
    out = np.zeros(rows, dtype=bool)
    for numbers in kept_out.values():
        out[numbers - 1] = True
    return Checked(
        contract=contract.name,
        version=contract.version,
        rows=rows,
        quarantined=int(out.sum()),
        blocked=rows if blocked else 0,
        verdicts=verdicts,
        quarantined_rows=pl.Series("quarantined", out),
        out={label: numbers.tolist() for label, numbers in kept_out.items()},
    )


def _verdict(number: int, mask: Mask, failing: pl.DataFrame, rows: int) -> RuleVerdict:
    examples = pl.Series(range(1, min(rows, EXAMPLES) + 1), dtype=pl.Int64)
    count = rows if mask.fails is True else 0
    if isinstance(mask.fails, pl.Expr):
        found = failing.filter(pl.col(_name(number)))[ROW]
        count, examples = len(found), found.head(EXAMPLES)
    failed = mask.fails is True or count > 0
    return RuleVerdict(
        rule=mask.rule.name,
        column=", ".join(mask.rule.columns),
        outcome="skipped" if mask.fails is None else "failed" if failed else "passed",
        failing=count,
        share=(count / rows if rows else 1.0) if failed else 0.0,
        rows=tuple(examples.to_list()) if failed else (),
        taken=_TAKEN[mask.rule.action] if failed else "none",
        looked_at=mask.looked,
        distinct=mask.distinct,
    )


def _kept_out(judged: Sequence[Mask], failing: pl.DataFrame, rows: int) -> dict[str, np.ndarray]:
    """Numbers of the rows that each rule keeps out, for the rules that do."""
    found: dict[str, np.ndarray] = {}
    for number, mask in enumerate(judged):
        if mask.rule.action == "quarantine" and mask.fails is True:
            found[mask.rule.label] = np.arange(1, rows + 1)
        elif mask.rule.action == "quarantine" and isinstance(mask.fails, pl.Expr):
            found[mask.rule.label] = failing.filter(pl.col(_name(number)))[ROW].to_numpy()
    return {label: numbers for label, numbers in found.items() if len(numbers)}


def _write(target: Path, rows: pl.LazyFrame, judged: Sequence[Mask]) -> None:
    """The rows taken out, with their numbers and all their reasons; the file is there whole or not at all."""
    out: list[pl.Expr] = []
    reasons: list[pl.Expr] = []
    for number, mask in enumerate(judged):
        fails = pl.col(_name(number)) if isinstance(mask.fails, pl.Expr) else pl.lit(mask.fails is True)
        reasons.append(pl.when(fails).then(pl.lit(mask.rule.label)))
        out += [fails] * (mask.rule.action == "quarantine")
    reason = pl.concat_str(reasons, separator="; ", ignore_nulls=True).alias(REASON)
    partial = target.with_name(f"{target.name}.partial")
    kept = rows.filter(pl.any_horizontal(*out)).with_columns(reason).drop(_by_row(judged))
    kept.sink_parquet(partial, engine="streaming")
    partial.replace(target)
