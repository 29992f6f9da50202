"""Which plans are worth measuring: each engine with the numbers that trade recall for cost.

Of an engine elsewhere one: all rows are sent there, and its graph is built in the time of many scans.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from thruline.vectors.plans import DensePlan

Options = Mapping[str, int]
_FLAT4 = tuple({"bits": bits, "depth": depth} for bits in (4, 3, 2) for depth in (2, 4, 8))
# The exact scan comes first: what everything else has to beat. No options are those that the engine opens with.
_GRID: Mapping[str, Sequence[Options]] = {
    "exact": ({},),
    "flat4": ({}, *(options for options in _FLAT4 if options != {"bits": 4, "depth": 4})),
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
