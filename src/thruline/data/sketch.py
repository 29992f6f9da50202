"""A sketch of a document's words: tells surely which do not stand in it, and holds none of them.

A Bloom filter (Bloom 1970) over keyed digests of the words, in every reading of the text: a search for a person reads
the documents whose sketch may hold all the words of a name, and no others. It misses none, and takes about one in a
hundred for nothing (10 bits and 7 probes a word: .8 %).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from thruline.core.ids import Ids
from thruline.data.called import fold, orders, readings, single_terms

BITS_A_WORD = 10
PROBES = 7


class Sketcher:
    """Makes and reads the sketches of one home."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def sketch(self, texts: Iterable[str]) -> bytes:
        """The words of these texts, at least 8 bytes."""
        said = (fold(reading) for text in dict.fromkeys(texts) for reading in readings(text))
        words = {word for folded in said for word in single_terms(folded)}
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
        joined = b"".join(self._ids.digest_bytes("word", word) for word in words)
        return np.frombuffer(joined, "<u8").reshape(-1, 2)


class Sought:
    """People that are looked for by the words of their names."""

    def __init__(self, sequences: Sequence[np.ndarray]) -> None:
        self._sequences = sequences

    def may_be_in(self, sketch: bytes) -> bool:
        """False where none of them surely is."""
        bits = np.frombuffer(sketch, np.uint8)
        return any(_hold(bits, digests) for digests in self._sequences)


def _hold(sketch: np.ndarray, digests: np.ndarray) -> bool:
    places = _places(digests, len(sketch) * 8)
    return bool((sketch[places >> 3] >> (places & 7).astype(np.uint8) & 1).all())


def _places(digests: np.ndarray, bits: int) -> np.ndarray:
    """(words, PROBES) places in a sketch of so many bits: first + i * step (Kirsch and Mitzenmacher 2006)."""
    first, step = digests[:, :1], digests[:, 1:] | np.uint64(1)
    return ((first + np.arange(PROBES, dtype=np.uint64) * step) % np.uint64(bits)).astype(np.int64)
