"""Whether a test set was seen in training: the pairs of test and training texts that overlap.

Two texts overlap when they share 13 words in a row, case and punctuation aside (GPT-3: Brown et al. 2020, appendix C),
or are near-duplicates (Jaccard of word 5-grams >= .8). A run of words that stands in more than ten training texts is a
phrase, not a copy, and does not count, as there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from thruline.data.corpus_duplicates import Near, canonical, duplicates, exact_duplicates, plain
from thruline.data.word_hashes import blocks, find_words, grams, inside, text_of

NGRAM = 13
COMMON = 10


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Test text `test` and training text `train`, by their index.

    similarity: the share of the test text's n-grams that the training text has, or their Jaccard when near.
    """

    test: int
    train: int
    how: Literal["ngram", "near"]
    similarity: float


@dataclass(frozen=True, kw_only=True)
class Contamination:
    """How much of a test set stands in training.

    share: of the test texts, those in a pair. too_short: how many have fewer than 13 words; only a near-duplicate can
    tell on them.
    """

    share: float
    too_short: int
    pairs: tuple[Overlap, ...]


def contamination(train: Sequence[str], test: Sequence[str], find: Near | None = None) -> Contamination:
    """The overlap of two sets; a pair may be there for both reasons. 0 for an empty test set.

    find: as in `duplicates`.
    """
    pairs = _by_ngrams(train, test) + _by_nearness(train, test, find)
    touched = {pair.test for pair in pairs}
    return Contamination(
        share=len(touched) / len(test) if test else 0.0,
        too_short=sum(len(plain(text).split()) < NGRAM for text in test),
        pairs=tuple(sorted(pairs, key=lambda p: (p.test, p.train, p.how))),
    )


class _Grams(NamedTuple):
    """Distinct pairs of an n-gram's hash and the text that it stands in, by hash."""

    hashes: np.ndarray
    texts: np.ndarray


def _by_ngrams(train: Sequence[str], test: Sequence[str]) -> list[Overlap]:
    copies = {edge.b for edge in exact_duplicates(train)}
    tested = _grams([plain(text) for text in test])
    trained = _grams(
        [b"" if n in copies else plain(text) for n, text in enumerate(train)], among=np.unique(tested.hashes)
    )
    tests, trains = _joined(tested, _without_phrases(trained))
    pairs, shared = np.unique(tests * max(len(train), 1) + trains, return_counts=True)
    lengths = np.bincount(tested.texts, minlength=len(test))
    found = zip(
        (pairs // max(len(train), 1)).tolist(), (pairs % max(len(train), 1)).tolist(), shared.tolist(), strict=True
    )
    return [Overlap(test=a, train=b, how="ngram", similarity=float(n / lengths[a])) for a, b, n in found]


def _grams(texts: Sequence[bytes], among: np.ndarray | None = None) -> _Grams:
    """The n-grams of the texts; where `among`, ascending hashes, is given only those."""
    hashes, owners = [], []
    for block in blocks(texts):
        words = find_words(block)
        firsts = inside(words, NGRAM)
        found = grams(words.hashes, NGRAM)[firsts]
        is_wanted = np.ones(len(found), bool) if among is None else np.isin(found, among)
        hashes.append(found[is_wanted])
        owners.append(text_of(words)[firsts][is_wanted] + block.first)
    return _distinct(np.concatenate(hashes), np.concatenate(owners))


def _distinct(hashes: np.ndarray, texts: np.ndarray) -> _Grams:
    order = np.lexsort((texts, hashes))
    hashes, texts = hashes[order], texts[order]
    is_new = np.append(True, (hashes[1:] != hashes[:-1]) | (texts[1:] != texts[:-1]))[: len(hashes)]
    return _Grams(hashes[is_new], texts[is_new])


def _without_phrases(trained: _Grams) -> _Grams:
    _, which, counts = np.unique(trained.hashes, return_inverse=True, return_counts=True)
    is_rare = counts[which] <= COMMON
    return _Grams(trained.hashes[is_rare], trained.texts[is_rare])


def _joined(tested: _Grams, trained: _Grams) -> tuple[np.ndarray, np.ndarray]:
    """The test and the training text of every n-gram that both have."""
    starts = np.searchsorted(tested.hashes, trained.hashes, "left")
    counts = np.searchsorted(tested.hashes, trained.hashes, "right") - starts
    places = np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    return tested.texts[places], np.repeat(trained.texts, counts)


def _by_nearness(train: Sequence[str], test: Sequence[str], find: Near | None) -> list[Overlap]:
    """Near and equal pairs; of training texts with the same words the first stands for all."""
    edges = duplicates([*train, *test], find=find)
    exact = [edge for edge in edges if edge.how == "exact"]
    tests: dict[int, list[int]] = {}
    for n, first in enumerate(canonical(len(train) + len(test), exact)[len(train) :].tolist()):
        tests.setdefault(first, []).append(n)
    same = [(first, first, 1.0) for first in tests]
    near = [
        (a, b, edge.similarity) for edge in edges if edge.how == "near" for a, b in ((edge.a, edge.b), (edge.b, edge.a))
    ]
    return [
        Overlap(test=n, train=a, how="near", similarity=similarity)
        for a, b, similarity in same + near
        if a < len(train)
        for n in tests.get(b, ())
    ]
