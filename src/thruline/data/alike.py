"""Documents that say the same in other words: those whose every chunk has a near counterpart in an earlier document.

As SemDeDup (Abbas et al. 2023, arXiv:2303.09540): of documents whose embeddings are closer than a threshold one is
kept. There clusters bound the work; here it is blocks of plain matrix products, which find every pair. Each document is
compared with those that stand for themselves alone, never with one that repeats another: so each edge holds by itself,
and a chain of small steps joins no strangers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

# Of 500 pairs of statements written anew by a language model a third are this close (PoisonedRAG's, each 2 sentences),
# and of 13.4 million pairs of different abstracts 36 (SciFact): bge-small-en-v1.5, bench/alike.py.
THRESHOLD = 0.94
LONGEST = 1024  # chunks: a longer document is a book, and says the same as another only where it is its copy
_BLOCK = 1024  # rows compared at a time, each with so many others: 16 MB of scores
_OTHERS = 4096


class Alike(NamedTuple):
    """Document `later` says what the earlier `first` says. similarity: cosine of its least alike chunk, in [-1, 1]."""

    later: int
    first: int
    similarity: float


class Looked(NamedTuple):
    """How many of the documents were looked at so far, and what was found among the latest."""

    upto: int
    found: list[Alike]


class _Block(NamedTuple):
    """Whole documents with their unit rows: document `numbers[k]` has rows starts[k] to the next start."""

    numbers: np.ndarray
    starts: np.ndarray
    rows: np.ndarray


class _Best(NamedTuple):
    """For each document of a block the most similar one that stands for itself; -1 where none is near enough."""

    first: np.ndarray
    similarity: np.ndarray


def alike(vectors: np.ndarray, counts: Sequence[int], threshold: float = THRESHOLD) -> Iterator[Looked]:
    """Looks at documents in their order, the earlier one of two stands for both.

    vectors: (rows, dims), the documents' chunks one after the other. counts: how many rows each has; one that has none,
    or more than LONGEST, is compared with nothing.
    """
    bounds = np.concatenate(([0], np.cumsum(np.asarray(counts, np.int64))))
    alone: list[int] = []
    for numbers in _grouped(_comparable(counts), counts, _BLOCK):
        block = _block(vectors, bounds, numbers)
        best = _Best(np.full(len(numbers), -1), np.full(len(numbers), -2.0, np.float32))
        for others in _grouped(alone, counts, _OTHERS):
            best = _nearer(best, block, _block(vectors, bounds, others), threshold)
        found = _within(best, block, threshold)
        alone += sorted(set(numbers) - {edge.later for edge in found})
        yield Looked(numbers[-1] + 1, found)


def _comparable(counts: Sequence[int]) -> list[int]:
    return [n for n, count in enumerate(counts) if 0 < count <= LONGEST]


def _grouped(numbers: Sequence[int], counts: Sequence[int], rows: int) -> Iterator[list[int]]:
    """The documents in their order, as many at a time as have so many rows."""
    group: list[int] = []
    size = 0
    for number in numbers:
        if group and size + counts[number] > rows:
            yield group
            group, size = [], 0
        group.append(number)
        size += counts[number]
    if group:
        yield group


def _block(vectors: np.ndarray, bounds: np.ndarray, numbers: Sequence[int]) -> _Block:
    which = np.asarray(numbers)
    lengths = bounds[which + 1] - bounds[which]
    starts = np.cumsum(lengths) - lengths
    rows = vectors[np.repeat(bounds[which] - starts, lengths) + np.arange(lengths.sum())].astype(np.float32)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return _Block(which, starts, rows / np.where(norms > 0, norms, 1))


def _nearer(best: _Best, block: _Block, others: _Block, threshold: float) -> _Best:
    scores = block.rows @ others.rows.T
    near = scores.max(axis=1) >= threshold
    if not near.any():
        return best
    is_whole = np.logical_and.reduceat(near, block.starts)  # documents without a row that is like nothing
    first, similarity = best.first.copy(), best.similarity.copy()
    for k in np.flatnonzero(is_whole).tolist():
        of = _similarities(scores, block, k, others)
        at = int(of.argmax())
        if of[at] >= threshold and of[at] > similarity[k]:
            first[k], similarity[k] = others.numbers[at], of[at]
    return _Best(first, similarity)


def _similarities(scores: np.ndarray, block: _Block, k: int, others: _Block) -> np.ndarray:
    """How much of the block's document k each of the others says: the least of its rows' best."""
    end = block.starts[k + 1] if k + 1 < len(block.starts) else len(block.rows)
    return np.maximum.reduceat(scores[block.starts[k] : end], others.starts, axis=1).min(axis=0)


def _within(best: _Best, block: _Block, threshold: float) -> list[Alike]:
    """The edges of a block: to what was near before it, or to an earlier one of the block that stands for itself."""
    scores = block.rows @ block.rows.T
    is_alone = np.zeros(len(block.numbers), bool)
    found: list[Alike] = []
    for k, number in enumerate(block.numbers.tolist()):
        of = np.where(is_alone, _similarities(scores, block, k, block), -2.0)
        at = int(of.argmax())
        first, similarity = int(best.first[k]), float(best.similarity[k])
        if of[at] >= threshold and of[at] > similarity:
            first, similarity = int(block.numbers[at]), float(of[at])
        is_alone[k] = first < 0
        if first >= 0:
            found.append(Alike(number, first, min(similarity, 1.0)))
    return found
