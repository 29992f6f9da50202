"""A disposable full-text index with BM25 scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from thruline.ports.dense import Found

if TYPE_CHECKING:
    import numpy as np


class TextStats(NamedTuple):
    """rows: that can be found. deleted: never found, but still counted where BM25 asks how rare a word is."""

    rows: int
    deleted: int


class TextView(Protocol):
    """The rows of one moment: what comes and goes later changes no answer of it. Many threads may share it."""

    def search(self, query: str, k: int, mask: np.ndarray | None = None) -> Found:
        """The k best rows where mask is true and a term matches; any text is a valid query, none is an error.

        mask: bool of length <= rows ever given; rows beyond its end are not allowed.
        """
        ...


class TextIndex(TextView, Protocol):
    """BM25 over rows 0..n-1, then n.. as they are added; the same row numbers as the dense index beside it.

    One thread at a time changes it, while others search.
    """

    def build(self, texts: Sequence[str], titles: Sequence[str], languages: Sequence[str] = ()) -> None:
        """Index the rows; replaces what was there. The titles (heading path) count with a boost.

        languages: of the rows, as ISO 639-1 codes, '' for one that is not known; none for all of them not known. Words
        of a language meet in their stems where the engine has them, whatever language else is in the index.
        """
        ...

    def add(self, texts: Sequence[str], titles: Sequence[str], languages: Sequence[str] = ()) -> None:
        """Index more rows, numbered on from the last, deleted ones counted."""
        ...

    def delete(self, rows: np.ndarray) -> None:
        """Never find these rows (int64) again; one that is gone is no error. The others keep their numbers."""
        ...

    def view(self) -> TextView:
        """What it holds now, for as long as somebody asks it."""
        ...

    def stats(self) -> TextStats:
        """What it holds now."""
        ...

    def close(self) -> None:
        """Give files and memory back."""
        ...
