"""Which of a contract's promises are about one table."""

from __future__ import annotations

from pathlib import Path

from thruline.core.errors import Invalid
from thruline.data.contract_files import read_contract
from thruline.data.contracts import Contract
from thruline.data.patterns import matches


def contract_for(path: Path, *, table: str, of: str = "") -> Contract:
    """What the contract in a file promises of the table that lies at a place, or is called so.

    of: which one, where it describes several: a pattern of its `files`, or a schema of an ODCS contract. Raises as
    `read_contract`, and Invalid where no promise is about this table.
    """
    whole = read_contract(path, table="" if path.suffix == ".toml" else of)
    parts = table.split("/")
    ends = ["/".join(parts[n:]) for n in range(len(parts))]  # a pattern begins at some folder above the table
    fits = of if of in whole.files else next((p for p in whole.files if any(matches(p, end) for end in ends)), "")
    if fits:
        return whole.files[fits]
    if whole.columns:
        return whole
    if len(whole.files) == 1:
        return next(iter(whole.files.values()))
    raise Invalid(
        f"{path.name}: which of its tables is {of or table!r}? it is none", hint=f"known: {', '.join(whole.files)}"
    )
