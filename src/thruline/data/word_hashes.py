"""Hashes of words and word n-grams of many texts at once: numpy only, no Python loop over words or characters.

A word's hash comes from prefix sums of a polynomial over its bytes: that of data[a:b] is (H[b] - H[a]) * P**-a modulo
2**64, mixed (splitmix64). The chance that two of a million different n-grams collide is 3 in 100 million.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

_PRIME = 0x9E3779B97F4A7C15
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
BLOCK_BYTES = 2**18  # the prefix sums of a block, 8 bytes a byte, stay in a core's cache


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some texts as one array of bytes, a line feed before each and after the last.

    Text k is data[starts[k]:ends[k]]; `first` is the index in the whole list of text 0.
    """

    data: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    first: int


@dataclass(frozen=True, kw_only=True)
class Words:
    """Runs of bytes between white space: word i is data[starts[i]:ends[i]], and text k has words bounds[k]:bounds[k+1].

    sums: the prefix sums that `spans` reads.
    """

    starts: np.ndarray
    ends: np.ndarray
    hashes: np.ndarray
    bounds: np.ndarray
    sums: np.ndarray


def blocks(encoded: Sequence[bytes]) -> list[Block]:
    """All texts, in blocks of about BLOCK_BYTES; a larger text is a block of its own. One at least, if an empty one."""
    lengths = np.fromiter((len(e) + 1 for e in encoded), np.int64, len(encoded))
    begins = np.concatenate(([0], np.cumsum(lengths)))
    cuts = np.flatnonzero(np.diff(begins[:-1] // BLOCK_BYTES, prepend=-1)).tolist()
    return [_block(encoded[a:b], a) for a, b in pairwise([*(cuts or [0]), len(encoded)])]


def _block(encoded: Sequence[bytes], first: int) -> Block:
    data = np.frombuffer(b"\n" + b"\n".join(encoded) + b"\n", np.uint8)
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
    ends = np.cumsum(lengths + 1)
    return Block(data=data, starts=ends - lengths, ends=ends, first=first)


def find_words(block: Block) -> Words:
    """The words of a block, with their hashes."""
    space = (block.data == 32) | ((block.data - np.uint8(9)) < 5)
    edges = np.flatnonzero(space[1:] != space[:-1]) + 1
    starts, ends = edges[0::2], edges[1::2]
    bounds = np.append(np.searchsorted(starts, block.starts), len(starts))
    sums = _sums(block.data)
    return Words(starts=starts, ends=ends, hashes=spans(sums, starts, ends), bounds=bounds, sums=sums)


def spans(sums: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Hash of data[start:end] for each pair; equal bytes give equal hashes wherever they stand."""
    _, inverse = _powers(_enough(len(sums)))
    return mixed((sums[ends] - sums[starts]) * inverse[starts])


def _sums(data: np.ndarray) -> np.ndarray:
    power, _ = _powers(_enough(len(data)))
    sums = np.zeros(len(data) + 1, np.uint64)
    np.add(data, 1, out=sums[1:], dtype=np.uint64)  # so that a NUL counts too
    sums[1:] *= power[: len(data)]
    return np.cumsum(sums, out=sums)


def _enough(length: int) -> int:
    return max(2 * BLOCK_BYTES, 1 << length.bit_length())


def grams(hashes: np.ndarray, n: int) -> np.ndarray:
    """Hash of each n words in a row, (len(hashes) - n + 1,), or none; across the borders of texts too."""
    last = max(len(hashes) - n + 1, 0)
    total = np.zeros(last, np.uint64)
    for k in range(n):
        total += hashes[k : k + last] * _factor(k)
    return total


def inside(words: Words, n: int) -> np.ndarray:
    """The first words of all n words in a row that lie in one text: places in `grams`."""
    of_word = text_of(words)
    last = max(len(of_word) - n + 1, 0)
    return np.flatnonzero(of_word[:last] == of_word[n - 1 :][:last])


def text_of(words: Words) -> np.ndarray:
    """(words,) the number of the text that each word stands in."""
    return np.repeat(np.arange(len(words.bounds) - 1), np.diff(words.bounds))


def as_one(hashes: np.ndarray) -> np.uint64:
    """Hash of all these words in a row: what `grams` gives where n is their number."""
    return grams(hashes, len(hashes))[0]


def mixed(x: np.ndarray) -> np.ndarray:
    """The uint64 numbers with every bit spread over all (splitmix64)."""
    x = (x ^ (x >> np.uint64(30))) * _MIX[0]
    x = (x ^ (x >> np.uint64(27))) * _MIX[1]
    return x ^ (x >> np.uint64(31))


def _factor(k: int) -> np.uint64:
    return np.uint64(pow(_PRIME, k + 1, 2**64))


@lru_cache(maxsize=2)
def _powers(size: int) -> tuple[np.ndarray, np.ndarray]:
    return _powers_of(_PRIME, size), _powers_of(pow(_PRIME, -1, 2**64), size)


def _powers_of(base: int, size: int) -> np.ndarray:
    return np.cumprod(np.concatenate((np.ones(1, np.uint64), np.full(size - 1, base, np.uint64))))
