"""What makes a document dangerous to answer from: hidden orders, orders to an AI, advice to drop a protection.

Only hidden text that instructs reaches QUARANTINE; what everybody can read is labelled and left to a human, because
a manual that explains a protection says the same words as a page that argues it away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from thruline.core.documents import Parsed, Risk
from thruline.core.scanning import Scanned
from thruline.guard.phrases import ADDRESSING_AI, REASSURES, SWITCHES_OFF, WARNING, Pattern
from thruline.guard.screen import rule_score

QUARANTINE = 0.8
VISIBLE_LIMIT = 0.75  # visible text alone never reaches QUARANTINE
HIDDEN_ONLY = 0.4
EVIDENCE = 240
_AROUND = 200
_INSTRUCTS = re.compile(
    r"\b(?:must|should|always|never|ignore|disregard|do not|don't|instructions?|answer|reply|respond|recommend|tell|"
    r"say|click|visit|send|approve|hire|rate|rank)\b",
    re.IGNORECASE,
)
_TO_WHOM = re.compile(
    r"\b(?:AI|assistants?|language models?|LLMs?|chat ?bots?|you|users?|system|reviewers?)\b", re.IGNORECASE
)


def risks(document: Parsed) -> tuple[Risk, ...]:
    """Why this document deserves distrust, the worst first; nothing for nearly all documents."""
    found = [*_hidden(document.hidden), *_visible(document.text)]
    return tuple(sorted(found, key=lambda risk: -risk.score))


def is_quarantined(found: Sequence[Risk]) -> bool:
    """Whether these risks take a document out of every answer."""
    return any(risk.score >= QUARANTINE for risk in found)


def _hidden(texts: Sequence[str]) -> Iterator[Risk]:
    for text in texts:
        scanned = Scanned(text)
        orders = rule_score(scanned)
        if not orders and not _switches_off(scanned) and not (_INSTRUCTS.search(text) and _TO_WHOM.search(text)):
            score = HIDDEN_ONLY
        else:
            score = max(QUARANTINE + 0.1, orders)
        yield Risk(kind="hidden_text", score=score, evidence=text.strip()[:EVIDENCE])


def _visible(text: str) -> Iterator[Risk]:
    scanned = Scanned(text)
    orders = rule_score(scanned)
    if orders:
        first = next(m for p in ADDRESSING_AI for m in p.finditer(scanned))
        yield Risk(kind="injection", score=min(orders, VISIBLE_LIMIT), evidence=_line(text, first))
    advice = _switches_off(scanned)
    if advice:
        score = min(VISIBLE_LIMIT, 0.5 + 0.1 * (len(advice) - 1))
        yield Risk(kind="poison", score=score, evidence=_line(text, advice[0]))


def _switches_off(text: Scanned) -> list[re.Match[str]]:
    """Places that advise to drop a protection: reassuring words near, and no warning."""
    return [m for pattern in SWITCHES_OFF for m in _advice(pattern, text)]


def _advice(pattern: Pattern, text: Scanned) -> Iterator[re.Match[str]]:
    for match in pattern.finditer(text):
        around = text.text[max(0, match.start() - _AROUND) : match.end() + _AROUND]
        if REASSURES.search(around) and not WARNING.search(around):
            yield match


def _line(text: str, match: re.Match[str]) -> str:
    start = text.rfind("\n", 0, match.start()) + 1
    return text[max(start, match.start() - EVIDENCE // 3) :].split("\n\n")[0][:EVIDENCE].strip()
