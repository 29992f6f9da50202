"""What a first look at a place saw, in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from thruline.core.units import Bytes, show_size

_KINDS = 4  # of files that are named


class Sized(NamedTuple):
    """A file's path and its size."""

    path: str
    size: Bytes


def files_seen(files: Iterable[Sized], *, what: str = "file", is_all: bool = True) -> str:
    """`214 files, 31 MB: 200 md, 14 pdf`; `or more` where the look ended before the place did."""
    kinds: Counter[str] = Counter()
    size = 0
    for path, length in files:
        kinds[_ending(path)] += 1
        size += length
    if not kinds:
        return f"no {what} yet" if is_all else f"no {what} so far"
    named = [f"{n:,} {kind}" for kind, n in kinds.most_common(_KINDS)]
    others = kinds.total() - sum(n for _, n in kinds.most_common(_KINDS))
    listed = ", ".join([*named, f"{others:,} others"] if others else named)
    return f"{counted(kinds.total(), what)}{'' if is_all else ' or more'}, {show_size(size)}: {listed}"


def table_seen(name: str, columns: int, rows: str) -> str:
    """`table 'orders': 12 columns, 40,000 rows`; rows: in words, nothing where nobody counted."""
    return f"{name}: {', '.join(filter(None, (counted(columns, 'column'), rows)))}"


def counted(n: int, one: str, many: str = "") -> str:
    """`1 row`, `40,000 rows`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def _ending(path: str) -> str:
    name = path.rpartition("/")[2]
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    return ending or "without an ending"
