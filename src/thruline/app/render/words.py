"""Counts, lines and tables, as a terminal shows them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

WIDTH = 100


def n(of: int | Sequence[object], one: str, many: str = "") -> str:
    """`1 record`, `2 records`."""
    count = of if isinstance(of, int) else len(of)
    return f"{count} {one if count == 1 else many or one + 's'}"


def lasting(seconds: float) -> str:
    """`under 5 s`, `45 s`, `12 min`, `3 h 20 min`: as exactly as an estimate can be."""
    if seconds < 5:
        return "under 5 s"
    if seconds < 90:
        return f"{round(seconds / 5) * 5} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def wrap(text: str) -> Iterable[str]:
    """Its lines, none longer than WIDTH."""
    import textwrap

    for paragraph in text.split("\n"):
        yield from textwrap.wrap(paragraph, WIDTH) or [""]


def pairs(result: Any) -> Iterator[str]:
    """One thing: a line for each field that is not empty."""
    shown = [(f.name, getattr(result, f.name)) for f in fields(result)]
    shown = [(name, value) for name, value in shown if value not in ("", ())]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        if isinstance(value, tuple) and value and is_dataclass(value[0]):
            yield f"{_label(name)}:"
            yield from ("  " + line for line in table(value))
        else:
            yield f"{_label(name):<{width}}  {_cell(value)}"


def table(rows: Sequence[Any]) -> Iterator[str]:
    """Many things: a column for each field that is not empty everywhere; at least one row."""
    names = _names(rows[0])
    if not names:
        yield from (_cell(row) for row in rows)
        return
    cells = [[_cell(getattr(row, name)) for name in names] for row in rows]
    kept = [n for n in range(len(names)) if any(line[n] for line in cells)]
    most = 44 if sys.stdout.isatty() else 200
    widths = {n: min(most, max(len(names[n]), *(len(line[n]) for line in cells))) for n in kept}
    numeric = {n for n in kept if all(re.fullmatch(r"[\d.,-]*", line[n]) for line in cells)}
    for line in ([_label(n) for n in names], *cells):
        yield "  ".join(_fit(line[n], widths[n], n in numeric) for n in kept).rstrip()


def _names(row: Any) -> list[str]:
    """The columns of a dataclass or a named tuple; none for anything else."""
    return [f.name for f in fields(row)] if is_dataclass(row) else list(getattr(row, "_fields", ()))


def _fit(text: str, width: int, right: bool) -> str:
    text = text if len(text) <= width else text[: width - 1] + "…"
    return text.rjust(width) if right else text.ljust(width)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, tuple | list):
        return ", ".join(_cell(v) for v in value)
    if isinstance(value, dict):
        return ", ".join(f"{k}={_cell(v)}" for k, v in value.items())
    return " ".join(str(value).split())


def _label(name: str) -> str:
    return name.replace("_", " ")
