"""Which of the passages that a search found fits best, in the opinion of a model that reads them with the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, kw_only=True)
class RerankerInfo:
    """Which model this is. digest: hex, of the weights and of all that changes the scores, or of where it is asked."""

    name: str
    digest: str
    licence: str


class Reranker(Protocol):
    """Threads may share one."""

    info: RerankerInfo

    def scores(self, question: str, texts: Sequence[str], within_s: float) -> np.ndarray:
        """(len(texts),) finite float64, larger where the text fits better; comparable within one call alone.

        A text's score does not depend on the others. Raises Unavailable when it takes longer than within_s, or nobody
        answers.
        """
        ...

    def close(self) -> None:
        """Give memory and connections back."""
        ...
