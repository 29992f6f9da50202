"""Disagreements: what cannot both be true is said, and two truths are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.core.ids import ArtifactId
from thruline.testing.disagreements import DISAGREE, HARMLESS, Pair
from thruline.vectors.conflicts import conflicts, disagreement
from thruline.vectors.context import Passage
from thruline.vectors.statements import statement


def passage(number: int, text: str, title: str = "Refunds", record: str = "") -> Passage:
    return Passage(number=number, record=ArtifactId(record or f"r{number}"), title=title, text=text, start=0, hits=())


def test_nearly_all_that_cannot_both_be_true_is_found() -> None:
    found = [pair for pair in DISAGREE if disagreement(statement(pair.one), statement(pair.other))]
    assert len(found) >= 0.85 * len(DISAGREE)


@pytest.mark.parametrize("pair", HARMLESS)
def test_two_truths_are_no_disagreement(pair: Pair) -> None:
    assert disagreement(statement(pair.one), statement(pair.other)) is None


def test_the_note_names_both_passages_and_what_each_says() -> None:
    passages = [
        passage(1, "A refund takes 5 days."),
        passage(2, "Nothing of note."),
        passage(3, "A refund takes 7 days."),
    ]
    (conflict,) = conflicts(passages, [("A refund takes 5 days.", (1,))])
    assert conflict.note == "The documents disagree: [1] says \u201c5 days\u201d, [3] says \u201c7 days\u201d."
    assert conflict.kind == "number"


def test_what_the_answer_does_not_rest_on_is_left_alone() -> None:
    passages = [
        passage(1, "Lunch is at noon."),
        passage(2, "A refund takes 5 days."),
        passage(3, "A refund takes 7 days."),
    ]
    assert conflicts(passages, [("Lunch is at noon.", (1,))]) == ()


def test_one_document_does_not_disagree_with_itself() -> None:
    passages = [passage(1, "A refund takes 5 days.", record="r"), passage(2, "A refund takes 7 days.", record="r")]
    assert conflicts(passages, [("A refund takes 5 days.", (1,))]) == ()


def test_the_same_words_under_another_title_may_be_about_another_thing() -> None:
    passages = [
        passage(1, "The warranty is 2 years.", "Printer"),
        passage(2, "The warranty is 3 years.", "Coffee machine"),
    ]
    assert conflicts(passages, [("The warranty is 2 years.", (1,))]) == ()


def test_a_note_is_made_once_a_pair_and_three_at_most() -> None:
    passages = [passage(n, f"A refund takes {n} days. The refund fee is {n} euros.") for n in range(2, 9)]
    found = conflicts(passages, [("A refund takes 2 days.", (2,)), ("The refund fee is 2 euros.", (2,))])
    assert [(c.one, c.other) for c in found] == [(2, 3), (2, 4), (2, 5)]


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_two_texts_are_compared_alike_both_ways(one: str, other: str) -> None:
    assert disagreement(statement(one), statement(one)) is None
    assert (disagreement(statement(one), statement(other)) is None) == (
        disagreement(statement(other), statement(one)) is None
    )
