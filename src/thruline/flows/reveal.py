"""Reveal: what a token stands for, told on the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruline.core.nouns import Draft
from thruline.flows.reports import RevealedToken

if TYPE_CHECKING:
    from thruline.flows.line import Line


def reveal(line: Line, token: str, actor: str) -> RevealedToken:
    """Raises NotFound for what is no token, and for one whose meaning was erased."""
    with line.database.transaction():
        meaning = line.tokens.meaning(token)
        line.ledger.append([Draft(verb="token.revealed", inputs=(meaning.id,), actor=actor)])
    return RevealedToken(token=token, kind=meaning.kind, value=meaning.value)
