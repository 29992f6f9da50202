"""A 4-bit scan by turbovec, then exact scores for the candidates: the laptop's answer up to millions of rows."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from thruline.backends.flat4_dense.blocks import Block, block, padded, restored
from thruline.backends.flat4_dense.looks import NOTHING, Part, Scored, nearest, part, scored
from thruline.backends.flat4_dense.scratch import folder_for
from thruline.core.errors import Corrupt, Invalid
from thruline.core.memory import give_back
from thruline.core.units import Bytes
from thruline.ports.dense import DenseStats, DenseTraits, Found
from thruline.ports.scoring import as_given, as_query

# How far, in standard deviations of the codes' error, the worst hit must lie above what was not looked at, or the
# search looks four times as far; after the last it scores every allowed row. turbovec goes over 32,768 rows and more by
# one bit of each code first, and what this loses is not in its scores: on 42,670 sentences 64 candidates lost a hit up
# to 6.9 above the last of them. On one core, where most is lost, 7 % of the questions about the rows look again (recall
# 1.0), and half of those about other things (.9990) and in other languages (zh 1.0, ru .9987); with 40 candidates and
# 4.5 it was .9963, .9970 and .9950.
_SURE = (6.5, 5.0, 3.0)
_FURTHER = 4
_LEAST_CANDIDATES = 64
# What one of many blocks is asked for: three times its share, and some; where that was too few, the search looks again.
_SHARES, _MORE = 3, 16
# A deletion copies its block: 60 ms CPU for one of this size.
_BLOCK_ROWS = 65_536
# A block that is not this many times as large as what comes after it is joined with that, and a small one always: each
# costs every search .05 ms.
_GROWTH, _SMALL = 4, 4_096
# Rows beyond so many bytes lie in files without a name; 87,000 of 384 dimensions do not.
_IN_MEMORY = 64 << 20
_LOOKED = 512  # rows of files in all searches before their pages are given back: 64 KB each, so 32 MB


class Flat4Dense:
    """Half-precision rows for the exact scores, 4-bit codes for the scan; an allowed row is never lost to the mask.

    The mask goes into the scan, before anything is scored, so a filter by source or group costs no recall. Where rows
    that were not scored may be as good as the worst hit, to within the codes' error, the search looks further.

    Rows lie in blocks that nobody changes: a search needs no lock, and a change replaces the blocks that it is in.
    """

    traits = DenseTraits(is_exact=False, mask="before")

    def __init__(self, *, bits: int = 4, depth: int = 4, in_memory: int = _IN_MEMORY) -> None:
        """bits: of a code, 2 to 4. depth: candidates that are scored exactly at first, for each wanted row.

        in_memory: bytes of rows above which they lie in files.
        """
        self._bits, self._depth, self._in_memory = bits, depth, in_memory
        self._changing = threading.Lock()  # guards the two below against two changes at once
        self._blocks: tuple[Block, ...] = ()  # replaced whole
        self._given = 0  # rows that ever came
        self._looked = 0  # rows in files since their pages were given back; may miscount where threads meet

    def build(self, vectors: np.ndarray) -> None:
        """Take the matrix; codes are made only where a scan beats scoring every row."""
        rows = as_given(vectors)
        with self._changing:
            self._blocks, self._given = tuple(self._cut(np.arange(len(rows)), rows, 0)), len(rows)
        if rows.nbytes > self._in_memory:
            give_back()  # a million rows leave 110 MB that building them took

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
            self._given += len(rows)
            self._blocks = tuple(self._with(blocks, numbers, rows)) if len(rows) else self._blocks

    def delete(self, rows: np.ndarray) -> None:
        """Copy the blocks that hold them, without them."""
        with self._changing:
            self._blocks = tuple(left for block in self._blocks if (left := block.without(rows)).size)

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        """The k best of the rows that mask allows."""
        blocks = self._blocks
        query = as_query(query, blocks[0].rows.shape[1] if blocks else len(query))
        if not blocks or k <= 0:
            return NOTHING
        parts = [one for block in blocks if (one := part(block, mask)).size]
        if not parts:
            return NOTHING
        found, cut = self._found(parts, query, k)
        if blocks[0].file or blocks[-1].file:
            self._rest(blocks, found.candidates)
        scan = "gather" if cut == -np.inf else "whole" if mask is None else "masked"
        return Found(found.numbers, found.scores, scan, found.candidates)

    def stats(self) -> DenseStats:
        """Rows and codes; on disk what lies in files without a name."""
        blocks = self._blocks
        return DenseStats(
            rows=sum(block.size for block in blocks), deleted=0, memory=Bytes(sum(block.memory for block in blocks)),
            disk=Bytes(sum(block.disk for block in blocks)),
        )  # fmt: skip

    def dump(self) -> Mapping[str, bytes] | None:
        """Rows and codes of each block; None while numbers are missing."""
        blocks = self._blocks
        if sum(block.size for block in blocks) != self._given or any(block.first is None for block in blocks):
            return None
        parts = {"form": json.dumps([block.form for block in blocks]).encode()}
        for place, each in enumerate(blocks):
            parts[f"{place}.rows"] = each.rows.tobytes()
            parts[f"{place}.codes"] = each.codes.to_bytes() if each.codes is not None else b""
        return parts

    def restore(self, parts: Mapping[str, bytes]) -> None:
        """As it was put away."""
        try:
            forms = json.loads(parts["form"])
            size = sum(len(parts[f"{place}.rows"]) for place in range(len(forms)))
            folder = folder_for(size) if size > self._in_memory else None
            blocks = [restored(f, parts[f"{p}.rows"], parts[f"{p}.codes"], folder) for p, f in enumerate(forms)]
        except (KeyError, TypeError, ValueError) as error:
            raise Corrupt("the index that was put away does not open", hint="it is built anew") from error
        with self._changing:
            self._blocks, self._given = tuple(blocks), sum(block.size for block in blocks)

    def close(self) -> None:
        """Let go of rows and codes."""
        self.build(np.empty((0, 0), np.float32))

    def _found(self, parts: Sequence[Part], query: np.ndarray, k: int) -> tuple[Scored, float]:
        """The k best, and how good at most, by the codes, is what was not looked at."""
        wide, rows = padded(query[None]), sum(one.size for one in parts)
        wanted, candidates = max(self._depth * k, _LEAST_CANDIDATES), 0
        for sure in _SURE:
            looks = nearest([one.look(wide, _of_part(wanted, one.size, rows)) for one in parts], wanted)
            found = scored(looks, query, k)
            candidates += found.candidates
            cut = max(look.cut + sure * look.block.error for look in looks)
            if len(found.scores) < k or found.scores[-1] >= cut:
                return found._replace(candidates=candidates), cut
            wanted *= _FURTHER
        found = scored([one.look(wide, one.size) for one in parts], query, k)
        return found._replace(candidates=candidates + found.candidates), -np.inf

    def _with(self, blocks: list[Block], numbers: np.ndarray, rows: np.ndarray) -> Iterator[Block]:
        """These, with rows behind theirs."""
        if blocks and blocks[-1].size < _SMALL and blocks[-1].can_grow(rows):
            yield from (*blocks[:-1], blocks[-1].grown(numbers, rows))
            return
        while blocks and blocks[-1].size < min(max(_SMALL, _GROWTH * len(rows)), _BLOCK_ROWS - len(rows)):
            last = blocks.pop()
            numbers, rows = np.concatenate([last.numbers, numbers]), np.concatenate([last.matrix, rows])
        yield from blocks
        yield from self._cut(numbers, rows, sum(block.rows.nbytes for block in blocks))

    def _cut(self, numbers: np.ndarray, rows: np.ndarray, beside: int) -> Iterator[Block]:
        """Blocks of even sizes. beside: bytes of the rows that are here already."""
        if not len(rows):
            return
        folder = folder_for(rows.nbytes) if beside + rows.nbytes > self._in_memory else None
        for chosen in np.array_split(np.arange(len(rows)), -(-len(rows) // _BLOCK_ROWS)):
            span = slice(int(chosen[0]), int(chosen[-1]) + 1)
            yield block(numbers[span], rows[span], self._bits, folder, is_alone=not beside)

    def _rest(self, blocks: Sequence[Block], looked: int) -> None:
        """Give the pages of files back that searches have looked at."""
        filed = [block.file for block in blocks if block.file is not None]
        self._looked += looked if filed else 0
        if self._looked > _LOOKED:
            self._looked = 0
            for file in filed:
                file.rest()


def _of_part(wanted: int, size: int, rows: int) -> int:
    """How many candidates to ask a block for that has so many of the rows: more than its share of what is wanted."""
    return min(wanted, _SHARES * wanted * size // rows + _MORE)
