"""How much work it is to make records anew, by what a few of them take."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from thruline.data.records import Record
from thruline.flows.backfill import Maker, texts_of
from thruline.flows.recut import tried

if TYPE_CHECKING:
    from thruline.flows.line import Line

TRIED = 16  # records


class Work(NamedTuple):
    """chunks: that are to be embedded; exact where they are cut already. seconds: without rests."""

    chunks: int
    seconds: float


def foreseen(line: Line, by: Maker, left: Sequence[Record]) -> Work:
    """What it is to make these; nothing of it is kept."""
    few = left[:TRIED]
    by.embedder.passages(["It is warm."])  # the first one opens files and threads
    began = time.monotonic()
    if is_cut := by.cut == line.recipe.cut:
        texts = list(texts_of(line, few))
    else:
        texts = [text for document in tried(line, few, by.cut) for text in document.embedded]
    by.embedder.passages(texts)
    took = time.monotonic() - began
    as_many = sum(r.size for r in left) / max(1, sum(r.size for r in few))
    chunks = sum(r.chunks for r in left) if is_cut else round(len(texts) * as_many)
    return Work(chunks, took * chunks / max(1, len(texts)))
