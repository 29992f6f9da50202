"""Anonymity: how well the people of a table hide among each other, and what would hide them better.

No value of the table stands in the report: whoever reads it may not be cleared for the rows. Needs the extra `train`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from thruline.core.errors import Invalid, Unsupported
from thruline.core.facts import Fact
from thruline.core.nouns import Actor, Draft
from thruline.flows.reports import (
    AnonymityReport,
    Coarser,
    ColumnRole,
    Driver,
    GroupSizes,
    SensitiveColumn,
    WorstGroup,
)
from thruline.flows.table_measure import Measured, Wanted, measured, told
from thruline.flows.table_rows import Opened, open_table

if TYPE_CHECKING:
    import polars as pl

    from thruline.data.tables import Scan
    from thruline.flows.line import Line

WORST = 5  # groups that are named
MEMBERS = 5  # rows of each


def report(line: Line, actor: Actor, what: str, wanted: Wanted) -> AnonymityReport:
    """How people hide in a file or a source's rows, on the ledger as numbers; with `out` a copy in which they do.

    Raises Invalid for columns that are not there, and where none is given and none looks like others may know it.
    """
    try:
        from thruline.data import tables
    except ModuleNotFoundError as error:
        raise Unsupported(f"a table is read with {error.name!r}", hint="pip install 'thruline[train]'") from error
    _check(wanted)
    opened = open_table(line, actor, what, wanted.use)
    with tables.reading(opened.table):
        scan = tables.scan(opened.table)
        roles = _roles(line, scan)
        quasi = wanted.quasi or _proposed(opened, roles)
        in_it = measured(opened, scan, wanted._replace(quasi=quasi))
        found = _report(in_it, roles, proposed=not wanted.quasi)
        _note(line, actor, in_it, found)
        if not wanted.out:
            return found
        from thruline.flows import anonymous_copy

        return replace(found, copy=anonymous_copy.write(line, actor, in_it, wanted.out), ok=True)


def _check(wanted: Wanted) -> None:
    if wanted.k < 2:
        raise Invalid(f"k = {wanted.k} hides nobody", hint="2 or more; 5 and 11 are common")
    if not 0 <= wanted.left_out < 1:
        raise Invalid(f"{wanted.left_out} is no share of the rows to leave out", hint="as 0.05")
    if both := sorted({*wanted.quasi} & {*wanted.sensitive}):
        raise Invalid(
            f"{both[0]!r} is named as known to others and as sensitive", hint="a column is one of them: name it once"
        )


def _roles(line: Line, scan: Scan) -> tuple[ColumnRole, ...]:
    import polars as pl

    from thruline.data.column_roles import propose

    rows = scan.frame.select(pl.len()).collect(engine="streaming").item()
    return tuple(ColumnRole(column=p.column, role=p.role, why=p.why) for p in propose(scan, rows, line.names))


def _proposed(opened: Opened, roles: Sequence[ColumnRole]) -> tuple[str, ...]:
    quasi = tuple(r.column for r in roles if r.role == "quasi")
    if not quasi:
        raise Invalid(
            f"no column of {opened.name!r} looks like one that others may know of a person",
            hint=f"name those that are with --quasi, of: {', '.join(r.column for r in roles)}",
        )
    return quasi


def _report(m: Measured, roles: tuple[ColumnRole, ...], *, proposed: bool) -> AnonymityReport:
    from thruline.data.anonymity import hiding, spread
    from thruline.data.cells import grouped

    aim = m.aim
    sizes = grouped(m.cells.frame, aim.quasi, aim.sensitive)
    now = hiding(sizes, aim.k, aim.sensitive, aim.least)
    return AnonymityReport(
        table=m.opened.name, rows=now.rows, left_out=m.opened.left_out, quasi=aim.quasi, proposed=proposed, k=now.k,
        asked_k=aim.k, asked_l=aim.least if aim.sensitive else 0, ok=not now.at_risk, groups=now.groups,
        at_risk=now.at_risk, average_risk=round(now.groups / now.rows, 6),
        sizes=tuple(GroupSizes(**s._asdict()) for s in spread(sizes)), worst=tuple(_worst(m, sizes)),
        sensitive=tuple(_sensitive(m, sizes, name) for name in aim.sensitive), drivers=_drivers(m),
        coarser=_coarser(m), allowance=aim.left_out, plan=m.plan and told(m.ladders, m.plan), columns=roles,
    )  # fmt: skip


def _sensitive(m: Measured, sizes: pl.DataFrame, name: str) -> SensitiveColumn:
    from thruline.data.anonymity import groups_at_risk, variety
    from thruline.data.cells import ROWS

    v = variety(m.cells.frame, m.aim.quasi, name)
    poor = groups_at_risk(sizes, 0, [name], m.aim.least)
    return SensitiveColumn(
        column=name, distinct=v.distinct, entropy=round(v.entropy, 4), closeness=round(v.closeness, 4),
        at_risk=int(poor[ROWS].sum()),
    )  # fmt: skip


def _drivers(m: Measured) -> tuple[Driver, ...]:
    """The columns, first the one without which fewest rows were at risk."""
    from thruline.data.anonymity import hiding
    from thruline.data.cells import grouped

    sizes = grouped(m.cells.frame, m.aim.quasi)
    drivers: list[Driver] = []
    for name in m.aim.quasi:
        without = hiding(grouped(sizes, [other for other in m.aim.quasi if other != name]), m.aim.k)
        drivers.append(
            Driver(column=name, values=len(m.cells.values[name]), k_without=without.k, at_risk_without=without.at_risk)
        )
    return tuple(sorted(drivers, key=lambda d: (d.at_risk_without, d.column)))


def _coarser(m: Measured) -> tuple[Coarser, ...]:
    """What each step of one column alone would do."""
    from thruline.data.cells import grouped
    from thruline.data.generalise_plan import measure

    sizes, aim = grouped(m.cells.frame, m.aim.quasi), replace(m.aim, sensitive=())
    found: list[Coarser] = []
    for ladder in m.ladders:
        for number, step in enumerate(ladder.steps[1:], start=1):
            then = measure(sizes, m.ladders, {ladder.column: number}, aim)
            columns = (f"{ladder.column}: {step.says}",)
            found.append(Coarser(columns=columns, k=then.k, at_risk=then.at_risk, loss=round(step.loss, 4)))
    return tuple(found)


def _worst(m: Measured, sizes: pl.DataFrame) -> list[WorstGroup]:
    """The smallest groups at risk, by where their rows are: whoever may read those finds the values there."""
    import polars as pl

    from thruline.data.anonymity import groups_at_risk
    from thruline.data.cells import ROWS, comparable

    aim = m.aim
    worst = groups_at_risk(sizes, aim.k, aim.sensitive, aim.least).bottom_k(WORST, by=[ROWS, *aim.quasi])
    if worst.is_empty():
        return []
    values = worst.sort(ROWS, *aim.quasi).select(
        pl.lit(m.cells.values[name]).gather(pl.col(name)).alias(name) for name in aim.quasi
    )
    rows = comparable(m.scan).select(*aim.quasi).with_row_index("_thruline_row", offset=1)
    members = rows.join(
        values.with_row_index("_thruline_group").lazy(), on=aim.quasi, nulls_equal=True, how="inner"
    ).select("_thruline_row", "_thruline_group")
    met = members.collect(engine="streaming").sort("_thruline_row")
    groups = [met.filter(pl.col("_thruline_group") == n)["_thruline_row"].to_list() for n in range(worst.height)]
    return [_named(m.opened, numbers) for numbers in groups]


def _named(opened: Opened, numbers: Sequence[int]) -> WorstGroup:
    first = tuple(numbers[:MEMBERS])
    records = tuple(opened.records[number - 1] for number in first) if opened.records else ()
    return WorstGroup(size=len(numbers), rows=first, records=records)


def _note(line: Line, actor: Actor, m: Measured, found: AnonymityReport) -> None:
    facts: dict[str, Fact] = {
        "table": line.ids.digest("table", m.opened.source or found.table), "rows": found.rows,
        "quasi": len(found.quasi),
        "k": found.k, "asked_k": found.asked_k, "groups": found.groups, "at_risk": found.at_risk,
        "distinct": min((s.distinct for s in found.sensitive), default=0), "asked_l": found.asked_l,
        "outcome": "passed" if found.ok else "failed",
    }  # fmt: skip
    inputs = (m.opened.source,) if m.opened.source else ()
    line.ledger.append([Draft(verb="anonymity.measured", inputs=inputs, facts=facts, actor=actor.id)])
