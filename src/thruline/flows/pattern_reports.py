"""What became of a contract's rules in all table files of a pattern together, and in each file by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from thruline.core.clock import Micros
from thruline.data.contracts import COLUMN_RULES, READABLE, WHOLE_TABLE, Action, Contract, Rule, rules
from thruline.flows.contracts import JudgedFile
from thruline.flows.reports import ContractReport, RuleReport

Taken = Literal["warned", "quarantined", "blocked"]
_TAKEN: dict[Action, Taken] = {"warn": "warned", "quarantine": "quarantined", "block": "blocked"}
_WORST = ("none", "warned", "quarantined", "blocked")


def drawn_up(pattern: str, promise: Contract, files: Sequence[JudgedFile], now: Micros) -> ContractReport:
    """All files of a pattern as one table whose freshness is that of its newest row.

    Where no file is there, a promise of rows or of freshness fails.
    """
    rows = sum(file.rows for file in files)
    readable = Rule(name=READABLE, columns=(), action=promise.table.actions.get(READABLE, promise.action))
    reports = tuple(_of_all(rule, promise, files, rows, now) for rule in (readable, *rules(promise)))
    blocked = any(report.taken == "blocked" for report in reports)
    late = any(report.rule == "fresh" and report.taken == "quarantined" for report in reports)
    out = 0 if blocked else sum(file.rows for file in files if breaks(file, is_late=late))
    kept_out = rows if blocked else 0
    return ContractReport(
        contract=promise.name, version=promise.version, table=pattern, rows=rows, passed=rows - out - kept_out,
        quarantined=out, blocked=kept_out, written="", files=len(files), rules=reports,
        ok=not any(report.taken in ("quarantined", "blocked") for report in reports),
    )  # fmt: skip


def breaks(file: JudgedFile, *, is_late: bool) -> tuple[str, ...]:
    """The rules that keep a file out, with the first rows that fail: `state.allowed in rows 3, 7 and 12 more`."""
    said = tuple(in_words(rule) for rule in file.rules if rule.taken in ("quarantined", "blocked"))
    return (*said, "fresh") if is_late else said


def in_words(rule: RuleReport) -> str:
    """A rule that fails in a file, and where."""
    label = f"{rule.column}.{rule.rule}" if rule.rule in COLUMN_RULES else rule.rule
    if rule.rule == READABLE:
        return f"{label} to its end as a table"
    if rule.rule in WHOLE_TABLE or not rule.rows:
        return label
    more = rule.failing - len(rule.rows)
    where = ", ".join(map(str, rule.rows)) + (f" and {more:,} more" if more else "")
    return f"{label} in row{'s' if rule.failing > 1 else ''} {where}"


def ruled(name: str, action: Action, *, failing: int, column: str = "") -> RuleReport:
    """A rule that fails without any row to point at."""
    return RuleReport(
        rule=name, column=column, outcome="failed", failing=failing, share=1.0, rows=(), taken=_TAKEN[action],
        looked_at=0, distinct=0,
    )  # fmt: skip


def _of_all(
    rule: Rule, promise: Contract, files: Sequence[JudgedFile], rows: int, now: Micros
) -> RuleReport:  # fmt: skip
    column = ", ".join(rule.columns)
    fails = rule.name == "fresh" and _is_late(promise, files, now)
    if fails or (rule.name == "min_rows" and not files and promise.table.min_rows):
        return ruled(rule.name, rule.action, failing=rows, column=column)
    found = [r for f in files for r in f.rules if (r.rule, r.column) == (rule.name, column)]
    failed = [r for r in found if r.outcome == "failed"]
    count = sum(r.failing for r in failed)
    return RuleReport(
        rule=rule.name, column=column, outcome="failed" if failed else "skipped" if found else "passed", failing=count,
        share=count / rows if rows else float(bool(failed)), rows=(),
        taken=max((r.taken for r in failed), key=_WORST.index, default="none"),
        looked_at=sum(r.looked_at for r in found), distinct=sum(r.distinct for r in found),
    )  # fmt: skip


def _is_late(promise: Contract, files: Sequence[JudgedFile], now: Micros) -> bool:
    fresh = promise.table.fresh
    newest = max((file.newest for file in files if file.newest is not None), default=None)
    return fresh is not None and (newest is None or now - newest > fresh.within_s * 1e6)
