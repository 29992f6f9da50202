"""data: what may be told of the people in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from thruline.app.operations import operation
from thruline.app.platform import Platform
from thruline.core.lazy import lazy
from thruline.data.uses import STATISTICS

if TYPE_CHECKING:
    from thruline.flows import anonymity as hiding
    from thruline.flows import reports
    from thruline.flows import table_measure as measuring
else:
    reports = lazy("thruline.flows.reports")
    hiding = lazy("thruline.flows.anonymity")
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
