"""Doubt: which sentences of an answer rest on words that were read off a picture with little certainty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from thruline.flows.quoting import quoted
from thruline.flows.reports import Passage, Sentence

_WORD = re.compile(r"\w+")


def doubted(sentences: Sequence[Sentence], passages: Sequence[Passage]) -> tuple[Sentence, ...]:
    """The sentences, each with the number of doubtful words in what it rests on."""
    if not any(passage.doubtful for passage in passages):
        return tuple(sentences)
    return tuple(replace(s, doubtful=_count(s, [p for p in passages if p.number in s.citations])) for s in sentences)


def _count(sentence: Sentence, passages: Sequence[Passage]) -> int:
    return sum(_in_one(sentence, passage) for passage in passages)


def _in_one(sentence: Sentence, passage: Passage) -> int:
    """Of what it quotes; where it says it in words of its own, of the words that it took over."""
    marks = quoted(passage.text, [sentence], passage.chunk)
    if marks or sentence.quotes:
        return sum(start < end_ and start_ < end for start, end in passage.doubtful for start_, end_ in marks)
    said = set(_WORD.findall(sentence.text.casefold()))
    words = (_WORD.findall(passage.text[start:end].casefold()) for start, end in passage.doubtful)
    return sum(not said.isdisjoint(word) for word in words)
