"""How the documents of a source scored, as counts by score: a block for each sync that brought something.

A value is counted in a bin of 10 % of its size (as in DDSketch, Masson et al. 2019), a language under its code. Counts
add up, tell of no document by itself, and take a few kilobytes however many they count.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from thruline.core.clock import Micros
from thruline.core.sql import load_queries
from thruline.data.quality_columns import Columns
from thruline.ports.database import Database

FEWEST = 20  # documents of a block: what comes in by twos and threes is gathered up to here
MOST = 64  # blocks of a source: the oldest are put together
LANGUAGE = "language"  # the one score that is a name
UNTOLD = "none"  # the language of a text that is too short to say, or code
_LEAST, _STEP = 1e-4, 1.1
Counts = dict[str, dict[int | str, int]]


@dataclass(frozen=True, kw_only=True)
class Block:
    """Documents that came in one after another, counted. number: from 1, in their order. since: of the first."""

    number: int
    run: str
    since: Micros
    documents: int
    counts: Counts


def counted(columns: Columns, languages: Sequence[str]) -> Counts:
    """Score -> bin -> how many; what was not measured (NaN) is not counted."""
    counts: Counts = {LANGUAGE: dict(Counter(languages))}
    for score, values in columns.items():
        bins, times = np.unique(_bins(values[np.isfinite(values)]), return_counts=True)
        counts[score] = dict(zip(bins.tolist(), times.tolist(), strict=True))
    return counts


def together(parts: Iterable[Counts]) -> Counts:
    """The counts of all."""
    total: dict[str, Counter[int | str]] = {}
    for part in parts:
        for score, bins in part.items():
            total.setdefault(score, Counter()).update(bins)
    return {score: dict(bins) for score, bins in total.items()}


def without(whole: Counts, part: Counts) -> Counts:
    """What is left of the whole; a score that only the part has is left out."""
    return {
        score: {bin: left for bin, n in bins.items() if (left := n - part.get(score, {}).get(bin, 0))}
        for score, bins in whole.items()
        if sum(bins.values()) > sum(part.get(score, {}).values())
    }


def quantile(bins: Mapping[int | str, int], share: float) -> float:
    """The value below which this share lies, to 5 % of it."""
    left = share * sum(bins.values())
    for bin in sorted(b for b in bins if isinstance(b, int)):
        left -= bins[bin]
        if left <= 0:
            return value_of(bin)
    return 0.0


def mean(bins: Mapping[int | str, int]) -> float:
    """The average, to 5 %."""
    total = sum(bins.values())
    return sum(value_of(bin) * n for bin, n in bins.items() if isinstance(bin, int)) / total if total else 0.0


def value_of(bin: int) -> float:
    """The middle of a bin."""
    return _LEAST * _STEP ** (bin - 0.5) if bin else 0.0


def _bins(values: np.ndarray) -> np.ndarray:
    """0 for nothing, and for a value of any size the tenth of itself that it lies in."""
    some = np.maximum(values.astype(np.float64), _LEAST)
    return np.where(values < _LEAST, 0, np.floor(np.log(some / _LEAST) / math.log(_STEP)) + 1).astype(np.int64)


class ScoreBlocks:
    """A table only: joins the caller's transaction, writes no events. Its schema is that of the records."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._q = load_queries("thruline.data", database.dialect)

    def has(self, source: str) -> bool:
        """Whether anything of a source was counted."""
        return bool(self._db.query(self._q.any_score_block, {"source": source}))

    def unseen(self, source: str) -> bool:
        """Whether a whole block has not been compared with those before it."""
        return bool(self._db.query(self._q.unseen_score_blocks, {"source": source, "fewest": FEWEST}))

    def mark_seen(self, source: str) -> None:
        """All whole blocks have been compared."""
        self._db.execute(self._q.mark_score_blocks, {"source": source, "fewest": FEWEST})

    def add(self, source: str, run: str, at: Micros, documents: int, counts: Counts) -> None:
        """Count more documents: into the last block while it is of this run or not whole, else into a new one."""
        last = self._blocks(self._q.last_score_block, source)
        if last and (last[0].run == run or last[0].documents < FEWEST):
            before = last[0]
            whole = Block(
                number=before.number, run=run, since=before.since, documents=before.documents + documents,
                counts=together((before.counts, counts)),
            )  # fmt: skip
        else:
            number = last[0].number + 1 if last else 1
            whole = Block(number=number, run=run, since=at, documents=documents, counts=counts)
        self._put(source, whole)

    def of(self, source: str) -> list[Block]:
        """The blocks of a source, the oldest first."""
        return self._blocks(self._q.score_blocks, source)

    def fold(self, source: str, apart: Iterable[int]) -> None:
        """Put the oldest together until no more than MOST are left, but none with one that begins at a number apart."""
        blocks, borders = self.of(source), set(apart)
        while len(blocks) > MOST:
            at = next((i for i in range(1, len(blocks)) if blocks[i].number not in borders), 0)
            if not at:
                return
            one, other = blocks[at - 1], blocks[at]
            self._drop(source, other.number)
            blocks[at - 1 : at + 1] = [
                Block(
                    number=one.number, run=one.run, since=one.since, documents=one.documents + other.documents,
                    counts=together((one.counts, other.counts)),
                )
            ]  # fmt: skip
            self._put(source, blocks[at - 1])

    def forget_before(self, source: str, number: int) -> None:
        """Compare with nothing that came in before a block."""
        self._db.execute(self._q.drop_score_blocks_before, {"source": source, "number": number})

    def _drop(self, source: str, number: int) -> None:
        self._db.execute(self._q.drop_score_block, {"source": source, "number": number})

    def _put(self, source: str, block: Block) -> None:
        self._db.execute(
            self._q.put_score_block,
            {
                "source": source, "number": block.number, "run": block.run, "since": block.since,
                "documents": block.documents, "counts": msgspec.msgpack.encode(block.counts),
            },
        )  # fmt: skip

    def _blocks(self, sql: str, source: str) -> list[Block]:
        return [_block(row) for row in self._db.query(sql, {"source": source})]


def _block(row: tuple[Any, ...]) -> Block:
    number, run, since, documents, counts = row
    return Block(
        number=number, run=run, since=since, documents=documents, counts=msgspec.msgpack.decode(counts, type=Counts)
    )
