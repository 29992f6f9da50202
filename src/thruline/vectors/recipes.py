"""What a generation was made by: an embedder, of documents that were cut in one way."""

from __future__ import annotations

from typing import NamedTuple


class Recipe(NamedTuple):
    """embedder: its digest. cut: how documents were cut, as text; empty for as the settings said when they came in.

    Vectors of two recipes never meet in one generation.
    """

    embedder: str
    cut: str = ""

    @property
    def text(self) -> str:
        """As it is stored, where it was stored when there was only one way to cut."""
        return f"{self.embedder} {self.cut}".rstrip()


def recipe_of(text: str) -> Recipe:
    """What was stored."""
    embedder, _, cut = text.partition(" ")
    return Recipe(embedder, cut)
