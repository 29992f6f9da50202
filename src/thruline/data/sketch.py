"""A sketch of a document's words: tells surely which do not stand in it, and holds none of them.

A Bloom filter (Bloom 1970) over keyed digests of the words, in every reading of the text: a search for a person reads
the documents whose sketch may hold all the words of a name, and no others. It misses none, and takes about one in a
hundred for nothing (10 bits and 7 probes a word: .8 %).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from thruline.core.ids import Ids
from thruline.data.called import fold, orders, readings, single_terms

BITS_A_WORD = 10
PROBES = 7


class Sketcher:
    """Makes and reads the sketches of one home."""

    def __init__(self, ids: Ids) -> None:
        # Most words of a document have been in others; they stay in memory, and go with the process.
        self._digest = lru_cache(maxsize=50_000)(partial(ids.digest_bytes, "word"))

    def sketch(self, texts: Iterable[str]) -> bytes:
        """The words of these texts, at least 8 bytes."""
        said = (fold(reading) for text in dict.fromkeys(texts) for reading in readings(text))
        # A file and its text, read in several ways, are the same lines over and over; no term goes over a line's end.
        lines = dict.fromkeys(line for folded in said for line in folded.split("\n"))
        words = set(single_terms("\n".join(lines)))
        size = max(-(-len(words) * BITS_A_WORD // 8), 8)
        bits = np.zeros(size * 8, np.bool_)
        bits[_places(self._digests(words), size * 8)] = True
        return np.packbits(bits, bitorder="little").tobytes()

    def sought(self, names: Iterable[str]) -> Sought:
        """These people, to be looked for in sketches."""
        sequences = {words for name in names for words in orders(name)}
        return Sought([self._digests(words) for words in sequences])

    def _digests(self, words: Iterable[str]) -> np.ndarray:
        """(words, 2) uint64: where the probes of a word begin, and the step between them."""
        joined = b"".join(map(self._digest, words))
        return np.frombuffer(joined, "<u8").reshape(-1, 2)


class Sought:
    """People that are looked for by the words of their names."""

    def __init__(self, sequences: Sequence[np.ndarray]) -> None:
        self._sequences = sequences
        self._probes: dict[int, list[list[_Probe]]] = {}

    def may_be_in(self, sketch: bytes) -> bool:
        """False where none of them surely is."""
        return any(all(sketch[p.byte] & p.bit for p in probes) for probes in self._in(len(sketch)))

    def _in(self, size: int) -> list[list[_Probe]]:
        """Where to look for each of them in sketches of so many bytes: most sketches share their size with others."""
        if size not in self._probes:
            places = [_places(digests, size * 8).ravel().tolist() for digests in self._sequences]
            self._probes[size] = [[_Probe(at >> 3, 1 << (at & 7)) for at in sequence] for sequence in places]
        return self._probes[size]


class _Probe(NamedTuple):
    byte: int
    bit: int


def _places(digests: np.ndarray, bits: int) -> np.ndarray:
    """(words, PROBES) places in a sketch of so many bits: first + i * step (Kirsch and Mitzenmacher 2006)."""
    first, step = digests[:, :1], digests[:, 1:] | np.uint64(1)
    return ((first + np.arange(PROBES, dtype=np.uint64) * step) % np.uint64(bits)).astype(np.int64)
