"""Data: where documents come from, what they hold, which are kept out, and how a person is erased."""

from __future__ import annotations

from typing import Any

from thruline.console.visit import Page, Visit

PAGE_SIZE = 50


def data(visit: Visit) -> dict[str, Any]:
    """Sources, what waits for a decision, and one page of the documents that the filter lets through."""
    platform = visit.platform
    source, state, offset = visit.word("source"), visit.word("state"), visit.number("from", 0)
    found = platform.data.documents(source=source, state=state, limit=PAGE_SIZE + 1, offset=offset)
    return {
        "sources": platform.data.sources(),
        "desk": platform.data.quarantined(limit=PAGE_SIZE),
        "users": platform.guard.users() if visit.is_operator else (),
        "people": platform.data.people() if visit.is_operator else None,
        "documents": found[:PAGE_SIZE],
        "source": source,
        "state": state,
        "offset": offset,
        "newer": max(0, offset - PAGE_SIZE) if offset else None,
        "older": offset + PAGE_SIZE if len(found) > PAGE_SIZE else None,
    }


def record(visit: Visit) -> dict[str, Any]:
    """A document with its text, and everything that was made from it."""
    platform = visit.platform
    id = visit.path["record"]
    document = platform.data.document(record=id)
    blast = platform.data.blast(what=document.record) if visit.is_operator else None
    is_kept_out = document.state == "quarantined" and not visit.is_operator
    text = () if is_kept_out else platform.data.text(record=document.record)
    waits = platform.data.quarantined(what=document.record) if document.state == "quarantined" else ()
    users = platform.guard.users() if visit.is_operator else ()
    return {"document": document, "text": text, "blast": blast, "case": next(iter(waits), None), "users": users}


DATA = Page(path="/data", twin="/data.json", template="data.html", section="/data", read=data)
RECORD = Page(path="/data/{record}", twin="/data/{record}.json", template="record.html", section="/data", read=record)
