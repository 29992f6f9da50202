"""The order in which a page is read: cut along the white between columns, again and again, tables kept in one piece.

A recursive cut as by Nagy and Seth (1984), over rows of words instead of pixels: rows that leave the same gutter free
belong together. Where a gutter parts short cells that the file draws row by row, it is a table's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import accumulate
from statistics import median
from typing import NamedTuple

from thruline.core.layout.grids import Table
from thruline.core.layout.runs import Run

# Of the size of the letters.
_GUTTER = 0.8
_SAME_ROW = 0.4
_DEEPEST = 12
_FEWEST_ROWS = 3
_FEWEST_WIDE_ROWS = 2  # of a table with three columns or more
# What prose in a column looks like: rows of several words that begin together and fill it.
_PROSE_WORDS = 3.0
_PROSE_FILLED = 0.5
_FULL = 0.85
_Thing = Run | Table
_Gap = tuple[float, float]


class Line(NamedTuple):
    """A line of a column: its runs as they are read, its words, and where it begins and ends."""

    runs: tuple[Run, ...]
    text: str
    left: float
    right: float


class Column(NamedTuple):
    """Lines under one another."""

    lines: list[Line]


Part = Column | Table


def in_order(things: Sequence[_Thing]) -> list[Part]:
    """The page's columns and tables as they are read."""
    if not things:
        return []
    backwards = _reads_leftwards([t for t in things if isinstance(t, Run)])
    return list(_together(_cut(things, backwards, 0)))


def _together(parts: Iterator[Part]) -> Iterator[Part]:
    """Columns that follow on one another below, and are as wide, as one."""
    held: Column | None = None
    for part in parts:
        if isinstance(part, Table):
            if held:
                yield held
            held = None
            yield part
        elif held and _goes_on(held, part):
            held = Column(held.lines + part.lines)
        else:
            if held:
                yield held
            held = part
    if held:
        yield held


def _goes_on(above: Column, below: Column) -> bool:
    last, first = above.lines[-1], below.lines[0]
    return last.runs[0].middle > first.runs[0].middle and last.left < first.right and first.left < last.right


def _cut(things: Sequence[_Thing], backwards: bool, depth: int) -> Iterator[Part]:
    if max(t.left for t in things) <= min(t.right for t in things):  # a line down the page goes through all of it
        yield from _plain(_rows(things), backwards)
        return
    narrowest = usual([t.size for t in things if isinstance(t, Run)], 10.0) * _GUTTER
    for group in _groups(_rows(things), narrowest):
        gutters = group.gutters if depth < _DEEPEST and len(group.rows) > 1 else []
        if not gutters:
            yield from _plain(group.rows, backwards)
        elif _is_drawn_by_rows(group.rows) and not _is_prose(group.rows, gutters):
            yield from _by_rows(group.rows, gutters, backwards)
        else:
            columns = _parted([thing for row in group.rows for thing in row], gutters)
            for column in reversed(columns) if backwards else columns:
                yield from _cut(column, backwards, depth + 1)


class _Group:
    """Rows that leave the same gutters free."""

    def __init__(self, row: list[_Thing], narrowest: float) -> None:
        self.rows = [row]
        self._narrowest = narrowest
        self._free = _gaps(row)
        self._inner = _ends(row)

    @property
    def gutters(self) -> list[_Gap]:
        """White from the first to the last row with something on both sides."""
        return _with_both_sides(self._free, self._inner)

    def takes(self, row: list[_Thing]) -> bool:
        """Adds the row, unless a gutter would be lost, or one begin beside what had none."""
        gaps, ends = _gaps(row), _ends(row)
        free = _common(self._free, gaps, self._narrowest)
        inner = min(self._inner[0], ends[0]), max(self._inner[1], ends[1])
        if not _with_both_sides(free, inner) and (self.gutters or _with_both_sides(gaps, ends)):
            return False
        self.rows.append(row)
        self._free, self._inner = free, inner
        return True

    def takes_above(self, row: list[_Thing]) -> bool:
        """Adds the row before the first, where all gutters stay."""
        free = _common(self._free, _gaps(row), self._narrowest)
        if not self.gutters or len(_with_both_sides(free, self._inner)) < len(self.gutters):
            return False
        self.rows.insert(0, row)
        self._free = free
        return True


def _groups(rows: list[list[_Thing]], narrowest: float) -> Iterator[_Group]:
    held: _Group | None = None
    for row in rows:
        if held is None or not held.takes(row):
            begun = _Group(row, narrowest)
            if held:
                _hand_on(held, begun)
                yield held
            held = begun
    if held:
        yield held


def _hand_on(above: _Group, below: _Group) -> None:
    """Rows at the end of text across the page that leave the gutters below them free are of the columns there."""
    while not above.gutters and len(above.rows) > 1 and below.takes_above(above.rows[-1]):
        above.rows.pop()


def _ends(row: list[_Thing]) -> _Gap:
    return min(t.right for t in row), max(t.left for t in row)


def _with_both_sides(free: list[_Gap], inner: _Gap) -> list[_Gap]:
    return [gap for gap in free if inner[0] <= gap[0] + 0.1 and inner[1] >= gap[1] - 0.1]


def _gaps(row: list[_Thing]) -> list[_Gap]:
    """The white beside and between what stands in a row."""
    gaps, end = [], float("-inf")
    for thing in row if len(row) == 1 else sorted(row, key=lambda t: t.left):
        if thing.left > end:
            gaps.append((end, thing.left))
        end = max(end, thing.right)
    return [*gaps, (end, float("inf"))]


def _common(one: list[_Gap], other: list[_Gap], narrowest: float) -> list[_Gap]:
    shared = []
    for a in one:
        for b in other:
            start, end = max(a[0], b[0]), min(a[1], b[1])
            if end - start >= narrowest:
                shared.append((start, end))
    return shared


def _rows(things: Sequence[_Thing]) -> list[list[_Thing]]:
    """What stands side by side, from the top."""
    rows: list[list[_Thing]] = []
    anchor = 0.0
    for thing in sorted(things, key=lambda t: -_middle(t)):
        reach = thing.size * _SAME_ROW if isinstance(thing, Run) else 0.0
        if rows and anchor - _middle(thing) <= reach:
            rows[-1].append(thing)
        else:
            rows.append([thing])
            anchor = _middle(thing)
    return rows


def _middle(thing: _Thing) -> float:
    return (thing.bottom + thing.top) / 2


def _bands(rows: list[list[_Thing]]) -> list[list[list[_Thing]]]:
    """Rows together that the file draws together: no later band has anything drawn before an earlier one."""
    latest = list(accumulate((max(t.at for t in row) for row in rows), max))
    earliest = list(accumulate((min(t.at for t in row) for row in reversed(rows)), min))[::-1]
    bands = [[rows[0]]]
    for n, row in enumerate(rows[1:], 1):
        if latest[n - 1] < earliest[n]:
            bands.append([row])
        else:
            bands[-1].append(row)
    return bands


def _is_drawn_by_rows(rows: list[list[_Thing]]) -> bool:
    bands = _bands(rows)
    return len(bands) > 1 and len(bands) * 3 >= len(rows)


def _is_prose(rows: list[list[_Thing]], gutters: list[_Gap]) -> bool:
    """Whether at least two of the columns are text that flows down."""
    columns = _parted([thing for row in rows for thing in row], gutters)
    return sum(_flows(column) for column in columns) > 1


def _flows(column: list[_Thing]) -> bool:
    runs = [t for t in column if isinstance(t, Run)]
    if len(runs) < len(column) or len(runs) < 2:
        return False
    width = max(r.right for r in runs) - min(r.left for r in runs)
    filled = sum(r.right - r.left >= width * _FULL for r in runs)
    return filled >= len(runs) * _PROSE_FILLED and sum(len(r.words) for r in runs) >= len(runs) * _PROSE_WORDS


def _by_rows(rows: list[list[_Thing]], gutters: list[_Gap], backwards: bool) -> Iterator[Part]:
    """A table, where enough rows have cells side by side; what leads to it, or comes after it, is text."""
    bands = _bands(rows)
    wide = [n for n, band in enumerate(bands) if len(_filled(band, gutters)) > 1]
    least = _FEWEST_WIDE_ROWS if len(gutters) > 1 else _FEWEST_ROWS
    if len(wide) < least:
        yield from _plain(rows, backwards)
        return
    first, last = wide[0], wide[-1] + 1
    yield from _plain([row for band in bands[:first] for row in band], backwards)
    yield _as_table(bands[first:last], gutters, backwards)
    yield from _plain([row for band in bands[last:] for row in band], backwards)


def _filled(band: list[list[_Thing]], gutters: list[_Gap]) -> set[int]:
    return {_place(thing, gutters) for row in band for thing in row}


def _as_table(bands: list[list[list[_Thing]]], gutters: list[_Gap], backwards: bool) -> Table:
    rows = []
    for band in bands:
        cells = [""] * (len(gutters) + 1)
        for line in _plain_lines(band, backwards):
            for run in line.runs:
                at = _place(run, gutters)
                cells[at] = f"{cells[at]} {run.text}".strip()
        rows.append(cells[::-1] if backwards else cells)
    things = [thing for band in bands for row in band for thing in row]
    return Table(
        rows, min(t.left for t in things), min(t.bottom for t in things), max(t.right for t in things),
        max(t.top for t in things), min(t.at for t in things),
    )  # fmt: skip


def _parted(things: list[_Thing], gutters: list[_Gap]) -> list[list[_Thing]]:
    columns: list[list[_Thing]] = [[] for _ in range(len(gutters) + 1)]
    for thing in things:
        columns[_place(thing, gutters)].append(thing)
    return columns


def _place(thing: _Thing, gutters: list[_Gap]) -> int:
    return sum(thing.left >= (gap[0] + gap[1]) / 2 for gap in gutters)


def _plain(rows: list[list[_Thing]], backwards: bool) -> Iterator[Part]:
    """One column, row by row."""
    lines: list[Line] = []
    for row in rows:
        tables = [thing for thing in row if isinstance(thing, Table)]
        lines += _plain_lines([[thing for thing in row if isinstance(thing, Run)]], backwards)
        if tables and lines:
            yield Column(lines)
            lines = []
        yield from tables
    if lines:
        yield Column(lines)


def _plain_lines(rows: list[list[_Thing]], backwards: bool) -> list[Line]:
    ordered = (sorted((t for t in row if isinstance(t, Run)), key=lambda r: r.left, reverse=backwards) for row in rows)
    return [_line(row) for row in ordered if row]


def _line(runs: list[Run]) -> Line:
    left, right = min(run.left for run in runs), max(run.right for run in runs)
    return Line(tuple(runs), " ".join([run.text for run in runs]), left, right)


def _reads_leftwards(runs: list[Run]) -> bool:
    """Whether most words are of a script that is written from right to left."""
    letters = [run.words[0].text[0] for run in runs]
    return sum(unicodedata.bidirectional(c) in ("R", "AL") for c in letters) * 2 > len(letters) > 0


def usual(numbers: Sequence[float], otherwise: float) -> float:
    """The median, or what is given where there is none."""
    return median(numbers) if numbers else otherwise
