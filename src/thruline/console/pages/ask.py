"""Ask: one question, its answer and the passages that the answer rests on."""

from __future__ import annotations

from typing import Any

from thruline.console.visit import Page, Visit


def ask(visit: Visit) -> dict[str, Any]:
    """The answer that the address names, the last questions, and the users that an operator may ask as."""
    platform = visit.platform
    answer = visit.word("answer")
    return {
        "answer": platform.vectors.why(answer=answer).answer if answer else None,
        "answers": platform.vectors.answers(limit=12),
        "users": platform.guard.users() if visit.is_operator else (),
        "sources": platform.data.sources(),
    }


ASK = Page(path="/ask", twin="/ask.json", template="ask.html", section="/ask", read=ask)
