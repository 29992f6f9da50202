"""Blocks that nobody changes: rows with their numbers, their codes for the scan, and themselves for exact scores."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from turbovec import TurboQuantIndex

from thruline.backends.flat4_dense.scratch import Filed, filed
from thruline.core.units import Bytes
from thruline.ports.scoring import cosines, half_cosines, unit_scale

# So few allowed rows of a block are scored one by one: 493 of 50,000 take .15 ms, their masked scan .17; 1,022 take .35
# against .23.
EXACT_ROWS = 512
_PROBES, _PROBED = 16, 512  # rows, as questions and to be found, that the error is measured on
_CALIBRATION_ROWS = 1024
_ROUNDING = 1e-6  # of float32 products, as a standard deviation at most
_EVERY = slice(None)
_LANES = 8  # turbovec takes dimensions in eights; zeros change no product
_ENCODED = 8_192  # rows at a time: 12 MB of float32, and .21 CPU s for 65,536 against .30 all at once
_LOOKED = 2_048  # rows; so many pages of a file are not kept until the next search


class Block(NamedTuple):
    """Rows with their numbers; first: of the first, where all follow one another.

    at: where in rows each slot lies, None for in order. scale: what makes half-precision rows of length 1, by slot.
    codes: by slot; None while scoring every row is as cheap. error: of their scores, as a standard deviation. file:
    which holds the rows, None where memory does. wide: where it has no codes and lies beside others, the rows as
    float32 by slot, for a first look: 400 rows of 384 dimensions take .02 ms, their exact scores .14.
    """

    numbers: np.ndarray
    first: int | None
    rows: np.ndarray
    at: np.ndarray | None
    scale: np.ndarray | None
    codes: TurboQuantIndex | None
    error: float
    file: Filed | None
    wide: np.ndarray | None = None

    @property
    def size(self) -> int:
        """Slots."""
        return len(self.numbers)

    @property
    def matrix(self) -> np.ndarray:
        """The rows by slot."""
        return self.rows if self.at is None else self.rows[self.at]

    @property
    def memory(self) -> Bytes:
        """What it takes of this process."""
        coded = self.size * self.rows.shape[1] * self.codes.bit_width // 8 if self.codes is not None else 0
        beside = sum(held.nbytes for held in (self.numbers, self.at, self.scale, self.wide) if held is not None)
        return Bytes(coded + beside + (self.rows.nbytes if self.file is None else 0))

    @property
    def disk(self) -> Bytes:
        """What it takes of a file."""
        return Bytes(0 if self.file is None else self.rows.nbytes)

    @property
    def form(self) -> dict[str, Any]:
        """What is not in the bytes of its rows and codes."""
        return {"first": self.first, "shape": self.rows.shape, "half": self.scale is not None, "error": self.error}

    def cosines(self, slots: np.ndarray, query: np.ndarray) -> np.ndarray:
        """Exact, of these."""
        places = slots if self.at is None else self.at[slots]
        if self.scale is None:
            scores = cosines(self.rows, places, query)
        else:
            scores = half_cosines(self.rows, places, query) * self.scale[slots]
        if self.file is not None and len(slots) > _LOOKED:
            self.file.rest()
        return scores

    def without(self, gone: np.ndarray) -> Block:
        """A copy without the rows of these numbers; what is left fills the holes from the end, in the codes as well.

        In memory nothing of them stays; in a file, which others may be reading, they are overwritten.
        """
        dead = np.flatnonzero(np.isin(self.numbers, gone))
        if not len(dead):
            return self
        codes, order = copy.copy(self.codes), np.arange(self.size)
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
        wide = None if self.wide is None else self.wide[order]
        left = self._replace(numbers=self.numbers[order], first=None, scale=scale, codes=codes, wide=wide)
        if self.file is None:
            return left._replace(rows=self.rows[order])
        at = np.arange(self.size) if self.at is None else self.at
        self.file.wipe(at[dead])
        return left._replace(at=at[order])

    def can_grow(self, rows: np.ndarray) -> bool:
        """Whether more rows can be coded as its own are: until it has about doubled, since those are what it knows."""
        is_alike = self.at is None and self.file is None and rows.dtype == self.rows.dtype
        return is_alike and self.codes is not None and self.size.bit_length() == (self.size + len(rows)).bit_length()

    def grown(self, numbers: np.ndarray, rows: np.ndarray) -> Block:
        """A copy with more rows behind its own: a tenth of what making it anew costs."""
        codes = copy.copy(self.codes)
        assert codes is not None
        more = None if self.scale is None else unit_scale(rows)
        codes.add(_wide(rows, more), chunk_size=0)
        codes.prepare()
        is_run = self.first is not None and numbers[0] == self.first + self.size
        scale = None if self.scale is None or more is None else np.concatenate([self.scale, more])
        return self._replace(
            numbers=np.concatenate([self.numbers, numbers]), first=self.first if is_run else None, codes=codes,
            rows=np.concatenate([self.rows, rows]), scale=scale,
        )  # fmt: skip

    def allowed(self, mask: np.ndarray) -> np.ndarray:
        """Of each row; a mask allows nothing beyond its end."""
        if self.first is not None and self.first + self.size <= len(mask):
            return mask[self.first : self.first + self.size]
        known = self.numbers < len(mask)
        return known & mask[np.where(known, self.numbers, 0)] if len(mask) else known


def block(numbers: np.ndarray, rows: np.ndarray, bits: int, folder: Path | None, *, is_alone: bool) -> Block:
    """Of rows as they came. folder: where they lie from then on, None for memory. is_alone: no others are searched."""
    first = int(numbers[0])
    is_run = bool((numbers == np.arange(first, first + len(numbers))).all())
    scale = unit_scale(rows) if rows.dtype == np.float16 else None
    plain = Block(numbers, first if is_run else None, rows, None, scale, None, 0.0, None)
    if len(rows) <= EXACT_ROWS:
        return plain if is_alone else plain._replace(wide=_wide(rows, scale), error=_ROUNDING)
    rng = np.random.default_rng(0)
    codes = _encoded(rows, scale, bits, rng)
    return _placed(plain._replace(codes=codes, error=_error(codes, rows, scale, rng)), folder)


def restored(form: Mapping[str, Any], rows: bytes, codes: bytes, folder: Path | None) -> Block:
    """As its form, rows and codes were put away."""
    matrix = np.frombuffer(rows, np.float16 if form["half"] else np.float32).reshape(form["shape"])
    opened = TurboQuantIndex.from_bytes(codes) if codes else None
    if opened is not None:
        opened.prepare()
    numbers = np.arange(form["first"], form["first"] + len(matrix))
    scale = unit_scale(matrix) if form["half"] else None
    return _placed(Block(numbers, form["first"], matrix, None, scale, opened, form["error"], None), folder)


def padded(matrix: np.ndarray) -> np.ndarray:
    """As wide as codes are."""
    missing = -matrix.shape[1] % _LANES
    return matrix if missing == 0 else np.pad(matrix, ((0, 0), (0, missing)))


def _placed(block: Block, folder: Path | None) -> Block:
    file = filed(block.rows, folder) if folder and block.codes is not None else None
    return block if file is None else block._replace(rows=file.rows, file=file)


def _encoded(rows: np.ndarray, scale: np.ndarray | None, bits: int, rng: np.random.Generator) -> TurboQuantIndex:
    drawn = rng.choice(len(rows), min(_CALIBRATION_ROWS, len(rows)), replace=False)
    codes = TurboQuantIndex(rows.shape[1] + -rows.shape[1] % _LANES, bits)
    codes.calibrate(_wide(rows, scale, drawn))
    for start in range(0, len(rows), _ENCODED):
        codes.add(_wide(rows, scale, slice(start, start + _ENCODED)), chunk_size=0)
    codes = copy.copy(codes)  # without the room for more that it grew by: 6 MB and up to as much as the codes
    codes.prepare()
    return codes


def _error(codes: TurboQuantIndex, rows: np.ndarray, scale: np.ndarray | None, rng: np.random.Generator) -> float:
    """The standard deviation of what the codes' scores are off, over pairs of rows."""
    drawn = np.sort(rng.choice(len(rows), min(_PROBED, len(rows)), replace=False))
    probed = np.zeros(len(rows), bool)
    probed[drawn] = True
    wide = _wide(rows, scale, drawn)
    queries = wide[rng.choice(len(drawn), _PROBES)]
    near, slots = codes.search(queries, len(drawn), mask=probed)
    exact = np.einsum("qsd,qd->qs", wide[np.searchsorted(drawn, slots)], queries)
    return float(np.std(exact - near))


def _wide(rows: np.ndarray, scale: np.ndarray | None, of: np.ndarray | slice = _EVERY) -> np.ndarray:
    """Some rows as float32 of length 1, for the codes."""
    wide = np.ascontiguousarray(rows[of], np.float32)
    return padded(wide if scale is None else wide * scale[of, None])
