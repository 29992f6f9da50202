from hypothesis import given
from hypothesis import strategies as st

from thruline.vectors.sureness import PROBES, SURE_FROM, Footing, chance, how_sure

COSINES = st.floats(-1, 1, allow_nan=False)


@given(COSINES, COSINES, COSINES)
def test_what_is_nearer_is_never_less_sure(one: float, other: float, by_chance: float) -> None:
    low, high = sorted((one, other))
    assert how_sure(low, by_chance) <= how_sure(high, by_chance)
    assert 0 <= how_sure(low, by_chance) <= 1


@given(COSINES, COSINES)
def test_what_is_no_nearer_than_chance_is_no_answer(cosine: float, by_chance: float) -> None:
    if cosine <= by_chance:
        assert how_sure(cosine, by_chance) < SURE_FROM


def test_a_collection_about_a_few_of_the_probes_is_measured_by_the_others() -> None:
    apart = [0.4] * len(PROBES)
    assert chance([*apart[:-10], *[0.9] * 10]) == chance(apart) == 0.4


def test_chunk_and_sentence_count_alike() -> None:
    assert Footing(0.8, 0.5).sure(0.6) == Footing(0.6, 0.5).sure(0.8)


def test_where_nothing_may_be_searched_chance_is_zero() -> None:
    assert chance([]) == 0.0
