"""The head over an embedder's states, with an embedder that is no network: what is read, and what is not."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from thruline.data.reading_names import WINDOW, NamesInContext, word_states
from thruline.data.tagger import cut, probabilities, tag
from thruline.ports.embedder import TokenStates

DIMS = 384


class Letters:
    """Two tokens a word at most, each with a state of its own; reads so many tokens."""

    def __init__(self, most: int = 10_000) -> None:
        self.most, self.texts = most, list[str]()

    def states(self, text: str) -> TokenStates:
        self.texts.append(text)
        found = [m.span() for m in re.finditer(r"\w{1,4}|[^\w\s]", text)][: self.most]
        dice = np.random.default_rng(len(found))
        return TokenStates([(0, 0), *found], dice.normal(size=(len(found) + 1, DIMS)).astype(np.float32))


def test_a_word_has_the_mean_of_its_tokens() -> None:
    read = TokenStates([(0, 0), (0, 4), (4, 7), (8, 9)], np.arange(4)[:, None] * np.ones((4, 2), np.float32))
    states, is_read = word_states(read, [(0, 7), (8, 9), (9, 10)])
    assert states[:, 0].tolist() == [1.5, 3.0, 0.0]
    assert is_read.tolist() == [True, True, False]


def test_words_beyond_what_the_embedder_reads_are_judged_by_the_tagger() -> None:
    words, spans = cut("Yesterday Maria Lopez went home to Lisbon and stayed.")
    judged = NamesInContext(Letters(most=4))("Yesterday Maria Lopez went home to Lisbon and stayed.", words, spans)
    plain = probabilities(words)
    assert np.array_equal(judged[4:], plain[4:])
    assert not np.array_equal(judged[0], plain[0])


def test_a_long_text_is_read_in_windows_and_each_word_is_judged_once() -> None:
    text = "The crane lifts crates in the harbour of the town. " * 60
    words, spans = cut(text)
    reader = Letters()
    judged = NamesInContext(reader)(text, words, spans)
    assert len(judged) == len(words) > 2 * WINDOW
    assert max(len(cut(part)[0]) for part in reader.texts) == WINDOW
    assert np.allclose(judged.sum(axis=1), 1, atol=1e-4)


@given(st.text())
def test_any_text_has_parts_that_lie_in_it_in_order(text: str) -> None:
    parts = tag(text, NamesInContext(Letters()))
    assert all(0 <= p.start < p.end <= len(text) for p in parts)
    assert all(a.end <= b.start for a, b in pairwise(parts))
