import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from thruline.data.contamination import contamination

WORDS = st.lists(st.sampled_from(["a", "b"]), min_size=0, max_size=30).map(" ".join)


def words(seed: int, count: int = 60) -> str:
    return " ".join(f"w{n}" for n in np.random.default_rng(seed).integers(0, 5000, count))


def run(text: str, count: int) -> str:
    return " ".join(text.split()[:count])


def found(train, test) -> set[tuple[int, int, str]]:
    return {(pair.test, pair.train, pair.how) for pair in contamination(train, test).pairs}


def naive(train: list[str], test: list[str]) -> set[tuple[int, int]]:
    def grams(text: str) -> set[tuple[str, ...]]:
        split = text.split()
        return {tuple(split[i : i + 13]) for i in range(len(split) - 12)}

    firsts = {text: n for n, text in reversed(list(enumerate(train)))}
    kept = {n: grams(text) for text, n in firsts.items()}
    rare = {g for s in kept.values() for g in s if sum(g in other for other in kept.values()) <= 10}
    return {(a, b) for a, text in enumerate(test) for b, seen in kept.items() if grams(text) & seen & rare}


def test_sets_that_share_nothing_are_clean():
    clean = contamination([words(1), words(2)], [words(3), words(4)])
    assert (clean.share, clean.pairs) == (0.0, ())


def test_thirteen_words_in_a_row_tell_and_twelve_do_not():
    seen = words(1)
    assert found([seen], [f"{words(2)} {run(seen, 13)} {words(3)}"]) == {(0, 0, "ngram")}
    assert found([seen], [f"{words(2)} {run(seen, 12)} {words(3)}"]) == set()


def test_case_and_punctuation_do_not_hide_a_copy():
    seen = words(1)
    assert found([seen], [", ".join(seen.upper().split())]) == {(0, 0, "ngram"), (0, 0, "near")}


def test_the_similarity_is_the_share_of_the_test_texts_ngrams():
    seen = words(1)
    (pair,) = contamination([seen], [f"{run(seen, 25)} {words(2, 12)}"]).pairs
    assert pair.similarity == 13 / 25


def test_a_copy_with_scattered_edits_is_near():
    seen = words(1, 400).split()
    for place in range(6, 400, 12):
        seen[place] = "edited"
    assert found([words(1, 400)], [" ".join(seen)]) == set()
    seen = words(1, 400).split()
    for place in range(10, 400, 57):
        seen[place] = "edited"
    assert (0, 0, "near") in found([words(1, 400)], [" ".join(seen)])


def test_a_phrase_of_more_than_ten_training_texts_is_no_copy():
    phrase = words(1, 13)
    train = [f"{words(n)} {phrase}" for n in range(2, 13)]
    assert found(train[:10], [f"{phrase} {words(20)}"]) == {(0, n, "ngram") for n in range(10)}
    assert found(train, [f"{phrase} {words(20)}"]) == set()


def test_a_text_that_training_repeats_is_no_phrase():
    assert found([words(1)] * 20, [words(1), words(1)]) == {
        (0, 0, "ngram"),
        (0, 0, "near"),
        (1, 0, "ngram"),
        (1, 0, "near"),
    }


def test_share_counts_texts_and_short_ones_are_named():
    report = contamination([words(1), "yes or no"], [words(1), words(2), "Yes or no?", "perhaps"])
    assert report.share == 0.5
    assert report.too_short == 2
    assert contamination([], []).share == contamination([words(1)], []).share == contamination([], ["a"]).share == 0.0


@settings(deadline=None)
@given(st.lists(WORDS, max_size=14), st.lists(WORDS, max_size=4))
def test_the_ngram_pairs_are_those_of_comparing_all_with_all(train, test):
    assert {(a, b) for a, b, how in found(train, test) if how == "ngram"} == naive(train, test)
