"""Which fusion ranks judged questions best: a grid, scored on the rankings that were found once for each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from thruline.vectors.fusion import Fusion

_DEEPEST = 10
# The ends are not 0 and 1: what one ranking alone found keeps its order below.
SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
CONSTANTS = (5, 20, 60, 120)
GRID = tuple(Fusion(words=words, constant=constant) for words in SHARES for constant in CONSTANTS)


class Looked(NamedTuple):
    """What both searches found for one question, in one order for all fusions: ties keep it.

    names: as its judgements name them, one for each passage; a name counts once, where it stands first. by_meaning,
    by_words: places from 1, 0 for what that search did not find. grades: of names, more for better.
    """

    names: Sequence[str]
    by_meaning: np.ndarray
    by_words: np.ndarray
    grades: Mapping[str, int]

    def ndcg(self, fusion: Fusion) -> float:
        """nDCG@10 of the order that a fusion gives."""
        meaning, words = fusion.weights
        scores = _shares(self.by_meaning, meaning, fusion.constant) + _shares(self.by_words, words, fusion.constant)
        places: list[int] = np.argsort(-scores, kind="stable").tolist()
        first = dict.fromkeys(self.names[place] for place in places)
        gains = (self.grades.get(name, 0) for name in list(first)[:_DEEPEST])
        ideal = sorted((grade for grade in self.grades.values() if grade > 0), reverse=True)[:_DEEPEST]
        return _discounted(list(gains)) / _discounted(ideal)


def _shares(places: np.ndarray, weight: float, constant: int) -> np.ndarray:
    return np.where(places > 0, weight / (constant + places), 0.0)


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))


class Tried(NamedTuple):
    """A fusion and its mean nDCG@10 on the questions to learn from."""

    fusion: Fusion
    ndcg: float


def tried(learn: Sequence[Looked]) -> list[Tried]:
    """The whole grid."""
    return [Tried(fusion, float(np.mean([one.ndcg(fusion) for one in learn]))) for fusion in GRID]


def best(grid: Sequence[Tried], current: Fusion) -> Fusion:
    """The one that ranks best; of equals the one that is nearest to what is in force."""

    def preference(one: Tried) -> tuple[float, float, float]:
        away = abs(math.log(one.fusion.constant / current.constant))
        return -round(one.ndcg, 6), abs(one.fusion.words - current.words), away

    return min(grid, key=preference).fusion
