"""The order of what was found: pure functions over places, so that the same hits come out the same.

A place is a number from 0 into the fused order. Whatever is asked for, every place comes out once: what is too old,
too alike or one too many goes further down, and still fills the answer where nothing better is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from thruline.vectors.terms import terms


@dataclass(frozen=True, kw_only=True)
class Ordering:
    """What to do with hits after fusion; the defaults leave them alone.

    depth: how many of the best to look at. within_s: how long a reranker may take. diversity: 0 for the best first
    whatever they repeat, 1 for the least alike. per_source, per_record: how many may stand before others get a turn, 0
    for any number. half_life_s: after which a passage is worth half, 0 for never. window: neighbours on either side of
    a passage that an answer may use, too.
    """

    depth: int = 40
    within_s: float = 5.0
    diversity: float = 0.0
    per_source: int = 0
    per_record: int = 0
    half_life_s: float = 0.0
    window: int = 0

    @property
    def reorders(self) -> bool:
        """Whether it may change an order by itself."""
        return bool(self.diversity or self.per_source or self.per_record or self.half_life_s)


def by_score(scores: Sequence[float | None]) -> list[int]:
    """Places, the best score first; what has no score keeps its place. Of equal scores the earlier goes first."""
    scored = [place for place, score in enumerate(scores) if score is not None]
    best = iter(sorted(scored, key=lambda place: (-(scores[place] or 0.0), place)))
    return [place if score is None else next(best) for place, score in enumerate(scores)]


def worth(ages_s: Sequence[float], half_life_s: float) -> np.ndarray:
    """What the places of an order are worth, in (0, 1]: by rank as nDCG discounts it, and half for each half-life.

    By rank and not by score, since scores of different rerankers have no common scale. ages_s: one for each place,
    negative where the age is not known and costs nothing; half_life_s: 0 for never.
    """
    by_rank = 1 / np.log2(np.arange(2, len(ages_s) + 2, dtype=np.float64))
    lives = np.maximum(np.array(ages_s, np.float64), 0.0) / half_life_s if half_life_s else np.zeros(len(ages_s))
    return by_rank * 0.5**lives


def diverse(worth: np.ndarray, likeness: np.ndarray, diversity: float) -> list[int]:
    """Places by maximal marginal relevance (Carbonell and Goldstein 1998), of equals the earlier first.

    likeness: (n, n) in [0, 1]. Each next one is the largest (1 - diversity) * worth - diversity * its likeness to the
    most alike of those before it.
    """
    left, order = list(range(len(worth))), list[int]()
    nearest = np.zeros(len(worth))
    while left:
        gain = (1 - diversity) * worth[left] - diversity * nearest[left]
        order.append(left.pop(int(np.argmax(gain))))
        nearest = np.maximum(nearest, likeness[order[-1]])
    return order


def likeness(texts: Sequence[str]) -> np.ndarray:
    """(n, n) cosine of the sets of words of each two texts: 1 for the same words, 0 for no word in common."""
    words = [frozenset(terms(text)) for text in texts]
    shared = np.array([[len(one & other) for other in words] for one in words], np.float64).reshape(
        len(words), len(words)
    )
    lengths = np.sqrt(np.array([max(1, len(one)) for one in words], np.float64))
    return shared / np.outer(lengths, lengths)


def capped(order: Sequence[int], keys: Sequence[str], most: int) -> list[int]:
    """The order with at most so many of one key first; those that were one too many follow, in their order.

    keys: of each place. most: 0 for any number.
    """
    if not most:
        return list(order)
    met: Counter[str] = Counter()
    first, later = list[int](), list[int]()
    for place in order:
        met[keys[place]] += 1
        (first if met[keys[place]] <= most else later).append(place)
    return first + later


def windows(places: Sequence[int], length: int, window: int) -> list[int]:
    """Which chunks 0..length-1 of a record stand at most `window` beside one of these places, nearest first."""
    near = {
        at: min(abs(at - place) for place in places)
        for place in places
        for at in range(max(0, place - window), min(length, place + window + 1))
    }
    return [at for at, distance in sorted(near.items(), key=lambda found: (found[1], found[0])) if distance]


def connected(places: Collection[int], inside: Collection[int]) -> set[int]:
    """Of the chunks `inside` an answer those that hang together with one of these places, without a gap."""
    kept: set[int] = set()
    for place in places:
        for step in (1, -1):
            at = place + step
            while at in inside:
                kept.add(at)
                at += step
    return kept.difference(places)
