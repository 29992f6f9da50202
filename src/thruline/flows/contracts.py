"""Contracts of sources: what was judged last, kept and told, and what became of the records that break them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from thruline.core.clock import Micros
from thruline.core.errors import Unsupported
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Draft, Source
from thruline.data.contract_choice import contract_for
from thruline.data.contract_files import read_contract
from thruline.data.contracts import Contract
from thruline.data.table_schema import Field
from thruline.flows.reports import ContractReport, RuleReport
from thruline.runs.runner import Run

if TYPE_CHECKING:
    from thruline.flows.line import Line

TABLES = ("rows", "sql")  # kinds of sources whose documents are rows
PAGE = 512
BROKEN = "contract"


@dataclass(frozen=True, kw_only=True)
class JudgedFile:
    """A table file as it was judged. held_to: a digest of what was promised of it. rules: those that did not pass.

    newest: of the column that is to be fresh.
    """

    pattern: str
    held_to: str
    rows: int
    rules: tuple[RuleReport, ...]
    fields: tuple[Field, ...]
    newest: Micros | None


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What a source's last judgement left. broken: record -> the rules that it breaks. changes: of its columns.

    report: of its rows or documents, None where nothing is promised of them. files: record -> how it was judged as a
    table, those that came last at the end. tables: all files of a pattern together.
    """

    report: ContractReport | None
    broken: Mapping[str, tuple[str, ...]]
    fields: tuple[Field, ...]
    changes: tuple[str, ...]
    files: Mapping[str, JudgedFile] = field(default_factory=dict)
    tables: tuple[ContractReport, ...] = ()

    @property
    def reports(self) -> tuple[ContractReport, ...]:
        """Of its rows or documents, and of its table files."""
        return (*([self.report] if self.report else ()), *self.tables)


def contract_of(source: Source) -> Contract | None:
    """The contract that the source's options name, as it is now; raises NotFound and Invalid."""
    path, of = source.options.get("contract"), source.options.get("table", "")
    if not path:
        return None
    return contract_for(Path(path), table=source.location, of=of) if is_table(source) else read_contract(Path(path))


def is_table(source: Source) -> bool:
    """Whether the source's documents are rows."""
    return source.kind in TABLES


@contextmanager
def columnar() -> Iterator[None]:
    """What is imported under it comes with the extra `train`; raises Unsupported where that is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise Unsupported(f"a contract is checked with {error.name!r}", hint="pip install 'thruline[train]'") from error


def kept(line: Line, source: Source) -> Kept | None:
    """What the last judgement left; None before the first, and without a contract."""
    found = line.payloads.get_many([_id(line, source)]) if source.options.get("contract") else {}
    return next((msgspec.msgpack.decode(data, type=Kept) for data in found.values()), None)


def forget(line: Line, source: Source) -> None:
    """The source goes, and what was judged of it."""
    line.payloads.delete([_id(line, source)])


def note(line: Line, run: Run, source: Source, contract: Contract, judged: Kept) -> None:
    """Keep a judgement, and put its numbers on the ledger; in the caller's transaction."""
    line.payloads.put(_id(line, source), msgspec.msgpack.encode(judged), source.id)
    for report in judged.reports:
        run.append(*_verdicts(line, source, contract, report))


def _verdicts(line: Line, source: Source, contract: Contract, report: ContractReport) -> Iterator[Draft]:
    failed = sum(rule.outcome == "failed" for rule in report.rules)
    of_files = [report.table] if report.files is not None else []
    yield Draft(
        verb="contract.checked", inputs=(source.id,),
        facts={
            "rows": report.rows, "quarantined": report.quarantined, "blocked": report.blocked, "failed": failed,
            "table": line.ids.digest("table", source.id, *of_files),
            "contract": line.ids.digest("contract", contract.name, contract.version),
        },
    )  # fmt: skip
    for rule in report.rules:
        yield Draft(
            verb="contract.judged", inputs=(source.id,),
            facts={
                "rule": rule.rule, "column": line.ids.digest("column", rule.column), "outcome": rule.outcome,
                "failing": rule.failing, "taken": rule.taken,
            },
        )  # fmt: skip


def settle(line: Line, run: Run, source: Source, broken: Collection[str]) -> None:
    """Put what breaks the contract now out of answers, and let back in what no longer does; a person's word stands."""
    waiting = [c.id for c in line.desk.cases() if c.source == source.id and c.reason == BROKEN]
    held = line.records.paths([*broken, *waiting])
    free = [r for r in line.records.get_many(list(held)).values() if not line.desk.decision(r.id)]
    out = [r.id for r in free if r.state == "live" and r.id in broken]
    back = [r.id for r in free if r.state == "quarantined" and r.reason == BROKEN and r.id not in broken]
    line.desk.note([(id, source.id) for id in out], line.clock.now())
    line.records.set_state(out, "quarantined", BROKEN)
    line.records.set_state(back, "live")
    run.append(
        *(Draft(verb="record.quarantined", inputs=(i,), facts={"reason": BROKEN}) for i in out),
        *(Draft(verb="record.released", inputs=(i,), facts={"reason": BROKEN}) for i in back),
    )


def _id(line: Line, source: Source) -> ArtifactId:
    return line.ids.artifact("verdict", source.id)
