"""How well the people of a table hide among each other: k-anonymity, l-diversity, t-closeness. Pure.

A group is all rows that are alike in the quasi-identifiers, which others may know of a person. An empty value is like
another empty value, and like nothing else. Each row counts as a person's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from thruline.data.cells import ROWS, grouped, numbered

# Group sizes are told in these steps; 5 and 11 are the least that authorities commonly ask for.
STEPS = (1, 2, 3, 5, 11, 20, 50, 100)


class Hiding(NamedTuple):
    """k: rows of the smallest group. at_risk: rows in groups of fewer rows, or fewer sensitive values, than asked."""

    k: int
    groups: int
    rows: int
    at_risk: int

    @property
    def share_at_risk(self) -> float:
        """Of all rows, in [0, 1]."""
        return self.at_risk / self.rows if self.rows else 0.0


class Sizes(NamedTuple):
    """Groups of low to high rows (high 0: or more), and the rows in them."""

    low: int
    high: int
    groups: int
    rows: int


class Variety(NamedTuple):
    """What a sensitive column gives away of whoever's group is known.

    distinct: the fewest values in a group (Machanavajjhala et al. 2007, distinct l-diversity). entropy: the least
    exp(entropy) of a group's values (the same, entropy l-diversity). closeness: the largest distance in [0, 1] of a
    group's values from those of the table (t-closeness of Li et al. 2007, all values equally far from each other).
    """

    distinct: int
    entropy: float
    closeness: float


def groups_at_risk(sizes: pl.DataFrame, k: int, kinds: Sequence[str], least: int) -> pl.DataFrame:
    """Of `cells.grouped`, the groups that are smaller than k or hold fewer than `least` values of one of kinds."""
    return sizes.filter(pl.any_horizontal(pl.col(ROWS) < k, *(pl.col(name) < least for name in kinds)))


def hiding(sizes: pl.DataFrame, k: int, kinds: Sequence[str] = (), least: int = 0) -> Hiding:
    """What `cells.grouped` says of a table. As Sweeney 2002 defines k."""
    smallest = sizes[ROWS].min()
    return Hiding(
        k=int(smallest) if isinstance(smallest, int) else 0, groups=sizes.height, rows=int(sizes[ROWS].sum()),
        at_risk=int(groups_at_risk(sizes, k, kinds, least)[ROWS].sum()),
    )  # fmt: skip


def spread(sizes: pl.DataFrame) -> tuple[Sizes, ...]:
    """How many groups are of which size, without sizes that no group is of."""
    counts = sizes[ROWS].to_numpy()
    step = np.searchsorted(STEPS, counts, side="right") - 1
    groups = np.bincount(step, minlength=len(STEPS))
    rows = np.bincount(step, weights=counts, minlength=len(STEPS))
    highest = [following - 1 for following in STEPS[1:]] + [0]
    return tuple(
        Sizes(low, high, int(n), int(r)) for low, high, n, r in zip(STEPS, highest, groups, rows, strict=True) if n
    )


def variety(frame: pl.DataFrame, quasi: Sequence[str], sensitive: str) -> Variety:
    """Of a frame of cells, at least one row of it."""
    told = [*quasi, sensitive]
    counts = frame if set(frame.columns) == {*told, ROWS} else grouped(frame, told)
    places, rows, group = counts[sensitive].to_numpy(), counts[ROWS].to_numpy(), numbered(counts, quasi)
    overall = (np.bincount(places, weights=rows) / rows.sum())[places]
    distinct = np.bincount(group)
    there = distinct > 0
    share = rows / np.bincount(group, weights=rows)[group]
    entropy = -np.bincount(group, weights=share * np.log(share))[there]
    # Half the sum of all differences: of values that a group does not hold, the difference is their overall share.
    apart = np.bincount(group, weights=np.abs(share - overall)) + 1 - np.bincount(group, weights=overall)
    furthest = float(apart[there].max()) / 2
    return Variety(int(distinct[there].min()), float(np.exp(max(0.0, entropy.min()))), min(1.0, max(0.0, furthest)))
