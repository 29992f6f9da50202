from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thruline.data.corpus_duplicates import canonical, duplicates, exact_duplicates
from thruline.data.duplicates import jaccard

WORDS = st.lists(st.sampled_from(["one", "two", "Three", "\u00e9t\u00e9", "five_5", "-", "\n"]), max_size=12).map(
    " ".join
)


def page(seed: int, words: int = 120) -> list[str]:
    return [f"w{n}" for n in np.random.default_rng(seed).integers(0, 5000, words)]


def edited(words: list[str], at: int) -> list[str]:
    return [*words[:at], "edited", *words[at + 1 :]]


@settings(deadline=None)
@given(st.lists(WORDS, max_size=8))
def test_every_edge_has_the_exact_similarity_and_none_is_below_the_threshold(texts):
    for edge in duplicates(texts, threshold=0.5):
        assert edge.a < edge.b
        assert edge.similarity == pytest.approx(jaccard(texts[edge.a], texts[edge.b]))
        assert edge.similarity >= 0.5


def test_near_copies_among_strangers_are_found_and_nothing_else():
    texts = [" ".join(page(n)) for n in range(300)]
    texts += [" ".join(edited(page(n), at=60)).upper() for n in range(0, 300, 3)]
    found = {(edge.a, edge.b) for edge in duplicates(texts)}
    assert found == {(n, 300 + n // 3) for n in range(0, 300, 3)}


def test_the_edges_are_those_of_comparing_all_with_all():
    texts = [" ".join(edited(page(n % 7), at=5 * n)) for n in range(24)] + ["a b", "a b!", "a c", "", " - "]
    found = {(edge.a, edge.b): edge.similarity for edge in duplicates(texts)}
    truth = {(a, b): jaccard(texts[a], texts[b]) for a, b in combinations(range(len(texts) - 2), 2)}
    assert found == {pair: similarity for pair, similarity in truth.items() if similarity >= 0.8}


def test_the_same_words_are_an_exact_duplicate_of_their_first():
    texts = ["Say it once.", "something else", "say  it once", "SAY IT ONCE!", "", "..."]
    assert [edge[:3] for edge in exact_duplicates(texts)] == [(0, 2, "exact"), (0, 3, "exact")]
    assert duplicates(texts) == exact_duplicates(texts)


def test_a_thousand_near_copies_are_one_component_without_all_their_pairs():
    texts = [" ".join([*page(1), f"copy{n}"]) for n in range(1000)]
    edges = duplicates(texts)
    assert len(edges) < 100_000 < 1000 * 999 // 2
    assert set(canonical(len(texts), edges).tolist()) == {0}


def test_the_first_seen_is_canonical_across_a_chain():
    texts = [" ".join(page(1)), " ".join(page(2)), " ".join(edited(page(2), 30)), " ".join(edited(page(1), 30))]
    assert canonical(4, duplicates(texts)).tolist() == [0, 1, 1, 0]
    assert canonical(3, []).tolist() == [0, 1, 2]


def test_no_texts_have_no_duplicates():
    assert duplicates([]) == []
