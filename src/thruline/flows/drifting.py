"""How the columns of a table have changed since it was judged before, a sentence each. Needs the extra `train`.

What a column held is asked of the records that are still kept, and only when one goes and another comes: a judgement
remembers names and types, and no trace of a value that may be erased.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager

from thruline.data.schema_reading import with_sketches
from thruline.data.table_schema import Field, drift
from thruline.data.tables import Table

Earlier = Callable[[Collection[str]], AbstractContextManager[Table]]


def drifted(before: Sequence[Field], now: Sequence[Field], table: Table, earlier: Earlier) -> tuple[str, ...]:
    """What is different; earlier: opens the table as it was, with at least the columns of these names."""
    was, comes = {f.name for f in before}, {f.name for f in now}
    gone, new = was - comes, comes - was
    if gone and new:
        now = with_sketches(now, table, new)
        with earlier(gone) as old:
            before = with_sketches(before, old, gone)
    return tuple(change.sentence for change in drift(before, now))
