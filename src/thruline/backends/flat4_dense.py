"""A 4-bit scan by turbovec, then exact scores for the candidates: the laptop's answer up to millions of rows."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from turbovec import TurboQuantIndex

from thruline.core.errors import Invalid
from thruline.core.units import Bytes
from thruline.ports.dense import DenseStats, DenseTraits, Found
from thruline.ports.scoring import as_given, as_matrix, as_query, best, cosines, half_cosines, unit_scale

# So few allowed rows of a block are scored one by one: at 384 dimensions both ways then cost .5 ms CPU.
_EXACT_ROWS = 512
_LEAST_CANDIDATES = 64
_CALIBRATION_ROWS = 1024
_LANES = 8  # turbovec takes dimensions in eights; zeros change no product
# A deletion copies its block: 60 ms CPU for one of this size.
_BLOCK_ROWS = 65_536
# A block that is not this many times as large as what comes after it is joined with that.
_GROWTH = 4


class Flat4Dense:
    """Half-precision rows for the exact scores, 4-bit codes for the scan; an allowed row is never lost to the mask.

    The mask goes into the scan, before anything is scored, so a filter by source or group costs no recall. What can
    be lost are rows among hundreds that score alike to within the codes' error (standard deviation .005 at 384
    dimensions), as where a filter cuts straight through the similarity itself.

    Rows lie in blocks that nobody changes: a search needs no lock, and a change replaces the blocks that it is in.
    """

    traits = DenseTraits(is_exact=False, mask="before")

    def __init__(self, *, bits: int = 4, depth: int = 4) -> None:
        """bits: of a code, 2 to 4. depth: candidates that are scored exactly, for each wanted row.

        With a depth of 2 a clustered corpus of 50,000 x 384 lost 2 % of its true neighbours, with 4 none.
        """
        self._bits, self._depth = bits, depth
        self._changing = threading.Lock()  # guards the two below against two changes at once
        self._blocks: tuple[_Block, ...] = ()  # replaced whole
        self._given = 0  # rows that ever came

    def build(self, vectors: np.ndarray) -> None:
        """Take the matrix; codes are made only where a scan beats scoring every row."""
        rows = as_given(vectors)
        with self._changing:
            self._blocks, self._given = tuple(self._cut(np.arange(len(rows)), rows)), len(rows)

    def add(self, vectors: np.ndarray) -> None:
        """Append a block, or join it with the last ones where they are small."""
        rows = as_given(vectors)
        with self._changing:
            blocks = list(self._blocks)
            if blocks and len(rows) and blocks[0].rows.shape[1] != rows.shape[1]:
                raise Invalid(
                    f"vectors of {rows.shape[1]} dimensions do not fit an index of {blocks[0].rows.shape[1]}",
                    hint="use the index's embedder",
                )
            numbers = np.arange(self._given, self._given + len(rows))
            while blocks and len(blocks[-1].rows) < min(_GROWTH * len(rows), _BLOCK_ROWS - len(rows)):
                last = blocks.pop()
                numbers, rows = np.concatenate([last.numbers, numbers]), np.concatenate([last.rows, rows])
            self._given = max(self._given, int(numbers[-1]) + 1) if len(numbers) else self._given
            self._blocks = (*blocks, *self._cut(numbers, rows))

    def delete(self, rows: np.ndarray) -> None:
        """Copy the blocks that hold them, without them."""
        with self._changing:
            self._blocks = tuple(left for block in self._blocks if len((left := block.without(rows)).rows))

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        """The k best of the rows that mask allows."""
        blocks = self._blocks
        query = as_query(query, blocks[0].rows.shape[1] if blocks else len(query))
        wanted = max(self._depth * k, _LEAST_CANDIDATES)
        seen = [block.candidates(query, wanted, mask) for block in blocks] if k > 0 else []
        kept = _nearest([s for s in seen if s is not None], wanted)
        if not kept:
            return Found(np.empty(0, np.int64), np.empty(0, np.float32), "none")
        numbers = np.concatenate([c.block.numbers[c.slots] for c in kept])
        found = best(numbers, np.concatenate([c.block.cosines(c.slots, query) for c in kept]), k)
        is_scan = any(c.near is not None for c in kept)
        return found._replace(
            scan="gather" if not is_scan else "whole" if mask is None else "masked", candidates=len(numbers)
        )

    def stats(self) -> DenseStats:
        """Rows and codes."""
        blocks = self._blocks
        coded = sum(block.rows.size * self._bits // 8 for block in blocks if block.codes is not None)
        held = sum(block.rows.nbytes + block.numbers.nbytes for block in blocks)
        return DenseStats(rows=sum(len(block.rows) for block in blocks), deleted=0, memory=Bytes(held + coded))

    def close(self) -> None:
        """Let go of rows and codes."""
        self.build(np.empty((0, 0), np.float32))

    def _cut(self, numbers: np.ndarray, rows: np.ndarray) -> Iterable[_Block]:
        """Blocks of even sizes."""
        if not len(rows):
            return
        for part in np.array_split(np.arange(len(rows)), -(-len(rows) // _BLOCK_ROWS)):
            span = slice(int(part[0]), int(part[-1]) + 1)
            yield _block(numbers[span], rows[span], self._bits)


class _Block(NamedTuple):
    """Rows with their numbers; first: of the first, where all follow one another.

    scale: what makes half-precision rows of length 1. codes: in the order of rows; None while scoring every row is as
    cheap.
    """

    numbers: np.ndarray
    first: int | None
    rows: np.ndarray
    scale: np.ndarray | None
    codes: TurboQuantIndex | None

    def candidates(self, query: np.ndarray, wanted: int, mask: np.ndarray | None) -> _Candidates | None:
        """The rows to be scored exactly: all that are allowed where they are few."""
        allowed = None if mask is None else self._allowed(mask)
        count = len(self.rows) if allowed is None else int(np.count_nonzero(allowed))
        if count == 0:
            return None
        if self.codes is None or count <= max(_EXACT_ROWS, wanted):
            slots = np.arange(count) if allowed is None else np.flatnonzero(allowed)
            return _Candidates(self, slots, None)
        within = None if count == len(self.rows) else allowed
        near, slots = self.codes.search(_padded(query[None]), wanted, mask=within)
        return _Candidates(self, slots[0].astype(np.intp), near[0])

    def cosines(self, slots: np.ndarray, query: np.ndarray) -> np.ndarray:
        """Exact, of these."""
        if self.scale is None:
            return cosines(self.rows, slots, query)
        return half_cosines(self.rows, slots, query) * self.scale[slots]

    def without(self, gone: np.ndarray) -> _Block:
        """A copy without the rows of these numbers; what is left fills the holes from the end, in the codes as well."""
        dead = np.flatnonzero(np.isin(self.numbers, gone))
        if not len(dead):
            return self
        codes = copy.copy(self.codes)
        order = np.arange(len(self.rows))
        end = len(order)
        for slot in dead[::-1].tolist():
            end -= 1
            order[slot] = order[end]
            if codes is not None:
                codes.swap_remove(slot)
        order = order[:end]
        if codes is not None:
            codes.prepare()
        scale = None if self.scale is None else self.scale[order]
        return _Block(self.numbers[order], None, self.rows[order], scale, codes)

    def _allowed(self, mask: np.ndarray) -> np.ndarray:
        """Of each row; a mask allows nothing beyond its end."""
        if self.first is not None and self.first + len(self.rows) <= len(mask):
            return mask[self.first : self.first + len(self.rows)]
        known = self.numbers < len(mask)
        return known & mask[np.where(known, self.numbers, 0)] if len(mask) else known


class _Candidates(NamedTuple):
    """Slots of a block; near: their scores by the codes, None where all that are allowed were taken."""

    block: _Block
    slots: np.ndarray
    near: np.ndarray | None


def _nearest(seen: Sequence[_Candidates], wanted: int) -> list[_Candidates]:
    """Of what several scans gave only as many as one would have given."""
    near = [c.near for c in seen if c.near is not None]
    if len(near) < 2:
        return list(seen)
    scores = np.concatenate(near)
    least = -np.partition(-scores, wanted - 1)[wanted - 1] if wanted < len(scores) else scores.min()
    return [c if c.near is None else c._replace(slots=c.slots[c.near >= least]) for c in seen]


def _block(numbers: np.ndarray, rows: np.ndarray, bits: int) -> _Block:
    first = int(numbers[0])
    is_run = bool((numbers == np.arange(first, first + len(numbers))).all())
    scale = unit_scale(rows) if rows.dtype == np.float16 else None
    return _Block(numbers, first if is_run else None, rows, scale, _encoded(rows, bits))


def _encoded(rows: np.ndarray, bits: int) -> TurboQuantIndex | None:
    if len(rows) <= _EXACT_ROWS:
        return None
    wide = _padded(as_matrix(rows))
    codes = TurboQuantIndex(wide.shape[1], bits)
    sample = np.random.default_rng(0).choice(len(wide), min(_CALIBRATION_ROWS, len(wide)), replace=False)
    codes.calibrate(wide[sample])
    codes.add(wide)
    codes.prepare()
    return codes


def _padded(matrix: np.ndarray) -> np.ndarray:
    missing = -matrix.shape[1] % _LANES
    return matrix if missing == 0 else np.pad(matrix, ((0, 0), (0, missing)))
