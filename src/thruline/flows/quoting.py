"""Where in a passage the sentences of an answer stand."""

from __future__ import annotations

from collections.abc import Iterable

from thruline.core.pages import Span
from thruline.flows.reports import Sentence


def quoted(text: str, sentences: Iterable[Sentence], chunk: str) -> list[Span]:
    """Characters of the passage, in order and apart: where sentences quote its chunk, else where their words are."""
    apart: list[Span] = []
    for start, end in sorted({mark for s in sentences for mark in _marks(text, s, chunk)}):
        if not apart or start >= apart[-1][1]:
            apart.append((start, end))
    return apart


def _marks(text: str, sentence: Sentence, chunk: str) -> list[Span]:
    if sentence.quotes:
        return [(q.start, q.end) for q in sentence.quotes if q.chunk == chunk]
    found = _find(text, sentence.text)
    return [found] if found else []


def _find(text: str, sentence: str) -> Span | None:
    """Where the sentence stands; compared without white space, which extraction may have changed."""
    places = [i for i, character in enumerate(text) if not character.isspace()]
    wanted = "".join(sentence.split())
    at = "".join(text[i] for i in places).find(wanted)
    return (places[at], places[at + len(wanted) - 1] + 1) if at >= 0 and wanted else None
