"""Documents that say the same in other words: those whose every chunk has a near counterpart in an earlier document.

As SemDeDup (Abbas et al. 2023, arXiv:2303.09540): of documents whose embeddings are closer than a threshold one is
kept. There clusters bound the work; here it is blocks of plain matrix products, which find every pair. Each document is
compared with those that stand for themselves alone, never with one that repeats another: so each edge holds by itself,
and a chain of small steps joins no strangers.

What is near enough to matter is decided in whole numbers, whose sums are the same on every machine, however it cuts
and orders them: so it does not matter who compares which block with which (`Spread`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np

# Of 500 pairs of statements written anew by a language model a third are this close (PoisonedRAG's, each 2 sentences),
# and of 13.4 million pairs of different abstracts 36 (SciFact): bge-small-en-v1.5, bench/alike.py.
THRESHOLD = 0.94
LONGEST = 1024  # chunks: a longer document is a book, and says the same as another only where it is its copy
_BLOCK = 2048  # rows compared at a time, each with as many others: 16 MB of scores
_BITS = 14  # of a number of a row, less its sign: products of 2^28, sums of 30 million of them exact in 53 bits


class Alike(NamedTuple):
    """Document `later` says what the earlier `first` says. similarity: cosine of its least alike chunk, in [-1, 1]."""

    later: int
    first: int
    similarity: float


class Looked(NamedTuple):
    """How many of the documents were looked at so far, and what was found among the latest."""

    upto: int
    found: list[Alike]


class Docs(NamedTuple):
    """Whole documents: `numbers[k]` has rows starts[k] to the next start; int16, each row to a scale of its own."""

    numbers: np.ndarray
    starts: np.ndarray
    rows: np.ndarray


class Best(NamedTuple):
    """For each document the most similar other, the earliest of equals; -1 where none is near enough."""

    first: np.ndarray
    similarity: np.ndarray


class Spread(NamedTuple):
    """Who compares the documents of so many rows with those of as many, group by group, before they are looked at here.

    compare: `best` for some documents and each of the groups, in their order.
    """

    rows: int
    compare: Callable[[Docs, Iterable[Docs], float], Iterable[Best]]


def alike(
    vectors: np.ndarray, counts: Sequence[int], threshold: float = THRESHOLD, spread: Spread | None = None
) -> Iterator[Looked]:
    """Looks at documents in their order, the earlier one of two stands for both.

    vectors: (rows, dims), the documents' chunks one after the other. counts: how many rows each has; one that has none,
    or more than LONGEST, is compared with nothing. spread: None where all is compared here; the result is the same.
    """
    looking = _Looking(vectors, counts, threshold)
    comparable = [n for n, count in enumerate(counts) if 0 < count <= LONGEST]
    for wide in _grouped(comparable, counts, spread.rows) if spread else [comparable]:
        told = looking.told_by(spread, wide) if spread else _none(len(wide))
        yield from looking.here(wide, told, known=len(looking.alone) if spread else 0)


class _Looking:
    """A look at documents in their order. alone: those that stand for themselves, of what was looked at so far."""

    def __init__(self, vectors: np.ndarray, counts: Sequence[int], threshold: float) -> None:
        self.alone: list[int] = []
        self._vectors, self._counts, self._threshold = vectors, counts, threshold
        self._bounds = np.concatenate(([0], np.cumsum(np.asarray(counts, np.int64))))

    def told_by(self, spread: Spread, wide: Sequence[int]) -> Best:
        """What others find beside these, among all that stand for themselves so far."""
        groups = [self._docs(group) for group in _grouped(self.alone, self._counts, spread.rows)]
        told = spread.compare(self._docs(wide), groups, self._threshold) if groups else ()
        return reduce(_nearer, told, _none(len(wide)))

    def here(self, wide: Sequence[int], told: Best, known: int) -> Iterator[Looked]:
        """Block by block, beside those that stand for themselves but the `known` first: of them it was told."""
        done = 0
        for numbers in _grouped(wide, self._counts, _BLOCK):
            block = self._docs(numbers)
            groups = _grouped(self.alone[known:], self._counts, _BLOCK)
            near = (best(block, self._docs(group), self._threshold) for group in groups)
            nearest = reduce(_nearer, near, Best(*(part[done : done + len(numbers)] for part in told)))
            found = _within(nearest, block, self._threshold)
            self.alone += sorted(set(numbers) - {edge.later for edge in found})
            done += len(numbers)
            yield Looked(numbers[-1] + 1, found)

    def _docs(self, numbers: Sequence[int]) -> Docs:
        which = np.asarray(numbers)
        lengths = self._bounds[which + 1] - self._bounds[which]
        starts = np.cumsum(lengths) - lengths
        places = np.repeat(self._bounds[which] - starts, lengths) + np.arange(lengths.sum())
        return Docs(which, starts, _whole(self._vectors[places].astype(np.float32)))


def best(block: Docs, others: Docs, threshold: float) -> Best:
    """Of the others, for each document of the block, the one that says most surely what it says."""
    found = _none(len(block.numbers))
    near = _Near(block, others, threshold)
    for k in near.documents:
        similarity = near.similarities(k)
        at = int(similarity.argmax())
        if similarity[at] >= threshold:
            found.first[k], found.similarity[k] = others.numbers[at], similarity[at]
    return found


class _Near:
    """A block beside others: a fast product tells who may be near, an exact one who is."""

    def __init__(self, block: Docs, others: Docs, threshold: float) -> None:
        self._block, self._others = block, others
        self._least = threshold - block.rows.shape[1] * 2.0**-22  # more than float32 can be wrong by
        self._scores = _unit(block.rows) @ _unit(others.rows).T
        is_near = self._scores.max(axis=1) >= self._least
        # Documents without a row that is like nothing.
        self.documents: list[int] = np.flatnonzero(np.logical_and.reduceat(is_near, block.starts)).tolist()

    def similarities(self, k: int, among: np.ndarray | bool = True) -> np.ndarray:
        """(others,) how much of the block's document k each says: the least of its rows' best; -2 where too little."""
        rows = _rows(self._block, k)
        about = np.maximum.reduceat(self._scores[rows], self._others.starts, axis=1).min(axis=0)
        said = np.full(len(about), -2.0)
        for other in np.flatnonzero((about >= self._least) & among).tolist():
            said[other] = _cosines(self._block.rows[rows], self._others.rows[_rows(self._others, other)])
        return said


def _cosines(own: np.ndarray, other: np.ndarray) -> float:
    """The least of our rows' best cosines, and every machine's: products of whole numbers, and one rounding each."""
    a, b = own.astype(np.float64), other.astype(np.float64)
    squares = np.maximum((a * a).sum(axis=1), 1)[:, None] * np.maximum((b * b).sum(axis=1), 1)
    return float(((a @ b.T) / np.sqrt(squares)).max(axis=1).min())


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


def _whole(rows: np.ndarray) -> np.ndarray:
    """Each row as whole numbers, to its own power of two: nothing is rounded but what is small beside its largest."""
    _, exponents = np.frexp(np.maximum(rows.max(axis=1, keepdims=True), -rows.min(axis=1, keepdims=True)))
    scaled = rows * np.exp2(np.float32(_BITS) - exponents.astype(np.float32))
    return np.rint(scaled, out=scaled).astype(np.int16)


def _rows(docs: Docs, k: int) -> slice:
    return slice(docs.starts[k], docs.starts[k + 1] if k + 1 < len(docs.starts) else len(docs.rows))


def _unit(rows: np.ndarray) -> np.ndarray:
    floats = rows.astype(np.float32)
    squares = np.einsum("ij,ij->i", floats, floats)[:, None]
    return np.divide(floats, np.sqrt(np.maximum(squares, 1)), out=floats)


def _none(count: int) -> Best:
    return Best(np.full(count, -1), np.full(count, -2.0))


def _nearer(one: Best, other: Best) -> Best:
    """The more similar of each two; of equals the one before."""
    is_nearer = other.similarity > one.similarity
    return Best(*(np.where(is_nearer, b, a) for a, b in zip(one, other, strict=True)))


def _within(nearest: Best, block: Docs, threshold: float) -> list[Alike]:
    """The edges of a block: to what was near before it, or to an earlier one of the block that stands for itself."""
    near = _Near(block, block, threshold)
    is_alone = np.zeros(len(block.numbers), bool)
    found: list[Alike] = []
    for k, number in enumerate(block.numbers.tolist()):
        of = near.similarities(k, among=is_alone)
        at = int(of.argmax())
        first, similarity = int(nearest.first[k]), float(nearest.similarity[k])
        if of[at] >= threshold and of[at] > similarity:
            first, similarity = int(block.numbers[at]), float(of[at])
        is_alone[k] = first < 0
        if first >= 0:
            found.append(Alike(number, first, min(similarity, 1.0)))
    return found
