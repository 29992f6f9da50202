"""Several rankings become one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

RRF_K = 60  # as in the paper; it damps how much a first place is worth


class Fused(NamedTuple):
    """rows: int64, best first. scores: float64 sums of reciprocal ranks."""

    rows: np.ndarray
    scores: np.ndarray


def reciprocal_ranks(rankings: Sequence[np.ndarray], k: int = RRF_K, order: np.ndarray | None = None) -> Fused:
    """Every row of any ranking by its sum of 1 / (k + rank), ranks from 1, ties by order[row] or else by row.

    Needs no scores, so rankings whose scores have no common scale may meet (Cormack, Clarke and Buettcher 2009).
    """
    if not rankings:
        return Fused(np.empty(0, np.int64), np.empty(0))
    shares = np.concatenate([1.0 / (k + np.arange(1, len(ranking) + 1)) for ranking in rankings])
    rows, place = np.unique(np.concatenate(rankings).astype(np.int64), return_inverse=True)
    scores = np.bincount(place, weights=shares, minlength=len(rows))
    first = np.lexsort((rows if order is None else order[rows], -scores))
    return Fused(rows[first], scores[first])
