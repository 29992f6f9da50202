"""Names, places, organisations and addresses in running text: a linear model over words, their shapes and known names.

Each word is described by itself, its ending, its shape and the lists that hold it (`lists/words.txt`); the weights of a
word's description and of its four neighbours' add up to a score for each label (`lists/tagger.npz`). Both are made by
`scripts/train_names.py` from sentences written for that purpose. No state, no order of decoding: all words at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import as_file, files
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from thruline.ports.names import Named

LABELS: tuple[Named, ...] = ("name", "place", "organisation", "address")  # from 1; 0 is no name
OFFSETS = (-2, -1, 0, 1, 2)
SLOTS = 9  # how many features describe a word
CODES = 128  # kinds of words, by shape and lists: 16 * 8
PARTED = "\x1f"  # between the features in the file; a line end is a word, and so a feature
EDGE = 14 * 8  # the kind of what stands before the first word and after the last
# Split by the tokens, a text gives them at every second place: faster than a match object for each.
TOKENS = re.compile(r"(\n|[^\W\d_]+(?:-[^\W\d_]+|['\u2019](?!s\b)[^\W\d_]+)*|\d+|[^\w\s])")
_PUNCTUATION: Mapping[str, int] = {"\n": 0, ",": 2, ".": 3, "'": 15, '"': 15, "\u2019": 15}


class Weights(NamedTuple):
    """features: feature -> row of `words`; words: (offset, feature, label); before, after: (pair of codes, label)."""

    features: Mapping[str, int]
    words: np.ndarray
    before: np.ndarray
    after: np.ndarray
    version: str


class Tagged(NamedTuple):
    """Characters start..end carry this label, with the model's probability for the least sure of their words."""

    start: int
    end: int
    label: Named
    probability: float


Judge = Callable[[str, Sequence[str], Sequence[tuple[int, int]]], np.ndarray]


def tag(text: str, judge: Judge | None = None) -> list[Tagged]:
    """The labelled parts of the text, in order; a word that mostly stands there as no name is none anywhere.

    judge: gives the (word, label) probabilities; the linear model when there is none.
    """
    words, spans = cut(text)
    if not words:
        return []
    judged = judge(text, words, spans) if judge else probabilities(words)
    parts = [(part, text[part.start : part.end]) for part in _runs(spans, words, judged)]
    said, named = Counter(words), Counter(part for _, part in parts)
    return [part for part, as_said in parts if said[as_said] <= 2 * named[as_said]]


def cut(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    """The words, line ends and marks of a text, and where each starts and ends."""
    pieces = TOKENS.split(text)
    starts = list(accumulate(map(len, pieces), initial=0))
    return pieces[1::2], list(zip(starts[1::2], starts[2::2], strict=False))


def describe(word: str) -> tuple[tuple[str, ...], int]:
    """The features of a word, at most SLOTS of them, and its code."""
    lists = _lists().get(word if not word.isupper() else word.capitalize(), 0) if word[:1].isupper() else 0
    shape = _shape(word)
    low = word.lower()
    features = [f"w={low}", f"shape={shape}", f"len={min(len(word), 12)}"]
    if word.isalpha() or len(word) > 1:
        features += [f"s4={low[-4:]}", f"s3={low[-3:]}", f"s2={low[-2:]}", f"p3={low[:3]}"]
    features += [f"lists={lists}"] if lists else []
    return tuple(features), shape * 8 + lists


def is_full(name: str) -> bool:
    """Whether a name is a listed given name and, last, a listed surname or a word that is on no list."""
    words = name.split()
    lists = _lists()
    return (
        2 <= len(words) <= 5
        and lists.get(words[0], 0) & 1 == 1
        and lists.get(words[-1], 2) & 2 == 2
        and len(words[-1]) > 2
        and words[-1][0].isupper()
        and all(c.isalpha() or c in " .'\u2019-" for c in name)
    )


@cache
def weights() -> Weights:
    """The committed model."""
    with as_file(files("thruline.data") / "lists" / "tagger.npz") as path, np.load(path, allow_pickle=False) as file:
        features = {str(name): row for row, name in enumerate(str(file["features"]).split(PARTED), start=1)}
        words, before, after = (file[name].astype(np.float32) * file["scale"] for name in ("words", "before", "after"))
        return Weights(features, words, before, after, str(file["version"]))


def probabilities(words: Sequence[str]) -> np.ndarray:
    """(word, label) float32; label 0 is no name. At least one word."""
    model = weights()
    place = {word: i for i, word in enumerate(dict.fromkeys(words))}
    known = [_known(word) for word in place]
    table = np.array([scores for scores, _ in known])
    which = np.array([place[word] for word in words])
    codes = np.array([code for _, code in known])[which]
    scores = np.zeros((len(words), 1 + len(LABELS)), dtype=np.float32)
    for n, offset in enumerate(OFFSETS):
        here = slice(max(0, -offset), len(words) - max(0, offset))
        there = slice(max(0, offset), len(words) + min(0, offset))
        scores[here] += table[which[there], n]
    edged = np.concatenate(([EDGE], codes, [EDGE]))
    scores += model.before[edged[:-2] * CODES + codes] + model.after[codes * CODES + edged[2:]]
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def _runs(spans: Sequence[tuple[int, int]], words: Sequence[str], judged: np.ndarray) -> Iterator[Tagged]:
    """Neighbours of one label as one part; a line break ends every part but an address."""
    best = judged.argmax(axis=1)
    end = 0
    for i in np.flatnonzero(best).tolist():
        if i < end:
            continue
        label, end = best[i], i + 1
        while end < len(words) and best[end] == label and (words[end] != "\n" or LABELS[label - 1] == "address"):
            end += 1
        first, last = _trimmed(words, i, end)
        if first < last:
            sure = float(judged[first:last, label].min())
            yield Tagged(spans[first][0], spans[last - 1][1], LABELS[label - 1], sure)


def _trimmed(words: Sequence[str], first: int, last: int) -> tuple[int, int]:
    while first < last and not words[first][0].isalnum():
        first += 1
    while first < last and not words[last - 1][0].isalnum():
        last -= 1
    return first, last


@lru_cache(maxsize=20_000)
def _known(word: str) -> tuple[np.ndarray, int]:
    """What a word adds to the scores around it, (offset, label) float32, and its code."""
    names, code = describe(word)
    model = weights()
    rows = [model.features.get(name, 0) for name in names]
    return model.words[:, [*rows, *([0] * (SLOTS - len(rows)))]].sum(axis=1), code


def _shape(word: str) -> int:
    first = word[0]
    if first.isdigit():
        return 9 + (len(word) > 2) + (len(word) > 3) + (len(word) > 4)
    if not first.isalpha():
        return _PUNCTUATION.get(first, 1)
    if word.islower():
        return 4
    if len(word) == 1:
        return 7
    return 5 if word.istitle() or word[1:].islower() else 6 if word.isupper() else 8


@cache
def _lists() -> Mapping[str, int]:
    """Word -> 1 for a given name, 2 for a surname, 4 for a place, added up."""
    lines = (files("thruline.data") / "lists" / "words.txt").read_text("utf-8").splitlines()
    return {word: int(line[0]) for line in lines for word in line[2:].split(" ")}
