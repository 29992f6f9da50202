"""Touched: everything that was made of a document, a source or a time, who was told, and what to do about it."""

from __future__ import annotations

from typing import Any

from thruline.console.visit import Page, Visit


def touched(visit: Visit) -> dict[str, Any]:
    """What was made of what the address names; nothing but the form while it names nothing."""
    meant = {name: visit.word(name) for name in ("what", "since", "until")}
    given = {name: word for name, word in meant.items() if word}
    blast = visit.platform.data.blast(**given) if meant["what"] else None
    return {**meant, "given": given, "blast": blast}


TOUCHED = Page(path="/touched", twin="/touched.json", template="touched.html", section="/data", read=touched)
