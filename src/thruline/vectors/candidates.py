"""Which plans are worth measuring: each engine with the numbers that trade recall for cost.

Of an engine elsewhere one: all rows are sent there, and its graph is built in the time of many scans.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from thruline.vectors.plans import DensePlan

Options = Mapping[str, int]
# A depth trades time for recall; vectors in files (in_memory=0) and codes of 2 bits trade time for memory, 972 bytes a
# row of 384 dimensions for 204 and 108. What never won on 42,670 sentences stands in docs/decisions/0025.
_FLAT4 = ({}, {"depth": 8}, {"in_memory": 0}, {"bits": 2, "depth": 8, "in_memory": 0})
# The exact scan comes first: what everything else has to beat. No options are those that the engine opens with.
_GRID: Mapping[str, Sequence[Options]] = {
    "exact": ({},),
    "flat4": _FLAT4,
    "pq4": ({}, {"depth": 40}, {"width": 2, "depth": 80}),
    "hnsw": ({}, {"ef": 256}),  # two: each is a graph to build, in 50 times the time of codes
    "torch": ({},),
    "shards": ({},),
    "pgvector": ({},),
    "qdrant": ({},),
}


def candidates(engines: Collection[str], current: DensePlan) -> list[DensePlan]:
    """Plans of these engines, and the one in force."""
    plans = [DensePlan(engine=e, options=o) for e, grid in _GRID.items() if e in engines for o in grid]
    return plans if current in plans else [*plans, current]
