from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from thruline.core.composing import Composer
from thruline.core.documents import Parsed
from thruline.data.chunks import chunk

KINDS = st.sampled_from(["text", "code", "list", "table"])
TEXTS = st.text(st.sampled_from("ab .!?\n\u4e2d\u6587é("), max_size=400)
PARTS = st.lists(st.tuples(st.integers(0, 3), TEXTS, KINDS), max_size=12)


def composed(parts: list) -> Parsed:
    out = Composer("text/plain", "test 1", title="Doc")
    for level, text, kind in parts:
        if level:
            out.heading(level, text)
        else:
            out.block(text, kind=kind)
    return out.done()


@given(PARTS, st.integers(1, 40))
def test_no_visible_character_is_lost_doubled_or_moved(parts, words):
    parsed = composed(parts)
    chunks = chunk(parsed, words=words)
    assert all(parsed.text[c.start : c.end] == c.text and c.text.strip() == c.text != "" for c in chunks)
    assert all(a.end <= b.start for a, b in pairwise(chunks))
    assert "".join("".join(c.text.split()) for c in chunks) == "".join(parsed.text.split())
    assert chunk(parsed, words=words) == chunks


@given(TEXTS, st.integers(4, 40))
def test_no_chunk_is_more_than_a_quarter_too_long(text, words):
    chunks = chunk(composed([(0, text.replace("\u4e2d", "a").replace("\u6587", "b"), "text")]), words=words)
    assert all(len(c.text.split()) <= words * 1.25 + 1 for c in chunks)


def test_titles_say_where_a_chunk_stands():
    parsed = composed(
        [
            (1, "Guide", "text"),
            (2, "Setup", "text"),
            (0, "word " * 30, "text"),
            (2, "Use", "text"),
            (0, "go " * 30, "text"),
        ]
    )
    assert [c.title for c in chunk(parsed, words=40)] == ["Doc > Guide > Setup", "Doc > Guide > Use"]


def test_crumbs_join_their_neighbours():
    parsed = composed(
        [(1, "Guide", "text"), (2, "One", "text"), (0, "a b c", "text"), (2, "Two", "text"), (0, "d e f", "text")]
    )
    assert [c.title for c in chunk(parsed)] == ["Doc > Guide"]


def test_code_stays_with_the_sentence_that_explains_it():
    parsed = composed([(0, "filler " * 30, "text"), (0, "Run this:", "text"), (0, "make demo " * 8, "code")])
    assert any("Run this:" in c.text and "make demo" in c.text for c in chunk(parsed, words=40))


def test_long_text_is_cut_between_sentences():
    parsed = composed([(0, "One two three four five six. " * 20, "text")])
    assert all(c.text.endswith("six.") for c in chunk(parsed, words=30))
