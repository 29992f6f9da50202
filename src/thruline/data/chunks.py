"""Documents to chunks, on their structure: sections first, then paragraphs with their code, sentences only at need.

Size is counted in words, as core.words counts them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from thruline.core.documents import Block, Chunk, Parsed
from thruline.core.words import WORD, count_words
from thruline.data.language import language

CHUNKING = "chunks 2"
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+|(?<=[\u3002\uff01\uff1f])|\n")
_LINE_END = re.compile(r"\n")
# Below this share of a chunk a section says too little alone.
_TINY = 0.25
# A chunk may grow by this much rather than leave a crumb or part code from the sentence that explains it.
_SLACK = 1.25


class _Span(NamedTuple):
    start: int
    end: int
    words: int
    headings: tuple[str, ...]
    page: int
    is_code: bool


def chunk(parsed: Parsed, *, words: int = 200, headings: bool = False) -> tuple[Chunk, ...]:
    """The document in pieces of at most 1.25 x words, in order: each visible character is in exactly one.

    `parsed.text[c.start:c.end]` is `c.text`. The title reads "Document > Section > Subsection". headings: a piece
    never reaches from under one heading to under another, however little it says.
    """
    sections = [list(blocks) for _, blocks in groupby(parsed.blocks, lambda b: b.headings)]
    sections = sections if headings else _merge(sections, parsed, words)
    spans = (span for blocks in sections for span in _pack(list(_units(blocks, parsed.text, words)), words))
    return tuple(_chunk(parsed, span) for span in spans)


def _merge(sections: list[list[Block]], parsed: Parsed, words: int) -> list[list[Block]]:
    """Neighbouring sections together while they fit and belong together."""
    top = len(_common(section[0].headings for section in sections)) + 1
    merged: list[list[Block]] = []
    sizes: list[int] = []
    for section in sections:
        size = sum(_count(parsed.text, b) for b in section)
        if merged and sizes[-1] + size <= words and _belong(merged[-1], section, min(sizes[-1], size), top, words):
            merged[-1] = merged[-1] + section
            sizes[-1] += size
        else:
            merged.append(section)
            sizes.append(size)
    return merged


def _belong(before: list[Block], after: list[Block], smaller: int, top: int, words: int) -> bool:
    """Under one top heading always; under different ones only when one of the two is a crumb."""
    same_top = before[0].headings[:top] == after[0].headings[:top]
    return same_top or smaller < words * _TINY


def _units(blocks: list[Block], text: str, words: int) -> Iterator[_Span]:
    """What is kept in one piece: a block, code with the paragraph before it, or the sentences of a long block."""
    held: _Span | None = None
    for block in blocks:
        span = _Span(block.start, block.end, _count(text, block), block.headings, block.page, block.kind == "code")
        if held and block.kind == "code" and held.words + span.words <= words:
            held = _join(held, span)
            continue
        if held:
            yield held
        held = None
        if span.words > words:
            yield from _split(text, block, words)
        else:
            held = span
    if held:
        yield held


def _split(text: str, block: Block, words: int) -> Iterator[_Span]:
    ends = _LINE_END if block.kind in ("code", "table") else _SENTENCE_END
    borders = [m.end() for m in ends.finditer(text, block.start, block.end)]
    start = block.start
    for end in (*borders, block.end):
        yield from _cut(text, start, end, block, words)
        start = end


def _cut(text: str, start: int, end: int, block: Block, words: int) -> Iterator[_Span]:
    """A sentence, or, where it is longer than a chunk, its words in even parts."""
    found = [m.start() for m in WORD.finditer(text, start, end)]
    borders = [*found[words::words], end]
    for at, border in enumerate(borders):
        count = min(words, len(found) - at * words)
        if count > 0:
            yield _Span(start, border, count, block.headings, block.page, block.kind == "code")
        start = border


def _pack(units: list[_Span], words: int) -> Iterator[_Span]:
    """Units together, evenly: 230 words become two halves and not a whole and a crumb."""
    if not units:
        return
    total = sum(u.words for u in units)
    target = total / -(-total // words)
    held = units[0]
    left = total - held.words
    for unit in units[1:]:
        crumb = left < words * _TINY and held.words + left <= words * _SLACK
        if crumb or (held.words < target * 0.9 and held.words + unit.words <= words):
            held = _join(held, unit)
        else:
            yield held
            held = unit
        left -= unit.words
    yield held


def _join(a: _Span, b: _Span) -> _Span:
    """The two as one, under what they share; a heading with next to no text of its own goes by its first section."""
    leads_in = a.words < b.words * _TINY and b.headings[: len(a.headings)] == a.headings
    headings = b.headings if leads_in else _common((a.headings, b.headings))
    return _Span(a.start, b.end, a.words + b.words, headings, a.page, a.is_code and b.is_code)


def _common(paths: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The headings that all paths begin with."""
    shared: list[str] = []
    for level in zip(*paths, strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    return tuple(shared)


def _count(text: str, block: Block) -> int:
    return count_words(text, block.start, block.end)


def _chunk(parsed: Parsed, span: _Span) -> Chunk:
    raw = parsed.text[span.start : span.end]
    start = span.start + len(raw) - len(raw.lstrip())
    end = start + len(raw.strip())
    path = span.headings if span.headings[:1] == (parsed.title,) else (parsed.title, *span.headings)
    title = " > ".join(part for part in path if part)
    text = parsed.text[start:end]
    said_in = "" if span.is_code else language(text)
    low, high = (bisect_left(parsed.spots, at, key=attrgetter("start")) for at in (start, end))
    spots = parsed.spots[low:high]
    return Chunk(text=text, title=title, start=start, end=end, page=span.page, language=said_in, spots=spots)
