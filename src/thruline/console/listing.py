"""Listing: the exact ids of all that something touched, as a CSV file that is sent while it is read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from thruline.console.visit import Platform

COLUMNS = ("kind", "id", "record", "says")
MANY = 10_000  # things asked for at a time
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would carry out what begins so


def listing(platform: Platform, given: Mapping[str, str]) -> Iterator[str]:
    """The file, page by page; raises what the first page raises before anything is sent."""
    first = platform.data.touched(**given, limit=MANY)
    return _pages(platform, given, first)


def _pages(platform: Platform, given: Mapping[str, str], page: Any) -> Iterator[str]:
    yield _lines([COLUMNS])
    while True:
        yield _lines([tuple(_harmless(getattr(item, name)) for name in COLUMNS) for item in page.items])
        if not page.next:
            return
        page = platform.data.touched(**given, limit=MANY, after=page.next)


def _lines(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
