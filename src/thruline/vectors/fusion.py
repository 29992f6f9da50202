"""Several rankings become one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np

RRF_K = 60  # as in the paper; it damps how much a first place is worth


@dataclass(frozen=True, kw_only=True)
class Fusion:
    """How the rankings by meaning and by words are joined. words: what those count, meaning counts the rest of 1.

    constant: the k of reciprocal rank fusion.
    """

    words: float = 0.5
    constant: int = RRF_K

    @property
    def weights(self) -> tuple[float, float]:
        """Of meaning and of words: 1 each where both count alike."""
        return 2 * (1 - self.words), 2 * self.words

    @property
    def text(self) -> str:
        """As people read it: `words 0.5 meaning 0.5 constant 60`."""
        return f"words {self.words:g} meaning {round(1 - self.words, 4):g} constant {self.constant}"

    def written(self) -> str:
        """For the history of choices; empty for what a home begins with."""
        return "" if self == EVEN else json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def read(cls, text: str) -> Fusion:
        """As it was written."""
        return cls(**json.loads(text)) if text else EVEN


EVEN = Fusion()


class Fused(NamedTuple):
    """rows: int64, best first. scores: float64 sums of reciprocal ranks."""

    rows: np.ndarray
    scores: np.ndarray


def reciprocal_ranks(
    rankings: Sequence[np.ndarray], k: int = RRF_K, order: np.ndarray | None = None,
    weights: Sequence[float] | None = None,
) -> Fused:  # fmt: skip
    """Every row of any ranking by its sum of weight / (k + rank), ranks from 1, ties by order[row] or else by row.

    weights: of each ranking, 1 where there are none. Needs no scores, so rankings whose scores have no common scale may
    meet (Cormack, Clarke and Buettcher 2009).
    """
    sums: dict[int, float] = {}  # for the few rows of rankings half as expensive as arrays
    for ranking, weight in zip(rankings, weights or [1.0] * len(rankings), strict=True):
        for rank, row in enumerate(ranking.tolist(), 1):
            sums[row] = sums.get(row, 0.0) + weight / (k + rank)
    rows = np.fromiter(sums, np.int64, len(sums))
    scores = np.fromiter(sums.values(), np.float64, len(sums))
    if (scores[1:] < scores[:-1]).all():
        return Fused(rows, scores)
    first = np.lexsort((rows if order is None else order[rows], -scores))
    return Fused(rows[first], scores[first])
