"""The risk of a text before it is answered or read: rules always, the deployed detector where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from thruline.core.invisible import reveal
from thruline.core.scanning import Scanned
from thruline.guard.phrases import ADDRESSING_AI

if TYPE_CHECKING:
    import numpy as np

RULE_THRESHOLD = 0.85  # one pattern that is nearly always an attack, or two that seldom meet by chance
WARN_SHARE = 0.6


class Detector(Protocol):
    """A trained classifier; models.detector.Detector is one."""

    @property
    def threshold(self) -> float:
        """A text that scores at least this much is called an attack."""
        ...

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """Probability of an attack for each text."""
        ...


@dataclass(frozen=True, kw_only=True)
class Screened:
    """score and threshold are in 0..1. `warned` means suspicious, yet to be answered."""

    outcome: Literal["passed", "warned", "failed"]
    score: float
    threshold: float


class Screen:
    """Judges prompts; the rules do not need a detector and are not silenced by one."""

    def __init__(self, detector: Detector | None = None) -> None:
        self._detector = detector

    def prompt(self, text: str) -> Screened:
        """The judgement of a question; what invisible characters spell out counts as said."""
        seen = reveal(text)
        said = "\n".join((seen.text, *seen.hidden))
        rules = rule_score(Scanned(said))
        if self._detector is None:
            return judged(rules, RULE_THRESHOLD)
        score, threshold = float(self._detector.score([said])[0]), self._detector.threshold
        return judged(max(score, threshold), threshold) if rules >= RULE_THRESHOLD else judged(score, threshold)


def rule_score(text: Scanned) -> float:
    """1 minus the product of what each kind of pattern leaves; 0 when none matches."""
    kinds: dict[str, float] = {}
    for pattern in ADDRESSING_AI:
        if pattern.score > kinds.get(pattern.name, 0.0) and any(pattern.finditer(text)):
            kinds[pattern.name] = pattern.score
    rest = 1.0
    for score in kinds.values():
        rest *= 1 - score
    return 1 - rest


def judged(score: float, threshold: float) -> Screened:
    """Failed from the threshold on, warned from WARN_SHARE of it on."""
    outcome = "failed" if score >= threshold else "warned" if score >= WARN_SHARE * threshold else "passed"
    return Screened(outcome=outcome, score=score, threshold=threshold)
