"""Finds people's names in text; rules find the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

Named = Literal["name", "place", "organisation", "address"]


class Span(NamedTuple):
    """Characters start..end of the text are a name, a person's if nothing else is said, with a score in 0..1."""

    start: int
    end: int
    score: float
    kind: Named = "name"


class NameDetector(Protocol):
    """A named-entity recogniser, for persons and whatever else it knows."""

    version: str

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """For each text its spans, in order and without overlap."""
        ...
