"""Ask: one question, its answer and the passages that the answer rests on."""

from __future__ import annotations

from typing import Any

from thruline.console.visit import Page, Visit
from thruline.flows.reports import ALL


def ask(visit: Visit) -> dict[str, Any]:
    """The answer that the address names, the last questions, and the users that an operator may ask as."""
    platform = visit.platform
    answer = platform.vectors.why(answer=visit.word("answer")).answer if visit.word("answer") else None
    return {
        "answer": answer,
        "filters": answer.filters if answer else ALL,
        "answers": platform.vectors.answers(limit=12),
        "users": platform.guard.users() if visit.is_operator else (),
        "sources": platform.data.sources(),
    }


ASK = Page(path="/ask", twin="/ask.json", template="ask.html", section="/ask", read=ask)
