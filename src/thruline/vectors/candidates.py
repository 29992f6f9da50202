"""Which plans are worth measuring: the engines of this process, each with the numbers that trade recall for cost."""

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
}


def candidates(installed: Collection[str], current: DensePlan) -> list[DensePlan]:
    """Plans of the engines that are installed, and the one in force."""
    plans = [DensePlan(engine=e, options=o) for e, grid in _GRID.items() if e in installed for o in grid]
    return plans if current in plans else [*plans, current]
