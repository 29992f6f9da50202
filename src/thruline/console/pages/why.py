"""Why: everything that an answer is made of, and the receipt that proves it."""

from __future__ import annotations

from typing import Any

from thruline.console.visit import Page, Visit


def why(visit: Visit) -> dict[str, Any]:
    """The answer's tree, its pages and, when an operator asks with `?check=seal`, whether the ledger is intact."""
    platform = visit.platform
    check = visit.is_operator and visit.word("check") == "seal"
    return {
        "why": platform.vectors.why(answer=visit.path["answer"]),
        "pages": platform.vectors.pages(answer=visit.path["answer"]),
        "seal": platform.ledger.verify() if check else None,
    }


WHY = Page(path="/why/{answer}", twin="/why/{answer}.json", template="why.html", section="/ask", read=why)
