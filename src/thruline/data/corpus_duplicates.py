"""Duplicates in a corpus: exact and near, each as an edge; the first of those that connect is canonical.

Near-duplicates are found as in duplicates.py (R-MinHash over word 5-grams, 32 bands of 4 rows, exact Jaccard decides),
but for all texts at once, so that no Python loop runs over words, bands or pairs. Nothing is dropped here: the caller
keeps the edges and decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from rensa import RMinHash  # pyright: ignore[reportAttributeAccessIssue] - compiled, without stubs

from thruline.data.duplicates import BANDS, PERMUTATIONS, THRESHOLD
from thruline.data.word_hashes import Words, as_one, blocks, find_words, grams, inside, mixed

How = Literal["exact", "near"]
# In a bucket of many near-copies each is compared with the 64 next ones: all pairs would be quadratic, and the chain of
# neighbours already makes one component of them.
REACH = 64
_PAIRS_AT_A_TIME = 2**11  # their number is the highest 11 bits of what is sorted
_SHINGLE = 5  # as in duplicates.shingles
_SEED = 7
_WORD = re.compile(r"\w+")
_LETTERS = bytes(byte if chr(byte).isalnum() or chr(byte) == "_" else 32 for byte in range(128)).lower() + bytes(128)


class Edge(NamedTuple):
    """Texts a < b, by their index, say the same; similarity in [0, 1]: Jaccard of 5-grams."""

    a: int
    b: int
    how: How
    similarity: float


class Pair(NamedTuple):
    """Texts a < b, by their index, and the Jaccard of their 5-grams."""

    a: int
    b: int
    similarity: float


Near = Callable[[Sequence[bytes], float], list[Pair]]


def duplicates(texts: Sequence[str], threshold: float = THRESHOLD, find: Near | None = None) -> list[Edge]:
    """Exact edges, then the near ones among what is distinct.

    find: finds the near ones instead of `near`, elsewhere, by its parts.
    """
    said = [plain(text) for text in texts]
    exact = _exact(said)
    copies = {edge.b for edge in exact}
    kept = [n for n, words in enumerate(said) if n not in copies and words]
    pairs = (find or near)([said[n] for n in kept], threshold)
    return exact + [Edge(kept[pair.a], kept[pair.b], "near", pair.similarity) for pair in pairs]


def signatures(texts: Sequence[bytes]) -> np.ndarray:
    """(texts, 128) uint32 minima; the first of three parts."""
    return np.concatenate([_signatures(_shingles(find_words(block))) for block in blocks(texts)])


def keys_of(signatures: np.ndarray) -> np.ndarray:
    """(32, texts) uint64: a key for each band; texts with equal keys in one are candidates."""
    rows = np.ascontiguousarray(signatures).view(np.uint64)
    halves = rows.reshape(len(rows), BANDS, PERMUTATIONS // BANDS // 2)
    return np.stack([mixed(halves[:, band, 0]) + halves[:, band, 1] for band in range(BANDS)])


def bucketed(keys: np.ndarray) -> np.ndarray:
    """The pairs a < b with equal keys in a band, as a * texts + b; each beside the REACH next ones. The second part."""
    pairs = [a * len(keys) + b for a, b in _neighbours(keys)]
    return np.concatenate(pairs) if pairs else np.zeros(0, np.int64)


def jaccards(texts: Sequence[bytes], pairs: np.ndarray) -> np.ndarray:
    """(pairs,) exact Jaccard of the texts of each pair, (pairs, 2); the third part."""
    return _similarities(_joined([_shingles(find_words(block)) for block in blocks(texts)]), pairs)


def candidates(found: Sequence[np.ndarray], count: int) -> np.ndarray:
    """(pairs, 2) rows a < b, each once, of what `bucketed` found in each band."""
    distinct = np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
    return np.stack((distinct // max(count, 1), distinct % max(count, 1)), axis=1)


def within(pairs: np.ndarray, similarities: np.ndarray, threshold: float) -> list[Pair]:
    """Of the pairs those that are as near as the threshold."""
    found = zip(pairs.tolist(), similarities.tolist(), strict=True)
    return [Pair(a, b, similarity) for (a, b), similarity in found if similarity >= threshold]


def exact_duplicates(texts: Sequence[str]) -> list[Edge]:
    """An edge from each text to the first with the same words in order; case, spacing and punctuation aside."""
    return _exact([plain(text) for text in texts])


def canonical(count: int, edges: Sequence[Edge]) -> np.ndarray:
    """(count,) for each text the first one of those that edges connect it with, directly or by way of others."""
    first = list(range(count))
    for edge in edges:
        a, b = _root(first, edge.a), _root(first, edge.b)
        first[max(a, b)] = min(a, b)
    return np.array([_root(first, n) for n in range(count)], np.int64)


def plain(text: str) -> bytes:
    """The words that are compared, a space between two: letters, digits and `_`, lower case, in UTF-8."""
    if text.isascii():
        return b" ".join(text.encode().translate(_LETTERS).split())
    return " ".join(_WORD.findall(text.lower())).encode(errors="replace")


def _root(first: list[int], n: int) -> int:
    while first[n] != n:
        first[n] = n = first[first[n]]
    return n


def _exact(texts: Sequence[bytes]) -> list[Edge]:
    first: dict[bytes, int] = {}
    met = ((first.setdefault(words, n), n) for n, words in enumerate(texts) if words)
    return [Edge(a, b, "exact", 1.0) for a, b in met if a != b]


class _Shingles(NamedTuple):
    """Hashes of word 5-grams: text k has hashes[bounds[k]:bounds[k + 1]], repeats included."""

    hashes: np.ndarray
    bounds: np.ndarray


def near(texts: Sequence[bytes], threshold: float) -> list[Pair]:
    """The pairs among distinct texts, as `plain` gives them, that are as near as a threshold."""
    parts = [_shingles(find_words(block)) for block in blocks(texts)]
    keys = keys_of(np.concatenate([_signatures(part) for part in parts]))
    pairs = candidates([bucketed(band) for band in keys], len(texts))
    return within(pairs, _similarities(_joined(parts), pairs), threshold)


def _joined(parts: Sequence[_Shingles]) -> _Shingles:
    counts = np.concatenate([np.diff(part.bounds) for part in parts])
    return _Shingles(np.concatenate([part.hashes for part in parts]), np.concatenate(([0], np.cumsum(counts))))


def _similarities(shingles: _Shingles, pairs: np.ndarray) -> np.ndarray:
    some = [_jaccards(shingles, pairs[n : n + _PAIRS_AT_A_TIME]) for n in range(0, len(pairs), _PAIRS_AT_A_TIME)]
    return np.concatenate(some) if some else np.zeros(0)


def _shingles(words: Words) -> _Shingles:
    counts = np.diff(words.bounds)
    short = np.flatnonzero((counts > 0) & (counts < _SHINGLE))
    hashes = np.zeros(len(words.hashes), np.uint64)
    hashes[: max(len(hashes) - _SHINGLE + 1, 0)] = grams(words.hashes, _SHINGLE)
    for k in short:
        hashes[words.bounds[k]] = as_one(words.hashes[words.bounds[k] : words.bounds[k + 1]])
    shingles = np.maximum(counts - _SHINGLE + 1, np.minimum(counts, 1))
    is_first = np.zeros(len(hashes), bool)
    is_first[inside(words, _SHINGLE)] = is_first[words.bounds[short]] = True
    return _Shingles(hashes[is_first], np.concatenate(([0], np.cumsum(shingles))))


def _signatures(shingles: _Shingles) -> np.ndarray:
    """(texts, 128) uint32 minima; a block at a time, since rensa hands them over as Python numbers."""
    bounds = shingles.bounds.astype(np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(shingles.hashes, bounds, num_perm=PERMUTATIONS, seed=_SEED)
    return np.array(matrix.to_rows(), np.uint32).reshape(-1, PERMUTATIONS)


def _neighbours(keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows with equal keys: each beside the REACH next ones. The row stands in the low bits of what is sorted."""
    bits = np.uint64(max(len(keys), 1).bit_length())
    ordered = np.sort((mixed(keys) >> bits << bits) | np.arange(len(keys), dtype=np.uint64))
    buckets, rows = ordered >> bits, (ordered & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    for step in range(1, REACH + 1):
        is_same = buckets[step:] == buckets[:-step]
        if not is_same.any():
            return
        yield rows[:-step][is_same], rows[step:][is_same]


def _jaccards(shingles: _Shingles, pairs: np.ndarray) -> np.ndarray:
    """(pairs,) exact Jaccard: of the sorted shingles of a pair, those that occur twice are shared."""
    starts, ends = shingles.bounds[pairs.ravel()], shingles.bounds[pairs.ravel() + 1]
    lengths = ends - starts
    owner = np.repeat(np.arange(len(lengths), dtype=np.uint64), lengths)
    index = np.repeat(starts - np.cumsum(lengths) + lengths, lengths) + np.arange(len(owner))
    # Highest the pair, lowest which of the two texts, between them 52 bits of the hash.
    keys = np.sort(((owner >> 1) << 53) | (shingles.hashes[index] >> 12 << 1) | (owner & 1))
    keys = keys[np.append(True, keys[1:] != keys[:-1])]
    is_shared = keys[1:] >> 1 == keys[:-1] >> 1
    shared = np.bincount((keys[1:][is_shared] >> 53).astype(np.int64), minlength=len(pairs))
    return shared / (np.bincount((keys >> 53).astype(np.int64), minlength=len(pairs)) - shared)
