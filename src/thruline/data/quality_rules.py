"""Which scores are good enough, for retrieval and for training: named rules, each with its threshold and its source.

A verdict drops nothing. It names each rule that a document fails and by which value, so that a quarantine can show it,
a person overrule it and a data sheet count it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from thruline.data.quality import Quality

Purpose = Literal["rag", "training"]
_GOPHER = "Gopher (Rae et al. 2021), table A1"
_GOPHER_COUNTS = "Gopher (Rae et al. 2021), appendix A.1.1"
_FINEWEB = "FineWeb (Penedo et al. 2024), custom filters"
_OURS = "docs/explanation/quality.md"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A document passes while low <= its score <= high.

    score: a field of Quality, and the rule's name. english: the rule holds for English alone; leave it out elsewhere.
    """

    score: str
    low: float = -inf
    high: float = inf
    source: str = ""
    english: bool = False


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A rule that a document did not pass, and the value that it had."""

    rule: str
    value: float
    low: float
    high: float
    source: str

    def __str__(self) -> str:
        low = "" if self.low == -inf else f"{self.low:g} or more"
        high = "" if self.high == inf else f"at most {self.high:g}"
        return f"{self.rule} is {self.value:.4g}, wanted {' and '.join(filter(None, (low, high)))}"


# An answer may come from a table, a listing or a line of release notes: only what can answer nothing fails.
RAG: tuple[Rule, ...] = (
    Rule(score="words", low=3, source=_OURS),
    Rule(score="alphabetic_words", low=0.1, source=_OURS),
    Rule(score="duplicate_line_bytes", high=0.9, source=_OURS),
    Rule(score="repeated_10grams", high=0.9, source=_OURS),
    Rule(score="surprise", high=7.0, source=_OURS),
    Rule(score="secrets", high=0, source=_OURS),
    Rule(score="toxicity", high=0.9, source=_OURS),
)
TRAINING: tuple[Rule, ...] = (
    Rule(score="words", low=50, high=100_000, source=_GOPHER_COUNTS),
    Rule(score="mean_word_length", low=3, high=10, source=_GOPHER_COUNTS, english=True),
    Rule(score="symbol_ratio", high=0.1, source=_GOPHER_COUNTS),
    Rule(score="bullet_lines", high=0.9, source=_GOPHER_COUNTS),
    Rule(score="ellipsis_lines", high=0.3, source=_GOPHER_COUNTS),
    Rule(score="alphabetic_words", low=0.8, source=_GOPHER_COUNTS),
    Rule(score="stop_words", low=2, source=_GOPHER_COUNTS, english=True),
    Rule(score="duplicate_lines", high=0.3, source=_GOPHER),
    Rule(score="duplicate_line_bytes", high=0.2, source=_GOPHER),
    Rule(score="duplicate_paragraphs", high=0.3, source=_GOPHER),
    Rule(score="duplicate_paragraph_bytes", high=0.2, source=_GOPHER),
    Rule(score="top_2gram", high=0.2, source=_GOPHER),
    Rule(score="top_3gram", high=0.18, source=_GOPHER),
    Rule(score="top_4gram", high=0.16, source=_GOPHER),
    Rule(score="repeated_5grams", high=0.15, source=_GOPHER),
    Rule(score="repeated_10grams", high=0.1, source=_GOPHER),
    Rule(score="punctuated_lines", low=0.12, source=_FINEWEB),
    Rule(score="surprise", high=4.7, source=_OURS, english=True),
    Rule(score="pii_density", high=10, source=_OURS),
    Rule(score="secrets", high=0, source=_OURS),
    Rule(score="toxicity", high=0.5, source=_OURS),
)
DEFAULT: Mapping[Purpose, tuple[Rule, ...]] = {"rag": RAG, "training": TRAINING}


def verdict(quality: Quality, rules: Sequence[Rule]) -> tuple[Failed, ...]:
    """The rules that the document fails, in their order; a score that nobody measured (None) fails none."""
    measured = ((rule, getattr(quality, rule.score)) for rule in rules)
    return tuple(
        Failed(rule=rule.score, value=value, low=rule.low, high=rule.high, source=rule.source)
        for rule, value in measured
        if value is not None and not rule.low <= value <= rule.high
    )
