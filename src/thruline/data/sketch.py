"""A sketch of a document's words: tells surely which do not stand in it, and holds none of them.

A Bloom filter (Bloom 1970) over keyed digests of the words, in every reading of the text: a search for a person reads
the documents whose sketch may hold all the words of a name, and no others. It misses none, and takes about one in a
hundred for nothing (10 bits and 7 probes a word: .8 %).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from thruline.core.ids import Ids
from thruline.data.called import fold, orders, readings, terms

BITS_A_WORD = 10
PROBES = 7
_HALF = 64


class _Probe(NamedTuple):
    """Two halves of a digest; the i-th place is first + i * step (Kirsch and Mitzenmacher 2006)."""

    first: int
    step: int

    def places(self, bits: int) -> Iterator[int]:
        """Where a sketch of so many bits holds the word."""
        return ((self.first + i * self.step) % bits for i in range(PROBES))


class Sketcher:
    """Makes and reads the sketches of one home."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def sketch(self, texts: Iterable[str]) -> bytes:
        """The words of these texts, at least 8 bytes."""
        words = {term for text in texts for reading in readings(text) for term in terms(fold(reading), {1})}
        size = max(-(-len(words) * BITS_A_WORD // 8), 8)
        bits = bytearray(size)
        for (word,) in words:
            for place in self._probe(word).places(size * 8):
                bits[place >> 3] |= 1 << (place & 7)
        return bytes(bits)

    def sought(self, names: Iterable[str]) -> Sought:
        """These people, to be looked for in sketches."""
        sequences = {words for name in names for words in orders(name)}
        return Sought([[self._probe(word) for word in words] for words in sequences])

    def _probe(self, word: str) -> _Probe:
        digest = int(self._ids.digest("word", word), 16)
        return _Probe(digest >> _HALF, digest & ((1 << _HALF) - 1) | 1)


class Sought:
    """People that are looked for by the words of their names."""

    def __init__(self, sequences: list[list[_Probe]]) -> None:
        self._sequences = sequences

    def may_be_in(self, sketch: bytes) -> bool:
        """False where none of them surely is."""
        return any(all(_holds(sketch, probe) for probe in words) for words in self._sequences)


def _holds(sketch: bytes, probe: _Probe) -> bool:
    return all(sketch[place >> 3] >> (place & 7) & 1 for place in probe.places(len(sketch) * 8))
