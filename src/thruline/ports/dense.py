"""A disposable index over unit vectors: rebuilt from the store of record at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np


class Found(NamedTuple):
    """rows: int64 positions, best first. scores: float32 cosine. Both of length <= k."""

    rows: np.ndarray
    scores: np.ndarray


class DenseIndex(Protocol):
    """Maximum inner product over rows 0..n-1 of a matrix given at the start."""

    def build(self, vectors: np.ndarray) -> None:
        """Take (n, dims) float32 unit rows, or float16; replaces what was there. n may be 0."""
        ...

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        """The k best rows among those where mask (n,) bool is true; scores are exact cosines.

        When fewer than k rows are allowed, all of them come back; k never costs rows that the mask allows.
        """
        ...
