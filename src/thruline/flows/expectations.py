"""Expectations: a table held to its contract, with the verdict on the ledger. Needs the extra `train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from thruline.core.errors import Unsupported
from thruline.core.facts import Fact
from thruline.core.nouns import Draft
from thruline.data.contract_choice import contract_for
from thruline.data.language import language
from thruline.flows.reports import ContractReport, RuleReport

if TYPE_CHECKING:
    from thruline.data.checks import Checked
    from thruline.flows.line import Line


def hold(line: Line, table: str, contract: str, of: str, out: str, actor: str) -> ContractReport:
    """Hold a CSV, Parquet or JSON lines file to a contract in TOML or ODCS YAML.

    of: which table, where the contract describes several. out: where the rows that it keeps out are written.
    Raises NotFound and Invalid for files that are not there or cannot be meant.
    """
    try:
        from thruline.data.checks import check
    except ModuleNotFoundError as error:
        raise Unsupported(f"a contract is checked with {error.name!r}", hint="pip install 'thruline[train]'") from error
    path = Path(table).expanduser()
    promised = contract_for(Path(contract).expanduser(), table=str(path), of=of)
    checked = check(
        path, promised, line.clock.now(), quarantine=Path(out).expanduser() if out else None, names=line.names,
        language_of=language,
    )  # fmt: skip
    report = told(str(path), checked)
    facts: dict[str, Fact] = {
        "rows": report.rows, "quarantined": report.quarantined, "blocked": report.blocked,
        "failed": sum(rule.outcome == "failed" for rule in report.rules),
        "table": line.ids.digest("table", str(path.resolve())), "contract": line.ids.digest("contract", promised.name),
    }  # fmt: skip
    line.ledger.append([Draft(verb="contract.checked", facts=facts, actor=actor)])
    return report


def told(table: str, checked: Checked) -> ContractReport:
    """What became of each rule."""
    return ContractReport(
        contract=checked.contract, version=checked.version, table=table, rows=checked.rows, passed=checked.passed,
        quarantined=checked.quarantined, blocked=checked.blocked, written=str(checked.written or ""),
        ok=not (checked.quarantined or checked.blocked),
        rules=tuple(
            RuleReport(
                rule=v.rule, column=v.column, outcome=v.outcome, failing=v.failing, share=v.share, rows=v.rows,
                taken=v.taken, looked_at=v.looked_at, distinct=v.distinct,
            )
            for v in checked.verdicts
        ),
    )  # fmt: skip
