"""What a learned reranker looks at: numbers about a question and each passage that was found for it.

Nothing but what the search has already and the words of the passages as the reader sees them: no model runs. The same
hits give the same numbers, whatever the machine and whenever it is asked.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from thruline.vectors.fusion import RRF_K
from thruline.vectors.sentences import sentences
from thruline.vectors.terms import coverage, terms, weights

VERSION = 1  # of what the numbers mean: a model that learned from others is refused
BEST = 5  # passages whose common words are the topic
NAMES = (
    "closeness", "closeness_below_best", "closeness_rank", "words", "words_of_best", "words_rank", "fused_of_best",
    "in_both", "terms_in_text", "terms_in_title", "terms_in_sentence", "pairs_in_text", "rarest_in_text", "how_often",
    "near_together", "like_the_best", "length", "question_length", "younger_than", "of_its_source",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A passage and how it was found: ranks count from 1, and 0 means that this search did not find it.

    age_s: since its record came in, by any clock: only how much younger it is than others is looked at.
    """

    source: str
    title: str
    text: str
    fused: float
    dense_rank: int
    dense_score: float
    text_rank: int
    text_score: float
    age_s: float = 0.0


@dataclass(frozen=True)
class _Read:
    """A passage as stems: of its title, of each of its sentences, and of all of it in order."""

    title: list[str]
    sentences: list[list[str]]

    @property
    def all(self) -> list[str]:
        return [*self.title, *(word for sentence in self.sentences for word in sentence)]


def features(question: str, found: Sequence[Candidate]) -> np.ndarray:
    """(len(found), len(NAMES)) float32; a row does not depend on the order in which the candidates are given."""
    if not found:
        return np.empty((0, len(NAMES)), np.float32)
    asked = terms(question)
    read = [_Read(terms(c.title), [terms(c.text[s.start : s.end]) for s in sentences(c.text)]) for c in found]
    said = [passage.all for passage in read]
    weight = weights(dict.fromkeys(asked), [frozenset(words) for words in said])
    columns = [*_of_search(found), *_of_words(asked, read, said, weight), *_of_passages(found, asked, said)]
    return np.stack(columns, axis=1).astype(np.float32)


def _of_search(found: Sequence[Candidate]) -> list[np.ndarray]:
    """How the two searches and their fusion placed it."""
    close = _filled([c.dense_score for c in found], [c.dense_rank for c in found])
    words = _filled([c.text_score for c in found], [c.text_rank for c in found])
    fused = np.array([c.fused for c in found])
    return [
        close, close.max() - close, _reciprocal([c.dense_rank for c in found]), words, words / (words.max() or 1.0),
        _reciprocal([c.text_rank for c in found]), fused / (fused.max() or 1.0),
        np.array([float(c.dense_rank > 0 and c.text_rank > 0) for c in found]),
    ]  # fmt: skip


def _of_words(
    asked: Sequence[str], read: Sequence[_Read], said: Sequence[Sequence[str]], weight: Mapping[str, float]
) -> list[np.ndarray]:
    """Which of the question's words it holds, by their rarity among the candidates, and how they stand together."""
    pairs = set(pairwise(asked))
    rarest = max(weight, key=lambda term: (weight[term], term), default="")
    rows = (
        (
            coverage(weight, words),
            coverage(weight, passage.title),
            max((coverage(weight, sentence) for sentence in passage.sentences), default=0.0),
            len(pairs.intersection(pairwise(words))) / len(pairs) if pairs else 0.0,
            float(rarest in words),
            _how_often(words, weight),
            _nearness(words, weight),
        )
        for passage, words in zip(read, said, strict=True)
    )
    return list(np.array(list(rows), np.float64).T)


def _of_passages(found: Sequence[Candidate], asked: Sequence[str], said: Sequence[Sequence[str]]) -> list[np.ndarray]:
    """What it is by itself and among the others."""
    sources = Counter(c.source for c in found)
    ages = np.array([c.age_s for c in found])
    return [
        _likeness(found, said),
        np.array([math.log1p(len(words)) for words in said]),
        np.full(len(found), math.log1p(len(asked))),
        np.log1p((ages.max() - ages) / 86400),
        np.array([sources[c.source] / len(found) for c in found]),
    ]


def _filled(scores: Sequence[float], ranks: Sequence[int]) -> np.ndarray:
    """Scores, with the lowest of all where a search did not find it."""
    lowest = min((score for score, rank in zip(scores, ranks, strict=True) if rank), default=0.0)
    return np.array([score if rank else lowest for score, rank in zip(scores, ranks, strict=True)])


def _reciprocal(ranks: Sequence[int]) -> np.ndarray:
    return np.array([RRF_K / (RRF_K + rank) if rank else 0.0 for rank in ranks])


def _how_often(words: Sequence[str], weight: Mapping[str, float]) -> float:
    counted = Counter(words)
    return sum(math.log1p(counted[term]) * w for term, w in weight.items())


def _nearness(words: Sequence[str], weight: Mapping[str, float]) -> float:
    """How near together two different words of the question stand: 1 for neighbours, 0 where fewer than two do."""
    places = [(at, word) for at, word in enumerate(words) if word in weight]
    gaps = [after - at for (at, word), (after, other) in pairwise(places) if word != other]
    return 1.0 / min(gaps) if gaps else 0.0


def _likeness(found: Sequence[Candidate], said: Sequence[Sequence[str]]) -> np.ndarray:
    """Share of each passage's words that the best hold, too: the topic that they have in common."""
    best = sorted(range(len(found)), key=lambda i: (-found[i].fused, found[i].title, found[i].text))[:BEST]
    common = Counter(word for i in best for word in set(said[i]))
    return np.array([sum(common[w] for w in set(words)) / (len(best) * len(set(words)) or 1) for words in said])
