"""A copy of a table in which people hide: columns told less exactly, rows that still stand out left away.

It holds the quasi-identifiers and the sensitive columns alone, in no order that the table has: any other column may
name a person. It is read back before it is there under its name. Needs the extra `train`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from thruline.core.clock import iso
from thruline.core.errors import Conflict, Corrupt, Invalid
from thruline.core.ids import random_id
from thruline.core.nouns import Actor, Draft
from thruline.data.anonymity import groups_at_risk, hiding, variety
from thruline.data.cells import ROWS, cells_of, grouped
from thruline.data.generalise_plan import Plan, coarsened
from thruline.data.tables import scan
from thruline.flows.corpus import KIND, target
from thruline.flows.reports import AnonymousCopy
from thruline.flows.table_measure import Measured, told

if TYPE_CHECKING:
    from thruline.flows.line import Line


def write(line: Line, actor: Actor, m: Measured, out: str) -> AnonymousCopy:
    """Write the copy that the plan promises, remembered so that an erasure names it.

    Raises Invalid where there is no plan, Conflict for a file that is there.
    """
    path = target(out)
    if m.plan is None:
        raise Invalid(
            f"no copy of {m.opened.name!r} keeps k = {m.aim.k}", hint="ask for a smaller k or l, or name fewer columns"
        )
    partial = path.with_name(f"{path.name}.partial")
    try:
        _rows(m, m.plan).write_parquet(partial)
        copy = _read_back(m, m.plan, path, partial)
        _note(line, actor, m, copy)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return copy


def _rows(m: Measured, plan: Plan) -> pl.DataFrame:
    """The rows of the copy, sorted by what they say: their order in the table would tell them apart."""
    aim = m.aim
    names = [*aim.quasi, *aim.sensitive]
    cells = coarsened(m.cells.frame, m.ladders, plan.steps)
    risky = groups_at_risk(grouped(cells, aim.quasi, aim.sensitive), aim.k, aim.sensitive, aim.least)
    left = cells.join(risky, on=aim.quasi, how="anti").sort(names)
    rows = left[np.repeat(np.arange(left.height), left[ROWS].to_numpy())]
    labels = {x.column: x.steps[plan.steps[x.column]].labels for x in m.ladders}
    return pl.DataFrame([(labels.get(n, m.cells.values[n]))[rows[n]].alias(n) for n in names])


def _read_back(m: Measured, plan: Plan, path: Path, partial: Path) -> AnonymousCopy:
    """What holds of the file itself, not of the plan; raises Corrupt where that is less than was asked."""
    aim = m.aim
    cells = cells_of(scan(pl.scan_parquet(partial)), [*aim.quasi, *aim.sensitive])
    found = hiding(grouped(cells.frame, aim.quasi, aim.sensitive), aim.k, aim.sensitive, aim.least)
    distinct = min((variety(cells.frame, aim.quasi, name).distinct for name in aim.sensitive), default=0)
    if found.at_risk or found.rows < (1 - aim.left_out) * m.cells.rows:
        raise Corrupt(f"{path.name!r} does not hold what was planned", hint="nothing was written: is the disk full?")
    return AnonymousCopy(
        file=str(path), rows=found.rows, suppressed=m.cells.rows - found.rows, k=found.k, distinct=distinct,
        told=told(m.ladders, plan).columns, removed=tuple(n for n in m.scan.schema if n not in m.cells.values),
        loss=round(plan.loss, 4),
    )  # fmt: skip


def _note(line: Line, actor: Actor, m: Measured, copy: AnonymousCopy) -> None:
    """On the ledger before it is there: killed in between, an erasure still names the file."""
    id = random_id(KIND)
    records = tuple(dict.fromkeys(m.opened.records))
    facts = {"rows": copy.rows, "suppressed": copy.suppressed, "k": copy.k, "distinct": copy.distinct}
    with line.database.transaction():
        if sum(r.state == "live" for r in line.records.get_many(records).values()) < len(records):
            raise Conflict("a row of it was taken out while it was made", hint="write it again")
        line.payloads.put(id, f"{copy.file}, written {iso(line.clock.now())}".encode(), id)
        line.ledger.append([Draft(verb="table.anonymised", inputs=records, outputs=(id,), facts=facts, actor=actor.id)])
