"""Which rows of a block are scored exactly, and how good at most is what was not looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from turbovec import TurboQuantIndex

from thruline.backends.flat4_dense.blocks import EXACT_ROWS, Block
from thruline.ports.dense import Found
from thruline.ports.scoring import best

# From this share of allowed rows on a scan of all that reaches a little further is cheaper than a masked one: of 50,000
# rows .37 ms against .79 where nearly all are allowed, .55 against .65 where half are.
_MOSTLY = 0.6
NOTHING = Found(np.empty(0, np.int64), np.empty(0, np.float32), "none")
# How far, in standard deviations, a code's score may be off: of 60,000 near the top none was off by more than 2.8.
_ERRORS = 4.5
_ALL = np.empty(0, np.float32)


class Look(NamedTuple):
    """Slots of a block to be scored. near: by the codes, empty where all are looked at. cut: of the next best, at most.

    What was not looked at scores at most cut by its codes; -inf where all was.
    """

    block: Block
    slots: np.ndarray
    near: np.ndarray
    cut: float


class Scored(NamedTuple):
    """numbers, scores: of the best, best first. candidates: how many were scored for it."""

    numbers: np.ndarray
    scores: np.ndarray
    candidates: int


class Part(NamedTuple):
    """The rows of a block that may be found. allowed: None for all."""

    block: Block
    allowed: np.ndarray | None
    size: int

    def look(self, wide: np.ndarray, wanted: int) -> Look:
        """The rows to be scored exactly: all that are allowed where they are few. wide: the query as codes take it."""
        codes = self.block.codes
        if self.size > wanted and self.block.wide is not None:
            near, slots = self._products(self.block.wide, wide[0], wanted)
        elif codes is not None and self.size > max(EXACT_ROWS, wanted):
            near, slots = self._scan(codes, wide, wanted)
        else:
            slots = np.arange(self.size) if self.allowed is None else np.flatnonzero(self.allowed)
            return Look(self.block, slots, _ALL, -np.inf)
        return Look(self.block, slots, near, float(near[-1]))

    def _products(self, rows: np.ndarray, query: np.ndarray, wanted: int) -> tuple[np.ndarray, np.ndarray]:
        """The best by a product that rounds a row by where it stands, among what is allowed: scores, then slots."""
        scores = rows @ query
        if self.allowed is not None:
            scores[~self.allowed] = -np.inf
        best_ones = np.argpartition(-scores, wanted - 1)[:wanted]
        slots = best_ones[np.argsort(-scores[best_ones])]
        return scores[slots], slots

    def _scan(self, codes: TurboQuantIndex, wide: np.ndarray, wanted: int) -> tuple[np.ndarray, np.ndarray]:
        """The best by the codes among what is allowed: scores, then slots."""
        if self.allowed is None:
            near, slots = codes.search(wide, wanted)
            return near[0], slots[0]
        share = self.size / self.block.size
        if share >= _MOSTLY:
            near, slots = codes.search(wide, round(1.1 * wanted / share) + 8)
            kept = self.allowed[slots[0]]
            if np.count_nonzero(kept) >= wanted:  # the very ones that a masked scan gives
                return near[0][kept][:wanted], slots[0][kept][:wanted]
        near, slots = codes.search(wide, wanted, mask=self.allowed)
        return near[0], slots[0]


def part(block: Block, mask: np.ndarray | None) -> Part:
    """What of a block may be found."""
    allowed = None if mask is None else block.allowed(mask)
    size = block.size if allowed is None else int(np.count_nonzero(allowed))
    return Part(block, None if size == block.size else allowed, size)


def nearest(looks: list[Look], wanted: int) -> list[Look]:
    """Of what several scans gave only as many as one would have given."""
    scans = [look for look in looks if len(look.near)]
    if len(scans) < 2:
        return looks
    scores = np.concatenate([look.near for look in scans])
    if len(scores) <= wanted:
        return looks
    least = float(-np.partition(-scores, wanted - 1)[wanted - 1])
    return [_from(look, least) if len(look.near) else look for look in looks]


def scored(looks: Sequence[Look], query: np.ndarray, k: int) -> Scored:
    """The k best of what is looked at, by their exact scores."""
    each = [_exact(look, query, k) for look in looks]
    numbers, scores = each[0] if len(each) == 1 else map(np.concatenate, zip(*each, strict=True))
    return Scored(*best(numbers, scores, k)[:2], len(numbers))


def _exact(look: Look, query: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers and exact scores of those that may be among the k best.

    The worst of the k best of twice as many tells how far down the codes' scores that goes.
    """
    block, slots, head = look.block, look.slots, 2 * k
    if len(look.near) <= head:
        return block.numbers[slots], block.cosines(slots, query)
    scores = block.cosines(slots[:head], query)
    least = np.partition(scores, head - k)[head - k] - _ERRORS * block.error
    end = max(head, int(np.searchsorted(-look.near, -least, "right")))
    if end > head:
        scores = np.concatenate([scores, block.cosines(slots[head:end], query)])
    return block.numbers[slots[:end]], scores


def _from(look: Look, least: float) -> Look:
    """Without what scores less."""
    at = look.near >= least
    return look._replace(slots=look.slots[at], near=look.near[at], cut=max(look.cut, least))
