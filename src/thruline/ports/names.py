"""Finds people's names in text; rules find the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Span(NamedTuple):
    """Characters start..end of the text are a person's name, with a score in 0..1."""

    start: int
    end: int
    score: float


class NameDetector(Protocol):
    """A named-entity recogniser for persons."""

    version: str

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """For each text its spans, in order and without overlap."""
        ...
