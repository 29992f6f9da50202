"""A disposable full-text index with BM25 scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from thruline.ports.dense import Found

if TYPE_CHECKING:
    import numpy as np


class TextIndex(Protocol):
    """BM25 over rows 0..n-1; the same row numbers as the dense index of the same generation."""

    def build(self, texts: Sequence[str], titles: Sequence[str]) -> None:
        """Index the rows; replaces what was there. The titles (heading path) count with a boost."""
        ...

    def search(self, query: str, k: int, mask: np.ndarray | None = None) -> Found:
        """The k best rows where mask is true and a term matches; any text is a valid query, none is an error."""
        ...

    def close(self) -> None:
        """Give files and memory back."""
        ...
