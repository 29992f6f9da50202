"""Ruled tables: lines that meet are a grid, and what stands between them are its cells."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from thruline.core.layout.runs import Box, Run, Word

_THIN = 3.0
_NEAR = 2.0
_MOST_LINES = 400  # of one direction, once those in one line are joined


class Table(NamedTuple):
    """Rows of cells, and the box they stand in."""

    rows: list[list[str]]
    left: float
    bottom: float
    right: float
    top: float
    at: int


class _Line(NamedTuple):
    """A rule at `place`, from start to end in the other direction."""

    place: float
    start: float
    end: float


def take_tables(runs: list[Run], rules: list[Box]) -> tuple[list[Run], list[Table]]:
    """The runs outside of every grid, and the grids with at least two columns and rows that hold some."""
    tables = []
    for xs, ys in _grids(rules) if runs else ():
        within = [r for r in runs if xs[0] < (r.left + r.right) / 2 < xs[-1] and ys[0] < r.middle < ys[-1]]
        rows = _fill(within, xs, ys)
        if sum(any(row) for row in rows) > 1 and sum(map(any, zip(*rows, strict=True))) > 1:
            tables.append(Table(rows, xs[0], ys[0], xs[-1], ys[-1], min(r.at for r in within)))
            taken = set(map(id, within))
            runs = [r for r in runs if id(r) not in taken]
    return runs, tables


def _grids(rules: list[Box]) -> Iterator[tuple[list[float], list[float]]]:
    """Where the columns and the rows of each grid part, ascending."""
    level = _joined(_Line((b + t) / 2, x, r) for x, b, r, t in rules if t - b <= _THIN)
    upright = _joined(_Line((x + r) / 2, b, t) for x, b, r, t in rules if r - x <= _THIN and t - b > _THIN)
    if max(len(level), len(upright)) > _MOST_LINES:
        return
    for group in _meeting(level, upright):
        ys = _distinct(line.place for line in group if line in level)
        xs = _distinct(line.place for line in group if line in upright)
        if len(xs) > 2 and len(ys) > 2:
            yield xs, ys


def _joined(lines: Iterable[_Line]) -> set[_Line]:
    """Pieces of one line as one."""
    joined: list[_Line] = []
    for line in sorted(lines, key=lambda r: (round(r.place / _NEAR), r.start)):
        last = joined[-1] if joined else None
        if last and abs(last.place - line.place) <= _NEAR and line.start <= last.end + _THIN:
            joined[-1] = last._replace(end=max(last.end, line.end))
        else:
            joined.append(line)
    return set(joined)


def _meeting(level: set[_Line], upright: set[_Line]) -> Iterator[set[_Line]]:
    """Lines that touch one another, directly or by others."""
    touching: dict[_Line, set[_Line]] = {line: set() for line in (*level, *upright)}
    for across in level:
        for up in upright:
            if _touch(across, up):
                touching[across].add(up)
                touching[up].add(across)
    while touching:
        group: set[_Line] = set()
        pending = [next(iter(touching))]
        while pending:
            line = pending.pop()
            if line in touching:
                group.add(line)
                pending += touching.pop(line)
        yield group


def _touch(across: _Line, up: _Line) -> bool:
    return across.start - _THIN <= up.place <= across.end + _THIN and up.start - _THIN <= across.place <= up.end + _THIN


def _distinct(places: Iterable[float]) -> list[float]:
    kept: list[float] = []
    for place in sorted(places):
        if not kept or place - kept[-1] > _THIN:
            kept.append(place)
    return kept


def _fill(runs: list[Run], xs: list[float], ys: list[float]) -> list[list[str]]:
    """The words between the lines, row by row from the top; rows without any are left out."""
    cells: list[list[list[Run]]] = [[[] for _ in xs[1:]] for _ in ys[1:]]
    for run in runs:
        row = min(max(bisect(ys, run.middle) - 1, 0), len(ys) - 2)
        for column, words in _by_column(run.words, xs):
            cells[row][column].append(run._replace(words=tuple(words)))
    rows = ([_read(cell) for cell in row] for row in reversed(cells))
    return [row for row in rows if any(row)]


def _by_column(words: tuple[Word, ...], xs: list[float]) -> Iterator[tuple[int, list[Word]]]:
    found: dict[int, list[Word]] = {}
    for word in words:
        column = min(max(bisect(xs, word.left + 1) - 1, 0), len(xs) - 2)
        found.setdefault(column, []).append(word)
    yield from found.items()


def _read(cell: list[Run]) -> str:
    read = ""
    for run in cell:
        read += run.text if run.broken else f"{run.text} "
    return read.strip()
