"""What a condition on fields costs beside the same records named one by one, over 50,000 rows, in CPU milliseconds.

    python bench/field_filters.py [--write]

The baseline is how a search is narrowed to a path or a time: a set of records. Target: well under 1 ms for a condition,
and for what a record that comes in adds to the columns.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable
from statistics import median

from kept import keep

from thruline.core.conditions import asked, meant
from thruline.core.fields import Field, FieldType
from thruline.core.ids import ArtifactId
from thruline.vectors.columns import Told, Where
from thruline.vectors.rows import EVERYBODY, Label, Labelled, Rows

ROWS = 50_000
TIMES = 101
TYPES: dict[str, FieldType] = {
    "department": "text",
    "price": "number",
    "customer": "text",
    "due": "date",
    "tags": "list",
}
ASKED = ("department=d3", "department=d3,d4,d5", "price<0.1", "customer=c77", "due>=2001", "tags=red", "!tags")
SEEN = frozenset((EVERYBODY,))


def records(count: int) -> list[Labelled]:
    """Of one row each, with five fields of which one is often missing."""
    draw = random.Random(1)
    label = Label(ArtifactId("source:1"), frozenset(("everyone",)), frozenset())
    made = []
    for n in range(count):
        fields = [
            Field("department", "text", f"d{draw.randrange(30)}"), Field("price", "number", draw.random()),
            Field("customer", "text", f"c{n}"), Field("due", "date", draw.randrange(2 * 10**15)),
            *([Field("tags", "list", ("red", "blue")[: draw.randrange(1, 3)])] if draw.random() < 0.3 else []),
        ]  # fmt: skip
        made.append(Labelled(ArtifactId(f"record:{n:032x}"), label, [ArtifactId(f"chunk:{n:032x}")], fields))
    return made


def ms(work: Callable[[], object]) -> float:
    """The median of its CPU time."""
    times = []
    for _ in range(TIMES):
        began = time.process_time_ns()
        work()
        times.append(time.process_time_ns() - began)
    return median(times) / 1e6


def run() -> dict:
    known = records(ROWS + 1)
    began = time.process_time()
    rows = Rows().after(known[:ROWS], (), {})
    built = time.process_time() - began
    found = []
    for text in ASKED:
        said = asked(text)
        where = Where((meant(said, TYPES[said.name], lambda _: 0),))
        mask, count, _ = rows.allowed(SEEN, None, frozenset(), None, where)
        assert mask is not None
        only = frozenset(rows.records[n] for n in mask.nonzero()[0].tolist())
        by_set, _, _ = rows.allowed(SEEN, None, frozenset(), only)
        assert (by_set == mask).all()
        by_field = ms(lambda where=where: rows.allowed(SEEN, None, frozenset(), None, where))
        named = ms(lambda only=only: rows.allowed(SEEN, None, frozenset(), only))
        found.append({"asked": text, "rows": count, "ms": round(by_field, 3), "by_set_ms": round(named, 3)})
    arrays = sum(column.values.nbytes for column in rows.columns.known.values())
    return {
        "rows": ROWS, "fields": len(TYPES), "asked": found, "worst_ms": max(one["ms"] for one in found),
        "worst_by_set_ms": max(one["by_set_ms"] for one in found),
        "built_cpu_s": round(built, 2), "bytes_a_row": arrays / ROWS,
        "one_more_ms": round(ms(lambda: rows.columns.after(ROWS, [Told(known[ROWS].fields, 1)])), 3),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write bench/results/field_filters.json")
    wanted = parser.parse_args()
    result = run()
    print(json.dumps(result, indent=1))
    if wanted.write:
        keep("field_filters", result)


if __name__ == "__main__":
    main()
