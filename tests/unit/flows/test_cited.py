"""What an answer rests on, where a passage was joined from neighbours that all bear its number."""

from __future__ import annotations

from dataclasses import replace

from thruline.app.render import render
from thruline.flows.reports import Quote
from thruline.testing.sample_reports import ANSWER, PASSAGES

FIRST, SECOND = PASSAGES[0], replace(PASSAGES[1], number=1)
JOINED = replace(ANSWER, passages=(FIRST, SECOND), sentences=(replace(ANSWER.sentences[1], citations=(1,)),))


def test_the_parts_that_are_quoted_are_cited_and_their_neighbours_are_not() -> None:
    quote = Quote(chunk=SECOND.chunk, start=0, end=4)
    answer = replace(JOINED, sentences=(replace(JOINED.sentences[0], quotes=(quote,)),))
    assert answer.cited == (SECOND,)
    assert f"[1] {SECOND.title}" in render(answer)
    assert f"[1] {FIRST.title}" not in render(answer)


def test_every_part_is_cited_where_nobody_says_which() -> None:
    assert JOINED.cited == (FIRST, SECOND)


def test_a_passage_that_no_sentence_names_is_not_cited() -> None:
    assert replace(ANSWER, passages=PASSAGES).cited == PASSAGES[:2]
