"""Headers and footers: lines that stand in the same place on page after page, and the pages' own numbers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from thruline.core.layout.runs import Run

_FEWEST_PAGES = 3
_EDGE_ROWS = 2  # from the top and from the bottom
_NUMBERED = re.compile(
    r"(?P<first>\d{1,5})\b\W*(?P<then>\D*)|(?P<words>\D*)\b(?P<last>\d{1,5})(?: ?(?:/|of|von|de|sur|из) ?\d+)?\W*"
)
_PAGE = re.compile(r"\W*(?:page|pages|p|pg|seite|página|pagina|strona|sida|страница)?\W*", re.IGNORECASE)
_NEAR = 6.0  # points


class _Edge(NamedTuple):
    """A row at the edge of a page: its words without the page's number, and that number."""

    page: int
    runs: list[Run]
    words: str
    number: int | None


def take_running(pages: Sequence[list[Run]]) -> tuple[list[list[Run]], list[list[str]]]:
    """The pages without what repeats at their edges, and what was taken from each, page numbers left out."""
    found: dict[tuple[str, int], list[_Edge]] = defaultdict(list)
    for page, runs in enumerate(pages):
        for row in _edges(runs):
            edge = _edge(page, row)
            found[edge.words, round(row[0].middle / _NEAR)].append(edge)
    left, taken = [list(runs) for runs in pages], [[] for _ in pages]
    for edges in found.values():
        if _repeats(edges):
            for edge in edges:
                gone = set(map(id, edge.runs))
                left[edge.page] = [run for run in left[edge.page] if id(run) not in gone]
                taken[edge.page] += [] if _PAGE.fullmatch(edge.words) else [edge.words]
    return left, taken


def _repeats(edges: list[_Edge]) -> bool:
    """On pages enough; and where a number differs from page to page, it counts the pages."""
    pages = {edge.page for edge in edges}
    return (
        len(pages) >= _FEWEST_PAGES and len({e.number - e.page if e.number is not None else None for e in edges}) == 1
    )


def _edge(page: int, row: list[Run]) -> _Edge:
    text = " ".join(run.text for run in sorted(row, key=lambda r: r.left))
    if numbered := _NUMBERED.fullmatch(text):
        first, then, words, last = numbered.group("first", "then", "words", "last")
        return _Edge(page, row, (then if first else words).strip(), int(first or last))
    return _Edge(page, row, text, None)


def _edges(runs: list[Run]) -> list[list[Run]]:
    """The first and the last rows of a page."""
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda r: -r.middle):
        if rows and rows[-1][0].middle - run.middle <= run.size * 0.4:
            rows[-1].append(run)
        else:
            rows.append([run])
    at_bottom = rows[max(_EDGE_ROWS, len(rows) - _EDGE_ROWS) :]
    return rows[:_EDGE_ROWS] + at_bottom
