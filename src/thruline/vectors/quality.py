"""How good a ranking is against judgements of relevance."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence


def hit_at(k: int, ranked: Sequence[str], relevant: Collection[str]) -> float:
    """1 when one of the first k is relevant, else 0."""
    return float(any(item in relevant for item in ranked[:k]))


def ndcg_at(k: int, ranked: Sequence[str], relevant: Collection[str]) -> float:
    """Normalised discounted cumulative gain of the first k with binary relevance, in [0, 1].

    An item counts once, at its best rank. Jaervelin and Kekaelaeinen 2002, as in BEIR (Thakur et al. 2021).
    """
    first = list(dict.fromkeys(ranked))[:k]
    gain = sum(1 / math.log2(n + 2) for n, item in enumerate(first) if item in relevant)
    best = sum(1 / math.log2(n + 2) for n in range(min(k, len(relevant))))
    return gain / best if best else 0.0
