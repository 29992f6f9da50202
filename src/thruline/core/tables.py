"""Tables as text that can be cut: pieces of bounded size, each with the names of its columns, so that each says alone
what its numbers mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from thruline.core.words import count_words

# Of a chunk's usual 200 words: a piece fits one chunk whole, and two pieces do not fit together.
MOST_WORDS = 150
_LONGEST_NAME = 80
_CELL = " | "
_NUMBER = re.compile(r"[-+(]?[\d.,'\s]*\d[\d.,'\s]*[%)]?|\d{1,4}[-./:]\d{1,2}(?:[-./:]\d{1,4})?(?:[T ][\d:.Z+-]+)?")


def pieces(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The table as `a | b` lines in pieces of about 150 words; the header, where the first row is one, heads each.

    Where the header would fill the pieces, the rows are told after it as `column: value` lines.
    """
    lines = iter(rows)
    lead: list[str] = []
    for first in lines:
        if sum(map(bool, first)) > 1:
            break
        lead.append("".join(first))
    else:
        yield from _headed("", lead)
        return
    yield from _headed("", lead)
    header = first if is_header(first) else ()
    if count_words(row_line(first)) > MOST_WORDS // 2:
        yield row_line(first)
        yield from ("\n".join(_told(header, row)) for row in lines)
    else:
        yield from _headed(row_line(header), map(row_line, lines if header else chain((first,), lines)))


def is_header(row: Sequence[str]) -> bool:
    """Whether a row names columns: every cell says something, none says the same or is a number."""
    return len(set(row)) == len(row) > 0 and not any(
        not cell.strip() or _NUMBER.fullmatch(cell.strip()) for cell in row
    )


def row_line(cells: Sequence[str]) -> str:
    """The cells on one line; nothing for a row without any text."""
    line = _CELL.join(cells)
    return (" ".join(line.split()) if "\n" in line else line) if any(cells) else ""


def _headed(header: str, lines: Iterable[str]) -> Iterator[str]:
    size = start = count_words(header)
    held = [header] if header else []
    for line in filter(None, lines):
        words = count_words(line)
        if size + words > MOST_WORDS and size > start:
            yield "\n".join(held)
            held, size = [header] if header else [], start
        held.append(line)
        size += words
    if held:
        yield "\n".join(held)


def _told(header: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    for at, cell in enumerate(row):
        if cell.strip():
            name = header[at][:_LONGEST_NAME] if at < len(header) else f"column {at + 1}"
            yield f"{name}: {' '.join(cell.split())}"
