"""A 4-bit scan by turbovec, then exact scores for the candidates: the laptop's answer up to millions of rows."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from turbovec import TurboQuantIndex

from thruline.core.errors import Corrupt, Invalid
from thruline.core.units import Bytes
from thruline.ports.dense import DenseStats, DenseTraits, Found
from thruline.ports.scoring import as_given, as_matrix, as_query, best, cosines, half_cosines, unit_scale

# So few allowed rows of a block are scored one by one: 493 of 50,000 take .15 ms, their masked scan .17; 1,022 take .35
# against .23.
_EXACT_ROWS = 512
# From this share of allowed rows on a scan of all that reaches a little further is cheaper than a masked one: of 50,000
# rows .37 ms against .79 where nearly all are allowed, .55 against .65 where half are.
_MOSTLY = 0.6
_LEAST_CANDIDATES = 40
# How far, in standard deviations of the codes' error, the worst hit must lie above what was not looked at, or the
# search looks four times as far; after the last it scores every allowed row. On 44,670 sentences at k = 10 8 % of the
# questions about them look again (recall 1.0) and half of those about other things in other languages (recall .996 to
# 1.0; .985 to .995 without). A filter that cuts straight through the similarity ends with every row (1.0; .1 without).
_SURE = (4.5, 3.0, 3.0)
_FURTHER = 4
_PROBES, _PROBED = 16, 512  # rows, as questions and to be found, that the error is measured on
_CALIBRATION_ROWS = 1024
_LANES = 8  # turbovec takes dimensions in eights; zeros change no product
# A deletion copies its block: 60 ms CPU for one of this size.
_BLOCK_ROWS = 65_536
# A block that is not this many times as large as what comes after it is joined with that.
_GROWTH = 4
_NOTHING = Found(np.empty(0, np.int64), np.empty(0, np.float32), "none")


class Flat4Dense:
    """Half-precision rows for the exact scores, 4-bit codes for the scan; an allowed row is never lost to the mask.

    The mask goes into the scan, before anything is scored, so a filter by source or group costs no recall. Where rows
    that were not scored may be as good as the worst hit, to within the codes' error, the search looks further.

    Rows lie in blocks that nobody changes: a search needs no lock, and a change replaces the blocks that it is in.
    """

    traits = DenseTraits(is_exact=False, mask="before")

    def __init__(self, *, bits: int = 4, depth: int = 4) -> None:
        """bits: of a code, 2 to 4. depth: candidates that are scored exactly at first, for each wanted row."""
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
        if not blocks or k <= 0:
            return _NOTHING
        parts = [part for block in blocks if (part := block.part(mask)).rows_allowed]
        wanted, scored = max(self._depth * k, _LEAST_CANDIDATES), 0
        looks, found = list[_Look](), _NOTHING
        for sure in (*_SURE, 0.0):
            looks = _nearest([part.look(query, wanted if sure else part.rows_allowed) for part in parts], wanted)
            found, scored = _scored(looks, query, k), scored + sum(len(look.slots) for look in looks)
            cut = max((look.cut + sure * look.part.block.error for look in looks), default=-np.inf)
            if len(found.rows) < k or found.scores[-1] >= cut:
                break
            wanted *= _FURTHER
        is_scan = any(look.cut > -np.inf for look in looks)
        scan = "none" if not parts else "gather" if not is_scan else "whole" if mask is None else "masked"
        return found._replace(scan=scan, candidates=scored)

    def stats(self) -> DenseStats:
        """Rows and codes."""
        blocks = self._blocks
        coded = sum(block.rows.size * self._bits // 8 for block in blocks if block.codes is not None)
        held = sum(block.rows.nbytes + block.numbers.nbytes for block in blocks)
        return DenseStats(rows=sum(len(block.rows) for block in blocks), deleted=0, memory=Bytes(held + coded))

    def dump(self) -> Mapping[str, bytes] | None:
        """Rows and codes of each block; None while numbers are missing."""
        blocks = self._blocks
        if sum(len(block.rows) for block in blocks) != self._given or any(b.first is None for b in blocks):
            return None
        parts = {"form": json.dumps([block.form for block in blocks]).encode()}
        for place, block in enumerate(blocks):
            parts[f"{place}.rows"] = block.rows.tobytes()
            parts[f"{place}.codes"] = block.codes.to_bytes() if block.codes is not None else b""
        return parts

    def restore(self, parts: Mapping[str, bytes]) -> None:
        """As it was put away."""
        try:
            forms = json.loads(parts["form"])
            blocks = [_restored(f, parts[f"{p}.rows"], parts[f"{p}.codes"]) for p, f in enumerate(forms)]
        except (KeyError, TypeError, ValueError) as error:
            raise Corrupt("the index that was put away does not open", hint="it is built anew") from error
        with self._changing:
            self._blocks, self._given = tuple(blocks), sum(len(block.rows) for block in blocks)

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
    cheap. error: of their scores, as a standard deviation.
    """

    numbers: np.ndarray
    first: int | None
    rows: np.ndarray
    scale: np.ndarray | None
    codes: TurboQuantIndex | None
    error: float

    @property
    def form(self) -> dict[str, Any]:
        """What is not in the bytes of its rows and codes."""
        return {"first": self.first, "shape": self.rows.shape, "half": self.scale is not None, "error": self.error}

    def part(self, mask: np.ndarray | None) -> _Part:
        """What of it may be found."""
        allowed = None if mask is None else self._allowed(mask)
        count = len(self.rows) if allowed is None else int(np.count_nonzero(allowed))
        return _Part(self, None if count == len(self.rows) else allowed, count)

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
        return _Block(self.numbers[order], None, self.rows[order], scale, codes, self.error)

    def _allowed(self, mask: np.ndarray) -> np.ndarray:
        """Of each row; a mask allows nothing beyond its end."""
        if self.first is not None and self.first + len(self.rows) <= len(mask):
            return mask[self.first : self.first + len(self.rows)]
        known = self.numbers < len(mask)
        return known & mask[np.where(known, self.numbers, 0)] if len(mask) else known


class _Part(NamedTuple):
    """The rows of a block that may be found. allowed: None for all."""

    block: _Block
    allowed: np.ndarray | None
    rows_allowed: int

    def look(self, query: np.ndarray, wanted: int) -> _Look:
        """The rows to be scored exactly: all that are allowed where they are few."""
        codes = self.block.codes
        if codes is None or self.rows_allowed <= max(_EXACT_ROWS, wanted):
            slots = np.arange(self.rows_allowed) if self.allowed is None else np.flatnonzero(self.allowed)
            return _Look(self, slots, _ALL, -np.inf)
        near, slots = self._scan(codes, _padded(query[None]), wanted)
        return _Look(self, slots, near, float(near[-1]))

    def _scan(self, codes: TurboQuantIndex, query: np.ndarray, wanted: int) -> tuple[np.ndarray, np.ndarray]:
        """The best by the codes among what is allowed: scores, then slots."""
        share = self.rows_allowed / len(self.block.rows)
        if self.allowed is not None and share >= _MOSTLY:
            near, slots = codes.search(query, round(1.1 * wanted / share) + 8)
            slots = slots[0].astype(np.intp)
            kept = self.allowed[slots]
            if np.count_nonzero(kept) >= wanted:  # the very ones that a masked scan gives
                return near[0][kept][:wanted], slots[kept][:wanted]
        near, slots = codes.search(query, wanted, mask=self.allowed)
        return near[0], slots[0].astype(np.intp)


class _Look(NamedTuple):
    """Slots of a part to be scored. near: by the codes, empty where all are looked at. cut: of the next best, at most.

    What was not looked at scores at most cut by its codes; -inf where all was.
    """

    part: _Part
    slots: np.ndarray
    near: np.ndarray
    cut: float


_ALL = np.empty(0, np.float32)


def _nearest(looks: Sequence[_Look], wanted: int) -> list[_Look]:
    """Of what several scans gave only as many as one would have given."""
    scans = [look for look in looks if len(look.near)]
    if len(scans) < 2:
        return list(looks)
    scores = np.concatenate([look.near for look in scans])
    least = float(-np.partition(-scores, wanted - 1)[wanted - 1])
    kept = [look.near >= least if len(look.near) else slice(None) for look in looks]
    return [
        look._replace(
            slots=look.slots[at], near=look.near[at], cut=max(look.cut, least) if len(look.near) else look.cut
        )
        for look, at in zip(looks, kept, strict=True)
    ]


def _scored(looks: Sequence[_Look], query: np.ndarray, k: int) -> Found:
    if not looks:
        return _NOTHING
    numbers = np.concatenate([look.part.block.numbers[look.slots] for look in looks])
    return best(numbers, np.concatenate([look.part.block.cosines(look.slots, query) for look in looks]), k)


def _block(numbers: np.ndarray, rows: np.ndarray, bits: int) -> _Block:
    first = int(numbers[0])
    is_run = bool((numbers == np.arange(first, first + len(numbers))).all())
    scale = unit_scale(rows) if rows.dtype == np.float16 else None
    plain = _Block(numbers, first if is_run else None, rows, scale, None, 0.0)
    if len(rows) <= _EXACT_ROWS:
        return plain
    wide = _padded(as_matrix(rows))
    codes = TurboQuantIndex(wide.shape[1], bits)
    rng = np.random.default_rng(0)
    codes.calibrate(wide[rng.choice(len(wide), min(_CALIBRATION_ROWS, len(wide)), replace=False)])
    codes.add(wide)
    codes.prepare()
    return plain._replace(codes=codes, error=_error(codes, wide, rng))


def _restored(form: Mapping[str, Any], rows: bytes, codes: bytes) -> _Block:
    matrix = np.frombuffer(rows, np.float16 if form["half"] else np.float32).reshape(form["shape"])
    opened = TurboQuantIndex.from_bytes(codes) if codes else None
    if opened is not None:
        opened.prepare()
    numbers = np.arange(form["first"], form["first"] + len(matrix))
    scale = unit_scale(matrix) if form["half"] else None
    return _Block(numbers, form["first"], matrix, scale, opened, form["error"])


def _error(codes: TurboQuantIndex, wide: np.ndarray, rng: np.random.Generator) -> float:
    """The standard deviation of what the codes' scores are off, over pairs of rows."""
    probed = np.zeros(len(wide), bool)
    probed[rng.choice(len(wide), min(_PROBED, len(wide)), replace=False)] = True
    queries = wide[rng.choice(np.flatnonzero(probed), _PROBES)]
    near, slots = codes.search(queries, int(np.count_nonzero(probed)), mask=probed)
    exact = np.stack([wide[at] @ query for at, query in zip(slots.astype(np.intp), queries, strict=True)])
    return float(np.std(exact - near))


def _padded(matrix: np.ndarray) -> np.ndarray:
    missing = -matrix.shape[1] % _LANES
    return matrix if missing == 0 else np.pad(matrix, ((0, 0), (0, missing)))
