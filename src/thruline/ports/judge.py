"""How hurtful a text is, in the opinion of a classifier that the operator chose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Judge(Protocol):
    """name: tells this judge from another whose scores mean something else: its address and model."""

    name: str

    def toxicity(self, texts: Sequence[str]) -> list[float]:
        """A score of each in [0, 1]; 1 is certainly hurtful. Raises Unavailable, and then soon again without asking."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...
