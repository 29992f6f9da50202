"""What is measured in a table: its cells, and the plan by which people would hide. Needs the extra `train`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.errors import Invalid
from thruline.flows.reports import Coarser
from thruline.flows.table_rows import Opened

if TYPE_CHECKING:
    from thruline.data.cells import Cells
    from thruline.data.generalise_plan import Aim, Plan
    from thruline.data.generalising import Ladder
    from thruline.data.tables import Scan


class Wanted(NamedTuple):
    """What is to hold. quasi: empty for those that are proposed. left_out: share of rows that a plan may leave out.

    use: what the table is for. out: where to write a copy for which it holds; empty for none.
    """

    quasi: tuple[str, ...]
    sensitive: tuple[str, ...]
    k: int
    least: int
    left_out: float
    use: str
    out: str


class Measured(NamedTuple):
    """A table with what was found in it."""

    opened: Opened
    scan: Scan
    cells: Cells
    aim: Aim
    ladders: list[Ladder]
    plan: Plan | None


def measured(opened: Opened, scan: Scan, wanted: Wanted) -> Measured:
    """Everything that a report tells is made of; raises Invalid for columns that are not there, or no rows."""
    from thruline.data.cells import cells_of, grouped
    from thruline.data.generalise_plan import Aim, plan
    from thruline.data.generalising import ladder

    cells = cells_of(scan, list(dict.fromkeys((*wanted.quasi, *wanted.sensitive))))
    if not cells.rows:
        raise Invalid(f"{opened.name!r} has no rows", hint="there is nobody in it to hide")
    aim = Aim(quasi=wanted.quasi, sensitive=wanted.sensitive, k=wanted.k, least=wanted.least, left_out=wanted.left_out)
    ladders = [ladder(name, cells.values[name], grouped(cells.frame, [name]), wanted.k) for name in aim.quasi]
    return Measured(opened, scan, cells, aim, ladders, plan(cells.frame, ladders, aim))


def told(ladders: Sequence[Ladder], plan: Plan) -> Coarser:
    """A plan in words."""
    columns = tuple(f"{x.column}: {x.steps[plan.steps[x.column]].says}" for x in ladders if plan.steps[x.column])
    return Coarser(columns=columns, k=plan.hiding.k, at_risk=plan.hiding.at_risk, loss=round(plan.loss, 4))
