"""Names by what an embedder makes of each word in its sentence: a small network over its states.

A word is described by the mean state of its tokens, those of its neighbours, and what the linear tagger thinks of it;
one hidden layer gives the labels. `scripts/train_names_head.py` makes `lists/names_head.npz` from the same sentences as
the tagger; the states are those of bge-small-en-v1.5, so that an installation needs no weights beside the embedder's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import as_file, files
from typing import NamedTuple

import numpy as np

from thruline.data.tagger import probabilities
from thruline.ports.embedder import ReadsTokens, TokenStates

WINDOW, OVERLAP = 200, 20  # words that are read at once, and those of them that are context only
FLOOR = 1e-4  # of a probability, before its logarithm


class Head(NamedTuple):
    """hidden: (inputs, units) and bias; out: (units, label) and bias."""

    hidden: np.ndarray
    hidden_bias: np.ndarray
    out: np.ndarray
    out_bias: np.ndarray


class NamesInContext:
    """A Judge of data.tagger. One instance may be used by several threads when its embedder may."""

    version = "in context 1"

    def __init__(self, embedder: ReadsTokens) -> None:
        self._embedder = embedder

    def __call__(self, text: str, words: Sequence[str], spans: Sequence[tuple[int, int]]) -> np.ndarray:
        """(word, label) float32. Words whose tokens did not fit into the embedder are judged by the tagger alone."""
        judged = probabilities(words)
        for first, last in _windows(len(words)):
            start, end = spans[first][0], spans[last - 1][1]
            shifted = [(a - start, b - start) for a, b in spans[first:last]]
            states, is_read = word_states(self._embedder.states(text[start:end]), shifted)
            new = softmax(scores(_head(), inputs(states, judged[first:last])))
            here = np.arange(len(shifted)) >= (OVERLAP if first else 0)
            judged[first:last][here & is_read] = new[here & is_read]
        return judged


def _windows(words: int) -> Iterator[tuple[int, int]]:
    first = 0
    while first < words:
        yield first, min(first + WINDOW, words)
        if first + WINDOW >= words:
            return
        first += WINDOW - OVERLAP


def word_states(read: TokenStates, spans: Sequence[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """(word, dims) the mean state of each word's tokens, zeros for a line end; and whether it was read at all."""
    states = np.zeros((len(spans), read.vectors.shape[1]), np.float32)
    tokens = [(start, end, row) for row, (start, end) in enumerate(read.offsets) if end > start]
    last = tokens[-1][1] if tokens else 0
    at = 0
    for word, (start, end) in enumerate(spans):
        while at < len(tokens) and tokens[at][1] <= start:
            at += 1
        rows = []
        for token_start, _, row in tokens[at:]:
            if token_start >= end:
                break
            rows.append(row)
        if rows:
            states[word] = read.vectors[rows].mean(axis=0)
    return states, np.array([start < last for start, _ in spans])


def inputs(states: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """(word, 3 * dims + labels): the word before, the word, the word after, and the tagger's log-probabilities."""
    edge = np.zeros((1, states.shape[1]), states.dtype)
    before, after = np.concatenate((edge, states[:-1])), np.concatenate((states[1:], edge))
    return np.concatenate((before, states, after, np.log(judged + FLOOR)), axis=1)


def scores(head: Head, rows: np.ndarray) -> np.ndarray:
    """(word, label): the log-odds of each, up to a constant."""
    return np.maximum(rows @ head.hidden + head.hidden_bias, 0) @ head.out + head.out_bias


def softmax(scores: np.ndarray) -> np.ndarray:
    """(row, label) probabilities."""
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


@cache
def _head() -> Head:
    with (
        as_file(files("thruline.data") / "lists" / "names_head.npz") as path,
        np.load(path, allow_pickle=False) as file,
    ):
        return Head(*(file[name].astype(np.float32) for name in Head._fields))
