import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from thruline.data.duplicates import PERMUTATIONS, THRESHOLD, bands, jaccard, signature

PAGE = " ".join(f"word{n * n % 997}" for n in range(400))


def test_an_edited_copy_shares_a_band_and_passes_the_exact_check():
    edited = PAGE.replace("word4 ", "changed ").upper()
    assert set(bands(signature(PAGE))) & set(bands(signature(edited)))
    assert jaccard(PAGE, edited) >= THRESHOLD


def test_of_a_thousand_pairs_at_the_threshold_all_share_a_band():
    rng = np.random.default_rng(5)
    ours = rng.integers(0, 2**32, (1_000, PERMUTATIONS), np.uint32)
    theirs = np.where(rng.random(ours.shape) < THRESHOLD, ours, rng.integers(0, 2**32, ours.shape, np.uint32))
    pairs = zip(ours, theirs, strict=True)
    assert sum(not {*bands(a.tobytes())}.isdisjoint(bands(b.tobytes())) for a, b in pairs) >= 998


def test_strangers_share_no_band():
    other = " ".join(f"term{n * 7 % 991}" for n in range(400))
    assert not set(bands(signature(PAGE))) & set(bands(signature(other)))
    assert jaccard(PAGE, other) == 0.0


@given(st.text(max_size=60), st.text(max_size=60))
def test_jaccard_is_symmetric_and_one_for_equals(a, b):
    assert jaccard(a, b) == jaccard(b, a)
    assert jaccard(a, a) == 1.0
    assert signature(a) == signature(a.replace(" ", "  "))
