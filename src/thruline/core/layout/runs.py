"""Words that stand side by side, wherever they were found: in points from the lower left corner of the page."""

from __future__ import annotations

import re
from typing import NamedTuple

Box = tuple[float, float, float, float]  # left, bottom, right, top
# Of the size of the letters: spaces are a quarter to a third of it, stretched ones up to two thirds.
GAP = 0.9
ITEM_SIGN = re.compile(r"[•◦▪‣·*–—-]|\(?(?:\d{1,3}|[a-z])[.)]")  # noqa: RUF001 - dashes that begin items


class Word(NamedTuple):
    """A word from left to right, in points."""

    text: str
    left: float
    right: float


class Run(NamedTuple):
    """Words of one line with no wider gap than spaces have. at: its first character among those of the page.

    broken: it ends in a hyphen that broke a word.
    """

    words: tuple[Word, ...]
    left: float
    bottom: float
    right: float
    top: float
    size: float
    at: int
    broken: bool = False

    @property
    def text(self) -> str:
        """Its words."""
        return " ".join([word.text for word in self.words])

    @property
    def middle(self) -> float:
        """Its height on the page."""
        return (self.bottom + self.top) / 2
