"""data: what may be told of the people in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from thruline.app.operations import operation
from thruline.app.platform import Platform
from thruline.core.lazy import lazy
from thruline.data.uses import STATISTICS

if TYPE_CHECKING:
    from thruline.flows import aggregates as telling
    from thruline.flows import anonymity as hiding
    from thruline.flows import budgets as budgeting
    from thruline.flows import reports
    from thruline.flows import table_measure as measuring
else:
    telling = lazy("thruline.flows.aggregates")
    hiding = lazy("thruline.flows.anonymity")
    budgeting = lazy("thruline.flows.budgets")
    reports = lazy("thruline.flows.reports")
    measuring = lazy("thruline.flows.table_measure")

Columns = tuple[str, ...]
Use = Annotated[str, "what it is for: only sources that may be used so, nobody who withdrew it"]


@operation(role="operator", cli="anonymity", positional=("table",))
def anonymity(
    p: Platform, *,
    table: Annotated[str, "a CSV, Parquet or JSON lines file, or a source whose documents are rows"],
    quasi: Annotated[Columns, "columns that others may know of a person, as age, zip, sex; proposed unless given"] = (),
    sensitive: Annotated[Columns, "columns that nobody is to learn of a person, as diagnosis"] = (),
    k: Annotated[int, "rows that are to be alike in what others may know"] = 5,
    l: Annotated[int, "values of each sensitive column that such rows are to have"] = 2,  # noqa: E741
    out: Annotated[str, "a .parquet file to write: a copy in which people hide"] = "",
    left_out: Annotated[float, "share of the rows that the copy may leave out"] = 0.05,
    use: Use = STATISTICS,
) -> reports.AnonymityReport:  # fmt: skip
    """Measure how well the people of a table hide among each other; exit code 1 when some stand out."""
    return hiding.report(p.line, p.actor, table, measuring.Wanted(quasi, sensitive, k, l, left_out, use, out))


@operation(role="operator", cli="aggregate", positional=("source",))
def aggregate(
    p: Platform, *,
    source: Annotated[str, "a source whose documents are rows"],
    epsilon: Annotated[float, "what it may cost of the budget; less is told less exactly"],
    count: Annotated[bool, "tell how many rows there are, as is told where nothing else is asked"] = False,
    sum: Annotated[Columns, "columns to sum, with the bounds their values are cut to: `charge:0:500`"] = (),
    mean: Annotated[Columns, "columns to tell the mean of, as `age:0:120`; a contract's bounds need no repeating"] = (),
    by: Annotated[str, "a column: tell each number for each of its values"] = "",
    values: Annotated[Columns, "these values, in the table or not; those that the contract allows unless given"] = (),
    person: Annotated[str, "the column that says whose a row is; `patient:3` where 3 rows of one count at most"] = "",
    delta: Annotated[float, "find the values in the table: those of many rows, but for so small a chance"] = 0.0,
    use: Use = STATISTICS,
    dry_run: Annotated[bool, "say what it would cost and how exact it would be, and spend nothing"] = False,
) -> reports.AggregateReport:  # fmt: skip
    """Tell counts, sums and means of rows with so much noise that nobody in them is told of; each costs some budget."""
    question = telling.Question(
        count=count, sums=sum, means=mean, by=by, values=values, person=person, epsilon=epsilon, delta=delta
    )
    return telling.tell(p.line, p.actor, source, question, use=use, dry_run=dry_run)


@operation(role="operator", cli="aggregates", positional=("source",), reads=True)
def aggregates(p: Platform, *, source: Annotated[str, "of this source alone"] = "") -> tuple[reports.BudgetView, ...]:
    """What may be told of sources in aggregates, what was, and what each cost."""
    return budgeting.listing(p.line, p.actor, source)


@operation(role="operator", cli="budget", positional=("source", "epsilon"))
def budget(
    p: Platform, *,
    source: Annotated[str, "a source whose documents are rows"],
    epsilon: Annotated[float, "what all aggregates of it may cost together, for ever"],
    delta: Annotated[float, "likewise, for values that are found in the table"] = 0.0,
) -> reports.BudgetView:  # fmt: skip
    """Set how much may ever be told of a source in aggregates, what was told already included."""
    return budgeting.allow(p.line, p.actor, source, epsilon, delta)
