"""Shares of hits among draws that come in lots: the ten neighbours of one query stand or fall together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

_Z = 1.959964  # 97.5 % point of the normal distribution


class Lots(NamedTuple):
    """Sums over queries: how many, the neighbours wanted and found, and the squares that tell how they clump."""

    queries: int = 0
    wanted: int = 0
    found: int = 0
    squares: float = 0.0  # of the share that each query found

    def and_one(self, found: int, wanted: int) -> Lots:
        """With one query more, of which at least one neighbour was wanted."""
        share = found / wanted
        return Lots(self.queries + 1, self.wanted + wanted, self.found + found, self.squares + share * share)


class Rate(NamedTuple):
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float


def lots(pairs: Sequence[tuple[int, int]]) -> Lots:
    """Of (found, wanted) of each query."""
    total = Lots()
    for found, wanted in pairs:
        total = total.and_one(found, wanted)
    return total


def rate(of: Lots) -> Rate:
    """The share found, with the score interval (Wilson 1927) of as many draws as the lots are worth.

    Misses that come ten at a time say less than ten that come one by one: what is drawn is divided by the design
    effect (Kish 1965), the variance between queries over that of independent draws. [0, 1] without queries.
    """
    if of.wanted == 0:
        return Rate(0.0, 0.0, 1.0)
    p = of.found / of.wanted
    n = of.wanted / _design_effect(of, p)
    spread = _Z**2 / n
    middle = (p + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(p * (1 - p) / n + spread / (4 * n)) / (1 + spread)
    return Rate(p, max(0.0, min(p, middle - half)), min(1.0, max(p, middle + half)))


def _design_effect(of: Lots, p: float) -> float:
    """From 1 (each neighbour for itself) to the lot's size (all or none)."""
    size = of.wanted / of.queries
    between = max(0.0, of.squares / of.queries - p * p)
    independent = p * (1 - p) / size
    return min(size, max(1.0, between / independent)) if independent > 0 else 1.0
