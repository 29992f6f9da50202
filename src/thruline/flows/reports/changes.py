"""What became of a change of embedder or chunking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class DualRead:
    """The same questions asked of what serves and of what was built beside it, by meaning alone.

    asked: of these, how many people had asked; the others are headings of the documents. before, after: share whose
    passage is among the first ten. looked: how many are looked at after, as much text as ten before where documents are
    cut otherwise. low, high: of their difference, 95 %. same: mean share of the first that both give. margin: what may
    be lost.
    """

    questions: int
    asked: int
    before: float
    after: float
    difference: float
    low: float
    high: float
    same: float
    margin: float
    looked: int = 10

    @property
    def passes(self) -> bool:
        """Whether what was built is not worse by more than the margin, even at the unlucky end."""
        return self.low >= -self.margin


@dataclass(frozen=True, kw_only=True)
class ChangeReport:
    """A move to another embedder or chunking. records: that it is about. left: of those, still to be made at first.

    chunks: passages of those; of a plan, that they would have. seconds: what making them took, or would take.
    generation: what serves now. lost: records that answer and could not be made anew of what is stored.
    """

    outcome: Literal["planned", "switched", "forced", "refused", "stopped", "serving"]
    before: str
    after: str
    records: int = 0
    left: int = 0
    chunks: int = 0
    seconds: float = 0.0
    read: DualRead | None = None
    generation: str = ""
    lost: int = 0

    @property
    def ok(self) -> bool:
        """Whether the gate let it through, or was not asked."""
        return self.outcome != "refused"
