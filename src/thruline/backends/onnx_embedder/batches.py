"""Many texts through the network at once, of like length, while the next ones are cut into tokens: what feeds a GPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import Literal, NamedTuple

import numpy as np

Ids = Sequence[int]
Pooling = Literal["cls", "mean"]
AHEAD = 2048  # texts that are cut into tokens while the network works at as many
WIDTHS = 16  # a batch is as wide as a multiple of this: a GPU plans anew for each width


class Network(NamedTuple):
    """cut: texts to token ids. run: (batch, width) ids and mask to (batch, width, dims) states.

    most: padded tokens of a batch; a text that is longer goes alone.
    """

    cut: Callable[[Sequence[str]], list[Ids]]
    run: Callable[[np.ndarray, np.ndarray], np.ndarray]
    pooling: Pooling
    dims: int
    most: int


def embedded(texts: Sequence[str], network: Network, beside: Executor) -> np.ndarray:
    """(len(texts), dims) float32 unit rows, in the order of the texts. beside: where the next are cut meanwhile."""
    vectors = np.empty((len(texts), network.dims), np.float32)
    first = 0
    for block in _ahead(texts, network.cut, beside):
        for batch in alike(np.array([len(ids) for ids in block]), network.most):
            ids, mask = padded([block[n] for n in batch])
            vectors[first + batch] = pooled(network.run(ids, mask), mask, network.pooling)
        first += len(block)
    return vectors


def alike(lengths: np.ndarray, most: int) -> Iterator[np.ndarray]:
    """The numbers of texts that go together, the longest first; each is in one batch."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        end = start + max(1, most // width_of(int(lengths[order[start]])))
        yield order[start:end]
        start = end


def width_of(length: int) -> int:
    """How wide a batch is whose longest text has so many tokens."""
    return -(-length // WIDTHS) * WIDTHS


def padded(texts: Sequence[Ids]) -> tuple[np.ndarray, np.ndarray]:
    """(batch, width) int64 ids, and where they are any."""
    lengths = np.array([len(ids) for ids in texts])
    mask = np.arange(width_of(int(lengths.max()))) < lengths[:, None]
    ids = np.zeros(mask.shape, np.int64)
    ids[mask] = np.concatenate([np.asarray(text, np.int64) for text in texts])
    return ids, mask.astype(np.int64)


def pooled(states: np.ndarray, mask: np.ndarray, pooling: Pooling) -> np.ndarray:
    """(batch, dims) float32 of length 1, whatever stands where the mask is 0."""
    states = states.astype(np.float32, copy=False)
    if pooling == "cls":
        rows = states[:, 0]
    else:
        rows = np.einsum("btd,bt->bd", states, mask.astype(np.float32)) / mask.sum(axis=1, keepdims=True)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _ahead(texts: Sequence[str], cut: Callable[[Sequence[str]], list[Ids]], beside: Executor) -> Iterator[list[Ids]]:
    """Block by block; while the network works at one, the next is cut."""
    before: Future[list[Ids]] | None = None
    for start in range(0, len(texts), AHEAD):
        coming = beside.submit(cut, texts[start : start + AHEAD])
        if before is not None:
            yield before.result()
        before = coming
    if before is not None:
        yield before.result()
